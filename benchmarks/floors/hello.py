"""The least that uses DynamoDB with AWS's SDK: one item is read."""

from __future__ import annotations

import os
from typing import Any

import boto3

DYNAMODB = boto3.client("dynamodb")
KEY = {"PK": {"S": "HELLO"}, "SK": {"S": "HELLO"}}


def handler(event: Any, context: object) -> dict[str, Any]:  # noqa: ARG001  (Lambda hands both over)
    """Read an item."""
    return {"found": "Item" in DYNAMODB.get_item(TableName=os.environ["TABLE_NAME"], Key=KEY)}
