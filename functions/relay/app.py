"""The table's stream: what must happen after a change. At least once, in the order of each partition."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from partyline import bootstrap
from partyline.deadline import track_deadline
from partyline.domain.attachments import MediaReference
from partyline.lifecycle import activation, cleanup
from partyline.lifecycle.cleanup import Removed, RemovedKind
from partyline.media import ingest
from partyline.observability import logger, metrics
from partyline.queues.queue_sender import QueueMessage
from partyline.realtime import publisher as live
from partyline.realtime.publisher import Cut, Push
from partyline.settings import variable
from partyline.stream import relay as stream_relay
from partyline.stream.stream_consumer import Answer, Relayed, StreamConsumer
from partyline.webhooks import delivery
from partyline.webhooks.delivery import Callback
from partyline.webhooks.fan_out import FanOut

TABLE = bootstrap.build_table()
CONSUMER = StreamConsumer(bootstrap.build_sqs(), failures_url=lambda: variable("RELAY_FAILURES_URL"))


@metrics.log_metrics
@logger.inject_lambda_context(clear_state=True)
@track_deadline
def handler(event: dict[str, Any], context: object) -> Answer:
    """Relay a batch of stream records; the first that fails, and what is behind it, comes again."""
    return CONSUMER.consume(event, relay)


def relay(record: Mapping[str, Any]) -> Relayed:
    """What one stream record asks for."""
    messages: list[QueueMessage] = []
    calls: list[int] = []
    fan_out = FanOut(
        TABLE,
        account_sid=variable("ACCOUNT_SID"),
        enqueue_callback=lambda subject, callback: messages.append(_call(subject, callback)),
        enqueue_push=lambda pushed, name: messages.append(_push(pushed, name)),
    )
    desk = stream_relay.StreamRelay(
        enqueue=lambda group, deduplication_id, body: messages.append(_send(group, deduplication_id, body)),
        collect=lambda reference: messages.append(_collect(reference)),
        activate=lambda sid: messages.append(_activate(sid)),
        tell=lambda happening, name: calls.append(fan_out.publish(happening, name)),
        tell_delivery=lambda receipt: calls.append(fan_out.publish_receipt(receipt)),
        clean=lambda removed: messages.extend(_clean(removed)),
    )
    return Relayed(stream_relay.relay_record(desk, record), tuple(messages), sum(calls))


def _send(group: str, deduplication_id: str, body: str) -> QueueMessage:
    """A send in its conversation's turn."""
    return QueueMessage(variable("OUTBOUND_QUEUE_URL"), body, group, deduplication_id)


def _collect(reference: MediaReference) -> QueueMessage:
    """A file to be fetched from the carrier that brought it."""
    return QueueMessage(variable("MEDIA_QUEUE_URL"), ingest.encode(reference))


def _activate(sid: str) -> QueueMessage:
    """A new conversation to be activated."""
    return QueueMessage(variable("ACTIVATION_QUEUE_URL"), activation.encode(sid))


def _call(subject: str, callback: Callback) -> QueueMessage:
    """A call to a webhook in the turn of its URL and subject."""
    group = delivery.message_group(callback.url, subject)
    return QueueMessage(variable("CALLBACKS_QUEUE_URL"), delivery.encode(callback), group, callback.token)


def _push(pushed: Push | Cut, name: str) -> QueueMessage:
    """What live connections are told, in the turn of its subject."""
    deduplication_id = hashlib.sha256(name.encode()).hexdigest()
    return QueueMessage(variable("LIVE_QUEUE_URL"), live.encode(pushed), pushed.subject, deduplication_id)


def _clean(removed: Removed) -> list[QueueMessage]:
    """What was removed to be cleaned up, and live connections that end with it to be cut. Of a Service and a user the
    indexes tell what is left, so these wait until requests under way have ended and the indexes show what they wrote;
    and a conversation's webhooks have still to be found by what happened before it was removed."""
    delay = int(variable("CLEANUP_SECONDS"))
    cleaning = QueueMessage(variable("CLEANUP_QUEUE_URL"), cleanup.encode(removed), delay=delay)
    if removed.kind is RemovedKind.USER:
        cut = Cut(removed.service_sid, removed.sid, removed.identity)
        return [cleaning, _push(cut, f"{removed.sid}/{removed.at}")]
    if removed.kind is RemovedKind.SERVICE:
        return [cleaning, _push(Cut(removed.sid, removed.sid), removed.sid)]
    return [cleaning]
