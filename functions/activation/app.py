"""The activation queue: activate conversations that were created with their participants.

Delivery: at least once for each conversation.

The work is in `partyline.lifecycle.activation`.
"""

from __future__ import annotations

from aws_lambda_powertools.utilities.data_classes import SQSEvent, event_source
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from partyline import bootstrap
from partyline.deadline import track_deadline
from partyline.lifecycle.activation import ActivationOutcome, Activator
from partyline.observability import count, logger, metrics
from partyline.queues import queue_messages
from partyline.queues.queue_consumer import BatchResponse, consume
from partyline.queues.queue_messages import ActivationRequest

PRE_WEBHOOK = bootstrap.build_pre_webhook(bootstrap.build_public_http())
ACTIVATOR = Activator(bootstrap.build_table(), PRE_WEBHOOK.consult_all, bootstrap.now)
bootstrap.prepare()
METRICS = {
    ActivationOutcome.ACTIVATED: "ActivationDone",
    ActivationOutcome.FAILED: "ActivationFailed",
    ActivationOutcome.REPEATED: "ActivationRepeated",
}


@metrics.log_metrics
@logger.inject_lambda_context(clear_state=True)
@track_deadline
@event_source(data_class=SQSEvent)
def handler(event: SQSEvent, context: LambdaContext) -> BatchResponse:
    """Activate each conversation of a batch. A record that fails is delivered again."""
    return consume(event, _activate)


def _activate(record: SQSRecord) -> None:
    sid = queue_messages.decode(ActivationRequest, record.body).conversation_sid
    outcome = ACTIVATOR.activate(sid)
    logger.info("activation.run", conversation_sid=sid, outcome=outcome.value)
    count(METRICS[outcome])
