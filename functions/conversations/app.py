"""/v1 and /v2: Twilio's Conversations API, and Partyline's own resources beside it.

The work is in `partyline.api`.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from partyline import bootstrap
from partyline.api.app import handle_request
from partyline.cors import parse_origins
from partyline.deadline import track_deadline
from partyline.domain.conversations import Conversation
from partyline.domain.lines import Line
from partyline.domain.messages import Message
from partyline.domain.participants import Participant
from partyline.domain.receipts import Receipt
from partyline.domain.services import Configuration, Service
from partyline.domain.webhook_configuration import WebhookConfiguration
from partyline.observability import logger, metrics
from partyline.settings import auth_token, variable

bootstrap.prepare_snapshot()
PRE_WEBHOOK = bootstrap.build_pre_webhook(bootstrap.build_public_http())


@cache
def read_push_key() -> bytes:
    """Return the public key for push services. Its client is built by the first request that asks for it."""
    return bootstrap.build_push_key().read_public()


API = bootstrap.build_api_context(PRE_WEBHOOK.consult, bootstrap.read_key_root, bootstrap.build_bucket(), read_push_key)
CORS = parse_origins(variable("ALLOWED_ORIGINS"))
# What most requests read.
READ = (Service, Configuration, WebhookConfiguration, Conversation, Participant, Line, Message, Receipt)
bootstrap.prepare(auth_token, bootstrap.read_key_root, bootstrap.load_stored(*READ), API.table.connect)


@metrics.log_metrics
@logger.inject_lambda_context(clear_state=True)
@track_deadline
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer a request."""
    return CORS.apply(event, handle_request(event, API))
