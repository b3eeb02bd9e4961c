"""Reach live connections through API Gateway's management API."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from enum import StrEnum
from functools import cache, partial
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from partyline import aws_clients
from partyline.errors import NotPosted
from partyline.frozen_classes import frozen
from partyline.storage import connections
from partyline.storage.connections import Connection
from partyline.storage.table import Table

# How many frames one function sends in parallel.
PARALLEL = 16


class ConnectionGateway(Protocol):
    """What sends frames to connections and closes them, by API Gateway's connection ids."""

    def prepare(self) -> None:
        """Do now what the first frame would have to wait for."""

    def post(self, sid: str, frame: str) -> bool:
        """Send a frame to a connection; return False when it is gone. Raises NotPosted."""

    def close(self, sid: str) -> None:
        """Close a connection, unless it is gone. Raises NotPosted."""


class ApiGateway:
    """The gateway of a deployment. `endpoint` manages its WebSocket API: https://.../prod.

    Its client is built by the first call: it takes longer than the rest of a cold start, and a connection that opens or
    ends needs none.
    """

    def __init__(self, endpoint: str) -> None:
        self._build_client = cache(partial(aws_clients.live_connections, endpoint, at_once=PARALLEL))

    @property
    def _client(self) -> Any:
        return self._build_client()

    def prepare(self) -> None:
        """Build the client now."""
        self._build_client()

    def post(self, sid: str, frame: str) -> bool:
        """Send a frame to a connection; return False when it is gone. Raises NotPosted."""
        try:
            self._client.post_to_connection(ConnectionId=sid, Data=frame.encode())
        except self._client.exceptions.GoneException:
            return False
        except (ClientError, BotoCoreError) as error:
            raise NotPosted(_error_name(error)) from error
        return True

    def close(self, sid: str) -> None:
        """Close a connection, unless it is gone. Raises NotPosted."""
        try:
            self._client.delete_connection(ConnectionId=sid)
        except self._client.exceptions.GoneException:
            return
        except (ClientError, BotoCoreError) as error:
            raise NotPosted(_error_name(error)) from error


class PostResult(StrEnum):
    """The result of sending frames to one connection."""

    TAKEN = "taken"
    GONE = "gone"
    FAILED = "failed"


@frozen
class LiveConnections:
    """The open connections: the table remembers them, the gateway reaches them."""

    table: Table
    gateway: ConnectionGateway
    clock: Callable[[], datetime]

    def close(self, connection: Connection) -> None:
        """Close a connection and delete its record.

        One that the gateway cannot close receives nothing more. It is closed when its client sends a frame, or by API
        Gateway when it has been idle.
        """
        self.close_unrecorded(connection.sid)
        connections.remove(self.table, connection)

    def close_all(self, closing: Iterable[Connection]) -> None:
        """Close each of these connections."""
        for connection in closing:
            self.close(connection)

    def close_unrecorded(self, sid: str) -> None:
        """Close a connection that has no record, if the gateway can."""
        with suppress(NotPosted):
            self.gateway.close(sid)

    def disconnect(self, sid: str) -> None:
        """Delete the record of a connection that has ended. A repeat changes nothing."""
        connection = connections.fetch(self.table, sid)
        if connection is not None:
            connections.remove(self.table, connection)

    def expire(self, sid: str) -> None:
        """Close a connection whose token has expired. A repeat changes nothing."""
        connection = connections.fetch(self.table, sid)
        if connection is not None:
            self.close(connection)

    def post_all(self, receivers: Sequence[Connection], frames: Sequence[str]) -> list[PostResult]:
        """Send the same frames to each connection, in parallel; return the results in the order of the connections."""

        def post(connection: Connection) -> PostResult:
            try:
                taken = all(self.gateway.post(connection.sid, frame) for frame in frames)
            except NotPosted:
                return PostResult.FAILED
            return PostResult.TAKEN if taken else PostResult.GONE

        if not receivers:
            return []
        with ThreadPoolExecutor(min(PARALLEL, len(receivers))) as pool:
            return list(pool.map(post, receivers))


def _error_name(error: ClientError | BotoCoreError) -> str:
    """Return the name of an error. Its text may hold more than a log should."""
    return error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
