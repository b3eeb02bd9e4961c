"""Read an answer of HTTP from a connection."""

from __future__ import annotations

import io
import re
import socket
from collections.abc import Mapping
from functools import lru_cache
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse, IncompleteRead
from typing import TYPE_CHECKING, Any

from partyline.frozen_classes import frozen

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

# The most bytes that are received at once.
_PART = 64 * 1024
_END_OF_HEAD = b"\r\n\r\n"
# 204 and 304 have no body, whatever length they name.
_USUAL_STATUS = re.compile(r"HTTP/1\.1 (?!204|304)[2-5][0-9]{2} ")
_USUAL_NAME = re.compile(r"[A-Za-z0-9-]+")
_LENGTH = re.compile(r"[0-9]{1,9}")


@frozen
class HttpAnswer:
    """An answer, read to its end. Names of headers are in lower case.

    `is_last` says that its connection has no further one: it closes, or more came with the answer.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    is_last: bool = False


def read_answer(sock: socket.socket) -> HttpAnswer:
    """Read an answer whole. Raises OSError or HTTPException where it is none.

    What AWS answers has one form, which is read here: `http.client` takes several times as long, since it reads headers
    as those of an e-mail. It reads every other form.
    """
    received = sock.recv(_PART)
    head, end, body = received.partition(_END_OF_HEAD)
    headers = _read_usual_head(head) if end else None
    if headers is None:
        return _read_unusual(received, sock)
    length = int(headers["content-length"])
    if len(body) < length:
        body = _receive_rest(body, length, sock)
    # What comes behind an answer is no answer to a request.
    return HttpAnswer(int(head[9:12]), headers, body[:length], len(body) > length)


def _read_usual_head(head: bytes) -> dict[str, str] | None:
    """Return the headers of an answer with a length on a connection that stays open; None for any other head."""
    first, *lines = head.decode("latin-1").split("\r\n")
    try:
        given, values = zip(*[line.split(": ", 1) for line in lines], strict=True)
    except ValueError:
        return None
    names = _read_usual_names(given)
    if names is None:
        return None
    headers = dict(zip(names, [value.lstrip(" \t") for value in values], strict=True))
    is_usual = (
        _USUAL_STATUS.match(first)
        and head.count(b"\n") == head.count(b"\r") == len(lines)
        and _LENGTH.fullmatch(headers["content-length"])
        and headers.get("connection", "keep-alive").lower() == "keep-alive"
    )
    return headers if is_usual else None


# A service names the same headers in each answer.
@lru_cache(maxsize=64)
def _read_usual_names(given: tuple[str, ...]) -> tuple[str, ...] | None:
    """Return the names of headers in lower case, each of them once, with that of a length; None for any others."""
    names = tuple(name.lower() for name in given)
    is_usual = (
        all(map(_USUAL_NAME.fullmatch, given))
        and len(set(names)) == len(names)
        and "content-length" in names
        and "transfer-encoding" not in names
    )
    return names if is_usual else None


def _receive_rest(body: bytes, length: int, sock: socket.socket) -> bytes:
    parts, missing = [body], length - len(body)
    while missing:
        part = sock.recv(min(missing, _PART))
        if not part:
            raise IncompleteRead(b"".join(parts), missing)
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)


def _read_unusual(received: bytes, sock: socket.socket) -> HttpAnswer:
    begun: Any = _BegunAnswer(received, sock)
    try:
        with HTTPResponse(begun, method="POST") as response:
            response.begin()
            # Of a header that is there twice, the first one counts.
            headers = {name.lower(): value for name, value in reversed(response.headers.items())}
            body = response.read()
    except (OverflowError, MemoryError) as error:
        raise HTTPException("a length is more than there can be") from error
    # Behind an interim answer the next one comes.
    is_last = response.will_close or response.status < HTTPStatus.OK or begun.has_more
    return HttpAnswer(response.status, headers, body, is_last)


class _BegunAnswer(io.BufferedReader):
    """An answer of which the beginning has been received, as a file; and what has this file, such as a socket.

    `has_more` says, once it is closed, that more was received than was read.
    """

    def __init__(self, received: bytes, sock: socket.socket) -> None:
        self._parts = _ReceivedParts(received, sock)
        super().__init__(self._parts)
        self.has_more = False

    def makefile(self, _mode: str) -> io.BufferedReader:
        """Return the file, as a socket does."""
        return self

    def close(self) -> None:
        """Close it. Its reader does so at the end of the answer."""
        if not self.closed:
            self._parts.end()
            self.has_more = bool(self.peek(1))
        super().close()


class _ReceivedParts(io.RawIOBase):
    """What has been received, and then what is received until the end is said."""

    def __init__(self, received: bytes, sock: socket.socket) -> None:
        self._received, self._sock, self._has_ended = received, sock, False

    def end(self) -> None:
        """Receive nothing more."""
        self._has_ended = True

    def readable(self) -> bool:
        """Whether it can be read."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Read some bytes; none at the end."""
        view = memoryview(buffer)
        part = self._received[: len(view)]
        if not part and not self._has_ended:
            part = self._sock.recv(len(view))
        self._received = self._received[len(view) :]
        view[: len(part)] = part
        return len(part)
