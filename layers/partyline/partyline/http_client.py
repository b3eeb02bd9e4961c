"""Requests to URLs that customers give: to public servers only, in a bounded time, and never further than asked.

A customer's URL is not trusted. Its name is looked up once, every address found is checked, and the connection goes to
an address that was checked: a name that means something else a moment later changes nothing. However a URL writes an
address (`2130706433`, `0x7f.1`, `[::ffff:127.0.0.1]`), it is the one looked up that counts. Redirects are not followed,
proxies of the environment are not used, certificates are verified.
"""

from __future__ import annotations

import base64
import io
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from http.client import HTTPConnection, HTTPException, HTTPResponse
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import SplitResult, unquote, urlsplit

from partyline.errors import OutgoingFailed, OutgoingRefused, OutgoingTimedOut

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
# The addresses of a name and port, as text. Raises OSError, or UnicodeError for what is no name.
Resolve = Callable[[str, int], Sequence[str]]

# The only part of IPv6 that is given to public servers, and the one by which IPv6 reaches servers of IPv4 (RFC 6052).
_UNICAST = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")
# What a machine asks for its own credentials is here. A wider network does not allow it, only one within.
_METADATA: tuple[Network, ...] = (
    ip_network("169.254.0.0/16"),
    ip_network("fe80::/10"),
    ip_network("fd00:ec2::/32"),
)
_PORTS = {"http": 80, "https": 443}
_PART = 65_536


@dataclass(frozen=True, slots=True)
class FetchedResponse:
    """What a server answered. `complete` is false when its body was cut off: larger than asked for, too late, or
    broken off. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    complete: bool


def networks(text: str) -> tuple[Network, ...]:
    """Networks as a deployment lists them, separated by commas: "127.0.0.0/8,::1/128". Raises ValueError."""
    return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())


def is_allowed(address: str, allowed: Iterable[Network] = ()) -> bool:
    """Whether an address may be connected to: because it is public, or in one of the `allowed` networks.

    An address of IPv6 that stands for one of IPv4 is allowed when that is.
    """
    try:
        found = ip_address(address)
    except ValueError:
        return False
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped:
            found = found.ipv4_mapped
        elif found in _NAT64:
            found = IPv4Address(int(found) & 0xFFFFFFFF)
    return _is_public(found) or any(_allows(network, found) for network in allowed)


def _is_public(address: Address) -> bool:
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    # 6to4 and Teredo carry an address of IPv4 through relays that are not ours to choose.
    return isinstance(address, IPv4Address) or (
        address in _UNICAST and address.sixtofour is None and address.teredo is None
    )


def _allows(network: Network, address: Address) -> bool:
    if address not in network:
        return False
    return all(_within(network, guarded) for guarded in _METADATA if address in guarded)


def _within(network: Network, other: Network) -> bool:
    return network.network_address in other and network.broadcast_address in other


def look_up(host: str, port: int) -> list[str]:
    """The addresses of a name, by the machine's resolver. Raises OSError, UnicodeError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(where[0]) for *_, where in found))


class Outgoing:
    """Asks servers on the public internet, and in the `allowed` networks of the deployment."""

    def __init__(
        self,
        allowed: Iterable[Network] = (),
        *,
        resolve: Resolve = look_up,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._allowed = tuple(allowed)
        self._resolve = resolve
        self._given_tls = tls

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """Made when it is needed: reading the certificates would be a good part of a cold start."""
        return self._given_tls or ssl.create_default_context()

    def ask(
        self,
        method: str,
        url: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        timeout: float,
        max_answer: int,
    ) -> FetchedResponse:
        """Make one request, on a connection of its own. The URL's fragment is not sent; its user and password are, as
        basic authentication.

        `timeout` is in seconds and for everything together: looking up, connecting, writing and reading, however
        slowly the bytes come. At most `max_answer` bytes of the body are read; with 0 the answer ends with its headers.

        Raises OutgoingRefused, OutgoingFailed and OutgoingTimedOut; none of them repeats the URL.
        """
        deadline = time.monotonic() + timeout
        try:
            parts, port = _split(url)
            addresses = self._addresses(parts.hostname or "", port, deadline)
            with _connect(addresses, port, deadline) as plain:
                if parts.scheme == "http":
                    return _exchange(_Wire(plain, deadline), method, parts, body, headers or {}, max_answer)
                plain.settimeout(_left(deadline))
                with self._tls.wrap_socket(plain, server_hostname=parts.hostname) as secure:
                    return _exchange(_Wire(secure, deadline), method, parts, body, headers or {}, max_answer)
        except TimeoutError as error:
            raise OutgoingTimedOut("no answer in time") from error
        except (OSError, HTTPException, ValueError) as error:
            raise OutgoingFailed(f"no answer: {type(error).__name__}") from error

    def _addresses(self, host: str, port: int, deadline: float) -> Sequence[str]:
        """The addresses of a name, all of them allowed.

        The machine's resolver cannot be interrupted, so it works in a thread. One that comes too late ends by itself,
        and what it found is dropped.
        """
        answers: queue.SimpleQueue[Sequence[str] | Exception] = queue.SimpleQueue()

        def work() -> None:
            try:
                answers.put(self._resolve(host, port))
            except (OSError, ValueError) as error:
                answers.put(error)

        threading.Thread(target=work, daemon=True).start()
        try:
            found = answers.get(timeout=_left(deadline))
        except queue.Empty:
            raise TimeoutError from None
        if isinstance(found, Exception):
            raise OutgoingFailed("the name is not known") from found
        if not all(is_allowed(address, self._allowed) for address in found):
            raise OutgoingRefused("the name has an address that is not public")
        return found


def _split(url: str) -> tuple[SplitResult, int]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise OutgoingRefused("not an HTTP URL") from None
    if parts.scheme not in _PORTS or not parts.hostname:
        raise OutgoingRefused("not an HTTP URL")
    return parts, port or _PORTS[parts.scheme]


def _left(deadline: float) -> float:
    """Seconds until the deadline. Raises TimeoutError when there are none."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _connect(addresses: Sequence[str], port: int, deadline: float) -> socket.socket:
    """A connection to the first address that takes one. None may use up the time of those behind it."""
    failure: OSError = OSError("no address")
    for number, address in enumerate(addresses):
        try:
            # An address, not a name: nothing is looked up here.
            return socket.create_connection((address, port), _left(deadline) / (len(addresses) - number))
        except OSError as error:
            failure = error
    raise failure


class _Wire:
    """A connection as http.client wants it, each of whose steps ends at the deadline."""

    def __init__(self, connection: socket.socket, deadline: float) -> None:
        self._connection = connection
        self._deadline = deadline

    def sendall(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            self._connection.settimeout(_left(self._deadline))
            rest = rest[self._connection.send(rest) :]

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Reader(self._connection, self._deadline))

    def close(self) -> None:
        """Nothing: who made the connection closes it."""


class _Reader(io.RawIOBase):
    def __init__(self, connection: socket.socket, deadline: float) -> None:
        super().__init__()
        self._connection = connection
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        self._connection.settimeout(_left(self._deadline))
        return self._connection.recv_into(buffer)


def _exchange(
    wire: _Wire,
    method: str,
    parts: SplitResult,
    body: bytes | None,
    headers: Mapping[str, str],
    max_answer: int,
) -> FetchedResponse:
    connection = HTTPConnection("unused")
    connection.sock = wire
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    common = {"Host": parts.netloc.rpartition("@")[2], "User-Agent": "partyline", "Connection": "close"}
    try:
        connection.request(method, target, body, {**common, **_credentials(parts), **headers})
    except ValueError:
        # A header or path that is none, before anything was written. The error repeats it, credentials and all.
        raise OutgoingRefused("the request cannot be written") from None
    with connection.getresponse() as response:
        read, complete = _body(response, max_answer)
        return FetchedResponse(
            response.status, {name.lower(): value for name, value in response.getheaders()}, read, complete=complete
        )


def _credentials(parts: SplitResult) -> dict[str, str]:
    if parts.username is None:
        return {}
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}


def _body(response: HTTPResponse, most: int) -> tuple[bytes, bool]:
    """The body up to a length, and whether that is all of it. The status counts even when the body breaks off."""
    read = b""
    try:
        # One byte more than wanted tells a body that is too long.
        while most and len(read) <= most:
            part = response.read1(min(_PART, most + 1 - len(read)))
            if not part:
                return read, not response.length
            read += part
    except (OSError, HTTPException):
        return read[:most], False
    return read[:most], not most and response.length == 0
