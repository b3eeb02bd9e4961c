"""Call webhooks: at least once, for a day, in order for each URL and conversation.

The queue keeps the order. A message group (`message_group`) is a URL with the conversation or user that the event is
about, and a group gives out no message while an earlier one waits. A failed call is repeated with backoff until a day
after its message was queued. Then it is given up, and the next message of the group follows. A message that is moved
back from the dead letters is queued anew and has another day.

Any 2xx is success. Every other result is retried: other statuses (redirects, which are not followed, and 410, which
servers also answer during a deployment), no answer within TIMEOUT, no connection, an address that is not allowed.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum

from partyline.errors import RequestError
from partyline.frozen_classes import frozen, replace
from partyline.http_client import SendRequest
from partyline.queues.queue_messages import Callback
from partyline.storage import circuit_breakers
from partyline.storage.circuit_breakers import ClosedBreakers, Rejected
from partyline.webhooks.webhook_request import TIMEOUT, build_request

# How long a failing call is repeated.
PATIENCE = timedelta(days=1)

_FIRST_BACKOFF = 2.0
_MAX_BACKOFF = 900.0


class DeliveryOutcome(StrEnum):
    """The outcome of one queue message."""

    DELIVERED = "delivered"
    RETRIED = "retried"  # the call failed; it is repeated after `delay` seconds
    HELD = "held"  # not called, since the circuit breaker rejected it; it is checked again after `delay` seconds
    GIVEN_UP = "given_up"  # its day is over


@frozen
class DeliveryResult:
    """The outcome of one queue message, with its delay in seconds and the reason."""

    outcome: DeliveryOutcome
    delay: float = 0.0
    reason: str = ""


@frozen
class WebhookCaller:
    """Call webhooks through the circuit breakers of their receivers, which may be kept by the process.

    `auth_token` returns the account's auth token, which signs webhooks as it authenticates API requests.
    """

    breakers: ClosedBreakers
    request: SendRequest
    auth_token: Callable[[], str]
    clock: Callable[[], datetime]

    def call(self, callback: Callback, *, received: int, sent_at: datetime) -> DeliveryResult:
        """Call a webhook once, unless the circuit breaker of its receiver rejects the call.

        `received` counts how often the queue has given the message out, this time included; `sent_at` is when it was
        queued. Raises only what the table and the secrets raise.
        """
        permit = self.breakers.acquire(circuit_breakers.parse_receiver(callback.url), self.clock())
        if isinstance(permit, Rejected):
            reason = "circuit open" if permit.retry_after else "busy"
            return self._postpone(sent_at, DeliveryResult(DeliveryOutcome.HELD, _hold_delay(permit, received), reason))
        request = build_request(callback, received - 1, self.auth_token())
        try:
            # Only the status matters, so the body is not read.
            response = self.request(request, timeout=TIMEOUT, max_body=0)
        except RequestError as error:
            self.breakers.record_failure(permit, self.clock())
            return self._postpone(sent_at, _retry(received, str(error)))
        self.breakers.record_success(permit, self.clock())
        if 200 <= response.status < 300:
            return DeliveryResult(DeliveryOutcome.DELIVERED, reason=str(response.status))
        return self._postpone(sent_at, _retry(received, str(response.status)))

    def _postpone(self, sent_at: datetime, result: DeliveryResult) -> DeliveryResult:
        """Return a result delayed to the end of the message's day at most, or GIVEN_UP."""
        left = (sent_at + PATIENCE - self.clock()).total_seconds()
        if left <= 0:
            return DeliveryResult(DeliveryOutcome.GIVEN_UP, reason=result.reason)
        return replace(result, delay=min(result.delay, left))


def message_group(url: str, subject: str) -> str:
    """Return the message group of a URL and a subject (conversation or user SID)."""
    return hashlib.sha256(f"{url} {subject}".encode()).hexdigest()


def _retry(received: int, reason: str) -> DeliveryResult:
    return DeliveryResult(DeliveryOutcome.RETRIED, _backoff(received), reason)


def _backoff(received: int) -> float:
    """Return the seconds until the next call: 2 seconds to 15 minutes, with jitter."""
    longest = min(_FIRST_BACKOFF * 2.0 ** min(received - 1, 16), _MAX_BACKOFF)
    return random.uniform(0.75, 1.0) * longest  # noqa: S311  (jitter, not secrecy)


def _hold_delay(rejected: Rejected, received: int) -> float:
    """Return the seconds until a rejected message is checked again.

    The delay grows with the number of rejections. So the messages of one receiver do not return all at once, and none
    is given out a thousand times in its day, after which the queue itself would give it up.
    """
    return rejected.retry_after + random.uniform(0.75, 1.25) * max(1.0, received / 4)  # noqa: S311  (jitter)
