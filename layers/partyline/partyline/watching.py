"""What time does: conversations become inactive and closed when nothing happens in them, what is stuck is found, live
connections end with their token.

Once a minute everything is looked at whose time has come (store.due). Whoever meets a conversation before that finds it
as it is by now all the same (timers.at), and writes that down when it is about to change it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import islice

from partyline.states import ConversationState
from partyline.store import conversations, due
from partyline.store.due import Due, DueKind
from partyline.store.table import Table, retrying

# How much a request settles that lists by state. More than that waits for the next minute.
_AT_ONCE = 100
_TRIES = 8


@dataclass(frozen=True, slots=True)
class Desk:
    """What watching works with. `activate` queues a conversation that is still initializing, `expire` ends a live
    connection whose token has. `has_time` is asked before each entry, which takes some 20 milliseconds."""

    table: Table
    clock: Callable[[], datetime]
    activate: Callable[[str], None]
    expire: Callable[[str], None]
    has_time: Callable[[], bool]


def watch(desk: Desk) -> tuple[int, bool]:
    """Look at everything whose time has come: how many entries that was, and whether there was time for all. At least
    once for each entry; repeats change nothing."""
    looked = 0
    for entry in due.overdue(desk.table, desk.clock()):
        if not desk.has_time():
            return looked, False
        if entry.kind is DueKind.CONNECTION:
            desk.expire(entry.sid)
        else:
            # What another request changes meanwhile is looked at as it is then.
            retrying(partial(_look, desk, entry), tries=_TRIES)
        due.done(desk.table, entry)
        looked += 1
    return looked, True


def _look(desk: Desk, entry: Due) -> None:
    now = desk.clock()
    conversation = conversations.fetch(desk.table, entry.sid)
    if conversation is None or conversation.due_at != entry.at:
        # It is gone, or was entered anew for an earlier time.
        return
    if conversation.state is ConversationState.INITIALIZING:
        desk.activate(conversation.sid)
    settled = conversations.settle(desk.table, conversation, now)
    if settled is not None and settled.due_at == entry.at:
        conversations.look_again(desk.table, settled, now)


def settle_overdue(table: Table, now: datetime) -> None:
    """Write down the states that time has brought and nobody has looked at yet."""
    for entry in islice(due.overdue(table, now), _AT_ONCE):
        if entry.kind is DueKind.CONVERSATION and (found := conversations.fetch(table, entry.sid)):
            conversations.settle(table, found, now)
