"""In which Service a request is, and what a chat identity may do in all of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from partyline import refusals
from partyline.auth.tokens import Keyring, Token
from partyline.domain import sids
from partyline.domain.events import Cause, Source
from partyline.domain.permissions import Permission
from partyline.domain.services import Configuration, Service
from partyline.storage import retry, roles, services, users

# What every path of the API begins with.
VERSION = "v1"


@dataclass(frozen=True, slots=True)
class Scope:
    """The Service that a path is about, the account's settings, and the path that leads there.

    `named`: the path names the Service, so bodies name it too.
    """

    service: Service
    configuration: Configuration
    path: str
    named: bool = False

    @property
    def service_sid(self) -> str:
        """The Service's SID."""
        return self.service.sid


@dataclass(frozen=True, slots=True)
class CallingUser:
    """A chat identity that calls with an access token. `permissions` are those of its role in the whole Service."""

    identity: str
    permissions: frozenset[Permission]


def resolve_scope(keyring: Keyring, now: datetime, service_sid: str | None) -> Scope | None:
    """The Service that a path names, or the account's default one for None; None when there is no such Service.

    The account's settings and its first Service are made when the first request finds none.
    """
    if service_sid is not None and not sids.matches(sids.SERVICE, service_sid):
        # No Service has it, and a key of the table cannot be of any length.
        return None
    first = sids.default_service(keyring.account_sid)
    configuration, service = services.fetch_with_configuration(keyring.table, service_sid or first)
    if configuration is None:
        # Several first requests may come at once.
        retry.STANDARD.run(lambda: services.create_account(keyring.table, first, now))
        configuration, service = services.fetch_with_configuration(keyring.table, service_sid or first)
    if configuration is None:
        raise refusals.failed()
    if service_sid is None and configuration.default_service_sid != first:
        service = services.fetch(keyring.table, configuration.default_service_sid)
    if service is None:
        return None
    if service_sid is None:
        return Scope(service, configuration, f"/{VERSION}")
    return Scope(service, configuration, f"/{VERSION}/Services/{service_sid}", named=True)


def resolve_user(keyring: Keyring, now: datetime, scope: Scope, token: Token) -> CallingUser:
    """Who an access token speaks for; the first one of an identity makes it a user. Raises ApiError 20104 when it was
    revoked, 20403 in another Service than the token's, and for an identity whose user was deleted."""
    if token.service_sid != scope.service_sid:
        raise refusals.forbidden("the access token is for another Service")
    known = users.fetch_with_revocations(keyring.table, scope.service_sid, [token.identity])
    user, revocation = known[token.identity]
    if revocation and user is None and revocation.barred:
        raise refusals.identity_barred(token.identity)
    if revocation and token.issued <= revocation.at:
        raise refusals.token_revoked()
    if user is None:
        users.ensure_user(
            keyring.table, scope.service_sid, token.identity, now, cause=Cause(Source.SDK, token.identity)
        )
    own = user.role_sid if user else None
    return CallingUser(
        token.identity, roles.fetch_permissions(keyring.table, scope.service_sid, own, scope.service.user_role_sid)
    )
