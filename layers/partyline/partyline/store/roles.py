"""The roles of a Service."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from partyline import refusals
from partyline.directory import Role
from partyline.permissions import Permission
from partyline.store import items, keys
from partyline.store.table import EXISTS, NEW, Condition, Conflict, Table, change, check, delete, put, retrying

_TRIES = 8
_NO_DEFAULT = "creator_role_sid <> :role AND member_role_sid <> :role AND user_role_sid <> :role"


def find(table: Table, service_sid: str, sids: Iterable[str]) -> dict[str, Role]:
    """Those of some roles that are there, by SID, in one round trip."""
    found = table.get_all(keys.role(service_sid, sid) for sid in sids)
    return {item["sid"]: items.role(item) for item in found.values()}


def granted(table: Table, service_sid: str, *sids: str | None) -> frozenset[Permission]:
    """What the first of some roles permits that is there: somebody's own, else the one that stands in for it."""
    wanted = [sid for sid in sids if sid]
    found = find(table, service_sid, wanted)
    permitted = next((found[sid].permissions for sid in wanted if sid in found), ())
    return frozenset(Permission(name) for name in permitted)


def create(table: Table, role: Role) -> None:
    """Store a new role."""
    table.write(put("role", keys.role(role.service_sid, role.sid), items.encode(role), NEW))


def permit(table: Table, role: Role, permissions: tuple[str, ...], now: datetime) -> bool:
    """Store what a role permits from now on; False when it is gone."""
    sets = {"permissions": list(permissions), "updated": items.from_time(now)}
    return table.written(change("role", keys.role(role.service_sid, role.sid), sets, EXISTS))


def remove(table: Table, role: Role) -> bool:
    """Delete a role; False when it is gone already. Raises ApiError 20409 when its Service gives it to whoever has none
    of their own: then it stays."""
    unused = Condition(_NO_DEFAULT, values={":role": role.sid})
    writes = [
        delete("role", keys.role(role.service_sid, role.sid), EXISTS),
        check("default", keys.service(role.service_sid), unused),
    ]
    try:
        retrying(lambda: table.transact(writes), tries=_TRIES, when=lambda conflict: not conflict.failed)
    except Conflict as conflict:
        if "role" in conflict.failed:
            return False
        if "default" in conflict.failed:
            raise refusals.role_is_default(role.sid) from conflict
        raise
    return True
