"""Challenge Bandwidth: it sends its credentials only after a 401 with WWW-Authenticate.

API Gateway renames that header when a function answers with it, but not when an authorizer refuses: raising
"Unauthorized" makes the gateway's own response. The inbound function authenticates the webhook again.
"""

from __future__ import annotations

import time
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from partyline import bootstrap
from partyline.carriers import gateway_event
from partyline.errors import WebhookRefused
from partyline.observability import logger

bootstrap.prepare_snapshot()
bootstrap.prepare(bootstrap.load_carriers)


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Let a webhook through, ask for its credentials, or deny it."""
    try:
        carrier = bootstrap.build_webhook_authenticator(gateway_event.carrier_of(event))
    except LookupError as error:
        return _policy(event, "Deny", str(error))
    try:
        carrier.authenticate(gateway_event.parse_event(event, public_url=""), time.time())
    except WebhookRefused as refused:
        if "WWW-Authenticate" in refused.headers:
            logger.warning("webhook.refused", reason=refused.reason)
            raise Exception("Unauthorized") from refused  # noqa: TRY002  (the word is API Gateway's protocol)
        return _policy(event, "Deny", refused.reason)
    return _policy(event, "Allow", "authentic")


def _policy(event: dict[str, Any], effect: str, reason: str) -> dict[str, Any]:
    logger.info("webhook.judged", effect=effect, reason=reason)
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": event["methodArn"]}
    return {"principalId": "carrier", "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}}
