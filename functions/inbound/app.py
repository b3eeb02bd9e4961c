"""POST /carriers/{carrier}: texts and delivery reports. Answers 2xx when they are durable, and not before."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import Any

from partyline import aws_clients
from partyline.carriers import gateway_event, registry
from partyline.carriers.transport import no_transport
from partyline.deadline import track_deadline
from partyline.domain import sids
from partyline.errors import WebhookRefused
from partyline.http_client import Outgoing, networks
from partyline.inbound.recorder import InboundRecorder
from partyline.inbound.webhook_handler import WebhookHandler
from partyline.media import text_part
from partyline.observability import count, logger, metrics
from partyline.settings import auth_token, carrier_urls, secret, variable
from partyline.storage.table import Table
from partyline.webhooks import pre_action

OUTGOING = Outgoing(networks(variable("ALLOWED_NETWORKS")))
ASKING = pre_action.PreActionWebhook(variable("ACCOUNT_SID"), auth_token=auth_token, request=OUTGOING.ask)
TABLE = Table(aws_clients.dynamodb(), variable("TABLE_NAME"))
DESK = WebhookHandler(
    TABLE,
    InboundRecorder(TABLE, sids.default_service(variable("ACCOUNT_SID")), ASKING.consult),
    complete=partial(text_part.fetch_words, OUTGOING.ask),
)
# What Twilio takes for "no reply"; the others do not look at it.
TAKEN = {"statusCode": 200, "headers": {"Content-Type": "text/xml"}, "body": "<Response/>"}


@metrics.log_metrics
@logger.inject_lambda_context(clear_state=True)
@track_deadline
def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Take one webhook."""
    name = gateway_event.carrier_of(event)
    count("WebhookReceived")
    try:
        carrier = registry.build_carrier(name, secret(variable("CARRIERS_SECRET_ARN")), no_transport, carrier_urls())
    except LookupError as error:
        return _refuse(name, WebhookRefused(403, str(error)))
    try:
        DESK.handle(carrier, gateway_event.parse_event(event, variable("PUBLIC_URL")), datetime.now(UTC))
    except WebhookRefused as refused:
        return _refuse(name, refused)
    return TAKEN


def _refuse(carrier: str, refused: WebhookRefused) -> dict[str, Any]:
    logger.warning("webhook.refused", carrier=registry.log_label(carrier), status=refused.status, reason=refused.reason)
    count("WebhookRefused")
    return {"statusCode": refused.status, "headers": dict(refused.headers), "body": ""}
