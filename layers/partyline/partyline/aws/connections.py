"""Where a service is, and the connections to it."""

from __future__ import annotations

import os
import select
import socket
import ssl
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from http.client import HTTP_PORT, HTTPS_PORT, HTTPConnection, HTTPSConnection
from urllib.parse import urlsplit
from weakref import finalize

from partyline.aws.http_answers import HttpAnswer, read_answer
from partyline.frozen_classes import frozen

# What only the SDK knows: other kinds of endpoints, and the way through a proxy.
_SDK_ONLY = ("AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT", "HTTPS_PROXY", "https_proxy")


@frozen
class Timeouts:
    """Seconds to connect, and seconds between two bytes of an answer."""

    connect: float
    read: float


def find_endpoint(service: str, region: str, environment: Mapping[str, str], variable: str = "") -> str | None:
    """Return the URL of a service, without a path: that of the environment, or the public one of the region.

    `variable` is the name of the service in the environment, where that is another one. Returns None where only the
    SDK knows the URL.
    """
    own = f"AWS_ENDPOINT_URL_{variable or service.upper()}"
    given = environment.get(own) or environment.get("AWS_ENDPOINT_URL")
    if given:
        return given.rstrip("/")
    if "-iso" in region or any(environment.get(name, "").lower() not in {"", "false"} for name in _SDK_ONLY):
        return None
    return f"https://{service}.{region}.amazonaws.com{'.cn' if region.startswith('cn-') else ''}"


class ConnectFailed(Exception):
    """There is no connection, so nothing was sent. The cause says why."""


class ConnectionPool:
    """Connections to one endpoint. Up to `size` that are free are kept; several threads may use them at once.

    `http.client` connects. The rest is done here, since urllib3 takes several times as long
    for a request (decision 0172).
    """

    def __init__(self, endpoint: str, timeouts: Timeouts, *, size: int) -> None:
        self.endpoint, self.timeouts = endpoint, timeouts
        # As the header of this name has it.
        self.host = urlsplit(endpoint).netloc
        self._size = size
        self._free: deque[_Connection] = deque()
        finalize(self, _close_all, self._free)

    def post(self, headers: Mapping[str, str], body: bytes) -> HttpAnswer:
        """Send `POST /` once, and read the answer. Names and values of headers have no line ends.

        Raises ConnectFailed; and OSError or HTTPException where there is no whole answer to what may be carried out.
        """
        connection = self._take()
        try:
            lines = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
            head = f"POST / HTTP/1.1\r\n{lines}content-length: {len(body)}\r\n\r\n"
            connection.sock.sendall(head.encode("latin-1") + body)
            answer = read_answer(connection.sock)
        except BaseException:
            connection.close()
            # What ended one has probably ended the others, such as a pause of the function: the next one is new.
            self._close_free()
            raise
        if answer.is_last or len(self._free) >= self._size:
            connection.close()
        else:
            self._free.append(connection)
        return answer

    def _take(self) -> _Connection:
        """Return a connection: the one that was free last, unless the other side has closed it, or a new one."""
        with suppress(IndexError):
            while True:
                connection = self._free.pop()
                if not connection.is_readable():
                    return connection
                connection.close()
        return self._connect()

    def _close_free(self) -> None:
        with suppress(IndexError):
            while True:
                self._free.pop().close()

    def _connect(self) -> _Connection:
        address = urlsplit(self.endpoint)
        host, timeout = address.hostname or "", self.timeouts.connect
        # Without a port, http.client looks for one in the host, and an IPv6 address has colons.
        connection = (
            HTTPConnection(host, address.port or HTTP_PORT, timeout=timeout)
            if address.scheme == "http"
            else HTTPSConnection(host, address.port or HTTPS_PORT, timeout=timeout, context=_build_tls())
        )
        try:
            connection.connect()
        except OSError as error:
            connection.close()
            raise ConnectFailed from error
        # A function that was frozen notices sooner that the other side is gone.
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        connection.sock.settimeout(self.timeouts.read)
        return _Connection(connection.sock)


class _Connection:
    """An open connection."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self._poll = select.poll()
        self._poll.register(sock, select.POLLIN)

    def is_readable(self) -> bool:
        """Whether something waits to be read. Where nothing was asked, nothing that is asked later may get it."""
        # Of a record of TLS, the rest is in the connection itself, and no longer in what is polled.
        is_left = isinstance(self.sock, ssl.SSLSocket) and self.sock.pending() > 0
        return is_left or bool(self._poll.poll(0))

    def close(self) -> None:
        """Close it."""
        self.sock.close()


def _close_all(kept: deque[_Connection]) -> None:
    for connection in kept:
        connection.close()


@cache
def _build_tls() -> ssl.SSLContext:
    """Build the one context of all connections to AWS: reading the certificates takes a good part of a cold start."""
    return ssl.create_default_context(cafile=os.environ.get("AWS_CA_BUNDLE") or None)
