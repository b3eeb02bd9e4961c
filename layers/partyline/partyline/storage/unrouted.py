"""The inbox of texts that no conversation took."""

from __future__ import annotations

from partyline.domain.unrouted import UnroutedReason, UnroutedText
from partyline.serialization import format_time
from partyline.storage import codec, keys
from partyline.storage.table import EXISTS, Table, Write, change, delete, put


def put_write(text: UnroutedText) -> Write:
    """Store an unrouted text, listed by date."""
    item = {
        **codec.encode(text),
        "GSI1PK": keys.sharded(keys.UNROUTED_LIST, text.sid),
        "GSI1SK": keys.dated(format_time(text.created), text.sid),
    }
    return put("unrouted", keys.unrouted(text.sid), item)


def delete_write(text: UnroutedText) -> Write:
    """Take an unrouted text out of the inbox. Label: unrouted, when somebody else was faster."""
    return delete("unrouted", keys.unrouted(text.sid), EXISTS)


def remove(table: Table, sid: str) -> bool:
    """Forget an unrouted text; False when it is gone already."""
    return table.written(delete("unrouted", keys.unrouted(sid), EXISTS))


def update_reason(table: Table, text: UnroutedText, reason: UnroutedReason) -> None:
    """Note why a text is still unrouted, unless it was taken meanwhile."""
    table.written(change("unrouted", keys.unrouted(text.sid), {"reason": reason.value}, EXISTS))


def fetch(table: Table, sid: str) -> UnroutedText | None:
    """One unrouted text."""
    item = table.get(keys.unrouted(sid))
    return codec.decode(UnroutedText, item) if item else None
