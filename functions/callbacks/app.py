"""The callbacks queue: one event to one webhook at a time, in the order of each URL's conversation."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

import boto3

from partyline.callbacks import delivery
from partyline.callbacks.delivery import Callback, Outcome
from partyline.observability import count, logger, metrics
from partyline.outgoing import Outgoing, networks
from partyline.settings import auth_token, variable
from partyline.store.receivers import receiver
from partyline.store.table import Table

SQS = boto3.client("sqs")
DESK = delivery.Desk(
    Table(boto3.client("dynamodb"), variable("TABLE_NAME")),
    request=Outgoing(networks(variable("ALLOWED_NETWORKS"))).ask,
    auth_token=auth_token,
    clock=lambda: datetime.now(UTC),
)
METRICS = {
    Outcome.DELIVERED: "CallbackDelivered",
    Outcome.RETRIED: "CallbackRetried",
    Outcome.HELD: "CallbackHeld",
    Outcome.GIVEN_UP: "CallbackGivenUp",
}


@metrics.log_metrics
@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Take what the queue gives; what is to be called again stays in it."""
    again = [record["messageId"] for record in event["Records"] if not _take(record)]
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in again]}


def _take(record: dict[str, Any]) -> bool:
    """Whether the record is done with."""
    callback = delivery.decode(record["body"])
    told = record["attributes"]
    received = int(told["ApproximateReceiveCount"])
    sent_at = datetime.fromtimestamp(int(told["SentTimestamp"]) / 1000, UTC)
    delivered = delivery.deliver(DESK, callback, received=received, sent_at=sent_at)
    _tell(callback, delivered, received)
    match delivered.outcome:
        case Outcome.RETRIED | Outcome.HELD:
            SQS.change_message_visibility(
                QueueUrl=variable("CALLBACKS_QUEUE_URL"),
                ReceiptHandle=record["receiptHandle"],
                VisibilityTimeout=math.ceil(delivered.delay),
            )
            return False
        case Outcome.GIVEN_UP:
            # Given up twice, when this function dies here, it is still one letter: within five minutes.
            SQS.send_message(
                QueueUrl=variable("CALLBACKS_DEAD_LETTERS_URL"),
                MessageBody=record["body"],
                MessageGroupId=told["MessageGroupId"],
                MessageDeduplicationId=record["messageId"],
            )
    return True


def _tell(callback: Callback, delivered: delivery.Delivery, received: int) -> None:
    count(METRICS[delivered.outcome])
    logger.info(
        f"callback.{delivered.outcome}",
        token=callback.token,
        receiver=receiver(callback.url),
        event_type=callback.parameters.get("EventType"),
        reason=delivered.reason,
        received=received,
    )
