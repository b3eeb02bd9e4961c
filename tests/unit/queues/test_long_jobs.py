"""A job that may take longer than a run: what is left of it goes back into its queue."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from partyline.queues import queue_messages
from partyline.queues.long_jobs import LongJobs
from partyline.queues.queue_messages import InboxJob, InboxJobKind

# Of a version that knows more.
BODY = json.dumps({"kind": "service", "service_sid": "IS1", "later": 1})
JOB = InboxJob(InboxJobKind.SERVICE, "IS1")


@dataclass
class Queue:
    """What is sent to a queue."""

    sent: list[tuple[str, str]] = field(default_factory=list)

    def send_message(self, **message: Any) -> None:
        self.sent.append((message["QueueUrl"], message["MessageBody"]))


def handle(queue: Any, work: Any) -> list[bool]:
    """Handle the job; returns whether it was recorded as done."""
    recorded: list[tuple[InboxJob, bool]] = []
    jobs = LongJobs(InboxJob, queue, "url", work, lambda job, done: recorded.append((job, done)))
    jobs.handle(SQSRecord({"body": BODY}))
    assert {job for job, _ in recorded} == {JOB}
    return [done for _, done in recorded]


def test_a_job_that_is_done_leaves_nothing() -> None:
    queue = Queue()
    done: list[InboxJob] = []
    assert handle(queue, done.append) == [True]
    assert (done, queue.sent) == ([JOB], [])


def test_what_is_left_goes_back() -> None:
    queue, left = Queue(), replace(JOB, after="a")
    assert handle(queue, lambda _: left) == [False]
    assert queue.sent == [("url", queue_messages.encode(left))]


def test_a_job_that_was_not_begun_goes_back_as_it_came() -> None:
    queue = Queue()
    assert handle(queue, lambda job: job) == [False]
    assert queue.sent == [("url", BODY)]


def test_a_job_that_fails_goes_nowhere() -> None:
    queue = Queue()

    def fail(_: InboxJob) -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match=r"^no$"):
        handle(queue, fail)
    assert queue.sent == []


def test_what_is_left_goes_on_after_a_pause() -> None:
    sent: list[int] = []

    class Sqs:
        def send_message(self, **message: Any) -> None:
            sent.append(message["DelaySeconds"])

    sqs: Any = Sqs()
    jobs = LongJobs(
        InboxJob,
        sqs,
        "url",
        lambda job: replace(job, after="a"),
        lambda *_: None,
        lambda left: len(left.after or "") * 60,
    )
    jobs.handle(SQSRecord({"body": BODY}))
    assert sent == [60]
