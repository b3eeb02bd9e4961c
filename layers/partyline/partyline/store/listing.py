"""Lists by date, newest first: read shard by shard and merged, so that a page costs in proportion to itself."""

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
    """Some entries in order. `last` is the sort key of the last, `more` whether the list goes on behind it."""

    entries: list[Entry]
    last: str
    more: bool


def conversations(
    table: Table,
    service_sid: str,
    *,
    size: int,
    after: str | None = None,
    state: ConversationState | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
) -> ListPage[Conversation]:
    """A Service's conversations by date of creation, from behind the sort key `after`."""
    name = keys.state_list(service_sid, state) if state else keys.conversation_list(service_sid)
    low = items.from_time(start) if start else _FIRST
    # The whole of the last moment counts.
    high = items.from_time(end) + _LAST if end else _LAST
    return _sharded(table, name, "GSI2" if state else "GSI1", items.conversation, size, after, (low, high))


def unrouted(table: Table, *, size: int, after: str | None = None) -> ListPage[UnroutedText]:
    """The unrouted texts."""
    return _sharded(table, keys.UNROUTED_LIST, "GSI1", items.unrouted, size, after, (_FIRST, _LAST))


def lines(table: Table, *, size: int, after: str | None = None) -> ListPage[Line]:
    """The lines by number. They are configuration, and few: one partition."""
    low = f"{after}!" if after else _FIRST_ADDRESS
    found = table.query(keys.LINE_LIST, index="GSI1", between=(low, _LAST), limit=size + 1).items
    return _page(found, "GSI1SK", items.line, size)


_FIRST_ADDRESS = " "


def _sharded(
    table: Table,
    name: str,
    index: str,
    decode: Callable[[Item], Entry],
    size: int,
    after: str | None,
    bounds: tuple[str, str],
) -> ListPage[Entry]:
    low, high = bounds[0], min(bounds[1], after) if after else bounds[1]
    sort_key = f"{index}SK"
    if low > high:
        return ListPage([], "", more=False)
    parts = [
        table.query(
            keys.shard(name, number),
            index=index,
            # One more than the page, from each shard, and the entry of the last page again: it is left out below.
            between=(low, high),
            forward=False,
            limit=size + 2,
        ).items
        for number in range(keys.SHARDS)
    ]
    merged = heapq.merge(*parts, key=lambda item: str(item[sort_key]), reverse=True)
    found = [item for item in merged if after is None or item[sort_key] < after]
    return _page(found[: size + 1], sort_key, decode, size)


def _page(found: list[Item], sort_key: str, decode: Callable[[Item], Entry], size: int) -> ListPage[Entry]:
    shown = found[:size]
    return ListPage([decode(item) for item in shown], shown[-1][sort_key] if shown else "", len(found) > size)
