"""Pages of what happened in a conversation: its messages, notes and activities, in one order."""

from __future__ import annotations

from collections.abc import Iterator

from partyline.domain import sids
from partyline.domain.activities import Activity
from partyline.domain.messages import Message
from partyline.domain.notes import Note
from partyline.storage import codec, messages, queries
from partyline.storage.messages import IndexRange
from partyline.storage.queries import ListPage, Window
from partyline.storage.table import Table

Entry = Activity | Note | Message

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

    Those that stand before a message have its index. Cost: a page of each of the three.
    """
    forward = newest_first == window.backward
    found = [*_read_beside(table, conversation_sid, window, within, newest_first=newest_first)]
    if with_messages:
        found += _read_messages(table, conversation_sid, window, within, forward=forward)
    found.sort(key=lambda entry: entry[0], reverse=not forward)
    shown = found[: window.size]
    if window.backward:
        shown.reverse()
    return ListPage(shown, len(found) > window.size, (shown[0][0], shown[-1][0]) if shown else None)


def _read_beside(
    table: Table, conversation_sid: str, window: Window, within: IndexRange, *, newest_first: bool
) -> Iterator[tuple[str, Entry]]:
    """Yield the notes and activities that may be on a page, each with its place."""
    kinds: list[tuple[str, type[Entry]]] = [(sids.NOTE, Note), (sids.ACTIVITY, Activity)]
    for prefix, kind in kinds:
        after = None if window.after is None else _to_sort_key(prefix, window.after)
        part = Window(window.size, after, window.backward)
        bounds = messages.key_range(within, prefix)
        for item in queries.beside_messages(table, conversation_sid, part, bounds, newest_first=newest_first):
            yield _place_of(str(item["SK"])), codec.decode(kind, item)


def _read_messages(
    table: Table, conversation_sid: str, window: Window, within: IndexRange, *, forward: bool
) -> Iterator[tuple[str, Entry]]:
    """Yield the messages that may be on a page, each with its place."""
    after = None
    if window.after is not None:
        index = int(window.after[:_INDEX], 16)
        # Before the message at an index is what stands before it, so reading upwards from there finds it.
        after = index if window.after[_INDEX] == _MESSAGE or not forward else index - 1
    found = messages.page(table, conversation_sid, size=window.size + 1, forward=forward, after=after, within=within)
    for delivered in found.messages:
        yield _place_of(delivered.message.sid), delivered.message


def _place_of(sid: str) -> str:
    index, rest = sid[2:][:_INDEX], sid[2:][_INDEX:]
    return f"{index}{_MESSAGE if sid.startswith(sids.MESSAGE) else _BESIDE}{rest}"


def _to_sort_key(prefix: str, place: str) -> str:
    """Return the sort key of a kind of entry at a place; behind all of an index for the place of its message."""
    index, rest = place[:_INDEX], place[_INDEX + 1 :]
    return f"{prefix}{index}{rest if place[_INDEX] == _BESIDE else 'g'}"
