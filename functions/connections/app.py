"""The WebSocket: connections open with an access token, ask, and end."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from partyline import aws_clients, refusals
from partyline.deadline import track_deadline
from partyline.errors import ApiError, Conflict
from partyline.observability import count, logger, metrics
from partyline.realtime import sessions
from partyline.realtime.gateway import ApiGateway
from partyline.settings import secret, variable
from partyline.storage.table import Table

DESK = sessions.SessionContext(
    Table(aws_clients.dynamodb(), variable("TABLE_NAME")),
    wire=ApiGateway(variable("LIVE_ENDPOINT")),
    clock=lambda: datetime.now(UTC),
    account_sid=variable("ACCOUNT_SID"),
    key_root=lambda: secret(variable("KEYS_SECRET_ARN"))["root"],
)


@metrics.log_metrics
@logger.inject_lambda_context(clear_state=True)
@track_deadline
def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Take what happens on one connection. What a client's frame asks for is told by frames, not by the answer."""
    match event["requestContext"]["eventType"]:
        case "CONNECT":
            return {"statusCode": _connect(event)}
        case "DISCONNECT":
            sessions.disconnect(DESK, event["requestContext"]["connectionId"])
            count("LiveDisconnected")
        case _:
            _receive(event)
    return {"statusCode": 200}


def _connect(event: dict[str, Any]) -> int:
    try:
        connection = sessions.connect(DESK, event)
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


def _receive(event: dict[str, Any]) -> None:
    connection = event["requestContext"]["connectionId"]
    # Binary frames come encoded; the protocol has none.
    frame = "" if event.get("isBase64Encoded") else event.get("body") or ""
    refused = sessions.handle_frame(DESK, connection, frame)
    count("LiveFrame")
    if refused is not None:
        logger.info("live.frame_refused", connection=connection, code=refused.code)
        count("LiveFrameRefused")
