"""Every AWS client of the functions, with time-outs and a retry mode of ours.

Without them a connection that died while a function was frozen holds a request for a minute, and what is retried, and
how often, is up to the SDK of the runtime. DynamoDB is retried once here: throttles are `store.table`'s to wait out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient


def _config(*, connect: float, read: float, attempts: int, **more: Any) -> Config:
    """Seconds to connect and between two bytes of an answer, and how often a request is made in all."""
    return Config(
        connect_timeout=connect,
        read_timeout=read,
        retries={"mode": "standard", "total_max_attempts": attempts},
        tcp_keepalive=True,
        **more,
    )


def dynamodb() -> DynamoDBClient:
    """The table's client. Both attempts at a request fit into the shortest function that has a table (10 seconds)."""
    return boto3.client("dynamodb", config=_config(connect=1, read=3, attempts=2, max_pool_connections=32))


def sqs() -> SQSClient:
    """The queues' client."""
    return boto3.client("sqs", config=_config(connect=1, read=3, attempts=3))


def s3() -> S3Client:
    """The bucket's client. A file takes longer than an item."""
    return boto3.client("s3", config=_config(connect=2, read=5, attempts=2))


def secrets_manager() -> SecretsManagerClient:
    """The secrets' client. Both attempts fit into the authorizer's five seconds."""
    return boto3.client("secretsmanager", config=_config(connect=0.5, read=1.5, attempts=2))


def live_connections(endpoint: str, *, at_once: int) -> Any:
    """The client that manages live connections, of which so many requests are under way at a time. A connection that
    takes no frame must not hold up the others for long."""
    config = _config(connect=2, read=5, attempts=2, max_pool_connections=at_once)
    return boto3.client("apigatewaymanagementapi", endpoint_url=endpoint, config=config)
