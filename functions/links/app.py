"""GET /media/...: a file of ours for whoever has a link to it, which is signed and ends."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from partyline import aws_clients
from partyline.media.bucket import Bucket
from partyline.media.link_endpoint import LinkEndpoint
from partyline.observability import logger, metrics
from partyline.settings import secret, variable

DESK = LinkEndpoint(
    Bucket(aws_clients.s3(), variable("MEDIA_BUCKET")),
    root=lambda: secret(variable("KEYS_SECRET_ARN"))["root"],
    clock=lambda: datetime.now(UTC),
)


@metrics.log_metrics
@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Answer one request."""
    return DESK.serve(str(event["httpMethod"]), str((event.get("pathParameters") or {}).get("proxy", "")))
