"""The one consumer of every SQS queue: each record of a batch is answered for alone.

A handler takes one record and returns None when the record is done. A record that raises fails alone: it stays in its
queue, comes again after the queue's visibility time-out, and ends in the dead-letter queue when it fails too often. A
handler that wants a record again later returns a Retry, which is no failure. In a FIFO queue nothing of a message group
is handled after the first record of the group that stays; other groups go on (decision 0032).
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
    from mypy_boto3_sqs import SQSClient

BatchResponse = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Retry:
    """A record is to be given out again: after `delay` seconds, or after its queue's visibility time-out."""

    delay: float | None = None


Handler = Callable[[SQSRecord], Retry | None]
# Hides a message, by its receipt handle, for some seconds.
Hide = Callable[[str, int], None]


class _StaysInQueue(PartylineError):
    """Tells the processor that a record is not to be deleted, for a reason that is known."""


def consume(event: Mapping[str, Any], handle: Handler, *, hide: Hide | None = None) -> BatchResponse:
    """Hand each record of a batch to the handler; Lambda's partial batch response names those that stay. Without `hide`
    every record that stays waits for its queue's visibility time-out."""
    records: list[dict[str, Any]] = event["Records"]
    processor = _processor(records)
    with processor(records, lambda record: _take(record, handle, hide)):
        processor.process()
    return dict(processor.response())


def build_hide(sqs: SQSClient, queue_url: str) -> Hide:
    """How messages of one queue are hidden."""

    def hide(receipt_handle: str, seconds: int) -> None:
        sqs.change_message_visibility(QueueUrl=queue_url, ReceiptHandle=receipt_handle, VisibilityTimeout=seconds)

    return hide


def _take(record: SQSRecord, handle: Handler, hide: Hide | None) -> None:
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
    """How often the queue has given a record out, this time included."""
    return int(record.attributes.approximate_receive_count)


def sent_at(record: SQSRecord) -> datetime:
    """When a record was put into its queue."""
    return datetime.fromtimestamp(int(record.attributes.sent_timestamp) / 1000, UTC)


def is_fifo(record: SQSRecord) -> bool:
    """Whether a record comes from a FIFO queue; the names of these end so."""
    return record.event_source_arn.endswith(".fifo")


def _processor(records: list[dict[str, Any]]) -> BatchProcessor:
    """A processor for one batch. It is made anew for each: what it remembers of groups belongs to one batch."""
    fifo = any(is_fifo(SQSRecord(record)) for record in records)
    processor = SqsFifoPartialProcessor(skip_group_on_error=True) if fifo else BatchProcessor(EventType.SQS)
    # A batch of one that stays in its queue is no failure of the function.
    processor.raise_on_entire_batch_failure = False
    return processor
