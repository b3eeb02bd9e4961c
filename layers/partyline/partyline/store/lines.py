"""Our own numbers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from partyline import refusals
from partyline.model import Line
from partyline.store import items, keys
from partyline.store.table import EXISTS, NEW, Conflict, Table, change, delete, put


def register(table: Table, line: Line) -> None:
    """Store a new line. Raises ApiError 20409 when its number is registered already."""
    item = {**items.encode(line), "GSI1PK": keys.LINE_LIST, "GSI1SK": line.address}
    try:
        table.write(put("line", keys.line(line.address), item, NEW))
    except Conflict as conflict:
        raise refusals.line_exists(line.address) from conflict


def update(table: Table, line: Line, now: datetime) -> Line | None:
    """Store a line's changed settings; None when it is gone."""
    changed = replace(line, updated=now)
    item = items.encode(changed)
    sets = {name: item.get(name) for name in ("carrier", "auto_creation", "friendly_name", "updated")}
    try:
        table.write(change("line", keys.line(line.address), sets, EXISTS))
    except Conflict as conflict:
        if not conflict.failed:
            raise
        return None
    return changed


def remove(table: Table, address: str) -> None:
    """Forget a line. Conversations keep its number; texts to it are kept among the unrouted."""
    table.write(delete("line", keys.line(address)))


def find(table: Table, addresses: Iterable[str]) -> dict[str, Line]:
    """The lines among some addresses, in one round trip."""
    found = table.get_all(keys.line(address) for address in addresses)
    return {item["address"]: items.line(item) for item in found.values()}
