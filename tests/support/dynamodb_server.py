"""DynamoDB behind HTTP, in this process: moto's tables, with the faults of a network and of AWS."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

from tests.support import moto_table

REGION = "us-east-1"


class Fault(StrEnum):
    """What happens to one request."""

    CUT = "the connection ends before the request is carried out"
    LOST = "the request is carried out, and its answer is lost"
    HALF = "half of the answer comes"
    CHANGED = "the answer has another checksum"
    SILENT = "nothing is answered"
    THROTTLED = "the table is too busy"
    BROKEN = "the service fails"
    BAD_GATEWAY = "something before the service answers, in HTML"
    SKEWED = "the signature is too old"
    EXPIRED = "the credentials have ended"
    MOVED = "the answer is a redirect"


_ERRORS = {
    Fault.THROTTLED: (400, "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException"),
    Fault.BROKEN: (500, "com.amazonaws.dynamodb.v20120810#InternalServerError"),
    Fault.SKEWED: (400, "com.amazon.coral.service#InvalidSignatureException"),
    Fault.EXPIRED: (400, "com.amazon.coral.service#ExpiredTokenException"),
}
# How far the time of a service is ahead whose answer says that a signature is too old.
AHEAD = timedelta(hours=2)


@dataclass
class DynamoDbServer:
    """The server: `faults` happen to the next requests, one each; `requests` are the headers of all."""

    url: str
    faults: list[Fault] = field(default_factory=list)
    requests: list[dict[str, str]] = field(default_factory=list)
    stopped: Event = field(default_factory=Event)

    def create_table(self, name: str, definition: dict[str, Any]) -> None:
        """Make a table."""
        moto_table.respond("CreateTable", json.dumps({"TableName": name, **definition}), REGION)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    world: DynamoDbServer

    def do_POST(self) -> None:
        world = self.world
        world.requests.append({name.lower(): value for name, value in self.headers.items()})
        body = self.rfile.read(int(self.headers["Content-Length"]))
        fault = world.faults.pop(0) if world.faults else None
        if fault in {Fault.CUT, Fault.SILENT}:
            if fault is Fault.SILENT:
                world.stopped.wait()
            self.close_connection = True
            return
        if fault is Fault.MOVED:
            self._answer(307, b"", {"Location": "http://127.0.0.1:9/"})
        elif fault is Fault.BAD_GATEWAY:
            self._answer(503, b"<html>unavailable</html>", {})
        elif fault in _ERRORS:
            status, kind = _ERRORS[fault]
            date = datetime.now(UTC) + (AHEAD if fault is Fault.SKEWED else timedelta())
            self._answer(status, json.dumps({"__type": kind, "message": fault.value}).encode(), {}, date)
        else:
            operation = self.headers["X-Amz-Target"].partition(".")[2]
            self._carry_out(fault, *moto_table.respond(operation, body, REGION))

    def _carry_out(self, fault: Fault | None, status: int, answer: bytes) -> None:
        checksum = zlib.crc32(answer) + (fault is Fault.CHANGED)
        if fault is Fault.LOST:
            self.close_connection = True
        elif fault is Fault.HALF:
            self._head(status, len(answer) + 10, {}, datetime.now(UTC))
            self.wfile.write(answer[: len(answer) // 2])
            self.close_connection = True
        else:
            self._answer(status, answer, {"x-amz-crc32": str(checksum)})

    def _answer(self, status: int, body: bytes, headers: dict[str, str], date: datetime | None = None) -> None:
        self._head(status, len(body), headers, date or datetime.now(UTC))
        self.wfile.write(body)

    def _head(self, status: int, length: int, headers: dict[str, str], date: datetime) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Date", format_datetime(date, usegmt=True))
        self.send_header("x-amzn-requestid", "request")
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Print nothing."""


@contextmanager
def serving_dynamodb() -> Iterator[DynamoDbServer]:
    """Serve on a free port, until the end."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        world = DynamoDbServer(f"http://127.0.0.1:{server.server_port}")
        server.daemon_threads = True
        server.RequestHandlerClass = type("Handler", (_Handler,), {"world": world})
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield world
        finally:
            world.stopped.set()
            server.shutdown()
            thread.join()
