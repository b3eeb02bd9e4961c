"""The send APIs: what they take, how they refuse, and what they report."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any, cast
from urllib.parse import urlencode

import pytest

from local.carrier.base import Call, Webhook
from local.carrier.settings import changed
from local.carrier.telnyx import Telnyx
from local.carrier.text_router import SendResult, TextRouter
from local.carrier.twilio import Twilio

ANN, BOB = "+12065550150", "+12065550151"
NEVER, LANDLINE, OPTED_OUT, SILENT, THROTTLED, UNANSWERED = (f"+1206555019{digit}" for digit in range(6))
MANY = [f"+120655502{digit:02d}" for digit in range(20)]


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def bandwidth(router: TextRouter, *, authorization: str = "", account: str = "5500", **body: Any) -> SendResult:
    whole = {"applicationId": "app-1", "from": "+12065550100", "to": [ANN], "text": "hi", "tag": "IM1", **body}
    headers = {
        "authorization": authorization or basic("user", "secret"),
        "content-type": "application/json; charset=utf-8",
    }
    return router.send("bandwidth", Call("messages", {"account": account}, headers, json.dumps(whole).encode()))


def telnyx(router: TextRouter, operation: str = "group_mms", *, key: str = "KEY123", **body: Any) -> SendResult:
    whole = {"from": "+12065550110", "to": [ANN, BOB] if operation == "group_mms" else ANN, "text": "hi", **body}
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    return router.send("telnyx", Call(operation, {}, headers, json.dumps(whole).encode()))


def twilio(router: TextRouter, *more: tuple[str, str], token: str = "12345", **form: str) -> SendResult:
    whole = {"To": ANN, "From": "+12065550120", "Body": "hi", **form}
    sid = "AC" + "0" * 32
    headers = {"authorization": basic(sid, token)}
    body = urlencode([*whole.items(), *more]).encode()
    return router.send("twilio", Call("messages", {"account": sid}, headers, body))


def vonage(router: TextRouter, *, secret: str = "secret", **body: Any) -> SendResult:
    whole = {"channel": "mms", "from": "12065550130", "to": ANN[1:], "message_type": "text", "text": "hi", **body}
    whole |= {"webhook_url": "https://h.example/vonage"}
    headers = {"authorization": basic("abcd1234", secret), "content-type": "application/json"}
    return router.send("vonage", Call("messages", {}, headers, json.dumps(whole).encode()))


def webhooks(outcome: SendResult) -> tuple[Webhook, ...]:
    assert outcome.routed is not None
    return outcome.routed.webhooks


def reports(outcome: SendResult) -> list[tuple[str | None, str | None, str | None]]:
    return [(hook.recipient, hook.status, hook.code) for hook in webhooks(outcome) if hook.kind == "report"]


def test_bandwidth_takes_a_group_with_one_id(router: TextRouter) -> None:
    outcome = bandwidth(router, to=[ANN, BOB], media=["https://example.com/a.png"])
    assert (outcome.answer.status, outcome.answer.body) == (
        202,
        {
            "id": "17953224021580001000000000000",
            "owner": "+12065550100",
            "applicationId": "app-1",
            "time": "2026-11-22T04:40:02Z",
            "segmentCount": 1,
            "direction": "out",
            "to": [ANN, BOB],
            "from": "+12065550100",
            "text": "hi",
            "media": ["https://example.com/a.png"],
            "tag": "IM1",
        },
    )
    assert [(send.carrier, send.recipients, send.tag) for send in router.sends] == [("bandwidth", (ANN, BOB), "IM1")]
    assert [text.sender for text in router.network.texts(BOB)] == ["+12065550100"]


def test_bandwidth_reports_each_recipient_under_the_same_id(router: TextRouter) -> None:
    outcome = bandwidth(router, to=[ANN, NEVER])
    delivered, failed = webhooks(outcome)
    message = {
        "id": outcome.answer.body["id"],
        "time": "2026-11-22T04:40:02Z",
        "to": [ANN, NEVER],
        "from": "+12065550100",
        "text": "",
        "applicationId": "app-1",
        "owner": "+12065550100",
        "direction": "out",
        "segmentCount": 1,
        "tag": "IM1",
    }
    assert delivered.payload == [
        {
            "type": "message-delivered",
            "time": "2026-11-22T04:40:02Z",
            "description": "ok",
            "to": ANN,
            "message": message,
        }
    ]
    assert failed.payload == [
        {
            "type": "message-failed",
            "time": "2026-11-22T04:40:02Z",
            "description": "destination-subscriber-unavailable",
            "to": NEVER,
            "errorCode": 4702,
            "message": message,
        }
    ]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"applicationId": "other"}, "applicationId"),
        ({"from": "+12065550110"}, "from"),  # another carrier's line
        ({"from": "+12065559999"}, "from"),
        ({"from": "nonsense"}, "from"),
        ({"to": MANY[:11]}, "to"),
        ({"to": [ANN, BOB, ANN]}, "to"),
        ({"to": ["+12065550100", ANN]}, "to"),
        ({"to": []}, "to"),
        ({"to": ["+1invalid"]}, "to"),
        ({"to": None}, "to"),
        ({"text": ""}, "text"),
        ({"text": "a" * 2049}, "text"),
        ({"media": ["https://example.com/a.png"] * 11}, "media"),
        ({"text": 5}, "text"),
        ({"media": [5]}, "media"),
        ({"tag": "a" * 1025}, "tag"),
    ],
)
def test_bandwidth_refuses_bad_requests_by_field(router: TextRouter, body: dict[str, Any], field: str) -> None:
    outcome = bandwidth(router, **body)
    assert outcome.answer.status == 400
    assert outcome.answer.body["type"] == "request-validation"
    assert {error["fieldName"] for error in outcome.answer.body["fieldErrors"]} == {field}
    assert outcome.routed is None
    assert router.sends == []


def test_bandwidth_takes_ten_recipients_and_one_as_a_string(router: TextRouter) -> None:
    assert bandwidth(router, to=MANY[:10]).answer.status == 202
    assert bandwidth(router, to=ANN).answer.body["to"] == [ANN]


def test_bandwidth_credentials_and_form(router: TextRouter) -> None:
    refused = bandwidth(router, authorization=basic("user", "wrong")).answer
    assert (refused.status, refused.body) == (
        401,
        {"type": "unauthorized", "description": "Authentication Failed"},
    )
    assert bandwidth(router, account="1").answer.status == 403
    good = {"authorization": basic("user", "secret")}
    plain = router.send("bandwidth", Call("messages", {"account": "5500"}, {**good, "content-type": "text/plain"}, b""))
    assert (plain.answer.status, plain.answer.body["type"]) == (415, "unsupported-content-type")
    json_type = {**good, "content-type": "application/json"}
    broken = router.send("bandwidth", Call("messages", {"account": "5500"}, json_type, b"{"))
    assert (broken.answer.status, broken.answer.body["type"]) == (400, "request-validation")


def test_telnyx_group_is_one_mms_queued_to_all(router: TextRouter) -> None:
    answer = telnyx(router).answer
    assert answer.status == 200
    data = answer.body["data"]
    assert (data["type"], data["direction"], data["group_message_id"]) == ("MMS", "outbound", data["id"])
    assert [(to["phone_number"], to["status"]) for to in data["to"]] == [(ANN, "queued"), (BOB, "queued")]
    assert data["from"]["phone_number"] == "+12065550110"


def test_telnyx_reports_sent_then_finalized_for_each_recipient(router: TextRouter) -> None:
    outcome = telnyx(router, to=[ANN, NEVER, LANDLINE, OPTED_OUT, SILENT], webhook_url="http://127.0.0.1:8080/x?t=1")
    assert reports(outcome) == [
        (ANN, "sent", None),
        (NEVER, "sent", None),
        (LANDLINE, "sent", None),
        (ANN, "delivered", None),
        (NEVER, "delivery_failed", "40008"),
        (LANDLINE, "delivery_failed", "40001"),
        (OPTED_OUT, "sending_failed", "40300"),
    ]
    group_id = outcome.answer.body["data"]["id"]
    kinds = {"message.sent", "message.finalized"}
    for webhook in webhooks(outcome):
        assert webhook.url == "http://127.0.0.1:8080/x?t=1"
        assert webhook.payload["event_type"] in kinds
        payload = webhook.payload["payload"]
        assert (payload["group_message_id"], payload["id"]) == (group_id, group_id)
        assert [to["phone_number"] for to in payload["to"]] == [webhook.recipient]
        assert [error["code"] for error in payload["errors"]] == ([webhook.code] if webhook.code else [])
        assert {error["source"]["pointer"] for error in payload["errors"]} <= {"/to/0/phone_number"}
    assert len({webhook.payload["id"] for webhook in webhooks(outcome)}) == 7


def test_telnyx_can_know_nothing_of_other_networks_in_a_group(router: TextRouter) -> None:
    router.settings = changed(router.settings, {"telnyx_group_status": "unknown"})
    finalized = reports(telnyx(router, to=[ANN, "+12065550111"]))[2:]
    assert finalized == [(ANN, "unknown", None), ("+12065550111", "delivered", None)]
    assert reports(telnyx(router, "messages"))[1:] == [(ANN, "delivered", None)]


@pytest.mark.parametrize(
    ("operation", "body", "status", "code", "pointer"),
    [
        ("messages", {"to": [ANN, BOB]}, 400, "40310", "/to"),
        ("group_mms", {"to": MANY[:9]}, 400, "40310", "/to"),
        ("group_mms", {"to": [ANN, BOB, ANN]}, 400, "40310", "/to/2"),
        ("group_mms", {"to": [ANN, "x"]}, 400, "40310", "/to/1"),
        ("group_mms", {"to": [ANN, "+12065550110"]}, 400, "40310", "/to/1"),
        ("group_mms", {"to": []}, 400, "40310", "/to"),
        ("group_mms", {"to": None}, 422, "10004", "/to"),
        ("messages", {"from": "+12065550100"}, 400, "40305", "/from"),
        ("messages", {"from": None}, 422, "10004", "/from"),
        ("messages", {"text": ""}, 400, "40304", "/text"),
        # C7. Ten parts at the most: 1530 characters, or 670 of another alphabet.
        ("messages", {"text": "a" * 1531}, 400, "40302", "/text"),
        ("messages", {"text": "ж" * 671}, 400, "40302", "/text"),
        ("messages", {"media_urls": ["https://example.com/a"] * 11}, 400, "40317", "/media_urls"),
        ("messages", {"to": OPTED_OUT}, 409, "40300", "/to/0/phone_number"),
    ],
)
def test_telnyx_refuses(
    router: TextRouter, operation: str, body: dict[str, Any], status: int, code: str, pointer: str
) -> None:
    outcome = telnyx(router, operation, **body)
    (error,) = outcome.answer.body["errors"]
    assert (outcome.answer.status, error["code"], error["source"]["pointer"]) == (status, code, pointer)
    assert {"title", "detail", "meta"} < set(error)
    assert outcome.routed is None
    assert router.sends == []


POINTED_AT = [("40300", "/to/3/phone_number"), ("40001", "/to/2/phone_number"), ("40008", "/to/1/phone_number")]


def pointed_at(errors: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(error["code"], error["source"]["pointer"]) for error in errors]


def test_telnyx_can_report_a_group_at_once_with_errors_that_point_at_its_recipients(router: TextRouter) -> None:
    """C1."""
    router.settings = changed(router.settings, {"telnyx_group_reports": "all"})
    outcome = telnyx(router, to=[ANN, NEVER, LANDLINE, OPTED_OUT])
    (last,) = (hook for hook in webhooks(outcome) if hook.payload["event_type"] == "message.finalized")
    payload = last.payload["payload"]
    assert [(to["phone_number"], to["status"]) for to in payload["to"]] == [
        (ANN, "delivered"),
        (NEVER, "delivery_failed"),
        (LANDLINE, "delivery_failed"),
        (OPTED_OUT, "sending_failed"),
    ]
    assert pointed_at(payload["errors"]) == POINTED_AT


def test_telnyx_can_refuse_a_group_for_one_who_has_opted_out(router: TextRouter) -> None:
    """C1."""
    router.settings = changed(router.settings, {"telnyx_group_blocks": "refused"})
    refused = telnyx(router, to=[ANN, NEVER, LANDLINE, OPTED_OUT])
    assert (refused.answer.status, refused.routed) == (400, None)
    assert pointed_at(refused.answer.body["errors"]) == POINTED_AT
    assert telnyx(router, to=[ANN, LANDLINE]).answer.status == 200


def test_telnyx_can_report_clicks(router: TextRouter) -> None:
    """C11."""
    router.settings = changed(router.settings, {"telnyx_clicks": True})
    outcome = telnyx(router, to=[ANN, NEVER], text="See https://example.com/a and http://b.example")
    clicks = [hook for hook in webhooks(outcome) if "event_type" not in hook.payload]
    assert [hook.payload for hook in clicks] == [
        {
            "record_type": "link_clicked",
            "url": url,
            "to": ANN.removeprefix("+"),
            "message_id": outcome.answer.body["data"]["id"],
            "time_clicked": "2026-11-22T04:40:02.158+00:00",
        }
        for url in ("https://example.com/a", "http://b.example")
    ]


@pytest.mark.parametrize(
    ("operation", "body"),
    [
        ("messages", {"text": "a" * 1530}),
        ("messages", {"text": "ж" * 670}),
        ("messages", {"text": "ж" * 671, "media_urls": ["https://example.com/a.jpg"]}),
        ("group_mms", {"text": "ж" * 1600}),
    ],
)
def test_telnyx_takes_ten_parts_of_a_plain_text(router: TextRouter, operation: str, body: dict[str, Any]) -> None:
    """C7."""
    to = {} if operation == "group_mms" else {"to": ANN}
    assert telnyx(router, operation, **to, **body).answer.status == 200


def test_telnyx_key(router: TextRouter) -> None:
    answer = telnyx(router, key="wrong").answer
    assert (answer.status, answer.body["errors"][0]["code"]) == (401, "10009")


def test_telnyx_returns_the_status_of_a_group(router: TextRouter) -> None:
    carrier = router.carriers["telnyx"]
    assert isinstance(carrier, Telnyx)
    group_id = telnyx(router, to=[ANN, NEVER, SILENT]).answer.body["data"]["id"]
    key = {"authorization": "Bearer KEY123"}
    answer = carrier.group(Call("group", {"id": group_id}, key, b""), router.sends)
    assert answer.status == 200
    assert [
        (message["id"], message["to"][0]["phone_number"], message["to"][0]["status"]) for message in answer.body["data"]
    ] == [
        (group_id, ANN, "delivered"),
        (group_id, NEVER, "delivery_failed"),
        (group_id, SILENT, "sent"),
    ]
    assert carrier.group(Call("group", {"id": "other"}, key, b""), router.sends).status == 404


def test_twilio_takes_one_recipient(router: TextRouter) -> None:
    answer = twilio(router).answer
    assert answer.status == 201
    assert answer.body["sid"] == "SM00010000000000000000000000000000"
    assert (answer.body["status"], answer.body["to"], answer.body["from"]) == ("queued", ANN, "+12065550120")
    assert (answer.body["error_code"], answer.body["num_segments"], answer.body["num_media"]) == (None, "1", "0")
    assert answer.body["date_created"] == "Sun, 22 Nov 2026 04:40:02 +0000"
    assert (
        twilio(router, ("MediaUrl", "https://example.com/a"), ("MediaUrl", "https://example.com/b")).answer.body["sid"][
            :2
        ]
        == "MM"
    )


def test_twilio_reports_only_where_it_was_asked_to(router: TextRouter) -> None:
    assert webhooks(twilio(router)) == ()
    sent, delivered = webhooks(twilio(router, StatusCallback="http://127.0.0.1:8080/carriers/twilio?tag=1"))
    assert sent.url == "http://127.0.0.1:8080/carriers/twilio?tag=1"
    assert sent.payload == {
        "AccountSid": "AC" + "0" * 32,
        "ApiVersion": "2010-04-01",
        "From": "+12065550120",
        "MessageSid": sent.id,
        "MessageStatus": "sent",
        "SmsSid": sent.id,
        "SmsStatus": "sent",
        "To": ANN,
    }
    assert delivered.payload["MessageStatus"] == "delivered"


@pytest.mark.parametrize(("to", "code"), [(NEVER, "30003"), (LANDLINE, "30006")])
def test_twilio_failures(router: TextRouter, to: str, code: str) -> None:
    outcome = twilio(router, To=to, StatusCallback="http://127.0.0.1:8080/s")
    assert reports(outcome) == [(to, "sent", None), (to, "undelivered", code)]
    assert webhooks(outcome)[1].payload["ErrorCode"] == code


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"To": ""}, 21604),
        ({"To": "x"}, 21211),
        ({"From": ""}, 21603),
        ({"From": "+12065550100"}, 21660),
        ({"To": "+12065550120"}, 21266),
        ({"Body": ""}, 21602),
        ({"Body": "a" * 1601}, 21617),
        ({"To": OPTED_OUT}, 21610),
    ],
)
def test_twilio_refuses(router: TextRouter, form: dict[str, str], code: int) -> None:
    outcome = twilio(router, **form)
    assert outcome.answer.status == 400
    assert outcome.answer.body["code"] == code
    assert outcome.answer.body["more_info"] == f"https://www.twilio.com/docs/errors/{code}"
    assert set(outcome.answer.body) == {"code", "message", "more_info", "status"}
    assert outcome.routed is None


def test_twilio_takes_no_second_recipient_and_no_wrong_token(router: TextRouter) -> None:
    assert twilio(router, ("To", BOB)).answer.body["code"] == 21653
    refused = twilio(router, token="wrong").answer
    assert (refused.status, refused.body["code"]) == (401, 20003)


def test_our_own_group_text_reaches_our_other_numbers_as_webhooks(router: TextRouter) -> None:
    outcome = bandwidth(router, to=[ANN, "+12065550101", "+12065550110"])
    hooks = webhooks(outcome)
    assert [(hook.carrier, hook.kind, hook.line, hook.recipient) for hook in hooks] == [
        ("bandwidth", "text", "+12065550101", None),
        ("telnyx", "text", "+12065550110", None),
        ("bandwidth", "report", "+12065550100", ANN),
        ("bandwidth", "report", "+12065550100", "+12065550101"),
        ("bandwidth", "report", "+12065550100", "+12065550110"),
    ]
    echo = hooks[0].payload[0]["message"]
    assert (echo["from"], echo["to"], echo["direction"]) == (
        "+12065550100",
        [ANN, "+12065550101", "+12065550110"],
        "in",
    )
    assert {hook.status for hook in hooks[2:]} == {"message-delivered"}
    assert {hook.id for hook in hooks[2:]}.isdisjoint({hook.id for hook in hooks[:2]})


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (NEVER, [(NEVER, "message-failed", "4702")]),
        (LANDLINE, [(LANDLINE, "message-failed", "4700")]),
        (OPTED_OUT, [(OPTED_OUT, "message-failed", "4775")]),
        (SILENT, []),
    ],
)
def test_special_phones_at_bandwidth(
    router: TextRouter, number: str, expected: list[tuple[str | None, str | None, str | None]]
) -> None:
    assert reports(bandwidth(router, to=[number])) == expected
    assert bool(router.network.texts(number)) is (number == SILENT)


def test_the_third_try_of_the_same_text_is_taken(router: TextRouter) -> None:
    def statuses(**body: Any) -> list[int]:
        return [bandwidth(router, to=[ANN, THROTTLED], **body).answer.status for _ in range(3)]

    assert statuses(tag="IM1") == [429, 429, 202]
    assert len(router.network.texts(THROTTLED)) == 1
    assert statuses(tag="IM2") == [429, 429, 202]
    assert len(router.sends) == 2


def test_every_carrier_throttles_in_its_own_words(router: TextRouter) -> None:
    assert bandwidth(router, to=THROTTLED).answer.body["type"] == "max-message-queue-size-exceeded"
    answer = telnyx(router, to=[ANN, THROTTLED]).answer
    assert (answer.status, answer.body["errors"][0]["code"]) == (429, "10011")
    assert set(answer.headers) == {"x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"}
    answer = twilio(router, To=THROTTLED).answer
    assert (answer.status, answer.body["code"]) == (429, 20429)
    assert router.sends == []


def test_a_send_whose_answer_is_lost_was_taken_all_the_same(router: TextRouter) -> None:
    outcome = bandwidth(router, to=[ANN, UNANSWERED])
    assert outcome.answer_lost
    assert reports(outcome) == [(ANN, "message-delivered", None), (UNANSWERED, "message-delivered", None)]
    assert len(router.network.texts(UNANSWERED)) == 1
    assert not bandwidth(router).answer_lost


def test_forgetting(router: TextRouter) -> None:
    bandwidth(router, to=[THROTTLED])
    bandwidth(router, to=[ANN])
    router.forget()
    assert router.sends == []
    assert router.network.handsets() == []
    assert [bandwidth(router, to=[THROTTLED]).answer.status for _ in range(3)] == [429, 429, 202]


# --- Vonage

FILE, OTHER = {"type": "image", "url": "https://e.example/a.jpg"}, {"type": "file", "url": "https://e.example/b.pdf"}


def test_vonage_takes_several_files_with_the_text_below_the_first(router: TextRouter) -> None:
    """C15."""
    outcome = vonage(router, message_type="content", content=[{**FILE, "caption": "Look"}, OTHER])
    assert outcome.answer.status == 202
    (send,) = router.sends
    assert (send.text, send.media) == ("Look", (FILE["url"], OTHER["url"]))


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"from": "12065550100"}, "1120"),  # another carrier's line
        ({"to": "x"}, "1170"),
        ({"message_type": "sticker", "sticker": {"url": FILE["url"]}}, "1020"),
        ({"text": ""}, "1020"),
        ({"text": "x" * 1001}, "1020"),
        ({"message_type": "image", "image": {"url": "roof.jpg"}}, "1020"),
        ({"message_type": "image", "image": {"url": FILE["url"], "caption": "x" * 2001}}, "1020"),
        ({"message_type": "content", "content": []}, "1020"),
        ({"message_type": "content", "content": FILE}, "1020"),
        ({"message_type": "content", "content": [{"url": FILE["url"]}]}, "1020"),
        ({"message_type": "content", "content": [FILE, {**OTHER, "type": "text"}]}, "1020"),
        ({"channel": "sms", "message_type": "content", "content": [FILE]}, "1020"),
    ],
)
def test_vonage_refuses_what_is_no_message(router: TextRouter, body: dict[str, Any], code: str) -> None:
    """C15."""
    answer = vonage(router, **body).answer
    assert (answer.status, answer.body["title"]) == (422, code)
    assert router.sends == []


def test_vonage_reports_a_failure_within_another_error(router: TextRouter) -> None:
    """C3: with a word for the type, and the code in the title."""
    _, failed = webhooks(vonage(router, to=OPTED_OUT[1:]))
    assert failed.payload["error"] == {
        "error": {
            "type": "https://developer.vonage.com/api-errors/messages#rejected",
            "title": "1240",
            "detail": "The number has opted out",
        }
    }
    assert reports(vonage(router, to=NEVER[1:])) == [
        (NEVER, "submitted", None),
        (NEVER, "undeliverable", "1260"),
    ]


# --- Twilio's conversations


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ([("Body", "x" * 1600)], None),
        ([("Body", "x" * 1601)], 50504),
        ([("Body", "hi"), ("MediaSid", "ME1"), ("MediaSid", "ME2")], 21623),
        ([("Body", "hi"), ("MediaSid", "ME1")], 50507),
        ([("Body", "")], 50503),
    ],
)
def test_a_message_in_a_conversation_is_no_longer_than_twilio_takes(
    router: TextRouter, form: list[tuple[str, str]], code: int | None
) -> None:
    headers = {"authorization": basic("AC" + "0" * 32, "12345")}
    bindings = [{"projected_address": "+12065550120"}, {"address": ANN}, {"address": BOB}]
    people = [("Participant", json.dumps({"messaging_binding": one})) for one in bindings]
    groups = cast("Twilio", router.carriers["twilio"]).groups

    def call(**args: str) -> Call:
        return Call("group message", args, headers, urlencode([("Author", "+12065550120"), *form]).encode())

    made = groups.answer(
        "POST", "ConversationWithParticipants", replace(call(), body=urlencode(people).encode()), router.network.lines
    )
    groups.answer("GET", f"Conversations/{made.body['sid']}/Participants", call(), router.network.lines)
    answer = router.send("twilio", call(name=made.body["sid"])).answer
    assert (answer.status, answer.body.get("code")) == (201 if code is None else 400, code)
