"""Contacts who want no texts, through the API: what is refused, what a preview says, and that STOP is another thing."""

from __future__ import annotations

import json

import pytest

from partyline.carriers.base import InboundText
from partyline.inbound import recorder
from partyline.storage import messages
from partyline.storage.table import Table
from tests.support.api_harness import A, Api, B, C, Clock, P, consult_no_webhook
from tests.support.event_world import SERVICE
from tests.support.people import another_service


def quiet(api: Api, *numbers: str) -> str:
    form = {"FriendlyName": "Kay", "Numbers": json.dumps(numbers), "DoNotDisturb": "true"}
    return str(api.made("/Contacts", form)["sid"])


def test_a_message_that_only_such_contacts_would_get_is_refused(api: Api) -> None:
    conversation, contact = api.group(A, B), quiet(api, A, B)
    refused = api.say(conversation)
    assert refused.error == (409, 20409, "All recipients are contacts who want no texts")
    assert len(refused.body["details"]["participants"]) == 2
    assert api.get(f"/Conversations/{conversation}/Messages").body["messages"] == []
    api.post(f"/Contacts/{contact}", {"DoNotDisturb": "false"})
    assert api.say(conversation).status == 201


def test_a_message_that_others_get_is_not_refused(api: Api) -> None:
    conversation = api.group(A, B, C)
    quiet(api, A)
    assert api.say(conversation).status == 201
    api.post("/OptOuts", {"Address": B, "Line": P})
    assert api.say(conversation).status == 201
    quiet(api, C)
    # Some have opted out, and the rest want no texts.
    assert api.say(conversation).error[:2] == (400, 21610)


def test_contacts_of_another_service_are_none_here(api: Api) -> None:
    other = another_service(api)
    api.made(f"/Services/{other}/Contacts", {"FriendlyName": "Kay", "Numbers": f'["{A}"]', "DoNotDisturb": "true"})
    assert api.say(api.group(A)).status == 201


def test_a_preview_says_who_gets_nothing_and_why(api: Api) -> None:
    api.post(f"/Lines/{P}", {"MmsPrice": "0.015"})
    conversation = api.group(A, B, C)
    quiet(api, A)
    api.post("/OptOuts", {"Address": B, "Line": P})
    [send] = api.post(f"/Conversations/{conversation}/Preview", {"Author": "agent", "Body": "hi"}).body["sends"]
    assert (send["recipients"], send["opted_out"], send["do_not_disturb"]) == ([A, B, C], [B], [A])
    assert (send["kind"], send["billed_units"]) == ("sms", 1)
    quiet(api, C)
    previewed = api.post(f"/Conversations/{conversation}/Preview", {"Author": "agent", "Body": "hi"}).body
    assert [problem["code"] for problem in previewed["problems"]] == [21610]
    assert previewed["sends"][0]["billed_units"] == 0


def test_such_a_contact_can_be_added_and_gets_nothing(api: Api) -> None:
    contact, conversation = quiet(api, A), api.group(B)
    assert api.add(conversation, ContactSid=contact).status == 201
    [send] = api.post(f"/Conversations/{conversation}/Preview", {"Author": "agent", "Body": "hi"}).body["sends"]
    assert send["do_not_disturb"] == [A]


@pytest.mark.parametrize("word", ["STOP", "START"])
def test_keywords_and_contacts_change_nothing_of_each_other(api: Api, table: Table, clock: Clock, word: str) -> None:
    contact = quiet(api, A)
    api.post("/OptOuts", {"Address": A, "Line": P, "State": "opted_out" if word == "START" else "opted_in"})
    recorder.InboundRecorder(table, SERVICE, consult_no_webhook).record(
        InboundText("bandwidth", "1", P, A, (P,), word), clock()
    )
    assert api.get(f"/Contacts/{contact}").body["do_not_disturb"] is not None
    api.post(f"/Contacts/{contact}", {"DoNotDisturb": "false"})
    [known] = api.get("/OptOuts", {"Address": A, "State": "opted_out" if word == "STOP" else "opted_in"}).body[
        "opt_outs"
    ]
    assert known["address"] == A


def test_a_text_that_is_relayed_names_the_service_whose_contacts_count(api: Api, table: Table, clock: Clock) -> None:
    conversation = api.conversation()
    api.member(conversation, address=A, proxy=P)
    text = InboundText("bandwidth", "1", P, A, (P,), "hello")
    result = recorder.InboundRecorder(table, SERVICE, consult_no_webhook).record(text, clock())
    found = messages.fetch(table, conversation, result.message_sid)
    assert found
    assert found.message.service_sid == SERVICE
