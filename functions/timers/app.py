"""Once a minute: what is due by now. At least once for each entry; repeats change nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from partyline import aws_clients
from partyline.deadline import track_deadline
from partyline.lifecycle import activation, expiry
from partyline.observability import count, logger, metrics
from partyline.realtime import gateway, sessions
from partyline.realtime.gateway import ApiGateway
from partyline.settings import variable
from partyline.storage.table import Table

SQS = aws_clients.sqs()
TABLE = Table(aws_clients.dynamodb(), variable("TABLE_NAME"))
LIVE = gateway.LiveConnections(TABLE, ApiGateway(variable("LIVE_ENDPOINT")), clock=lambda: datetime.now(UTC))
# Milliseconds of a run's time in which nothing further is begun.
RESERVE = 5_000


def activate(sid: str) -> None:
    """Have a conversation that is stuck activated once more."""
    logger.warning("activation.stuck", conversation_sid=sid)
    count("ActivationStuck")
    SQS.send_message(QueueUrl=variable("ACTIVATION_QUEUE_URL"), MessageBody=activation.encode(sid))


@metrics.log_metrics
@logger.inject_lambda_context(clear_state=True)
@track_deadline
def handler(_event: dict[str, Any], context: LambdaContext) -> None:
    """Look at everything that is due; what there is no time for waits for the next minute."""
    desk = expiry.TimerRunner(
        TABLE,
        clock=LIVE.clock,
        activate=activate,
        expire=lambda sid: sessions.expire(LIVE, sid),
        has_time=lambda: context.get_remaining_time_in_millis() > RESERVE,
    )
    looked, done = expiry.run_due_timers(desk)
    logger.info("timers.watched", looked=looked, done=done)
    count("DueLookedAt", looked)
