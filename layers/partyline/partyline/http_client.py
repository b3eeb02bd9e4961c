"""Make HTTP requests: one client, and a policy that says which servers it may ask.

There are two kinds of server. The carriers' APIs are trusted. A URL that a customer gives, or that came with a text, is
not: its name is resolved once, every address found is checked, and the connection goes to an address that was checked.
A name that resolves to another address a moment later changes nothing (DNS rebinding), and neither does the way in
which a URL writes an address (`2130706433`, `0x7f.1`, `[::ffff:127.0.0.1]`).

Both kinds have in common: each request has a connection of its own and is sent at most once. A function that was frozen
between two requests would find its old connection dead only after writing to it, and would not know whether the server
has the request. Redirects are not followed, proxies of the environment are not used, certificates are verified, and
every step ends at a deadline.
"""

from __future__ import annotations

import base64
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field
from functools import cached_property
from http.client import HTTPConnection, HTTPException, HTTPResponse, InvalidURL
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, Protocol, cast
from urllib.parse import SplitResult, unquote, urlsplit

from partyline import __version__
from partyline.errors import RequestFailed, RequestRefused, RequestTimedOut
from partyline.frozen_classes import frozen

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
# Resolves a name and port to addresses, as text. Raises OSError, or UnicodeError for what is no name.
Resolve = Callable[[str, int], Sequence[str]]

USER_AGENT = f"Partyline/{__version__}"

# The only part of IPv6 that is given to public servers, and the one by which IPv6 reaches servers of IPv4 (RFC 6052).
_UNICAST = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")
# A machine gets its own credentials from these networks. A wider network does not allow them, only one within.
_METADATA: tuple[Network, ...] = (
    ip_network("169.254.0.0/16"),
    ip_network("fe80::/10"),
    ip_network("fd00:ec2::/32"),
)
_DEFAULT_PORTS = {"http": 80, "https": 443}
_CHUNK_BYTES = 65_536


@frozen
class HttpRequest:
    """An HTTP request as plain data, so that a test can compare it whole."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@frozen
class HttpResponse:
    """A server's answer. `headers` have lower-case names. `complete` is false when the body was cut off: it is larger
    than asked for, came too late, or broke off."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    complete: bool = True


class SendRequest(Protocol):
    """Sends one HTTP request, as `HttpClient.send` does."""

    def __call__(self, request: HttpRequest, *, timeout: float, max_body: int) -> HttpResponse:
        """Send the request once. Raises RequestError."""


@frozen
class Policy:
    """Which servers a client connects to, and how long it may take to connect.

    public_only      every address of a server has to be public, or in one of `networks`
    networks         the private networks that a deployment allows beside the public ones
    connect_timeout  seconds for resolving, connecting and the TLS handshake together, before a request's own timeout
                     begins to count. None: connecting is part of the request's timeout
    """

    public_only: bool = True
    networks: tuple[Network, ...] = ()
    connect_timeout: float | None = None

    def allows(self, address: str) -> bool:
        """Whether a client may connect to this address."""
        return not self.public_only or is_allowed_address(address, self.networks)


def parse_networks(text: str) -> tuple[Network, ...]:
    """Parse a list of networks, separated by commas: "127.0.0.0/8,::1/128". Raises ValueError."""
    return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())


def is_allowed_address(address: str, networks: Iterable[Network] = ()) -> bool:
    """Whether an address is public, or in one of the networks.

    An address of IPv6 that stands for one of IPv4 is allowed when that one is.
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped:
            parsed = parsed.ipv4_mapped
        elif parsed in _NAT64:
            parsed = IPv4Address(int(parsed) & 0xFFFFFFFF)
    return _is_public(parsed) or any(_is_in_network(network, parsed) for network in networks)


def _is_public(address: Address) -> bool:
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    # 6to4 and Teredo carry an address of IPv4 through relays that are not ours to choose.
    return isinstance(address, IPv4Address) or (
        address in _UNICAST and address.sixtofour is None and address.teredo is None
    )


def _is_in_network(network: Network, address: Address) -> bool:
    if address not in network:
        return False
    return all(_is_within(network, guarded) for guarded in _METADATA if address in guarded)


def _is_within(network: Network, other: Network) -> bool:
    return network.network_address in other and network.broadcast_address in other


def resolve_host(host: str, port: int) -> list[str]:
    """Resolve a name with the machine's resolver. Raises OSError, UnicodeError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(where[0]) for *_, where in found))


class HttpClient:
    """Sends requests to the servers that its policy allows."""

    def __init__(
        self, policy: Policy | None = None, *, resolve: Resolve = resolve_host, tls: ssl.SSLContext | None = None
    ) -> None:
        self._policy = policy or Policy()
        self._resolve = resolve
        self._given_tls = tls

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """The TLS context, made at first use: reading the certificates takes a good part of a cold start."""
        context = self._given_tls or ssl.create_default_context()
        context.sslsocket_class = _DeadlineTlsSocket
        return context

    def send(self, request: HttpRequest, *, timeout: float, max_body: int) -> HttpResponse:
        """Send one request, once.

        `timeout` is in seconds and covers everything together, however slowly the bytes come: resolving, connecting
        (unless the policy has a time of its own for it), writing and reading. At most `max_body` bytes of the body are
        read; with 0 the answer ends with its headers. The URL's fragment is not sent; its user and password are, as
        basic authentication.

        Raises RequestRefused, RequestFailed or RequestTimedOut. Their `sent` says whether the request may have left;
        their text repeats neither the URL nor a header.
        """
        start, connect_timeout = time.monotonic(), self._policy.connect_timeout
        parts, port = _split_url(request.url)
        connection = self._open(parts, port, start + (timeout if connect_timeout is None else connect_timeout))
        with connection:
            connection.deadline = (start if connect_timeout is None else time.monotonic()) + timeout
            return _exchange(connection, parts, request, max_body)

    def _open(self, parts: SplitResult, port: int, deadline: float) -> _DeadlineSocket:
        """Connect to a server. Nothing of the request is sent by this."""
        try:
            addresses = self._resolve_allowed(parts.hostname or "", port, deadline)
            plain = _connect(addresses, port, deadline)
            return plain if parts.scheme == "http" else self._start_tls(plain, parts.hostname or "")
        except TimeoutError as error:
            raise RequestTimedOut("no connection in time", sent=False) from error
        except (OSError, ValueError) as error:
            raise RequestFailed(f"no connection: {type(error).__name__}", sent=False) from error

    def _start_tls(self, plain: _DeadlineSocket, host: str) -> _DeadlineSocket:
        with plain:
            plain.settimeout(_seconds_left(plain.deadline))
            return cast(_DeadlineTlsSocket, self._tls.wrap_socket(plain, server_hostname=host))

    def _resolve_allowed(self, host: str, port: int, deadline: float) -> Sequence[str]:
        """Resolve a name to addresses, all of which the policy allows.

        The machine's resolver cannot be interrupted, so it runs in a thread. One that takes too long ends by itself,
        and its result is dropped.
        """
        results: queue.SimpleQueue[Sequence[str] | Exception] = queue.SimpleQueue()

        def resolve() -> None:
            try:
                results.put(self._resolve(host, port))
            except (OSError, ValueError) as error:
                results.put(error)

        threading.Thread(target=resolve, daemon=True).start()
        try:
            found = results.get(timeout=_seconds_left(deadline))
        except queue.Empty:
            raise TimeoutError from None
        if isinstance(found, Exception):
            raise RequestFailed("the name is not known", sent=False) from found
        if not all(self._policy.allows(address) for address in found):
            raise RequestRefused("the name has an address that is not public")
        return found


def _split_url(url: str) -> tuple[SplitResult, int]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise RequestRefused("not an HTTP URL") from None
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        raise RequestRefused("not an HTTP URL")
    return parts, port or _DEFAULT_PORTS[parts.scheme]


def _seconds_left(deadline: float) -> float:
    """Seconds until the deadline. Raises TimeoutError when there are none."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


class _DeadlineSocket(socket.socket):
    """A socket whose every read and write ends at `deadline`, by `time.monotonic`.

    A time-out of a socket counts from each call anew, so a server that sends a byte now and then would never meet it.
    """

    deadline: float

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        """Read once, before the deadline."""
        self.settimeout(_seconds_left(self.deadline))
        return super().recv_into(*args, **kwargs)

    def send(self, *args: Any, **kwargs: Any) -> int:
        """Write once, before the deadline."""
        self.settimeout(_seconds_left(self.deadline))
        return super().send(*args, **kwargs)

    def sendall(self, *args: Any, **kwargs: Any) -> None:
        """Write everything before the deadline. Over TLS this comes down to several `send`."""
        self.settimeout(_seconds_left(self.deadline))
        super().sendall(*args, **kwargs)


class _DeadlineTlsSocket(_DeadlineSocket, ssl.SSLSocket):
    """The same over TLS."""


def _connect(addresses: Sequence[str], port: int, deadline: float) -> _DeadlineSocket:
    """Connect to the first address that accepts. No address may use up the time of those behind it."""
    failure: OSError = OSError("no address")
    for number, address in enumerate(addresses):
        try:
            # An address, not a name: nothing is resolved here.
            connected = socket.create_connection((address, port), _seconds_left(deadline) / (len(addresses) - number))
        except OSError as error:
            failure = error
        else:
            connection = _DeadlineSocket(fileno=connected.detach())
            connection.deadline = deadline
            return connection
    raise failure


def _exchange(connection: socket.socket, parts: SplitResult, request: HttpRequest, max_body: int) -> HttpResponse:
    """Write the request and read the answer."""
    http = HTTPConnection("unused")
    http.sock = connection
    try:
        _write_request(http, parts, request)
        return _read_response(http, max_body)
    except TimeoutError as error:
        raise RequestTimedOut("no answer in time") from error
    except (OSError, HTTPException) as error:
        raise RequestFailed(f"no answer: {type(error).__name__}") from error


def _write_request(http: HTTPConnection, parts: SplitResult, request: HttpRequest) -> None:
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    common = {"Host": parts.netloc.rpartition("@")[2], "User-Agent": USER_AGENT, "Connection": "close"}
    headers = {**common, **_basic_credentials(parts), **request.headers}
    try:
        http.request(request.method, target, request.body or None, headers)
    except (ValueError, InvalidURL):
        # An invalid header or path, before anything was written. The error repeats it, credentials and all.
        raise RequestRefused("the request cannot be written") from None


def _basic_credentials(parts: SplitResult) -> dict[str, str]:
    if parts.username is None:
        return {}
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}


def _read_response(http: HTTPConnection, max_body: int) -> HttpResponse:
    with http.getresponse() as response:
        body, complete = _read_body(response, max_body)
        headers = {name.lower(): value for name, value in response.getheaders()}
        return HttpResponse(response.status, body, headers, complete=complete)


def _read_body(response: HTTPResponse, max_body: int) -> tuple[bytes, bool]:
    """Read at most so many bytes of a body; returns them, and whether they are all. The status counts even when the
    body breaks off."""
    body = b""
    try:
        # One byte more than asked for shows a body that is too long.
        while max_body and len(body) <= max_body:
            chunk = response.read1(min(_CHUNK_BYTES, max_body + 1 - len(body)))
            if not chunk:
                return body, not response.length
            body += chunk
    except (OSError, HTTPException):
        return body[:max_body], False
    return body[:max_body], not max_body and response.length == 0
