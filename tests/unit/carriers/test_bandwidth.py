from __future__ import annotations

import base64
import json
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from partyline.carriers.bandwidth import Bandwidth, BandwidthSettings
from partyline.carriers.base import (
    Accepted,
    DeliveryReport,
    IgnoredEvent,
    InboundMedia,
    InboundText,
    MalformedWebhook,
    OutboundText,
    WebhookRequest,
)
from partyline.domain.receipts import ReceiptStatus
from partyline.errors import Ambiguous, Refused, SendError, Throttled, Unavailable, WebhookRefused
from partyline.http_client import HttpRequest, HttpResponse
from tests.support.carrier_contract import RecordingTransport, no_request, send_error
from tests.support.pictures import jpeg
from tests.support.seeded import json_objects, json_values

A, B, OWN = "+12065550101", "+12065550102", "+12065550100"
CHALLENGE = {"WWW-Authenticate": 'Basic realm="partyline"'}
SETTINGS = BandwidthSettings("5500001", "93de2206", "api", "secret", webhook_token="t0ken")
WITH_BASIC = BandwidthSettings("5500001", "93de2206", "api", "secret", "t0ken", "hook", "pass:word")

JSON = json_values()
FIELDS = (
    "type",
    "message",
    "to",
    "from",
    "id",
    "direction",
    "media",
    "owner",
    "errorCode",
    "description",
    "tag",
    "text",
)
WORDS = ["message-received", "message-failed", "message-delivered", "in", A, "\ud800"]


def webhook(body: bytes = b"[]", path: str = "t0ken", authorization: str | None = None) -> WebhookRequest:
    headers = {} if authorization is None else {"authorization": authorization}
    return WebhookRequest(f"https://example.com/webhooks/bandwidth/{path}", path, headers, {}, body)


def parse(document: object) -> list[Any]:
    return list(Bandwidth(SETTINGS, no_request).parse(webhook(json.dumps(document).encode())))


def basic(credentials: str) -> str:
    return "Basic " + base64.b64encode(credentials.encode()).decode()


def received(**changes: Any) -> dict[str, Any]:
    message: dict[str, Any] = {
        "id": "14762070468292kw2fuqty55yp2b2",
        "time": "2026-09-14T18:20:16Z",
        "to": [OWN, B],
        "from": A,
        "text": "See you at noon",
        "applicationId": "93de2206",
        "owner": OWN,
        "direction": "in",
        "segmentCount": 1,
    }
    message.update(changes)
    fields_of_message = {name: value for name, value in message.items() if value is not ...}
    return {
        "type": "message-received",
        "time": "2026-09-14T18:20:16Z",
        "description": "x",
        "to": OWN,
        "message": fields_of_message,
    }


def report(kind: str, **changes: Any) -> dict[str, Any]:
    message = {"id": "m1", "to": [A, B], "from": OWN, "text": "", "owner": B, "direction": "out", "tag": "IM1:0"}
    return {"type": kind, "time": "2026-09-14T18:20:16Z", "description": "", "to": B, "message": message, **changes}


@pytest.mark.parametrize("authorization", [None, basic("some:thing"), "nonsense"])
def test_the_token_alone_is_enough_without_webhook_credentials(authorization: str | None) -> None:
    Bandwidth(SETTINGS, no_request).authenticate(webhook(authorization=authorization), 0)


@pytest.mark.parametrize("path", ["", "t0ke", "t0kenx", "T0KEN", "/t0ken", "ünïcode", "\ud800"])
@pytest.mark.parametrize("deployment", [SETTINGS, WITH_BASIC])
def test_a_wrong_token_is_refused_whatever_the_credentials(deployment: BandwidthSettings, path: str) -> None:
    with pytest.raises(WebhookRefused) as refused:
        Bandwidth(deployment, no_request).authenticate(webhook(path=path, authorization=basic("hook:pass:word")), 0)
    assert refused.value.status == 403


@pytest.mark.parametrize("path", ["", "t0ken"])
def test_an_empty_token_accepts_nothing(path: str) -> None:
    empty = BandwidthSettings("5500001", "93de2206", "api", "secret", webhook_token="")
    with pytest.raises(WebhookRefused) as refused:
        Bandwidth(empty, no_request).authenticate(webhook(path=path), 0)
    assert refused.value.status == 403


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Basic", "Basic ", "Basic !!!", basic("hook:wrong"), basic(""), "Bearer aG9vazpwYXNzOndvcmQ="],
)
def test_absent_and_wrong_credentials_are_challenged(authorization: str | None) -> None:
    with pytest.raises(WebhookRefused) as refused:
        Bandwidth(WITH_BASIC, no_request).authenticate(webhook(authorization=authorization), 0)
    assert (refused.value.status, refused.value.headers) == (401, CHALLENGE)


@pytest.mark.parametrize("authorization", ["Basic aG9vazpwYXNzOndvcmQ=", "basic  aG9vazpwYXNzOndvcmQ= "])
def test_the_configured_credentials_are_accepted(authorization: str) -> None:
    Bandwidth(WITH_BASIC, no_request).authenticate(webhook(authorization=authorization), 0)


@settings(deadline=None)
@given(st.text(), st.text())
def test_only_the_exact_token_and_credentials_pass(path: str, authorization: str) -> None:
    with pytest.raises(WebhookRefused):
        Bandwidth(WITH_BASIC, no_request).authenticate(webhook(path=path, authorization=authorization), 0)


def test_a_group_text_brings_its_whole_roster() -> None:
    assert parse([received()]) == [
        InboundText(
            carrier="bandwidth",
            id="14762070468292kw2fuqty55yp2b2",
            line=OWN,
            sender=A,
            recipients=(OWN, B),
            text="See you at noon",
            received_at=datetime(2026, 9, 14, 18, 20, 16, tzinfo=UTC),
        )
    ]


@pytest.mark.parametrize(
    ("time", "moment"),
    [
        ("2026-09-09T06:20:16.5+12:00", datetime(2026, 9, 8, 18, 20, 16, 500000, tzinfo=UTC)),
        ("2026-09-09T06:20:16", datetime(2026, 9, 9, 6, 20, 16, tzinfo=UTC)),
        # Without one of the text, that of the event.
        (..., datetime(2026, 9, 14, 18, 20, 16, tzinfo=UTC)),
        ("soon", datetime(2026, 9, 14, 18, 20, 16, tzinfo=UTC)),
        ("0001-01-01T00:00:00+12:00", datetime(2026, 9, 14, 18, 20, 16, tzinfo=UTC)),
        (1789410016, datetime(2026, 9, 14, 18, 20, 16, tzinfo=UTC)),
    ],
)
def test_a_text_has_the_carriers_time_and_never_fails_for_it(time: object, moment: datetime) -> None:
    """C13."""
    (text,) = parse(received(time=time))
    assert isinstance(text, InboundText)
    assert text.received_at == moment


def test_a_text_without_any_time_has_none() -> None:
    """C13."""
    (text,) = parse({**received(time=...), "time": None})
    assert isinstance(text, InboundText)
    assert text.received_at is None


def test_a_single_object_counts_as_an_array_of_one() -> None:
    assert parse(received()) == parse([received()])


def test_without_an_owner_the_line_is_the_events_own_to() -> None:
    assert [event.line for event in parse([received(owner=...), received(owner=None), received(owner=B)])] == [
        OWN,
        OWN,
        B,
    ]


@pytest.mark.parametrize("text", [..., None, ""])
@pytest.mark.parametrize("media", [..., None, []])
def test_text_and_media_may_be_absent_null_or_empty(text: object, media: object) -> None:
    (event,) = parse([received(text=text, media=media)])
    assert (event.text, event.media) == ("", ())


def test_layout_parts_are_no_media() -> None:
    urls = [
        f"https://messaging.bandwidth.com/api/v2/users/5500001/media/m/{part}"
        for part in ("0/bw.png", "1/layout.smil", "2/text_0.txt", "3/x.XML", "4/a.txt.jpg", "5/b.txt?x=1")
    ]
    (event,) = parse([received(media=urls)])
    assert event.media == (InboundMedia(urls[0]), InboundMedia(urls[4]))
    # Without the text its words may be nowhere else.
    (event,) = parse([received(text=None, media=urls)])
    assert event.media == tuple(InboundMedia(urls[part]) for part in (0, 2, 4, 5))


def test_addresses_are_passed_on_as_written() -> None:
    (event,) = parse([received(**{"from": "Alice@Example.com", "to": ["97167", "(206) 555-0102", OWN, OWN]})])
    assert (event.sender, event.recipients) == ("Alice@Example.com", ("97167", "(206) 555-0102", OWN, OWN))


def test_half_a_surrogate_pair_becomes_a_replacement_character() -> None:
    assert [event.text for event in parse([received(text="a\ud83db"), received(text="\ud83d\ude00")])] == ["a�b", "😀"]


def test_our_own_text_that_comes_back_is_ignored() -> None:
    assert parse([received(direction="out")]) == [IgnoredEvent("message-received, outbound")]


@pytest.mark.parametrize(
    ("kind", "description", "status"),
    [
        ("message-sending", "Message is sending to carrier", ReceiptStatus.SENT),
        ("message-sent", "", ReceiptStatus.SENT),
        ("message-delivered", "ok", ReceiptStatus.DELIVERED),
        ("message-delivered", None, ReceiptStatus.DELIVERED),
        ("message-delivered", "Message delivered to carrier.", ReceiptStatus.SENT),
        ("message-delivered", "Message delivered to carrier", ReceiptStatus.SENT),
        ("message-read", "", ReceiptStatus.DELIVERED),
    ],
)
def test_a_report_is_about_the_events_own_to(kind: str, description: str | None, status: ReceiptStatus) -> None:
    assert parse([report(kind, description=description)]) == [
        DeliveryReport(carrier="bandwidth", id="m1", recipient=B, status=status, tag="IM1:0")
    ]


@pytest.mark.parametrize(
    ("error_code", "status", "code"),
    [
        (4302, ReceiptStatus.FAILED, 21606),
        (4303, ReceiptStatus.FAILED, 30005),
        (4360, ReceiptStatus.FAILED, 30036),
        (4401, ReceiptStatus.FAILED, 21266),
        (4403, ReceiptStatus.FAILED, 21606),
        (4404, ReceiptStatus.FAILED, 30005),
        (4405, ReceiptStatus.FAILED, 21606),
        (4406, ReceiptStatus.FAILED, 30005),
        (4407, ReceiptStatus.FAILED, 21606),
        (4408, ReceiptStatus.FAILED, 30005),
        (4409, ReceiptStatus.FAILED, 30011),
        (4410, ReceiptStatus.FAILED, 21620),
        (4411, ReceiptStatus.FAILED, 30019),
        (4412, ReceiptStatus.FAILED, 12300),
        (4420, ReceiptStatus.FAILED, 30003),
        (4421, ReceiptStatus.FAILED, 30003),
        (4432, ReceiptStatus.FAILED, 21408),
        (4434, ReceiptStatus.FAILED, 30005),
        (4435, ReceiptStatus.FAILED, 21653),
        (4470, ReceiptStatus.FAILED, 30007),
        (4475, ReceiptStatus.FAILED, 21610),
        (4476, ReceiptStatus.FAILED, 30034),
        (4481, ReceiptStatus.FAILED, 30004),
        (4482, ReceiptStatus.FAILED, 21610),
        (4499, ReceiptStatus.FAILED, 30008),
        (4700, ReceiptStatus.UNDELIVERED, 30006),
        (4701, ReceiptStatus.UNDELIVERED, 30003),
        (4702, ReceiptStatus.UNDELIVERED, 30003),
        (4710, ReceiptStatus.UNDELIVERED, 21620),
        (4711, ReceiptStatus.UNDELIVERED, 30019),
        (4712, ReceiptStatus.UNDELIVERED, 12300),
        (4720, ReceiptStatus.UNDELIVERED, 30005),
        (4721, ReceiptStatus.UNDELIVERED, 30005),
        (4730, ReceiptStatus.UNDELIVERED, 30003),
        (4735, ReceiptStatus.UNDELIVERED, 21653),
        (4740, ReceiptStatus.UNDELIVERED, 21606),
        (4750, ReceiptStatus.UNDELIVERED, 30004),
        (4751, ReceiptStatus.UNDELIVERED, 30019),
        (4753, ReceiptStatus.UNDELIVERED, 30004),
        (4770, ReceiptStatus.UNDELIVERED, 30007),
        (4771, ReceiptStatus.UNDELIVERED, 30007),
        (4772, ReceiptStatus.UNDELIVERED, 30004),
        (4773, ReceiptStatus.UNDELIVERED, 30034),
        (4774, ReceiptStatus.UNDELIVERED, 30034),
        (4775, ReceiptStatus.UNDELIVERED, 21610),
        (4780, ReceiptStatus.UNDELIVERED, 30022),
        (4781, ReceiptStatus.UNDELIVERED, 30022),
        (4785, ReceiptStatus.UNDELIVERED, 30022),
        (4795, ReceiptStatus.UNDELIVERED, 30034),
        (4799, ReceiptStatus.UNDELIVERED, 30008),
        (5100, ReceiptStatus.FAILED, 30008),
        (5231, ReceiptStatus.FAILED, 30008),
        (5500, ReceiptStatus.FAILED, 30008),
        (5501, ReceiptStatus.FAILED, 30008),
        (5600, ReceiptStatus.UNDELIVERED, 30008),
        (5650, ReceiptStatus.UNDELIVERED, 30008),
        (9902, ReceiptStatus.UNKNOWN, None),
        (9999, ReceiptStatus.UNDELIVERED, 30008),
        ("4775", ReceiptStatus.UNDELIVERED, 21610),
    ],
)
def test_failure_has_the_outcome_of_its_code(error_code: int | str, status: ReceiptStatus, code: int | None) -> None:
    assert parse([report("message-failed", errorCode=error_code, description="told elsewhere")]) == [
        DeliveryReport("bandwidth", "m1", B, status, code, str(error_code), "IM1:0")
    ]


@pytest.mark.parametrize("error_code", [None, True, [], {}])
def test_a_failure_without_a_code_is_still_a_failure(error_code: object) -> None:
    (event,) = parse([report("message-failed", errorCode=error_code)])
    assert (event.status, event.error_code, event.carrier_code) == (ReceiptStatus.FAILED, 30008, None)


@pytest.mark.parametrize("missing", [None, ""])
def test_a_file_without_an_address_does_not_cost_the_text(missing: str | None) -> None:
    """C12, at Bandwidth."""
    (text,) = parse([received(media=[missing, "https://messaging.bandwidth.com/a.png"])])
    assert text.text == "See you at noon"
    assert text.media == (InboundMedia(""), InboundMedia("https://messaging.bandwidth.com/a.png"))


@pytest.mark.parametrize("kind", ["requested-location-response", "suggestion-response"])
def test_documented_types_of_no_use_are_ignored(kind: str) -> None:
    assert parse([{"type": kind, "to": OWN}]) == [IgnoredEvent(kind)]


def test_no_element_is_no_event() -> None:
    assert parse([]) == []


@pytest.mark.parametrize(
    "element",
    [
        None,
        7,
        [],
        {},
        {"type": None},
        {"type": "message-invented", "message": {}},
        {"type": "message-received"},
        received(id=...),
        received(id=12),
        received(**{"from": None}),
        received(direction=...),
        received(to=...),
        received(to=[]),
        received(to=OWN),
        received(to=[OWN, None]),
        received(to=[OWN, ""]),
        received(text=["a"]),
        received(media="https://example.com/a.png"),
        received(media=[{}]),
        report("message-failed", to=None),
        report("message-delivered", message={"to": [A]}),
    ],
)
def test_unreadable_event_is_malformed_and_its_neighbours_are_read(element: object) -> None:
    document = [received(), element, report("message-sent")]
    first, bad, last = parse(document)
    assert isinstance(first, InboundText)
    assert isinstance(bad, MalformedWebhook)
    assert json.loads(bad.raw) == document
    assert isinstance(last, DeliveryReport)


@pytest.mark.parametrize(
    ("body", "raw"),
    [
        (b"", ""),
        (b"not json", "not json"),
        (b"[", "["),
        (b"\xff\xfe\xfa", "\\xff\\xfe\\xfa"),
        (b"[" * 100_000, "[" * 100_000),
        (b"1" * 5000, "1" * 5000),
    ],
    ids=["empty", "words", "cut", "bytes", "deep", "long"],
)
def test_body_that_is_no_json_is_malformed(body: bytes, raw: str) -> None:
    (event,) = Bandwidth(SETTINGS, no_request).parse(webhook(body))
    assert isinstance(event, MalformedWebhook)
    assert event.raw == raw


@settings(deadline=None)
@given(st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
def test_parse_never_raises(body: bytes) -> None:
    Bandwidth(SETTINGS, no_request).parse(webhook(body))


@settings(deadline=None, max_examples=300)
@given(json_objects(WORDS, FIELDS))
def test_parse_never_raises_on_what_looks_like_an_event(element: dict[str, Any]) -> None:
    for event in parse([element]):
        json.dumps(str(event), ensure_ascii=False).encode()


def test_a_group_text_is_one_request() -> None:
    transport = RecordingTransport(HttpResponse(202, b'{"id":"14762070468292kw2fuqty55yp2b2","owner":"+12065550100"}'))
    text = OutboundText(OWN, (A, B), "Hey \u00fc", (jpeg(),), tag="IM1:0", callback_url="https://x")
    assert Bandwidth(SETTINGS, transport).send(text) == Accepted("14762070468292kw2fuqty55yp2b2")
    assert transport.requests == [
        HttpRequest(
            "POST",
            "https://messaging.bandwidth.com/api/v2/users/5500001/messages",
            {"Authorization": "Basic YXBpOnNlY3JldA==", "Content-Type": "application/json; charset=utf-8"},
            b'{"applicationId": "93de2206", "to": ["+12065550101", "+12065550102"], "from": "+12065550100",'
            b' "text": "Hey \\u00fc", "media": ["https://example.com/x.jpg"], "tag": "IM1:0"}',
        )
    ]


@pytest.mark.parametrize(
    ("text", "body"),
    [
        (
            OutboundText(OWN, (A,), "Hey"),
            {"applicationId": "93de2206", "to": [A], "from": OWN, "text": "Hey"},
        ),
        (
            OutboundText(OWN, (A,), "", (jpeg(),)),
            {"applicationId": "93de2206", "to": [A], "from": OWN, "media": ["https://example.com/x.jpg"]},
        ),
    ],
)
def test_what_a_text_lacks_is_left_out(text: OutboundText, body: object) -> None:
    transport = RecordingTransport(HttpResponse(202, b'{"id":"m1"}'))
    Bandwidth(SETTINGS, transport).send(text)
    assert [json.loads(request.body) for request in transport.requests] == [body]


@pytest.mark.parametrize(("count", "code"), [(0, 21604), (11, 21653)])
def test_text_to_none_or_too_many_makes_no_request(count: int, code: int) -> None:
    with pytest.raises(Refused) as refused:
        Bandwidth(SETTINGS, no_request).send(OutboundText(OWN, tuple(f"+1206555{n:04}" for n in range(count)), "Hey"))
    assert refused.value.error_code == code


@pytest.mark.parametrize(
    ("response", "error", "code", "carrier_code"),
    [
        (HttpResponse(202, b""), Ambiguous, 30008, None),
        (HttpResponse(202, b'{"owner":"x"}'), Ambiguous, 30008, None),
        (HttpResponse(202, b'["m1"]'), Ambiguous, 30008, None),
        (HttpResponse(302, b"", {"location": "https://elsewhere"}), Refused, 30008, None),
        (HttpResponse(400, b'{"type":"request-validation"}'), Refused, 30008, "request-validation"),
        (
            HttpResponse(400, b'{"type":"forbidden-too-many-recipients"}'),
            Refused,
            21653,
            "forbidden-too-many-recipients",
        ),
        (
            HttpResponse(400, b'{"type":"request-validation","fieldErrors":[{"fieldName":"from","description":"x"}]}'),
            Refused,
            21212,
            "request-validation",
        ),
        (
            HttpResponse(400, b'{"type":"request-validation","fieldErrors":[null,{"fieldName":"media[0]"}]}'),
            Refused,
            21620,
            "request-validation",
        ),
        (HttpResponse(401, b'{"type":"unauthorized"}'), Refused, 30008, "unauthorized"),
        (HttpResponse(403, b"<html>"), Refused, 30008, None),
        (HttpResponse(408, b""), Ambiguous, 30008, None),
        (
            HttpResponse(429, b'{"type":"max-message-queue-size-exceeded"}'),
            Throttled,
            30001,
            "max-message-queue-size-exceeded",
        ),
        (
            HttpResponse(400, b'{"type":"max-message-queue-size-exceeded"}'),
            Throttled,
            30001,
            "max-message-queue-size-exceeded",
        ),
        (HttpResponse(429, b""), Throttled, 30001, None),
        (HttpResponse(500, b'{"type":"internal"}'), Unavailable, 30008, "internal"),
        (HttpResponse(501, b""), Unavailable, 30008, None),
        (HttpResponse(502, b""), Ambiguous, 30008, None),
        (HttpResponse(503, b""), Unavailable, 30008, None),
        (HttpResponse(504, b""), Ambiguous, 30008, None),
        (HttpResponse(520, b""), Ambiguous, 30008, None),
        (HttpResponse(599, b""), Ambiguous, 30008, None),
    ],
)
def test_every_answer_has_its_outcome(
    response: HttpResponse, error: type[SendError], code: int, carrier_code: str | None
) -> None:
    raised = send_error(partial(Bandwidth, SETTINGS), OutboundText(OWN, (A, B), "Hey"), response)
    assert type(raised) is error
    assert (raised.error_code, raised.carrier_code) == (code, carrier_code)


def test_a_refusal_names_the_recipients_that_the_answer_names() -> None:
    faults = [
        {"fieldName": "to", "description": f"'{B}' must be replaced with a valid E164 formatted telephone number"},
        {"fieldName": "to[0]", "description": f"{A}9 is too long"},
    ]
    body = json.dumps({"type": "request-validation", "description": "x", "fieldErrors": faults}).encode()
    with pytest.raises(Refused) as refused:
        Bandwidth(SETTINGS, lambda _: HttpResponse(400, body)).send(OutboundText(OWN, (A, B), "Hey"))
    assert refused.value.recipients == {B: 21211}


@pytest.mark.parametrize(
    ("faults", "recipients", "error_code"),
    [
        ([("to", f"'{B}' is wrong")], {B: 21211}, 30008),
        ([("to", f"'{B}' is wrong"), ("to", f"'{A}' is wrong")], {A: 21211, B: 21211}, 30008),
        ([("to", f"'{B}' is wrong"), ("from", f"'{OWN}' is wrong")], {B: 21211}, 21212),
        ([("media", "is wrong"), ("to", f"'{B}' is wrong")], {B: 21211}, 21620),
        ([("to", "is wrong")], {}, 21211),
        ([("from", f"'{B}' is wrong")], {}, 21212),
    ],
)
def test_recipient_has_the_code_of_its_own_error_or_that_of_the_request(
    faults: list[tuple[str, str]], recipients: dict[str, int], error_code: int
) -> None:
    """C1, at Bandwidth."""
    fields = [{"fieldName": name, "description": description} for name, description in faults]
    body = json.dumps({"type": "request-validation", "description": "x", "fieldErrors": fields}).encode()
    with pytest.raises(Refused) as refused:
        Bandwidth(SETTINGS, lambda _: HttpResponse(400, body)).send(OutboundText(OWN, (A, B), "Hey"))
    assert (refused.value.recipients, refused.value.error_code) == (recipients, error_code)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}, None),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"x-ratelimit-reset": "1700000000"}, None),
        ({"retry-after": "later", "x-ratelimit-reset": "2"}, 2.0),
    ],
)
def test_a_throttle_says_how_long_when_the_carrier_did(headers: dict[str, str], seconds: float | None) -> None:
    with pytest.raises(Throttled) as throttled:
        Bandwidth(SETTINGS, lambda _: HttpResponse(429, b"", headers)).send(OutboundText(OWN, (A,), "Hey"))
    assert throttled.value.retry_after == seconds


@settings(deadline=None)
@given(st.integers(100, 599), st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
def test_no_answer_makes_send_raise_anything_else(status: int, body: bytes) -> None:
    with suppress(SendError):
        Bandwidth(SETTINGS, lambda _: HttpResponse(status, body)).send(OutboundText(OWN, (A, B), "Hey"))


def test_settings_do_not_show_their_secrets() -> None:
    shown = repr(WITH_BASIC)
    assert all(secret not in shown for secret in ("secret", "t0ken", "pass:word"))
