"""Users: the identities of a Service. One that joins a conversation is made a user by the transaction that adds it.

A user that is deleted leaves a revocation: access tokens of its identity are refused until the account makes it anew,
and those from before for good.

A new user's item holds who made it: that it is new shows in the stream only, and there it is told."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from partyline.domain import events, sids
from partyline.domain.events import QUIETLY, Cause, EventBatch
from partyline.domain.participants import Participant
from partyline.domain.services import User
from partyline.serialization import format_time
from partyline.storage import codec, event_outbox, keys
from partyline.storage.attribute_values import Item
from partyline.storage.table import EXISTS, NEW, Table, Write, change, check, delete, diff_items, put

# No access token lives longer, so a revocation without a deletion ends too.
_TOKEN_LIFE = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Revocation:
    """The access tokens of an identity that were made up to `at` (Unix seconds) are refused. `barred` is whether all
    are while there is no such user, since it was deleted."""

    at: int
    barred: bool = False


def fetch(table: Table, sid: str) -> User | None:
    """One user by SID."""
    item = table.get(keys.user(sid))
    return codec.decode(User, item) if item else None


def fetch_by_identity(table: Table, service_sid: str, identity: str) -> User | None:
    """One user by identity."""
    return fetch(table, sids.user(service_sid, identity))


def fetch_with_revocations(
    table: Table, service_sid: str, identities: Iterable[str]
) -> dict[str, tuple[User | None, Revocation | None]]:
    """The users and the revocations of some identities: one batch for each fifty."""
    known = {identity: sids.user(service_sid, identity) for identity in identities}
    wanted = [key for sid in known.values() for key in (keys.user(sid), keys.revocation(sid))]
    found = table.get_all(wanted)

    def of(sid: str) -> tuple[User | None, Revocation | None]:
        user, revocation = found.get(keys.user(sid)), found.get(keys.revocation(sid))
        return codec.decode(User, user) if user else None, read_revocation(revocation) if revocation else None

    return {identity: of(sid) for identity, sid in known.items()}


def read_revocation(item: Item) -> Revocation:
    """The revocation of an item."""
    return Revocation(int(item["at"]), bool(item.get("barred")))


def create(table: Table, user: User, *, cause: Cause = QUIETLY) -> bool:
    """Store a new user; False when there is one of this identity already."""
    return table.written(put("user", keys.user(user.sid), _new_item(user, cause), NEW))


def update(table: Table, before: User, after: User, now: datetime, *, cause: Cause = QUIETLY) -> bool:
    """Store what was changed of a user; other changes made meanwhile stay. False when it is gone."""
    sets = diff_items(_with_role(before), _with_role(after))
    told = EventBatch(after.service_sid, after.sid, cause, now, (events.user_event("onUserUpdated", after),))
    changed = change("user", keys.user(before.sid), sets, EXISTS)
    return not sets or table.written(changed, *event_outbox.build_writes(told))


def to_added_batch(item: Item) -> EventBatch:
    """What a user that is new in the stream is told as."""
    user = codec.decode(User, item)
    told = events.user_event("onUserAdded", user)
    return EventBatch(user.service_sid, user.sid, codec.decode(Cause, item["cause"]), user.created, (told,))


def remove(table: Table, user: User, now: datetime) -> bool:
    """Delete a user and bar its identity; False when it is gone already. What the identity takes part in it leaves by
    and by (partyline.lifecycle.cleanup)."""
    barred = {"at": int(now.timestamp()), "barred": True}
    return table.written(
        delete("user", keys.user(user.sid), EXISTS),
        put("revocation", keys.revocation(user.sid), barred),
    )


def revoke_tokens(table: Table, user: User, now: datetime) -> bool:
    """Refuse the access tokens that a user has now; False when it is gone."""
    until = {"at": int(now.timestamp()), "ttl": int((now + _TOKEN_LIFE).timestamp())}
    return table.written(
        check("user", keys.user(user.sid), EXISTS),
        put("revocation", keys.revocation(user.sid), until),
    )


def joining_writes(
    service_sid: str,
    members: Iterable[Participant],
    now: datetime,
    cause: Cause = QUIETLY,
    known: Collection[str] = (),
) -> list[Write]:
    """The writes that make users of the identities among some members, as far as they are none yet. Those that are
    `known` as users have to be: they do not become it again when the account deletes them at the same moment."""
    identities = sorted({member.identity for member in members if member.identity})
    return [
        check("user", keys.user(sids.user(service_sid, identity)), EXISTS)
        if identity in known
        else _ensuring(service_sid, identity, now, cause)
        for identity in identities
    ]


def ensure_user(table: Table, service_sid: str, identity: str, now: datetime, *, cause: Cause = QUIETLY) -> None:
    """Make a user of an identity, unless it is one."""
    table.written(_ensuring(service_sid, identity, now, cause))


def _ensuring(service_sid: str, identity: str, now: datetime, cause: Cause) -> Write:
    user = User(sids.user(service_sid, identity), service_sid, identity, now, now)
    return change("user", keys.user(user.sid), {}, defaults=_new_item(user, cause))


def _new_item(user: User, cause: Cause) -> Item:
    return {**codec.encode(user), **list_index_keys(user), "outbox": "user", "cause": codec.encode(cause)}


def _with_role(user: User) -> Item:
    """A user with its place among those of its own role."""
    return {**codec.encode(user), **role_index_key(user.role_sid, user.sid)}


def role_index_key(role_sid: str | None, sid: str) -> Item:
    """The index key by which the holders of a role are found."""
    return {"GSI2PK": keys.by_role(role_sid), "GSI2SK": sid} if role_sid else {}


def list_index_keys(user: User) -> Item:
    """A user's place in the list of its Service, and among those of its own role."""
    return {
        **role_index_key(user.role_sid, user.sid),
        "GSI1PK": keys.sharded(keys.user_list(user.service_sid), user.sid),
        "GSI1SK": keys.dated(format_time(user.created), user.sid),
    }
