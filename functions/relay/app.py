"""Relay the table's stream to the queues.

Delivery: at least once, in the order of each partition.

The work is in `partyline.stream`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from partyline import bootstrap
from partyline.deadline import track_deadline
from partyline.domain.events import EventBatch
from partyline.domain.media import MediaReference
from partyline.observability import logger, metrics
from partyline.queues import queue_messages
from partyline.queues.queue_messages import (
    ActivationRequest,
    Callback,
    CatchUpRun,
    Cut,
    ImportRun,
    InboxJob,
    InboxJobKind,
    Push,
    PushJob,
    Removed,
    RemovedKind,
)
from partyline.queues.queue_sender import QueueMessage
from partyline.realtime import publisher
from partyline.settings import variable
from partyline.storage.batch_read import BatchRead
from partyline.storage.listeners import UnconnectedServices
from partyline.storage.service_settings import ConfirmedSettings, SettingsCache
from partyline.stream.inbox_signals import InboxSignals
from partyline.stream.push_signals import PushSignals
from partyline.stream.relay import StreamRelay, list_conversations
from partyline.stream.stream_consumer import Answer, Relayed, StreamConsumer
from partyline.webhooks import delivery
from partyline.webhooks.fan_out import FanOut
from partyline.webhooks.receivers import Receivers

TABLE = bootstrap.build_table()
SETTINGS = SettingsCache(TABLE, bootstrap.now)
UNCONNECTED = UnconnectedServices(TABLE, bootstrap.now)
CONSUMER = StreamConsumer(bootstrap.build_sqs(), failures_url=lambda: variable("RELAY_FAILURES_URL"))
bootstrap.prepare(TABLE.connect)

# How many seconds the filling of an inbox waits.
FILL_DELAY = 5
# After so many seconds, the most that SQS delays a message, an index is removed once more: jobs that began before it
# was switched off have ended by then.
SECOND_REMOVAL_DELAY = 900


def build_readers(records: Sequence[Mapping[str, Any]]) -> tuple[Receivers, InboxSignals, PushSignals]:
    """Build what finds out what a batch of records means: for receivers of events, the inbox and notifications.

    What is kept in memory is confirmed once for the batch, in the request that reads the conversations of its receipts.
    """
    read = BatchRead(TABLE, list_conversations(records))
    settings = ConfirmedSettings(SETTINGS, read.fetch_settings_version)
    return (
        Receivers(TABLE, read, settings, UNCONNECTED),
        InboxSignals(settings.fetch_service),
        PushSignals(settings.fetch_service, bootstrap.now),
    )


@metrics.log_metrics
@logger.inject_lambda_context(clear_state=True)
@track_deadline
def handler(event: dict[str, Any], context: object) -> Answer:
    """Relay a batch of stream records. The first record that fails is delivered again, with all after it."""
    return CONSUMER.consume(event, partial(relay, *build_readers(event["Records"])))


def relay(receivers: Receivers, inbox: InboxSignals, push: PushSignals, record: Mapping[str, Any]) -> Relayed:
    """Build the queue messages that one stream record requires."""
    messages: list[QueueMessage] = []

    def refresh(jobs: list[InboxJob]) -> None:
        messages.extend(_refresh(job) for job in jobs)

    def observe(batch: EventBatch) -> None:
        refresh(inbox.list_for_batch(batch))
        messages.extend(_notify(job) for job in push.list_for_batch(batch))

    calls: list[int] = []
    fan_out = FanOut(
        TABLE,
        receivers,
        account_sid=variable("ACCOUNT_SID"),
        enqueue_callback=lambda subject, callback: messages.append(_call(subject, callback)),
        enqueue_push=lambda push, name: messages.append(_push(push, name)),
        observe=observe,
    )
    stream_relay = StreamRelay(
        enqueue_send=lambda group, deduplication_id, body: messages.append(_send(group, deduplication_id, body)),
        fetch_media=lambda reference: messages.append(_fetch(reference)),
        activate=lambda sid: messages.append(_activate(sid)),
        publish=lambda batch, name: calls.append(fan_out.publish(batch, name)),
        publish_receipt=lambda receipt: calls.append(fan_out.publish_receipt(receipt)),
        clean_up=lambda removed: messages.extend(_clean(removed)),
        run_import=lambda run: messages.append(_import(run)),
        catch_up=lambda run: messages.append(_catch_up(run)),
        refresh_inbox=lambda service_sid, sid: refresh([InboxJob.of(service_sid, sid)]),
        order_texts=lambda sid, on: messages.extend(_order_texts(sid, on=on)),
        note_holder=lambda sid, number: refresh(inbox.list_for_number(sid, number)),
    )
    return Relayed(stream_relay.relay(record), tuple(messages), sum(calls))


def _send(group: str, deduplication_id: str, body: str) -> QueueMessage:
    """Queue a send, in the order of its conversation."""
    return QueueMessage(variable("OUTBOUND_QUEUE_URL"), body, group, deduplication_id)


def _fetch(reference: MediaReference) -> QueueMessage:
    """Queue the download of a file from its carrier."""
    return QueueMessage(variable("MEDIA_QUEUE_URL"), queue_messages.encode(reference))


def _activate(sid: str) -> QueueMessage:
    """Queue the activation of a new conversation."""
    return QueueMessage(variable("ACTIVATION_QUEUE_URL"), queue_messages.encode(ActivationRequest(sid)))


def _import(run: ImportRun) -> QueueMessage:
    """Queue a run of an import of contacts."""
    return QueueMessage(variable("IMPORTS_QUEUE_URL"), queue_messages.encode(run))


def _catch_up(run: CatchUpRun) -> QueueMessage:
    """Queue a catch-up of a line."""
    return QueueMessage(variable("CATCH_UP_QUEUE_URL"), queue_messages.encode(run))


def _refresh(job: InboxJob) -> QueueMessage:
    """Queue what the inbox is to bring up to date.

    That of a whole Service waits until the index of its conversations has those that were created a moment ago.
    """
    delay = FILL_DELAY if job.kind is InboxJobKind.SERVICE else None
    return QueueMessage(variable("INBOX_QUEUE_URL"), queue_messages.encode(job), delay=delay)


def _notify(job: PushJob) -> QueueMessage:
    """Queue the notifications of a message."""
    return QueueMessage(variable("PUSH_QUEUE_URL"), queue_messages.encode(job))


def _order_texts(service_sid: str, *, on: bool) -> list[QueueMessage]:
    """Queue the filling of an index of texts, or its removal, twice."""
    body = queue_messages.encode(InboxJob(InboxJobKind.TEXTS, service_sid))
    delays = [FILL_DELAY] if on else [FILL_DELAY, SECOND_REMOVAL_DELAY]
    return [QueueMessage(variable("INBOX_QUEUE_URL"), body, delay=delay) for delay in delays]


def _call(subject: str, callback: Callback) -> QueueMessage:
    """Queue a call of a webhook, in the order of its URL and subject."""
    group = delivery.message_group(callback.url, subject)
    return QueueMessage(variable("CALLBACKS_QUEUE_URL"), queue_messages.encode(callback), group, callback.token)


def _push(message: Push | Cut, name: str) -> QueueMessage:
    """Queue a message for live connections, in the order of its subject."""
    deduplication_id = hashlib.sha256(name.encode()).hexdigest()
    return QueueMessage(variable("LIVE_QUEUE_URL"), publisher.encode(message), message.subject, deduplication_id)


def _clean(removed: Removed) -> list[QueueMessage]:
    """Queue the clean-up of what was removed, and the closing of its live connections.

    The clean-up waits until requests under way have ended and the indexes have what they wrote, since it finds the
    items of a Service or a user by index. It also waits because events before a removal still need the webhooks of
    their conversation.
    """
    delay = int(variable("CLEANUP_SECONDS"))
    clean_up = QueueMessage(variable("CLEANUP_QUEUE_URL"), queue_messages.encode(removed), delay=delay)
    if removed.kind is RemovedKind.USER:
        cut = Cut(removed.service_sid, removed.sid, removed.identity)
        return [clean_up, _push(cut, f"{removed.sid}/{removed.at}")]
    if removed.kind is RemovedKind.SERVICE:
        return [clean_up, _push(Cut(removed.sid, removed.sid), removed.sid)]
    return [clean_up]
