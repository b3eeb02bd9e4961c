"""Users: the identities of a Service. One that joins a conversation is made a user by the transaction that adds it.

A new user's item holds who made it: that it is new shows in the stream only, and there it is told."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from partyline import events, sids
from partyline.directory import User
from partyline.events import QUIETLY, Cause, Happening
from partyline.model import Participant
from partyline.store import happenings, items, keys
from partyline.store.table import (
    EXISTS,
    NEW,
    Item,
    Table,
    Write,
    change,
    delete,
    differences,
    put,
)


def fetch(table: Table, sid: str) -> User | None:
    """One user by SID."""
    item = table.get(keys.user(sid))
    return items.user(item) if item else None


def by_identity(table: Table, service_sid: str, identity: str) -> User | None:
    """One user by identity."""
    return fetch(table, sids.user(service_sid, identity))


def create(table: Table, user: User, *, cause: Cause = QUIETLY) -> bool:
    """Store a new user; False when there is one of this identity already."""
    return table.written(put("user", keys.user(user.sid), _new_item(user, cause), NEW))


def update(table: Table, before: User, after: User, now: datetime, *, cause: Cause = QUIETLY) -> bool:
    """Store what was changed of a user; other changes made meanwhile stay. False when it is gone."""
    sets = differences(items.encode(before), items.encode(after))
    told = Happening(after.service_sid, after.sid, cause, now, (events.user("onUserUpdated", after),))
    changed = change("user", keys.user(before.sid), sets, EXISTS)
    return not sets or table.written(changed, *happenings.writes(told))


def added(item: Item) -> Happening:
    """What a user that is new in the stream is told as."""
    user = items.user(item)
    told = events.user("onUserAdded", user)
    return Happening(user.service_sid, user.sid, happenings.cause(item["cause"]), user.created, (told,))


def remove(table: Table, user: User) -> bool:
    """Delete a user; False when it is gone already. What the identity takes part in it leaves by and by
    (partyline.cleanup)."""
    return table.written(delete("user", keys.user(user.sid), EXISTS))


def joining_writes(
    service_sid: str, members: Iterable[Participant], now: datetime, cause: Cause = QUIETLY
) -> list[Write]:
    """The writes that make users of the identities among some members, as far as they are none yet."""
    identities = sorted({member.identity for member in members if member.identity})
    return [_ensuring(service_sid, identity, now, cause) for identity in identities]


def ensure(table: Table, service_sid: str, identity: str, now: datetime, *, cause: Cause = QUIETLY) -> None:
    """Make a user of an identity, unless it is one."""
    table.written(_ensuring(service_sid, identity, now, cause))


def _ensuring(service_sid: str, identity: str, now: datetime, cause: Cause) -> Write:
    user = User(sids.user(service_sid, identity), service_sid, identity, now, now)
    return change("user", keys.user(user.sid), {}, defaults=_new_item(user, cause))


def _new_item(user: User, cause: Cause) -> Item:
    return {**items.encode(user), **place(user), "outbox": "user", "cause": items.encode(cause)}


def place(user: User) -> Item:
    """A user's place in the list of its Service."""
    return {
        "GSI1PK": keys.sharded(keys.user_list(user.service_sid), user.sid),
        "GSI1SK": keys.dated(items.from_time(user.created), user.sid),
    }
