"""What one would write: a webhook of Bandwidth with FastAPI, Mangum, pydantic and AWS's SDK, that records a text.

It checks the token of the path, finds the conversation by the set of its numbers, and writes the text with its index
once, in two requests to the table. It knows no Services, lines, opt-outs, keywords, webhooks or copies, informs no
client of the text, and writes neither logs nor metrics.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Literal
from uuid import uuid4

import boto3
from botocore.exceptions import ClientError
from fastapi import FastAPI, HTTPException, Response
from mangum import Mangum
from pydantic import BaseModel, Field

TABLE = os.environ["TABLE_NAME"]
TOKEN = os.environ["WEBHOOK_TOKEN"]
DYNAMODB: Any = boto3.client("dynamodb")
# Two texts of one conversation may ask for the same index.
ATTEMPTS = 3


class BandwidthMessage(BaseModel):
    """The text itself."""

    id: str
    time: datetime
    owner: str
    sender: str = Field(alias="from")
    to: list[str]
    text: str = ""
    media: list[str] = []


class BandwidthEvent(BaseModel):
    """One event of a webhook."""

    type: Literal["message-received"]
    message: BandwidthMessage


async def receive(token: str, events: list[BandwidthEvent]) -> Response:
    """Answer a webhook: 200 after its texts are stored.

    It waits for the table without letting others run, since Lambda gives it one request at a time. A thread for each
    request would take a tenth more.
    """
    if not hmac.compare_digest(token, TOKEN):
        raise HTTPException(403, "wrong token")
    for event in events:
        record(event.message)
    return Response(status_code=200)


def record(message: BandwidthMessage) -> None:
    """Write a text into its conversation, which may be new. One that was written before is left alone."""
    for _ in range(ATTEMPTS):
        found = DYNAMODB.get_item(TableName=TABLE, Key=set_key(message), ConsistentRead=True).get("Item")
        try:
            DYNAMODB.transact_write_items(TransactItems=list(list_writes(message, found)))
        except ClientError as error:
            reasons = error.response.get("CancellationReasons")
            if not reasons:
                raise
            if reasons[0]["Code"] == "ConditionalCheckFailed":
                return
        else:
            return
    raise HTTPException(503, "try again")


def set_key(message: BandwidthMessage) -> dict[str, Any]:
    """The key of the conversation of a set of numbers."""
    numbers = ",".join(sorted({message.sender, *message.to}))
    return {"PK": {"S": "SET#" + hashlib.sha256(numbers.encode()).hexdigest()}, "SK": {"S": "SET"}}


def list_writes(message: BandwidthMessage, found: dict[str, Any] | None) -> Iterator[dict[str, Any]]:
    """What a text writes: that it came, its conversation, and itself."""
    unknown = {"ConditionExpression": "attribute_not_exists(PK)", "TableName": TABLE}
    sid = found["sid"]["S"] if found else f"CH{uuid4().hex}"
    index = int(found["count"]["N"]) if found else 0
    yield {"Put": {"Item": {"PK": {"S": f"RECEIVED#{message.id}"}, "SK": {"S": "RECEIVED"}}, **unknown}}
    if found:
        condition: dict[str, Any] = {
            "TableName": TABLE,
            "Key": set_key(message),
            "UpdateExpression": "SET #count = :next",
            "ConditionExpression": "#count = :count",
            "ExpressionAttributeNames": {"#count": "count"},
            "ExpressionAttributeValues": {":next": {"N": str(index + 1)}, ":count": {"N": str(index)}},
        }
        yield {"Update": condition}
    else:
        members = {"L": [{"S": number} for number in (message.sender, *message.to)]}
        new = {**set_key(message), "sid": {"S": sid}, "count": {"N": "1"}, "members": members}
        yield {"Put": {"Item": new, **unknown}}
    text = {
        "PK": {"S": f"CONVERSATION#{sid}"},
        "SK": {"S": f"MESSAGE#{index:010}"},
        "sid": {"S": f"IM{uuid4().hex}"},
        "author": {"S": message.sender},
        "body": {"S": message.text},
        "media": {"L": [{"S": url} for url in message.media]},
        "sent": {"S": message.time.isoformat()},
    }
    yield {"Put": {"Item": text, "TableName": TABLE}}


app = FastAPI()
app.add_api_route("/carriers/bandwidth/{token}", receive, methods=["POST"])
handler = Mangum(app, lifespan="off")
