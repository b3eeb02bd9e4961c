"""Put this process into simulated worlds: replace, once, all by which the product reaches what is outside of it.

These are the clients of AWS, the HTTP client, time and chance; and threads, by `scheduler.replace_threads`, before the
product is imported. The process never leaves: the histories have one of their own (python -m tests.simulation).
"""

from __future__ import annotations

import logging
import os
import random
import secrets
import ssl
import sys
import time
import uuid
from datetime import datetime
from typing import Any

from partyline import aws_clients, bootstrap, deadline, observability
from partyline.http_client import HttpClient, HttpRequest, HttpResponse
from partyline.storage import retry
from tests.simulation import functions, network, stack
from tests.simulation.aws import Secrets
from tests.simulation.faults import Faults
from tests.simulation.scheduler import Pool
from tests.simulation.world import World
from tests.support.api_harness import ACCOUNT, TOKEN
from tests.support.simulated_carriers import SECRETS

_ENVIRONMENT = {
    "DEAD_LETTERS_URLS": "CleanupDeadLetters",
    "TABLE_NAME": "partyline",
    "ACCOUNT_SID": ACCOUNT,
    "PUBLIC_URL": network.PUBLIC_URL,
    "CARRIERS_SECRET_ARN": "carriers",
    "AUTH_SECRET_ARN": "auth",
    "KEYS_SECRET_ARN": "keys",
    "CLEANUP_SECONDS": "60",
    "LIVE_ENDPOINT": "https://live.example/prod",
    "MEDIA_BUCKET": "media",
    "POWERTOOLS_SERVICE_NAME": "partyline",
}


class _Current:
    """The world that the process is in."""

    world: World


def enter(world: World) -> None:
    """Be in a world from now on, with the chance of its seed."""
    _Current.world = world
    Pool.scheduler = world.scheduler
    random.seed(world.faults.seed)


def install() -> None:
    """Replace everything."""
    enter(World(Faults(0, 0), lambda _: None, lambda *_: None))
    os.environ.update(stack.environment() | _ENVIRONMENT)
    _replace_clients()
    _replace_time_and_chance()
    _replace_logs()
    for function in functions.TAKING_PART:
        # What they import is there after this.
        functions.load(function)


def _replace_clients() -> None:
    names: Any = aws_clients
    names.dynamodb = lambda: _Current.world.dynamodb
    names.sqs = lambda: _Current.world.sqs
    names.s3 = names.kms = lambda: None
    names.live_connections = lambda _endpoint, **_: None
    names.secrets_manager = lambda: Secrets({**SECRETS, "auth_token": TOKEN, "root": "key-root"})
    client: Any = HttpClient
    client.send = _send
    # Reading the certificates takes longer than a history.
    tls: Any = ssl
    tls.create_default_context = lambda: None


def _replace_logs() -> None:
    logging.getLogger(observability.logger.name).setLevel(logging.CRITICAL)
    metrics: Any = observability.metrics
    metrics.add = metrics.flush = lambda *_, **__: None
    log: Any = observability.logger
    # A function logs some errors instead of raising them.
    log.exception = _note_error


def _replace_time_and_chance() -> None:
    clock: Any = time
    clock.time = clock.monotonic = lambda: _Current.world.scheduler.now
    clock.time_ns = lambda: int(_Current.world.scheduler.now * 1e9)
    bootstrap.now = _now
    deadline.seconds_left = _seconds_left
    for policy in (retry.STANDARD, retry.CONTENDED, retry.THROTTLED):
        policy.sleep = _sleep
    secret: Any = secrets
    secret.token_bytes = lambda number=32: _Current.world.chance.randbytes(number)
    secret.token_hex = lambda number=32: _Current.world.chance.randbytes(number).hex()
    identifiers: Any = uuid
    identifiers.uuid4 = lambda: uuid.UUID(int=_Current.world.chance.getrandbits(128), version=4)


def _sleep(seconds: float) -> None:
    _Current.world.scheduler.pause(seconds)


def _now() -> datetime:
    return _Current.world.now()


def _send(_: HttpClient, request: HttpRequest, *, timeout: float, max_body: int) -> HttpResponse:
    return _Current.world.network.answer(request, timeout)


def _seconds_left() -> float:
    scheduler = _Current.world.scheduler
    return scheduler.current.ends - scheduler.now if scheduler.current else float("inf")


def _note_error(*_: object, **__: object) -> None:
    error = sys.exc_info()[1]
    if error is not None:
        _Current.world.on_error("logged", error)
