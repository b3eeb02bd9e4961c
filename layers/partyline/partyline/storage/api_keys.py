"""API keys: which ones exist, and their names. Their secrets are derived, not stored."""

from __future__ import annotations

from partyline.domain.services import ApiKey
from partyline.serialization import format_time
from partyline.storage import codec, keys, own_writes
from partyline.storage.table import EXISTS, NEW, Table, Write, change, delete, put


def create(table: Table, key: ApiKey) -> None:
    """Store a new key."""
    own_writes.make(table, build_write(key), codec.encode(key))


def build_write(key: ApiKey) -> Write:
    """Build the write that stores a new key."""
    listed = {"GSI1PK": keys.API_KEY_LIST, "GSI1SK": keys.dated(format_time(key.created), key.sid)}
    return put("key", keys.api_key(key.sid), {**codec.encode(key), **listed}, NEW)


def fetch(table: Table, sid: str) -> ApiKey | None:
    """Read a key; return None when it does not exist or was revoked."""
    item = table.get(keys.api_key(sid))
    return codec.decode(ApiKey, item) if item else None


def update(table: Table, key: ApiKey) -> bool:
    """Store a key's changed name; return False when the key is gone."""
    item = codec.encode(key)
    sets = {name: item.get(name) for name in ("friendly_name", "updated")}
    return table.written(change("key", keys.api_key(key.sid), sets, EXISTS))


def remove(table: Table, sid: str) -> bool:
    """Revoke a key at once; return False when it is gone already."""
    return table.written(delete("key", keys.api_key(sid), EXISTS))
