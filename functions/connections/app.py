"""The WebSocket API: open connections by access token, answer their frames, and close them.

The work is in `partyline.realtime`, as that of functions/live, which pushes the events to these connections.
"""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.data_classes import event_source
from aws_lambda_powertools.utilities.data_classes.api_gateway_websocket_event import APIGatewayWebSocketEvent
from aws_lambda_powertools.utilities.typing import LambdaContext

from partyline import bootstrap, refusals
from partyline.deadline import track_deadline
from partyline.errors import ApiError, Conflict
from partyline.observability import count, logger, metrics
from partyline.realtime.sessions import Sessions
from partyline.settings import variable

bootstrap.prepare_snapshot()
LIVE = bootstrap.build_live_connections()
SESSIONS = Sessions(LIVE, variable("ACCOUNT_SID"), bootstrap.read_key_root)
bootstrap.prepare(bootstrap.read_key_root, LIVE.table.connect, LIVE.gateway.prepare)


@metrics.log_metrics
@logger.inject_lambda_context(clear_state=True)
@track_deadline
@event_source(data_class=APIGatewayWebSocketEvent)
def handler(event: APIGatewayWebSocketEvent, context: LambdaContext) -> dict[str, Any]:
    """Handle an event of one connection. Frames answer a frame, not this response."""
    match event["requestContext"]["eventType"]:
        case "CONNECT":
            return {"statusCode": _connect(event)}
        case "DISCONNECT":
            LIVE.disconnect(event["requestContext"]["connectionId"])
            count("LiveDisconnected")
        case _:
            _receive(event)
    return {"statusCode": 200}


def _connect(event: APIGatewayWebSocketEvent) -> int:
    try:
        connection = SESSIONS.connect(event)
    except Conflict:
        refused = refusals.busy()
    except ApiError as error:
        refused = error
    else:
        logger.info("live.connected", connection=connection.sid, service_sid=connection.service_sid)
        count("LiveConnected")
        return 200
    logger.warning("live.refused", code=refused.code, reason=(refused.details or {}).get("reason"))
    count("LiveRefused")
    return refused.status


def _receive(event: APIGatewayWebSocketEvent) -> None:
    connection = event["requestContext"]["connectionId"]
    # Only binary frames arrive encoded, and the protocol has none.
    frame = "" if event.get("isBase64Encoded") else event.body or ""
    refused = SESSIONS.handle_frame(connection, frame)
    count("LiveFrame")
    if refused is not None:
        logger.info("live.frame_refused", connection=connection, code=refused.code)
        count("LiveFrameRefused")
