"""The real transport against real loopback sockets: what is certainly unsent, and what may have been sent."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress

import pytest

from partyline.carriers.transport import MAX_ANSWER_BYTES, build_transport, no_transport
from partyline.errors import Ambiguous, Unavailable
from partyline.http_client import HttpRequest

Handler = Callable[[socket.socket], None]

# Waits longer than any test takes, but for answers that never come.
TRANSPORT = build_transport(timeout=10, connect_timeout=10)
HASTY = build_transport(timeout=0.1, connect_timeout=10)
HASTY_TO_CONNECT = build_transport(timeout=10, connect_timeout=0.1)


def received(connection: socket.socket) -> bytes:
    """Take the whole request, so that closing does not reset; of a TLS handshake, its beginning."""
    data = connection.recv(65536)
    while data.startswith(b"POST") and not data.endswith(b"{}") and (more := connection.recv(65536)):
        data += more
    return data


@contextmanager
def server(handle: Handler) -> Iterator[tuple[str, list[bytes]]]:
    """Serve connections on loopback; yields the host and port, and the requests as they came."""
    listener = socket.create_server(("127.0.0.1", 0))
    seen: list[bytes] = []
    done = threading.Event()

    def serve() -> None:
        while True:
            connection, _ = listener.accept()
            if done.is_set():
                connection.close()
                return
            with connection:
                connection.settimeout(10)
                seen.append(received(connection))
                handle(connection)

    thread = threading.Thread(target=serve)
    thread.start()
    host, port = listener.getsockname()
    try:
        yield f"{host}:{port}", seen
    finally:
        done.set()
        socket.create_connection((host, port)).close()
        thread.join()
        listener.close()


def answering(*parts: bytes) -> Handler:
    def handle(connection: socket.socket) -> None:
        for part in parts:
            connection.sendall(part)

    return handle


def silent(connection: socket.socket) -> None:
    connection.recv(1)  # returns when the client has gone


def resetting(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def request(url: str, **headers: str) -> HttpRequest:
    return HttpRequest("POST", url, {"Authorization": "Basic x", "Content-Type": "application/json", **headers}, b"{}")


def test_the_request_leaves_as_it_was_written_and_the_answer_comes_back() -> None:
    answer = b"HTTP/1.1 429 Too Many\r\nRetry-After: 7\r\nContent-Length: 2\r\n\r\n[]"
    with server(answering(answer)) as (host, seen):
        response = TRANSPORT(request(f"http://{host}/v2/messages?x=1&y=%2B"))
    assert (response.status, response.headers["retry-after"], response.body) == (429, "7", b"[]")
    (raw,) = seen
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *headers = head.split(b"\r\n")
    assert (first, body) == (b"POST /v2/messages?x=1&y=%2B HTTP/1.1", b"{}")
    assert {
        f"Host: {host}".encode(),
        b"Authorization: Basic x",
        b"Content-Type: application/json",
        b"Content-Length: 2",
        b"Connection: close",
        b"Accept-Encoding: identity",
    } <= set(headers)


@pytest.mark.parametrize("status", [b"301 Moved", b"307 Temporary Redirect", b"503 Unavailable"])
def test_nothing_is_followed_and_nothing_is_repeated(status: bytes) -> None:
    answer = b"HTTP/1.1 " + status + b"\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n"
    with server(answering(answer)) as (host, seen):
        assert TRANSPORT(request(f"http://{host}/")).status == int(status[:3])
    assert len(seen) == 1


def test_each_request_has_a_connection_of_its_own() -> None:
    with server(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")) as (host, seen):
        for _ in range(3):
            TRANSPORT(request(f"http://{host}/"))
    assert len(seen) == 3


def test_a_huge_answer_is_cut_off() -> None:
    huge = (b"HTTP/1.1 200 OK\r\nContent-Length: 3145728\r\n\r\n", b"x" * MAX_ANSWER_BYTES, b"y")
    with server(answering(*huge)) as (host, _):
        assert TRANSPORT(request(f"http://{host}/")).body == b"x" * MAX_ANSWER_BYTES


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port = listener.getsockname()[1]
    return int(port)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_refused_connection_is_certainly_unsent(scheme: str) -> None:
    with pytest.raises(Unavailable):
        TRANSPORT(request(f"{scheme}://127.0.0.1:{free_port()}/"))


@pytest.mark.parametrize(
    "url",
    ["", "api.example.com", "ftp://127.0.0.1/", "http://", "http://[", "http://127.0.0.1:x/", "http://a..b.invalid/"],
)
def test_a_url_that_leads_nowhere_is_certainly_unsent(url: str) -> None:
    with pytest.raises(Unavailable):
        TRANSPORT(request(url))


@pytest.mark.parametrize(
    "handle",
    [answering(b"HTTP/1.1 200 OK\r\n\r\n"), answering(), silent, resetting],
    ids=["plain", "eof", "silent", "reset"],
)
def test_a_failed_tls_handshake_is_certainly_unsent(handle: Handler) -> None:
    send_once = HASTY_TO_CONNECT if handle is silent else TRANSPORT
    with server(handle) as (host, seen), pytest.raises(Unavailable):
        send_once(request(f"https://{host}/"))
    assert b"POST" not in b"".join(seen)


def test_a_header_that_is_none_is_certainly_unsent_and_not_repeated_in_the_error() -> None:
    with server(answering()) as (host, seen), pytest.raises(Unavailable) as raised:
        TRANSPORT(request(f"http://{host}/", Authorization="Bearer s3cret\nX: y"))
    assert "s3cret" not in str(raised.value)
    assert raised.value.__cause__ is None
    assert b"POST" not in b"".join(seen)


def test_without_a_transport_nothing_is_sent() -> None:
    with pytest.raises(Unavailable):
        no_transport(request("http://127.0.0.1/"))


def test_a_path_that_is_none_is_certainly_unsent() -> None:
    with server(answering()) as (host, seen), pytest.raises(Unavailable):
        TRANSPORT(request(f"http://{host}/users/a b/messages"))
    assert b"POST" not in b"".join(seen)


@pytest.mark.parametrize(
    "handle",
    [
        pytest.param(silent, id="no answer"),
        pytest.param(resetting, id="reset"),
        pytest.param(answering(), id="closed"),
        pytest.param(answering(b"SSH-2.0-nonsense\r\n"), id="not HTTP"),
        pytest.param(answering(b"HTTP/1.1 two OK\r\n\r\n"), id="no status"),
        pytest.param(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"), id="cut off"),
        pytest.param(answering(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), id="bad chunk"),
        pytest.param(answering(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000 + b"\r\n\r\n"), id="long header"),
    ],
)
def test_a_request_that_left_without_a_whole_answer_is_ambiguous(handle: Handler) -> None:
    send_once = HASTY if handle is silent else TRANSPORT
    with server(handle) as (host, seen), pytest.raises(Ambiguous):
        send_once(request(f"http://{host}/"))
    assert len(seen) == 1


def test_an_answer_that_drips_is_ambiguous_at_the_deadline() -> None:
    """Each part comes in time, the whole does not."""

    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        with suppress(OSError):
            while True:
                connection.sendall(b"x")
                time.sleep(0.02)

    with server(drip) as (host, seen), pytest.raises(Ambiguous, match="broke off"):
        HASTY(request(f"http://{host}/"))
    assert len(seen) == 1


def test_a_request_that_was_cut_off_halfway_is_ambiguous() -> None:
    with server(resetting) as (host, _), pytest.raises(Ambiguous):
        TRANSPORT(HttpRequest("POST", f"http://{host}/", {}, b"{}" * 8_000_000))
