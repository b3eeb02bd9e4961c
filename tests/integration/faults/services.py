"""What is around the functions, in memory: AWS services as their clients answer, and servers that take what is sent."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from partyline.http_client import HttpRequest, HttpResponse
from tests.integration.faults.calls import Calls
from tests.support.memory_dynamodb import MemoryDynamoDB

# Gives the calls of the invocation that runs.
Current = Callable[[], Calls]


class TableClient:
    """The client of the table. In part, a batch is carried out to its half."""

    def __init__(self, calls: Current, memory: MemoryDynamoDB) -> None:
        self._calls, self.memory = calls, memory

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self.memory, name)
        in_part: Callable[..., Any] | None = {
            "batch_get_item": self._read_half,
            "batch_write_item": self._write_half,
            "batch_execute_statement": self._execute_half,
        }.get(name)

        def request(**parameters: Any) -> Any:
            half = (lambda: in_part(**parameters)) if in_part else None
            return self._calls().make(f"dynamodb.{name}", lambda: method(**parameters), half)

        return request

    def _read_half(self, **asked: Any) -> dict[str, Any]:
        ((name, request),) = asked["RequestItems"].items()
        read, left = _halve(request["Keys"])
        found = self.memory.batch_get_item(RequestItems={name: {"Keys": read}}) if read else {"Responses": {name: []}}
        return {**found, "UnprocessedKeys": {name: {**request, "Keys": left}}}

    def _write_half(self, **asked: Any) -> dict[str, Any]:
        ((name, writes),) = asked["RequestItems"].items()
        made, left = _halve(writes)
        if made:
            self.memory.batch_write_item(RequestItems={name: made})
        return {"UnprocessedItems": {name: left}}

    def _execute_half(self, **asked: Any) -> dict[str, Any]:
        made, left = _halve(asked["Statements"])
        done = self.memory.batch_execute_statement(Statements=made)["Responses"] if made else []
        return {"Responses": [*done, *({"Error": {"Code": "ThrottlingError"}} for _ in left)]}


def _halve(whole: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    half = len(whole) // 2
    return list(whole[:half]), list(whole[half:])


@dataclass
class QueuesClient:
    """The client of the queues: `sent` are the messages in them, `hidden` those that were to come again later."""

    calls: Current
    sent: list[dict[str, Any]] = field(default_factory=list)

    def send_message(self, **request: Any) -> dict[str, Any]:
        self.calls().make("sqs.send_message", lambda: self.sent.append(request))
        return {}

    def send_message_batch(self, **request: Any) -> dict[str, Any]:
        url, entries = request["QueueUrl"], request["Entries"]

        def send(taken: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
            self.sent.extend({"QueueUrl": url, **entry} for entry in taken)
            return {"Failed": [{"Id": entry["Id"], "Code": "InternalError"} for entry in entries if entry not in taken]}

        answer: dict[str, Any] = self.calls().make(
            "sqs.send_message_batch", lambda: send(entries), lambda: send(entries[1:])
        )
        return answer

    def change_message_visibility(self, **_: Any) -> dict[str, Any]:
        self.calls().make("sqs.change_message_visibility", lambda: None)
        return {}

    def get_queue_attributes(self, **_: Any) -> dict[str, Any]:
        answer = {"Attributes": {"ApproximateNumberOfMessages": "0"}}
        found: dict[str, Any] = self.calls().make("sqs.get_queue_attributes", lambda: answer)
        return found

    def receive_message(self, **_: Any) -> dict[str, Any]:
        found: dict[str, Any] = self.calls().make("sqs.receive_message", dict)
        return found


@dataclass
class BucketClient:
    """The client of the bucket: `files` are the requests by which they were put, by key."""

    calls: Current
    files: dict[str, dict[str, Any]] = field(default_factory=dict)

    def put_object(self, **request: Any) -> dict[str, Any]:
        self.calls().make("s3.put_object", lambda: self.files.update({request["Key"]: request}))
        return {}

    def head_object(self, **request: Any) -> dict[str, Any]:
        return self._find("head_object", request["Key"])

    def get_object(self, **request: Any) -> dict[str, Any]:
        found = self._find("get_object", request["Key"])
        return {**found, "Body": io.BytesIO(found["Body"])}

    def list_objects_v2(self, **request: Any) -> dict[str, Any]:
        keys = [{"Key": key} for key in self.files if key.startswith(request["Prefix"])]
        found: dict[str, Any] = self.calls().make("s3.list_objects_v2", lambda: {"Contents": keys} if keys else {})
        return found

    def delete_object(self, **request: Any) -> dict[str, Any]:
        self.calls().make("s3.delete_object", lambda: self.files.pop(request["Key"], None))
        return {}

    def generate_presigned_url(self, *_: Any, **request: Any) -> str:
        """Sign a URL. That is no call."""
        return f"https://bucket.example/{request['Params']['Key']}"

    def _find(self, name: str, key: str) -> dict[str, Any]:
        def find() -> dict[str, Any]:
            if key not in self.files:
                raise ClientError({"Error": {"Code": "404", "Message": "no such file"}}, name)
            return {**self.files[key], "ContentLength": len(self.files[key]["Body"])}

        found: dict[str, Any] = self.calls().make(f"s3.{name}", find)
        return found


class Gone(Exception):
    """What a connection that has ended is answered with."""


@dataclass
class GatewayClient:
    """The client that manages live connections: `posted` are the frames that each was sent, `closed` those closed."""

    calls: Current
    posted: list[tuple[str, bytes]] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)

    class exceptions:  # noqa: N801  (the client of the SDK has it)
        GoneException = Gone

    def post_to_connection(self, **request: Any) -> None:
        frame = (request["ConnectionId"], request["Data"])
        self.calls().make("gateway.post_to_connection", lambda: self.posted.append(frame))

    def delete_connection(self, **request: Any) -> None:
        self.calls().make("gateway.delete_connection", lambda: self.closed.append(request["ConnectionId"]))


@dataclass
class KeysClient:
    """The client of KMS, with one key."""

    calls: Current
    key: ec.EllipticCurvePrivateKey

    def get_public_key(self, **_: Any) -> dict[str, Any]:
        public = self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        found: dict[str, Any] = self.calls().make("kms.get_public_key", lambda: {"PublicKey": public})
        return found

    def sign(self, **request: Any) -> dict[str, Any]:
        signature = self.key.sign(request["Message"], ec.ECDSA(hashes.SHA256()))
        found: dict[str, Any] = self.calls().make("kms.sign", lambda: {"Signature": signature})
        return found


@dataclass
class SecretsClient:
    """The client of the secrets: every secret has all values."""

    calls: Current
    values: Mapping[str, str]

    def get_secret_value(self, **_: Any) -> dict[str, Any]:
        answer = {"SecretString": json.dumps(dict(self.values))}
        found: dict[str, Any] = self.calls().make("secretsmanager.get_secret_value", lambda: answer)
        return found


@dataclass
class Servers:
    """Servers on the internet. `taken` are the requests that they have carried out.

    `answers` have the answer to a request by a part of its URL; all others are answered 202, with an id.
    """

    calls: Current
    taken: list[HttpRequest] = field(default_factory=list)
    answers: dict[str, Callable[[HttpRequest], HttpResponse]] = field(default_factory=dict)

    def send(self, request: HttpRequest) -> HttpResponse:
        """Answer a request. Raises RequestError."""

        def carry_out() -> HttpResponse:
            self.taken.append(request)
            return self.answer(request)

        return self.calls().ask(f"http.{request.method.lower()}", carry_out)

    def answer(self, request: HttpRequest) -> HttpResponse:
        """What a request is answered."""
        found = (answer(request) for part, answer in self.answers.items() if part in request.url)
        return next(found, None) or _take(request)


def _take(request: HttpRequest) -> HttpResponse:
    name = hashlib.sha256(request.body).hexdigest()[:32]
    return HttpResponse(202, json.dumps({"id": name}).encode(), {"content-type": "application/json"})
