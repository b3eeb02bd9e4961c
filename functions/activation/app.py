"""The activation queue: conversations that were made with their participants become active. At least once for each."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from partyline import aws_clients
from partyline.deadline import track_deadline
from partyline.http_client import Outgoing, networks
from partyline.lifecycle import activation
from partyline.lifecycle.activation import ActivationOutcome
from partyline.observability import count, logger, metrics
from partyline.queues.queue_consumer import BatchResponse, consume
from partyline.settings import auth_token, variable
from partyline.storage.table import Table
from partyline.webhooks import pre_action

ASKING = pre_action.PreActionWebhook(
    variable("ACCOUNT_SID"),
    auth_token=auth_token,
    request=Outgoing(networks(variable("ALLOWED_NETWORKS"))).ask,
)
DESK = activation.Activator(
    Table(aws_clients.dynamodb(), variable("TABLE_NAME")),
    ask=ASKING.consult_all,
    clock=lambda: datetime.now(UTC),
)
METRICS = {
    ActivationOutcome.ACTIVATED: "ActivationDone",
    ActivationOutcome.FAILED: "ActivationFailed",
    ActivationOutcome.REPEATED: "ActivationRepeated",
}


@metrics.log_metrics
@logger.inject_lambda_context(clear_state=True)
@track_deadline
def handler(event: dict[str, Any], context: object) -> BatchResponse:
    """Activate what the queue gives; one that fails comes again."""
    return consume(event, _activate)


def _activate(record: SQSRecord) -> None:
    sid = activation.decode(record.body)
    outcome = activation.activate_conversation(DESK, sid)
    logger.info("activation.run", conversation_sid=sid, outcome=outcome.value)
    count(METRICS[outcome])
