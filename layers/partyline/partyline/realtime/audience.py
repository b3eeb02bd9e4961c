"""Whether connections may go on, and what their identities see. Looked at before every frame, in either direction.

A connection ends with its token, also when that is revoked, with the API key that signed it, with its user and with its
Service. Who may see
every conversation is asked of the role that the user has now, not of the token.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from partyline.domain import sids
from partyline.domain.permissions import Permission
from partyline.domain.services import Service, User
from partyline.storage import codec, connections, keys, roles
from partyline.storage.connections import Connection
from partyline.storage.table import Table
from partyline.storage.users import read_revocation


@dataclass(frozen=True, slots=True)
class ConnectionAuthorization:
    """Connections that may go on and such that may not, and the identities that see every conversation, among those
    that were asked about."""

    good: tuple[Connection, ...]
    ended: tuple[Connection, ...]
    see_all: frozenset[str]


def authorize(
    table: Table, service_sid: str, given: Iterable[Connection], now: datetime, *, may_see_all: Iterable[str]
) -> ConnectionAuthorization:
    """How connections of one Service stand: one batch for each hundred keys, users and revocations, and one for the
    roles of those who are asked about."""
    known = {connection.sid: connection for connection in given}
    theirs = {whose: sids.user(service_sid, whose) for whose in {one.identity for one in known.values()}}
    users = {whose: keys.user(sid) for whose, sid in theirs.items()}
    revocations = {whose: keys.revocation(sid) for whose, sid in theirs.items()}
    signed = {key: keys.api_key(key) for key in {one.key_sid for one in known.values()}}
    found = table.get_all([keys.service(service_sid), *users.values(), *revocations.values(), *signed.values()])

    def stands(connection: Connection) -> bool:
        needed = (users[connection.identity], signed[connection.key_sid], keys.service(service_sid))
        revoked = found.get(revocations[connection.identity])
        is_revoked = revoked is not None and connection.issued <= read_revocation(revoked).at
        return connection.until > now.timestamp() and not is_revoked and all(place in found for place in needed)

    good = tuple(connection for connection in known.values() if stands(connection))
    ended = tuple(connection for connection in known.values() if not stands(connection))
    asked = {connection.identity for connection in good} & set(may_see_all)
    if not asked:
        return ConnectionAuthorization(good, ended, frozenset())
    service = codec.decode(Service, found[keys.service(service_sid)])
    those = [codec.decode(User, found[users[identity]]) for identity in asked]
    return ConnectionAuthorization(good, ended, _seeing_all(table, service, those))


def select_recipients(
    table: Table, service_sid: str, identities: Collection[str], now: datetime
) -> tuple[list[Connection], tuple[Connection, ...]]:
    """The connections of some identities and of supervisors that may go on, and those of them that may not."""
    supervising = connections.list_supervisors(table, service_sid)
    known = [*connections.list_for_identities(table, service_sid, identities), *supervising]
    stand = authorize(table, service_sid, known, now, may_see_all={one.identity for one in supervising})
    return [one for one in stand.good if one.identity in {*identities, *stand.see_all}], stand.ended


def _seeing_all(table: Table, service: Service, users: Iterable[User]) -> frozenset[str]:
    """Those whose role permits it; where they have none, the Service's own for users."""
    wanted = {user.identity: user.role_sid or service.user_role_sid for user in users}
    found = roles.fetch_many(table, service.sid, set(wanted.values()))

    def permits(role_sid: str) -> bool:
        return role_sid in found and Permission.VIEW_ANY_CONVERSATION in found[role_sid].permissions

    return frozenset(identity for identity, role_sid in wanted.items() if permits(role_sid))
