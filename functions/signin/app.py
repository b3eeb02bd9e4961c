"""/session: sign people in by an identity provider, and give their browser access tokens.

The work is in `partyline.auth.sign_in`, the HTTP around it in `partyline.api.session_endpoint`.
"""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from partyline import bootstrap
from partyline.api.session_endpoint import SessionEndpoint
from partyline.deadline import track_deadline
from partyline.observability import logger, metrics
from partyline.settings import variable

bootstrap.prepare_snapshot()
SESSIONS = SessionEndpoint(
    bootstrap.build_sign_in(),
    public_url=variable("PUBLIC_URL"),
    live_url=variable("LIVE_URL"),
    landing=variable("SIGN_IN_LANDING"),
    group_limit=int(variable("GROUP_LIMIT")),
)
bootstrap.prepare(bootstrap.read_key_root)


@metrics.log_metrics
@logger.inject_lambda_context(clear_state=True)
@track_deadline
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer a request."""
    return SESSIONS.serve(event)
