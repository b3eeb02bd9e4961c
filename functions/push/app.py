"""The push queue: send the notifications of a message to browsers.

Delivery: at least once for each message and browser. A browser shows one notification of a conversation, the last.

The work is in `partyline.web_push.push_sender`.
"""

from __future__ import annotations

from functools import partial

from aws_lambda_powertools.utilities.data_classes import SQSEvent, event_source
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from partyline import bootstrap
from partyline.deadline import track_deadline
from partyline.observability import count, logger, metrics
from partyline.queues import queue_messages
from partyline.queues.queue_consumer import BatchResponse, consume
from partyline.queues.queue_messages import PushJob
from partyline.settings import variable
from partyline.web_push.push_sender import PushOutcome, PushSender

SQS = bootstrap.build_sqs()
TABLE = bootstrap.build_table()
IDENTIFICATION = bootstrap.build_push_identification()
HTTP = bootstrap.build_public_http()
bootstrap.prepare(IDENTIFICATION.key.read_public)
# No push service is asked in the last milliseconds of a run: one may take five seconds.
RESERVE = 8_000
METRICS = {
    PushOutcome.DELIVERED: "PushDelivered",
    PushOutcome.GONE: "PushGone",
    PushOutcome.RETRIED: "PushRetried",
    PushOutcome.REFUSED: "PushRefused",
    PushOutcome.DROPPED: "PushDropped",
}


@metrics.log_metrics
@logger.inject_lambda_context(clear_state=True)
@track_deadline
@event_source(data_class=SQSEvent)
def handler(event: SQSEvent, context: LambdaContext) -> BatchResponse:
    """Send what each message asks for. Browsers to be tried again go back into the queue."""
    has_time = bootstrap.build_time_check(context, RESERVE)
    sender = PushSender(TABLE, IDENTIFICATION, HTTP.send, bootstrap.now, has_time)
    return consume(event, partial(_send, sender))


def _send(sender: PushSender, record: SQSRecord) -> None:
    job = queue_messages.decode(PushJob, record.body)
    result = sender.send(job)
    for outcome, number in result.outcomes.items():
        count(METRICS[outcome], number)
    logger.info(
        "push.sent",
        conversation_sid=job.conversation_sid,
        message_sid=job.message_sid,
        tries=job.tries,
        outcomes={outcome.value: number for outcome, number in result.outcomes.items()},
    )
    if result.left is not None:
        SQS.send_message(
            QueueUrl=variable("PUSH_QUEUE_URL"),
            MessageBody=queue_messages.encode(result.left),
            DelaySeconds=result.delay,
        )
