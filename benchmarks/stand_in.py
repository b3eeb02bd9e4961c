"""A stand-in for AWS and for a carrier, in a process of its own: what it takes to answer is not counted.

    python -m benchmarks.stand_in CERTIFICATE

It answers DynamoDB from a table in memory, queues and secrets with what they answer, and a carrier with the id of a
text; over HTTP, and over TLS with the certificate and key of a file. It prints its two ports, and ends with its input.

Who measures asks for three things besides: to keep a scene, to set one up, and what was asked since. Each scene has a
table of its own, and what was written to it is undone when it is set up again.
"""

from __future__ import annotations

import json
import ssl
import sys
import zlib
from dataclasses import dataclass, field
from hashlib import md5
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread
from typing import Any

from botocore import xform_name
from botocore.exceptions import ClientError

from benchmarks.scenes import Item
from local.environments import ROOT
from tests.support.memory_dynamodb import TOKEN_LIFE, MemoryDynamoDB

HOST = "127.0.0.1"
# What the paths begin with by which a scene is kept and set up, and that of what was asked.
KEEP, SET_UP, ASKED = "/keep/", "/set-up/", "/asked"
# A deployment with one carrier, whose API keys have a root.
_SAMPLE = json.loads((ROOT / "local" / "sample_secrets.json").read_text())
_SECRETS = json.dumps(
    {name: value for name, value in _SAMPLE.items() if name.partition("_")[0] in {"auth", "bandwidth"}}
    | {"root": "root"}
)


class SceneTable:
    """The table of a scene: its items, and after writes, these again."""

    def __init__(self, items: list[Item]) -> None:
        self._changes: list[dict[str, Any]] = []
        self._time = 0.0
        self.client = MemoryDynamoDB(self._changes.append, lambda: self._time)
        for item in items:
            self.client.put_item(Item=item)
        self.keep()

    def keep(self) -> None:
        """Undo what was written until now no more."""
        self._changes.clear()

    def undo(self) -> None:
        """Put back each item that was written to, and forget the tokens of the transactions."""
        for change in reversed([record["dynamodb"] for record in self._changes]):
            if "OldImage" in change:
                self.client.put_item(Item=change["OldImage"])
            else:
                self.client.delete_item(Key=change["Keys"])
        self._time += TOKEN_LIFE + 1
        self.keep()


@dataclass
class World:
    """The scenes, the one that is set up, and what was asked since: service, operation and parameters."""

    tables: dict[str, SceneTable] = field(default_factory=dict)
    table: SceneTable = field(default_factory=lambda: SceneTable([]))
    asked: list[tuple[str, str, Any]] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def control(self, path: str, body: bytes) -> Any:
        """Do what the one who measures asks for."""
        with self._lock:
            if path.startswith(KEEP):
                self.tables[path.removeprefix(KEEP)] = SceneTable(json.loads(body))
            elif path.startswith(SET_UP):
                self.table = self.tables[path.removeprefix(SET_UP)]
                self.table.undo()
                self.asked.clear()
            return self.asked

    def answer(self, target: str, body: bytes) -> tuple[int, Any]:
        """Answer a request to a service of the JSON protocol by its target, as status and body."""
        service, _, operation = target.partition(".")
        parameters = json.loads(body)
        with self._lock:
            self.asked.append((service.partition("_")[0], operation, parameters))
            try:
                match service.partition("_")[0]:
                    case "DynamoDB":
                        return 200, getattr(self.table.client, xform_name(operation))(**parameters)
                    case "AmazonSQS":
                        return 200, _answer_queue(parameters)
                    case _:
                        return 200, {"Name": "secrets", "SecretString": _SECRETS}
            except ClientError as error:
                return 400, _describe_error(error)


def _answer_queue(parameters: dict[str, Any]) -> Any:
    if "Entries" not in parameters:
        return _accept_message(parameters)
    return {"Successful": [{"Id": one["Id"], **_accept_message(one)} for one in parameters["Entries"]], "Failed": []}


def _accept_message(message: dict[str, Any]) -> dict[str, str]:
    text = message.get("MessageBody", "")
    return {"MessageId": "0", "MD5OfMessageBody": md5(text.encode(), usedforsecurity=False).hexdigest()}


def _describe_error(error: ClientError) -> Any:
    known: Any = dict(error.response)
    found, _ = known.pop("Error"), known.pop("ResponseMetadata")
    return {"__type": f"com.amazonaws.dynamodb.v20120810#{found['Code']}", "message": found["Message"], **known}


class StandInHandler(BaseHTTPRequestHandler):
    """Answers one connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    world = World()

    def do_POST(self) -> None:
        """Answer a service, the one who measures, or as a carrier."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        target = self.headers["X-Amz-Target"]
        if target:
            status, answer = self.world.answer(target, body)
        elif self.path.startswith((KEEP, SET_UP, ASKED)):
            status, answer = 200, self.world.control(self.path, body)
        else:
            status, answer = 202, {"id": "1600000000000"}
        content = json.dumps(answer).encode()
        self.send_response_only(status)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("x-amz-crc32", str(zlib.crc32(content)))
        self.send_header("x-amzn-requestid", "request")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Print nothing."""


class StandInServer(ThreadingHTTPServer):
    """Serves over HTTP, or over TLS: then each connection shakes hands in its own thread."""

    daemon_threads = True
    tls: ssl.SSLContext | None = None

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Handle a connection."""
        super().finish_request(self.tls.wrap_socket(request, server_side=True) if self.tls else request, client_address)


def serve(certificate: Path) -> tuple[StandInServer, StandInServer]:
    """Begin to serve over HTTP and over TLS, on free ports."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    plain, secure = (StandInServer((HOST, 0), StandInHandler) for _ in range(2))
    secure.tls = context
    for server in (plain, secure):
        Thread(target=server.serve_forever, daemon=True).start()
    return plain, secure


if __name__ == "__main__":
    servers = serve(Path(sys.argv[1]))
    sys.stdout.write(json.dumps([server.server_port for server in servers]) + "\n")
    sys.stdout.flush()
    sys.stdin.read()
