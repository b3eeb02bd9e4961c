"""The contract of every carrier, by samples of each. A new carrier adds its samples to CONTRACTS."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from partyline.carriers import registry
from partyline.carriers.base import Accepted, Carrier, DeliveryReport, InboundText, OutboundText, Transport
from partyline.domain.receipts import ReceiptStatus
from partyline.errors import Ambiguous, Refused, SendError, Throttled, Unavailable
from partyline.http_client import HttpRequest, HttpResponse
from tests.support import carrier_contract
from tests.support.carrier_contract import OWN, SECRETS, A, B, Contract, SendSample, WebhookSample, no_request
from tests.support.seeded import json_values

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
TO_ONE = OutboundText(OWN, (A,), "Hello", tag="IM1:0")
CROWD = tuple(f"+1206555{number:04}" for number in range(20))


def encode(document: object) -> bytes:
    return json.dumps(document).encode()


CONTRACTS = [
    Contract(
        "bandwidth",
        webhooks=[
            WebhookSample(
                "group text",
                encode(
                    [
                        {
                            "type": "message-received",
                            "to": OWN,
                            "message": {
                                "id": "m1",
                                "owner": OWN,
                                "direction": "in",
                                "from": A,
                                "to": [OWN, B],
                                "text": "Hello",
                                "time": "2026-11-24T12:00:00Z",
                            },
                        }
                    ]
                ),
                [InboundText("bandwidth", "m1", OWN, A, (OWN, B), "Hello", received_at=NOON)],
            ),
            WebhookSample(
                "report",
                encode([{"type": "message-delivered", "to": A, "message": {"id": "m1", "tag": "IM1:0"}}]),
                [DeliveryReport("bandwidth", "m1", A, ReceiptStatus.DELIVERED, tag="IM1:0")],
            ),
        ],
        sends=[
            SendSample(
                "to one",
                TO_ONE,
                HttpRequest(
                    "POST",
                    "https://messaging.bandwidth.com/api/v2/users/5500001/messages",
                    {"Authorization": "Basic YXBpOnNlY3JldA==", "Content-Type": "application/json; charset=utf-8"},
                    b'{"applicationId": "93de2206", "to": ["+12065550101"], "from": "+12065550100", "text": "Hello",'
                    b' "tag": "IM1:0"}',
                ),
                HttpResponse(202, b'{"id": "m1"}'),
                Accepted("m1"),
            )
        ],
        too_many=OutboundText(OWN, CROWD[:11], "Hello"),
    ),
    Contract(
        "telnyx",
        webhooks=[
            WebhookSample(
                "group text",
                encode(
                    {
                        "data": {
                            "event_type": "message.received",
                            "payload": {
                                "id": "p1",
                                "from": {"phone_number": A},
                                "to": [{"phone_number": OWN, "status": "webhook_delivered"}],
                                "cc": [B],
                                "text": "Hello",
                                "received_at": "2026-11-24T12:00:00.000+00:00",
                            },
                        }
                    }
                ),
                [InboundText("telnyx", "p1", OWN, A, (OWN, B), "Hello", received_at=NOON)],
            ),
            WebhookSample(
                "report",
                encode(
                    {
                        "data": {
                            "event_type": "message.finalized",
                            "payload": {
                                "id": "p1",
                                "group_message_id": "g1",
                                "to": [
                                    {"phone_number": A, "status": "delivered"},
                                    {"phone_number": B, "status": "sent"},
                                ],
                            },
                        }
                    }
                ),
                [
                    DeliveryReport("telnyx", "g1", A, ReceiptStatus.DELIVERED, tag="IM1:0"),
                    DeliveryReport("telnyx", "g1", B, ReceiptStatus.SENT, tag="IM1:0"),
                ],
                {"send": "IM1:0"},
            ),
        ],
        sends=[
            SendSample(
                "to one",
                TO_ONE,
                HttpRequest(
                    "POST",
                    "https://api.telnyx.com/v2/messages",
                    {"Authorization": "Bearer KEY123", "Content-Type": "application/json"},
                    b'{"from": "+12065550100", "to": "+12065550101", "text": "Hello"}',
                ),
                HttpResponse(200, b'{"data": {"id": "p1"}}'),
                Accepted("p1"),
            )
        ],
        too_many=OutboundText(OWN, CROWD[:9], "Hello"),
    ),
    Contract(
        "twilio",
        webhooks=[
            WebhookSample(
                "group text",
                b"MessageSid=MM1&From=%2B12065550101&To=%2B12065550100&OtherRecipients0=%2B12065550102&Body=Hello",
                [InboundText("twilio", "MM1", OWN, A, (OWN, B), "Hello")],
            ),
            WebhookSample(
                "report",
                b"MessageSid=SM1&To=%2B12065550101&MessageStatus=delivered",
                [DeliveryReport("twilio", "SM1", A, ReceiptStatus.DELIVERED, tag="IM1:0")],
                {"send": "IM1:0"},
            ),
        ],
        sends=[
            SendSample(
                "to one",
                TO_ONE,
                HttpRequest(
                    "POST",
                    "https://api.twilio.com/2010-04-01/Accounts/AC0/Messages.json",
                    {"Authorization": "Basic QUMwOjEyMzQ1", "Content-Type": "application/x-www-form-urlencoded"},
                    b"To=%2B12065550101&From=%2B12065550100&Body=Hello",
                ),
                HttpResponse(201, b'{"sid": "SM1", "status": "queued"}'),
                Accepted("SM1"),
            )
        ],
        too_many=OutboundText(OWN, CROWD[:10], "Hello"),
    ),
    Contract(
        "vonage",
        webhooks=[
            WebhookSample(
                "group text",
                encode(
                    {
                        "message_uuid": "u1",
                        "from": A[1:],
                        "to": OWN[1:],
                        "mms": {"participants": [B[1:]]},
                        "message_type": "text",
                        "text": "Hello",
                        "timestamp": "2026-11-24T12:00:00Z",
                    }
                ),
                [InboundText("vonage", "u1", OWN, A, (OWN, B), "Hello", received_at=NOON)],
            ),
            WebhookSample(
                "report",
                encode({"message_uuid": "u1", "to": A[1:], "status": "delivered"}),
                [DeliveryReport("vonage", "u1", A, ReceiptStatus.DELIVERED, tag="IM1:0")],
                {"send": "IM1:0"},
            ),
        ],
        sends=[
            SendSample(
                "to one",
                TO_ONE,
                HttpRequest(
                    "POST",
                    "https://api.nexmo.com/v1/messages",
                    {"Authorization": "Basic YWJjZDp2MG5hZ2U=", "Content-Type": "application/json"},
                    b'{"channel": "sms", "from": "12065550100", "to": "12065550101", "message_type": "text",'
                    b' "text": "Hello"}',
                ),
                HttpResponse(202, b'{"message_uuid": "u1"}'),
                Accepted("u1"),
            )
        ],
        too_many=OutboundText(OWN, (A,), "Hello", others=CROWD[:9]),
    ),
]
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
