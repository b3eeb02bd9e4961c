"""The media queue: one file of a text that came in, from its carrier into our own storage."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from partyline import aws_clients
from partyline.carriers import registry
from partyline.carriers.transport import no_transport
from partyline.deadline import track_deadline
from partyline.http_client import Outgoing, networks
from partyline.inbound import completion
from partyline.media import ingest
from partyline.media.bucket import Bucket
from partyline.media.ingest import IngestOutcome
from partyline.observability import count, logger, metrics
from partyline.queues.queue_consumer import BatchResponse, Retry, build_hide, consume, receive_count
from partyline.settings import carrier_urls, secret, variable
from partyline.storage.table import Table

SQS = aws_clients.sqs()
TABLE = Table(aws_clients.dynamodb(), variable("TABLE_NAME"))
DESK = ingest.MediaIngest(
    TABLE,
    Bucket(aws_clients.s3(), variable("MEDIA_BUCKET")),
    carrier=lambda name: registry.build_carrier(
        name, secret(variable("CARRIERS_SECRET_ARN")), no_transport, carrier_urls()
    ),
    ask=Outgoing(networks(variable("ALLOWED_NETWORKS"))).ask,
    clock=lambda: datetime.now(UTC),
    complete=completion.TextCompleter(TABLE).complete,
)


@metrics.log_metrics
@logger.inject_lambda_context(clear_state=True)
@track_deadline
def handler(event: dict[str, Any], context: object) -> BatchResponse:
    """Take what the queue gives; what its carrier does not give yet stays in it."""
    return consume(event, _collect, hide=build_hide(SQS, variable("MEDIA_QUEUE_URL")))


def _collect(record: SQSRecord) -> Retry | None:
    reference = ingest.decode(record.body)
    collected = DESK.ingest(reference, receive_count(record))
    count(f"Media{collected.outcome.capitalize()}")
    logger.info(
        f"media.{collected.outcome}",
        media_sid=reference.media_sid,
        message_sid=reference.message_sid,
        reason=collected.reason,
    )
    if collected.unanswered:
        count("KeywordUnanswered")
    return Retry(collected.delay) if collected.outcome is IngestOutcome.WAITING else None
