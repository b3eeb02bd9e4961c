"""Requests to real servers on loopback that do whatever a server can do wrong."""

from __future__ import annotations

import itertools
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from partyline.errors import RequestError, RequestFailed, RequestRefused, RequestTimedOut
from partyline.http_client import HttpClient, HttpRequest, HttpResponse, Policy, parse_networks

Handler = Callable[[socket.socket], None]

LOCAL = Policy(networks=parse_networks("127.0.0.0/8,::1/128"))
CLIENT = HttpClient(LOCAL)
# Long enough for a server that answers at once, and short for one that never does.
HASTY = 0.3
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def received(connection: socket.socket) -> bytes:
    """The whole request; of a TLS handshake, its beginning."""
    data = connection.recv(65536)
    while data.startswith(b"POST") and not data.endswith(b"a=b") and (more := connection.recv(65536)):
        data += more
    return data


class Server:
    """Serves connections on loopback, one after the other. `seen` are the requests as they came."""

    def __init__(self, handle: Handler) -> None:
        self.seen: list[bytes] = []
        self._handle = handle
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._ended = False
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/hook"
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def close(self) -> None:
        self._ended = True
        socket.create_connection(("127.0.0.1", self.port)).close()
        self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            with connection:
                if self._ended:
                    return
                connection.settimeout(10)
                try:
                    self.seen.append(received(connection))
                    self._handle(connection)
                except OSError:
                    # The client has gone, or will not have it.
                    continue


@contextmanager
def server(handle: Handler) -> Iterator[Server]:
    with closing(Server(handle)) as running:
        yield running


def answering(*parts: bytes) -> Handler:
    def handle(connection: socket.socket) -> None:
        for part in parts:
            connection.sendall(part)

    return handle


def silent(connection: socket.socket) -> None:
    connection.recv(1)  # returns when the client has gone


def dripping(*parts: bytes, pause: float = 0.02) -> Handler:
    """Sends parts again and again without an end, until the client has gone."""

    def handle(connection: socket.socket) -> None:
        connection.sendall(parts[0])
        for part in itertools.cycle(parts[1:]):
            connection.sendall(part)
            time.sleep(pause)

    return handle


def resetting(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def ask(url: str, client: HttpClient = CLIENT, *, timeout: float = 10, max_body: int = 1000) -> HttpResponse:
    request = HttpRequest("POST", url, {"Content-Type": "text/plain"}, b"a=b")
    return client.send(request, timeout=timeout, max_body=max_body)


def named(name: str, running: Server, path: str = "/hook", scheme: str = "http") -> str:
    return f"{scheme}://{name}:{running.port}{path}"


def to_loopback(host: str, port: int) -> list[str]:
    return ["127.0.0.1"]


# --- what is sent, what comes back


def test_the_request_leaves_as_it_was_written_and_the_answer_comes_back() -> None:
    with server(answering(b"HTTP/1.1 404 No\r\nX-Why: because\r\nContent-Length: 2\r\n\r\nno")) as running:
        answer = ask(named("hooks.example.com", running, "/a%20b?x=1&x=2#rc=3"), HttpClient(LOCAL, resolve=to_loopback))
    assert (answer.status, answer.headers["x-why"], answer.body, answer.complete) == (404, "because", b"no", True)
    head, _, body = running.seen[0].partition(b"\r\n\r\n")
    first, *headers = head.split(b"\r\n")
    assert (first, body) == (b"POST /a%20b?x=1&x=2 HTTP/1.1", b"a=b")
    host = f"Host: hooks.example.com:{running.port}".encode()
    assert {host, b"Content-Type: text/plain", b"Content-Length: 3", b"Connection: close"} <= set(headers)


def test_user_and_password_of_a_url_are_basic_authentication() -> None:
    with server(answering(OK)) as running:
        ask(f"http://us%65r:p%40ss@127.0.0.1:{running.port}/")
    assert b"\r\nAuthorization: Basic dXNlcjpwQHNz\r\n" in running.seen[0]
    assert f"\r\nHost: 127.0.0.1:{running.port}\r\n".encode() in running.seen[0]


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with server(answering(OK)) as running:
        assert ask(running.url).status == 200


@pytest.mark.parametrize("to", ["http://169.254.169.254/latest/meta-data/", "http://127.0.0.1:1/", "/again"])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_answer_and_not_followed(status: int, to: str) -> None:
    with server(answering(f"HTTP/1.1 {status} Go\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n".encode())) as running:
        assert ask(running.url).status == status
    assert len(running.seen) == 1


# --- time


@pytest.mark.parametrize(
    "handle",
    [
        pytest.param(silent, id="nothing"),
        pytest.param(dripping(b"HTTP/1.1 200 OK\r\n", b"X"), id="a header without an end"),
        pytest.param(dripping(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"), id="headers without an end"),
        pytest.param(dripping(b"H", b"T"), id="a first line without an end"),
        pytest.param(dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n", pause=0), id="go on, go on"),
    ],
)
def test_a_server_that_does_not_come_to_an_answer_is_left_at_the_deadline(handle: Handler) -> None:
    with server(handle) as running, pytest.raises(RequestTimedOut):
        ask(running.url, timeout=HASTY)


def test_an_answer_that_comes_after_the_deadline_is_none() -> None:
    asked = threading.Event()

    def late(connection: socket.socket) -> None:
        asked.wait(10)
        connection.sendall(OK)

    with server(late) as running:
        with pytest.raises(RequestTimedOut):
            ask(running.url, timeout=HASTY)
        asked.set()


def test_a_server_that_does_not_read_is_left_at_the_deadline() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        with pytest.raises(RequestTimedOut):
            CLIENT.send(HttpRequest("POST", url, body=b"x" * 20_000_000), timeout=HASTY, max_body=0)


def test_a_tls_handshake_that_does_not_end_is_left_at_the_deadline() -> None:
    with server(silent) as running, pytest.raises(RequestTimedOut):
        ask(named("127.0.0.1", running, scheme="https"), timeout=HASTY)


def test_hanging_resolver_is_left_at_the_deadline_without_later_effect() -> None:
    answer, ended = threading.Event(), threading.Event()

    def hang(host: str, port: int) -> list[str]:
        answer.wait(10)
        ended.set()
        return ["127.0.0.1"]

    with server(answering(OK)) as running:
        with pytest.raises(RequestTimedOut):
            ask(running.url, HttpClient(LOCAL, resolve=hang), timeout=HASTY)
        answer.set()
        assert ended.wait(10)
        assert ask(running.url).status == 200
    assert len(running.seen) == 1


def test_an_address_that_does_not_answer_leaves_time_for_the_next() -> None:
    with closing(socket.socket()) as full:
        # A queue that is full: connecting waits. The port is the same at both addresses.
        full.bind(("127.0.0.2", 0))
        full.listen(0)
        port = full.getsockname()[1]
        fillers = [socket.socket() for _ in range(3)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.2", port))
        client = HttpClient(LOCAL, resolve=lambda host, port: ["127.0.0.2", "127.0.0.1"])
        # Nobody is at the second address, and it is asked in time to say so.
        with pytest.raises(RequestFailed):
            ask(f"http://hooks.example.com:{port}/", client, timeout=1)
        for filler in fillers:
            filler.close()


# --- bodies


@pytest.mark.parametrize(
    ("handle", "body", "complete"),
    [
        (answering(OK), b"ok", True),
        (answering(b"HTTP/1.1 200 OK\r\n\r\nok"), b"ok", True),
        (answering(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), b"", True),
        (answering(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"), b"ok", True),
        (answering(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789"), b"0123456789", True),
        (answering(b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n01234567890"), b"0123456789", False),
        (answering(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok"), b"ok", False),
        (answering(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n"), b"ok", False),
        (answering(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), b"", False),
        (dripping(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65536, pause=0), b"x" * 10, False),
        (dripping(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n", pause=0), b"x" * 10, False),
    ],
)
def test_a_body_is_read_as_far_as_asked_for_and_says_whether_it_is_whole(
    handle: Handler, body: bytes, complete: bool
) -> None:
    with server(handle) as running:
        answer = ask(running.url, max_body=10)
    assert (answer.status, answer.body, answer.complete) == (200, body, complete)


def test_a_body_that_drips_is_cut_off_at_the_deadline() -> None:
    with server(dripping(b"HTTP/1.1 200 OK\r\n\r\n", b"x")) as running:
        answer = ask(running.url, timeout=HASTY, max_body=1_000_000)
    assert answer.status == 200
    assert not answer.complete
    assert set(answer.body) <= set(b"x")


def test_body_is_not_awaited_where_none_is_needed() -> None:
    def promise(connection: socket.socket) -> None:
        connection.sendall(OK.removesuffix(b"ok"))
        silent(connection)

    with server(promise) as running:
        answer = ask(running.url, max_body=0)
    assert (answer.status, answer.body, answer.complete) == (200, b"", False)


# --- what goes wrong


@pytest.mark.parametrize(
    "handle",
    [
        pytest.param(answering(), id="closed at once"),
        pytest.param(resetting, id="reset"),
        pytest.param(answering(b"SSH-2.0-nonsense\r\n"), id="not HTTP"),
        pytest.param(answering(b"HTTP/1.1 two OK\r\n\r\n"), id="no status"),
        pytest.param(answering(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000 + b"\r\n\r\n"), id="a long header"),
        pytest.param(answering(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n"), id="many headers"),
    ],
)
def test_a_connection_that_breaks_or_makes_no_sense_has_failed(handle: Handler) -> None:
    with server(handle) as running, pytest.raises(RequestFailed):
        ask(running.url)
    assert len(running.seen) == 1


def test_a_server_that_is_gone_has_failed() -> None:
    with server(answering()) as running:
        pass
    with pytest.raises(RequestFailed):
        ask(running.url)


def unknown(host: str, port: int) -> list[str]:
    raise socket.gaierror(socket.EAI_NONAME, "unknown")


@pytest.mark.parametrize("resolve", [unknown, lambda host, port: []])
def test_a_name_without_an_address_has_failed(resolve: Callable[[str, int], list[str]]) -> None:
    with pytest.raises(RequestFailed):
        ask("http://hooks.example.com/", HttpClient(resolve=resolve))


@pytest.mark.parametrize("host", ["a..b", "x" * 64, ".example.com"])
def test_what_is_no_name_has_failed(host: str) -> None:
    with pytest.raises(RequestError):
        ask(f"http://{host}/")


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1"])
def test_a_name_that_leads_inside_is_refused_before_anything_is_sent(address: str) -> None:
    with server(answering(OK)) as running, pytest.raises(RequestRefused):
        ask(named("hooks.example.com", running), HttpClient(resolve=lambda host, port: [address]))
    assert running.seen == []


def test_a_name_is_looked_up_once_so_that_it_cannot_change_its_mind() -> None:
    answers = iter([["127.0.0.1"], ["169.254.169.254"]])
    with server(answering(OK)) as running:
        answer = ask(named("rebind.example.com", running), HttpClient(LOCAL, resolve=lambda *_: next(answers)))
    assert answer.status == 200
    assert next(answers) == ["169.254.169.254"]


@pytest.mark.parametrize("header", [{"X": "a\r\nY: secret"}, {"X\r\n": "secret"}])
def test_a_header_that_is_none_is_not_sent_and_not_repeated_in_the_error(header: dict[str, str]) -> None:
    with server(answering(OK)) as running, pytest.raises(RequestRefused) as raised:
        CLIENT.send(HttpRequest("POST", running.url, header), timeout=10, max_body=0)
    assert "secret" not in str(raised.value)
    assert b"secret" not in b"".join(running.seen)


# --- TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for hooks.example.com that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hooks.example.com")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("hooks.example.com")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    directory = tmp_path_factory.mktemp("tls")
    (directory / "certificate").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (directory / "key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return directory / "certificate", directory / "key"


@pytest.fixture
def secure(certificate: tuple[Path, Path]) -> Iterator[tuple[int, list[str | None]]]:
    """A server with that certificate: its port, and the names that it was asked for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    asked: list[str | None] = []
    context.sni_callback = lambda sock, name, context: asked.append(name)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        connection.settimeout(10)
        try:
            with context.wrap_socket(connection, server_side=True) as wrapped:
                received(wrapped)
                wrapped.sendall(OK)
        except OSError:
            # The client does not trust us.
            connection.close()

    thread = threading.Thread(target=serve)
    thread.start()
    yield listener.getsockname()[1], asked
    thread.join()
    listener.close()


def test_a_certificate_is_checked_for_the_name_and_not_for_the_address(
    secure: tuple[int, list[str | None]], certificate: tuple[Path, Path]
) -> None:
    port, asked = secure
    trusting = ssl.create_default_context(cafile=str(certificate[0]))
    client = HttpClient(LOCAL, resolve=to_loopback, tls=trusting)
    answer = ask(f"https://hooks.example.com:{port}/", client)
    assert (answer.status, answer.body, asked) == (200, b"ok", ["hooks.example.com"])


def test_a_body_that_drips_over_tls_is_cut_off_at_the_deadline(certificate: tuple[Path, Path]) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    trusting = ssl.create_default_context(cafile=str(certificate[0]))
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with suppress(OSError), context.wrap_socket(connection, server_side=True) as wrapped:
                received(wrapped)
                dripping(b"HTTP/1.1 200 OK\r\n\r\n", b"x")(wrapped)

        thread = threading.Thread(target=serve)
        thread.start()
        client = HttpClient(LOCAL, resolve=to_loopback, tls=trusting)
        url = f"https://hooks.example.com:{listener.getsockname()[1]}/"
        answer = ask(url, client, timeout=1, max_body=1_000_000)
        thread.join()
    assert (answer.status, answer.complete) == (200, False)


@pytest.mark.parametrize(
    ("handle", "sent"), [(answering(), True), (answering(b"SSH-2.0-nonsense\r\n"), True), (silent, True)]
)
def test_an_error_after_the_request_says_that_it_may_have_left(handle: Handler, sent: bool) -> None:
    with server(handle) as running, pytest.raises(RequestError) as raised:
        ask(running.url, timeout=HASTY if handle is silent else 10)
    assert raised.value.sent is sent


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "ftp://127.0.0.1/", "http://10.0.0.1/", "http://a..b/"])
def test_an_error_before_the_request_says_that_nothing_left(url: str) -> None:
    with pytest.raises(RequestError) as raised:
        ask(url)
    assert raised.value.sent is False


def test_trusted_servers_may_be_anywhere_and_have_a_time_of_their_own_for_connecting() -> None:
    trusting = HttpClient(Policy(public_only=False, connect_timeout=10))
    with server(answering(OK)) as running:
        assert ask(running.url, trusting, timeout=HASTY).body == b"ok"
    hasty = HttpClient(Policy(public_only=False, connect_timeout=HASTY), tls=ssl.create_default_context())
    with server(silent) as running, pytest.raises(RequestTimedOut) as raised:
        ask(named("127.0.0.1", running, scheme="https"), hasty)
    assert raised.value.sent is False


def test_a_certificate_of_another_name_has_failed(
    secure: tuple[int, list[str | None]], certificate: tuple[Path, Path]
) -> None:
    trusting = ssl.create_default_context(cafile=str(certificate[0]))
    with pytest.raises(RequestFailed, match="CertVerification"):
        ask(f"https://other.example.com:{secure[0]}/", HttpClient(LOCAL, resolve=to_loopback, tls=trusting))


def test_untrusted_certificate_fails(secure: tuple[int, list[str | None]]) -> None:
    with pytest.raises(RequestFailed, match="CertVerification"):
        ask(f"https://hooks.example.com:{secure[0]}/", HttpClient(LOCAL, resolve=to_loopback))


def test_a_server_that_speaks_no_tls_has_failed() -> None:
    with server(answering(b"HTTP/1.1 400 Bad\r\n\r\n")) as running, pytest.raises(RequestFailed):
        ask(named("127.0.0.1", running, scheme="https"))
