"""Build the AWS clients, with time-outs and retries of our own.

With the SDK's defaults, a connection that broke while a function was frozen blocks a request for a minute, and the SDK
of the runtime decides about retries. A DynamoDB request is retried once here; `storage.retry` waits out throttling.

The services of the JSON protocol are called without the SDK (`partyline.aws`, decisions 0162 and 0164), unless
AWS_CLIENT is `sdk` or only the SDK knows the way to them. The SDK is imported where a client of it is built: a function
without it starts in half the time.
"""

from __future__ import annotations

import os
from threading import Lock
from typing import TYPE_CHECKING, Any

from partyline.aws import connections
from partyline.aws.cognito import COGNITO, Cognito
from partyline.aws.credential_source import CredentialSource
from partyline.aws.dynamodb import DYNAMODB, DynamoDb
from partyline.aws.json_client import JsonClient, JsonService
from partyline.aws.kms import KMS, Kms
from partyline.aws.secrets_manager import SECRETS_MANAGER, SecretsManager
from partyline.aws.sqs import SQS, QueueClient, Sqs

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient

# Parallel requests to the table, and to the queues, of the functions that make most.
TABLE_CONNECTIONS = 32
QUEUE_CONNECTIONS = 8

_credentials = CredentialSource()
_building = Lock()


def dynamodb() -> DynamoDb | DynamoDBClient:
    """Build the client of the table. Both attempts fit into the shortest time-out of a function (10 seconds)."""
    direct = _build_direct(DYNAMODB, connect=1, read=3, attempts=2, size=TABLE_CONNECTIONS)
    if direct:
        return DynamoDb(direct)
    client: DynamoDBClient = _build_sdk(
        "dynamodb", connect=1, read=3, attempts=2, max_pool_connections=TABLE_CONNECTIONS
    )
    return client


def secrets_manager() -> SecretsManager | SecretsManagerClient:
    """Build the client of the secrets. Both attempts fit into the five seconds of the authorizer."""
    direct = _build_direct(SECRETS_MANAGER, connect=0.5, read=1.5, attempts=2, size=1)
    if direct:
        return SecretsManager(direct)
    client: SecretsManagerClient = _build_sdk("secretsmanager", connect=0.5, read=1.5, attempts=2)
    return client


def sqs() -> QueueClient:
    """Build the client of the queues."""
    direct = _build_direct(SQS, connect=1, read=3, attempts=3, size=QUEUE_CONNECTIONS)
    if direct:
        return Sqs(direct)
    client: SQSClient = _build_sdk("sqs", connect=1, read=3, attempts=3)
    return client


def s3() -> S3Client:
    """Build the client of the bucket. A file takes longer than an item."""
    client: S3Client = _build_sdk("s3", connect=2, read=5, attempts=2)
    return client


def kms() -> Any:
    """Build the client of the keys. Both attempts fit into the time-outs of the functions that use it."""
    direct = _build_direct(KMS, connect=1, read=3, attempts=2, size=1)
    return Kms(direct) if direct else _build_sdk("kms", connect=1, read=3, attempts=2)


def cognito() -> Any:
    """Build the client of user pools. Both attempts fit into the time-out of the signin function."""
    direct = _build_direct(COGNITO, connect=1, read=3, attempts=2, size=1)
    return Cognito(direct) if direct else _build_sdk("cognito-idp", connect=1, read=3, attempts=2)


def live_connections(endpoint: str, *, at_once: int) -> Any:
    """Build the client that manages live connections, for `at_once` parallel requests.

    A connection that accepts no frame must not delay the others for long.
    """
    return _build_sdk("apigatewaymanagementapi", endpoint, connect=2, read=5, attempts=2, max_pool_connections=at_once)


def _build_direct(service: JsonService, *, connect: float, read: float, attempts: int, size: int) -> JsonClient | None:
    """Build a client without the SDK: seconds to connect and to read, attempts in all, and connections that are kept.

    Returns None where the SDK has to be used.
    """
    if os.environ.get("AWS_CLIENT") == "sdk":
        return None
    region = os.environ.get("AWS_REGION") or os.environ["AWS_DEFAULT_REGION"]
    endpoint = connections.find_endpoint(service.name, region, os.environ, service.variable)
    if endpoint is None:
        return None
    pool = connections.ConnectionPool(endpoint, connections.Timeouts(connect, read), size=size)
    return JsonClient(service, region, pool, _credentials, attempts)


def _build_sdk(
    service: str, endpoint: str | None = None, *, connect: float, read: float, attempts: int, **more: Any
) -> Any:
    """Build a client of the SDK: seconds to connect, seconds between two bytes of an answer, and attempts in all."""
    import boto3  # noqa: PLC0415
    from botocore.config import Config  # noqa: PLC0415

    config = Config(
        connect_timeout=connect,
        read_timeout=read,
        retries={"mode": "standard", "total_max_attempts": attempts},
        tcp_keepalive=True,
        **more,
    )
    client: Any = boto3.client
    # Threads must not build clients at once: the SDK's session is for one.
    with _building:
        return client(service, endpoint_url=endpoint, config=config)
