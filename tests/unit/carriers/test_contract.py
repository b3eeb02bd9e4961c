"""The contract of every carrier, by its samples (tests/support/carrier_samples.py)."""

from __future__ import annotations

from contextlib import suppress
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from partyline.carriers import registry
from partyline.carriers.base import Carrier, OutboundText, Transport
from partyline.errors import Ambiguous, Refused, SendError, Throttled, Unavailable
from partyline.http_client import HttpResponse
from tests.support import carrier_contract
from tests.support.carrier_contract import OWN, SECRETS, Contract, SendSample, WebhookSample, no_request
from tests.support.carrier_samples import CONTRACTS, TO_ONE, encode
from tests.support.seeded import json_values

NAMES = [contract.name for contract in CONTRACTS]


def build(name: str, transport: Transport) -> Carrier:
    return registry.build_carrier(name, SECRETS, transport)


def test_every_carrier_has_a_contract() -> None:
    assert set(NAMES) == set(registry.CARRIERS)


@pytest.mark.parametrize(
    ("name", "sample"),
    [
        pytest.param(contract.name, sample, id=f"{contract.name}-{sample.label}")
        for contract in CONTRACTS
        for sample in contract.webhooks
    ],
)
def test_webhook_gives_its_events(name: str, sample: WebhookSample) -> None:
    carrier_contract.check_webhook(partial(build, name), sample)


@pytest.mark.parametrize(
    ("name", "sample"),
    [
        pytest.param(contract.name, sample, id=f"{contract.name}-{sample.label}")
        for contract in CONTRACTS
        for sample in contract.sends
    ],
)
def test_send_is_one_exact_request(name: str, sample: SendSample) -> None:
    carrier_contract.check_send(partial(build, name), sample)


@pytest.mark.parametrize("contract", CONTRACTS, ids=NAMES)
def test_send_to_none_or_too_many_makes_no_request(contract: Contract) -> None:
    carrier_contract.check_no_request(partial(build, contract.name), OutboundText(OWN, (), "Hello"), 21604)
    carrier_contract.check_no_request(partial(build, contract.name), contract.too_many, 21653)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (HttpResponse(200, b""), Ambiguous),
        (HttpResponse(200, b"[" * 100_000), Ambiguous),
        (HttpResponse(302, b"", {"location": "https://example.com/"}), Refused),
        (HttpResponse(403, b"<html>"), Refused),
        (HttpResponse(408, b""), Ambiguous),
        (HttpResponse(429, b""), Throttled),
        (HttpResponse(501, b""), Unavailable),
        (HttpResponse(502, b""), Ambiguous),
        (HttpResponse(503, b""), Unavailable),
        (HttpResponse(504, b""), Ambiguous),
        (HttpResponse(599, b""), Ambiguous),
    ],
    ids=lambda given: str(given.status) if isinstance(given, HttpResponse) else given.__name__,
)
def test_answer_without_a_code_has_the_outcome_of_its_status(
    name: str, answer: HttpResponse, error: type[SendError]
) -> None:
    assert type(carrier_contract.send_error(partial(build, name), TO_ONE, answer)) is error


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("error", [Unavailable("no connection"), Ambiguous("no answer")], ids=["unsent", "unanswered"])
def test_error_of_the_transport_passes_through_and_nothing_is_repeated(name: str, error: SendError) -> None:
    assert carrier_contract.send_error(partial(build, name), TO_ONE, error) is error


@pytest.mark.parametrize("name", NAMES)
@settings(deadline=None)
@given(st.integers(100, 599), st.binary() | json_values().map(encode))
def test_any_answer_ends_in_an_outcome(name: str, status: int, body: bytes) -> None:
    with suppress(SendError):
        build(name, lambda _: HttpResponse(status, body)).send(TO_ONE)


@pytest.mark.parametrize("name", NAMES)
@settings(deadline=None)
@given(st.binary() | json_values().map(encode))
def test_any_webhook_is_parsed(name: str, body: bytes) -> None:
    build(name, no_request).parse(WebhookSample("any", body, []).request())
