"""Kept connections: used again while they are open, by one request at a time, and never after something went wrong."""

from __future__ import annotations

import io
import select
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.client import HTTPException, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Barrier, Thread
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

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
