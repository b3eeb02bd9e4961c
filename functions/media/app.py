"""The media queue: copy one file of an inbound text from its carrier into the stack's bucket.

The work is in `partyline.media.ingest`. Uploads are in functions/conversations, links to files in functions/links.
"""

from __future__ import annotations

from aws_lambda_powertools.utilities.data_classes import SQSEvent, event_source
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from partyline import bootstrap
from partyline.deadline import track_deadline
from partyline.domain.media import MediaReference
from partyline.inbound import late_text_part
from partyline.media import ingest
from partyline.media.ingest import IngestOutcome
from partyline.observability import count, logger, metrics
from partyline.queues import queue_messages
from partyline.queues.queue_consumer import BatchResponse, Retry, build_hide, consume, receive_count
from partyline.settings import variable

SQS = bootstrap.build_sqs()
TABLE = bootstrap.build_table(bootstrap.read_hash_key)
BUCKET = bootstrap.build_bucket()
INGEST = ingest.MediaIngest(
    TABLE,
    BUCKET,
    carrier=bootstrap.build_carrier,
    send=bootstrap.build_public_http().send,
    clock=bootstrap.now,
    complete=late_text_part.TextCompleter(TABLE).complete,
)
bootstrap.prepare(bootstrap.load_carriers, TABLE.connect, BUCKET.prepare)


@metrics.log_metrics
@logger.inject_lambda_context(clear_state=True)
@track_deadline
@event_source(data_class=SQSEvent)
def handler(event: SQSEvent, context: LambdaContext) -> BatchResponse:
    """Copy the file of each record. A record whose file the carrier does not have yet stays in the queue."""
    return consume(event, _ingest, hide=build_hide(SQS, variable("MEDIA_QUEUE_URL")))


def _ingest(record: SQSRecord) -> Retry | None:
    reference = queue_messages.decode(MediaReference, record.body)
    result = INGEST.ingest(reference, receive_count(record))
    count(f"Media{result.outcome.capitalize()}")
    logger.info(
        f"media.{result.outcome}",
        media_sid=reference.media_sid,
        message_sid=reference.message_sid,
        reason=result.reason,
    )
    if result.unanswered:
        count("KeywordUnanswered")
    return Retry(result.delay) if result.outcome is IngestOutcome.WAITING else None
