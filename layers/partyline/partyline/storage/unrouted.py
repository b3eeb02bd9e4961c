"""Unrouted texts: inbound texts that are in no conversation."""

from __future__ import annotations

from partyline.domain.unrouted import UnroutedReason, UnroutedText
from partyline.serialization import format_time
from partyline.storage import codec, keys
from partyline.storage.table import EXISTS, Table, Write, change, delete, put


def put_write(text: UnroutedText) -> Write:
    """Build the write of an unrouted text, listed by date."""
    item = {
        **codec.encode(text),
        "GSI1PK": keys.sharded(keys.UNROUTED_LIST, text.sid),
        "GSI1SK": keys.dated(format_time(text.created), text.sid),
    }
    return put("unrouted", keys.unrouted(text.sid), item)


def delete_write(text: UnroutedText) -> Write:
    """Build the write that deletes an unrouted text. Label: unrouted, when it is gone already."""
    return delete("unrouted", keys.unrouted(text.sid), EXISTS)


def remove(table: Table, sid: str) -> bool:
    """Delete an unrouted text; return False when it is gone already."""
    return table.written(delete("unrouted", keys.unrouted(sid), EXISTS))


def update_reason(table: Table, text: UnroutedText, reason: UnroutedReason) -> None:
    """Store why a text is still unrouted, unless it was deleted meanwhile."""
    table.written(change("unrouted", keys.unrouted(text.sid), {"reason": reason.value}, EXISTS))


def fetch(table: Table, sid: str) -> UnroutedText | None:
    """Read an unrouted text; return None when it does not exist."""
    item = table.get(keys.unrouted(sid))
    return codec.decode(UnroutedText, item) if item else None
