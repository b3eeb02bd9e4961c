"""Serve live connections: a client opens one with an access token, sends frames, and closes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from partyline import refusals
from partyline.auth import scope as scopes
from partyline.auth import tokens
from partyline.auth.scope import CallingUser
from partyline.domain.permissions import Permission
from partyline.errors import ApiError, NotPosted
from partyline.frozen_classes import frozen
from partyline.realtime import audience, protocol
from partyline.realtime.frame_handler import FrameHandler
from partyline.realtime.gateway import LiveConnections
from partyline.storage import connections, quotas
from partyline.storage.connections import MAX_PER_IDENTITY, Connection
from partyline.storage.table import Table

# API Gateway closes every connection after two hours.
MAX_SECONDS = 2 * 3600
# A connection that sends this many frames within one window of its quota is closed.
_FLOOD = 4 * quotas.MAX_FRAMES


@frozen
class Sessions:
    """Opens connections and handles their frames. The secrets of API keys are derived from `key_root`."""

    live: LiveConnections
    account_sid: str
    key_root: Callable[[], str]

    @property
    def table(self) -> Table:
        """The table that access tokens are checked with."""
        return self.live.table

    @property
    def clock(self) -> Callable[[], datetime]:
        """The clock that access tokens are checked with."""
        return self.live.clock

    def connect(self, event: Mapping[str, Any]) -> Connection:
        """Open a connection for the identity of an access token, which becomes a user if it is none yet.

        The token is in the header `Authorization: Bearer` or, since browsers cannot set one, in the parameter `token`.

        Raises ApiError 20101 to 20107 and 20157 for the token, 20403 for a Service that does not exist, 20429 when the
        identity has too many connections or opens too many; and Conflict.
        """
        now = self.clock()
        token = tokens.read_token(_read_credentials(event), self)
        scope = scopes.resolve_scope(self, now, token.service_sid)
        if scope is None:
            raise refusals.forbidden("the access token is for a Service that is not there")
        user = scopes.resolve_user(self, now, scope, token)
        # Counted for a good token only: a revoked one must not use up the quota of the identity.
        self._spend_quota(token.service_sid, token.identity)
        connection = Connection(
            sid=event["requestContext"]["connectionId"],
            service_sid=token.service_sid,
            identity=token.identity,
            key_sid=token.key_sid,
            until=min(token.expires, int(now.timestamp()) + MAX_SECONDS),
            supervises=Permission.VIEW_ANY_CONVERSATION in user.permissions,
            # A clock ahead of ours must not put a token behind a revocation: it exists by now.
            issued=min(token.issued, int(now.timestamp())),
        )
        if connections.register(self.table, connection, now):
            return connection
        # Connections that are no longer authorized must not take the place of a new one.
        self._close_expired(connection.service_sid, connection.identity)
        if not connections.register(self.table, connection, now):
            raise refusals.too_many_connections(MAX_PER_IDENTITY)
        return connection

    def handle_frame(self, sid: str, frame: str) -> ApiError | None:
        """Handle a client's frame; return the error that the client is sent, if there is one.

        A connection that is not authorized any more, or does not take the answer, is closed. Its client connects again
        and resumes.
        """
        counted = connections.record_frame(self.table, sid, self.clock())
        if counted is None:
            # Its record was deleted, and the gateway could not close it then.
            self.live.close_unrecorded(sid)
            return None
        connection, frames = counted
        if frames > quotas.MAX_FRAMES:
            return self._ignore_frame(connection, frames)
        found = audience.authorize(
            self.table, connection.service_sid, [connection], self.clock(), permissions_of={connection.identity}
        )
        if found.expired:
            self.live.close(connection)
            return None
        user = CallingUser(connection.identity, found.permissions.get(connection.identity, frozenset()))
        handler = FrameHandler(self.live, connection, self.account_sid, self._spend_quota, user)
        try:
            return handler.handle(frame)
        except NotPosted:
            self.live.close(connection)
            return None

    def _ignore_frame(self, connection: Connection, frames: int) -> ApiError:
        """Ignore a frame beyond the quota.

        The client gets one error a window, and is disconnected when it continues.
        """
        refused = refusals.quota_spent(quotas.MAX_FRAMES, quotas.SECONDS)
        if frames > _FLOOD:
            self.live.close(connection)
        elif frames == quotas.MAX_FRAMES + 1:
            with suppress(NotPosted):
                self.live.gateway.post(connection.sid, protocol.error_frame(refused))
        return refused

    def _close_expired(self, service_sid: str, identity: str) -> None:
        """Close the connections of an identity that are not authorized any more."""
        own = connections.list_for_identities(self.table, service_sid, [identity])
        self.live.close_all(audience.authorize(self.table, service_sid, own, self.clock()).expired)

    def _spend_quota(self, service_sid: str, identity: str) -> None:
        """Count one request of an identity, over all its connections. Raises ApiError 20429 when it is too many."""
        if quotas.exceeds_frame_quota(self.table, service_sid, identity, self.clock()):
            raise refusals.quota_spent(quotas.MAX_ASKED, quotas.SECONDS)


def _read_credentials(event: Mapping[str, Any]) -> str:
    headers = event.get("headers") or {}
    given = next((str(value) for name, value in headers.items() if name.lower() == "authorization"), "")
    scheme, _, credentials = given.partition(" ")
    if given:
        return credentials.strip() if scheme.lower() == "bearer" else ""
    return str((event.get("queryStringParameters") or {}).get("token", ""))
