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
from nacl.signing import SigningKey

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
from partyline.carriers.telnyx import Telnyx, TelnyxSettings
from partyline.domain.opt_outs import Keyword
from partyline.domain.receipts import ReceiptStatus
from partyline.errors import Ambiguous, Refused, SendError, Throttled, Unavailable, WebhookRefused
from partyline.http_client import HttpRequest, HttpResponse
from tests.support.carrier_contract import RecordingTransport, no_request, send_error
from tests.support.pictures import jpeg
from tests.support.seeded import json_objects, json_values

A, B, C, OWN = "+12065550101", "+12065550102", "+12065550103", "+12065550100"

# The key pair is RFC 8032's first test vector; the signatures are Ed25519 over "1700000000|" and the body.
KEY = SigningKey(bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"))
PUBLIC_KEY = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
NOW = 1_700_000_000
EMPTY_BODY = (b"{}", "f0kvp2B0X7hYF2YqAbFqf98vvyGYUYizhRvOmebGvVV9pLF3QQJHxehtMhG1IfrSPp1xBgx1DPdrpLbSPM0zCw==")
GROUP_BODY = (
    (
        b'{"data":{"event_type":"message.received","id":"0d7c4fbe-d075-435f-b71b-694391743967",'
        b'"occurred_at":"2023-11-14T22:13:20.000+00:00","payload":{"cc":["+15558765432","+15551234567"],'
        b'"direction":"inbound","from":{"phone_number":"+15559876543"},"id":"9d12c9d0-5172-429a-8fb9-cc9da297717f",'
        b'"media":[],"record_type":"message","text":"Sounds good","to":[{"phone_number":"+15551234567",'
        b'"status":"webhook_delivered"}],"type":"MMS"},"record_type":"event"},"meta":{"attempt":1,'
        b'"delivered_to":"https://example.com/webhooks"}}'
    ),
    "FS+XmIUI3f1pJ3TXM6FwXEgmIqjxSTHMc2c6xd/l6jCt5KNXvQQA1HB2XOB72B2DWR2IhONHG7UkL8clz42xBQ==",
)
SETTINGS = TelnyxSettings("KEY123", PUBLIC_KEY)

JSON = json_values()
FIELDS = (
    "id",
    "to",
    "cc",
    "from",
    "text",
    "media",
    "errors",
    "status",
    "phone_number",
    "code",
    "url",
    "group_message_id",
)
WORDS = [A, "delivered", "delivery_failed", "\ud800"]


def webhook(body: bytes, headers: dict[str, str] | None = None, query: dict[str, str] | None = None) -> WebhookRequest:
    return WebhookRequest("https://example.com/webhooks/telnyx", "", headers or {}, query or {}, body)


def signed(body: bytes, signature: str, timestamp: str = str(NOW)) -> WebhookRequest:
    return webhook(body, {"telnyx-signature-ed25519": signature, "telnyx-timestamp": timestamp})


def sign(body: bytes, timestamp: str) -> str:
    return base64.b64encode(KEY.sign(f"{timestamp}|".encode() + body).signature).decode()


def parse(document: object, send: str | None = None) -> list[Any]:
    query = {} if send is None else {"send": send}
    return list(Telnyx(SETTINGS, no_request).parse(webhook(json.dumps(document).encode(), query=query)))


def event(kind: str, payload: object) -> dict[str, Any]:
    return {
        "data": {"event_type": kind, "id": "e1", "payload": payload, "record_type": "event"},
        "meta": {"attempt": 1},
    }


def received(**changes: Any) -> dict[str, Any]:
    payload = {
        "id": "p1",
        "direction": "inbound",
        "from": {"carrier": "AT&T", "line_type": "Wireless", "phone_number": A},
        "to": [{"phone_number": OWN, "status": "webhook_delivered"}],
        "cc": [B, OWN],
        "media": [],
        "text": "Sounds good",
        "type": "MMS",
        **changes,
    }
    return event("message.received", {name: value for name, value in payload.items() if value is not ...})


def report(*to: object, kind: str = "message.finalized", **changes: Any) -> dict[str, Any]:
    payload = {"id": "p1", "group_message_id": "g1", "direction": "outbound", "to": list(to), "type": "MMS", **changes}
    return event(kind, {name: value for name, value in payload.items() if value is not ...})


@pytest.mark.parametrize(("body", "signature"), [EMPTY_BODY, GROUP_BODY])
@pytest.mark.parametrize("now", [NOW - 300.0, NOW, NOW + 300.0])
def test_a_signed_webhook_is_accepted_for_five_minutes_both_ways(body: bytes, signature: str, now: float) -> None:
    Telnyx(SETTINGS, no_request).authenticate(signed(body, signature), now)


@pytest.mark.parametrize("now", [NOW - 300.5, NOW + 300.5, 0.0])
def test_a_stale_or_future_webhook_is_refused(now: float) -> None:
    with pytest.raises(WebhookRefused) as refused:
        Telnyx(SETTINGS, no_request).authenticate(signed(*EMPTY_BODY), now)
    assert refused.value.status == 403


@pytest.mark.parametrize(
    "timestamp",
    ["nan", "inf", "-inf", "soon", "", " ", "1e999", "9" * 5000, "1" + "0" * 400, "True", f" {NOW}", "1_700_000_000"],
)
def test_a_time_that_is_no_time_is_refused_even_when_signed(timestamp: str) -> None:
    """A11."""
    with pytest.raises(WebhookRefused):
        Telnyx(SETTINGS, no_request).authenticate(signed(b"{}", sign(b"{}", timestamp), timestamp), NOW)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"telnyx-timestamp": str(NOW)},
        {"telnyx-signature-ed25519": EMPTY_BODY[1]},
        {"telnyx-signature-ed25519": "", "telnyx-timestamp": str(NOW)},
    ],
)
def test_an_unsigned_webhook_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(WebhookRefused) as refused:
        Telnyx(SETTINGS, no_request).authenticate(webhook(b"{}", headers), NOW)
    assert refused.value.status == 401


@pytest.mark.parametrize("signature", ["x", "====", "aGk=", EMPTY_BODY[1][:-4], GROUP_BODY[1], "\u00fc", "\ud800"])
def test_a_garbage_signature_is_refused(signature: str) -> None:
    with pytest.raises(WebhookRefused) as refused:
        Telnyx(SETTINGS, no_request).authenticate(signed(b"{}", signature), NOW)
    assert refused.value.status == 403


@pytest.mark.parametrize("public_key", ["", "x", "aGk=", base64.b64encode(bytes(31)).decode(), "\u00fc"])
def test_without_a_usable_public_key_nothing_is_accepted(public_key: str) -> None:
    with pytest.raises(WebhookRefused):
        Telnyx(TelnyxSettings("KEY123", public_key), no_request).authenticate(signed(*EMPTY_BODY), NOW)


def test_another_accounts_key_is_refused() -> None:
    other = base64.b64encode(bytes(SigningKey(bytes(32)).verify_key)).decode()
    with pytest.raises(WebhookRefused):
        Telnyx(TelnyxSettings("KEY123", other), no_request).authenticate(signed(*EMPTY_BODY), NOW)


def test_a_body_that_was_written_anew_is_refused() -> None:
    body, signature = GROUP_BODY
    with pytest.raises(WebhookRefused):
        Telnyx(SETTINGS, no_request).authenticate(signed(json.dumps(json.loads(body)).encode(), signature), NOW)


def test_a_body_that_is_no_text_can_be_signed() -> None:
    body = b"\xff\x00\xfe"
    Telnyx(SETTINGS, no_request).authenticate(signed(body, sign(body, str(NOW))), NOW)


@settings(deadline=None)
@given(st.integers(0, 63), st.integers(1, 255))
def test_a_signature_with_any_byte_changed_is_refused(position: int, change: int) -> None:
    body, signature = GROUP_BODY
    changed = bytearray(base64.b64decode(signature))
    changed[position] ^= change
    with pytest.raises(WebhookRefused):
        Telnyx(SETTINGS, no_request).authenticate(signed(body, base64.b64encode(changed).decode()), NOW)


@settings(deadline=None)
@given(st.integers(0, len(GROUP_BODY[0]) - 1), st.integers(1, 255))
def test_a_body_with_any_byte_changed_is_refused(position: int, change: int) -> None:
    changed = bytearray(GROUP_BODY[0])
    changed[position] ^= change
    with pytest.raises(WebhookRefused):
        Telnyx(SETTINGS, no_request).authenticate(signed(bytes(changed), GROUP_BODY[1]), NOW)


@settings(deadline=None)
@given(st.text(), st.text())
def test_any_headers_are_refused_without_another_error(signature: str, timestamp: str) -> None:
    with pytest.raises(WebhookRefused):
        Telnyx(SETTINGS, no_request).authenticate(signed(b"{}", signature, timestamp), NOW)


def test_a_group_text_brings_its_whole_roster() -> None:
    assert Telnyx(SETTINGS, no_request).parse(webhook(GROUP_BODY[0])) == [
        InboundText(
            carrier="telnyx",
            id="9d12c9d0-5172-429a-8fb9-cc9da297717f",
            line="+15551234567",
            sender="+15559876543",
            recipients=("+15551234567", "+15558765432", "+15551234567"),
            text="Sounds good",
            received_at=datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC),
        )
    ]


@pytest.mark.parametrize(
    ("received_at", "moment"),
    [
        ("2023-11-09T22:13:20.000+00:00", datetime(2023, 11, 9, 22, 13, 20, tzinfo=UTC)),
        # Without it, when the event occurred.
        (None, datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)),
        ({}, datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)),
    ],
)
def test_a_text_has_the_carriers_time(received_at: object, moment: datetime) -> None:
    """C13."""
    document = json.loads(GROUP_BODY[0])
    document["data"]["payload"]["received_at"] = received_at
    (text,) = Telnyx(SETTINGS, no_request).parse(webhook(json.dumps(document).encode()))
    assert isinstance(text, InboundText)
    assert text.received_at == moment


@pytest.mark.parametrize(
    ("cc", "others"),
    [
        (..., ()),
        (None, ()),
        ([], ()),
        ([B, C], (B, C)),
        ([{"phone_number": B, "carrier": "x", "status": "delivered"}, C], (B, C)),
        (["97167", "alice@example.com"], ("97167", "alice@example.com")),
    ],
)
def test_cc_is_strings_or_objects_or_nothing(cc: object, others: tuple[str, ...]) -> None:
    (text,) = parse(received(cc=cc))
    assert text.recipients == (OWN, *others)


@pytest.mark.parametrize(
    ("to", "line", "other_lines", "recipients"),
    [
        ([OWN], OWN, (), (OWN,)),
        ([{"phone_number": OWN}], OWN, (), (OWN,)),
        # C8: it does not say which of them is ours.
        ([B, OWN], "", (), (B, OWN)),
        (
            [{"phone_number": B, "status": "queued"}, {"phone_number": OWN, "status": "webhook_delivered"}],
            OWN,
            (),
            (B, OWN),
        ),
        ([B, {"phone_number": OWN, "status": "webhook_delivered"}], OWN, (), (B, OWN)),
        # C8: it says that both are.
        (
            [
                {"phone_number": OWN, "status": "webhook_delivered"},
                {"phone_number": C, "status": "webhook_delivered"},
                {"phone_number": OWN, "status": "webhook_delivered"},
            ],
            OWN,
            (C,),
            (OWN, C, OWN),
        ),
    ],
)
def test_the_lines_are_the_numbers_whose_webhook_this_is(
    to: object, line: str, other_lines: tuple[str, ...], recipients: tuple[str, ...]
) -> None:
    (text,) = parse(received(to=to, cc=None))
    assert (text.line, text.other_lines, text.recipients) == (line, other_lines, recipients)


def test_the_sender_may_be_a_plain_string() -> None:
    assert [text.sender for text in parse(received(**{"from": A}))] == [A]


@pytest.mark.parametrize("text", [..., None, ""])
@pytest.mark.parametrize("media", [..., None, []])
def test_text_and_media_may_be_absent_null_or_empty(text: object, media: object) -> None:
    (inbound,) = parse(received(text=text, media=media))
    assert (inbound.text, inbound.media) == ("", ())


@pytest.mark.parametrize("sha256", [..., None, "", 7])
def test_a_file_has_its_checksum_by_either_name(sha256: object) -> None:
    file = {"url": "https://media.telnyx.com/a", "sha256": sha256, "hash_sha256": "00"}
    (inbound,) = parse(received(media=[{name: value for name, value in file.items() if value is not ...}]))
    assert inbound.media == (InboundMedia("https://media.telnyx.com/a", None, "00"),)


def test_layout_parts_are_no_media() -> None:
    media = [
        {"url": "https://media.telnyx.com/a", "content_type": "image/jpeg", "sha256": "00", "size": 1},
        {"url": "https://media.telnyx.com/b", "content_type": "application/smil"},
        {"url": "https://media.telnyx.com/c", "content_type": "Text/Plain; charset=utf-8"},
        {"url": "https://media.telnyx.com/d.smil", "content_type": None},
        {"url": "https://media.telnyx.com/e"},
    ]
    (inbound,) = parse(received(media=media))
    assert inbound.media == (
        InboundMedia("https://media.telnyx.com/a", "image/jpeg", "00"),
        InboundMedia("https://media.telnyx.com/e", None),
    )
    (inbound,) = parse(received(text=None, media=media[1:3]))
    assert inbound.media == (InboundMedia("https://media.telnyx.com/c", "Text/Plain; charset=utf-8"),)


@pytest.mark.parametrize(
    ("status", "expected", "code"),
    [
        ("queued", ReceiptStatus.QUEUED, None),
        ("sending", ReceiptStatus.QUEUED, None),
        ("sent", ReceiptStatus.SENT, None),
        ("delivered", ReceiptStatus.DELIVERED, None),
        ("unknown", ReceiptStatus.UNKNOWN, None),
        ("delivery_unconfirmed", ReceiptStatus.UNKNOWN, None),
        ("dlr_timeout", ReceiptStatus.UNKNOWN, None),
        ("delivery_failed", ReceiptStatus.UNDELIVERED, 30008),
        ("sending_failed", ReceiptStatus.FAILED, 30008),
        ("expired", ReceiptStatus.FAILED, 30008),
        ("gw_timeout", ReceiptStatus.FAILED, 30008),
    ],
)
@pytest.mark.parametrize("kind", ["message.sent", "message.finalized"])
@pytest.mark.parametrize("errors", [..., None, [], "x", [None, {"code": None}]])
def test_each_status_has_its_meaning(
    kind: str, errors: object, status: str, expected: ReceiptStatus, code: int | None
) -> None:
    assert parse(report({"phone_number": A, "status": status}, kind=kind, errors=errors), "IM1:0") == [
        DeliveryReport("telnyx", "g1", A, expected, code, None, "IM1:0")
    ]


@pytest.mark.parametrize(
    ("carrier_code", "code"),
    [
        ("40001", 30006),
        ("40002", 30007),
        ("40003", 30007),
        ("40004", 30004),
        ("40005", 30036),
        ("40006", 30003),
        ("40008", 30003),
        ("40010", 30034),
        ("40011", 30022),
        ("40012", 30005),
        ("40014", 30036),
        ("40016", 30022),
        ("40018", 30022),
        ("40300", 21610),
        ("40301", 30011),
        ("40305", 21606),
        ("40308", 21606),
        ("40309", 21408),
        ("40310", 21211),
        ("40302", 30019),
        ("40317", 30019),
        ("40318", 30001),
        ("40331", 21408),
        ("49999", 30008),
        (40300, 21610),
    ],
)
def test_failure_has_the_outcome_of_its_code(carrier_code: str | int, code: int) -> None:
    errors = [{"code": carrier_code, "title": "x", "detail": "y"}]
    assert parse(report({"phone_number": A, "status": "delivery_failed"}, errors=errors)) == [
        DeliveryReport("telnyx", "g1", A, ReceiptStatus.UNDELIVERED, code, str(carrier_code))
    ]


def test_recipients_of_a_report_are_read_apart_and_a_bad_one_spoils_no_other() -> None:
    document = report(
        {"phone_number": A, "status": "delivered"},
        {"phone_number": B, "status": "invented"},
        {"phone_number": C, "status": "delivery_failed"},
        C,
        errors=[{"code": "40300"}],
    )
    first, second, third, fourth = parse(document)
    assert first == DeliveryReport("telnyx", "g1", A, ReceiptStatus.DELIVERED)
    assert third == DeliveryReport("telnyx", "g1", C, ReceiptStatus.UNDELIVERED, 21610, "40300")
    assert isinstance(second, MalformedWebhook)
    assert isinstance(fourth, MalformedWebhook)
    assert json.loads(second.raw) == document


FAILED = "delivery_failed"


@pytest.mark.parametrize(
    ("errors", "expected"),
    [
        ([("40300", "/to/1/phone_number"), ("40001", "/to/0/phone_number")], [(30006, "40001"), (21610, "40300")]),
        ([("40300", "/to/1"), ("40001", None)], [(30006, "40001"), (21610, "40300")]),
        ([("40008", None)], [(30003, "40008"), (30003, "40008")]),
        ([("40300", None)], [(21610, "40300"), (21610, "40300")]),
        ([("40300", "/data/payload/to/1/phone_number")], [(30008, None), (21610, "40300")]),
        ([("40001", "/cc/1/phone_number"), ("40300", "/cc/0")], [(21610, "40300"), (30006, "40001")]),
        # While there are pointers, only a recipient that one points at is opted out.
        ([("40300", None), ("40001", "/to/0")], [(30006, "40001"), (30008, None)]),
        ([("40300", "/to/2")], [(30008, None), (30008, None)]),
        ([("40300", "/from"), ("40008", None)], [(30003, "40008"), (30003, "40008")]),
    ],
)
def test_each_recipient_of_a_failed_group_text_has_the_code_that_points_at_it(
    errors: list[tuple[str, str | None]], expected: list[tuple[int, str | None]]
) -> None:
    """C1."""
    to = [{"phone_number": A, "status": FAILED}, {"phone_number": B, "status": FAILED}]
    reported_errors = [
        {"code": code, **({"source": {"pointer": pointer}} if pointer else {})} for code, pointer in errors
    ]
    assert parse(report(*to, errors=reported_errors, cc=[A, {"phone_number": B}])) == [
        DeliveryReport("telnyx", "g1", recipient, ReceiptStatus.UNDELIVERED, code, carrier_code)
        for recipient, (code, carrier_code) in zip((A, B), expected, strict=True)
    ]


@pytest.mark.parametrize("source", ["/to/0", None, [], {}, {"pointer": None}, {"pointer": 7}, {"parameter": "to"}])
def test_an_odd_source_of_an_error_points_at_no_recipient(source: object) -> None:
    document = report({"phone_number": A, "status": FAILED}, errors=[{"code": "40001", "source": source}])
    assert parse(document) == [DeliveryReport("telnyx", "g1", A, ReceiptStatus.UNDELIVERED, 30006, "40001")]


@pytest.mark.parametrize("group", [..., None, ""])
def test_outside_a_group_the_id_is_the_messages_own(group: object) -> None:
    (found,) = parse(report({"phone_number": A, "status": "sent"}, group_message_id=group))
    assert (found.id, found.tag) == ("p1", None)


@pytest.mark.parametrize("kind", ["call.initiated", "10dlc.phone_number.update"])
def test_events_of_other_products_are_ignored(kind: str) -> None:
    assert parse(event(kind, {"anything": 1})) == [IgnoredEvent(kind)]


# The callback of Telnyx' own documentation.
CLICK = {
    "record_type": "link_clicked",
    "url": "https://telnyx.com",
    "to": "18445550001",
    "message_id": "7ee4241c-f127-47e5-9c34-3aac291f8058",
    "time_clicked": "2019-04-01T14:45:45.450Z",
}


@pytest.mark.parametrize("record_type", ["link_clicked", "message_link_click"])
@pytest.mark.parametrize("more", [{}, {"event_type": None}])
def test_a_click_on_a_link_is_ignored(record_type: str, more: dict[str, Any]) -> None:
    """C11."""
    assert parse({"data": {**CLICK, "record_type": record_type, **more}}) == [IgnoredEvent(record_type)]


@pytest.mark.parametrize("record_type", ["event", "message", "", None, ..., 7])
def test_event_without_a_message_id_is_malformed(record_type: object) -> None:
    """C11."""
    data = {**CLICK, "record_type": record_type}
    (found,) = parse({"data": {name: value for name, value in data.items() if value is not ...}})
    assert isinstance(found, MalformedWebhook)


@pytest.mark.parametrize("url", [None, "", ...])
def test_a_file_without_an_address_does_not_cost_the_text(url: object) -> None:
    """C12."""
    entry = {"url": url, "content_type": "image/jpeg", "sha256": None, "size": None}
    bare = {name: value for name, value in entry.items() if value is not ...}
    (text,) = parse(received(text="The roof", media=[bare, {"url": "https://media.telnyx.com/a"}]))
    assert text.text == "The roof"
    assert text.media == (InboundMedia("", "image/jpeg"), InboundMedia("https://media.telnyx.com/a"))


@pytest.mark.parametrize(
    ("subject", "text", "expected"),
    [
        ("Friday", None, "Friday"),
        ("Friday", "", "Friday"),
        ("Friday", " \n", "Friday"),
        ("Friday", "See you at six", "Friday\nSee you at six"),
        ("STOP", None, "STOP"),
        ("STOP", "stop", "stop"),
        ("See you at six", "See you at six", "See you at six"),
        ("It\u2019s  on", "It's on", "It's on"),
        ("No Subject", "See you at six", "See you at six"),
        ("(no subject)", "See you at six", "See you at six"),
        ("NoSubject", None, ""),
        ("No subject is taboo", "Hey", "No subject is taboo\nHey"),
        (" ", "See you at six", "See you at six"),
        ("", "See you at six", "See you at six"),
        (None, "See you at six", "See you at six"),
        (..., "See you at six", "See you at six"),
    ],
)
def test_a_subject_stands_above_the_text(subject: object, text: str | None, expected: str) -> None:
    """C5."""
    (found,) = parse(received(subject=subject, text=text))
    assert found.text == expected


def test_the_words_of_a_text_part_are_not_lost_below_a_subject() -> None:
    """C5, C6."""
    words = {"url": "https://media.telnyx.com/c", "content_type": "text/plain"}
    (found,) = parse(received(subject="Friday", text=None, media=[words]))
    assert found.media == (InboundMedia("https://media.telnyx.com/c", "text/plain"),)


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        {},
        {"data": []},
        {"data": {}},
        {"data": {"event_type": 1}},
        {"data": {"event_type": "message.received"}},
        event("message.invented", {}),
        event("message.received", None),
        event("message.finalized", None),
        received(id=...),
        received(id=""),
        received(**{"from": ...}),
        received(**{"from": {}}),
        received(to=...),
        received(to=[]),
        received(to=OWN),
        received(to=[{}]),
        received(cc=[None]),
        received(cc=[{"carrier": "x"}]),
        received(cc=B),
        received(text=1),
        received(subject=["a"]),
        received(media=["https://example.com/a.png"]),
        report(),
        report(A),
        report({"phone_number": A}),
        report({"status": "sent"}),
        report({"phone_number": A, "status": "sent"}, id=..., group_message_id=...),
    ],
)
def test_unreadable_webhook_is_malformed(document: object) -> None:
    (found,) = parse(document)
    assert isinstance(found, MalformedWebhook)
    assert json.loads(found.raw) == document


@settings(deadline=None)
@given(st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
def test_parse_never_raises(body: bytes) -> None:
    Telnyx(SETTINGS, no_request).parse(webhook(body))


@settings(deadline=None, max_examples=300)
@given(
    st.sampled_from(["message.received", "message.sent", "message.finalized", "message.x", "y"]),
    json_objects(WORDS, FIELDS),
)
def test_parse_never_raises_on_what_looks_like_an_event(kind: str, payload: dict[str, Any]) -> None:
    for found in parse(event(kind, payload)):
        json.dumps(str(found), ensure_ascii=False).encode()


@pytest.mark.parametrize(
    ("text", "path", "body"),
    [
        (
            OutboundText(OWN, (A, B), "Hello", (jpeg(),), "IM1:0", "https://h/telnyx?send=IM1:0"),
            "/messages/group_mms",
            (
                b'{"from": "+12065550100", "to": ["+12065550101", "+12065550102"], "text": "Hello",'
                b' "media_urls": ["https://example.com/x.jpg"], "webhook_url": "https://h/telnyx?send=IM1:0",'
                b' "use_profile_webhooks": false}'
            ),
        ),
        (
            OutboundText(OWN, (A, B), "Hello"),
            "/messages/group_mms",
            b'{"from": "+12065550100", "to": ["+12065550101", "+12065550102"], "text": "Hello"}',
        ),
        (
            OutboundText(OWN, (A,), "Hello", callback_url="https://h/telnyx?send=IM1:0"),
            "/messages",
            (
                b'{"from": "+12065550100", "to": "+12065550101", "text": "Hello",'
                b' "webhook_url": "https://h/telnyx?send=IM1:0", "use_profile_webhooks": false}'
            ),
        ),
        (
            OutboundText(OWN, (A,), "", (jpeg(),)),
            "/messages",
            b'{"from": "+12065550100", "to": "+12065550101", "media_urls": ["https://example.com/x.jpg"]}',
        ),
    ],
)
def test_the_request_is_the_documented_one(text: OutboundText, path: str, body: bytes) -> None:
    transport = RecordingTransport(
        HttpResponse(200, b'{"data":{"id":"4031","from":"+12065550100","to":[{"status":"queued"}]}}')
    )
    assert Telnyx(SETTINGS, transport).send(text) == Accepted("4031")
    headers = {"Authorization": "Bearer KEY123", "Content-Type": "application/json"}
    assert transport.requests == [HttpRequest("POST", f"https://api.telnyx.com/v2{path}", headers, body)]


def test_the_accepted_id_is_the_one_that_reports_will_carry() -> None:
    body = b'{"data":{"id":"4031","group_message_id":"g1"}}'
    assert Telnyx(SETTINGS, lambda _: HttpResponse(200, body)).send(OutboundText(OWN, (A, B), "Hello")).id == "g1"


def test_recipients_that_failed_in_the_answer_already_are_named() -> None:
    to = [
        {"phone_number": A, "status": "queued"},
        {"phone_number": B, "status": "sending_failed"},
        None,
        {"status": "x"},
    ]
    body = json.dumps({"data": {"id": "4031", "to": to, "errors": [{"code": "40300"}]}}).encode()
    accepted = Telnyx(SETTINGS, lambda _: HttpResponse(200, body)).send(OutboundText(OWN, (A, B), "Hello"))
    assert accepted == Accepted("4031", {B: 21610})


def test_each_recipient_that_failed_in_the_answer_already_has_its_own_code() -> None:
    """C1, in what is known to have failed already."""
    to = [{"phone_number": one, "status": status} for one, status in ((A, "delivery_failed"), (B, "sending_failed"))]
    to.append({"phone_number": C, "status": "queued"})
    body = json.dumps({"data": {"id": "4031", "to": to, "errors": BLOCKED_AND_LANDLINE}}).encode()
    accepted = Telnyx(SETTINGS, lambda _: HttpResponse(200, body)).send(OutboundText(OWN, (A, B, C), "Hello"))
    assert accepted == Accepted("4031", {A: 30006, B: 21610})


@pytest.mark.parametrize(("count", "code"), [(0, 21604), (9, 21653)])
def test_text_to_none_or_too_many_makes_no_request(count: int, code: int) -> None:
    with pytest.raises(Refused) as refused:
        Telnyx(SETTINGS, no_request).send(OutboundText(OWN, tuple(f"+1206555{n:04}" for n in range(count)), "Hey"))
    assert refused.value.error_code == code


def answer(status: int, *errors: object) -> HttpResponse:
    return HttpResponse(status, json.dumps({"errors": errors}).encode())


@pytest.mark.parametrize(
    ("response", "error", "code", "carrier_code"),
    [
        (HttpResponse(200, b""), Ambiguous, 30008, None),
        (HttpResponse(200, b'{"data":[]}'), Ambiguous, 30008, None),
        (HttpResponse(200, b'{"data":{"id":7}}'), Ambiguous, 30008, None),
        (answer(400, {"code": "40310"}), Refused, 21211, "40310"),
        (answer(400, {"code": 40310}), Refused, 21211, "40310"),
        (answer(400, {"code": "40300"}), Refused, 21610, "40300"),
        (answer(400, {"code": "40318"}), Throttled, 30001, "40318"),
        (answer(422, {"code": "10015"}), Refused, 30008, "10015"),
        (answer(422, {"title": "x"}, {"code": "40317"}), Refused, 30019, "40317"),
        (HttpResponse(401, b"<html>"), Refused, 30008, None),
        (HttpResponse(409, b'{"errors":{}}'), Refused, 30008, None),
        (answer(408), Ambiguous, 30008, None),
        (answer(429, {"code": "10011"}), Throttled, 30001, "10011"),
        (answer(500, {"code": "10007"}), Ambiguous, 30008, "10007"),
        (HttpResponse(502, b""), Ambiguous, 30008, None),
        (HttpResponse(503, b""), Unavailable, 30008, None),
        (HttpResponse(504, b""), Ambiguous, 30008, None),
        (HttpResponse(524, b""), Ambiguous, 30008, None),
    ],
)
def test_every_answer_has_its_outcome(
    response: HttpResponse, error: type[SendError], code: int, carrier_code: str | None
) -> None:
    raised = send_error(partial(Telnyx, SETTINGS), OutboundText(OWN, (A, B), "Hey"), response)
    assert type(raised) is error
    assert (raised.error_code, raised.carrier_code) == (code, carrier_code)


@pytest.mark.parametrize(
    ("recipients", "pointers", "named"),
    [
        ((A, B), ["/to/1/phone_number"], (B,)),
        ((A, B), ["#/to/1/phone_number"], (B,)),
        ((A, B), ["/to/0"], (A,)),
        ((A, B, C), ["/to/2/phone_number", "/to/0/phone_number", "/to/2"], (C, A)),
        ((A, B), ["/to"], ()),
        ((A,), ["/to"], (A,)),
        ((A,), ["/to/0/phone_number"], (A,)),
        # A block without a recipient is that of the only recipient.
        ((A,), [None], (A,)),
        ((A,), [""], (A,)),
        ((A, B), ["/to/2/phone_number"], ()),
        ((A, B), ["/from", "/tomorrow", "/to/x", None], ()),
    ],
)
def test_a_refusal_names_the_recipients_that_its_pointers_name(
    recipients: tuple[str, ...], pointers: list[str | None], named: tuple[str, ...]
) -> None:
    response = answer(400, *({"code": "40300", "source": {"pointer": pointer}} for pointer in pointers))
    with pytest.raises(Refused) as refused:
        Telnyx(SETTINGS, lambda _: response).send(OutboundText(OWN, recipients, "Hey"))
    assert refused.value.recipients == dict.fromkeys(named, 21610)


def at(code: str, pointer: str | None = None) -> dict[str, Any]:
    return {"code": code, "title": "x", **({"source": {"pointer": pointer}} if pointer else {})}


BLOCKED_AND_LANDLINE = [at("40300", "/to/1/phone_number"), at("40001", "/to/0/phone_number")]


@pytest.mark.parametrize(
    ("errors", "recipients", "error_code"),
    [
        (BLOCKED_AND_LANDLINE, {A: 30006, B: 21610}, 30008),
        ([at("40300", "/to/1/phone_number"), at("40305", "/from")], {B: 21610}, 21606),
        ([at("40305"), at("40001", "/to/0")], {A: 30006}, 21606),
        ([at("40001", "/to/0"), at("40300", "/to/0")], {A: 21610}, 30008),
        ([at("40008", "/to/0"), at("40001", "/to/0")], {A: 30003}, 30008),
        ([at("49999", "/to/0")], {A: 30008}, 30008),
        # While there are pointers, only a recipient that one points at is opted out.
        ([at("40300"), at("40001", "/to/0")], {A: 30006}, 30008),
        ([at("40300", "/to/7"), at("40317")], {}, 30019),
        ([at("40300")], {}, 21610),
    ],
)
def test_each_recipient_of_a_refused_group_text_has_the_code_that_points_at_it(
    errors: list[dict[str, Any]], recipients: dict[str, int], error_code: int
) -> None:
    """C1, in the answer to a request."""
    with pytest.raises(Refused) as refused:
        Telnyx(SETTINGS, lambda _: answer(400, *errors)).send(OutboundText(OWN, (A, B, C), "Hey"))
    assert (refused.value.recipients, refused.value.error_code) == (recipients, error_code)


def test_a_throttle_says_how_long_when_telnyx_did() -> None:
    response = HttpResponse(429, b"", {"x-ratelimit-limit": "15", "x-ratelimit-reset": "3"})
    with pytest.raises(Throttled) as throttled:
        Telnyx(SETTINGS, lambda _: response).send(OutboundText(OWN, (A,), "Hey"))
    assert throttled.value.retry_after == 3.0


@settings(deadline=None)
@given(st.integers(100, 599), st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
def test_no_answer_makes_send_raise_anything_else(status: int, body: bytes) -> None:
    with suppress(SendError):
        Telnyx(SETTINGS, lambda _: HttpResponse(status, body)).send(OutboundText(OWN, (A, B), "Hey"))


def test_settings_do_not_show_their_secret() -> None:
    assert "KEY123" not in repr(SETTINGS)


@pytest.mark.parametrize(
    ("kind", "answered"),
    [("STOP", Keyword.STOP), ("START", Keyword.START), ("help", Keyword.HELP), (None, None), ("", None), ("X", None)],
)
def test_keyword_that_the_profile_has_answered_is_read(kind: str | None, answered: Keyword | None) -> None:
    (text,) = parse(received(autoresponse_type=kind))
    assert isinstance(text, InboundText)
    assert text.keyword_handled_by_carrier is answered


@pytest.mark.parametrize(
    ("to", "path", "data"),
    [
        (
            (A, B),
            "messages/group/g1",
            [
                {"id": "m1", "to": [{"phone_number": A, "status": "delivered"}]},
                {
                    "id": "m2",
                    "to": [{"phone_number": B, "status": "delivery_failed"}],
                    "errors": [{"code": "40008"}],
                },
            ],
        ),
        ((A,), "messages/g1", {"id": "g1", "to": [{"phone_number": A, "status": "delivered"}]}),
    ],
)
def test_telnyx_is_asked_what_became_of_a_text(to: tuple[str, ...], path: str, data: object) -> None:
    answer = RecordingTransport(HttpResponse(200, json.dumps({"data": data}).encode()))
    found = Telnyx(SETTINGS, answer).find(OutboundText(OWN, to, "hi", tag="IM1:0"), "g1")
    assert found and found.accepted == Accepted("g1")
    assert [(one.method, one.url, one.body) for one in answer.requests] == [
        ("GET", f"https://api.telnyx.com/v2/{path}", b"")
    ]
    expected_outcomes = {A: (ReceiptStatus.DELIVERED, None), B: (ReceiptStatus.UNDELIVERED, 30003)}
    assert {one.recipient: (one.status, one.error_code) for one in found.reports} == {
        one: expected_outcomes[one] for one in to
    }
    assert {(one.id, one.tag) for one in found.reports} == {("g1", "IM1:0")}


def test_a_text_without_an_id_is_not_asked_for() -> None:
    assert Telnyx(SETTINGS, no_request).find(OutboundText(OWN, (A, B), "hi"), "") is None
    with pytest.raises(Unavailable):
        Telnyx(SETTINGS, lambda _: HttpResponse(503, b"")).find(OutboundText(OWN, (A, B), "hi"), "g1")


@pytest.mark.parametrize("body", [b"", b"[]", b'{"data": 1}', b'{"data": [{"to": [{"phone_number": 1}]}]}'])
def test_an_answer_that_says_nothing_finds_nothing(body: bytes) -> None:
    carrier = Telnyx(SETTINGS, lambda _: HttpResponse(200, body))
    assert carrier.find(OutboundText(OWN, (A, B), "hi"), "g1") is None
