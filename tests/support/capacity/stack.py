"""The stack in this process: its functions as Lambda calls them, on a table and queues of moto, and everything counted.

What moves between two functions goes the template's way: through the filter of the table's stream, and in the batches
of the queues. Carriers and webhooks answer at once.
"""

from __future__ import annotations

import base64
import contextlib
import importlib.util
import io
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from types import ModuleType
from typing import Any
from unittest.mock import patch
from urllib.parse import urlencode

import boto3
from moto import mock_aws

from local.environments import ROOT
from tests.support.capacity.meter import Meter
from tests.support.capacity.template import QueueSource, StackTemplate

TABLE = "partyline"
HOST = "abc123.execute-api.us-east-1.amazonaws.com"
# The answer of every carrier and webhook: to Bandwidth, the id of a text.
_ANSWER = 202
_SECRETS: dict[str, str] = json.loads((ROOT / "local" / "sample_secrets.json").read_text())
_REGION = "us-east-1"
_ACCOUNT = "123456789012"
_MAX_MESSAGES = 10


@dataclass(frozen=True)
class Invocation:
    """What Lambda tells a function of its invocation."""

    function_name: str
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:123456789012:function:function"
    aws_request_id: str = "00000000-0000-0000-0000-000000000000"

    def get_remaining_time_in_millis(self) -> int:
        """How long the function may still run."""
        return 60_000


@dataclass
class CountedStack:
    """The functions, and what they used.

    `sent` are the requests to carriers, `logs` what the running function has logged, `now` the time for all of them.
    `observe` is told the name and the event of each invocation before it begins.
    """

    template: StackTemplate
    meter: Meter
    observe: Callable[[str, Mapping[str, Any]], None] = lambda name, event: None
    sent: list[dict[str, Any]] = field(default_factory=list)
    now: datetime = datetime(2026, 11, 22, 12, 0, 0, 250_000, tzinfo=UTC)
    logs: io.StringIO = field(default_factory=io.StringIO)
    _functions: dict[str, ModuleType] = field(default_factory=dict)

    # --- calls from outside

    def request(self, method: str, path: str, form: Sequence[tuple[str, str]] = ()) -> dict[str, Any]:
        """Call the API as the account; return what it answers. The form of a GET is its query."""
        credentials = f"{self.variables('conversations')['ACCOUNT_SID']}:{_SECRETS['auth_token']}"
        headers = {
            "Authorization": "Basic " + base64.b64encode(credentials.encode()).decode(),
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Twilio-Webhook-Enabled": "true",
        }
        query, sent = (form, "") if method == "GET" else ((), urlencode(form))
        event = _http_event(method, "/v1/{proxy+}", path, headers, sent) | _describe_query(query)
        answer = self._invoke("conversations", event)
        if answer["statusCode"] >= 400:
            raise RuntimeError(f"{method} {path}: {answer['body']}")
        body: dict[str, Any] = json.loads(answer["body"])
        return body

    def receive(self, webhook: Mapping[str, Any]) -> None:
        """Deliver a webhook of Bandwidth."""
        path = f"/carriers/bandwidth/{_SECRETS['bandwidth_webhook_token']}"
        headers = {"Content-Type": "application/json"}
        self.deliver(_http_event("POST", "/carriers/bandwidth/{token}", path, headers, json.dumps([webhook])))

    def deliver(self, event: Mapping[str, Any]) -> None:
        """Deliver the event of a webhook, also one that came before."""
        answer = self._invoke("inbound", event)
        if answer["statusCode"] != 200:
            raise RuntimeError(str(answer))

    # --- what follows

    def settle(self) -> None:
        """Let everything happen that follows from what was written."""
        while self._relay() or self._work_all():
            pass

    def _relay(self) -> bool:
        """Relay what is new in the stream, in batches; return whether there was something."""
        records = self._read_stream()
        passed = [record for record in records if self._passes(record)]
        self.meter.records += len(records)
        self.meter.relayed += len(passed)
        size = int(self.template.stream["BatchSize"])
        for start in range(0, len(passed), size):
            answer = self._invoke("relay", {"Records": passed[start : start + size]})
            _check_all_done(answer)
        return bool(records)

    def _work_all(self) -> bool:
        """Have the functions handle all that is in their queues; return whether there was something."""
        before = sum(self.meter.batches.values())
        for source in self.template.queue_sources:
            while self._work(source):
                pass
        return sum(self.meter.batches.values()) > before

    def _work(self, source: QueueSource) -> bool:
        """Have a function handle what is in its queue; return whether there was something."""
        url, sqs = self._queue_url(source.queue), self._sqs
        size = min(source.batch_size, _MAX_MESSAGES)
        found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=size, AttributeNames=["All"]).get("Messages", [])
        if not found:
            return False
        arn = f"arn:aws:sqs:{_REGION}:{_ACCOUNT}:{url.rpartition('/')[2]}"
        answer = self._invoke(source.function, {"Records": [_queue_record(one, arn) for one in found]})
        _check_all_done(answer)
        for one in found:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])
        # Lambda takes a batch by one request, and deletes it by another.
        self.meter.parts[source.function].polls += 2
        self.meter.batches[source.queue] += 1
        return True

    def _passes(self, record: Mapping[str, Any]) -> bool:
        patterns = [json.loads(one["Pattern"]) for one in self.template.stream["FilterCriteria"]["Filters"]]
        return any(matches(pattern, record) for pattern in patterns)

    # --- functions

    def _invoke(self, name: str, event: Mapping[str, Any]) -> dict[str, Any]:
        self.now += timedelta(milliseconds=50)
        self.observe(name, event)
        with patch.dict(os.environ, self.variables(name)):
            module = self._load(name)
            self.meter.part = name
            try:
                answer: dict[str, Any] = module.handler(event, Invocation(name)) or {}
            finally:
                self.meter.usage.invocations += 1
                self.meter.usage.log_bytes += len(self.logs.getvalue().encode())
                self.meter.part = ""
                self.logs.seek(0)
                self.logs.truncate()
        return answer

    def _load(self, name: str) -> ModuleType:
        if name not in self._functions:
            spec = importlib.util.spec_from_file_location(f"counted_{name}", ROOT / "functions" / name / "app.py")
            if spec is None or spec.loader is None:
                raise RuntimeError(name)
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            self._functions[name] = module
        return self._functions[name]

    def variables(self, name: str) -> dict[str, str]:
        """The environment of a function, with the names of what is here."""
        declared = self.template.function(name)["Environment"]["Variables"]
        return {
            "POWERTOOLS_SERVICE_NAME": "partyline",
            **{variable: self._resolve(value) for variable, value in declared.items()},
        }

    def _resolve(self, value: Any) -> str:
        if not isinstance(value, dict):
            return str(value)
        name = str(value.get("Ref", ""))
        return self._queue_url(name) if name in self.template.queues else {"Table": TABLE}.get(name, "secrets")

    # --- moto

    def _queue_url(self, name: str) -> str:
        return f"https://sqs.{_REGION}.amazonaws.com/{_ACCOUNT}/{_queue_name(name, self.template.queues[name])}"

    @cached_property
    def _sqs(self) -> Any:
        return boto3.client("sqs")

    @cached_property
    def _records(self) -> Callable[[], list[dict[str, Any]]]:
        """Reads what is new in the stream."""
        streams: Any = boto3.client("dynamodbstreams")
        arn = streams.list_streams(TableName=TABLE)["Streams"][0]["StreamArn"]
        [shard] = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
        place = {"StreamArn": arn, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
        iterator = streams.get_shard_iterator(**place)["ShardIterator"]

        def read() -> list[dict[str, Any]]:
            nonlocal iterator
            answer = streams.get_records(ShardIterator=iterator)
            iterator = answer["NextShardIterator"]
            return list(answer["Records"])

        return read

    def _read_stream(self) -> list[dict[str, Any]]:
        """Read new changes, as a function gets them: what changes nothing is no change."""
        found = [
            {**record, "dynamodb": {**record["dynamodb"], "ApproximateCreationDateTime": 0.0}}
            for record in self._records()
        ]
        return [one for one in found if one["dynamodb"].get("OldImage") != one["dynamodb"].get("NewImage")]


@contextmanager
def running(template: StackTemplate) -> Iterator[CountedStack]:
    """A new stack on moto, with nothing in it."""
    with mock_aws(), patch.dict(os.environ, _ENVIRONMENT):
        # Powertools reads the environment, and so does everything that imports it.
        from partyline import bootstrap  # noqa: PLC0415
        from partyline.http_client import HttpClient, HttpRequest, HttpResponse  # noqa: PLC0415
        from partyline.observability import logger  # noqa: PLC0415
        from partyline.stream import stream_consumer  # noqa: PLC0415

        _create_resources(template)
        stack = CountedStack(template, Meter(template.indexes))

        def send(_: HttpClient, request: HttpRequest, *, timeout: float, max_body: int) -> HttpResponse:
            stack.meter.usage.calls += 1
            if stack.meter.part == "outbound":
                stack.sent.append(json.loads(request.body))
            return HttpResponse(_ANSWER, json.dumps({"id": f"carrier-{len(stack.sent)}"}).encode())

        with (
            stack.meter.running(),
            patch.object(HttpClient, "send", send),
            # One partition after the other: side by side, two may read what is read once.
            patch.object(stream_consumer, "AT_ONCE", 1),
            patch.object(bootstrap, "now", lambda: stack.now),
            patch.object(logger.registered_handler, "stream", stack.logs),
            contextlib.redirect_stdout(stack.logs),
        ):
            yield stack


# Nothing of the environment reaches a real account. What is counted passes the SDK, which asks for the same.
_ENVIRONMENT = {
    "AWS_CLIENT": "sdk",
    "AWS_ACCESS_KEY_ID": "counting",
    "AWS_SECRET_ACCESS_KEY": "counting",
    "AWS_DEFAULT_REGION": _REGION,
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}


def _create_resources(template: StackTemplate) -> None:
    copied = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode")
    definition = {name: template.table[name] for name in copied}
    stream = {"StreamEnabled": True, **template.table["StreamSpecification"]}
    dynamodb: Any = boto3.client("dynamodb")
    dynamodb.create_table(TableName=TABLE, **definition, StreamSpecification=stream)
    sqs: Any = boto3.client("sqs")
    for name, queue in template.queues.items():
        fifo = {"FifoQueue": "true"} if queue.get("FifoQueue") else {}
        sqs.create_queue(QueueName=_queue_name(name, queue), Attributes=fifo)
    boto3.client("secretsmanager").create_secret(Name="secrets", SecretString=json.dumps(_SECRETS))


def _queue_name(name: str, queue: Mapping[str, Any]) -> str:
    return f"{name}.fifo" if queue.get("FifoQueue") else name


def matches(pattern: Any, value: Any) -> bool:
    """Whether a value matches a pattern of a filter, as far as the template uses them."""
    if isinstance(pattern, dict):
        return isinstance(value, Mapping) and all(matches(one, value.get(name)) for name, one in pattern.items())
    return any(value is not None if choice == {"exists": True} else value == choice for choice in pattern)


def _check_all_done(answer: Mapping[str, Any]) -> None:
    if answer.get("batchItemFailures"):
        raise RuntimeError(f"not everything was done: {answer}")


def _queue_record(message: Mapping[str, Any], arn: str) -> dict[str, Any]:
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message["Attributes"],
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": arn,
    }


def _http_event(method: str, resource: str, path: str, headers: Mapping[str, str], body: str) -> dict[str, Any]:
    """A request as API Gateway hands it to a function."""
    sent = {"Host": HOST, "X-Forwarded-Proto": "https", "User-Agent": "counting", **headers}
    token = path.rpartition("/")[2]
    return {
        "resource": resource,
        "path": path,
        "httpMethod": method,
        "headers": sent,
        "multiValueHeaders": {name: [value] for name, value in sent.items()},
        **_describe_query(()),
        "pathParameters": {"token": token, "proxy": path.removeprefix("/v1/")},
        "stageVariables": None,
        "requestContext": {
            "resourcePath": resource,
            "httpMethod": method,
            "path": f"/prod{path}",
            "stage": "prod",
            "domainName": HOST,
            "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
            "identity": {"sourceIp": "192.0.2.1", "userAgent": "counting"},
            "apiId": "abc123",
        },
        "body": body,
        "isBase64Encoded": False,
    }


def _describe_query(query: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """A query as API Gateway hands it to a function: none is null."""
    together: dict[str, list[str]] = {}
    for name, value in query:
        together.setdefault(name, []).append(value)
    last = {name: values[-1] for name, values in together.items()}
    return {"queryStringParameters": last or None, "multiValueQueryStringParameters": together or None}
