from __future__ import annotations

import json
import re
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urldefrag, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from partyline.carriers import gateway_event
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
from partyline.carriers.transport import no_transport
from partyline.carriers.twilio import Twilio, TwilioSettings, sign
from partyline.domain.opt_outs import Keyword
from partyline.domain.receipts import ReceiptStatus
from partyline.errors import Ambiguous, Refused, SendError, Throttled, Unavailable, WebhookRefused
from partyline.http_client import HttpRequest, HttpResponse
from tests.support.carrier_contract import RecordingTransport, no_request, send_error
from tests.support.pictures import jpeg
from tests.support.seeded import json_values

A, B, C, OWN = "+12065550101", "+12065550102", "+12065550103", "+12065550100"
SETTINGS = TwilioSettings("AC00000000000000000000000000000000", "12345")

# Vectors of Twilio's own libraries, for the token 12345.
URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
PARAMETERS = [
    ("CallSid", "CA1234567890ABCDE"),
    ("Caller", "+14158675309"),
    ("Digits", "1234"),
    ("From", "+14158675309"),
    ("To", "+18005551212"),
]
FORM = urlencode(PARAMETERS).encode()
REPEATED = b"Sid=CA123&SidAccount=AC123&Digits=5678&Digits=1234&Digits=1234"
JSON_BODY = b'{"property": "value", "boolean": true}'
JSON_HASH = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"
EMPTY_HASH = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
# Made for these tests: a group text as Twilio has been seen to deliver it.
GROUP_URL = "https://example.com/webhooks/twilio/sms"
GROUP_FORM = (
    b"ToCountry=US&SmsMessageSid=MM02058042c42092870d515695f6cb68b4&NumMedia=0&From=%2B12065550101&To=%2B12065550100"
    b"&OtherRecipients0=%2B12065550102&Body=Spike+test%3A+%C3%BCn%C3%AFcode+%26+plus%2B&SmsStatus=received"
    b"&MessageSid=MM02058042c42092870d515695f6cb68b4&AccountSid=AC00000000000000000000000000000000&NumSegments=1"
    b"&ApiVersion=2010-04-01"
)

VECTORS = [
    pytest.param(URL, FORM, "RSOYDt4T1cUTdK1PDd93/VVr8B8=", id="https"),
    pytest.param(URL, FORM, "kvajT1Ptam85bY51eRf/AJRuM3w=", id="signed with :443"),
    pytest.param(URL.replace("https", "http"), FORM, "0ZXoZLH/DfblKGATFgpif+LLRf4=", id="http, signed with :80"),
    pytest.param(
        URL.replace("https://mycompany.com", "http://mycompany.com:1234"),
        FORM,
        "Zmvh+3yNM1Phv2jhDCwEM3q5ebU=",
        id="port",
    ),
    pytest.param(URL, REPEATED, "IK+Dwps556ElfBT0I3Rgjkr1wJU=", id="repeated names"),
    pytest.param(f"{URL}&bodySHA256={JSON_HASH}", JSON_BODY, "a9nBmqA0ju/hNViExpshrM61xv4=", id="json"),
    pytest.param(f"{URL}&bodySHA256={EMPTY_HASH}", b"{}", "Ldidvp12m26NI7eqEvxnEpkd9Hc=", id="json, signed with :443"),
    pytest.param(f"{URL}&bodySHA256={EMPTY_HASH}", b"{}", "rw/jVviOgicj2+kHZULvebnA4ag=", id="json, without port"),
    pytest.param(
        f"https://mycompany.com/myapp.php?bodySHA256={JSON_HASH}",
        JSON_BODY,
        "y77kIzt2vzLz71DgmJGsen2scGs=",
        id="hash only",
    ),
    pytest.param(
        URL.replace("https://", "https://user:pass@"), FORM, "CukzLTc1tT5dXEDIHm/tKBanW10=", id="credentials in the URL"
    ),
    pytest.param(f"{URL}&Body=It's+amazing", FORM, "dsq4Ehbj6cs+KdTkpF5sSSplOWw=", id="apostrophe as it is"),
    pytest.param(
        URL,
        b"MessagingBinding.Address=%2B1325xxxxxxx&MessagingBinding.Address=%2B1415xxxxxxx",
        "83O6e2vORAoJHUNzJjDWN1jz+BA=",
        id="repeated, in order",
    ),
    pytest.param(
        URL,
        b"MessagingBinding.Address=%2B1415xxxxxxx&MessagingBinding.Address=%2B1325xxxxxxx",
        "83O6e2vORAoJHUNzJjDWN1jz+BA=",
        id="repeated, out of order",
    ),
    pytest.param(GROUP_URL, GROUP_FORM, "HVopncY74tT9d9BqBmSPzls44C8=", id="group text"),
    pytest.param(
        GROUP_URL.replace(".com", ".com:443"), GROUP_FORM, "HVopncY74tT9d9BqBmSPzls44C8=", id="signed without our :443"
    ),
]

JSON = json_values()
NAMES = st.sampled_from(
    [
        "MessageSid",
        "SmsSid",
        "MessageStatus",
        "SmsStatus",
        "To",
        "From",
        "Body",
        "NumMedia",
        "MediaUrl0",
        "MediaContentType0",
        "ErrorCode",
        "OtherRecipients",
        "OtherRecipients0",
        "OtherRecipients7",
        "OtherRecipients99999999",
    ]
)


def webhook(
    body: bytes, given_signature: str | None = None, url: str = GROUP_URL, query: dict[str, str] | None = None
) -> WebhookRequest:
    headers = {} if given_signature is None else {"x-twilio-signature": given_signature}
    return WebhookRequest(url, "sms", headers, query or {}, body)


def parse(parameters: list[tuple[str, str]] | dict[str, str], send: str | None = None) -> list[Any]:
    query = {} if send is None else {"send": send}
    return list(Twilio(SETTINGS, no_request).parse(webhook(urlencode(parameters).encode(), query=query)))


def received(**changes: str | None) -> dict[str, str]:
    parameters = {
        "MessageSid": "SM1",
        "SmsSid": "SM1",
        "SmsStatus": "received",
        "From": A,
        "To": OWN,
        "Body": "Hey",
        "NumMedia": "0",
        **changes,
    }
    return {name: value for name, value in parameters.items() if value is not None}


def report(status: str, **changes: str) -> dict[str, str]:
    return {"MessageSid": "SM1", "MessageStatus": status, "SmsStatus": status, "To": A, "From": OWN, **changes}


@pytest.mark.parametrize(("url", "body", "given_signature"), VECTORS)
def test_twilios_vectors_are_accepted(url: str, body: bytes, given_signature: str) -> None:
    Twilio(SETTINGS, no_request).authenticate(webhook(body, given_signature, url), 0)


@pytest.mark.parametrize(("url", "body", "given_signature"), VECTORS)
def test_twilios_vectors_are_refused_with_another_token(url: str, body: bytes, given_signature: str) -> None:
    for token in ("1234", ""):
        with pytest.raises(WebhookRefused) as refused:
            Twilio(TwilioSettings("AC0", token), no_request).authenticate(webhook(body, given_signature, url), 0)
        assert refused.value.status == 403


@pytest.mark.parametrize(
    ("url", "body", "given_signature"),
    [
        # Signed with another spelling of the query, which only Twilio's Node library tries.
        pytest.param(f"{URL}&Body=It's+amazing", FORM, "TfZzewPq8wqrGlMfyAud8+/IvJ0=", id="legacy query"),
        pytest.param(f"{URL}&bodySHA256={JSON_HASH}", b"{}", "a9nBmqA0ju/hNViExpshrM61xv4=", id="another body"),
        pytest.param(f"{URL}&bodySHA256=", JSON_BODY, "a9nBmqA0ju/hNViExpshrM61xv4=", id="no hash"),
        pytest.param(URL + "&x=1", FORM, "RSOYDt4T1cUTdK1PDd93/VVr8B8=", id="another url"),
        pytest.param(URL, FORM + b"&x=", "RSOYDt4T1cUTdK1PDd93/VVr8B8=", id="one empty parameter more"),
        pytest.param(URL, FORM, "", id="empty"),
        pytest.param(URL, FORM, None, id="absent"),
        pytest.param(URL, FORM, "\u00fc\ud800", id="not ASCII"),
        pytest.param("https://[", FORM, "RSOYDt4T1cUTdK1PDd93/VVr8B8=", id="no url"),
        pytest.param("https://mycompany.com:x/", FORM, "RSOYDt4T1cUTdK1PDd93/VVr8B8=", id="no port"),
    ],
)
def test_what_twilio_did_not_sign_is_refused(url: str, body: bytes, given_signature: str | None) -> None:
    with pytest.raises(WebhookRefused) as refused:
        Twilio(SETTINGS, no_request).authenticate(webhook(body, given_signature, url), 0)
    assert refused.value.status == 403


def test_an_empty_parameter_is_signed_by_its_name() -> None:
    expected = sign("12345", GROUP_URL, [("Body", ""), ("From", A)])
    Twilio(SETTINGS, no_request).authenticate(webhook(b"From=%2B12065550101&Body=", expected), 0)
    assert expected == sign("12345", GROUP_URL + f"BodyFrom{A}", [])


@settings(deadline=None)
@given(st.integers(0, 27), st.integers(1, 127))
def test_a_signature_with_any_byte_changed_is_refused(position: int, change: int) -> None:
    changed = bytearray(b"HVopncY74tT9d9BqBmSPzls44C8=")
    changed[position] ^= change
    with pytest.raises(WebhookRefused):
        Twilio(SETTINGS, no_request).authenticate(webhook(GROUP_FORM, changed.decode("ascii")), 0)


@settings(deadline=None)
@given(st.binary(), st.text(), st.text())
def test_anything_else_is_refused_without_another_error(body: bytes, url: str, given_signature: str) -> None:
    with pytest.raises(WebhookRefused):
        Twilio(SETTINGS, no_request).authenticate(webhook(body, given_signature, url), 0)


def test_a_group_text_brings_its_whole_roster() -> None:
    assert Twilio(SETTINGS, no_request).parse(webhook(GROUP_FORM)) == [
        InboundText(
            carrier="twilio",
            id="MM02058042c42092870d515695f6cb68b4",
            line=OWN,
            sender=A,
            recipients=(OWN, B),
            text="Spike test: \u00fcn\u00efcode & plus+",
        )
    ]


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        ([], ()),
        ([("OtherRecipients0", B), ("OtherRecipients2", C)], (B, C)),
        ([("OtherRecipients10", C), ("OtherRecipients9", B)], (B, C)),
        ([("OtherRecipients", B)], (B,)),
        ([("OtherRecipients", B), ("OtherRecipients", C)], (B, C)),
        ([("OtherRecipients0", C), ("OtherRecipients", B)], (B, C)),
        ([("OtherRecipients0", B), ("OtherRecipients0", B)], (B, B)),
        ([("OtherRecipients0", ""), ("OtherRecipients1", B)], (B,)),
        ([("OtherRecipientsX", B), ("XOtherRecipients0", C)], ()),
        ([(f"OtherRecipients{n}", f"+1206555020{n}") for n in range(9)], tuple(f"+1206555020{n}" for n in range(9))),
    ],
)
def test_other_recipients_come_in_every_spelling(others: list[tuple[str, str]], expected: tuple[str, ...]) -> None:
    (text,) = parse([*received().items(), *others])
    assert text.recipients == (OWN, *expected)


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({"MessageSid": "MM1"}, True),
        ({"MessageSid": "MM1", "NumMedia": None}, True),
        ({"MessageSid": "MM1", "OtherRecipients0": B}, False),
        ({"MessageSid": "MM1", "NumMedia": "1", "MediaUrl0": "https://api.twilio.com/m"}, False),
        ({"MessageSid": "SM1"}, False),
    ],
)
def test_an_mms_with_nothing_that_makes_it_one_may_have_lost_its_roster(
    changes: dict[str, str | None], missing: bool
) -> None:
    (text,) = parse(received(**changes))
    assert text.roster_missing is missing


@pytest.mark.parametrize("body", ["  padded \n", " ", "a+b & c=d \U0001f600", ""])
def test_the_text_is_not_trimmed(body: str) -> None:
    (text,) = parse(received(Body=body))
    assert text.text == body


def test_the_text_may_be_absent_and_the_sid_have_its_old_name() -> None:
    (text,) = parse(received(Body=None, MessageSid=None))
    assert (text.text, text.id) == ("", "SM1")


def test_layout_parts_are_no_media() -> None:
    (text,) = parse(
        received(
            NumMedia="4",
            MediaUrl0="https://api.twilio.com/m0",
            MediaContentType0="image/jpeg",
            MediaUrl1="https://api.twilio.com/m1",
            MediaContentType1="application/smil",
            MediaUrl10="https://api.twilio.com/m10",
            MediaUrl2="https://api.twilio.com/m2.txt",
            MediaContentType2="",
        )
    )
    assert text.media == (
        InboundMedia("https://api.twilio.com/m0", "image/jpeg"),
        InboundMedia("https://api.twilio.com/m10"),
    )


URL = "https://api.twilio.com/m0"


@pytest.mark.parametrize(
    ("changes", "media"),
    [
        ({"NumMedia": "1"}, [InboundMedia("")]),
        ({"NumMedia": "1", "MediaUrl0": "", "MediaContentType0": "image/jpeg"}, [InboundMedia("", "image/jpeg")]),
        (
            {"NumMedia": "2", "MediaUrl0": URL, "MediaContentType1": "image/png"},
            [InboundMedia(URL), InboundMedia("", "image/png")],
        ),
        ({"NumMedia": "3", "MediaUrl0": URL}, [InboundMedia(URL), InboundMedia(""), InboundMedia("")]),
        ({"NumMedia": "0", "MediaUrl0": URL}, [InboundMedia(URL)]),
        ({"NumMedia": "99"}, [InboundMedia("")] * 10),
        ({"NumMedia": "many"}, []),
        # No file, whatever it lacks.
        ({"NumMedia": "1", "MediaContentType0": "application/smil"}, []),
    ],
)
def test_a_file_without_an_address_does_not_cost_the_text(changes: dict[str, str], media: list[InboundMedia]) -> None:
    """C12, at Twilio."""
    (text,) = parse(received(Body="Hey", **changes))
    assert (text.text, list(text.media)) == ("Hey", media)


@pytest.mark.parametrize(
    ("status", "expected", "code"),
    [
        ("accepted", ReceiptStatus.QUEUED, None),
        ("scheduled", ReceiptStatus.QUEUED, None),
        ("queued", ReceiptStatus.QUEUED, None),
        ("sending", ReceiptStatus.QUEUED, None),
        ("sent", ReceiptStatus.SENT, None),
        ("delivered", ReceiptStatus.DELIVERED, None),
        ("read", ReceiptStatus.DELIVERED, None),
        ("undelivered", ReceiptStatus.UNDELIVERED, 30008),
        ("failed", ReceiptStatus.FAILED, 30008),
        ("canceled", ReceiptStatus.FAILED, 30008),
    ],
)
def test_each_status_has_its_meaning(status: str, expected: ReceiptStatus, code: int | None) -> None:
    assert parse(report(status), "IM1:0") == [DeliveryReport("twilio", "SM1", A, expected, code, None, "IM1:0")]


@pytest.mark.parametrize(
    ("error_code", "code", "carrier_code"),
    [("30003", 30003, "30003"), ("21610", 21610, "21610"), ("", 30008, None), ("0", 30008, "0"), ("x", 30008, "x")],
)
def test_twilios_codes_are_our_codes(error_code: str, code: int, carrier_code: str | None) -> None:
    assert parse(report("undelivered", ErrorCode=error_code)) == [
        DeliveryReport("twilio", "SM1", A, ReceiptStatus.UNDELIVERED, code, carrier_code)
    ]


def test_a_report_may_have_the_old_names_only() -> None:
    assert parse({"SmsSid": "SM1", "SmsStatus": "delivered", "To": A, "From": OWN}) == [
        DeliveryReport("twilio", "SM1", A, ReceiptStatus.DELIVERED)
    ]


def test_a_status_of_no_use_is_ignored() -> None:
    assert parse(report("partially_delivered")) == [IgnoredEvent("partially_delivered")]


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"Body": "Hey"},
        received(MessageSid=None, SmsSid=None),
        received(From=None),
        received(From=""),
        received(To=None),
        report("invented"),
        report("sent", MessageSid=""),
        report("sent", To=""),
    ],
)
def test_unreadable_webhook_is_malformed(parameters: dict[str, str]) -> None:
    (event,) = parse(parameters)
    assert isinstance(event, MalformedWebhook)
    assert event.raw == urlencode(parameters)


@settings(deadline=None)
@given(st.binary())
def test_parse_never_raises(body: bytes) -> None:
    Twilio(SETTINGS, no_request).parse(webhook(body))


@settings(deadline=None)
@given(st.lists(st.tuples(NAMES, st.text() | st.sampled_from(["received", "sent", "failed", A, "MM1"]))))
def test_parse_never_raises_on_what_looks_like_a_webhook(parameters: list[tuple[str, str]]) -> None:
    body = urlencode(parameters, errors="replace").encode()
    assert len(Twilio(SETTINGS, no_request).parse(webhook(body))) == 1


@pytest.mark.parametrize(
    ("text", "body"),
    [
        (
            OutboundText(
                OWN,
                (A,),
                " \u00dcber & so ",
                (jpeg("https://h/1.jpg"), jpeg("https://h/2.jpg")),
                "IM1:0",
                "https://h/?send=1",
            ),
            (
                b"To=%2B12065550101&From=%2B12065550100&Body=+%C3%9Cber+%26+so+&MediaUrl=https%3A%2F%2Fh%2F1.jpg"
                b"&MediaUrl=https%3A%2F%2Fh%2F2.jpg&StatusCallback=https%3A%2F%2Fh%2F%3Fsend%3D1"
            ),
        ),
        (OutboundText(OWN, (A,), "Hey"), b"To=%2B12065550101&From=%2B12065550100&Body=Hey"),
        (
            OutboundText(OWN, (A,), "", (jpeg("https://h/1.jpg"),)),
            b"To=%2B12065550101&From=%2B12065550100&MediaUrl=https%3A%2F%2Fh%2F1.jpg",
        ),
        (OutboundText(OWN, (A,), "\ud800"), b"To=%2B12065550101&From=%2B12065550100&Body=%3F"),
    ],
)
def test_the_request_is_the_documented_one(text: OutboundText, body: bytes) -> None:
    transport = RecordingTransport(HttpResponse(201, b'{"sid":"SM1","status":"queued","error_code":null}'))
    assert Twilio(SETTINGS, transport).send(text) == Accepted("SM1")
    assert transport.requests == [
        HttpRequest(
            "POST",
            "https://api.twilio.com/2010-04-01/Accounts/AC00000000000000000000000000000000/Messages.json",
            {
                "Authorization": "Basic QUMwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDoxMjM0NQ==",
                "Content-Type": "application/x-www-form-urlencoded",
            },
            body,
        )
    ]


@pytest.mark.parametrize(("recipients", "code"), [((), 21604), (tuple("abcdefghij"), 21653)])
def test_text_to_none_or_too_many_makes_no_request(recipients: tuple[str, ...], code: int) -> None:
    with pytest.raises(Refused) as refused:
        Twilio(SETTINGS, no_request).send(OutboundText(OWN, recipients, "Hey"))
    assert refused.value.error_code == code


@pytest.mark.parametrize(
    ("answer", "accepted"),
    [
        ({"sid": "SM1", "status": "accepted", "error_code": None}, Accepted("SM1")),
        ({"sid": "SM1", "status": "queued", "error_code": 30001}, Accepted("SM1")),
        ({"sid": "SM1", "status": "failed", "error_code": 21610}, Accepted("SM1", {A: 21610})),
        ({"sid": "SM1", "status": "failed", "error_code": None}, Accepted("SM1", {A: 30008})),
    ],
)
def test_an_accepted_text_may_have_failed_already(answer: object, accepted: Accepted) -> None:
    response = HttpResponse(201, json.dumps(answer).encode())
    assert Twilio(SETTINGS, lambda _: response).send(OutboundText(OWN, (A,), "Hey")) == accepted


@pytest.mark.parametrize(
    ("response", "error", "code", "carrier_code", "recipients"),
    [
        (HttpResponse(201, b""), Ambiguous, 30008, None, {}),
        (HttpResponse(201, b'{"status":"queued"}'), Ambiguous, 30008, None, {}),
        (HttpResponse(400, b'{"code":21211,"message":"x","status":400}'), Refused, 21211, "21211", {A: 21211}),
        (HttpResponse(400, b'{"code":21610}'), Refused, 21610, "21610", {A: 21610}),
        (HttpResponse(400, b'{"code":21606}'), Refused, 21606, "21606", {}),
        (HttpResponse(400, b'{"code":21620}'), Refused, 21620, "21620", {}),
        (HttpResponse(400, b'{"code":"x"}'), Refused, 30008, "x", {}),
        (HttpResponse(401, b'{"code":20003}'), Refused, 20003, "20003", {}),
        (HttpResponse(404, b"<html>"), Refused, 30008, None, {}),
        (HttpResponse(408, b""), Ambiguous, 30008, None, {}),
        (HttpResponse(400, b'{"code":21611}'), Throttled, 21611, "21611", {}),
        (HttpResponse(429, b'{"code":20429}'), Throttled, 30001, "20429", {}),
        (HttpResponse(400, b'{"code":20429}'), Throttled, 30001, "20429", {}),
        (HttpResponse(429, b""), Throttled, 30001, None, {}),
        (HttpResponse(500, b'{"code":20500}'), Ambiguous, 20500, "20500", {}),
        (HttpResponse(502, b""), Ambiguous, 30008, None, {}),
        (HttpResponse(503, b""), Unavailable, 30008, None, {}),
        (HttpResponse(504, b""), Ambiguous, 30008, None, {}),
        (HttpResponse(521, b""), Ambiguous, 30008, None, {}),
    ],
)
def test_every_answer_has_its_outcome(
    response: HttpResponse, error: type[SendError], code: int, carrier_code: str | None, recipients: dict[str, int]
) -> None:
    raised = send_error(partial(Twilio, SETTINGS), OutboundText(OWN, (A,), "Hey"), response)
    assert type(raised) is error
    assert (raised.error_code, raised.carrier_code) == (code, carrier_code)
    assert getattr(raised, "recipients", {}) == recipients


@settings(deadline=None)
@given(st.integers(100, 599), st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
def test_no_answer_makes_send_raise_anything_else(status: int, body: bytes) -> None:
    with suppress(SendError):
        Twilio(SETTINGS, lambda _: HttpResponse(status, body)).send(OutboundText(OWN, (A,), "Hey"))


def test_settings_do_not_show_their_secret() -> None:
    assert "12345" not in repr(SETTINGS)


@pytest.mark.parametrize(
    ("changes", "answered"),
    [
        ({"Body": "Stop "}, Keyword.STOP),
        ({"Body": "optout"}, Keyword.STOP),
        ({"Body": "UNSTOP"}, Keyword.START),
        ({"Body": "help"}, Keyword.HELP),
        ({"Body": "ALTO", "OptOutType": "STOP"}, Keyword.STOP),
        # Ours to answer: Twilio knows single words only.
        ({"Body": "opt out"}, None),
        ({"Body": "stop!"}, None),
        ({"Body": "yes"}, None),
    ],
)
def test_keyword_that_twilio_has_answered_is_read(changes: dict[str, str], answered: Keyword | None) -> None:
    (text,) = parse(received(**changes))
    assert text.keyword_handled_by_carrier is answered


def test_an_account_may_leave_keywords_to_us() -> None:
    carrier = Twilio(TwilioSettings("AC0", "12345", answers_keywords=False), no_request)
    (text,) = carrier.parse(webhook(urlencode(received(Body="STOP")).encode()))
    assert isinstance(text, InboundText)
    assert text.keyword_handled_by_carrier is None
    # Unless Twilio says itself that it has answered.
    (text,) = carrier.parse(webhook(urlencode(received(Body="STOP", OptOutType="STOP")).encode()))
    assert isinstance(text, InboundText)
    assert text.keyword_handled_by_carrier is Keyword.STOP


@pytest.mark.parametrize(
    ("status", "body", "found"),
    [
        (200, {"status": "delivered"}, (ReceiptStatus.DELIVERED, None, None)),
        (200, {"status": "undelivered", "error_code": 30003}, (ReceiptStatus.UNDELIVERED, 30003, "30003")),
        (200, {"status": "partially_delivered"}, None),
    ],
)
def test_twilio_is_asked_what_became_of_a_text(
    status: int, body: dict[str, Any], found: tuple[ReceiptStatus, int | None, str | None] | None
) -> None:
    answer = RecordingTransport(HttpResponse(status, json.dumps(body).encode()))
    text = OutboundText(OWN, (A,), "hi", tag="IM1:0")
    known = Twilio(SETTINGS, answer).find(text, "SM1")
    reports = known.reports if known else ()
    assert known is None or known.accepted == Accepted("SM1")
    assert [(one.method, one.url.rpartition("/")[2], one.body) for one in answer.requests] == [("GET", "SM1.json", b"")]
    assert [(one.status, one.error_code, one.carrier_code) for one in reports] == ([found] if found else [])
    assert {(one.id, one.recipient, one.tag) for one in reports} <= {("SM1", A, "IM1:0")}


def test_a_text_without_an_id_is_not_asked_for() -> None:
    assert Twilio(SETTINGS, no_request).find(OutboundText(OWN, (A,), "hi"), "") is None
    with pytest.raises(Unavailable):
        Twilio(SETTINGS, lambda _: HttpResponse(503, b"")).find(OutboundText(OWN, (A,), "hi"), "SM1")


# --- events of conversations

DELIVERY = {"EventType": "onDeliveryUpdated", "MessageSid": "IM1", "ParticipantSid": "MB1", "Status": "delivered"}


@pytest.mark.parametrize(
    ("changes", "status", "error_code"),
    [
        ({}, ReceiptStatus.DELIVERED, None),
        ({"Status": "sent"}, ReceiptStatus.SENT, None),
        ({"Status": "read"}, ReceiptStatus.DELIVERED, None),
        ({"Status": "undelivered", "ErrorCode": "30003"}, ReceiptStatus.UNDELIVERED, 30003),
        ({"Status": "failed", "ErrorCode": "21610"}, ReceiptStatus.FAILED, 21610),
        ({"Status": "failed"}, ReceiptStatus.FAILED, 30008),
    ],
)
def test_a_participants_delivery_is_a_report_under_twilios_name_of_them(
    changes: dict[str, str], status: ReceiptStatus, error_code: int | None
) -> None:
    (report,) = parse(DELIVERY | changes)
    assert isinstance(report, DeliveryReport)
    assert (report.id, report.recipient, report.status, report.error_code) == ("IM1", "MB1", status, error_code)


@pytest.mark.parametrize("changes", [{"Status": "flying"}, {"Status": ""}, {"ParticipantSid": ""}, {"MessageSid": ""}])
def test_unreadable_delivery_is_malformed(changes: dict[str, str]) -> None:
    (event,) = parse(DELIVERY | changes)
    assert isinstance(event, MalformedWebhook)


def test_other_events_of_conversations_are_ignored() -> None:
    twin = {"EventType": "onMessageAdded", "MessageSid": "IM1", "Author": A, "Body": "hi", "Source": "SMS"}
    assert parse(twin) == [IgnoredEvent("onMessageAdded")]


def test_the_overrides_in_a_numbers_documented_url_are_no_part_of_what_is_signed() -> None:
    """W1: what is behind # never leaves Twilio."""
    page = (Path(__file__).parents[3] / "docs" / "carriers.md").read_text()
    [documented] = re.findall(r"`\{ApiUrl\}(/carriers/twilio#[^`]*)`, HTTP POST", page)
    assert dict(parse_qsl(urldefrag(documented).fragment)) == {"rc": "5", "rp": "all"}
    signed = f"https://texts.example.com{urldefrag(documented).url}"
    event = {
        "resource": "/carriers/{carrier}",
        "pathParameters": {"carrier": "twilio"},
        "headers": {"X-Twilio-Signature": RequestValidator("12345").compute_signature(signed, dict(PARAMETERS))},
        "body": FORM.decode(),
    }
    request = gateway_event.parse_event(event, "https://texts.example.com")
    assert request.url == signed
    Twilio(SETTINGS, no_transport).authenticate(request, 0.0)
