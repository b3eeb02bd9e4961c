"""The live queue: what happened, told to live connections in the order of each conversation; and who is cut off."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import boto3

from partyline.live import push
from partyline.live.push import Push, Pushed
from partyline.live.wire import ApiGateway, Desk
from partyline.observability import count, logger, metrics
from partyline.settings import variable
from partyline.store.table import Table

SQS = boto3.client("sqs")
DESK = Desk(
    Table(boto3.client("dynamodb"), variable("TABLE_NAME")),
    wire=ApiGateway(variable("LIVE_ENDPOINT")),
    clock=lambda: datetime.now(UTC),
)
# Seconds until a push is repeated that a connection did not take.
BACKOFF = 2


@metrics.log_metrics
@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Take what the queue gives; what is to be told again stays in it."""
    again = [record["messageId"] for record in event["Records"] if not _take(record)]
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in again]}


def _take(record: dict[str, Any]) -> bool:
    """Whether the record is done with."""
    told = push.decode(record["body"])
    sent_at = datetime.fromtimestamp(int(record["attributes"]["SentTimestamp"]) / 1000, UTC)
    if isinstance(told, Push) and push.is_late(sent_at, datetime.now(UTC)):
        logger.warning("live.dropped", subject=told.subject)
        count("LiveDropped")
        return True
    pushed = push.push(DESK, told, received=int(record["attributes"]["ApproximateReceiveCount"]))
    _tell(told.subject, pushed)
    if pushed.again:
        SQS.change_message_visibility(
            QueueUrl=variable("LIVE_QUEUE_URL"),
            ReceiptHandle=record["receiptHandle"],
            VisibilityTimeout=BACKOFF,
        )
    return not pushed.again


def _tell(subject: str, pushed: Pushed) -> None:
    logger.info(
        "live.pushed", subject=subject, taken=pushed.taken, gone=pushed.gone, cut=pushed.cut, again=pushed.again
    )
    count("LivePushed", pushed.taken)
    count("LiveGone", pushed.gone)
    count("LiveCut", pushed.cut)
    count("LiveRepeated", int(pushed.again))
