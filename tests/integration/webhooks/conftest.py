"""Deliveries against the table on moto, with receivers that behave as configured and a clock that is moved by hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from partyline.domain.webhook_configuration import WebhookMethod
from partyline.errors import RequestError
from partyline.http_client import HttpRequest, HttpResponse
from partyline.queues.queue_messages import Callback
from partyline.storage.circuit_breakers import ClosedBreakers
from partyline.storage.table import Table
from partyline.webhooks import delivery
from partyline.webhooks.delivery import DeliveryResult

TOKEN = "0123456789abcdef0123456789abcdef"


@dataclass
class World:
    """Receivers by host: a status, or the error that asking them ends with; each after `takes` has gone by."""

    table: Table
    now: datetime = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
    behaviour: dict[str, int | RequestError] = field(default_factory=dict)
    takes: dict[str, timedelta] = field(default_factory=dict)
    calls: list[HttpRequest] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.breakers = ClosedBreakers(self.table)

    def ask(self, request: HttpRequest, *, timeout: float, max_body: int) -> HttpResponse:
        host = request.url.split("/")[2]
        self.calls.append(request)
        self.now += self.takes.get(host, timedelta(milliseconds=50))
        behaviour = self.behaviour.get(host, 200)
        if isinstance(behaviour, RequestError):
            raise behaviour
        return HttpResponse(behaviour, b"")

    def deliver(self, callback: Callback, *, received: int = 1, sent_at: datetime | None = None) -> DeliveryResult:
        caller = delivery.WebhookCaller(self.breakers, self.ask, auth_token=lambda: TOKEN, clock=lambda: self.now)
        return caller.call(callback, received=received, sent_at=sent_at or self.now)


@pytest.fixture
def world(table: Table) -> World:
    return World(table)


def callback(url: str = "https://crm.example.com/hook", method: WebhookMethod = WebhookMethod.POST) -> Callback:
    return Callback(url, method, {"EventType": "onMessageAdded", "Body": "über & über"}, "token-1")
