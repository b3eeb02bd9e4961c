"""/v1/...: Twilio's Conversations API, and our own resources beside it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from partyline import aws_clients
from partyline.api.app import handle_request
from partyline.api.context import ApiContext
from partyline.deadline import track_deadline
from partyline.http_client import Outgoing, networks
from partyline.media.bucket import Bucket
from partyline.observability import flush, logger
from partyline.settings import auth_token, secret, variable
from partyline.storage.table import Table
from partyline.webhooks import pre_action

ASKING = pre_action.PreActionWebhook(
    variable("ACCOUNT_SID"),
    auth_token=auth_token,
    request=Outgoing(networks(variable("ALLOWED_NETWORKS"))).ask,
)
DESK = ApiContext(
    Table(aws_clients.dynamodb(), variable("TABLE_NAME")),
    account_sid=variable("ACCOUNT_SID"),
    auth_token=auth_token,
    key_root=lambda: secret(variable("KEYS_SECRET_ARN"))["root"],
    clock=lambda: datetime.now(UTC),
    ask=ASKING.consult,
    bucket=Bucket(aws_clients.s3(), variable("MEDIA_BUCKET")),
    group_limit=int(variable("GROUP_LIMIT")),
    public_url=variable("PUBLIC_URL"),
)


@logger.inject_lambda_context(clear_state=True)
@track_deadline
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answer one request."""
    try:
        return handle_request(event, DESK)
    finally:
        flush()
