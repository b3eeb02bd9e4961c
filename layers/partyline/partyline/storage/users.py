"""Users: the identities of a Service. The transaction that adds an identity to a conversation also makes it a user.

The deletion of a user leaves a revocation: access tokens of its identity are refused until the account creates the user
again, and older tokens forever.

A new user's item has the cause of its creation, because only the stream shows that a user is new: the relay publishes
the event.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from partyline.domain import events, sids
from partyline.domain.events import QUIETLY, Cause, EventBatch
from partyline.domain.participants import Participant
from partyline.domain.services import User
from partyline.frozen_classes import frozen
from partyline.serialization import format_time
from partyline.storage import codec, event_outbox, keys, own_writes
from partyline.storage.attribute_values import Item
from partyline.storage.table import EXISTS, NEW, Table, Write, change, check, delete, diff_items, put

# No access token lives longer, so a revocation without a deletion can expire.
_TOKEN_LIFE = timedelta(days=2)


@frozen
class Revocation:
    """Which access tokens of an identity are refused.

    Tokens made up to `at` (Unix seconds) are. `barred` means that the user was deleted: then all tokens are refused
    until there is a user again. `lost`: the provider of sign-in gave the person no access then, nor since.
    """

    at: int
    barred: bool = False
    lost: bool = False


def fetch(table: Table, sid: str) -> User | None:
    """Read a user by SID; return None when it does not exist."""
    item = table.get(keys.user(sid))
    return codec.decode(User, item) if item else None


def fetch_by_identity(table: Table, service_sid: str, identity: str) -> User | None:
    """Read a user by identity; return None when it does not exist."""
    return fetch(table, sids.user(service_sid, identity))


def fetch_with_revocations(
    table: Table, service_sid: str, identities: Iterable[str]
) -> dict[str, tuple[User | None, Revocation | None]]:
    """Read the users and the revocations of some identities: one batch for each fifty."""
    user_sids = {identity: sids.user(service_sid, identity) for identity in identities}
    found = table.get_all(key for sid in user_sids.values() for key in (keys.user(sid), keys.revocation(sid)))

    def decode_pair(sid: str) -> tuple[User | None, Revocation | None]:
        user, revocation = found.get(keys.user(sid)), found.get(keys.revocation(sid))
        return codec.decode(User, user) if user else None, read_revocation(revocation) if revocation else None

    return {identity: decode_pair(sid) for identity, sid in user_sids.items()}


def read_revocation(item: Item) -> Revocation:
    """Decode the item of a revocation."""
    return Revocation(int(item["at"]), bool(item.get("barred")), bool(item.get("lost")))


def create(table: Table, user: User, *, cause: Cause = QUIETLY) -> bool:
    """Store a new user; return False when its identity is a user already."""
    item = _new_item(user, cause)
    return own_writes.is_made(table, put("user", keys.user(user.sid), item, NEW), item)


def update(table: Table, before: User, after: User, now: datetime, *, cause: Cause = QUIETLY) -> bool:
    """Store what differs; return False when the user is gone. Concurrent changes of other attributes stay."""
    sets = diff_items(_encode_with_role(before), _encode_with_role(after))
    batch = EventBatch(after.service_sid, after.sid, cause, now, (events.user_event("onUserUpdated", after),))
    changed = change("user", keys.user(before.sid), sets, EXISTS)
    return not sets or table.written(changed, *event_outbox.build_writes(batch))


def to_added_batch(item: Item) -> EventBatch:
    """Build the event batch of a user that is new in the stream."""
    user = codec.decode(User, item)
    added = events.user_event("onUserAdded", user)
    return EventBatch(user.service_sid, user.sid, codec.decode(Cause, item["cause"]), user.created, (added,))


def remove(table: Table, user: User, now: datetime) -> bool:
    """Delete a user and bar its identity; return False when the user is gone already.

    The identity's participants are removed asynchronously (partyline.lifecycle.cleanup).
    """
    barred = {"at": int(now.timestamp()), "barred": True}
    return table.written(
        delete("user", keys.user(user.sid), EXISTS),
        put("revocation", keys.revocation(user.sid), barred),
    )


def revoke_tokens(table: Table, user: User, now: datetime, *, lost: bool = False) -> bool:
    """Refuse the access tokens that a user has now; return False when the user is gone.

    `lost` is for a person whom the provider of sign-in gives no access any more.
    """
    revocation = {"at": int(now.timestamp()), "ttl": int((now + _TOKEN_LIFE).timestamp())}
    return table.written(
        check("user", keys.user(user.sid), EXISTS),
        put("revocation", keys.revocation(user.sid), {**revocation, "lost": True} if lost else revocation),
    )


def note_access(table: Table, user: User) -> None:
    """Note that a person has access again. Older tokens stay refused."""
    table.written(change("revocation", keys.revocation(user.sid), {"lost": None}, EXISTS))


def joining_writes(
    service_sid: str,
    members: Iterable[Participant],
    now: datetime,
    cause: Cause = QUIETLY,
    existing_users: Collection[str] = (),
) -> list[Write]:
    """Build the writes that create a user for each identity of some members that is not one yet.

    For identities in `existing_users` they require a user instead: one that the account deletes at the same time is not
    created again.
    """
    identities = sorted({member.identity for member in members if member.identity})
    return [
        check("user", keys.user(sids.user(service_sid, identity)), EXISTS)
        if identity in existing_users
        else _ensure_write(service_sid, identity, now, cause)
        for identity in identities
    ]


def ensure_user(table: Table, service_sid: str, identity: str, now: datetime, *, cause: Cause = QUIETLY) -> None:
    """Create a user for an identity, unless there is one."""
    table.written(_ensure_write(service_sid, identity, now, cause))


def _ensure_write(service_sid: str, identity: str, now: datetime, cause: Cause) -> Write:
    user = User(sids.user(service_sid, identity), service_sid, identity, now, now)
    return change("user", keys.user(user.sid), {}, defaults=_new_item(user, cause))


def _new_item(user: User, cause: Cause) -> Item:
    return {**codec.encode(user), **list_index_keys(user), "outbox": "user", "cause": codec.encode(cause)}


def _encode_with_role(user: User) -> Item:
    """Encode a user with its place among the holders of its own role."""
    return {**codec.encode(user), **role_index_key(user.role_sid, user.sid)}


def role_index_key(role_sid: str | None, sid: str) -> Item:
    """Return the index key by which the holders of a role are found; empty without a role."""
    return {"GSI2PK": keys.by_role(role_sid), "GSI2SK": sid} if role_sid else {}


def list_index_keys(user: User) -> Item:
    """Return a user's places in the list of its Service and among the holders of its own role."""
    return {
        **role_index_key(user.role_sid, user.sid),
        "GSI1PK": keys.sharded(keys.user_list(user.service_sid), user.sid),
        "GSI1SK": keys.dated(format_time(user.created), user.sid),
    }
