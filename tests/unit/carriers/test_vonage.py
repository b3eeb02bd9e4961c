from __future__ import annotations

import base64
import hashlib
import hmac
import json
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from partyline.carriers.base import (
    Accepted,
    DeliveryReport,
    Event,
    InboundMedia,
    InboundText,
    MalformedWebhook,
    OutboundMedia,
    OutboundText,
    WebhookRequest,
)
from partyline.carriers.vonage import Vonage, VonageSettings
from partyline.domain.opt_outs import Keyword
from partyline.domain.receipts import ReceiptStatus
from partyline.errors import Ambiguous, Refused, SendError, Throttled, Unavailable, WebhookRefused
from partyline.http_client import HttpResponse
from tests.support.carrier_contract import RecordingTransport, no_request, send_error
from tests.support.pictures import jpeg

A, B, C, OWN = "+12065550101", "+12065550102", "+12065550103", "+12065550100"
SECRET = "s" * 64
SETTINGS = VonageSettings("abcd1234", "secret", SECRET)
NOW = 1_700_000_000


def webhook(body: bytes, authorization: str | None = None, tag: str = "") -> WebhookRequest:
    headers = {} if authorization is None else {"authorization": authorization}
    return WebhookRequest("https://example.com/carriers/vonage", "", headers, {"send": tag} if tag else {}, body)


def token(body: bytes, secret: str = SECRET, algorithm: str = "HS256", **changes: Any) -> str:
    claims = {"iat": NOW, "jti": "1", "iss": "Vonage", "payload_hash": hashlib.sha256(body).hexdigest(), **changes}
    present_claims = {name: value for name, value in claims.items() if value is not None}
    return "Bearer " + jwt.encode(present_claims, secret if algorithm != "none" else None, algorithm)  # type: ignore[arg-type]  # none has no key


def parse(message: object, *, settings: VonageSettings = SETTINGS, tag: str = "") -> list[Event]:
    return Vonage(settings, no_request).parse(webhook(json.dumps(message).encode(), tag=tag))


# --- authentication


@pytest.mark.parametrize("age", [-300, 0, 300])
def test_a_signed_webhook_is_accepted(age: int) -> None:
    Vonage(SETTINGS, no_request).authenticate(webhook(b"{}", token(b"{}", iat=NOW - age)), NOW)


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        (None, 401),
        ("", 401),
        ("Basic abc", 401),
        ("Bearer ", 401),
        ("Bearer x.y.z", 403),
        (token(b"{}", "t" * 64), 403),
        (token(b"{ }"), 403),
        (token(b"{}", payload_hash=None), 403),
        (token(b"{}", iat=NOW - 301), 403),
        (token(b"{}", iat=NOW + 301), 403),
        (token(b"{}", iat=None), 403),
        (token(b"{}", algorithm="none"), 403),
        (token(b"{}", algorithm="HS512"), 403),
    ],
)
def test_anything_else_is_refused(authorization: str | None, status: int) -> None:
    with pytest.raises(WebhookRefused) as refused:
        Vonage(SETTINGS, no_request).authenticate(webhook(b"{}", authorization), NOW)
    assert refused.value.status == status


def raw_token(claims: str, header: str = '{"alg": "HS256", "typ": "JWT"}') -> str:
    """A token of any JSON, signed."""
    signed = b".".join(base64.urlsafe_b64encode(part.encode()).rstrip(b"=") for part in (header, claims))
    signature = hmac.new(SECRET.encode(), signed, hashlib.sha256).digest()
    return f"Bearer {signed.decode()}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


@pytest.mark.parametrize(
    "iat",
    [
        *("1e400", "1" + "0" * 400, "-1" + "0" * 400, "NaN", "Infinity", "-Infinity", "true", "null", f'"{NOW}"'),
        *("[]", "{}", "1" * 5000, "[" * 5000),
    ],
)
def test_a_signed_time_that_is_no_time_is_refused(iat: str) -> None:
    """A11."""
    digest = hashlib.sha256(b"{}").hexdigest()
    with pytest.raises(WebhookRefused) as refused:
        Vonage(SETTINGS, no_request).authenticate(
            webhook(b"{}", raw_token(f'{{"iat": {iat}, "payload_hash": "{digest}"}}')), NOW
        )
    assert refused.value.status == 403


@pytest.mark.parametrize("claims", ["[" * 7000, '{"iat": ' * 1400, "[]", "1", '"x"', ""])
def test_a_token_of_any_json_is_refused(claims: str) -> None:
    """A11."""
    for authorization in (raw_token(claims), raw_token("{}", header=claims)):
        with pytest.raises(WebhookRefused) as refused:
            Vonage(SETTINGS, no_request).authenticate(webhook(b"{}", authorization), NOW)
        assert refused.value.status == 403


@given(st.text())
def test_no_authorization_breaks_it(authorization: str) -> None:
    for header in (authorization, f"Bearer {authorization}"):
        with pytest.raises(WebhookRefused):
            Vonage(SETTINGS, no_request).authenticate(webhook(b"{}", header), NOW)


# --- inbound


TIME = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def received(**changes: Any) -> dict[str, Any]:
    message = {
        "channel": "mms",
        "message_uuid": "u-1",
        "to": OWN[1:],
        "from": A[1:],
        "timestamp": "2026-11-24T12:00:00Z",
        "message_type": "text",
        "text": "See you at noon",
        "mms": {"participants": [B[1:], C[1:]]},
        **changes,
    }
    return {name: value for name, value in message.items() if value is not ...}


def test_group_text_names_all_members() -> None:
    assert parse(received()) == [
        InboundText("vonage", "u-1", OWN, A, (OWN, B, C), "See you at noon", received_at=TIME),
    ]


@pytest.mark.parametrize(("timestamp", "moment"), [("2026-11-24T13:00:00.000+01:00", TIME), (..., None), (7, None)])
def test_a_text_has_the_carriers_time(timestamp: object, moment: datetime | None) -> None:
    """C13."""
    (text,) = parse(received(timestamp=timestamp))
    assert isinstance(text, InboundText)
    assert text.received_at == moment


@pytest.mark.parametrize(
    ("changes", "recipients"),
    [
        ({"mms": ...}, (OWN,)),
        ({"mms": None}, (OWN,)),
        ({"mms": {}}, (OWN,)),
        ({"mms": {"participants": None}}, (OWN,)),
        ({"mms": {"participants": [OWN[1:], "97167"]}}, (OWN, OWN, "97167")),
        ({"channel": "sms", "mms": ...}, (OWN,)),
    ],
)
def test_rosters_come_in_every_shape(changes: dict[str, Any], recipients: tuple[str, ...]) -> None:
    (text,) = parse(received(**changes))
    assert isinstance(text, InboundText)
    assert text.recipients == recipients


def test_a_picture_brings_its_caption_as_the_text() -> None:
    picture = {"url": "https://api.nexmo.com/v3/media/1", "caption": "look"}
    (text,) = parse(received(message_type="image", text=..., image=picture))
    assert isinstance(text, InboundText)
    assert (text.text, text.media) == ("look", (InboundMedia("https://api.nexmo.com/v3/media/1"),))


ONE, TWO, THREE = (f"https://api.nexmo.com/v3/media/{number}" for number in (1, 2, 3))


@pytest.mark.parametrize(
    ("changes", "text", "urls"),
    [
        ({"message_type": "image", "image": {"url": ONE}}, "", (ONE,)),
        *(
            ({"message_type": kind, kind: {"url": ONE, "caption": "look"}}, "look", (ONE,))
            for kind in ("image", "audio", "video", "vcard", "file")
        ),
        (
            {
                "message_type": "image",
                "image": {"url": ONE},
                "content": [{"type": "image", "url": TWO}, {"type": "vcard", "url": THREE}],
            },
            "",
            (ONE, TWO, THREE),
        ),
        (
            {
                "message_type": "image",
                "image": {"url": ONE, "caption": "the roof"},
                "content": [
                    {"type": "image", "url": ONE, "caption": "the roof"},
                    {"type": "file", "url": TWO, "caption": "the plan"},
                    {"type": "file", "url": TWO},
                ],
            },
            "the roof\nthe plan",
            (ONE, TWO),
        ),
        ({"message_type": "content", "content": [{"type": "audio", "url": ONE}]}, "", (ONE,)),
        ({"message_type": "text", "text": "hello", "content": [{"url": ONE, "caption": "not this"}]}, "hello", (ONE,)),
        ({"message_type": "image", "text": " ", "image": {"url": ONE, "caption": "look"}}, "look", (ONE,)),
        ({"message_type": ..., "image": {"url": ONE}}, "", (ONE,)),
        ({"message_type": "text", "text": "hello", "content": None}, "hello", ()),
        # The layout of an MMS is no file.
        ({"message_type": "file", "file": {"url": f"{ONE}.smil"}, "content": [{"url": TWO}]}, "", (TWO,)),
    ],
)
def test_every_file_is_taken_once_and_captions_are_the_text_where_there_is_none(
    changes: dict[str, Any], text: str, urls: tuple[str, ...]
) -> None:
    """C2."""
    (event,) = parse(received(**{"text": ..., **changes}))
    assert isinstance(event, InboundText)
    assert (event.text, event.media) == (text, tuple(map(InboundMedia, urls)))


def test_a_file_without_an_address_does_not_cost_the_text() -> None:
    """C12, at Vonage."""
    (event,) = parse(received(text="hello", image={"caption": "x"}, content=[{"type": "image", "url": ONE}]))
    assert isinstance(event, InboundText)
    assert (event.text, event.media) == ("hello", (InboundMedia(""), InboundMedia(ONE)))


def test_a_caption_of_another_type_costs_only_a_message_that_needs_its_words() -> None:
    (text,) = parse(received(text="hello", image={"url": ONE, "caption": 7}))
    assert isinstance(text, InboundText)
    assert text.media == (InboundMedia(ONE),)
    (present_claims,) = parse(received(text=..., image={"url": ONE, "caption": 7}))
    assert isinstance(present_claims, MalformedWebhook)


@pytest.mark.parametrize("kind", ["unsupported", "sticker", "location", "reply", 5])
def test_message_of_an_undocumented_type_is_malformed(kind: object) -> None:
    """C2."""
    (event,) = parse(received(message_type=kind))
    assert isinstance(event, MalformedWebhook)


@pytest.mark.parametrize(
    ("body", "on", "answered"),
    [("Stop", True, Keyword.STOP), ("STOP", False, None), ("help", True, Keyword.HELP), ("hello", True, None)],
)
def test_keyword_that_opt_out_assist_has_answered_is_read(body: str, on: bool, answered: Keyword | None) -> None:
    (text,) = parse(received(text=body), settings=replace(SETTINGS, answers_keywords=on))
    assert isinstance(text, InboundText)
    assert text.keyword_handled_by_carrier is answered


@pytest.mark.parametrize(
    "message",
    [
        [],
        "text",
        {},
        received(to=...),
        received(**{"from": None}),
        received(message_uuid=""),
        received(mms={"participants": "x"}),
        received(mms={"participants": [1]}),
        received(image="x"),
        received(content={"url": "https://api.nexmo.com/v3/media/1"}),
        received(content=["https://api.nexmo.com/v3/media/1"]),
        received(status="flying"),
    ],
)
def test_unreadable_webhook_is_malformed(message: object) -> None:
    (event,) = parse(message)
    assert isinstance(event, MalformedWebhook)
    assert json.loads(event.raw) == message


@given(st.binary())
def test_no_body_breaks_it(body: bytes) -> None:
    assert Vonage(SETTINGS, no_request).parse(webhook(body))


# --- reports


def status(name: str, **changes: Any) -> dict[str, Any]:
    return {"message_uuid": "u-1", "to": A[1:], "from": OWN[1:], "channel": "mms", "status": name, **changes}


OPTED_OUT = {"type": "https://developer.vonage.com/api-errors/messages#1000", "title": "x", "detail": "User opted out"}


@pytest.mark.parametrize(
    ("message", "reported", "error_code", "carrier_code"),
    [
        (status("submitted"), ReceiptStatus.SENT, None, None),
        (status("delivered"), ReceiptStatus.DELIVERED, None, None),
        (status("read"), ReceiptStatus.DELIVERED, None, None),
        (status("undeliverable", error={"type": "https://x#1260"}), ReceiptStatus.UNDELIVERED, 30003, "1260"),
        (status("rejected", error={"type": "https://x#1210", "title": 1210}), ReceiptStatus.FAILED, 30007, "1210"),
        (status("rejected", error={"title": "1230"}), ReceiptStatus.FAILED, 30005, "1230"),
        (status("rejected", error={"type": "https://x#9"}), ReceiptStatus.FAILED, 30008, "9"),
        (status("rejected"), ReceiptStatus.FAILED, 30008, None),
        (status("rejected", error=OPTED_OUT), ReceiptStatus.FAILED, 21610, "1000"),
        (status("delivered", error=OPTED_OUT), ReceiptStatus.DELIVERED, None, None),
        (status("failed", error=OPTED_OUT), ReceiptStatus.FAILED, 21610, "1000"),
    ],
)
def test_statuses(
    message: dict[str, Any], reported: ReceiptStatus, error_code: int | None, carrier_code: str | None
) -> None:
    assert parse(message, tag="IM1:0") == [
        DeliveryReport("vonage", "u-1", A, reported, error_code, carrier_code, "IM1:0")
    ]


PAGE = "https://developer.vonage.com/api-errors/messages"


@pytest.mark.parametrize("nested", [True, False])
@pytest.mark.parametrize(
    ("fault", "error_code", "carrier_code"),
    [
        ({"type": f"{PAGE}#1260", "title": "1260"}, 30003, "1260"),
        ({"type": f"{PAGE}#undeliverable", "title": "1260", "detail": "Destination unreachable"}, 30003, "1260"),
        ({"type": f"{PAGE}#rejected", "title": 1050, "detail": "Number barred"}, 30004, "1050"),
        ({"type": f"{PAGE}#rejected", "title": "1240", "detail": "Illegal Number"}, 21610, "1240"),
        ({"type": f"{PAGE}#rejected", "title": "1030", "detail": "The number has opted out"}, 21610, "1030"),
        ({"type": f"{PAGE}#rejected", "title": "9", "detail": "Requested not to receive messages"}, 21610, "9"),
        ({"type": f"{PAGE}#undeliverable", "title": "Undeliverable", "detail": "Try later"}, 30008, "undeliverable"),
        ({"title": "Undeliverable"}, 30008, None),
        ({"type": PAGE, "title": "1170"}, 21211, "1170"),
        ({"type": ["#1170"], "title": True, "detail": 5}, 30008, None),
        ({}, 30008, None),
    ],
)
def test_a_fault_is_read_in_both_forms(
    fault: dict[str, Any], error_code: int, carrier_code: str | None, nested: bool
) -> None:
    """C3."""
    given = {"error": fault} if nested else fault
    (report,) = parse(status("rejected", error=given))
    assert isinstance(report, DeliveryReport)
    assert (report.error_code, report.carrier_code) == (error_code, carrier_code)
    with pytest.raises(Refused) as refused:
        Vonage(SETTINGS, lambda _: HttpResponse(422, json.dumps(given).encode())).send(OutboundText(OWN, (A,), "Hey"))
    assert (refused.value.error_code, refused.value.carrier_code) == (error_code, carrier_code)


@pytest.mark.parametrize("error", ["#1170", 1170, [], {"error": "1170"}, {"error": None}])
def test_a_fault_of_no_form_is_unknown(error: object) -> None:
    """C3."""
    (report,) = parse(status("rejected", error=error))
    assert isinstance(report, DeliveryReport)
    assert (report.error_code, report.carrier_code) == (30008, None)


@pytest.mark.parametrize(
    ("carrier_code", "code"),
    [
        ("1000", 30022),
        ("1050", 30004),
        ("1090", 30019),
        ("1100", 30008),
        ("1120", 21212),
        ("1170", 21211),
        ("1180", 30003),
        ("1190", 30003),
        ("1210", 30007),
        ("1230", 30005),
        ("1250", 30005),
        ("1260", 30003),
        ("1280", 30004),
        ("9999", 30008),
    ],
)
def test_failure_has_the_outcome_of_its_code(carrier_code: str, code: int) -> None:
    fault = {"type": f"https://developer.vonage.com/api-errors/messages#{carrier_code}", "title": carrier_code}
    assert parse(status("rejected", error=fault)) == [
        DeliveryReport("vonage", "u-1", A, ReceiptStatus.FAILED, code, carrier_code)
    ]


# --- sending


def attached(name: str, content_type: str) -> OutboundMedia:
    return OutboundMedia(f"https://example.com/{name}", content_type, 4, name, lambda: b"file")


VCARD, PDF = attached("ann.vcf", "text/vcard"), attached("plan.pdf", "application/pdf")


@pytest.mark.parametrize(
    ("text", "body"),
    [
        (
            OutboundText(OWN, (A,), "Hello", others=(B, C), tag="IM1:0", callback_url="https://h/vonage?send=IM1:0"),
            {
                "channel": "mms",
                "from": "12065550100",
                "to": "12065550101",
                "message_type": "text",
                "text": "Hello",
                "mms": {"participants": ["12065550102", "12065550103"]},
                "webhook_url": "https://h/vonage?send=IM1:0",
            },
        ),
        (
            OutboundText(OWN, (A,), "Hello"),
            {
                "channel": "sms",
                "from": "12065550100",
                "to": "12065550101",
                "message_type": "text",
                "text": "Hello",
            },
        ),
        (
            OutboundText(OWN, (A,), "Look", (jpeg(), jpeg("https://example.com/y.jpg"), VCARD, PDF), others=(B,)),
            {
                "channel": "mms",
                "from": "12065550100",
                "to": "12065550101",
                "message_type": "content",
                "content": [
                    {"type": "image", "url": "https://example.com/x.jpg", "caption": "Look"},
                    {"type": "image", "url": "https://example.com/y.jpg"},
                    {"type": "vcard", "url": "https://example.com/ann.vcf"},
                    {"type": "file", "url": "https://example.com/plan.pdf"},
                ],
                "mms": {"participants": ["12065550102"]},
            },
        ),
        (
            OutboundText(OWN, (A,), "", (jpeg(), VCARD)),
            {
                "channel": "mms",
                "from": "12065550100",
                "to": "12065550101",
                "message_type": "content",
                "content": [
                    {"type": "image", "url": "https://example.com/x.jpg"},
                    {"type": "vcard", "url": "https://example.com/ann.vcf"},
                ],
            },
        ),
        (
            OutboundText(OWN, (A,), "", (VCARD,)),
            {
                "channel": "mms",
                "from": "12065550100",
                "to": "12065550101",
                "message_type": "vcard",
                "vcard": {"url": "https://example.com/ann.vcf"},
            },
        ),
        (
            OutboundText(OWN, (A,), "Look", (jpeg(),)),
            {
                "channel": "mms",
                "from": "12065550100",
                "to": "12065550101",
                "message_type": "image",
                "image": {"url": "https://example.com/x.jpg", "caption": "Look"},
            },
        ),
    ],
)
def test_a_text_is_one_request_for_one_member(text: OutboundText, body: dict[str, Any]) -> None:
    """C15: also with several files."""
    transport = RecordingTransport(HttpResponse(202, b'{"message_uuid": "u-9", "workflow_id": "w"}'))
    assert Vonage(SETTINGS, transport).send(text) == Accepted("u-9")
    (request,) = transport.requests
    assert (request.method, request.url) == ("POST", "https://api.nexmo.com/v1/messages")
    assert request.headers == {
        "Authorization": "Basic YWJjZDEyMzQ6c2VjcmV0",
        "Content-Type": "application/json",
    }
    assert json.loads(request.body) == body


def fault(code: str, detail: str = "") -> bytes:
    return json.dumps({"type": f"https://developer.vonage.com/api-errors/messages#{code}", "detail": detail}).encode()


@pytest.mark.parametrize(
    ("given_status", "body", "kind", "error_code", "recipients"),
    [
        (422, fault("1170"), Refused, 21211, {A: 21211}),
        (422, fault("1120"), Refused, 21212, {}),
        (422, fault("1", "the number has opted-out"), Refused, 21610, {A: 21610}),
        (401, fault("unauthorized"), Refused, 30008, {}),
        (402, b"", Refused, 30008, {}),
        (429, fault("1000"), Throttled, 30022, None),
        (500, b"{}", Ambiguous, 30008, None),
        (503, b"{}", Unavailable, 30008, None),
        (504, b"{}", Ambiguous, 30008, None),
        (522, b"{}", Ambiguous, 30008, None),
        (202, b"{}", Ambiguous, 30008, None),
    ],
)
def test_answers(
    given_status: int, body: bytes, kind: type[SendError], error_code: int, recipients: dict[str, int] | None
) -> None:
    raised = send_error(
        partial(Vonage, SETTINGS), OutboundText(OWN, (A,), "Hey", others=(B,)), HttpResponse(given_status, body)
    )
    assert type(raised) is kind
    assert raised.error_code == error_code
    if isinstance(raised, Refused):
        assert raised.recipients == recipients


@pytest.mark.parametrize(("recipients", "others", "code"), [((), (), 21604), (("a",), tuple("bcdefghij"), 21653)])
def test_text_to_none_or_too_many_makes_no_request(
    recipients: tuple[str, ...], others: tuple[str, ...], code: int
) -> None:
    with pytest.raises(Refused) as refused:
        Vonage(SETTINGS, no_request).send(OutboundText(OWN, recipients, "Hey", others=others))
    assert refused.value.error_code == code


def test_it_cannot_be_asked_afterwards() -> None:
    assert Vonage(SETTINGS, no_request).find(OutboundText(OWN, (A,), "Hey"), "u-1") is None


def test_no_secret_is_shown() -> None:
    with suppress(SendError):
        Vonage(SETTINGS, lambda _: HttpResponse(500, b"")).send(OutboundText(OWN, (A,), "Hey"))
    assert "secret" not in repr(SETTINGS).replace("api_secret", "").replace("signature_secret", "")
