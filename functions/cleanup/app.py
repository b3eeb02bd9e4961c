"""The clean-up queue: what is left of conversations, Services, users and files that were removed."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import Any

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from partyline import aws_clients
from partyline.deadline import track_deadline
from partyline.lifecycle import cleanup
from partyline.media.bucket import Bucket
from partyline.observability import count, logger, metrics
from partyline.queues.queue_consumer import BatchResponse, consume
from partyline.settings import variable
from partyline.storage.table import Table

SQS = aws_clients.sqs()
TABLE = Table(aws_clients.dynamodb(), variable("TABLE_NAME"))
BUCKET = Bucket(aws_clients.s3(), variable("MEDIA_BUCKET"))
# Milliseconds of a run's time in which no further step is begun.
RESERVE = 10_000


@metrics.log_metrics
@logger.inject_lambda_context(clear_state=True)
@track_deadline
def handler(event: dict[str, Any], context: LambdaContext) -> BatchResponse:
    """Clean up for as long as there is time; what has more left goes back into the queue."""
    desk = cleanup.Cleaner(
        TABLE,
        BUCKET,
        clock=lambda: datetime.now(UTC),
        has_time=lambda: context.get_remaining_time_in_millis() > RESERVE,
    )
    return consume(event, partial(_clean, desk))


def _clean(desk: cleanup.Cleaner, record: SQSRecord) -> None:
    removed = cleanup.decode(record.body)
    done = cleanup.clean_up(desk, removed)
    logger.info("cleanup.run", kind=removed.kind.value, sid=removed.sid, done=done)
    count("CleanupDone" if done else "CleanupContinued")
    if not done:
        SQS.send_message(QueueUrl=variable("CLEANUP_QUEUE_URL"), MessageBody=record.body)
