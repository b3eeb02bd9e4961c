"""Where a service is, and the connections to it."""

from __future__ import annotations

import os
import re
import select
import socket
import ssl
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from http import HTTPStatus
from http.client import HTTP_PORT, HTTPS_PORT, HTTPConnection, HTTPResponse, HTTPSConnection, IncompleteRead
from urllib.parse import urlsplit
from weakref import finalize

from partyline.frozen_classes import frozen

# What only the SDK knows: other kinds of endpoints, and the way through a proxy.
_SDK_ONLY = ("AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT", "HTTPS_PROXY", "https_proxy")

_END_OF_HEAD = b"\r\n\r\n"
# 204 and 304 have no body, whatever length they name.
_USUAL_STATUS = re.compile(r"HTTP/1\.1 (?!204|304)[2-5][0-9]{2} ")
_USUAL_NAMES = re.compile(r"([A-Za-z0-9-]+: \n)+")
_LENGTH = re.compile(r"[0-9]{1,9}")


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


@frozen
class HttpAnswer:
    """An answer, read to its end. Names of headers are in lower case.

    `is_last` says that its connection has no further one.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    is_last: bool = False


class ConnectionPool:
    """Connections to one endpoint. Up to `size` that are free are kept; several threads may use them at once.

    `http.client` connects, and reads what is unusual. The rest is done here, since urllib3 takes several times as long
    for a request (decision 0172).
    """

    def __init__(self, endpoint: str, timeouts: Timeouts, *, size: int) -> None:
        self.endpoint, self.timeouts = endpoint, timeouts
        # As the header of this name has it.
        self.host = urlsplit(endpoint).netloc
        self._size = size
        self._free: deque[HTTPConnection] = deque()
        finalize(self, _close_all, self._free)

    def post(self, headers: Mapping[str, str], body: bytes) -> HttpAnswer:
        """Send `POST /` once, and read the answer. Names and values of headers have no line ends.

        Raises ConnectFailed; and OSError or HTTPException where there is no whole answer to what may be carried out.
        """
        connection = self._take()
        try:
            lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
            head = f"POST / HTTP/1.1\r\n{lines}content-length: {len(body)}\r\n\r\n"
            connection.send(head.encode("latin-1") + body)
            with HTTPResponse(connection.sock, method="POST") as response:
                answer = read_answer(response)
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

    def _take(self) -> HTTPConnection:
        """Return a connection: the one that was free last, unless the other side has closed it, or a new one."""
        with suppress(IndexError):
            while True:
                connection = self._free.pop()
                if not _is_readable(connection.sock):
                    return connection
                connection.close()
        return self._connect()

    def _close_free(self) -> None:
        with suppress(IndexError):
            while True:
                self._free.pop().close()

    def _connect(self) -> HTTPConnection:
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
        return connection


def read_answer(response: HTTPResponse) -> HttpAnswer:
    """Read an answer whole. Raises OSError or HTTPException where it is none.

    What AWS answers has one form, which is read here: `http.client` takes three times as long, since it reads headers
    as those of an e-mail. It reads every other form.
    """
    head, end, _ = response.fp.peek().partition(_END_OF_HEAD)
    headers = _read_usual_head(head) if end else None
    if headers is None:
        response.begin()
        # Of a header that is there twice, the first one counts.
        headers = {name.lower(): value for name, value in reversed(response.headers.items())}
        # Behind an interim answer the next one comes.
        is_last = response.will_close or response.status < HTTPStatus.OK
        return HttpAnswer(response.status, headers, response.read(), is_last)
    response.fp.read(len(head) + len(_END_OF_HEAD))
    length = int(headers["content-length"])
    body = response.fp.read(length)
    if len(body) < length:
        raise IncompleteRead(body, length - len(body))
    return HttpAnswer(int(head[9:12]), headers, body)


def _read_usual_head(head: bytes) -> dict[str, str] | None:
    """Return the headers of an answer with a length on a connection that stays open; None for any other head."""
    first, *lines = head.decode("latin-1").split("\r\n")
    parts = [line.partition(": ") for line in lines]
    headers = {name.lower(): value.lstrip(" \t") for name, _, value in parts}
    is_usual = (
        _USUAL_STATUS.match(first)
        and head.count(b"\n") == head.count(b"\r") == len(lines) == len(headers)
        and _USUAL_NAMES.fullmatch("".join(f"{name}{separator}\n" for name, separator, _ in parts))
        and _LENGTH.fullmatch(headers.get("content-length", ""))
        and "transfer-encoding" not in headers
        and headers.get("connection", "keep-alive").lower() == "keep-alive"
    )
    return headers if is_usual else None


def _close_all(kept: deque[HTTPConnection]) -> None:
    for connection in kept:
        connection.close()


def _is_readable(connection: socket.socket) -> bool:
    """Whether something waits to be read. Where nothing was asked, that is the end of the connection."""
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    return bool(poll.poll(0))


@cache
def _build_tls() -> ssl.SSLContext:
    """Build the one context of all connections to AWS: reading the certificates takes a good part of a cold start."""
    return ssl.create_default_context(cafile=os.environ.get("AWS_CA_BUNDLE") or None)
