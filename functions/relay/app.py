"""The table's stream: what must happen after a change. At least once, in the order of each partition."""

from __future__ import annotations

import hashlib
from typing import Any

from partyline import activation, aws_clients, cleanup, outbox, telling
from partyline.callbacks import delivery
from partyline.callbacks.delivery import Callback
from partyline.cleanup import Kind, Removed
from partyline.invocations import timed
from partyline.live import push as live
from partyline.live.push import Cut, Push
from partyline.media import collecting
from partyline.model import MediaReference
from partyline.observability import count, logger, metrics
from partyline.settings import variable
from partyline.store.table import Table

SQS = aws_clients.sqs()


def enqueue(group: str, deduplication_id: str, body: str) -> None:
    """Put a send into its conversation's turn."""
    SQS.send_message(
        QueueUrl=variable("OUTBOUND_QUEUE_URL"),
        MessageBody=body,
        MessageGroupId=group,
        MessageDeduplicationId=deduplication_id,
    )


def collect(reference: MediaReference) -> None:
    """Have a file fetched from the carrier that brought it."""
    SQS.send_message(QueueUrl=variable("MEDIA_QUEUE_URL"), MessageBody=collecting.encode(reference))


def clean(removed: Removed) -> None:
    """Have what was removed cleaned up, and live connections that end with it cut. Of a Service and a user the indexes
    tell what is left, so these wait until requests under way have ended and the indexes show what they wrote; and a
    conversation's webhooks have still to be found by what happened before it was removed."""
    SQS.send_message(
        QueueUrl=variable("CLEANUP_QUEUE_URL"),
        MessageBody=cleanup.encode(removed),
        DelaySeconds=int(variable("CLEANUP_SECONDS")),
    )
    if removed.kind is Kind.USER:
        push(Cut(removed.service_sid, removed.sid, removed.identity), f"{removed.sid}/{removed.at}")
    if removed.kind is Kind.SERVICE:
        push(Cut(removed.sid, removed.sid), removed.sid)


def activate(sid: str) -> None:
    """Have a new conversation activated."""
    SQS.send_message(QueueUrl=variable("ACTIVATION_QUEUE_URL"), MessageBody=activation.encode(sid))


def call(subject: str, callback: Callback) -> None:
    """Put a call to a webhook into the turn of its URL and subject."""
    SQS.send_message(
        QueueUrl=variable("CALLBACKS_QUEUE_URL"),
        MessageBody=delivery.encode(callback),
        MessageGroupId=delivery.group(callback.url, subject),
        MessageDeduplicationId=callback.token,
    )


def push(pushed: Push | Cut, name: str) -> None:
    """Put what live connections are told into the turn of its subject."""
    SQS.send_message(
        QueueUrl=variable("LIVE_QUEUE_URL"),
        MessageBody=live.encode(pushed),
        MessageGroupId=pushed.subject,
        MessageDeduplicationId=hashlib.sha256(name.encode()).hexdigest(),
    )


TABLE = Table(aws_clients.dynamodb(), variable("TABLE_NAME"))
TELLING = telling.Desk(TABLE, account_sid=variable("ACCOUNT_SID"), call=call, push=push)
DESK = outbox.Desk(
    enqueue=enqueue,
    collect=collect,
    activate=activate,
    tell=lambda happening, name: count("CallbackQueued", telling.tell(TELLING, happening, name)),
    tell_delivery=lambda receipt: count("CallbackQueued", telling.tell_delivery(TELLING, receipt)),
    clean=clean,
)


@metrics.log_metrics
@logger.inject_lambda_context(clear_state=True)
@timed
def handler(event: dict[str, Any], context: object) -> None:
    """Relay a batch of stream records. Raises at the first that fails: the batch is given again, in halves."""
    for record in event["Records"]:
        done = outbox.relay(DESK, record)
        logger.info("outbox.relayed", event_id=record["eventID"], done=done)
        count(f"Outbox{done.capitalize()}")
