"""Run the timers that are due: conversations become inactive and closed, scheduled messages are sent, live connections
expire, and what the relay lost is found.

A timer also finds a conversation whose activation is stuck. The timers run once a minute (storage.schedule). A request
that reads a conversation earlier sees the state that it has by then all the same (domain.timers), and writes that state
when it changes the conversation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime

from partyline.domain import timers
from partyline.domain.conversations import Conversation, ConversationState
from partyline.errors import Conflict
from partyline.frozen_classes import frozen
from partyline.observability import logger
from partyline.storage import conversations, keys, schedule
from partyline.storage.schedule import ScheduledEntry, ScheduleKind
from partyline.storage.table import Table

# How many entries one request looks at that lists conversations by state. The others wait for the next minute.
_MAX_APPLIED = 100
# In how many conversations something is done at a time. Most of the time of a scheduled message is that of a webhook.
AT_ONCE = 16
# How many scheduled messages one run reads.
_MAX_MESSAGES = 2000


@frozen
class _Outcome:
    """How many entries were examined, whether there was time for all of them, and the errors."""

    looked: int
    done: bool
    failed: tuple[Exception, ...]


@frozen
class TimerRunner:
    """Runs due timers.

    `activate` queues a conversation that is still initializing, `expire` ends a live connection whose token has
    expired, `send` sends a scheduled message of a conversation, in one of several threads, and `sweep` looks at the
    messages of a conversation from one on. `has_time` is asked before each entry, which takes about 20 milliseconds,
    and as long as a pre-action webhook for a message that calls one.
    """

    table: Table
    clock: Callable[[], datetime]
    activate: Callable[[str], None]
    expire: Callable[[str], None]
    send: Callable[[str, str], None]
    sweep: Callable[[str, str], None]
    has_time: Callable[[], bool]

    def run(self) -> tuple[int, bool]:
        """Run every timer that is due; return how many, and whether there was time for all of them.

        At least once for each entry; a repeat changes nothing. An entry that fails waits for the next minute and does
        not hold up the others. Sweeps are made and scheduled messages are sent beside the timers: in several
        conversations at a time, and in each in the order of their times.

        Raises an ExceptionGroup, at the end, of the errors other than Conflict.
        """
        now = self.clock()
        sweeps = schedule.list_shards(self.table, now, keys.DUE_SWEEPS)
        sequences = [schedule.list_overdue(self.table, now), *sweeps, *self._group_messages(now)]
        with ThreadPoolExecutor(min(1 + len(sweeps) + AT_ONCE, len(sequences))) as pool:
            outcomes = [*pool.map(self._run_entries, sequences)]
        failed = [error for outcome in outcomes for error in outcome.failed]
        if failed:
            raise ExceptionGroup("timers that failed", failed)
        return sum(outcome.looked for outcome in outcomes), all(outcome.done for outcome in outcomes)

    def _group_messages(self, now: datetime) -> list[list[ScheduledEntry]]:
        """List the oldest scheduled messages that are due, by conversation."""
        grouped: dict[str, list[ScheduledEntry]] = {}
        for entry in schedule.fetch_oldest(self.table, now, _MAX_MESSAGES, keys.DUE_MESSAGES):
            grouped.setdefault(entry.conversation_sid or "", []).append(entry)
        return list(grouped.values())

    def _run_entries(self, entries: Iterable[ScheduledEntry]) -> _Outcome:
        """Run some entries one after the other, for as long as there is time."""
        looked, done, failed = 0, True, []
        for entry in entries:
            if not self.has_time():
                done = False
                break
            try:
                self._run_entry(entry)
                schedule.delete_entry(self.table, entry)
                looked += 1
            except Conflict:
                logger.warning("timers.busy", kind=entry.kind.value, sid=entry.sid)
            except Exception as error:  # noqa: BLE001  (no error may stop the other timers; it is raised at the end)
                logger.warning("timers.failed", kind=entry.kind.value, sid=entry.sid)
                failed.append(error)
        return _Outcome(looked, done, tuple(failed))

    def _run_entry(self, entry: ScheduledEntry) -> None:
        match entry.kind:
            case ScheduleKind.CONNECTION:
                self.expire(entry.sid)
            case ScheduleKind.SCHEDULED_MESSAGE:
                self.send(entry.conversation_sid or "", entry.sid)
            case ScheduleKind.SWEEP:
                self.sweep(entry.conversation_sid or "", entry.sid)
            case ScheduleKind.CONVERSATION:
                self._run_conversation_timer(entry)

    def _run_conversation_timer(self, entry: ScheduledEntry) -> None:
        now = self.clock()
        conversation = conversations.fetch(self.table, entry.sid)
        if conversation is None or conversation.due_at != entry.at:
            # The conversation is gone, or has an entry for another time.
            return
        if conversation.state is ConversationState.INITIALIZING:
            self.activate(conversation.sid)
        current = conversations.apply_due_timers(self.table, conversation, now)
        if current is not None and current.due_at == entry.at:
            conversations.reschedule_timer(self.table, current, now)


def apply_overdue_timers(table: Table, service_sid: str, now: datetime) -> None:
    """Write the states of a Service's conversations that are due and not written yet, of the oldest hundred entries.

    A request waits for it, so they are written side by side; one that another request is writing is left to that.
    """

    def write(conversation: Conversation) -> None:
        with suppress(Conflict):
            conversations.apply_due_timers(table, conversation, now)

    entries = schedule.fetch_oldest(table, now, _MAX_APPLIED)
    found = conversations.fetch_many(table, [one.sid for one in entries if one.kind is ScheduleKind.CONVERSATION])
    due = [one for one in found if one.service_sid == service_sid and timers.next_change(one, now)]
    if due:
        with ThreadPoolExecutor(min(AT_ONCE, len(due))) as pool:
            list(pool.map(write, due))
