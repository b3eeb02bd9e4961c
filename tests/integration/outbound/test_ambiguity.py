"""A send on each carrier, as its own module asks for it, with everything that can go wrong at every request and every
write: no recipient ever gets a text twice, and every receipt comes to an end that does not claim too much.

The carriers are the simulated ones, without the sockets.
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
from local.carrier.bandwidth import Bandwidth
from local.carrier.base import Answer, Call, Webhook
from local.carrier.base import Carrier as Simulated
from local.carrier.base import Refused as SimulatedRefusal
from local.carrier.hosted_files import HostedFiles
from local.carrier.network import Network
from local.carrier.telnyx import Telnyx
from local.carrier.text_router import TextRouter
from local.carrier.twilio import Twilio
from local.carrier.twilio_groups import Groups
from local.carrier.vonage import Vonage
from local.config import BandwidthAccount, Config, TelnyxAccount, TwilioAccount, VonageAccount
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
from partyline.storage.table import Table
from tests.support.scene import DELIVERED, FAILED, NOW, SENT, Crash, Dying, Outbound, P, Q, Scene, make_scene, natives

CARRIERS = sorted(registry.CARRIERS)
BASE = "http://carrier.example"
SECRETS = {
    "bandwidth_account_id": "5500",
    "bandwidth_application_id": "app-1",
    "bandwidth_username": "user",
    "bandwidth_password": "secret",
    "bandwidth_webhook_token": "path-token",
    "telnyx_api_key": "KEY123",
    "telnyx_public_key": "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
    "twilio_account_sid": "AC" + "0" * 32,
    "twilio_auth_token": "12345",
    "vonage_api_key": "abcd1234",
    "vonage_api_secret": "secret",
    "vonage_signature_secret": "s" * 32,
}
URLS = {f"{name}_url": f"{BASE}/{name}" for name in CARRIERS} | {"twilio_conversations_url": f"{BASE}/twilio"}
# Requests that send a text: method and path, carrier, and what the simulated one calls it.
SENDS = (
    ("POST /bandwidth/users/(?P<account>[^/]+)/messages", "bandwidth", "messages"),
    ("POST /telnyx/messages", "telnyx", telnyx.MESSAGES),
    ("POST /telnyx/messages/group_mms", "telnyx", telnyx.GROUP_MMS),
    ("POST /twilio/v1/Conversations/(?P<name>[^/]+)/Messages", "twilio", twilio.GROUP_MESSAGE),
    ("POST /vonage/v1/messages", "vonage", "messages"),
)
# More attempts than a queue makes of anything that ends.
ATTEMPTS = 12


class Mishap(StrEnum):
    """What goes wrong with one request."""

    NO_CONNECTION = "no connection"
    LOST_REQUEST = "the request is lost"
    LOST_ANSWER = "the answer is lost"
    CRASH_BEFORE = "a crash before the request"
    CRASH_AFTER = "a crash after the request"


class Wires:
    """The four simulated carriers as one transport, which fails once: at the request of a number, counted from 0."""

    def __init__(self, carrier: str, mishap: Mishap | None = None, at: int = 0) -> None:
        numbers = itertools.count(1)

        def new_id() -> str:
            return f"{next(numbers):032x}"

        accounts = (
            BandwidthAccount("5500", "app-1", "user", "secret", "path-token", "hook", "hook-secret"),
            TelnyxAccount("KEY123", "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"),
            TwilioAccount(SECRETS["twilio_account_sid"], "12345"),
            VonageAccount("abcd1234", "secret", "s" * 32),
        )
        with_clock = (BASE, lambda: NOW, new_id)
        self.groups = Groups(new_id, lambda _: "")
        self.telnyx = Telnyx(accounts[1], *with_clock)
        self.twilio = Twilio(accounts[2], *with_clock, self.groups)
        carriers: dict[str, Simulated] = {
            "bandwidth": Bandwidth(accounts[0], *with_clock),
            "telnyx": self.telnyx,
            "twilio": self.twilio,
            "vonage": Vonage(accounts[3], *with_clock),
        }
        config = Config(0, 8081, "", "", BASE, (), *accounts)
        self.lines = {P: carrier, Q: carrier}
        self.router = TextRouter(Network(self.lines), carriers, HostedFiles(config, new_id), lambda: NOW, new_id)
        self.reports: list[Webhook] = []
        self.went_wrong = False
        self._mishap, self._at, self._asked = mishap, at, 0

    def __call__(self, request: HttpRequest) -> HttpResponse:
        asked, self._asked = self._asked, self._asked + 1
        mishap = self._mishap if asked == self._at else None
        self.went_wrong |= mishap is not None
        match mishap:
            case Mishap.NO_CONNECTION:
                raise Unavailable("refused")
            case Mishap.LOST_REQUEST:
                raise Ambiguous("no answer")
            case Mishap.CRASH_BEFORE:
                raise Crash
        response = self._answer(request)
        if mishap is Mishap.LOST_ANSWER:
            raise Ambiguous("no answer")
        if mishap is Mishap.CRASH_AFTER:
            raise Crash
        return response

    def _answer(self, request: HttpRequest) -> HttpResponse:
        try:
            given = self._routed(request)
        except SimulatedRefusal as refused:
            given = refused.answer
        body = b"" if given.body is None else json.dumps(given.body).encode()
        return HttpResponse(given.status, body, {name.lower(): value for name, value in given.headers.items()})

    def _routed(self, request: HttpRequest) -> Answer:
        asked = f"{request.method} {urlsplit(request.url).path}"
        headers = {name.lower(): value for name, value in request.headers.items()}
        for pattern, carrier, operation in SENDS:
            if match := re.fullmatch(pattern, asked):
                return self._send(carrier, Call(operation, match.groupdict(), headers, request.body))
        if match := re.fullmatch("GET /telnyx/messages/group/(?P<id>.+)", asked):
            return self.telnyx.group(Call("group", match.groupdict(), headers, b""), self.router.sends)
        if match := re.fullmatch("([A-Z]+) /twilio/v1/(.+)", asked):
            return self.groups.answer(match[1], match[2], Call("groups", {}, headers, request.body), self.lines)
        raise AssertionError(asked)

    def _send(self, carrier: str, call: Call) -> Answer:
        outcome = self.router.send(carrier, call)
        if outcome.routed:
            self.reports += [webhook for webhook in outcome.routed.webhooks if webhook.kind == "report"]
        return outcome.answer

    def texts_to(self, handset: str) -> int:
        """How many texts of ours a handset shows."""
        return sum(handset in send.recipients for send in self.router.sends)


@dataclass
class Sending:
    """One group text of an agent to two handsets and a colleague's number, and the queues that carry it."""

    scene: Scene
    network: Wires
    carrier: Carrier = field(init=False)

    def __post_init__(self) -> None:
        (name,) = set(self.network.lines.values())
        self.carrier = registry.build_carrier(name, SECRETS, self.network, URLS)

    def outbound(self, table: Table | None = None) -> Outbound:
        return replace(self.scene.outbound(), find_carrier=lambda _: self.carrier, table=table or self.scene.table)

    def attempt(self, table: Table | None = None) -> NextStep:
        """What the outbound queue does: a function that dies leaves the send in it."""
        with contextlib.suppress(Crash):
            return self.outbound(table).sender.deliver(self.scene.reference).step
        return NextStep.RETRY

    def finish(self, table: Table | None = None) -> None:
        """Attempt until nothing is to be tried again, then look back where that is wanted."""
        steps = [self.attempt(table)]
        while steps[-1] is NextStep.RETRY and len(steps) < ATTEMPTS:
            steps.append(self.attempt())
        assert steps[-1] is not NextStep.RETRY, steps
        # Whatever the queue repeats after that sends nothing.
        self.attempt()
        if steps[-1] is NextStep.RECONCILE:
            self.outbound().reconciler.reconcile(self.scene.reference, last=True)

    def hear(self) -> None:
        """Every report that the carrier has made, twice."""
        for webhook in [*self.network.reports, *self.network.reports]:
            sealed = self.network.router.carriers[webhook.carrier].sign(webhook, 1, NOW)
            parts = urlsplit(sealed.url)
            query = dict(pair.split("=", 1) for pair in parts.query.split("&") if pair)
            for event in self.carrier.parse(WebhookRequest(sealed.url, "", {}, query, sealed.body)):
                assert isinstance(event, DeliveryReport), event
                delivery_reports.apply_report(self.scene.table, event, NOW)

    def check(self) -> None:
        """No recipient has two texts; each receipt has an end, and none claims a delivery that was not made."""
        for native, (status, error_code) in self.scene.receipts().items():
            texts = self.network.texts_to(native)
            assert texts <= 1
            # Of a text that was taken it may be said too early that it failed. That holds then.
            assert status in (SENT, DELIVERED, FAILED)
            assert texts or (status, error_code) == (FAILED, 30008)


Make = Callable[..., Sending]


@pytest.fixture
def begin(table: Table) -> Make:
    def make(carrier: str, mishap: Mishap | None = None, at: int = 0) -> Sending:
        return Sending(make_scene(table, carrier=carrier), Wires(carrier, mishap, at))

    return make


def every(begin: Make, carrier: str, mishap: Mishap) -> Iterator[Sending]:
    """A send for each request that one makes, with the mishap there; none is left out, however many there are."""
    for at in itertools.count():
        yield (one := begin(carrier, mishap, at))
        if not one.network.went_wrong:
            assert at > 0
            return


@pytest.mark.parametrize("carrier", CARRIERS)
def test_without_mishap_each_recipient_gets_one_text(begin: Make, carrier: str) -> None:
    one = begin(carrier)
    one.finish()
    one.hear()
    assert [one.network.texts_to(native) for native in natives(one.scene)] == [1, 1]
    assert set(one.scene.receipts().values()) == {(DELIVERED, 0)}


@pytest.mark.parametrize("mishap", Mishap)
@pytest.mark.parametrize("carrier", CARRIERS)
def test_mishap_at_any_request_sends_nothing_twice_and_ends_visibly(begin: Make, carrier: str, mishap: Mishap) -> None:
    for one in every(begin, carrier, mishap):
        one.finish()
        one.check()
        one.hear()
        one.check()


@pytest.mark.parametrize("mishap", [Mishap.LOST_ANSWER, Mishap.CRASH_AFTER])
@pytest.mark.parametrize("carrier", CARRIERS)
def test_reports_before_reconciliation_settle_a_text_whose_answer_was_lost(
    begin: Make, carrier: str, mishap: Mishap
) -> None:
    for one in every(begin, carrier, mishap):
        while one.attempt() is NextStep.RETRY:
            one.hear()
        one.hear()
        one.outbound().reconciler.reconcile(one.scene.reference, last=True)
        one.check()
        texted = [one.network.texts_to(native) for native in natives(one.scene)]
        # A function that crashes while it creates a group at Twilio has sent nothing, which cannot be known.
        assert texted == [1, 1] or (carrier, mishap) == ("twilio", Mishap.CRASH_AFTER)
        assert all(status is DELIVERED for status, _ in one.scene.receipts().values()) is (texted == [1, 1])


@pytest.mark.parametrize("mishap", [None, Mishap.LOST_ANSWER])
@pytest.mark.parametrize("carrier", CARRIERS)
def test_crash_at_any_write_sends_nothing_twice_and_ends_visibly(
    begin: Make, carrier: str, mishap: Mishap | None
) -> None:
    for writes in itertools.count():
        one = begin(carrier, mishap)
        dying = Dying(one.scene.table, writes)
        one.finish(dying)
        one.check()
        one.hear()
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
