"""C7. Long texts at each carrier: the exact requests for their parts, and the reports that name these again."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

import pytest

from partyline.carriers.base import (
    DeliveryReport,
    OutboundMedia,
    OutboundText,
    WebhookRequest,
)
from partyline.carriers.gateway_event import callback_url
from partyline.carriers.registry import LIMITS, build_carrier, build_reader
from partyline.domain import long_texts
from partyline.domain.receipts import ReceiptStatus
from partyline.domain.sends import SendReference
from partyline.http_client import HttpRequest, HttpResponse
from tests.support.carrier_contract import SECRETS

P, A, B = "+12065550100", "+12065550150", "+12065550151"
WHOLE = SendReference("CH" + "a" * 32, "IM" + "b" * 32, "c" * 64)
PICTURE = OutboundMedia("https://example.com/1.jpg", "image/jpeg", 1, "1.jpg", lambda: b"x")
WORDS = " ".join(letter * 990 for letter in "abc")
Body = Mapping[str, Any]


def requests(carrier: str, *, media: bool = False) -> list[HttpRequest]:
    """What is asked for a text of almost 3000 characters."""
    asked: list[HttpRequest] = []

    def transport(request: HttpRequest) -> HttpResponse:
        asked.append(request)
        names = {"id": "1", "sid": "1", "message_uuid": "1", "data": {"id": "1"}}
        return HttpResponse(202, json.dumps(names).encode())

    parts = long_texts.split_parts(WORDS, LIMITS[carrier].cuts(WORDS, plain=True))
    for number, words in enumerate(parts, start=1):
        tag = replace(WHOLE, part=number, parts=len(parts)).tag
        files = (PICTURE,) if media and number == 1 else ()
        text = OutboundText(P, (A,), words, files, tag, callback_url("https://x.example", carrier, tag))
        build_carrier(carrier, SECRETS, transport).send(text)
    return asked


def url(carrier: str, part: int, parts: int) -> str:
    return f"https://x.example/carriers/{carrier}?send={WHOLE.tag}-{part}of{parts}"


def test_bandwidth_gets_two_messages_with_a_tag_each() -> None:
    assert [json.loads(request.body) for request in requests("bandwidth")] == [
        {"applicationId": "93de2206", "to": [A], "from": P, "text": words, "tag": f"{WHOLE.tag}-{part}of2"}
        for part, words in ((1, f"{'a' * 990} {'b' * 990}"), (2, "c" * 990))
    ]


def test_telnyx_gets_three_messages_with_a_webhook_url_each() -> None:
    assert [json.loads(request.body) for request in requests("telnyx")] == [
        {
            "from": P,
            "to": A,
            "text": letter * 990,
            "webhook_url": url("telnyx", part, 3),
            "use_profile_webhooks": False,
        }
        for part, letter in ((1, "a"), (2, "b"), (3, "c"))
    ]


def test_twilio_gets_three_messages_with_callbacks_and_the_picture_in_the_first() -> None:
    picture = [[("MediaUrl", PICTURE.url)], [], []]
    assert [parse_qsl(request.body.decode()) for request in requests("twilio", media=True)] == [
        [
            ("To", A),
            ("From", P),
            ("Body", letter * 990),
            *picture[part - 1],
            ("StatusCallback", url("twilio", part, 3)),
        ]
        for part, letter in ((1, "a"), (2, "b"), (3, "c"))
    ]


def test_vonage_gets_three_messages_with_a_webhook_url_each() -> None:
    assert [json.loads(request.body) for request in requests("vonage")] == [
        {
            "channel": "sms",
            "from": P.removeprefix("+"),
            "to": A.removeprefix("+"),
            "message_type": "text",
            "text": letter * 990,
            "webhook_url": url("vonage", part, 3),
        }
        for part, letter in ((1, "a"), (2, "b"), (3, "c"))
    ]


BANDWIDTH = {
    "type": "message-delivered",
    "to": A,
    "message": {"id": "1", "tag": f"{WHOLE.tag}-2of3", "direction": "out"},
}
TELNYX = {
    "data": {
        "event_type": "message.finalized",
        "payload": {"id": "1", "to": [{"phone_number": A, "status": "delivered"}]},
    }
}
REPORTS: list[tuple[str, bytes]] = [
    ("bandwidth", json.dumps([BANDWIDTH]).encode()),
    ("telnyx", json.dumps(TELNYX).encode()),
    ("twilio", b"MessageSid=1&MessageStatus=delivered&To=%2B12065550150"),
    ("vonage", json.dumps({"message_uuid": "1", "to": A.removeprefix("+"), "status": "delivered"}).encode()),
]


@pytest.mark.parametrize(("carrier", "body"), REPORTS)
def test_a_report_brings_back_which_part_it_is_of(carrier: str, body: bytes) -> None:
    query = {} if carrier == "bandwidth" else {"send": f"{WHOLE.tag}-2of3"}
    (report,) = build_reader(carrier).parse(WebhookRequest("", "", {}, query, body))
    assert isinstance(report, DeliveryReport)
    assert (report.status, SendReference.from_tag(report.tag)) == (
        ReceiptStatus.DELIVERED,
        replace(WHOLE, part=2, parts=3),
    )


def test_a_part_of_a_group_text_at_twilio_is_found_by_its_tag() -> None:
    messages = [
        {"sid": f"IM{part}", "attributes": json.dumps({"partyline": f"{WHOLE.tag}-{part}of2"})} for part in (2, 1)
    ]
    people = [{"sid": f"MB{one[-1]}", "messaging_binding": {"address": one}} for one in (A, B)]

    def answer(request: HttpRequest) -> HttpResponse:
        known: dict[str, Callable[[], Body]] = {
            "Participants": lambda: {"participants": people},
            "Messages": lambda: {"messages": messages},
            "Receipts": lambda: {"delivery_receipts": []},
        }
        return HttpResponse(200, json.dumps(known[request.url.partition("?")[0].rpartition("/")[2]]()).encode())

    for part in (1, 2):
        text = OutboundText(P, (A, B), "x", tag=replace(WHOLE, part=part, parts=2).tag)
        found = build_carrier("twilio", SECRETS, answer).find(text, "")
        assert found and found.accepted.id == f"IM{part}"
