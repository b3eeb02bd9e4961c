"""POST /carriers/{carrier}: texts and delivery reports. The response is 2xx only after they are stored.

The work is in `partyline.inbound`.
"""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from partyline import bootstrap
from partyline.carriers import gateway_event, registry
from partyline.deadline import track_deadline
from partyline.domain.conversations import Conversation
from partyline.domain.lines import Line
from partyline.domain.participants import Participant
from partyline.domain.services import Configuration, Service
from partyline.domain.webhook_configuration import WebhookConfiguration
from partyline.errors import WebhookRefused
from partyline.observability import count, logger, metrics
from partyline.settings import variable

bootstrap.prepare_snapshot()
PUBLIC_HTTP = bootstrap.build_public_http()
PRE_WEBHOOK = bootstrap.build_pre_webhook(PUBLIC_HTTP)
TABLE = bootstrap.build_table(bootstrap.read_hash_key)
WEBHOOKS = bootstrap.build_webhook_handler(TABLE, PUBLIC_HTTP, PRE_WEBHOOK.consult)
# What a text into a known thread is recorded with.
READ = (Line, Service, Configuration, WebhookConfiguration, Conversation, Participant)
bootstrap.prepare(bootstrap.load_carriers, bootstrap.load_stored(*READ), TABLE.connect)
# To Twilio this means "no reply". The other carriers do not read it.
ACCEPTED = {"statusCode": 200, "headers": {"Content-Type": "text/xml"}, "body": "<Response/>"}


@metrics.log_metrics
@logger.inject_lambda_context(clear_state=True)
@track_deadline
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Handle a webhook of a carrier."""
    name = gateway_event.carrier_of(event)
    count("WebhookReceived")
    try:
        carrier = bootstrap.build_carrier(name)
    except LookupError as error:
        return _refuse(name, WebhookRefused(403, str(error)))
    try:
        WEBHOOKS.handle(carrier, gateway_event.parse_event(event, variable("PUBLIC_URL")), bootstrap.now())
    except WebhookRefused as refused:
        return _refuse(name, refused)
    return ACCEPTED


def _refuse(carrier: str, refused: WebhookRefused) -> dict[str, Any]:
    logger.warning("webhook.refused", carrier=registry.log_label(carrier), status=refused.status, reason=refused.reason)
    count("WebhookRefused")
    return {"statusCode": refused.status, "headers": dict(refused.headers), "body": ""}
