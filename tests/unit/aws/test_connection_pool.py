"""Kept connections: used again while they are open, by one request at a time, and never after something went wrong."""

from __future__ import annotations

import io
import select
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPException, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from benchmarks.certificates import write_certificate
from partyline.aws import connections
from partyline.aws.connections import ConnectFailed, ConnectionPool, Timeouts
from partyline.aws.http_answers import HttpAnswer, read_answer
from partyline.frozen_classes import replace

PATIENT = Timeouts(10, 10)


@dataclass
class Server:
    """A server: what was sent, by which connection, and how the next requests are answered (`plain` if not said)."""

    url: str
    ways: list[str] = field(default_factory=list)
    sent: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    peers: list[Any] = field(default_factory=list)
    meeting: Barrier | None = None


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_state: Server

    def do_POST(self) -> None:
        state = self.server_state
        body = self.rfile.read(int(self.headers["Content-Length"]))
        state.sent.append(({name.lower(): value for name, value in self.headers.items()}, body))
        state.peers.append(self.client_address)
        if state.meeting:
            state.meeting.wait(10)
        way = state.ways.pop(0) if state.ways else "plain"
        self.send_response_only(200)
        if way == "in chunks":
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(b"2\r\nab\r\n1\r\nc\r\n0\r\n\r\n")
            return
        self.send_header("Content-Length", "3")
        if way == "and closes":
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(b"a" if way == "in part" else b"abc")
        self.close_connection = way != "plain"

    def log_message(self, *_: Any) -> None:
        """Print nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as listening:
        state = Server(f"http://127.0.0.1:{listening.server_port}")
        listening.daemon_threads = True
        listening.RequestHandlerClass = type("Handler", (_Handler,), {"server_state": state})
        thread = Thread(target=listening.serve_forever, daemon=True)
        thread.start()
        yield state
        listening.shutdown()
        thread.join()


@pytest.fixture
def pool(server: Server) -> ConnectionPool:
    return ConnectionPool(server.url, PATIENT, size=2)


@dataclass
class Sent:
    """What comes from a server, as a socket has it: in parts of at most so many bytes."""

    content: bytes
    most: int = 1_000_000

    def recv(self, size: int) -> bytes:
        size = min(size, self.most)
        part, self.content = self.content[:size], self.content[size:]
        return part

    def makefile(self, _: str) -> io.BufferedReader:
        return io.BufferedReader(io.BytesIO(self.content))


def read_by_standard_library(sent: Any) -> HttpAnswer:
    with HTTPResponse(sent, method="POST") as response:
        response.begin()
        headers = {name.lower(): value for name, value in reversed(response.headers.items())}
        return HttpAnswer(response.status, headers, response.read(), response.will_close or response.status < 200)


def outcome(read: Callable[[Any], HttpAnswer], sent: Sent) -> Any:
    """An answer, or the type of the error that reading it raises."""
    try:
        return read(sent)
    except (HTTPException, ValueError) as error:
        return type(error)


lines = st.one_of(
    st.sampled_from(
        [
            *("Content-Length: 3", "content-length: 3", "Content-Length:3", "Content-Length: 9", "Content-Length: x"),
            *("Content-Length: +3", "Content-Length: 003", "Transfer-Encoding: chunked", "Connection: close"),
            *("Connection: keep-alive", "x-amz-crc32: 12", "x-amz-crc32: 13", " folded", "broken", ": empty", "a b: c"),
            *("Date: Sat\nContent-Length: 1", "X: \r", "X:", "\n"),
        ]
    ),
    st.text(st.characters(codec="latin-1"), max_size=8).map("X: {}".format),
)
answers = st.builds(
    lambda first, head, body: "\r\n".join([first, *head, "", body]).encode("latin-1"),
    st.sampled_from(
        [
            *("HTTP/1.1 200 OK", "HTTP/1.1 400 Bad Request", "HTTP/1.0 200 OK", "HTTP/1.1 204 None"),
            *("HTTP/1.1 103 Early Hints", "HTTP/1.1 100 Continue"),
            *("HTTP/1.1 304 Old", "HTTP/1.1 200", "HTTP/1.1 20 OK", "HTTP/1.1 2000 OK", "HTTP/2 200 OK", "nothing", ""),
        ]
    ),
    st.lists(lines, max_size=4),
    st.sampled_from(["abc", "abcd", "ab", "", "2\r\nab\r\n0\r\n\r\n"]),
)


# Signs on which readers of headers may differ, and a few on which they do not.
unusual = "aX-_ \t:\x00\x0b\x1c\x85\xa0"
# Those that most of what AWS answers are like.
usual_answers = st.builds(
    lambda name, value, body: f"HTTP/1.1 200 OK\r\n{name}: {value}\r\nContent-Length: 3\r\n\r\n{body}".encode(
        "latin-1"
    ),
    st.sampled_from(["x-amz-crc32", "Connection", "Date", "X-a"]) | st.text(unusual, max_size=3),
    st.sampled_from(["keep-alive", "close", "12"]) | st.text(unusual, max_size=4),
    st.sampled_from(["abc", "abcd", "ab"]),
)


@settings(max_examples=1000)
@given(answers | usual_answers, st.sampled_from([1, 2, 60, 1000]))
@example(b"HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 3\r\n\r\nabc", 1000)
@example(b"HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 3\r\n\r\nabc", 49)
@example(b"HTTP/1.1 200 OK\r\nabc\r\nContent-Length: 2\r\n\r\nab", 1000)
@example(b"HTTP/1.1 200 OK\r\nX-A:\r\n folded: yes\r\nContent-Length: 2\r\n\r\nab", 1000)
def test_an_answer_is_read_as_the_standard_library_reads_it(content: bytes, most: int) -> None:
    found, expected = outcome(read_answer, Sent(content, most)), outcome(read_by_standard_library, Sent(content))
    if isinstance(found, HttpAnswer) and found.is_last:
        # It also is where more comes than was asked for.
        found = replace(found, is_last=isinstance(expected, HttpAnswer) and expected.is_last)
    assert found == expected


def test_a_long_answer_is_read_in_its_parts() -> None:
    body = b"a" * 200_000
    content = b"HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n" + body
    sent: Any = Sent(content, 16_384)
    assert read_answer(sent) == HttpAnswer(200, {"content-length": "200000"}, body)


def test_a_connection_with_more_than_was_asked_for_has_no_further_answer() -> None:
    sent: Any = Sent(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab")
    assert read_answer(sent) == HttpAnswer(200, {"content-length": "1"}, b"a", is_last=True)


@pytest.mark.parametrize(
    ("content", "most"),
    [
        # The head comes in two parts, so http.client reads it.
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", 37),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n", 1000),
        (b"HTTP/1.1 204 No Content\r\n\r\n", 1000),
    ],
)
def test_more_than_was_asked_for_is_noticed_behind_an_unusual_answer(content: bytes, most: int) -> None:
    alone, followed = (read_answer(Sent(content + more, most)) for more in (b"", b"HTTP/1.1 2"))  # type: ignore[arg-type]
    assert (alone.is_last, followed.is_last) == (False, True)
    assert alone == replace(followed, is_last=False)


@pytest.mark.parametrize(
    "content",
    [
        *(b"Content-Length: %d\r\n\r\nab" % length for length in (10**18, 10**20)),
        *(b"Transfer-Encoding: chunked\r\n\r\n%x\r\nab" % length for length in (10**18, 10**20)),
    ],
)
def test_a_length_that_cannot_be_is_no_answer(content: bytes) -> None:
    sent: Any = Sent(b"HTTP/1.1 200 OK\r\n" + content)
    with pytest.raises(HTTPException):
        read_answer(sent)


def ask(pool: ConnectionPool) -> HttpAnswer:
    return pool.post({"host": "example", "x-amz-target": "Service.Operation"}, b"{}")


def count_connections(server: Server) -> int:
    return len(set(server.peers))


def test_a_request_is_sent_as_it_was_given(pool: ConnectionPool, server: Server) -> None:
    answer = ask(pool)
    assert (answer.status, answer.headers["content-length"], answer.body) == (200, "3", b"abc")
    assert server.sent == [({"host": "example", "x-amz-target": "Service.Operation", "content-length": "2"}, b"{}")]


def test_a_connection_is_used_again(pool: ConnectionPool, server: Server) -> None:
    server.ways += ["plain", "in chunks", "plain"]
    assert [ask(pool).body for _ in range(3)] == [b"abc"] * 3
    assert count_connections(server) == 1


def test_a_connection_that_will_close_is_not_kept(pool: ConnectionPool, server: Server) -> None:
    server.ways += ["and closes"]
    assert [ask(pool).body for _ in range(2)] == [b"abc"] * 2
    assert count_connections(server) == 2


def test_a_connection_that_has_closed_meanwhile_is_not_used(pool: ConnectionPool, server: Server) -> None:
    server.ways += ["without a word of closing"]
    ask(pool)
    select.select([pool._free[0].sock], [], [], 10)
    assert ask(pool).body == b"abc"
    assert count_connections(server) == 2


def test_a_connection_with_half_an_answer_is_not_used_again(pool: ConnectionPool, server: Server) -> None:
    server.ways += ["in part"]
    with pytest.raises(HTTPException):
        ask(pool)
    assert ask(pool).body == b"abc"
    assert count_connections(server) == 2


def test_after_a_failure_no_connection_from_before_it_is_used(pool: ConnectionPool, server: Server) -> None:
    server.meeting = Barrier(2)
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(ask, [pool] * 2))
    server.meeting, known = None, {*server.peers}
    server.ways += ["in part"]
    with pytest.raises(HTTPException):
        ask(pool)
    assert ask(pool).body == b"abc"
    assert server.peers[-1] not in known


def test_behind_an_interim_answer_nothing_is_taken_for_the_next_one() -> None:
    sent: Any = Sent(b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    assert read_answer(sent).is_last


def test_an_ipv6_address_needs_no_port() -> None:
    with pytest.raises(ConnectFailed) as failed:
        ask(ConnectionPool("http://[::1]", Timeouts(1, 1), size=1))
    assert not isinstance(failed.value.__cause__, socket.gaierror)


def test_requests_at_once_have_connections_of_their_own_and_few_are_kept(pool: ConnectionPool, server: Server) -> None:
    server.meeting = Barrier(3)
    with ThreadPoolExecutor(3) as threads:
        assert [answer.body for answer in threads.map(ask, [pool] * 3)] == [b"abc"] * 3
    assert (count_connections(server), len(pool._free)) == (3, 2)


def test_without_a_connection_nothing_was_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(ConnectFailed) as failed:
        ask(ConnectionPool(f"http://127.0.0.1:{port}", PATIENT, size=1))
    assert isinstance(failed.value.__cause__, ConnectionRefusedError)


def test_the_time_outs_are_those_of_the_pool(server: Server) -> None:
    pool = ConnectionPool(server.url, Timeouts(connect=10, read=20), size=1)
    ask(pool)
    assert pool._free[0].sock.gettimeout() == 20


# --- TLS

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n"
BEHIND = OK + b"BAD"
# Of each connection, the answers; of an answer, the records.
Script = Sequence[Sequence[Sequence[bytes]]]


@dataclass
class TlsServer:
    """A server with TLS that nobody trusts: it plays a script, one connection after the other."""

    context: ssl.SSLContext
    bundle: Path
    requests: list[bytes] = field(default_factory=list)
    connected: int = 0

    def play(self, script: Script) -> int:
        """Play a script; return the port."""
        listener = socket.create_server(("127.0.0.1", 0))
        Thread(target=self._play, args=(listener, script), daemon=True).start()
        port: int = listener.getsockname()[1]
        return port

    def _play(self, listener: socket.socket, script: Script) -> None:
        with listener:
            for answers in script:
                raw, _ = listener.accept()
                self.connected += 1
                # A client may refuse it.
                with suppress(OSError), self.context.wrap_socket(raw, server_side=True) as sock:
                    for records in answers:
                        self.requests.append(sock.recv(65_536))
                        for record in records:
                            sock.sendall(record)
                    # Until the client closes it.
                    sock.recv(1)


@pytest.fixture
def tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TlsServer]:
    certificate, bundle = write_certificate("127.0.0.1", tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    monkeypatch.delenv("AWS_CA_BUNDLE", raising=False)
    connections._build_tls.cache_clear()
    yield TlsServer(context, bundle)
    connections._build_tls.cache_clear()


@pytest.fixture
def trusted(tls: TlsServer, monkeypatch: pytest.MonkeyPatch) -> TlsServer:
    monkeypatch.setenv("AWS_CA_BUNDLE", str(tls.bundle))
    return tls


def ask_over_tls(port: int, times: int, host: str = "127.0.0.1") -> list[bytes]:
    pool = ConnectionPool(f"https://{host}:{port}", PATIENT, size=1)
    return [ask(pool).body for _ in range(times)]


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_connection_with_tls_is_used_again(trusted: TlsServer, version: ssl.TLSVersion) -> None:
    trusted.context.minimum_version = trusted.context.maximum_version = version
    assert ask_over_tls(trusted.play([[[OK + b"abc"]] * 3]), 3) == [b"abc"] * 3
    assert trusted.connected == 1


@pytest.mark.parametrize(
    ("records", "body"),
    [
        ([OK + b"a", b"bc" + BEHIND], b"abc"),
        ([OK[:20], OK[20:] + b"abc" + BEHIND], b"abc"),
        ([OK[:20], OK[20:].replace(b"3", b"9000") + b"a" * 9000 + BEHIND], b"a" * 9000),
    ],
    ids=["in the rest of a body", "behind half a head", "in a long record"],
)
def test_what_a_record_has_behind_an_answer_is_not_the_next_one(
    trusted: TlsServer, records: list[bytes], body: bytes
) -> None:
    port = trusted.play([[records, [OK + b"old"]], [[OK + b"def"]]])
    assert ask_over_tls(port, 2) == [body, b"def"]


def test_a_server_with_a_certificate_that_is_not_trusted_gets_nothing(tls: TlsServer) -> None:
    with pytest.raises(ConnectFailed) as refused:
        ask_over_tls(tls.play([[[OK + b"abc"]]]), 1)
    assert isinstance(refused.value.__cause__, ssl.SSLCertVerificationError)
    assert tls.requests == []


def test_a_server_with_the_certificate_of_another_name_gets_nothing(trusted: TlsServer) -> None:
    with pytest.raises(ConnectFailed) as refused:
        ask_over_tls(trusted.play([[[OK + b"abc"]]]), 1, host="localhost")
    assert isinstance(refused.value.__cause__, ssl.SSLCertVerificationError)
    assert trusted.requests == []
