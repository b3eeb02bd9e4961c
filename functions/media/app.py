"""The media queue: one file of a text that came in, from its carrier into our own storage."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

import boto3

from partyline.carriers import registry
from partyline.carriers.transport import no_transport
from partyline.media import collecting
from partyline.media.collecting import Outcome
from partyline.media.storage import Bucket
from partyline.observability import count, logger, metrics
from partyline.outgoing import Outgoing, networks
from partyline.settings import carrier_urls, secret, variable
from partyline.store.table import Table

SQS = boto3.client("sqs")
DESK = collecting.Desk(
    Table(boto3.client("dynamodb"), variable("TABLE_NAME")),
    Bucket(boto3.client("s3"), variable("MEDIA_BUCKET")),
    carrier=lambda name: registry.build(name, secret(variable("CARRIERS_SECRET_ARN")), no_transport, carrier_urls()),
    ask=Outgoing(networks(variable("ALLOWED_NETWORKS"))).ask,
    clock=lambda: datetime.now(UTC),
)


@metrics.log_metrics
@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Take what the queue gives; what its carrier does not give yet stays in it."""
    again = [record["messageId"] for record in event["Records"] if not _take(record)]
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in again]}


def _take(record: dict[str, Any]) -> bool:
    """Whether the record is done with."""
    reference = collecting.decode(record["body"])
    collected = collecting.collect(DESK, reference, int(record["attributes"]["ApproximateReceiveCount"]))
    count(f"Media{collected.outcome.capitalize()}")
    logger.info(
        f"media.{collected.outcome}",
        media_sid=reference.media_sid,
        message_sid=reference.message_sid,
        reason=collected.reason,
    )
    if collected.outcome is not Outcome.WAITING:
        return True
    SQS.change_message_visibility(
        QueueUrl=variable("MEDIA_QUEUE_URL"),
        ReceiptHandle=record["receiptHandle"],
        VisibilityTimeout=math.ceil(collected.delay),
    )
    return False
