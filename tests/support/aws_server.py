"""AWS' services of the JSON protocol behind HTTP, in this process: those of moto, with the faults of a network and of
AWS."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

from moto.core.request import Request
from moto.kms.responses import KmsResponse
from moto.sqs.responses import SQSResponse

from tests.support import moto_table

REGION = "us-east-1"

# By what operations are named with.
_DYNAMODB = "DynamoDB_20120810"
_OTHERS: dict[str, Any] = {
    "AmazonSQS": SQSResponse,
    "TrentService": KmsResponse,
}
_THROTTLED = {
    _DYNAMODB: "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException",
    "AmazonSQS": "com.amazonaws.sqs#RequestThrottled",
}


class Fault(StrEnum):
    """What happens to one request."""

    CUT = "the connection ends before the request is carried out"
    LOST = "the request is carried out, and its answer is lost"
    HALF = "half of the answer comes"
    CHANGED = "the answer has another checksum"
    UNCHECKED = "the answer has a checksum that is no number"
    ENDLESS = "the answer names a length that cannot be"
    SILENT = "nothing is answered"
    THROTTLED = "the service is too busy"
    BROKEN = "the service fails"
    BAD_GATEWAY = "something before the service answers, in HTML"
    SKEWED = "the signature is too old"
    ZONELESS = "the signature is too old, and the time of the answer has no zone"
    EXPIRED = "the credentials have ended"
    MOVED = "the answer is a redirect"


_ERRORS = {
    Fault.BROKEN: (500, "com.amazon.coral.service#InternalServerError"),
    Fault.SKEWED: (400, "com.amazon.coral.service#InvalidSignatureException"),
    Fault.ZONELESS: (400, "com.amazon.coral.service#InvalidSignatureException"),
    Fault.EXPIRED: (400, "com.amazon.coral.service#ExpiredTokenException"),
}
# How far the time of a service is ahead whose answer says that a signature is too old.
AHEAD = timedelta(hours=2)


@dataclass
class AwsServer:
    """The server: `faults` happen to the next requests, one each; `requests` are the headers of all.

    `answers` are those of operations that moto does not have, by their targets.
    """

    url: str
    faults: list[Fault] = field(default_factory=list)
    requests: list[dict[str, str]] = field(default_factory=list)
    answers: dict[str, Any] = field(default_factory=dict)
    stopped: Event = field(default_factory=Event)

    def create_table(self, name: str, definition: dict[str, Any]) -> None:
        """Make a table."""
        moto_table.respond("CreateTable", json.dumps({"TableName": name, **definition}), REGION)

    def create(self, target: str, parameters: Mapping[str, Any]) -> Any:
        """Make what an operation, such as AmazonSQS.CreateQueue, makes; return its answer."""
        _, _, answer = _respond(target, json.dumps(parameters).encode())
        return json.loads(answer)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    world: AwsServer

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
        elif fault is Fault.THROTTLED:
            kind = _THROTTLED[self.headers["X-Amz-Target"].partition(".")[0]]
            self._answer(400, json.dumps({"__type": kind, "message": fault.value}).encode(), {})
        elif fault in _ERRORS:
            status, kind = _ERRORS[fault]
            date = datetime.now(UTC) + (AHEAD if fault is Fault.SKEWED else timedelta())
            date = date.replace(tzinfo=None) if fault is Fault.ZONELESS else date
            self._answer(status, json.dumps({"__type": kind, "message": fault.value}).encode(), {}, date)
        else:
            target = self.headers["X-Amz-Target"]
            known = world.answers.get(target)
            self._carry_out(fault, *((200, {}, json.dumps(known).encode()) if known else _respond(target, body)))

    def _carry_out(self, fault: Fault | None, status: int, headers: dict[str, str], answer: bytes) -> None:
        if fault is Fault.LOST:
            self.close_connection = True
        elif fault in {Fault.HALF, Fault.ENDLESS}:
            missing = 10 if fault is Fault.HALF else 10**20
            self._head(status, len(answer) + missing, {}, datetime.now(UTC))
            self.wfile.write(answer[: len(answer) // 2])
            self.close_connection = True
        else:
            wrong = {Fault.CHANGED: str(zlib.crc32(answer) + 1), Fault.UNCHECKED: "none"}
            checksum = {"x-amz-crc32": wrong[fault]} if fault in wrong else {}
            self._answer(status, answer, headers | checksum)

    def _answer(self, status: int, body: bytes, headers: dict[str, str], date: datetime | None = None) -> None:
        self._head(status, len(body), headers, date or datetime.now(UTC))
        self.wfile.write(body)

    def _head(self, status: int, length: int, headers: dict[str, str], date: datetime) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Date", format_datetime(date, usegmt=date.tzinfo is not None))
        self.send_header("x-amzn-requestid", "request")
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Print nothing."""


def _respond(target: str, body: bytes) -> tuple[int, dict[str, str], bytes]:
    """Let moto answer a request; return the status, the headers that count and the body."""
    service, _, operation = target.partition(".")
    if service == _DYNAMODB:
        status, answer = moto_table.respond(operation, body, REGION)
        return status, {"x-amz-crc32": str(zlib.crc32(answer))}, answer
    url = f"https://service.{REGION}.amazonaws.com/"
    headers = {"x-amz-target": target, "content-type": "application/x-amz-json-1.1", "x-amzn-query-mode": "true"}
    request = Request.from_primitives("POST", url, headers, body)
    status, given, text = _OTHERS[service].dispatch(request, url, request.headers)
    counting = {name: given[name] for name in ("x-amzn-query-error",) if name in given}
    return status, counting, text.encode()


@contextmanager
def serving_aws() -> Iterator[AwsServer]:
    """Serve on a free port, until the end."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        world = AwsServer(f"http://127.0.0.1:{server.server_port}")
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
