"""The roles of a Service."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from partyline.directory import Role
from partyline.store import items, keys
from partyline.store.table import EXISTS, NEW, Condition, Table, change, check, delete, put

_NO_DEFAULT = "creator_role_sid <> :role AND member_role_sid <> :role AND user_role_sid <> :role"


def find(table: Table, service_sid: str, sids: Iterable[str]) -> dict[str, Role]:
    """Those of some roles that are there, by SID, in one round trip."""
    found = table.get_all(keys.role(service_sid, sid) for sid in sids)
    return {item["sid"]: items.role(item) for item in found.values()}


def create(table: Table, role: Role) -> None:
    """Store a new role."""
    table.write(put("role", keys.role(role.service_sid, role.sid), items.encode(role), NEW))


def permit(table: Table, role: Role, permissions: tuple[str, ...], now: datetime) -> bool:
    """Store what a role permits from now on; False when it is gone."""
    sets = {"permissions": list(permissions), "updated": items.from_time(now)}
    return table.written(change("role", keys.role(role.service_sid, role.sid), sets, EXISTS))


def remove(table: Table, role: Role) -> bool:
    """Delete a role; False when its Service gives it to whoever has none of their own: then it stays."""
    unused = Condition(_NO_DEFAULT, values={":role": role.sid})
    return table.written(
        delete("role", keys.role(role.service_sid, role.sid)),
        check("default", keys.service(role.service_sid), unused),
    )
