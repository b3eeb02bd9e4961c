"""Lists by date, newest first: read shard by shard and merged, so that a page costs in proportion to itself.

A page lies behind the entry with a sort key, or, going backward, right before it; it is in the list's order either way.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from partyline.model import Conversation, Line, UnroutedText
from partyline.states import ConversationState
from partyline.store import items, keys
from partyline.store.table import Item, Table

Entry = TypeVar("Entry")

# Sorts before and after every date.
_FIRST, _LAST = "0", "~"


@dataclass(frozen=True, slots=True)
class ListPage(Generic[Entry]):
    """Some entries in order, and whether the list goes on in the direction of reading."""

    entries: list[Entry]
    more: bool


def conversations(
    table: Table,
    service_sid: str,
    *,
    size: int,
    after: str | None = None,
    backward: bool = False,
    state: ConversationState | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
) -> ListPage[Conversation]:
    """A Service's conversations by date of creation, from behind (or before) the sort key `after`."""
    name = keys.state_list(service_sid, state) if state else keys.conversation_list(service_sid)
    low = items.from_time(start) if start else _FIRST
    # The whole of the last moment counts.
    high = items.from_time(end) + _LAST if end else _LAST
    view = _View(name, "GSI2" if state else "GSI1", (low, high), size, after, backward)
    return _sharded(table, view, items.conversation)


def unrouted(table: Table, *, size: int, after: str | None = None, backward: bool = False) -> ListPage[UnroutedText]:
    """The unrouted texts."""
    view = _View(keys.UNROUTED_LIST, "GSI1", (_FIRST, _LAST), size, after, backward)
    return _sharded(table, view, items.unrouted)


def lines(table: Table, *, size: int, after: str | None = None, backward: bool = False) -> ListPage[Line]:
    """The lines by number. They are configuration, and few: one partition."""
    view = _View(keys.LINE_LIST, "GSI1", (_FIRST_ADDRESS, _LAST), size, after, backward, descending=False)
    return _page(_read(table, view, keys.LINE_LIST), view, items.line)


_FIRST_ADDRESS = " "


@dataclass(frozen=True, slots=True)
class _View:
    """The part of a list that is wanted: of which index, between which sort keys, and from which entry on."""

    name: str
    index: str
    bounds: tuple[str, str]
    size: int
    after: str | None
    backward: bool
    descending: bool = True

    @property
    def forward(self) -> bool:
        """Whether the table is read from lower to higher sort keys."""
        return self.descending == self.backward

    @property
    def sort_key(self) -> str:
        return f"{self.index}SK"


def _sharded(table: Table, view: _View, decode: Callable[[Item], Entry]) -> ListPage[Entry]:
    parts = [_read(table, view, keys.shard(view.name, number)) for number in range(keys.SHARDS)]
    merged = heapq.merge(*parts, key=lambda item: str(item[view.sort_key]), reverse=not view.forward)
    return _page(list(merged), view, decode)


def _read(table: Table, view: _View, partition: str) -> list[Item]:
    """The entries of one partition that may be on the page, and one more, in the direction of reading."""
    low, high = view.bounds
    if view.after is not None:
        low, high = (max(low, view.after), high) if view.forward else (low, min(high, view.after))
    if low > high:
        return []
    found: list[Item] = []
    start: Item | None = None
    # Two more than the page: one tells that the list goes on, and the entry at the sort key itself is left out. A part
    # of a query ends at a megabyte, which is a few entries when they are large.
    while len(found) < view.size + 2:
        part = table.query(
            partition,
            index=view.index,
            between=(low, high),
            forward=view.forward,
            limit=view.size + 2 - len(found),
            after=start,
        )
        found += part.items
        start = part.last_key
        if start is None:
            break
    return [item for item in found if item[view.sort_key] != view.after]


def _page(found: list[Item], view: _View, decode: Callable[[Item], Entry]) -> ListPage[Entry]:
    shown = [decode(item) for item in found[: view.size]]
    return ListPage(shown[::-1] if view.backward else shown, len(found) > view.size)
