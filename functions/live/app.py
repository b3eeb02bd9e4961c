"""The live queue: what happened, told to live connections in the order of each conversation; and who is cut off."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from partyline import aws_clients
from partyline.deadline import track_deadline
from partyline.observability import count, logger, metrics
from partyline.queues.queue_consumer import BatchResponse, Retry, build_hide, consume, receive_count, sent_at
from partyline.realtime import publisher
from partyline.realtime.gateway import ApiGateway, LiveConnections
from partyline.realtime.publisher import Push, Pushed
from partyline.settings import variable
from partyline.storage.table import Table

SQS = aws_clients.sqs()
DESK = LiveConnections(
    Table(aws_clients.dynamodb(), variable("TABLE_NAME")),
    wire=ApiGateway(variable("LIVE_ENDPOINT")),
    clock=lambda: datetime.now(UTC),
)
# Seconds until a push is repeated that a connection did not take.
BACKOFF = 2


@metrics.log_metrics
@logger.inject_lambda_context(clear_state=True)
@track_deadline
def handler(event: dict[str, Any], context: object) -> BatchResponse:
    """Take what the queue gives; what is to be pushed again stays in it."""
    return consume(event, _push, hide=build_hide(SQS, variable("LIVE_QUEUE_URL")))


def _push(record: SQSRecord) -> Retry | None:
    told = publisher.decode(record.body)
    if isinstance(told, Push) and publisher.is_expired(sent_at(record), datetime.now(UTC)):
        logger.warning("live.dropped", subject=told.subject)
        count("LiveDropped")
        return None
    pushed = publisher.push_to_connections(DESK, told, received=receive_count(record))
    _log(told.subject, pushed)
    return Retry(BACKOFF) if pushed.again else None


def _log(subject: str, pushed: Pushed) -> None:
    logger.info(
        "live.pushed", subject=subject, taken=pushed.taken, gone=pushed.gone, cut=pushed.cut, again=pushed.again
    )
    count("LivePushed", pushed.taken)
    count("LiveGone", pushed.gone)
    count("LiveCut", pushed.cut)
    count("LiveRepeated", int(pushed.again))
