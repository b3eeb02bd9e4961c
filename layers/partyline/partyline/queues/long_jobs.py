"""Jobs that may take longer than a run of their function: what is left of one goes back into its queue."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from partyline.observability import count, logger
from partyline.queues import queue_messages

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

Job = TypeVar("Job")


@dataclass(frozen=True, slots=True)
class LongJobs(Generic[Job]):
    """The jobs of one queue.

    - `kind`: what the bodies of the queue are.
    - `name`: that of the log lines, `<name>.run`, and of the metrics, `<Name>Done` and `<Name>Continued`.
    - `logged`: the fields of a job that a log line has.
    - `work`: does a job as far as there is time; returns what is left of it.
    """

    kind: type[Job]
    name: str
    logged: Sequence[str]
    sqs: SQSClient
    queue_url: str
    work: Callable[[Job], Job | None]

    def handle(self, record: SQSRecord) -> None:
        """Do the job of a record, and queue what is left.

        A failure in between leaves the record in the queue. So a job is done at least once.
        """
        job = queue_messages.decode(self.kind, record.body)
        left = self.work(job)
        fields = {name: getattr(job, name) for name in self.logged}
        logger.info(f"{self.name}.run", **fields, done=left is None)
        count(f"{self.name.title()}{'Done' if left is None else 'Continued'}")
        if left is not None:
            body = record.body if left == job else queue_messages.encode(left)
            self.sqs.send_message(QueueUrl=self.queue_url, MessageBody=body)
