"""Decide which connections are still authorized, and which receive an event.

A connection ends with its token (also when that is revoked), with the API key that signed it, with its user and with
its Service. This is checked before every frame, in either direction. Whether an identity sees every conversation is a
question to the role that its user has now, not to the token. Notifications in browsers end in the same way.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from partyline.domain import sids
from partyline.domain.permissions import Permission
from partyline.domain.services import Service, User
from partyline.frozen_classes import frozen
from partyline.storage import codec, connections, keys, roles
from partyline.storage.attribute_values import Item
from partyline.storage.connections import Connection
from partyline.storage.keys import Key
from partyline.storage.table import Table
from partyline.storage.users import read_revocation


class Grant(Protocol):
    """What an access token has opened: a live connection, or notifications in a browser.

    `key_sid` and `issued` are of the token, `until` is when it ends at the latest, in Unix seconds.
    """

    @property
    def sid(self) -> str:
        """Return its SID."""

    @property
    def identity(self) -> str:
        """Return whose it is."""

    @property
    def key_sid(self) -> str:
        """Return the API key that signed the token."""

    @property
    def issued(self) -> int:
        """Return when the token was made; 0 when that is not known."""

    @property
    def until(self) -> int:
        """Return when it ends at the latest."""


Granted = TypeVar("Granted", bound=Grant)


@frozen
class GrantAuthorization(Generic[Granted]):
    """Which connections, or other grants, are authorized and which have expired.

    `permissions` are those of the identities that were asked about, in the Service.
    """

    active: tuple[Granted, ...]
    expired: tuple[Granted, ...]
    permissions: Mapping[str, frozenset[Permission]]


def authorize(
    table: Table, service_sid: str, given: Iterable[Granted], now: datetime, *, permissions_of: Iterable[str] = ()
) -> GrantAuthorization[Granted]:
    """Authorize connections, or other grants, of one Service.

    `permissions_of` are the identities whose role is read. Cost: one batch for each hundred keys, users and
    revocations, and one for the roles.
    """
    known = {grant.sid: grant for grant in given}
    grounds = _Grounds.read(table, service_sid, known.values())
    allowed = {sid for sid, grant in known.items() if grounds.allow(grant, now)}
    active = tuple(grant for sid, grant in known.items() if sid in allowed)
    expired = tuple(grant for sid, grant in known.items() if sid not in allowed)
    asked = {grant.identity for grant in active} & set(permissions_of)
    return GrantAuthorization(active, expired, grounds.read_permissions(table, asked))


def select_recipients(
    table: Table,
    service_sid: str,
    identities: Collection[str],
    now: datetime,
    *,
    owners: Collection[str] = (),
    permission: Permission | None = None,
) -> tuple[list[Connection], tuple[Connection, ...]]:
    """Return the authorized connections that receive an event, and the expired ones among those that were read.

    An event is for some identities, for supervisors, and for the `owners` of contacts in the conversation whose role
    permits to see what is assigned to them. With a `permission` it is for those among them whose role permits that.
    """
    supervising = connections.list_supervisors(table, service_sid)
    known = [*connections.list_for_identities(table, service_sid, {*identities, *owners}), *supervising]
    asked = {one.identity for one in supervising} | (
        {*owners} - {*identities} if permission is None else {*owners, *identities}
    )
    found = authorize(table, service_sid, known, now, permissions_of=asked)

    def receives(identity: str) -> bool:
        permitted = found.permissions.get(identity, frozenset())
        if permission is not None and permission not in permitted:
            return False
        is_owner = identity in owners and Permission.VIEW_ASSIGNED_CONVERSATIONS in permitted
        return identity in identities or is_owner or Permission.VIEW_ANY_CONVERSATION in permitted

    return [one for one in found.active if receives(one.identity)], found.expired


def select_named(
    table: Table, service_sid: str, identities: Collection[str], now: datetime, *, with_supervisors: bool
) -> tuple[list[Connection], tuple[Connection, ...]]:
    """Return the authorized connections of some identities and of no one else, and the expired ones among them.

    Without supervisors: what these people cannot see any more, others of them see still, by their role.
    """
    known = connections.list_for_identities(table, service_sid, identities)
    found = authorize(table, service_sid, known, now, permissions_of=() if with_supervisors else identities)
    seeing = {who for who, permitted in found.permissions.items() if Permission.VIEW_ANY_CONVERSATION in permitted}
    return [one for one in found.active if one.identity not in seeing], found.expired


@frozen
class _Grounds:
    """What an authorization rests on: the items of the Service, its users, their revocations and the API keys."""

    service_sid: str
    found: Mapping[Key, Item]

    @classmethod
    def read(cls, table: Table, service_sid: str, given: Iterable[Grant]) -> _Grounds:
        """Read what some grants rest on, in one batch for each hundred items."""
        needed = {keys.service(service_sid)}
        for grant in given:
            needed |= {
                _user_key(service_sid, grant.identity),
                _revocation_key(service_sid, grant.identity),
                keys.api_key(grant.key_sid),
            }
        return cls(service_sid, table.get_all(needed))

    def allow(self, grant: Grant, now: datetime) -> bool:
        """Whether a grant has not expired, is not revoked, and all that it rests on exists."""
        user, api_key = _user_key(self.service_sid, grant.identity), keys.api_key(grant.key_sid)
        needed = (user, api_key, keys.service(self.service_sid))
        return (
            grant.until > now.timestamp()
            and not self._is_revoked(grant)
            and all(place in self.found for place in needed)
        )

    def read_permissions(self, table: Table, identities: Collection[str]) -> dict[str, frozenset[Permission]]:
        """Read what the role of each identity permits, or else the Service's role for users."""
        if not identities:
            return {}
        service = codec.decode(Service, self.found[keys.service(self.service_sid)])
        users = [codec.decode(User, self.found[_user_key(self.service_sid, identity)]) for identity in identities]
        role_sids = {user.identity: user.role_sid or service.user_role_sid for user in users}
        found = roles.fetch_many(table, service.sid, set(role_sids.values()))
        return {
            identity: frozenset(Permission(name) for name in found[role_sid].permissions)
            for identity, role_sid in role_sids.items()
            if role_sid in found
        }

    def _is_revoked(self, grant: Grant) -> bool:
        revoked = self.found.get(_revocation_key(self.service_sid, grant.identity))
        return revoked is not None and grant.issued <= read_revocation(revoked).at


def _user_key(service_sid: str, identity: str) -> Key:
    return keys.user(sids.user(service_sid, identity))


def _revocation_key(service_sid: str, identity: str) -> Key:
    return keys.revocation(sids.user(service_sid, identity))
