"""The callbacks function: one message of its queue to one webhook."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import ModuleType
from typing import Any
from urllib.parse import parse_qsl

import boto3
import pytest
from twilio.request_validator import RequestValidator

from partyline.errors import RequestTimedOut
from partyline.http_client import HttpRequest, HttpResponse
from tests.integration.functions.conftest import SECRETS, Context, event, granted

SAMPLE = "callbacks/message-added"
GROUP = event(SAMPLE)["Records"][0]["attributes"]["MessageGroupId"]


@pytest.fixture
def callbacks(function: Callable[[str], ModuleType], monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    sqs = boto3.client("sqs")
    monkeypatch.setenv("AUTH_SECRET_ARN", "carriers")
    monkeypatch.setenv("ALLOWED_NETWORKS", "127.0.0.0/8,::1/128")
    for name in ("CALLBACKS_QUEUE_URL", "CALLBACKS_DEAD_LETTERS_URL"):
        url = sqs.create_queue(QueueName=f"{name.lower()}.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
        monkeypatch.setenv(name, url)
    return function("callbacks")


def answers(callbacks: ModuleType, monkeypatch: pytest.MonkeyPatch, answer: int | Exception) -> list[str]:
    """Have every webhook answer so; the URLs that are called."""
    called: list[str] = []

    def send(request: HttpRequest, *, timeout: float, max_body: int) -> HttpResponse:
        called.append(request.url)
        if isinstance(answer, Exception):
            raise answer
        return HttpResponse(answer, b"")

    monkeypatch.setattr(callbacks, "CALLER", replace(callbacks.CALLER, request=send))
    return called


def of_today(**more: Any) -> dict[str, Any]:
    """The sample, queued just now."""
    sample = event(SAMPLE)
    (record,) = sample["Records"]
    record["attributes"]["SentTimestamp"] = str(int(time.time() * 1000))
    return {"Records": [{**record, **more}]}


def received(url: str) -> list[dict[str, Any]]:
    found = boto3.client("sqs").receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["All"], VisibilityTimeout=30
    )
    return [dict(message) for message in found.get("Messages", [])]


def as_event(message: dict[str, Any]) -> dict[str, Any]:
    """A message of a queue as Lambda gets it."""
    return {
        "Records": [
            {
                **event(SAMPLE)["Records"][0],
                "messageId": message["MessageId"],
                "receiptHandle": message["ReceiptHandle"],
                "body": message["Body"],
                "attributes": message["Attributes"],
            }
        ]
    }


@contextmanager
def webhook() -> Iterator[tuple[str, list[tuple[str, dict[str, str], bytes]]]]:
    """A webhook on loopback: its URL, and the path, headers and body of each call."""
    calls: list[tuple[str, dict[str, str], bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            calls.append((self.path, dict(self.headers), body))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *given: Any) -> None:
            return

    with HTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{running.server_port}/twilio?team=elm", calls
        finally:
            running.shutdown()
            thread.join()


def test_event_reaches_its_webhook_signed_with_the_auth_token(callbacks: ModuleType) -> None:
    with webhook() as (url, calls):
        queued = {**json.loads(event(SAMPLE)["Records"][0]["body"]), "url": url}
        assert callbacks.handler(of_today(body=json.dumps(queued)), Context()) == {"batchItemFailures": []}
    ((path, headers, body),) = calls
    assert path == "/twilio?team=elm"
    form = dict(parse_qsl(body.decode(), keep_blank_values=True))
    assert form == {**queued["parameters"], "RetryCount": "0"}
    assert RequestValidator(SECRETS["auth_token"]).validate(url, form, headers["X-Twilio-Signature"])
    assert headers["I-Twilio-Idempotency-Token"] == queued["token"]


def test_event_that_failed_stays_in_the_queue_for_its_delay(
    callbacks: ModuleType, monkeypatch: pytest.MonkeyPatch, delays: list[Mapping[str, Any]]
) -> None:
    called = answers(callbacks, monkeypatch, RequestTimedOut("late"))
    sample = of_today()
    failed = {"batchItemFailures": [{"itemIdentifier": sample["Records"][0]["messageId"]}]}
    for _ in range(4):
        assert callbacks.handler(sample, Context()) == failed
    # The fourth time its receiver rests, and is not called.
    assert len(called) == 3
    assert [one["VisibilityTimeout"] for one in delays[:3]] == [2, 2, 2]
    assert 5 < delays[3]["VisibilityTimeout"] <= 7
    assert {one["ReceiptHandle"] for one in delays} == {"sample"}
    assert received(callbacks.variable("CALLBACKS_DEAD_LETTERS_URL")) == []


def test_event_that_was_given_up_is_one_dead_letter_of_its_group(
    callbacks: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers(callbacks, monkeypatch, 500)
    for _ in range(2):
        assert callbacks.handler(event(SAMPLE), Context()) == {"batchItemFailures": []}
    (letter,) = received(callbacks.variable("CALLBACKS_DEAD_LETTERS_URL"))
    assert letter["Body"] == event(SAMPLE)["Records"][0]["body"]
    assert letter["Attributes"]["MessageGroupId"] == GROUP


def test_a_dead_letter_that_is_moved_back_is_delivered(callbacks: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    answers(callbacks, monkeypatch, 500)
    callbacks.handler(event(SAMPLE), Context())
    (letter,) = received(callbacks.variable("CALLBACKS_DEAD_LETTERS_URL"))
    # What a message move task does: a new message with the old one's body and group.
    attributes = letter["Attributes"]
    boto3.client("sqs").send_message(
        QueueUrl=callbacks.variable("CALLBACKS_QUEUE_URL"),
        MessageBody=letter["Body"],
        MessageGroupId=attributes["MessageGroupId"],
        MessageDeduplicationId=attributes["MessageDeduplicationId"],
    )
    (moved,) = received(callbacks.variable("CALLBACKS_QUEUE_URL"))
    # Its day begins anew, so it is not given up at once when its receiver is still down ...
    assert callbacks.handler(as_event(moved), Context())["batchItemFailures"] != []
    called = answers(callbacks, monkeypatch, 200)
    # ... and delivered when it is back.
    assert callbacks.handler(as_event(moved), Context()) == {"batchItemFailures": []}
    assert called == ["https://hooks.invalid/twilio?team=elm"]


def test_log_and_metrics_hold_the_outcome_and_no_secrets(
    callbacks: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    logged: Callable[[], str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    answers(callbacks, monkeypatch, 503)
    queued = {**json.loads(event(SAMPLE)["Records"][0]["body"]), "url": "https://us:pw@hooks.invalid/a?secret=1"}
    callbacks.handler({"Records": [{**event(SAMPLE)["Records"][0], "body": json.dumps(queued)}]}, Context())
    (line,) = [json.loads(line) for line in logged().splitlines()]
    assert line["message"] == "callback.given_up"
    assert (line["receiver"], line["reason"], line["event_type"]) == (
        "https://hooks.invalid:443",
        "503",
        "onMessageAdded",
    )
    assert not any(word in logged() for word in ("secret", "us:pw", "Sunday", "+12065550150"))
    assert json.loads(capsys.readouterr().out)["CallbackGivenUp"] == [1.0]


def test_function_has_the_permissions_that_it_uses(
    callbacks: ModuleType, monkeypatch: pytest.MonkeyPatch, called: set[str]
) -> None:
    called.clear()
    answers(callbacks, monkeypatch, RequestTimedOut("late"))
    callbacks.handler(event(SAMPLE), Context())
    answers(callbacks, monkeypatch, 200)
    for _ in range(4):
        callbacks.handler(event(SAMPLE), Context())
    assert called == granted("callbacks")
