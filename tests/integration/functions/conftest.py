"""The functions themselves, loaded as Lambda loads them, with their queues, secrets and table on moto."""

from __future__ import annotations

import importlib.util
import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import boto3
import pytest
from moto.core import DEFAULT_ACCOUNT_ID
from moto.sqs.models import sqs_backends

from partyline.observability import logger
from partyline.settings import forget_secrets
from tests.integration.conftest import resources
from tests.support.aws_requests import AwsRequest, Send, intercepted

ROOT = Path(__file__).parents[3]
SECRETS: dict[str, str] = json.loads((ROOT / "local" / "sample_secrets.json").read_text()) | {"key": "hash key"}
ACCOUNT_SID = "AC0123456789abcdef0123456789abcdef"
DEAD_LETTERS = ("callbacks-dead.fifo", "live-dead.fifo", "inbox-dead", "relay-dead")
# A transaction needs the permission of each of its parts.
PARTS = {
    "Get": "GetItem",
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
    "INSERT": "PartiQLInsert",
    "UPDATE": "PartiQLUpdate",
}


@dataclass(frozen=True)
class Context:
    """What Lambda tells a function of its invocation."""

    function_name: str = "function"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:123456789012:function:function"
    aws_request_id: str = "request"
    milliseconds: int = 30_000

    def get_remaining_time_in_millis(self) -> int:
        """How long the function may still run."""
        return self.milliseconds


def event(name: str) -> dict[str, Any]:
    """A sample event of events/, by function and name."""
    loaded: dict[str, Any] = json.loads((ROOT / "events" / f"{name}.json").read_text())
    return loaded


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> Callable[[], str]:
    """What the functions have logged so far."""
    stream = io.StringIO()
    monkeypatch.setattr(logger.registered_handler, "stream", stream)
    return stream.getvalue


@pytest.fixture(scope="module")
def clients(dynamodb: Any) -> dict[str, Any]:
    """Clients of what the functions use beside the table. Making one takes longer than most tests."""
    return {service: boto3.client(service) for service in ("s3", "secretsmanager")}


@pytest.fixture
def secret(client: Any, clients: dict[str, Any]) -> Callable[[dict[str, str]], None]:
    """Sets the carriers' secret anew."""
    manager = clients["secretsmanager"]
    manager.create_secret(Name="carriers", SecretString="{}")

    def store(values: dict[str, str]) -> None:
        manager.put_secret_value(SecretId="carriers", SecretString=json.dumps(values))
        forget_secrets()

    store(SECRETS)
    return store


def queue(name: str) -> str:
    """The URL of a new queue. A client would ask for it through HTTP, which takes longer than a test."""
    fifo = {"FifoQueue": "true"} if name.endswith(".fifo") else {}
    sqs_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].create_queue(name, **fifo)
    return f"https://sqs.us-east-1.amazonaws.com/{DEFAULT_ACCOUNT_ID}/{name}"


@pytest.fixture
def function(
    client: Any, clients: dict[str, Any], secret: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str], ModuleType]]:
    """Loads functions/<name>/app.py afresh, with its environment."""
    variables = {
        "TABLE_NAME": "partyline",
        "ACCOUNT_SID": ACCOUNT_SID,
        "PUBLIC_URL": "",
        "CARRIERS_SECRET_ARN": "carriers",
        "AUTH_SECRET_ARN": "carriers",
        "OPT_OUTS_SECRET_ARN": "carriers",
        "ALLOWED_NETWORKS": "",
        "GROUP_LIMIT": "10",
        "ALLOWED_ORIGINS": "",
        "OUTBOUND_QUEUE_URL": queue("outbound.fifo"),
        "CALLBACKS_QUEUE_URL": queue("callbacks.fifo"),
        "LIVE_QUEUE_URL": queue("live.fifo"),
        "LIVE_ENDPOINT": "https://live.example/prod",
        "ACTIVATION_QUEUE_URL": queue("activation"),
        "RECONCILE_QUEUE_URL": queue("reconcile"),
        "CLEANUP_QUEUE_URL": queue("cleanup"),
        "CLEANUP_SECONDS": "0",
        "DEAD_LETTERS_URLS": ",".join(map(queue, DEAD_LETTERS)),
        "INBOX_QUEUE_URL": queue("inbox"),
        "PUSH_QUEUE_URL": queue("push"),
        # The tests that use the key make one.
        "PUSH_KEY_ID": "push-key",
        "IMPORTS_QUEUE_URL": queue("imports"),
        "CATCH_UP_QUEUE_URL": queue("catchup"),
        "RELAY_FAILURES_URL": queue("failures"),
        "MEDIA_QUEUE_URL": queue("media"),
        "MEDIA_BUCKET": "media",
        "MEDIA_LINK_SECONDS": "86400",
        "CARRIER_TIMEOUT": "3",
        "SEND_CONCURRENCY": "200",
        "CARRIER_URLS": "",
        "LIVE_URL": "wss://live.example/prod",
        "SIGN_IN_ROLES": "admins=inbox admin,staff=inbox member,limited=inbox limited",
        "SIGN_IN_IDENTITY": "sub",
        "SIGN_IN_LANDING": "session",
        "SIGN_IN_SCOPES": "openid email profile",
        "SIGN_IN_GROUPS": "cognito:groups",
        "SIGN_IN_ISSUER": "https://id.example/pool",
        "SIGN_IN_AUTHORIZE_URL": "https://id.example/authorize",
        "SIGN_IN_TOKEN_URL": "https://id.example/token",
        "SIGN_IN_POOL_ID": "",
        "SIGN_IN_CLIENT_ID": "client-1",
        "SIGN_IN_SECRET_ARN": "carriers",
        "POWERTOOLS_SERVICE_NAME": "partyline",
    }
    clients["s3"].create_bucket(Bucket="media")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    def load(name: str) -> ModuleType:
        spec = importlib.util.spec_from_file_location(f"{name}_app", ROOT / "functions" / name / "app.py")
        assert spec and spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    yield load
    forget_secrets()


def statements(function: str) -> list[dict[str, Any]]:
    """What a function's role allows."""
    [policy] = resources()[f"{function.title()}FunctionRole"]["Properties"]["Policies"]
    # One that depends on a condition reads as None, and is for no table.
    return [statement for statement in policy["PolicyDocument"]["Statement"] if statement]


def granted(function: str) -> set[str]:
    """The DynamoDB actions that a function's role allows, but for those by which Lambda follows the stream."""
    actions = {
        action
        for one in statements(function)
        if one["Sid"] != "Follow"
        for action in ([one["Action"]] if isinstance(one["Action"], str) else one["Action"])
    }
    return {action.removeprefix("dynamodb:") for action in actions if action.startswith("dynamodb:")}


@pytest.fixture
def delays(client: Any) -> Iterator[list[Mapping[str, Any]]]:
    """What is asked of the visibility of a queue's messages, and is not done: the sample events are in no queue."""
    asked: list[Mapping[str, Any]] = []

    def take(request: AwsRequest, send: Send) -> Any:
        if request.operation != "ChangeMessageVisibility":
            return send()
        asked.append(request.parameters)
        return {}

    with intercepted(take):
        yield asked


@pytest.fixture
def called(client: Any) -> Iterator[set[str]]:
    """The DynamoDB actions that were asked for, by any client."""
    actions: set[str] = set()

    def record(request: AwsRequest, send: Send) -> Any:
        if request.service == "dynamodb":
            parts = [next(iter(part)) for part in request.parameters.get("TransactItems", ())]
            parts += [one["Statement"].split(" ")[0] for one in request.parameters.get("Statements", ())]
            actions.update([PARTS[part] for part in parts] or [request.operation])
        return send()

    with intercepted(record):
        yield actions
