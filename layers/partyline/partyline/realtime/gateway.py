"""How frames reach live connections: API Gateway's management API, and the port that stands for it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from partyline import aws_clients
from partyline.errors import NotPosted
from partyline.storage import connections
from partyline.storage.connections import Connection
from partyline.storage.table import Table

# How many frames are on their way at a time, from one function.
AT_ONCE = 16


class Wire(Protocol):
    """Live connections, by API Gateway's ids."""

    def post(self, sid: str, frame: str) -> bool:
        """Hand a frame to a connection; False when it is gone. Raises NotPosted."""

    def cut(self, sid: str) -> None:
        """Close a connection, unless it is gone. Raises NotPosted."""


@dataclass(frozen=True, slots=True)
class LiveConnections:
    """What live connections are worked with."""

    table: Table
    wire: Wire
    clock: Callable[[], datetime]


def close_connection(desk: LiveConnections, connection: Connection) -> None:
    """Close a connection, and forget it. One that cannot be reached hears nothing more, and is closed when its client
    sends something (sessions.receive), or by API Gateway when it is idle."""
    cut_connection(desk.wire, connection.sid)
    connections.remove(desk.table, connection)


def cut_connection(wire: Wire, sid: str) -> None:
    """Close a connection, if it can be."""
    with suppress(NotPosted):
        wire.cut(sid)


class ApiGateway:
    """The wire of a deployment. `endpoint` is where its WebSocket API is managed: https://.../prod."""

    def __init__(self, endpoint: str) -> None:
        self._client: Any = aws_clients.live_connections(endpoint, at_once=AT_ONCE)

    def post(self, sid: str, frame: str) -> bool:
        """Hand a frame to a connection; False when it is gone. Raises NotPosted."""
        try:
            self._client.post_to_connection(ConnectionId=sid, Data=frame.encode())
        except self._client.exceptions.GoneException:
            return False
        except (ClientError, BotoCoreError) as error:
            raise NotPosted(_why(error)) from error
        return True

    def cut(self, sid: str) -> None:
        """Close a connection, unless it is gone. Raises NotPosted."""
        try:
            self._client.delete_connection(ConnectionId=sid)
        except self._client.exceptions.GoneException:
            return
        except (ClientError, BotoCoreError) as error:
            raise NotPosted(_why(error)) from error


def _why(error: ClientError | BotoCoreError) -> str:
    """The name of an error. Its text may hold more than a log should."""
    return error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
