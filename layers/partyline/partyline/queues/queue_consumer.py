"""The consumer of every SQS queue: each record of a batch succeeds or fails alone.

Delivery is at least once. A handler takes one record and returns None when the record is done. A record whose handler
raises stays in its queue. It comes again after the queue's visibility time-out, and moves to the dead-letter queue when
it fails too often. A handler returns a Retry to get a record again later; that is no failure. In a FIFO queue, no
record of a message group is handled after the first one that stays; other groups go on (decision 0032).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, SqsFifoPartialProcessor
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from partyline.errors import PartylineError
from partyline.observability import count, logger

if TYPE_CHECKING:
    from partyline.aws.sqs import QueueClient

BatchResponse = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Retry:
    """Deliver a record again: after `delay` seconds, or after its queue's visibility time-out."""

    delay: float | None = None


Handler = Callable[[SQSRecord], Retry | None]
# Hides a message, by its receipt handle, for some seconds.
Hide = Callable[[str, int], None]


class _StaysInQueue(PartylineError):
    """Raised for a Retry, so that the processor does not delete the record."""


def consume(event: Mapping[str, Any], handle: Handler, *, hide: Hide | None = None) -> BatchResponse:
    """Handle each record of a batch; return Lambda's partial batch response with the records that stay.

    Without `hide` each record that stays waits for its queue's visibility time-out.
    """
    records: list[dict[str, Any]] = event["Records"]
    processor = _build_processor(records)
    with processor(records, lambda record: _handle(record, handle, hide)):
        processor.process()
    return dict(processor.response())


def build_hide(sqs: QueueClient, queue_url: str) -> Hide:
    """Build the function that hides messages of one queue."""

    def hide(receipt_handle: str, seconds: int) -> None:
        sqs.change_message_visibility(QueueUrl=queue_url, ReceiptHandle=receipt_handle, VisibilityTimeout=seconds)

    return hide


def _handle(record: SQSRecord, handle: Handler, hide: Hide | None) -> None:
    try:
        retry = handle(record)
        if hide is not None and retry is not None and retry.delay is not None:
            hide(record.receipt_handle, math.ceil(retry.delay))
    except Exception:
        logger.exception(
            "queue.record_failed",
            queue=record.event_source_arn.rpartition(":")[2],
            queue_message_id=record.message_id,
            received=receive_count(record),
        )
        count("QueueRecordFailed")
        raise
    if retry is not None:
        raise _StaysInQueue


def receive_count(record: SQSRecord) -> int:
    """Return how often the queue has delivered a record, this time included."""
    return int(record.attributes.approximate_receive_count)


def sent_at(record: SQSRecord) -> datetime:
    """Return when a record was put into its queue."""
    return datetime.fromtimestamp(int(record.attributes.sent_timestamp) / 1000, UTC)


def is_fifo(record: SQSRecord) -> bool:
    """Whether a record comes from a FIFO queue, whose name always ends in .fifo."""
    return record.event_source_arn.endswith(".fifo")


def _build_processor(records: list[dict[str, Any]]) -> BatchProcessor:
    """Build the processor of one batch. Each batch needs a new one, since a processor keeps the state of groups."""
    fifo = any(is_fifo(SQSRecord(record)) for record in records)
    processor = SqsFifoPartialProcessor(skip_group_on_error=True) if fifo else BatchProcessor(EventType.SQS)
    # A batch of one that stays in its queue is no failure of the function.
    processor.raise_on_entire_batch_failure = False
    return processor
