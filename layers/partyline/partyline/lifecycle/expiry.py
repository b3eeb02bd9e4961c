"""What time does: conversations become inactive and closed when nothing happens in them, what is stuck is found, live
connections end with their token.

Once a minute everything is looked at whose time has come (store.due). Whoever meets a conversation before that finds it
as it is by now all the same (timers.at), and writes that down when it is about to change it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from partyline.domain.conversations import ConversationState
from partyline.errors import Conflict
from partyline.observability import logger
from partyline.storage import conversations, schedule
from partyline.storage.schedule import ScheduledEntry, ScheduleKind
from partyline.storage.table import Table

# How much a request settles that lists by state. More than that waits for the next minute.
_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class TimerRunner:
    """What watching works with. `activate` queues a conversation that is still initializing, `expire` ends a live
    connection whose token has. `has_time` is asked before each entry, which takes some 20 milliseconds."""

    table: Table
    clock: Callable[[], datetime]
    activate: Callable[[str], None]
    expire: Callable[[str], None]
    has_time: Callable[[], bool]


def run_due_timers(desk: TimerRunner) -> tuple[int, bool]:
    """Look at everything whose time has come: how many entries that was, and whether there was time for all. At least
    once for each entry; repeats change nothing.

    An entry that fails waits for the next minute and holds up nothing else: because other requests change the same at
    the same time, or for another reason, which is raised in the end, as an ExceptionGroup with all of them.
    """
    looked, done, failed = 0, True, []
    for entry in schedule.list_overdue(desk.table, desk.clock()):
        if not desk.has_time():
            done = False
            break
        try:
            _look(desk, entry)
            schedule.delete_entry(desk.table, entry)
            looked += 1
        except Conflict:
            logger.warning("timers.busy", kind=entry.kind.value, sid=entry.sid)
        except Exception as error:  # noqa: BLE001  (whatever it is must not stop everybody else's timers)
            logger.warning("timers.failed", kind=entry.kind.value, sid=entry.sid)
            failed.append(error)
    if failed:
        raise ExceptionGroup("entries that could not be looked at", failed)
    return looked, done


def _look(desk: TimerRunner, entry: ScheduledEntry) -> None:
    if entry.kind is ScheduleKind.CONNECTION:
        desk.expire(entry.sid)
    else:
        _look_at_conversation(desk, entry)


def _look_at_conversation(desk: TimerRunner, entry: ScheduledEntry) -> None:
    now = desk.clock()
    conversation = conversations.fetch(desk.table, entry.sid)
    if conversation is None or conversation.due_at != entry.at:
        # It is gone, or was entered anew for an earlier time.
        return
    if conversation.state is ConversationState.INITIALIZING:
        desk.activate(conversation.sid)
    settled = conversations.apply_due_timers(desk.table, conversation, now)
    if settled is not None and settled.due_at == entry.at:
        conversations.reschedule_timer(desk.table, settled, now)


def apply_overdue_timers(table: Table, now: datetime) -> None:
    """Write down the states that time has brought and nobody has looked at yet."""
    for entry in islice(schedule.list_overdue(table, now), _AT_ONCE):
        if entry.kind is ScheduleKind.CONVERSATION and (found := conversations.fetch(table, entry.sid)):
            conversations.apply_due_timers(table, found, now)
