"""Build the AWS clients, with time-outs and retries of our own.

With the defaults, a connection that broke while a function was frozen blocks a request for a minute, and the SDK of the
runtime decides about retries. A DynamoDB request is retried once here; `storage.retry` waits out throttling.
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
    """Build a configuration: seconds to connect, seconds between two bytes of an answer, and attempts in all."""
    return Config(
        connect_timeout=connect,
        read_timeout=read,
        retries={"mode": "standard", "total_max_attempts": attempts},
        tcp_keepalive=True,
        **more,
    )


def dynamodb() -> DynamoDBClient:
    """Build the client of the table. Both attempts fit into the shortest time-out of a function (10 seconds)."""
    return boto3.client("dynamodb", config=_config(connect=1, read=3, attempts=2, max_pool_connections=32))


def sqs() -> SQSClient:
    """Build the client of the queues."""
    return boto3.client("sqs", config=_config(connect=1, read=3, attempts=3))


def s3() -> S3Client:
    """Build the client of the bucket. A file takes longer than an item."""
    return boto3.client("s3", config=_config(connect=2, read=5, attempts=2))


def secrets_manager() -> SecretsManagerClient:
    """Build the client of the secrets. Both attempts fit into the five seconds of the authorizer."""
    return boto3.client("secretsmanager", config=_config(connect=0.5, read=1.5, attempts=2))


def kms() -> Any:
    """Build the client of the keys. Both attempts fit into the time-outs of the functions that use it."""
    return boto3.client("kms", config=_config(connect=1, read=3, attempts=2))


def cognito() -> Any:
    """Build the client of user pools. Both attempts fit into the time-out of the signin function."""
    return boto3.client("cognito-idp", config=_config(connect=1, read=3, attempts=2))


def live_connections(endpoint: str, *, at_once: int) -> Any:
    """Build the client that manages live connections, for `at_once` parallel requests.

    A connection that accepts no frame must not delay the others for long.
    """
    config = _config(connect=2, read=5, attempts=2, max_pool_connections=at_once)
    return boto3.client("apigatewaymanagementapi", endpoint_url=endpoint, config=config)
