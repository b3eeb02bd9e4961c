"""Decide which connections are still authorized, and which receive an event.

A connection ends with its token (also when that is revoked), with the API key that signed it, with its user and with
its Service. This is checked before every frame, in either direction. Whether an identity sees every conversation is a
question to the role that its user has now, not to the token.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from partyline.domain import sids
from partyline.domain.permissions import Permission
from partyline.domain.services import Service, User
from partyline.storage import codec, connections, keys, roles
from partyline.storage.attribute_values import Item
from partyline.storage.connections import Connection
from partyline.storage.keys import Key
from partyline.storage.table import Table
from partyline.storage.users import read_revocation


@dataclass(frozen=True, slots=True)
class ConnectionAuthorization:
    """Which connections are authorized and which have expired.

    `supervisors` are the identities that see every conversation, among those that were asked about.
    """

    active: tuple[Connection, ...]
    expired: tuple[Connection, ...]
    supervisors: frozenset[str]


def authorize(
    table: Table, service_sid: str, given: Iterable[Connection], now: datetime, *, may_supervise: Iterable[str]
) -> ConnectionAuthorization:
    """Authorize connections of one Service.

    `may_supervise` are the identities whose role is read. Cost: one batch for each hundred keys, users and revocations,
    and one for the roles.
    """
    known = {connection.sid: connection for connection in given}
    grounds = _Grounds.read(table, service_sid, known.values())
    allowed = {sid for sid, connection in known.items() if grounds.allow(connection, now)}
    active = tuple(connection for sid, connection in known.items() if sid in allowed)
    expired = tuple(connection for sid, connection in known.items() if sid not in allowed)
    asked = {connection.identity for connection in active} & set(may_supervise)
    return ConnectionAuthorization(active, expired, grounds.select_supervisors(table, asked))


def select_recipients(
    table: Table, service_sid: str, identities: Collection[str], now: datetime
) -> tuple[list[Connection], tuple[Connection, ...]]:
    """Return the authorized connections of some identities and of all supervisors, and the expired ones of both."""
    supervising = connections.list_supervisors(table, service_sid)
    known = [*connections.list_for_identities(table, service_sid, identities), *supervising]
    found = authorize(table, service_sid, known, now, may_supervise={one.identity for one in supervising})
    return [one for one in found.active if one.identity in {*identities, *found.supervisors}], found.expired


@dataclass(frozen=True, slots=True)
class _Grounds:
    """What an authorization rests on: the items of the Service, its users, their revocations and the API keys."""

    service_sid: str
    found: Mapping[Key, Item]

    @classmethod
    def read(cls, table: Table, service_sid: str, given: Iterable[Connection]) -> _Grounds:
        """Read what some connections rest on, in one batch for each hundred items."""
        needed = {keys.service(service_sid)}
        for connection in given:
            needed |= {
                _user_key(service_sid, connection.identity),
                _revocation_key(service_sid, connection.identity),
                keys.api_key(connection.key_sid),
            }
        return cls(service_sid, table.get_all(needed))

    def allow(self, connection: Connection, now: datetime) -> bool:
        """Whether a connection has not expired, is not revoked, and all that it rests on exists."""
        user, api_key = _user_key(self.service_sid, connection.identity), keys.api_key(connection.key_sid)
        needed = (user, api_key, keys.service(self.service_sid))
        return (
            connection.until > now.timestamp()
            and not self._is_revoked(connection)
            and all(place in self.found for place in needed)
        )

    def select_supervisors(self, table: Table, identities: Collection[str]) -> frozenset[str]:
        """Select the identities whose role, or else the Service's role for users, permits to see every conversation."""
        if not identities:
            return frozenset()
        service = codec.decode(Service, self.found[keys.service(self.service_sid)])
        users = [codec.decode(User, self.found[_user_key(self.service_sid, identity)]) for identity in identities]
        role_sids = {user.identity: user.role_sid or service.user_role_sid for user in users}
        permitting = {
            role_sid
            for role_sid, role in roles.fetch_many(table, service.sid, set(role_sids.values())).items()
            if Permission.VIEW_ANY_CONVERSATION in role.permissions
        }
        return frozenset(identity for identity, role_sid in role_sids.items() if role_sid in permitting)

    def _is_revoked(self, connection: Connection) -> bool:
        revoked = self.found.get(_revocation_key(self.service_sid, connection.identity))
        return revoked is not None and connection.issued <= read_revocation(revoked).at


def _user_key(service_sid: str, identity: str) -> Key:
    return keys.user(sids.user(service_sid, identity))


def _revocation_key(service_sid: str, identity: str) -> Key:
    return keys.revocation(sids.user(service_sid, identity))
