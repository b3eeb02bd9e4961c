"""The outbound queue: hand one text at a time to a carrier, in the order of each conversation.

The reconcile queue: ask the carriers for the outcome of the sends that they may or may not have accepted.

The work is in `partyline.outbound`.
"""

from __future__ import annotations

from datetime import datetime
from functools import cache

from aws_lambda_powertools.utilities.data_classes import SQSEvent, event_source
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from partyline import bootstrap
from partyline.carriers import gateway_event, registry
from partyline.carriers.transport import build_transport
from partyline.deadline import track_deadline
from partyline.domain.lines import Line
from partyline.domain.messages import Message
from partyline.domain.receipts import Receipt
from partyline.domain.sends import SendReference
from partyline.media.outbound_files import OutboundFiles
from partyline.observability import count, logger, metrics
from partyline.outbound.carrier_requester import CarrierRequester
from partyline.outbound.rate_limiter import RateLimiter
from partyline.outbound.reconciler import Reconciler
from partyline.outbound.send_attempt import NextStep
from partyline.outbound.send_job import SendLoader
from partyline.outbound.send_settlement import SendSettlement
from partyline.outbound.sender import Sender
from partyline.queues import queue_messages
from partyline.queues.queue_consumer import BatchResponse, Retry, build_hide, consume, is_fifo, receive_count
from partyline.settings import variable
from partyline.storage import restorations

SQS = bootstrap.build_sqs()
TABLE = bootstrap.build_table(bootstrap.read_hash_key)
FILES = OutboundFiles(TABLE, bootstrap.build_bucket(), bootstrap.build_media_link, bootstrap.now)
HTTP = build_transport(timeout=float(variable("CARRIER_TIMEOUT")))
SETTLEMENT = SendSettlement(TABLE, bootstrap.now)
# What a send reads.
READ = (SendReference, Message, Receipt, Line)
bootstrap.prepare(bootstrap.load_carriers, bootstrap.load_stored(*READ), TABLE.connect)
# The carrier that each line had when it last sent (SendLoader).
LINE_CARRIERS: dict[str, str] = {}
# The share of all concurrent requests that a slow carrier may hold.
SLOW_SHARE = 4
# How often a carrier is asked for the outcome of a text, minutes apart. The queue would deliver it more often.
MAX_LOOKS = 4


@cache
def read_restored_at() -> datetime | None:
    """Return when the table was restored from a backup. It is so before the stack has it, and read once."""
    return restorations.fetch(TABLE)


def build_loader() -> SendLoader:
    """Build the loader from the current carrier secrets."""
    return SendLoader(
        TABLE,
        find_carrier=lambda name: bootstrap.build_carrier(name, HTTP),
        callback_url=lambda carrier, tag: gateway_event.callback_url(variable("PUBLIC_URL"), carrier, tag),
        carriers=LINE_CARRIERS,
    )


def slow_slots() -> int:
    """Return how many requests may wait for one slow carrier at a time."""
    return max(1, int(variable("SEND_CONCURRENCY")) // SLOW_SHARE)


def build_sender() -> Sender:
    """Build the sender from the current carrier secrets."""
    secrets = bootstrap.read_carrier_secrets()
    rate_limiter = RateLimiter(TABLE, bootstrap.now, lambda name: registry.account_rate(name, secrets), slow_slots())
    requester = CarrierRequester(TABLE, bootstrap.now, SETTLEMENT, rate_limiter, read_restored_at)
    return Sender(build_loader(), rate_limiter, FILES.prepare, requester, bootstrap.now)


def build_reconciler() -> Reconciler:
    """Build the reconciler from the current carrier secrets."""
    return Reconciler(TABLE, bootstrap.now, build_loader(), SETTLEMENT)


@metrics.log_metrics
@logger.inject_lambda_context(clear_state=True)
@track_deadline
@event_source(data_class=SQSEvent)
def handler(event: SQSEvent, context: LambdaContext) -> BatchResponse:
    """Deliver or reconcile each record. A record to be tried again stays in its queue."""
    return consume(event, _handle, hide=build_hide(SQS, variable("OUTBOUND_QUEUE_URL")))


def _handle(record: SQSRecord) -> Retry | None:
    return _deliver(record) if is_fifo(record) else _reconcile(record)


def _deliver(record: SQSRecord) -> Retry | None:
    reference = queue_messages.decode(SendReference, record.body)
    attempt = build_sender().deliver(reference, is_first=receive_count(record) == 1)
    logger.info("send.attempted", tag=reference.tag, state=attempt.state, step=attempt.step, reason=attempt.reason)
    count("SendPaced" if attempt.paced else f"Send{attempt.state.capitalize()}")
    if attempt.step is NextStep.RECONCILE:
        SQS.send_message(QueueUrl=variable("RECONCILE_QUEUE_URL"), MessageBody=record.body)
    return Retry(attempt.delay) if attempt.step is NextStep.RETRY else None


def _reconcile(record: SQSRecord) -> Retry | None:
    """Give up a send that the carrier did not accept. A record without an answer is delivered again minutes later."""
    reference = queue_messages.decode(SendReference, record.body)
    failed = build_reconciler().reconcile(reference, last=receive_count(record) >= MAX_LOOKS)
    logger.info("send.reconciled", tag=reference.tag, failed=failed)
    count("ReceiptsGivenUp", failed or 0)
    return Retry() if failed is None else None
