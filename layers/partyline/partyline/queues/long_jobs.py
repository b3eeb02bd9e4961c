"""Jobs that may take longer than a run of their function: what is left of one goes back into its queue."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Generic, TypeVar

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from partyline.frozen_classes import frozen
from partyline.queues import queue_messages

if TYPE_CHECKING:
    from partyline.aws.sqs import QueueClient

Job = TypeVar("Job")


@frozen
class LongJobs(Generic[Job]):
    """The jobs of one queue, whose bodies are of one kind.

    `work` does a job as far as there is time, and returns what is left of it. `record` logs and counts a job that was
    worked on, with whether nothing is left. `delay` returns after how many seconds what is left of a job goes on.
    """

    kind: type[Job]
    sqs: QueueClient
    queue_url: str
    work: Callable[[Job], Job | None]
    record: Callable[[Job, bool], None]
    delay: Callable[[Job], int] = lambda _left: 0

    def handle(self, message: SQSRecord) -> None:
        """Do the job of a message, and queue what is left.

        A failure in between leaves the message in the queue. So a job is done at least once.
        """
        job = queue_messages.decode(self.kind, message.body)
        left = self.work(job)
        self.record(job, left is None)
        if left is not None:
            body = message.body if left == job else queue_messages.encode(left)
            self.sqs.send_message(QueueUrl=self.queue_url, MessageBody=body, DelaySeconds=self.delay(left))
