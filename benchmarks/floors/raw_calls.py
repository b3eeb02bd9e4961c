"""The calls of another program and nothing else, with AWS's SDK: the event is what was asked of each service."""

from __future__ import annotations

from typing import Any

import boto3
from botocore import xform_name
from botocore.exceptions import ClientError

CLIENTS: dict[str, Any] = {"DynamoDB": boto3.client("dynamodb"), "AmazonSQS": boto3.client("sqs")}


def handler(event: dict[str, Any], context: object) -> None:  # noqa: ARG001  (Lambda hands both over)
    """Make the calls, one after the other."""
    for service, operation, parameters in event["calls"]:
        try:
            getattr(CLIENTS[service], xform_name(operation))(**parameters)
        except ClientError:
            # Some writes are refused, as they were to the other program.
            continue
