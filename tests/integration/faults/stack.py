"""One stack in memory, whose functions are called one at a time; a moment of it can be kept, and gone back to."""

from __future__ import annotations

import json
import logging
import re
import ssl
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from partyline import aws_clients, bootstrap, observability, settings
from partyline.http_client import HttpClient, HttpRequest, HttpResponse
from partyline.storage import event_packing, retry
from partyline.storage.attribute_values import from_dynamo, to_dynamo
from tests.integration.faults import services
from tests.integration.faults.calls import Calls
from tests.integration.functions.conftest import Context
from tests.simulation import functions
from tests.simulation import stack as template
from tests.simulation.streams import is_selected
from tests.support.api_harness import ACCOUNT, HOST, TOKEN
from tests.support.identity_provider import FakeIdentityProvider, Person
from tests.support.memory_dynamodb import MemoryDynamoDB
from tests.support.simulated_carriers import SECRETS

START = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
PUBLIC_URL = f"https://{HOST}/prod"
# How long a repeat waits, in seconds: longer than a queue hides a message, and than a claim of anything lasts.
PAUSE = 400
# What differs from one run to another: random names, moments, and numbers of seconds.
_RANDOM = re.compile(r"(?<![0-9a-f+])[0-9a-f]{8,64}(?![0-9a-f])")
_SID = re.compile(r"\b([A-Z]{2})[0-9a-f]{32}\b")
_SHARD = re.compile(r"(?<=[a-zA-Z0-9>])#\d(?=[\" ])")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)?|\b1[789]\d{8}(\.\d+)?\b|\b1[789]\d{11}\b")
# What counts tries and changes, and a secret that is encrypted anew each time.
_COUNTS = frozenset({"attempts", "version", "frames", "refresh_token"})
# What remembers how others answer, and how often somebody has asked: a line's pace, a receiver, a turn, a quota.
_MEMORIES = re.compile(r"PACE#|H#|QU#|S#\S+ \S+~turn")

_ENVIRONMENT = {
    "TABLE_NAME": "partyline",
    "ACCOUNT_SID": ACCOUNT,
    "PUBLIC_URL": PUBLIC_URL,
    "CARRIERS_SECRET_ARN": "carriers",
    "AUTH_SECRET_ARN": "auth",
    "KEYS_SECRET_ARN": "keys",
    "OPT_OUTS_SECRET_ARN": "opt-outs",
    "DEAD_LETTERS_URLS": "CleanupDeadLetters",
    "LIVE_ENDPOINT": "https://live.example/prod",
    "LIVE_URL": "wss://live.example/prod",
    "MEDIA_BUCKET": "media",
    "PUSH_KEY_ID": "push-key",
    "SIGN_IN_ROLES": "admins=inbox admin",
    "SIGN_IN_IDENTITY": "sub",
    "SIGN_IN_LANDING": "session",
    "SIGN_IN_SCOPES": "openid email",
    "SIGN_IN_GROUPS": "cognito:groups",
    "SIGN_IN_ISSUER": "https://id.example/pool",
    "SIGN_IN_AUTHORIZE_URL": "https://id.example/authorize",
    "SIGN_IN_TOKEN_URL": "https://id.example/token",
    "SIGN_IN_POOL_ID": "",
    "SIGN_IN_CLIENT_ID": "client-1",
    "SIGN_IN_SECRET_ARN": "sign-in",
    "POWERTOOLS_SERVICE_NAME": "partyline",
}

# What an invocation has left: enough to wait for a throttle to its end.
_MILLISECONDS = 250_000


class InTurn(ThreadPoolExecutor):
    """A pool that does its work at once, one piece after the other: so calls have an order."""

    def submit(self, work: Any, /, *arguments: Any, **named: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(work(*arguments, **named))
        except Exception as error:  # noqa: BLE001  (who asks for the result gets it)
            future.set_exception(error)
        return future


@dataclass(frozen=True)
class Moment:
    """A stack at one moment: all that a call can have changed, copied."""

    containers: tuple[Any, ...]


@dataclass
class FaultyStack:
    """The stack. `calls` are those of the last invocation."""

    now: datetime = START
    calls: Calls = field(default_factory=Calls)
    records: list[dict[str, Any]] = field(default_factory=list)
    # The access token that was made last.
    token: str = ""

    def __post_init__(self) -> None:
        self.memory = MemoryDynamoDB(self.records.append, lambda: self.clock().timestamp())
        self.table = services.TableClient(self._current, self.memory)
        self.queues = services.QueuesClient(self._current)
        self.bucket = services.BucketClient(self._current)
        self.gateway = services.GatewayClient(self._current)
        self.keys = services.KeysClient(self._current, ec.generate_private_key(ec.SECP256R1()))
        values = {**SECRETS, "auth_token": TOKEN, "root": "key-root", "key": "hash key", "client_secret": "s/ecret+1"}
        self.secrets = services.SecretsClient(self._current, values)
        self.servers = services.Servers(self._current)
        self.provider = FakeIdentityProvider(START, {"ann": Person("ann", ["admins"], {"name": "Ann"})})
        self.servers.answers["id.example"] = lambda request: self.provider.send(request, timeout=1, max_body=1)

    def _current(self) -> Calls:
        return self.calls

    def clock(self) -> datetime:
        return self.now

    def invoke(self, function: str, event: Mapping[str, Any], calls: Calls | None = None) -> Any:
        """Call a function in a new process. Raises what it raises."""
        self.calls = calls or Calls()
        settings.forget_secrets()
        module = functions.load(function)
        return module.handler(json.loads(json.dumps(event)), Context(milliseconds=_MILLISECONDS))

    def _containers(self) -> list[Any]:
        """All that holds what calls have changed."""
        memory: Any = self.memory
        kept: Any = (memory._items, memory._partitions, memory._tokens, self.bucket.files, self.provider._codes)
        lists: Any = (self.queues.sent, self.gateway.posted, self.gateway.closed, self.servers.taken)
        return [*kept, self.provider._refresh_tokens, *lists]

    def keep(self) -> Moment:
        """Keep this moment."""
        return Moment(tuple(_copy(one) for one in self._containers()))

    def return_to(self, moment: Moment) -> None:
        """Go back to a moment, as often as one likes."""
        for container, kept in zip(self._containers(), moment.containers, strict=True):
            container.clear()
            (container.extend if isinstance(container, list) else container.update)(_copy(kept))
        self.records.clear()
        self.now = START

    def take_records(self) -> list[dict[str, Any]]:
        """Take what the stream has for the relay since it was last asked."""
        patterns = [json.loads(one["Pattern"]) for one in template.stream()["FilterCriteria"]["Filters"]]
        found = [record for record in self.records if is_selected(record, patterns)]
        self.records.clear()
        return found

    def describe(self) -> Counter[str]:
        """Describe what there is, without what is random or of a moment: so two ways to the same end are equal.

        A message that came to a queue twice is there once: FIFO queues see to it, and what is in the others is done at
        least once.
        """
        found = Counter(_describe_item(item) for item in self.memory.items() if not _is_memory(item))
        messages = {
            (one["QueueUrl"], one.get("MessageDeduplicationId", one["MessageBody"])): one for one in self.queues.sent
        }
        found.update(f"queue {url} {_settle(one['MessageBody'])}" for (url, _), one in messages.items())
        found.update(f"file {_settle(key)}" for key in self.bucket.files)
        return found


def _copy(container: Any) -> Any:
    """A copy of a list, or of a dictionary whose values may be lists that grow."""
    if isinstance(container, list):
        return list(container)
    return {name: list(value) if isinstance(value, list) else value for name, value in container.items()}


def _is_memory(item: Mapping[str, Any]) -> bool:
    return _MEMORIES.match(f"{item['PK']['S']} {item['SK']['S']}") is not None


def _describe_item(item: Mapping[str, Any]) -> str:
    place = f"{item['PK']['S']} {item['SK']['S']}"
    plain = to_dynamo(event_packing.unpack(from_dynamo(item))) if "packed" in item else item
    rest = {name: value for name, value in plain.items() if name not in {"PK", "SK", *_COUNTS}}
    return _settle(f"item {place} {json.dumps(rest, sort_keys=True)}")


@lru_cache(maxsize=10_000)
def _settle(text: str) -> str:
    """Leave out what is random, and moments."""
    return _SHARD.sub("#<shard>", _RANDOM.sub("<random>", _MOMENT.sub("<moment>", _SID.sub(r"\1<sid>", text))))


@contextmanager
def standing() -> Iterator[FaultyStack]:
    """A stack, with the clients, the HTTP client, the pauses, threads and logs of the product replaced."""
    stack = FaultyStack()
    with pytest.MonkeyPatch.context() as patch, _silence():
        for name, value in (template.environment() | _ENVIRONMENT).items():
            patch.setenv(name, value)
        _replace_clients(patch, stack)
        _replace_time(patch, stack)
        _replace_metrics(patch)
        for function in template.functions():
            # What they import is there after this.
            if function != "pages":
                functions.load(function)
        _replace_threads(patch)
        try:
            yield stack
        finally:
            _forget_clients()


def _forget_clients() -> None:
    settings.forget_secrets()
    settings._build_client.cache_clear()


@contextmanager
def _silence() -> Iterator[None]:
    """Nothing is logged by anybody: nobody looks at it, and it costs more than an invocation."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)


def _replace_clients(patch: pytest.MonkeyPatch, stack: FaultyStack) -> None:
    clients = {
        "dynamodb": stack.table,
        "sqs": stack.queues,
        "s3": stack.bucket,
        "kms": stack.keys,
        "cognito": None,
        "secrets_manager": stack.secrets,
    }
    for name, client in clients.items():
        patch.setattr(aws_clients, name, lambda client=client: client)
    patch.setattr(aws_clients, "live_connections", lambda _endpoint, **_: stack.gateway)
    _forget_clients()

    def send(_: HttpClient, request: HttpRequest, *, timeout: float, max_body: int) -> HttpResponse:
        return stack.servers.send(request)

    patch.setattr(HttpClient, "send", send)
    # Reading the certificates takes longer than an invocation.
    patch.setattr(ssl, "create_default_context", lambda: None)


def _replace_time(patch: pytest.MonkeyPatch, stack: FaultyStack) -> None:
    patch.setattr(bootstrap, "now", stack.clock)
    for policy in (retry.STANDARD, retry.CONTENDED, retry.THROTTLED):
        patch.setattr(policy, "sleep", lambda _: None)


def _replace_metrics(patch: pytest.MonkeyPatch) -> None:
    for name in ("add", "flush"):
        patch.setattr(observability.metrics, name, lambda *_, **__: None)


def _replace_threads(patch: pytest.MonkeyPatch) -> None:
    for name, module in list(sys.modules.items()):
        if name.startswith("partyline.") and getattr(module, "ThreadPoolExecutor", None) is ThreadPoolExecutor:
            patch.setattr(module, "ThreadPoolExecutor", InTurn)
