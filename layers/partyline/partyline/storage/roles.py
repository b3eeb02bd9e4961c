"""The roles of a Service."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from partyline.domain import sids
from partyline.domain.permissions import Permission, RoleType
from partyline.domain.services import Role
from partyline.errors import Conflict, RuleViolation
from partyline.frozen_classes import replace
from partyline.serialization import format_time
from partyline.storage import codec, keys, own_writes, retry
from partyline.storage.attribute_values import Item
from partyline.storage.table import EXISTS, NEW, Condition, Table, change, check, delete, put

_STEP = 25
_NO_DEFAULT = "creator_role_sid <> :role AND member_role_sid <> :role AND user_role_sid <> :role"


def fetch_many(table: Table, service_sid: str, role_sids: Iterable[str]) -> dict[str, Role]:
    """Read the roles that exist among some SIDs, in one round trip."""
    found = table.get_all(keys.role(service_sid, sid) for sid in role_sids)
    return {item["sid"]: codec.decode(Role, item) for item in found.values()}


def find_by_name(table: Table, service_sid: str, name: str, kind: RoleType) -> Role | None:
    """Find a role by its friendly name; return None when there is none. Of several, it is the oldest one.

    Cost: one query of the Service's roles.
    """
    named = [role for role in list_all(table, service_sid) if role.friendly_name == name and role.type == kind]
    return min(named, key=lambda role: (role.created, role.sid), default=None)


def list_all(table: Table, service_sid: str) -> list[Role]:
    """Read every role of a Service, by SID: one query."""
    return [codec.decode(Role, item) for item in table.query_all(keys.service(service_sid).pk, begins=sids.ROLE)]


def fetch_permissions(table: Table, service_sid: str, own: str | None, default: str) -> frozenset[Permission]:
    """Read the permissions of a user's or participant's own role, or of the default role.

    A deleted role permits nothing: it may have permitted less than the default.
    """
    sid = own or default
    found = fetch_many(table, service_sid, [sid])
    permitted = found[sid].permissions if sid in found else ()
    return frozenset(Permission(name) for name in permitted)


def _find_holder(table: Table, role: Role) -> Item | None:
    """Find a user or a participant that has a role as its own; return its item, None when there is none.

    What the index finds is read from the table, since the index is eventually consistent. The participants of a removed
    conversation, which are deleted asynchronously, do not count.
    """
    after: Item | None = None
    while True:
        page = table.query(keys.by_role(role.sid), index="GSI2", limit=_STEP, after=after)
        item_keys = [keys.Key(item["PK"], item["SK"]) for item in page.items]
        parents = {item["PK"]: keys.conversation(item["conversation_sid"]) for item in page.items if _is_member(item)}
        found = table.get_all([*item_keys, *parents.values()])
        for item_key in item_keys:
            item = found.get(item_key, {})
            if item.get("role_sid") == role.sid and (item_key.pk not in parents or parents[item_key.pk] in found):
                return item
        after = page.last_key
        if after is None:
            return None


def _is_member(item: Item) -> bool:
    """Return whether an item is a participant. A user's item has no conversation."""
    return "conversation_sid" in item


def create(table: Table, role: Role) -> None:
    """Store a new role."""
    item = codec.encode(role)
    own_writes.make(table, put("role", keys.role(role.service_sid, role.sid), item, NEW), item)


def create_missing(table: Table, service_sid: str, wanted: Iterable[Role]) -> None:
    """Store those roles whose names no role of the Service has. Repeats change nothing.

    A role of such a name is never overwritten, whoever made it.
    """
    names = {role.friendly_name for role in list_all(table, service_sid)}
    for role in wanted:
        if role.friendly_name not in names:
            # False when another request has stored it meanwhile.
            table.written(put("role", keys.role(service_sid, role.sid), codec.encode(role), NEW))


def add_shipped_permissions(table: Table, stored: Role, shipped: Role) -> Role:
    """Give a role that a Service started with the permissions that it has in this version; return it as it is now.

    Only a role that we made and nobody has changed since gets them. Its date of change stays, by which the next version
    knows that too. Cost: none where the role is as shipped, else one write.
    """
    is_ours = stored.sid == shipped.sid and stored.updated == stored.created
    if not is_ours or set(stored.permissions) == set(shipped.permissions):
        return stored
    unchanged = Condition("updated = :updated", values={":updated": format_time(stored.updated)})
    sets = {"permissions": list(shipped.permissions)}
    written = table.written(change("role", keys.role(stored.service_sid, stored.sid), sets, unchanged))
    return replace(stored, permissions=shipped.permissions) if written else stored


def update_permissions(table: Table, role: Role, permissions: tuple[str, ...], now: datetime) -> bool:
    """Store the permissions of a role; return False when the role is gone."""
    sets = {"permissions": list(permissions), "updated": format_time(now)}
    return table.written(change("role", keys.role(role.service_sid, role.sid), sets, EXISTS))


def remove(table: Table, role: Role) -> bool:
    """Delete a role; return False when it is gone already.

    Raises RuleViolation role_in_use, role_is_default.
    """
    holder = _find_holder(table, role)
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
