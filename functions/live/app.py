"""The live queue: push events to WebSocket connections in the order of each conversation, and close connections.

The work is in `partyline.realtime`, as that of functions/connections, which opens these connections.
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
from partyline.queues.queue_messages import Push
from partyline.realtime import publisher
from partyline.realtime.publisher import Publisher, Pushed
from partyline.settings import variable

SQS = bootstrap.build_sqs()
CONNECTIONS = bootstrap.build_live_connections()
PUBLISHER = Publisher(CONNECTIONS)
bootstrap.prepare(CONNECTIONS.gateway.prepare)
# Seconds until a push that a connection did not accept is repeated.
BACKOFF = 2


@metrics.log_metrics
@logger.inject_lambda_context(clear_state=True)
@track_deadline
@event_source(data_class=SQSEvent)
def handler(event: SQSEvent, context: LambdaContext) -> BatchResponse:
    """Push the events of a batch. A push to be repeated stays in the queue."""
    return consume(event, _push, hide=build_hide(SQS, variable("LIVE_QUEUE_URL")))


def _push(record: SQSRecord) -> Retry | None:
    push = queue_messages.decode_live(record.body)
    if isinstance(push, Push) and publisher.is_expired(sent_at(record), bootstrap.now()):
        logger.warning("live.dropped", subject=push.subject)
        count("LiveDropped")
        return None
    pushed = PUBLISHER.publish(push, received=receive_count(record))
    _log(push.subject, pushed)
    return Retry(BACKOFF) if pushed.again else None


def _log(subject: str, pushed: Pushed) -> None:
    logger.info(
        "live.pushed", subject=subject, taken=pushed.taken, gone=pushed.gone, cut=pushed.cut, again=pushed.again
    )
    count("LivePushed", pushed.taken)
    count("LiveGone", pushed.gone)
    count("LiveCut", pushed.cut)
    count("LiveRepeated", int(pushed.again))
