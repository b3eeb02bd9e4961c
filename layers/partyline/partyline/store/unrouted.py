"""The inbox of texts that no conversation took."""

from __future__ import annotations

from partyline.model import UnroutedText
from partyline.store import items, keys
from partyline.store.table import Table, Write, put


def keeping_write(text: UnroutedText) -> Write:
    """Store an unrouted text, listed by date."""
    item = {
        **items.encode(text),
        "GSI1PK": keys.sharded(keys.UNROUTED_LIST, text.sid),
        "GSI1SK": keys.dated(items.from_time(text.created), text.sid),
    }
    return put("unrouted", keys.unrouted(text.sid), item)


def fetch(table: Table, sid: str) -> UnroutedText | None:
    """One unrouted text."""
    item = table.get(keys.unrouted(sid))
    return items.unrouted(item) if item else None
