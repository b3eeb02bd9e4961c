"""Send on each carrier by its own module, with each fault at every request and every write.

No recipient ever gets a text twice, and every receipt ends in a status that is not better than the truth. The carriers
are the simulated ones, without the sockets.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from urllib.parse import urlsplit

import pytest

from local.carrier import telnyx, twilio
from local.carrier.base import Answer, Call, Webhook
from local.carrier.base import Refused as SimulatedRefusal
from partyline.carriers import registry
from partyline.carriers.base import (
    Carrier,
    DeliveryReport,
    WebhookRequest,
)
from partyline.errors import Ambiguous, Unavailable
from partyline.http_client import HttpRequest, HttpResponse
from partyline.outbound import delivery_reports
from partyline.outbound.send_attempt import NextStep
from partyline.storage import rate_limits
from partyline.storage.table import Table
from tests.support.scene import DELIVERED, FAILED, NOW, SENT, Crash, Dying, Outbound, P, Q, Scene, make_scene, natives
from tests.support.simulated_carriers import SECRETS, build_simulated_carriers

CARRIERS = sorted(registry.CARRIERS)
BASE = "http://carrier.example"
URLS = {f"{name}_url": f"{BASE}/{name}" for name in CARRIERS} | {"twilio_conversations_url": f"{BASE}/twilio"}
# Requests that send a text: method and path, carrier, and the operation's name at the simulated one.
SENDS = (
    ("POST /bandwidth/users/(?P<account>[^/]+)/messages", "bandwidth", "messages"),
    ("POST /telnyx/messages", "telnyx", telnyx.MESSAGES),
    ("POST /telnyx/messages/group_mms", "telnyx", telnyx.GROUP_MMS),
    ("POST /twilio/v1/Conversations/(?P<name>[^/]+)/Messages", "twilio", twilio.GROUP_MESSAGE),
    ("POST /vonage/v1/messages", "vonage", "messages"),
)
# More attempts than a queue makes of anything that ends.
ATTEMPTS = 12


class Fault(StrEnum):
    """A fault of one request."""

    NO_CONNECTION = "no connection"
    LOST_REQUEST = "the request is lost"
    LOST_ANSWER = "the answer is lost"
    CRASH_BEFORE = "a crash before the request"
    CRASH_AFTER = "a crash after the request"


class SimulatedNetwork:
    """The four simulated carriers as one transport, which fails once: at the request of a number, counted from 0."""

    def __init__(self, carrier: str, fault: Fault | None = None, at: int = 0) -> None:
        numbers = itertools.count(1)

        self.lines = {P: carrier, Q: carrier}
        simulated = build_simulated_carriers(self.lines, BASE, lambda: NOW, lambda: f"{next(numbers):032x}")
        self.router, self.telnyx, self.groups = simulated.router, simulated.telnyx, simulated.groups
        self.reports: list[Webhook] = []
        self.has_failed = False
        self._fault, self._at, self._requests = fault, at, 0

    def __call__(self, request: HttpRequest) -> HttpResponse:
        position, self._requests = self._requests, self._requests + 1
        fault = self._fault if position == self._at else None
        self.has_failed |= fault is not None
        match fault:
            case Fault.NO_CONNECTION:
                raise Unavailable("refused")
            case Fault.LOST_REQUEST:
                raise Ambiguous("no answer")
            case Fault.CRASH_BEFORE:
                raise Crash
        response = self._answer(request)
        if fault is Fault.LOST_ANSWER:
            raise Ambiguous("no answer")
        if fault is Fault.CRASH_AFTER:
            raise Crash
        return response

    def _answer(self, request: HttpRequest) -> HttpResponse:
        try:
            answer = self._dispatch(request)
        except SimulatedRefusal as refused:
            answer = refused.answer
        body = b"" if answer.body is None else json.dumps(answer.body).encode()
        return HttpResponse(answer.status, body, {name.lower(): value for name, value in answer.headers.items()})

    def _dispatch(self, request: HttpRequest) -> Answer:
        target = f"{request.method} {urlsplit(request.url).path}"
        headers = {name.lower(): value for name, value in request.headers.items()}
        for pattern, carrier, operation in SENDS:
            if match := re.fullmatch(pattern, target):
                return self._send(carrier, Call(operation, match.groupdict(), headers, request.body))
        if match := re.fullmatch("GET /telnyx/messages/group/(?P<id>.+)", target):
            return self.telnyx.group(Call("group", match.groupdict(), headers, b""), self.router.sends)
        if match := re.fullmatch("([A-Z]+) /twilio/v1/(.+)", target):
            return self.groups.answer(match[1], match[2], Call("groups", {}, headers, request.body), self.lines)
        raise AssertionError(target)

    def _send(self, carrier: str, call: Call) -> Answer:
        result = self.router.send(carrier, call)
        if result.routed:
            self.reports += [webhook for webhook in result.routed.webhooks if webhook.kind == "report"]
        return result.answer

    def texts_to(self, handset: str) -> int:
        """Count our texts on a handset."""
        return sum(handset in send.recipients for send in self.router.sends)


@dataclass
class Sending:
    """One group text of an agent to two handsets and a colleague's number, and the queues that carry it."""

    scene: Scene
    network: SimulatedNetwork
    carrier: Carrier = field(init=False)

    def __post_init__(self) -> None:
        (name,) = set(self.network.lines.values())
        self.carrier = registry.build_carrier(name, SECRETS, self.network, URLS)

    def outbound(self, table: Table | None = None) -> Outbound:
        return replace(self.scene.outbound(), find_carrier=lambda _: self.carrier, table=table or self.scene.table)

    def attempt(self, table: Table | None = None) -> NextStep:
        """Attempt the send as the outbound queue does: a function that dies leaves the send in it."""
        with contextlib.suppress(Crash):
            return self.outbound(table).sender.deliver(self.scene.reference).step
        return NextStep.RETRY

    def finish(self, table: Table | None = None) -> None:
        """Attempt until no retry is due, then reconcile where the last attempt requires it."""
        steps = [self.attempt(table)]
        while steps[-1] is NextStep.RETRY and len(steps) < ATTEMPTS:
            steps.append(self.attempt())
        assert steps[-1] is not NextStep.RETRY, steps
        # A repeated delivery of the queue message sends nothing.
        self.attempt()
        if steps[-1] is NextStep.RECONCILE:
            self.outbound().reconciler.reconcile(self.scene.reference, last=True)

    def apply_reports(self) -> None:
        """Apply every report that the carrier has sent, twice."""
        for webhook in [*self.network.reports, *self.network.reports]:
            signed = self.network.router.carriers[webhook.carrier].sign(webhook, 1, NOW)
            parts = urlsplit(signed.url)
            query = dict(pair.split("=", 1) for pair in parts.query.split("&") if pair)
            for event in self.carrier.parse(WebhookRequest(signed.url, "", {}, query, signed.body)):
                assert isinstance(event, DeliveryReport), event
                delivery_reports.apply_report(self.scene.table, event, NOW)

    def check(self) -> None:
        """No recipient has two texts; each receipt has an end, and none claims a delivery that was not made."""
        for native, (status, error_code) in self.scene.receipts().items():
            texts = self.network.texts_to(native)
            assert texts <= 1
            # A text that was accepted may be reported as failed too early. The first final status stays.
            assert status in (SENT, DELIVERED, FAILED)
            assert texts or (status, error_code) == (FAILED, 30008)


Make = Callable[..., Sending]


@pytest.fixture
def begin(table: Table) -> Make:
    def make(carrier: str, fault: Fault | None = None, at: int = 0) -> Sending:
        return Sending(make_scene(table, carrier=carrier), SimulatedNetwork(carrier, fault, at))

    return make


def every(begin: Make, carrier: str, fault: Fault) -> Iterator[Sending]:
    """Iterate over sends with the fault at each of their requests, one after another."""
    for at in itertools.count():
        yield (one := begin(carrier, fault, at))
        if not one.network.has_failed:
            assert at > 0
            return


@pytest.mark.parametrize("carrier", CARRIERS)
def test_without_fault_each_recipient_gets_one_text(begin: Make, carrier: str) -> None:
    one = begin(carrier)
    one.finish()
    one.apply_reports()
    assert [one.network.texts_to(native) for native in natives(one.scene)] == [1, 1]
    assert set(one.scene.receipts().values()) == {(DELIVERED, 0)}


@pytest.mark.parametrize("fault", Fault)
@pytest.mark.parametrize("carrier", CARRIERS)
def test_fault_at_any_request_sends_nothing_twice_and_ends_visibly(begin: Make, carrier: str, fault: Fault) -> None:
    for one in every(begin, carrier, fault):
        one.finish()
        one.check()
        one.apply_reports()
        one.check()


@pytest.mark.parametrize("fault", [Fault.LOST_ANSWER, Fault.CRASH_AFTER])
@pytest.mark.parametrize("carrier", CARRIERS)
def test_reports_before_reconciliation_settle_a_text_whose_answer_was_lost(
    begin: Make, carrier: str, fault: Fault
) -> None:
    for one in every(begin, carrier, fault):
        while one.attempt() is NextStep.RETRY:
            one.apply_reports()
        one.apply_reports()
        one.outbound().reconciler.reconcile(one.scene.reference, last=True)
        one.check()
        texted = [one.network.texts_to(native) for native in natives(one.scene)]
        # A function that crashes while it creates a group at Twilio has sent nothing, which cannot be known.
        assert texted == [1, 1] or (carrier, fault) == ("twilio", Fault.CRASH_AFTER)
        assert all(status is DELIVERED for status, _ in one.scene.receipts().values()) is (texted == [1, 1])


@pytest.mark.parametrize("fault", [None, Fault.LOST_ANSWER])
@pytest.mark.parametrize("carrier", CARRIERS)
def test_crash_at_any_write_sends_nothing_twice_and_ends_visibly(
    begin: Make, carrier: str, fault: Fault | None
) -> None:
    for writes in itertools.count():
        one = begin(carrier, fault)
        # All of them have one table, and five failures in a row would pause the carrier.
        rate_limits.reset(one.scene.table, rate_limits.account_scope(carrier))
        dying = Dying(one.scene.table, writes)
        one.finish(dying)
        one.check()
        one.apply_reports()
        one.check()
        if not dying.died:
            return


@pytest.mark.parametrize("carrier", CARRIERS)
def test_carrier_that_is_never_reached_ends_in_failed_receipts(begin: Make, carrier: str) -> None:
    one = begin(carrier)

    def down(_: HttpRequest) -> HttpResponse:
        raise Unavailable("refused")

    one.carrier = registry.build_carrier(carrier, SECRETS, down, URLS)
    while (attempt := one.outbound().sender.deliver(one.scene.reference)).step is NextStep.RETRY:
        one.scene.now += timedelta(seconds=max(attempt.delay, 1.0))
    assert attempt.step is NextStep.DONE
    assert {status for status, _ in one.scene.receipts().values()} == {FAILED}
    # Hours would be no service: by then it is another conversation.
    assert one.scene.now - NOW < timedelta(hours=4)
