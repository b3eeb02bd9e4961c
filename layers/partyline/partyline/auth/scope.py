"""The Service of a request, and the calling user with its permissions in that Service.

Here an access token ends early: its user was removed, or all tokens of its identity were revoked after it was issued.
Its expiry and the revocation of the API key that signed it are in `tokens`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial

from partyline import refusals
from partyline.auth.tokens import Keyring, Token
from partyline.domain import sids
from partyline.domain.events import Cause, Source
from partyline.domain.permissions import Permission
from partyline.domain.services import Configuration, Service
from partyline.domain.webhook_configuration import WebhookConfiguration
from partyline.frozen_classes import frozen
from partyline.storage import retry, roles, services, users
from partyline.storage.service_settings import ConfirmedSettings, ServiceSettings, SettingsCache, read_version
from partyline.storage.table import Table

# The first part of every path of the API.
VERSION = "v1"


@frozen
class Scope:
    """The Service of a path, the account's settings, and the path of the Service.

    `named` is whether the path names the Service; then responses name it too. `webhooks` are those in force in it, None
    where they were not read with the Service.
    """

    service: Service
    configuration: Configuration
    path: str
    named: bool = False
    webhooks: WebhookConfiguration | None = None

    @property
    def service_sid(self) -> str:
        """The Service's SID."""
        return self.service.sid


@frozen
class CallingUser:
    """The user of an access token. `permissions` are those of its role in the Service."""

    identity: str
    permissions: frozenset[Permission]


def resolve_scope(
    keyring: Keyring, now: datetime, service_sid: str | None, kept: SettingsCache | None = None
) -> Scope | None:
    """Resolve the scope of a path: the Service that it names, or the default one; None if it is unknown.

    The first request of a deployment creates the account's settings and its first Service.

    Cost: one read, and a second one when the account's default Service is not its first. Settings that are kept are
    confirmed by one read.
    """
    if service_sid is not None and not sids.matches(sids.SERVICE, service_sid):
        # The table is not read: a key of it has a limited length.
        return None
    first = sids.default_service(keyring.account_sid)
    fetch = _build_reader(keyring.table, kept)
    settings = fetch(service_sid or first)
    if settings.configuration is None:
        # Several first requests may arrive at once.
        retry.STANDARD.run(lambda: services.create_account(keyring.table, first, now))
        fetch = _build_reader(keyring.table, kept)
        settings = fetch(service_sid or first)
    if settings.configuration is None:
        raise refusals.failed()
    if service_sid is None and settings.configuration.default_service_sid != first:
        settings = fetch(settings.configuration.default_service_sid)
    return _build_scope(settings, service_sid, settings.webhooks if kept else None)


def _build_scope(
    settings: ServiceSettings, service_sid: str | None, webhooks: WebhookConfiguration | None
) -> Scope | None:
    """Build the scope of a path that names a Service, or none; None where there is no such Service."""
    if settings.service is None or settings.configuration is None:
        return None
    path = f"/{VERSION}/Services/{service_sid}" if service_sid else f"/{VERSION}"
    return Scope(settings.service, settings.configuration, path, named=service_sid is not None, webhooks=webhooks)


def _build_reader(table: Table, kept: SettingsCache | None) -> Callable[[str], ServiceSettings]:
    """Build what reads the settings of a Service: kept ones that are confirmed, or else without webhooks."""
    if kept is not None:
        return ConfirmedSettings(kept, partial(read_version, table)).fetch

    def read(sid: str) -> ServiceSettings:
        configuration, service = services.fetch_with_configuration(table, sid)
        return ServiceSettings(configuration, service=service)

    return read


def load_user(table: Table, scope: Scope, identity: str, since: datetime) -> CallingUser:
    """Load a user with its permissions of now, for what it asked for at a time.

    Raises ApiError 20104 when its access tokens of that time were revoked since, 20403 when it was deleted since.
    """
    known = users.fetch_with_revocations(table, scope.service_sid, [identity])
    user, revocation = known[identity]
    if user is None or user.created > since:
        raise refusals.identity_barred(identity)
    if revocation and since.timestamp() <= revocation.at:
        raise refusals.token_revoked()
    return CallingUser(
        identity, roles.fetch_permissions(table, scope.service_sid, user.role_sid, scope.service.user_role_sid)
    )


def resolve_user(keyring: Keyring, now: datetime, scope: Scope, token: Token) -> CallingUser:
    """Resolve the user of an access token. The first token of an identity creates its user.

    Raises ApiError 20104 for a revoked token. Raises 20403 when the token is for another Service, or when the user of
    the identity was deleted.
    """
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
    role_sid = user.role_sid if user else None
    return CallingUser(
        token.identity, roles.fetch_permissions(keyring.table, scope.service_sid, role_sid, scope.service.user_role_sid)
    )
