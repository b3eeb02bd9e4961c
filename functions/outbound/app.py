"""The outbound queue: one text to a carrier at a time, in the order of each conversation; and the second look at those
of which nobody knows whether the carrier took them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from partyline import aws_clients
from partyline.carriers import gateway_event, registry
from partyline.carriers.transport import build_transport
from partyline.deadline import track_deadline
from partyline.media import links
from partyline.media.bucket import Bucket
from partyline.media.outbound_files import OutboundFiles
from partyline.observability import count, logger, metrics
from partyline.outbound import reconciler, sender
from partyline.outbound.sender import NextStep
from partyline.queues.queue_consumer import BatchResponse, Retry, build_hide, consume, is_fifo, receive_count
from partyline.settings import carrier_urls, secret, variable
from partyline.storage.table import Table
from partyline.stream import relay

SQS = aws_clients.sqs()
TABLE = Table(aws_clients.dynamodb(), variable("TABLE_NAME"))
# How often a carrier is asked what became of a text, minutes apart; fewer than the queue delivers.
MAX_LOOKS = 4
BUCKET = Bucket(aws_clients.s3(), variable("MEDIA_BUCKET"))
HTTP = build_transport(timeout=float(variable("CARRIER_TIMEOUT")))


def link(key: str) -> str:
    """A file's address for a carrier, which may fetch it as long as it queues a text."""
    expires = int(datetime.now(UTC).timestamp()) + int(variable("MEDIA_LINK_SECONDS"))
    return f"{variable('PUBLIC_URL')}/{links.build_path(secret(variable('KEYS_SECRET_ARN'))['root'], key, expires)}"


def desk() -> sender.Sender:
    """What sending works with, and the secrets of now."""
    secrets = secret(variable("CARRIERS_SECRET_ARN"))
    return sender.Sender(
        TABLE,
        carrier=lambda name: registry.build_carrier(name, secrets, HTTP, carrier_urls()),
        callback_url=lambda carrier, tag: gateway_event.callback_url(variable("PUBLIC_URL"), carrier, tag),
        clock=lambda: datetime.now(UTC),
        media=OutboundFiles(TABLE, BUCKET, link, lambda: datetime.now(UTC)).prepare,
        rate=lambda name: registry.account_rate(name, secrets),
    )


@metrics.log_metrics
@logger.inject_lambda_context(clear_state=True)
@track_deadline
def handler(event: dict[str, Any], context: object) -> BatchResponse:
    """Take what a queue gives; what is to be tried again stays in it."""
    return consume(event, _take, hide=build_hide(SQS, variable("OUTBOUND_QUEUE_URL")))


def _take(record: SQSRecord) -> Retry | None:
    return _deliver(record) if is_fifo(record) else _reconcile(record)


def _deliver(record: SQSRecord) -> Retry | None:
    reference = relay.decode(record.body)
    attempt = sender.deliver(desk(), reference)
    logger.info("send.attempted", tag=reference.tag, state=attempt.state, step=attempt.step, reason=attempt.reason)
    count("SendPaced" if attempt.paced else f"Send{attempt.state.capitalize()}")
    if attempt.step is NextStep.RECONCILE:
        SQS.send_message(QueueUrl=variable("RECONCILE_QUEUE_URL"), MessageBody=record.body)
    return Retry(attempt.delay) if attempt.step is NextStep.AGAIN else None


def _reconcile(record: SQSRecord) -> Retry | None:
    """Give up what the carrier did not take; one that it cannot be asked about comes again minutes later."""
    reference = relay.decode(record.body)
    failed = reconciler.reconcile(desk(), reference, last=receive_count(record) >= MAX_LOOKS)
    logger.info("send.reconciled", tag=reference.tag, failed=failed)
    count("ReceiptsGivenUp", failed or 0)
    return Retry() if failed is None else None
