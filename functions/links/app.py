"""GET /media/...: serve a file to the holder of a signed link, until the link expires.

The work is in `partyline.media.link_endpoint`.
"""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEvent, event_source
from aws_lambda_powertools.utilities.typing import LambdaContext

from partyline import bootstrap
from partyline.cors import parse_origins
from partyline.media.link_endpoint import LinkEndpoint
from partyline.observability import logger, metrics
from partyline.settings import variable

bootstrap.prepare_snapshot()
BUCKET = bootstrap.build_bucket()
LINKS = LinkEndpoint(BUCKET, root=bootstrap.read_key_root, clock=bootstrap.now)
CORS = parse_origins(variable("ALLOWED_ORIGINS"))
bootstrap.prepare(bootstrap.read_key_root, BUCKET.prepare)


@metrics.log_metrics
@logger.inject_lambda_context(clear_state=True)
@event_source(data_class=APIGatewayProxyEvent)
def handler(event: APIGatewayProxyEvent, context: LambdaContext) -> dict[str, Any]:
    """Answer a request."""
    response = LINKS.serve(event.http_method, event.path_parameters.get("proxy", ""))
    return CORS.apply(event.raw_event, response)
