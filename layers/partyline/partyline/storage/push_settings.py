"""Push credentials, the bindings of devices, and a Service's notification settings."""

from __future__ import annotations

from partyline.domain.push_settings import Credential, Notifications, PushBinding
from partyline.errors import Conflict
from partyline.serialization import format_time
from partyline.storage import codec, keys, own_writes
from partyline.storage.table import EXISTS, NEW, Table, change, delete, diff_items, put

# --- credentials


def create_credential(table: Table, credential: Credential) -> None:
    """Store a new credential."""
    listed = {
        "GSI1PK": keys.CREDENTIAL_LIST,
        "GSI1SK": keys.dated(format_time(credential.created), credential.sid),
    }
    item = {**codec.encode(credential), **listed}
    own_writes.make(table, put("credential", keys.credential(credential.sid), item, NEW), item)


def credential(table: Table, sid: str) -> Credential | None:
    """Read a credential; return None when it does not exist."""
    item = table.get(keys.credential(sid))
    return codec.decode(Credential, item) if item else None


def update_credential(table: Table, before: Credential, after: Credential) -> Credential | None:
    """Store what differs; return the stored credential, None when it is gone."""
    sets = diff_items(codec.encode(before), codec.encode(after))
    try:
        write = change("credential", keys.credential(before.sid), sets, EXISTS)
        return codec.decode(Credential, table.write(write)) if sets else after
    except Conflict as conflict:
        if not conflict.failed:
            raise
        return None


def remove_credential(table: Table, sid: str) -> bool:
    """Delete a credential; return False when it is gone already. Bindings keep its SID."""
    return table.written(delete("credential", keys.credential(sid), EXISTS))


# --- bindings


def bind(table: Table, binding: PushBinding) -> None:
    """Store a binding. It replaces an earlier one of the same device."""
    dated = keys.dated(format_time(binding.created), binding.sid)
    listed = {
        "GSI1PK": keys.binding_list(binding.service_sid),
        "GSI1SK": dated,
        "GSI2PK": keys.bindings_of(binding.service_sid, binding.identity),
        "GSI2SK": dated,
    }
    table.write(put("binding", keys.binding(binding.sid), {**codec.encode(binding), **listed}))


def binding(table: Table, sid: str) -> PushBinding | None:
    """Read a binding; return None when it does not exist."""
    item = table.get(keys.binding(sid))
    return codec.decode(PushBinding, item) if item else None


def unbind(table: Table, sid: str) -> bool:
    """Delete a binding; return False when it is gone already."""
    return table.written(delete("binding", keys.binding(sid), EXISTS))


# --- notifications


def notifications(table: Table, service_sid: str) -> Notifications:
    """Read a Service's notification settings."""
    return codec.decode(Notifications, table.get(keys.service_notifications(service_sid)) or {})


def configure(table: Table, service_sid: str, before: Notifications, after: Notifications) -> Notifications:
    """Store what differs; return the stored settings. Concurrent changes of different settings all hold."""
    sets = diff_items(codec.encode(before), codec.encode(after))
    write = change("notifications", keys.service_notifications(service_sid), sets)
    return codec.decode(Notifications, table.write(write)) if sets else after
