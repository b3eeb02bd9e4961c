"""Run the timers that are due and queue again what the relay lost, once a minute; once a day let old messages expire.

Delivery: at least once for each entry. A repeat changes nothing.

The work is in `partyline.lifecycle.expiry` and `partyline.lifecycle.outbox_sweeper`, and that of a scheduled message in
`partyline.api.scheduled_sending`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn

from aws_lambda_powertools.utilities.typing import LambdaContext

from partyline import bootstrap
from partyline.api.scheduled_sending import ScheduledSender
from partyline.deadline import track_deadline
from partyline.domain.media import MediaReference
from partyline.domain.sends import SendReference
from partyline.lifecycle import message_expirer
from partyline.lifecycle.expiry import TimerRunner
from partyline.lifecycle.outbox_sweeper import OutboxSweeper
from partyline.media.bucket import Bucket
from partyline.observability import count, logger, metrics
from partyline.queues import queue_messages
from partyline.queues.queue_messages import ActivationRequest
from partyline.queues.queue_sender import QueueMessage, send_all
from partyline.settings import variable

SQS = bootstrap.build_sqs()
LIVE = bootstrap.build_live_connections()


def refuse_key_root() -> NoReturn:
    """Raise LookupError: sending derives no secret and signs no link, so this function may not read their root."""
    raise LookupError("key root")


def refuse_bucket() -> NoReturn:
    """Raise LookupError: the files of a message were uploaded when it was scheduled, so sending needs none."""
    raise LookupError("bucket")


PRE_WEBHOOK = bootstrap.build_pre_webhook(bootstrap.build_public_http())
NO_BUCKET = Bucket(refuse_bucket, "")
SENDER = ScheduledSender(bootstrap.build_api_context(PRE_WEBHOOK.consult, refuse_key_root, NO_BUCKET))
# With so many sends in their queue, those that were not attempted yet are probably among them.
LONG_QUEUE = 10_000
# Nothing begins in the last milliseconds of a run: a pre-action webhook may take five seconds.
RESERVE = 10_000


def activate(sid: str) -> None:
    """Queue the activation of a conversation that is stuck in the state initializing."""
    logger.warning("activation.stuck", conversation_sid=sid)
    count("ActivationStuck")
    SQS.send_message(
        QueueUrl=variable("ACTIVATION_QUEUE_URL"), MessageBody=queue_messages.encode(ActivationRequest(sid))
    )


def queue_sends(references: Sequence[SendReference]) -> None:
    """Queue sends again that nobody attends to, each in the order of its conversation."""
    logger.warning("outbox.swept", conversation_sid=references[0].conversation_sid, sends=len(references))
    count("SendRequeued", len(references))
    url = variable("OUTBOUND_QUEUE_URL")
    messages = [
        QueueMessage(url, queue_messages.encode_send(one), one.conversation_sid, f"{one.message_sid}-{one.thread}")
        for one in references
    ]
    if send_all(SQS, messages):
        raise RuntimeError("sends were not queued")


def fetch_media(reference: MediaReference) -> None:
    """Queue the download of a file again."""
    SQS.send_message(QueueUrl=variable("MEDIA_QUEUE_URL"), MessageBody=queue_messages.encode(reference))


def has_room() -> bool:
    """Return whether the queue of sends is short."""
    answer = SQS.get_queue_attributes(
        QueueUrl=variable("OUTBOUND_QUEUE_URL"), AttributeNames=["ApproximateNumberOfMessages"]
    )
    return int(answer["Attributes"]["ApproximateNumberOfMessages"]) < LONG_QUEUE


bootstrap.prepare(LIVE.table.connect)
SWEEPER = OutboxSweeper(LIVE.table, LIVE.clock, queue_sends, fetch_media, has_room)


@metrics.log_metrics
@logger.inject_lambda_context(clear_state=True)
@track_deadline
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """Run every timer that is due. Timers for which there is no time wait for the next minute."""
    message_expirer.order_expiry(LIVE.table, LIVE.clock())
    has_time = bootstrap.build_time_check(context, RESERVE)
    runner = TimerRunner(LIVE.table, LIVE.clock, activate, LIVE.expire, SENDER.send, SWEEPER.sweep, has_time)
    checked, done = runner.run()
    logger.info("timers.watched", looked=checked, done=done)
    count("DueLookedAt", checked)
