"""The consumer of every SQS queue: each record of a batch succeeds or fails alone.

Delivery is at least once. A handler takes one record and returns None when the record is done. A record whose handler
raises stays in its queue. It comes again after the queue's visibility time-out, and moves to the dead-letter queue when
it fails too often. A handler returns a Retry to get a record again later; that is no failure. In a FIFO queue, no
record of a message group is handled after the first one that stays; other groups go on (decision 0032).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from partyline.frozen_classes import frozen
from partyline.observability import count, logger

if TYPE_CHECKING:
    from partyline.aws.sqs import QueueClient

BatchResponse = dict[str, Any]


@frozen
class Retry:
    """Deliver a record again: after `delay` seconds, or after its queue's visibility time-out."""

    delay: float | None = None


Handler = Callable[[SQSRecord], Retry | None]
# Hides a message, by its receipt handle, for some seconds.
Hide = Callable[[str, int], None]


def consume(event: Mapping[str, Any], handle: Handler, *, hide: Hide | None = None) -> BatchResponse:
    """Handle each record of a batch; return Lambda's partial batch response with the records that stay.

    Without `hide` each record that stays waits for its queue's visibility time-out.
    """
    staying: list[str] = []
    stopped: set[str | None] = set()
    for record in map(SQSRecord, event["Records"]):
        group = record.attributes.message_group_id if is_fifo(record) else None
        if group in stopped or not _is_done(record, handle, hide):
            staying.append(record.message_id)
            if group is not None:
                stopped.add(group)
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in staying]}


def build_hide(sqs: QueueClient, queue_url: str) -> Hide:
    """Build the function that hides messages of one queue."""

    def hide(receipt_handle: str, seconds: int) -> None:
        sqs.change_message_visibility(QueueUrl=queue_url, ReceiptHandle=receipt_handle, VisibilityTimeout=seconds)

    return hide


def _is_done(record: SQSRecord, handle: Handler, hide: Hide | None) -> bool:
    """Handle a record; return whether it can leave its queue."""
    try:
        retry = handle(record)
        if hide is not None and retry is not None and retry.delay is not None:
            hide(record.receipt_handle, math.ceil(retry.delay))
    except Exception:  # noqa: BLE001  (one failed record must not stop the others; it is logged and comes again)
        logger.exception(
            "queue.record_failed",
            queue=record.event_source_arn.rpartition(":")[2],
            queue_message_id=record.message_id,
            received=receive_count(record),
        )
        count("QueueRecordFailed")
        return False
    return retry is None


def receive_count(record: SQSRecord) -> int:
    """Return how often the queue has delivered a record, this time included."""
    return int(record.attributes.approximate_receive_count)


def sent_at(record: SQSRecord) -> datetime:
    """Return when a record was put into its queue."""
    return datetime.fromtimestamp(int(record.attributes.sent_timestamp) / 1000, UTC)


def is_fifo(record: SQSRecord) -> bool:
    """Whether a record comes from a FIFO queue, whose name always ends in .fifo."""
    return record.event_source_arn.endswith(".fifo")
