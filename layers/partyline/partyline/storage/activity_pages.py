"""Pages of what happened in a conversation: its messages, notes and activities, in one order."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from partyline.domain import sids
from partyline.domain.activities import Activity
from partyline.domain.messages import Message
from partyline.domain.notes import Note
from partyline.storage import codec, messages, parallel_reads, queries
from partyline.storage.messages import IndexRange
from partyline.storage.queries import ListPage, Window
from partyline.storage.table import Table

Entry = Activity | Note | Message
_Placed = tuple[str, Entry]
# A kind of what stands beside messages: the beginning of its SIDs, and its class.
_Kind = tuple[str, type[Entry]]
_NOTES: _Kind = (sids.NOTE, Note)
_ACTIVITIES: _Kind = (sids.ACTIVITY, Activity)

# A place is the index of a SID, whether it is that of a message, and the rest of the SID: in this order.
_INDEX = 10
_BESIDE, _MESSAGE = "0", "1"


def page(
    table: Table,
    conversation_sid: str,
    window: Window,
    *,
    within: IndexRange,
    newest_first: bool = False,
    with_messages: bool = True,
) -> ListPage[Entry]:
    """List messages, notes and activities of a range of indexes in one order.

    Those that stand before a message have its index. Cost: a page of each of the three, read side by side.
    """
    forward = newest_first == window.backward
    read_beside = partial(_read_beside, table, conversation_sid, window, within, newest_first=newest_first)
    reads: list[Callable[[], list[_Placed]]] = [partial(read_beside, one) for one in (_NOTES, _ACTIVITIES)]
    if with_messages:
        reads.append(partial(_read_messages, table, conversation_sid, window, within, forward=forward))
    found = [entry for part in parallel_reads.read_all(reads) for entry in part]
    found.sort(key=lambda entry: entry[0], reverse=not forward)
    shown = found[: window.size]
    if window.backward:
        shown.reverse()
    return ListPage(shown, len(found) > window.size, (shown[0][0], shown[-1][0]) if shown else None)


def _read_beside(
    table: Table, conversation_sid: str, window: Window, within: IndexRange, kind: _Kind, *, newest_first: bool
) -> list[_Placed]:
    """Read the notes or the activities that may be on a page, each with its place."""
    prefix, entry = kind
    after = None if window.after is None else _to_sort_key(prefix, window.after)
    part = Window(window.size, after, window.backward)
    bounds = messages.key_range(within, prefix)
    items = queries.beside_messages(table, conversation_sid, part, bounds, newest_first=newest_first)
    return [(_place_of(str(item["SK"])), codec.decode(entry, item)) for item in items]


def _read_messages(
    table: Table, conversation_sid: str, window: Window, within: IndexRange, *, forward: bool
) -> list[_Placed]:
    """Read the messages that may be on a page, each with its place."""
    after = None
    if window.after is not None:
        index = int(window.after[:_INDEX], 16)
        # Before the message at an index is what stands before it, so reading upwards from there finds it.
        after = index if window.after[_INDEX] == _MESSAGE or not forward else index - 1
    found = messages.page(table, conversation_sid, size=window.size + 1, forward=forward, after=after, within=within)
    return [(_place_of(delivered.message.sid), delivered.message) for delivered in found.messages]


def _place_of(sid: str) -> str:
    index, rest = sid[2:][:_INDEX], sid[2:][_INDEX:]
    return f"{index}{_MESSAGE if sid.startswith(sids.MESSAGE) else _BESIDE}{rest}"


def _to_sort_key(prefix: str, place: str) -> str:
    """Return the sort key of a kind of entry at a place; behind all of an index for the place of its message."""
    index, rest = place[:_INDEX], place[_INDEX + 1 :]
    return f"{prefix}{index}{rest if place[_INDEX] == _BESIDE else 'g'}"
