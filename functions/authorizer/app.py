"""The challenge for Bandwidth: it sends its credentials only after a 401 with WWW-Authenticate.

API Gateway renames that header when a function answers with it, but not when an authorizer refuses: raising
"Unauthorized" makes the gateway's own response. The inbound function authenticates again by itself.
"""

from __future__ import annotations

import time
from typing import Any

from partyline.carriers import registry, webhooks
from partyline.carriers.transport import no_transport
from partyline.errors import WebhookRefused
from partyline.observability import logger
from partyline.settings import secret, variable


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Let a webhook through, ask for its credentials, or deny it."""
    effect = "Deny"
    try:
        carrier = registry.build(webhooks.carrier_of(event), secret(variable("CARRIERS_SECRET_ARN")), no_transport)
        carrier.authenticate(webhooks.from_event(event, public_url=""), time.time())
        effect = "Allow"
    except LookupError:
        logger.warning("webhook.refused", reason="the carrier is not configured")
    except WebhookRefused as refused:
        logger.warning("webhook.refused", reason=refused.reason)
        if "WWW-Authenticate" in refused.headers:
            raise Exception("Unauthorized") from refused  # noqa: TRY002  (the word is API Gateway's protocol)
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": event["methodArn"]}
    return {"principalId": "carrier", "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}}
