"""The callbacks queue: deliver one event to one webhook at a time, in the order of each URL's conversation.

The work is in `partyline.webhooks.delivery`.
"""

from __future__ import annotations

from aws_lambda_powertools.utilities.data_classes import SQSEvent, event_source
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from partyline import bootstrap
from partyline.deadline import track_deadline
from partyline.observability import count, logger, metrics
from partyline.queues import queue_messages
from partyline.queues.queue_consumer import BatchResponse, Retry, build_hide, consume, receive_count, sent_at
from partyline.queues.queue_messages import Callback
from partyline.settings import auth_token, variable
from partyline.storage.circuit_breakers import ClosedBreakers, parse_receiver
from partyline.webhooks import delivery
from partyline.webhooks.delivery import DeliveryOutcome

SQS = bootstrap.build_sqs()
TABLE = bootstrap.build_table()
CALLER = delivery.WebhookCaller(
    ClosedBreakers(TABLE), request=bootstrap.build_public_http().send, auth_token=auth_token, clock=bootstrap.now
)
bootstrap.prepare(auth_token, TABLE.connect)
METRICS = {
    DeliveryOutcome.DELIVERED: "CallbackDelivered",
    DeliveryOutcome.RETRIED: "CallbackRetried",
    DeliveryOutcome.HELD: "CallbackHeld",
    DeliveryOutcome.GIVEN_UP: "CallbackGivenUp",
}


@metrics.log_metrics
@logger.inject_lambda_context(clear_state=True)
@track_deadline
@event_source(data_class=SQSEvent)
def handler(event: SQSEvent, context: LambdaContext) -> BatchResponse:
    """Call the webhook of each record. A call to be repeated stays in the queue."""
    return consume(event, _call, hide=build_hide(SQS, variable("CALLBACKS_QUEUE_URL")))


def _call(record: SQSRecord) -> Retry | None:
    callback = queue_messages.decode(Callback, record.body)
    delivered = CALLER.call(callback, received=receive_count(record), sent_at=sent_at(record))
    _log(callback, delivered, receive_count(record))
    if delivered.outcome in {DeliveryOutcome.RETRIED, DeliveryOutcome.HELD}:
        return Retry(delivered.delay)
    if delivered.outcome is DeliveryOutcome.GIVEN_UP:
        # Deduplicated: if this function stops here and gives up again within five minutes, there is one dead letter.
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
