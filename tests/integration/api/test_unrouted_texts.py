"""Texts that no conversation took, routed again: exactly once, and not before somebody takes them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from partyline.carriers import bandwidth
from partyline.carriers.base import InboundMedia, InboundText, MalformedWebhook, WebhookRequest
from partyline.carriers.transport import no_transport
from partyline.domain import sids
from partyline.domain.unrouted import UnroutedReason
from partyline.errors import Conflict
from partyline.inbound import recorder, unrouted_inbox, webhook_handler
from partyline.inbound.recorder import RecordResult
from partyline.storage import messages, opt_outs, unrouted
from partyline.storage.table import Table, Write
from tests.support.api_harness import ACCOUNT, A, Api, B, Clock, P, Q, consult_no_webhook

NEW = "+12065550199"
SERVICE = sids.default_service(ACCOUNT)


def arrives(api: Api, text: InboundText) -> RecordResult:
    return recorder.InboundRecorder(api.context.table, SERVICE, consult_no_webhook).record(text, api.context.clock())


def list_unrouted(api: Api) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.get("/UnroutedTexts").body["unrouted_texts"]
    return found


def said(api: Api) -> list[str]:
    conversations = api.get("/Conversations").body["conversations"]
    return [
        message["body"]
        for conversation in conversations
        for message in api.get(f"/Conversations/{conversation['sid']}/Messages").body["messages"]
    ]


def register(api: Api, **form: str) -> None:
    api.made("/Lines", {"Address": NEW, "Carrier": "bandwidth", "AutoCreation": "groups", **form})


HELLO = InboundText(
    "bandwidth", "id-1", NEW, A, (NEW, B), "hello", (InboundMedia("https://c.example/1.jpg", "image/jpeg"),)
)


def test_a_text_to_a_line_that_was_unknown_finds_its_conversation(api: Api) -> None:
    arrives(api, HELLO)
    (text,) = list_unrouted(api)
    again = api.post(f"/UnroutedTexts/{text['sid']}").body
    assert (again["outcome"], again["reason"]) == ("unrouted", "unknown_line")
    register(api)
    answer = api.post(f"/UnroutedTexts/{text['sid']}")
    assert (answer.status, answer.body["outcome"], answer.body["reason"]) == (200, "created", None)
    message = api.get(f"/Conversations/{answer.body['conversation_sid']}/Messages/{answer.body['message_sid']}").body
    assert (message["author"], message["body"], len(message["media"])) == (A, "hello", 1)
    assert list_unrouted(api) == []
    assert api.post(f"/UnroutedTexts/{text['sid']}").status == 404
    # The carrier's repeat is still a repeat.
    assert arrives(api, HELLO).outcome is recorder.RecordOutcome.REPEATED
    assert said(api) == ["hello"]


@pytest.mark.parametrize(
    ("delay", "shown"),
    [(timedelta(days=-5), "2026-11-17T12:00:00Z"), (None, "2026-11-22T12:00:00Z")],
    ids=["the carrier's time", "when it came, of a carrier that tells none"],
)
def test_a_text_that_is_routed_later_keeps_its_time(
    api: Api, clock: Clock, delay: timedelta | None, shown: str
) -> None:
    """C13."""
    sent = clock() + delay if delay else None
    arrives(api, replace(HELLO, received_at=sent))
    (text,) = list_unrouted(api)
    assert text["date_received_by_carrier"] == (shown if delay else None)
    register(api)
    clock.tick(days=2)
    answer = api.post(f"/UnroutedTexts/{text['sid']}").body
    message = api.get(f"/Conversations/{answer['conversation_sid']}/Messages/{answer['message_sid']}").body
    assert (message["date_created"], message["date_received_by_carrier"]) == ("2026-11-24T12:00:00Z", shown)


@pytest.mark.parametrize("mode", ["off", "groups"])
def test_stop_to_a_number_that_is_registered_later_holds_for_it_and_is_not_answered(api: Api, mode: str) -> None:
    arrives(api, replace(HELLO, text="STOP", media=()))
    (text,) = list_unrouted(api)
    register(api, AutoCreation=mode)
    for _ in range(2):
        api.post(f"/UnroutedTexts/{text['sid']}")
    known = opt_outs.fetch_many(api.context.table, A, NEW)
    assert known
    assert known.opted_out
    assert [one["reason"] for one in list_unrouted(api)] == (["keyword"] if mode == "off" else [])
    assert len(api.get(f"/OptOuts/{known.sid}/Events").body["events"]) == 1


def test_stop_among_the_unrouted_does_not_undo_a_later_start(api: Api) -> None:
    arrives(api, replace(HELLO, text="STOP", media=()))
    (text,) = list_unrouted(api)
    register(api, AutoCreation="off")
    arrives(api, replace(HELLO, id="id-2", text="STOP", media=()))
    arrives(api, replace(HELLO, id="id-3", text="START", media=()))
    api.post(f"/UnroutedTexts/{text['sid']}")
    known = opt_outs.fetch_many(api.context.table, A, NEW)
    assert known
    assert not known.opted_out


def test_the_reason_is_that_of_now(api: Api) -> None:
    arrives(api, HELLO)
    register(api, AutoCreation="off")
    (text,) = list_unrouted(api)
    assert api.post(f"/UnroutedTexts/{text['sid']}").body["reason"] == "auto_creation_off"
    assert [one["reason"] for one in list_unrouted(api)] == ["auto_creation_off"]


def test_copies_at_other_numbers_are_not_recorded_beside_it(api: Api) -> None:
    api.post(f"/Lines/{P}", {"AutoCreation": "off"})
    api.post(f"/Lines/{Q}", {"AutoCreation": "off"})
    for number, line in enumerate((P, Q)):
        arrives(api, InboundText("bandwidth", f"id-{number}", line, A, (P, Q), "hello both"))
    (text,) = list_unrouted(api)
    api.post(f"/Lines/{P}", {"AutoCreation": "groups"})
    assert api.post(f"/UnroutedTexts/{text['sid']}").body["outcome"] == "created"
    # The next one of the same words is another text, and its copy is none.
    for number, line in enumerate((P, Q)):
        arrives(api, InboundText("bandwidth", f"later-{number}", line, A, (P, Q), "hello both"))
    assert said(api) == ["hello both", "hello both"]


def test_two_who_redrive_it_at_once_record_it_once(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    arrives(api, HELLO)
    register(api)
    (text,) = list_unrouted(api)
    path = f"/UnroutedTexts/{text['sid']}"
    transact = Table.transact

    def meanwhile(table: Table, writes: list[Write]) -> None:
        monkeypatch.setattr(Table, "transact", transact)
        assert api.post(path).body["outcome"] == "created"
        transact(table, writes)

    monkeypatch.setattr(Table, "transact", meanwhile)
    assert api.post(path).status == 404
    assert said(api) == ["hello"]


def test_stop_counts_when_it_came_and_not_again_when_it_is_redriven(api: Api) -> None:
    register(api, AutoCreation="off")
    arrives(api, replace(HELLO, text="STOP", media=()))
    (opt_out,) = api.get("/OptOuts").body["opt_outs"]
    answer = api.post(f"/OptOuts/{opt_out['sid']}", {"State": "opted_in", "Reason": "said so by phone"})
    assert answer.status == 200, answer.body
    api.post(f"/Lines/{NEW}", {"AutoCreation": "groups"})
    (text,) = list_unrouted(api)
    assert api.post(f"/UnroutedTexts/{text['sid']}").body["outcome"] == "created"
    assert api.get("/OptOuts").body["opt_outs"] == []


def test_a_webhook_that_could_not_be_read_is_read_again(api: Api) -> None:
    event = {
        "type": "message-received",
        "time": "2026-11-22T12:00:00.000Z",
        "to": P,
        "message": {"id": "id-9", "owner": P, "direction": "in", "from": A, "to": [P, B], "text": "now I can"},
    }
    raw = json.dumps([event])
    mended = unrouted_inbox.store_malformed(
        api.context.table, "bandwidth", MalformedWebhook("no field", raw), api.context.clock()
    )
    broken = unrouted_inbox.store_malformed(
        api.context.table, "bandwidth", MalformedWebhook("no JSON", "{"), api.context.clock()
    )
    assert api.post(f"/UnroutedTexts/{broken.sid}").body["reason"] == "malformed"
    answer = api.post(f"/UnroutedTexts/{mended.sid}").body
    assert answer["outcome"] == "created"
    assert said(api) == ["now I can"]
    assert [one["sid"] for one in list_unrouted(api)] == [broken.sid]


def webhook(text: str, id: str) -> WebhookRequest:
    """Bandwidth's, of a text."""
    event = {
        "type": "message-received",
        "time": "2026-11-22T12:00:00.000Z",
        "to": P,
        "message": {"id": id, "owner": P, "direction": "in", "from": A, "to": [P, B], "text": text},
    }
    return WebhookRequest("", "token", {}, {}, json.dumps([event]).encode())


def received(api: Api, request: WebhookRequest) -> None:
    handler = webhook_handler.WebhookHandler(
        api.context.table, recorder.InboundRecorder(api.context.table, SERVICE, consult_no_webhook)
    )
    settings = bandwidth.BandwidthSettings("account", "application", "user", "password", "token")
    handler.handle(bandwidth.Bandwidth(settings, no_transport), request, api.context.clock())


@pytest.mark.parametrize(
    ("text", "id"),
    [
        pytest.param("x" * 40_000, "id-9", id="a text larger than any"),
        pytest.param("hello", "x" * 3000, id="an id that no key of the table can have"),
    ],
)
def test_what_could_not_be_taken_when_it_came_stays_when_it_is_routed_again(api: Api, text: str, id: str) -> None:
    received(api, webhook(text, id))
    (before,) = list_unrouted(api)
    answer = api.post(f"/UnroutedTexts/{before['sid']}").body
    assert (answer["outcome"], answer["reason"]) == ("unrouted", "malformed")
    assert [one["sid"] for one in list_unrouted(api)] == [before["sid"]]
    assert said(api) == []


def test_unreadable_webhook_is_stored_with_our_tag(api: Api) -> None:
    received(api, replace(webhook("hello", "id-9"), query={"send": "our-tag"}, body=b"{"))
    (one,) = list_unrouted(api)
    found = unrouted.fetch(api.context.table, one["sid"])
    assert found
    assert found.tag == "our-tag"


def test_a_report_that_could_not_be_read_finds_its_text_by_our_tag_still(api: Api) -> None:
    api.post(f"/Lines/{P}", {"Carrier": "twilio"})
    conversation = api.group(A)
    sent = api.post(f"/Conversations/{conversation}/Messages", {"Author": "agent", "Body": "hello"}).body
    found = messages.fetch(api.context.table, conversation, sent["sid"])
    assert found
    (send,) = found.message.sends
    raw = urlencode({"MessageSid": "SM" + "1" * 32, "MessageStatus": "delivered", "To": A, "From": P})
    mended = unrouted_inbox.store_malformed(
        api.context.table,
        "twilio",
        MalformedWebhook("no field", raw),
        api.context.clock(),
        found.message.reference(send).tag,
    )
    assert api.post(f"/UnroutedTexts/{mended.sid}").status == 200
    (receipt,) = api.get(f"/Conversations/{conversation}/Messages/{sent['sid']}/Receipts").body["delivery_receipts"]
    assert receipt["status"] == "delivered"


def test_what_is_done_with_is_forgotten(api: Api) -> None:
    arrives(api, HELLO)
    (text,) = list_unrouted(api)
    assert api.delete(f"/UnroutedTexts/{text['sid']}").status == 204
    assert api.delete(f"/UnroutedTexts/{text['sid']}").status == 404
    assert list_unrouted(api) == []
    assert arrives(api, HELLO).outcome is recorder.RecordOutcome.REPEATED


@pytest.mark.usefixtures("instant_retries")
def test_a_busy_table_is_no_missing_text(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    arrives(api, HELLO)
    register(api)
    (text,) = list_unrouted(api)

    def busy(table: Table, writes: list[Write]) -> None:
        raise Conflict({})

    monkeypatch.setattr(Table, "transact", busy)
    assert api.post(f"/UnroutedTexts/{text['sid']}").status == 409
    assert unrouted.fetch(api.context.table, text["sid"])
    assert text["reason"] == UnroutedReason.UNKNOWN_LINE
