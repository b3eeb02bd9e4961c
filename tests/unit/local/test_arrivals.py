"""The webhooks that a text causes at our own numbers, whole."""

from __future__ import annotations

import json
from dataclasses import replace

from local.carrier import keywords
from local.carrier.base import Webhook
from local.carrier.settings import Settings
from local.carrier.text_router import TextRouter
from partyline.carriers.base import InboundText, WebhookRequest
from partyline.carriers.registry import build_reader

ANN, BOB = "+12065550150", "+12065550151"
PICTURE = "https://example.com/cat.jpg?size=1"


def arrivals(router: TextRouter, *to: str, text: str = "hello", media: tuple[str, ...] = ()) -> tuple[Webhook, ...]:
    return router.text(ANN, list(to), text, list(media)).webhooks


def test_bandwidth_gives_each_own_number_its_own_event_with_the_whole_roster(router: TextRouter) -> None:
    first, second = arrivals(router, "+12065550100", BOB, "+12065550101")
    assert first.url == second.url == "http://127.0.0.1:8080/carriers/bandwidth/path-token"
    assert first.payload == [
        {
            "type": "message-received",
            "time": "2026-11-22T04:40:02Z",
            "description": "Incoming message received",
            "to": "+12065550100",
            "message": {
                "id": "17953224021580002000000000000",
                "time": "2026-11-22T04:40:02Z",
                "to": ["+12065550100", BOB, "+12065550101"],
                "from": ANN,
                "text": "hello",
                "applicationId": "app-1",
                "owner": "+12065550100",
                "direction": "in",
                "segmentCount": 1,
            },
        }
    ]
    event = second.payload[0]
    assert (event["to"], event["message"]["owner"]) == ("+12065550101", "+12065550101")
    assert event["message"]["to"] == ["+12065550100", BOB, "+12065550101"]
    assert event["message"]["id"] != first.payload[0]["message"]["id"]


def test_bandwidth_names_media_only_when_there_is_some(router: TextRouter) -> None:
    (webhook,) = arrivals(router, "+12065550100", media=(PICTURE,))
    assert webhook.payload[0]["message"]["media"] == [PICTURE]
    (webhook,) = arrivals(router, "+12065550100")
    assert "media" not in webhook.payload[0]["message"]


def test_telnyx_has_its_own_number_in_to_and_all_but_the_sender_in_cc(router: TextRouter) -> None:
    first, second = arrivals(router, "+12065550110", BOB, "+12065550111", text="ünï", media=(PICTURE,))
    assert first.url == "http://127.0.0.1:8080/carriers/telnyx"
    assert first.payload == {
        "event_type": "message.received",
        "id": "00030000-0000-0000-0000-000000000000",
        "occurred_at": "2026-11-22T04:40:02.158+00:00",
        "payload": {
            "autoresponse_type": None,
            "cc": ["+12065550110", BOB, "+12065550111"],
            "completed_at": None,
            "cost": None,
            "direction": "inbound",
            "encoding": "UCS-2",
            "errors": [],
            "from": {"carrier": "Simulated Wireless", "line_type": "Wireless", "phone_number": ANN},
            "id": "00020000-0000-0000-0000-000000000000",
            "is_spam": False,
            "media": [{"url": PICTURE, "content_type": "image/jpeg", "sha256": None, "size": None}],
            "messaging_profile_id": "40019000-0000-4000-8000-000000000000",
            "parts": 1,
            "received_at": "2026-11-22T04:40:02.158+00:00",
            "record_type": "message",
            "sent_at": None,
            "subject": "",
            "tags": [],
            "text": "ünï",
            "to": [
                {
                    "carrier": "Telnyx",
                    "line_type": "Wireless",
                    "phone_number": "+12065550110",
                    "status": "webhook_delivered",
                }
            ],
            "type": "MMS",
            "valid_until": None,
            "webhook_failover_url": None,
            "webhook_url": "http://127.0.0.1:8080/carriers/telnyx",
        },
        "record_type": "event",
    }
    payload = second.payload["payload"]
    assert [to["phone_number"] for to in payload["to"]] == ["+12065550111"]
    assert payload["id"] != first.payload["payload"]["id"]
    assert second.payload["id"] != first.payload["id"]


def test_telnyx_alone_has_no_cc(router: TextRouter) -> None:
    (webhook,) = arrivals(router, "+12065550110")
    assert webhook.payload["payload"]["cc"] == []
    assert webhook.payload["payload"]["type"] == "SMS"


def test_telnyx_can_write_cc_as_objects(router: TextRouter) -> None:
    router.settings = replace(Settings(), telnyx_cc="objects")
    (webhook,) = arrivals(router, "+12065550110", BOB)
    assert [(to["phone_number"], to["status"]) for to in webhook.payload["payload"]["cc"]] == [
        ("+12065550110", "webhook_delivered"),
        (BOB, "delivered"),
    ]


def test_twilio_numbers_the_others(router: TextRouter) -> None:
    first, second = arrivals(router, BOB, "+12065550120", "+12065550121", media=(PICTURE, "http://x/y"))
    assert first.url == "http://127.0.0.1:8080/carriers/twilio"
    sid = "MM00020000000000000000000000000000"
    assert first.payload == {
        "ToCountry": "US",
        "ToState": "WA",
        "SmsMessageSid": sid,
        "NumMedia": "2",
        "ToCity": "",
        "FromZip": "",
        "SmsSid": sid,
        "FromState": "WA",
        "SmsStatus": "received",
        "FromCity": "",
        "Body": "hello",
        "FromCountry": "US",
        "To": "+12065550120",
        "ToZip": "",
        "NumSegments": "1",
        "MessageSid": sid,
        "AccountSid": "AC00000000000000000000000000000000",
        "From": ANN,
        "ApiVersion": "2010-04-01",
        "OtherRecipients0": BOB,
        "OtherRecipients1": "+12065550121",
        "MediaUrl0": PICTURE,
        "MediaContentType0": "image/jpeg",
        "MediaUrl1": "http://x/y",
        "MediaContentType1": "application/octet-stream",
    }
    assert second.payload["To"] == "+12065550121"
    assert second.payload["OtherRecipients1"] == "+12065550120"
    assert second.payload["MessageSid"] != sid


def test_twilio_plain_text_has_an_sm_sid_and_no_others(router: TextRouter) -> None:
    (webhook,) = arrivals(router, "+12065550120", text="a" * 161)
    assert webhook.payload["MessageSid"].startswith("SM")
    assert webhook.payload["NumSegments"] == "2"
    assert "OtherRecipients0" not in webhook.payload


def test_vonage_brings_each_file_under_its_type_and_the_others_beside_the_first(router: TextRouter) -> None:
    """C2."""
    files = (PICTURE, "https://example.com/ann.vcf", "https://example.com/0.txt")
    (webhook,) = arrivals(router, BOB, "+12065550130", media=files)
    assert webhook.payload == {
        "channel": "mms",
        "message_uuid": "00020000-0000-0000-0000-000000000000",
        "to": "12065550130",
        "from": ANN[1:],
        "timestamp": "2026-11-22T04:40:02.158000+00:00",
        "message_type": "image",
        "image": {"url": PICTURE, "caption": "hello"},
        "content": [{"type": "vcard", "url": files[1]}, {"type": "file", "url": files[2]}],
        "mms": {"participants": [BOB[1:]]},
    }
    (event,) = build_reader("vonage").parse(WebhookRequest("", "", {}, {}, json.dumps(webhook.payload).encode()))
    assert isinstance(event, InboundText)
    assert (event.text, [part.url for part in event.media]) == ("hello", [PICTURE, files[1]])


def test_vonage_alone_with_one_file_has_neither_others_nor_a_caption(router: TextRouter) -> None:
    (webhook,) = arrivals(router, "+12065550130", text="", media=("https://example.com/note.mp3",))
    assert webhook.payload["audio"] == {"url": "https://example.com/note.mp3"}
    assert not {"content", "mms", "text"} & {*webhook.payload}


def test_own_numbers_of_several_carriers_each_hear_from_their_own(router: TextRouter) -> None:
    webhooks = arrivals(router, "+12065550100", "+12065550110", "+12065550120", BOB)
    assert [(webhook.carrier, webhook.line, webhook.kind) for webhook in webhooks] == [
        ("bandwidth", "+12065550100", "text"),
        ("telnyx", "+12065550110", "text"),
        ("twilio", "+12065550120", "text"),
    ]
    assert len({webhook.id for webhook in webhooks}) == 3
    assert len({webhook.text_id for webhook in webhooks}) == 1


def test_a_carrier_that_looks_after_keywords_confirms_stop_once(router: TextRouter) -> None:
    def answers(word: str, *lines: str) -> list[tuple[str, str]]:
        routed = router.answers(router.text(ANN, list(lines), word, []).text)
        return [(answer.text.sender, answer.text.body) for answer in routed]

    for line in ("+12065550110", "+12065550120"):
        assert answers("Stop", line) == [(line, keywords.ANSWERS["STOP"])]
        assert answers("STOP", line) == []
        assert answers("START", line) == [(line, keywords.ANSWERS["START"])]
        assert answers("STOP", line) == [(line, keywords.ANSWERS["STOP"])]
    assert answers("STOP", "+12065550100") == []


def test_telnyx_has_a_field_for_the_subject_of_an_mms(router: TextRouter) -> None:
    """C5."""
    (webhook,) = router.text(ANN, ["+12065550110"], "", [], "Friday").webhooks
    payload = webhook.payload["payload"]
    assert (payload["subject"], payload["text"], payload["type"]) == ("Friday", "", "MMS")


def test_an_mms_can_bring_its_layout_and_its_words_in_parts(router: TextRouter) -> None:
    """C4, C6."""
    router.settings = replace(router.settings, mms_words="part")
    (webhook,) = arrivals(router, "+12065550100", BOB, media=(PICTURE,))
    message = webhook.payload[0]["message"]
    assert (message["text"], [url.rpartition(".")[2] for url in message["media"][:2]]) == ("", ["smil", "txt"])
    assert message["media"][2:] == [PICTURE]
    router.settings = replace(router.settings, mms_words="both")
    (webhook,) = arrivals(router, "+12065550110", BOB)
    payload = webhook.payload["payload"]
    assert payload["text"] == "hello"
    assert [part["content_type"] for part in payload["media"]][1:] == ["text/plain"]
    (webhook,) = arrivals(router, "+12065550110")
    assert webhook.payload["payload"]["media"] == []
