"""Each record of a queue's batch is answered for alone."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from partyline.observability import logger, metrics
from partyline.queues.queue_consumer import Retry, consume, receive_count, sent_at


def record(body: str, group: str | None = None) -> dict[str, Any]:
    attributes = {"ApproximateReceiveCount": "3", "SentTimestamp": "1795371616500"}
    return {
        "messageId": f"id-{body}",
        "receiptHandle": f"handle-{body}",
        "body": body,
        "attributes": {**attributes, **({"MessageGroupId": group} if group else {})},
        "eventSourceARN": f"arn:aws:sqs:us-east-1:123456789012:queue{'.fifo' if group else ''}",
    }


def failing(*bodies: str) -> tuple[list[str], Callable[[SQSRecord], None]]:
    """A handler that fails at some bodies, and what it was handed."""
    handed: list[str] = []

    def handle(record: SQSRecord) -> None:
        handed.append(record.body)
        if record.body in bodies:
            raise RuntimeError("not now")

    return handed, handle


def failed(answer: dict[str, Any]) -> list[str]:
    assert set(answer) == {"batchItemFailures"}
    return [one["itemIdentifier"] for one in answer["batchItemFailures"]]


@pytest.fixture(autouse=True)
def logged(monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[dict[str, Any]]]:
    stream = io.StringIO()
    monkeypatch.setattr(logger.registered_handler, "stream", stream)
    metrics.counted.clear()
    return lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


def test_the_records_before_and_after_one_that_fails_are_done() -> None:
    handed, handle = failing("b")
    assert failed(consume({"Records": [record("a"), record("b"), record("c")]}, handle)) == ["id-b"]
    assert handed == ["a", "b", "c"]


def test_a_batch_of_which_every_record_fails_is_answered_as_well() -> None:
    _, handle = failing("a", "b")
    assert failed(consume({"Records": [record("a"), record("b")]}, handle)) == ["id-a", "id-b"]


def test_a_fifo_group_stops_at_its_first_failure_and_the_others_go_on() -> None:
    handed, handle = failing("a1")
    batch = [record("a1", "a"), record("b1", "b"), record("a2", "a"), record("b2", "b"), record("a3", "a")]
    assert failed(consume({"Records": batch}, handle)) == ["id-a1", "id-a2", "id-a3"]
    assert handed == ["a1", "b1", "b2"]
    # The next batch remembers nothing of it.
    assert failed(consume({"Records": [record("a2", "a")]}, handle)) == []


def test_a_fifo_group_stops_too_at_a_record_that_is_to_come_again() -> None:
    hidden: list[tuple[str, int]] = []

    def handle(one: SQSRecord) -> Retry | None:
        return Retry(6.1) if one.body == "a1" else None

    batch = [record("a1", "a"), record("a2", "a"), record("b1", "b")]
    answer = consume({"Records": batch}, handle, hide=lambda *given: hidden.append(given))
    assert failed(answer) == ["id-a1", "id-a2"]
    assert hidden == [("handle-a1", 7)]


def test_what_is_to_come_again_is_no_failure(logged: Callable[[], list[dict[str, Any]]]) -> None:
    def hide(receipt_handle: str, seconds: int) -> None:
        raise AssertionError("the queue's own time-out holds")

    assert failed(consume({"Records": [record("a")]}, lambda _: Retry(), hide=hide)) == ["id-a"]
    assert logged() == []
    assert metrics.counted == {}


def test_a_failure_is_logged_with_its_event_code_and_counted(logged: Callable[[], list[dict[str, Any]]]) -> None:
    _, handle = failing("secret body")
    consume({"Records": [record("secret body")]}, handle)
    (line,) = logged()
    assert (line["level"], line["message"]) == ("ERROR", "queue.record_failed")
    assert (line["queue"], line["queue_message_id"], line["received"]) == ("queue", "id-secret body", 3)
    assert line["exception_name"] == "RuntimeError"
    assert metrics.counted["QueueRecordFailed"] == [1.0]
    metrics.counted.clear()


def test_a_record_that_cannot_be_hidden_stays_all_the_same(logged: Callable[[], list[dict[str, Any]]]) -> None:
    def hide(receipt_handle: str, seconds: int) -> None:
        raise RuntimeError("the queue does not answer")

    assert failed(consume({"Records": [record("a"), record("b")]}, lambda _: Retry(1), hide=hide)) == ["id-a", "id-b"]
    assert [line["message"] for line in logged()] == ["queue.record_failed"] * 2
    metrics.counted.clear()


def test_what_a_queue_says_of_a_record() -> None:
    one = SQSRecord(record("a"))
    assert receive_count(one) == 3
    assert sent_at(one).isoformat() == "2026-11-22T18:20:16.500000+00:00"
