"""The roles of a Service."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from partyline.domain.permissions import Permission
from partyline.domain.services import Role
from partyline.errors import Conflict, RuleViolation
from partyline.serialization import format_time
from partyline.storage import codec, keys, retry
from partyline.storage.attribute_values import Item
from partyline.storage.table import EXISTS, NEW, Condition, Table, change, check, delete, put

_STEP = 25
_NO_DEFAULT = "creator_role_sid <> :role AND member_role_sid <> :role AND user_role_sid <> :role"


def fetch_many(table: Table, service_sid: str, sids: Iterable[str]) -> dict[str, Role]:
    """Those of some roles that are there, by SID, in one round trip."""
    found = table.get_all(keys.role(service_sid, sid) for sid in sids)
    return {item["sid"]: codec.decode(Role, item) for item in found.values()}


def fetch_permissions(table: Table, service_sid: str, own: str | None, default: str) -> frozenset[Permission]:
    """What a role of one's own permits, or the one that stands in where there is none. A role that is gone permits
    nothing: it may have been given to permit less."""
    wanted = own or default
    found = fetch_many(table, service_sid, [wanted])
    permitted = found[wanted].permissions if wanted in found else ()
    return frozenset(Permission(name) for name in permitted)


def _holder(table: Table, role: Role) -> Item | None:
    """A user or a participant that has a role of its own; None when there is none. What the index finds is read anew,
    since the index may be late, and a conversation that was removed leaves its participants behind for a moment."""
    after: Item | None = None
    while True:
        page = table.query(keys.by_role(role.sid), index="GSI2", limit=_STEP, after=after)
        places = [keys.Key(item["PK"], item["SK"]) for item in page.items]
        parents = {item["PK"]: keys.conversation(item["conversation_sid"]) for item in page.items if _is_member(item)}
        found = table.get_all([*places, *parents.values()])
        for place in places:
            item = found.get(place, {})
            if item.get("role_sid") == role.sid and (place.pk not in parents or parents[place.pk] in found):
                return item
        after = page.last_key
        if after is None:
            return None


def _is_member(item: Item) -> bool:
    """Whether an item is a participant; a user is in no conversation."""
    return "conversation_sid" in item


def create(table: Table, role: Role) -> None:
    """Store a new role."""
    table.write(put("role", keys.role(role.service_sid, role.sid), codec.encode(role), NEW))


def update_permissions(table: Table, role: Role, permissions: tuple[str, ...], now: datetime) -> bool:
    """Store what a role permits from now on; False when it is gone."""
    sets = {"permissions": list(permissions), "updated": format_time(now)}
    return table.written(change("role", keys.role(role.service_sid, role.sid), sets, EXISTS))


def remove(table: Table, role: Role) -> bool:
    """Delete a role; return False when it is gone already.

    Raises RuleViolation role_in_use, role_is_default.
    """
    holder = _holder(table, role)
    if holder:
        raise RuleViolation(
            "role_in_use", sid=role.sid, holder=holder["sid"], conversation_sid=holder.get("conversation_sid")
        )
    unused = Condition(_NO_DEFAULT, values={":role": role.sid})
    writes = [
        delete("role", keys.role(role.service_sid, role.sid), EXISTS),
        check("default", keys.service(role.service_sid), unused),
    ]
    try:
        retry.STANDARD.run(lambda: table.transact(writes), can_retry=retry.is_race)
    except Conflict as conflict:
        if "role" in conflict.failed:
            return False
        if "default" in conflict.failed:
            raise RuleViolation("role_is_default", sid=role.sid) from conflict
        raise
    return True
