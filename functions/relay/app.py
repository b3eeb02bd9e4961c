"""The table's stream: what must happen after a change. At least once, in the order of each partition."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import boto3

from partyline import cleanup, outbox
from partyline.cleanup import Kind, Removed
from partyline.observability import count, logger, metrics
from partyline.settings import variable
from partyline.store.table import Table

SQS = boto3.client("sqs")


def enqueue(group: str, deduplication_id: str, body: str) -> None:
    """Put a send into its conversation's turn."""
    SQS.send_message(
        QueueUrl=variable("OUTBOUND_QUEUE_URL"),
        MessageBody=body,
        MessageGroupId=group,
        MessageDeduplicationId=deduplication_id,
    )


def clean(removed: Removed) -> None:
    """Have what was removed cleaned up. Of a Service and a user the indexes tell what is left, so these wait until
    requests under way have ended and the indexes show what they wrote."""
    SQS.send_message(
        QueueUrl=variable("CLEANUP_QUEUE_URL"),
        MessageBody=cleanup.encode(removed),
        DelaySeconds=0 if removed.kind is Kind.CONVERSATION else int(variable("CLEANUP_SECONDS")),
    )


DESK = outbox.Desk(
    Table(boto3.client("dynamodb"), variable("TABLE_NAME")),
    enqueue=enqueue,
    clean=clean,
    clock=lambda: datetime.now(UTC),
)


@metrics.log_metrics
@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: object) -> None:
    """Relay a batch of stream records. Raises at the first that fails: the batch is given again, in halves."""
    for record in event["Records"]:
        done = outbox.relay(DESK, record)
        logger.info("outbox.relayed", event_id=record["eventID"], done=done)
        count(f"Outbox{done.capitalize()}")
