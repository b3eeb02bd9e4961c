"""Calling a webhook: at least once, for a day, in the order of each URL's conversation.

The queue keeps the order: its message groups (`group`) are a URL and what happened to one conversation or user, and
nothing of a group is given out while what came before it waits. A call that fails is repeated with backoff until a
day after its message was queued; then it is given up, and the next one's turn comes. A message that is moved back from
the dead letters is queued anew, and has a day again.

Any 2xx is success. Everything else is tried again: other statuses, redirects among them, which are not followed, and
410, which a server says also while it is being deployed; no answer within TIMEOUT; no connection; an address that is
not allowed.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol
from urllib.parse import urldefrag, urlencode

from partyline.domain.webhook_configuration import WebhookMethod
from partyline.errors import OutgoingError
from partyline.http_client import FetchedResponse
from partyline.storage import circuit_breakers
from partyline.storage.circuit_breakers import Rejected
from partyline.storage.table import Table
from partyline.webhooks import signatures

# Seconds that a receiver has, as at Twilio: for looking up its name, connecting and answering together.
TIMEOUT = 5.0
# How long a call is repeated.
PATIENCE = timedelta(days=1)

_FIRST_BACKOFF = 2.0
_MAX_BACKOFF = 900.0


@dataclass(frozen=True, slots=True)
class Callback:
    """One event for one webhook. `url` and `method` are as configured, `parameters` the event's, and `token` is the
    same in every repetition, by which a receiver knows that it has the event already."""

    url: str
    method: WebhookMethod
    parameters: dict[str, str]
    token: str


class DeliveryOutcome(StrEnum):
    """What became of a message of the queue."""

    DELIVERED = "delivered"
    RETRIED = "retried"  # called in vain; to be called again after `delay` seconds
    HELD = "held"  # not called, its receiver's health forbids it; to be looked at again after `delay` seconds
    GIVEN_UP = "given_up"  # its day is over


@dataclass(frozen=True, slots=True)
class DeliveryResult:
    """What became of a message, and why."""

    outcome: DeliveryOutcome
    delay: float = 0.0
    reason: str = ""


class Requester(Protocol):
    """How a request is made: Outgoing.ask. Raises OutgoingError."""

    def __call__(
        self, method: str, url: str, body: bytes | None, headers: dict[str, str], *, timeout: float, max_answer: int
    ) -> FetchedResponse:
        """Make one request."""


@dataclass(frozen=True, slots=True)
class WebhookCaller:
    """What delivering works with. `auth_token` is the account's own, which signs webhooks as it does API requests."""

    table: Table
    request: Requester
    auth_token: Callable[[], str]
    clock: Callable[[], datetime]


def encode(callback: Callback) -> str:
    """A callback as the body of a queue's message."""
    return json.dumps(asdict(callback))


def decode(body: str) -> Callback:
    """The callback of such a body."""
    fields = json.loads(body)
    return Callback(**{**fields, "method": WebhookMethod(fields["method"])})


def message_group(url: str, subject: str) -> str:
    """The message group of what one URL is told of one conversation or user (its SID)."""
    return hashlib.sha256(f"{url} {subject}".encode()).hexdigest()


def deliver_callback(desk: WebhookCaller, callback: Callback, *, received: int, sent_at: datetime) -> DeliveryResult:
    """Call a webhook once, unless its receiver is not to be called now.

    `received` is how often the queue has given the message out, this time included; `sent_at` is when it was queued.
    Raises only what the table and the secrets raise.
    """
    admitted = circuit_breakers.acquire(desk.table, circuit_breakers.receiver_of(callback.url), desk.clock())
    if isinstance(admitted, Rejected):
        return _later(
            desk, sent_at, DeliveryOutcome.HELD, _held(admitted, received), "resting" if admitted.rest else "busy"
        )
    method, url, body, headers = build_request(callback, received - 1, desk.auth_token())
    try:
        # Only the status matters, so the body is left unread.
        answer = desk.request(method, url, body, headers, timeout=TIMEOUT, max_answer=0)
    except OutgoingError as error:
        circuit_breakers.record_failure(desk.table, admitted, desk.clock())
        return _later(desk, sent_at, DeliveryOutcome.RETRIED, _backoff(received), str(error))
    circuit_breakers.record_success(desk.table, admitted, desk.clock())
    if 200 <= answer.status < 300:
        return DeliveryResult(DeliveryOutcome.DELIVERED, reason=str(answer.status))
    return _later(desk, sent_at, DeliveryOutcome.RETRIED, _backoff(received), str(answer.status))


def _later(
    desk: WebhookCaller, sent_at: datetime, outcome: DeliveryOutcome, delay: float, reason: str
) -> DeliveryResult:
    """Put a message back, for its last try at the latest when its day ends; or give it up."""
    left = (sent_at + PATIENCE - desk.clock()).total_seconds()
    if left <= 0:
        return DeliveryResult(DeliveryOutcome.GIVEN_UP, reason=reason)
    return DeliveryResult(outcome, min(delay, left), reason)


def build_request(callback: Callback, retries: int, auth_token: str) -> tuple[str, str, bytes | None, dict[str, str]]:
    """Method, URL, body and headers. Behind a URL's "#" are Twilio's settings of a connection, which stay here."""
    url, _ = urldefrag(callback.url)
    parameters = {**callback.parameters, "RetryCount": str(retries)}
    headers = {"I-Twilio-Idempotency-Token": callback.token, "User-Agent": "partyline"}
    form = urlencode(parameters)
    if callback.method is WebhookMethod.GET:
        url = f"{url}{'&' if '?' in url else '?'}{form}"
        return "GET", url, None, {**headers, signatures.HEADER: signatures.sign(auth_token, url, {})}
    headers |= {
        "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
        signatures.HEADER: signatures.sign(auth_token, url, parameters),
    }
    return "POST", url, form.encode(), headers


def _backoff(received: int) -> float:
    """Seconds until a call is repeated: doubling from 2 to 15 minutes, with jitter."""
    longest = min(_FIRST_BACKOFF * 2.0 ** min(received - 1, 16), _MAX_BACKOFF)
    return random.uniform(0.75, 1.0) * longest  # noqa: S311


def _held(held: Rejected, received: int) -> float:
    """Seconds until a message is looked at again that found its receiver resting or busy.

    The longer, the more often that happened: of many that wait for one receiver not all come at once, and none is
    given out a thousand times in its day, after which the queue itself would give it up.
    """
    return held.rest + random.uniform(0.75, 1.25) * max(1.0, received / 4)  # noqa: S311
