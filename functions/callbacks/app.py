"""The callbacks queue: one event to one webhook at a time, in the order of each URL's conversation."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from partyline import aws_clients
from partyline.deadline import track_deadline
from partyline.http_client import Outgoing, networks
from partyline.observability import count, logger, metrics
from partyline.queues.queue_consumer import BatchResponse, Retry, build_hide, consume, receive_count, sent_at
from partyline.settings import auth_token, variable
from partyline.storage.circuit_breakers import parse_receiver
from partyline.storage.table import Table
from partyline.webhooks import delivery
from partyline.webhooks.delivery import Callback, DeliveryOutcome

SQS = aws_clients.sqs()
DESK = delivery.WebhookCaller(
    Table(aws_clients.dynamodb(), variable("TABLE_NAME")),
    request=Outgoing(networks(variable("ALLOWED_NETWORKS"))).ask,
    auth_token=auth_token,
    clock=lambda: datetime.now(UTC),
)
METRICS = {
    DeliveryOutcome.DELIVERED: "CallbackDelivered",
    DeliveryOutcome.RETRIED: "CallbackRetried",
    DeliveryOutcome.HELD: "CallbackHeld",
    DeliveryOutcome.GIVEN_UP: "CallbackGivenUp",
}


@metrics.log_metrics
@logger.inject_lambda_context(clear_state=True)
@track_deadline
def handler(event: dict[str, Any], context: object) -> BatchResponse:
    """Take what the queue gives; what is to be called again stays in it."""
    return consume(event, _call, hide=build_hide(SQS, variable("CALLBACKS_QUEUE_URL")))


def _call(record: SQSRecord) -> Retry | None:
    callback = delivery.decode(record.body)
    delivered = DESK.call(callback, received=receive_count(record), sent_at=sent_at(record))
    _log(callback, delivered, receive_count(record))
    if delivered.outcome in {DeliveryOutcome.RETRIED, DeliveryOutcome.HELD}:
        return Retry(delivered.delay)
    if delivered.outcome is DeliveryOutcome.GIVEN_UP:
        # Deduplicated: if this function dies here and gives up again within five minutes, there is one letter.
        SQS.send_message(
            QueueUrl=variable("CALLBACKS_DEAD_LETTERS_URL"),
            MessageBody=record.body,
            MessageGroupId=record.attributes["MessageGroupId"],
            MessageDeduplicationId=record.message_id,
        )
    return None


def _log(callback: Callback, delivered: delivery.DeliveryResult, times: int) -> None:
    count(METRICS[delivered.outcome])
    logger.info(
        f"callback.{delivered.outcome}",
        token=callback.token,
        receiver=parse_receiver(callback.url),
        event_type=callback.parameters.get("EventType"),
        reason=delivered.reason,
        received=times,
    )
