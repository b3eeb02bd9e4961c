"""Events of the inbox: where somebody listens, for those who see an entry, and those who have lost sight of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from partyline.carriers.base import InboundText
from partyline.inbound.recorder import InboundRecorder
from partyline.storage import event_outbox
from tests.integration.realtime.conftest import House
from tests.support.api_harness import A, B, P, consult_no_webhook
from tests.support.inboxes import settle
from tests.support.people import SERVICE, role_named


def told(house: House, conversation: str) -> list[tuple[str, dict[str, Any], list[str]]]:
    """The events of a conversation's entry, and the identities that they name."""
    return [
        (event.type, event.parameters, [*batch.identities])
        for item in house.table.query(f"M#{conversation}", begins="E#").items
        for batch in [event_outbox.decode(item)]
        for event in batch.events
        if event.type.startswith("onInboxEntry")
    ]


@pytest.fixture
def house_with_inbox(house: House) -> House:
    """A Service with an inbox, and somebody who listens."""
    assert house.api.get("/Inbox").status == 200
    house.connect("a", "ann")
    return house


def test_nothing_is_told_where_nobody_listens(house: House) -> None:
    assert house.api.get("/Inbox").status == 200
    group = house.api.group(A)
    settle(house.table)
    assert told(house, group) == []


def test_an_entry_that_changes_is_told_once(house_with_inbox: House) -> None:
    house = house_with_inbox
    group = house.api.conversation()
    house.api.member(group, identity="agent")
    assert house.api.say(group, "hello").status == 201
    for _ in range(2):
        settle(house.table)
    [(kind, event, identities)] = told(house, group)
    assert (kind, identities) == ("onInboxEntryUpdated", [])
    assert {name: event[name] for name in ("ConversationSid", "Title", "State", "LastMessageIndex")} == {
        "ConversationSid": group,
        "Title": "agent",
        "State": "active",
        "LastMessageIndex": "0",
    }
    assert "Assignee" not in event
    assert json.loads(event["Members"]) == [{"name": None, "number": None, "identity": "agent", "contact_sid": None}]
    assert json.loads(event["LastMessage"])["body"] == "hello"
    house.api.post(f"/Conversations/{group}", {"Assignee": "agent"})
    settle(house.table)
    assert {event.get("Assignee") for _, event, _ in told(house, group)} == {None, "agent"}


def test_an_entry_tells_which_messages_are_tapbacks(house_with_inbox: House) -> None:
    house = house_with_inbox
    group = house.api.group(A, B)
    for number, body in enumerate(("Sunday?", "Liked “Sunday?”")):
        arrived = InboundText("bandwidth", f"carrier-{number}", P, A, (P, B), body, ())
        InboundRecorder(house.table, SERVICE, consult_no_webhook).record(arrived, house.api.context.clock())
        settle(house.table)
    [first, second] = sorted((event for _, event, _ in told(house, group)), key=lambda one: one["LastMessageIndex"])
    assert ("TapbackIndexes" in first, json.loads(first["LastMessage"])["tapback"]) == (False, None)
    assert json.loads(second["TapbackIndexes"]) == [1]
    assert json.loads(second["LastMessage"])["tapback"] == {"kind": "like", "removed": False, "emoji": None}


def test_who_owns_no_contact_in_it_any_more_is_told_that_it_is_gone(house_with_inbox: House) -> None:
    house = house_with_inbox
    house.api.made("/Users", {"Identity": "ben", "RoleSid": role_named("inbox limited")})
    form = {"FriendlyName": "Kay", "Numbers": json.dumps([{"number": B}]), "Owner": "ben"}
    kay = house.api.made("/Contacts", form)["sid"]
    group = house.api.group(A, B)
    settle(house.table)
    house.api.post(f"/Contacts/{kay}", {"Owner": "ann"})
    settle(house.table)
    [removed] = [one for one in told(house, group) if one[0] == "onInboxEntryRemoved"]
    assert (removed[1]["ConversationSid"], removed[2]) == (group, ["ben"])


def test_who_has_left_is_told_that_it_is_gone_and_the_others_what_has_changed(house_with_inbox: House) -> None:
    house = house_with_inbox
    chat = house.api.conversation()
    for identity in ("ann", "ben"):
        house.api.member(chat, identity=identity)
    settle(house.table)
    house.api.delete(f"/Conversations/{chat}/Participants/ben")
    settle(house.table)
    kinds = sorted((kind, identities) for kind, _, identities in told(house, chat))
    assert kinds == [("onInboxEntryRemoved", ["ben"]), ("onInboxEntryUpdated", []), ("onInboxEntryUpdated", [])]
