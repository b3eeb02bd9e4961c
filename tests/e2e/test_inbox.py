"""The inbox over HTTP and the stream: texts move entries, and a contact that is given away takes its entry along."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from local.stack import Stack
from tests.support.listeners import Listener
from tests.support.stack_world import World, new_number, until
from tests.support.staff import StaffMember

LINE = "+12065550101"


@pytest.fixture
def ann(world: World) -> StaffMember:
    """A person who sees everything."""
    return StaffMember(world, "ann", "inbox member")


@pytest.fixture
def ben(world: World) -> StaffMember:
    """A person who sees what is assigned to them."""
    return StaffMember(world, "ben", "inbox limited")


@pytest.fixture
def bens_screen(stack: Stack, ben: StaffMember) -> Iterator[Listener]:
    listener = Listener(f"{stack.variables()['PARTYLINE_LIVE_URL']}?token={quote(ben.token)}")
    yield listener
    listener.close()


def listed(who: StaffMember, **query: str) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = who.read("/Inbox", query)["entries"]
    return entries


def test_an_inbox_follows_texts_contacts_and_rights(
    world: World, ann: StaffMember, ben: StaffMember, bens_screen: Listener
) -> None:
    assert ben.get("/Inbox").status == 200
    kays, bobs = new_number(), new_number()
    kay = ann.add_contact("Kay", kays, owner=ben.identity)
    made = ann.create_group(LINE, [{"contact_sid": kay}, {"address": bobs}])
    group = str(made.body["sid"])
    other = str(ann.create_group(LINE, [{"address": new_number()}, {"address": new_number()}]).body["sid"])
    # A conversation that becomes active later than the text comes would be above it.
    until(
        lambda: {ann.read(f"/Conversations/{sid}")["state"] for sid in (group, other)}, lambda seen: seen == {"active"}
    )

    world.text(kays, LINE, bobs, text="On my way")
    [entry] = until(lambda: listed(ben), lambda seen: any(one["last_message"] for one in seen))
    assert (entry["conversation_sid"], entry["line"], entry["state"]) == (group, LINE, "active")
    assert (entry["last_message"]["body"], entry["last_message"]["author"]) == ("On my way", kays)
    assert entry["unread"] == 1
    assert {member["name"] for member in entry["members"]} == {"Kay", None}
    bens_screen.wait_for("onInboxEntryUpdated", ConversationSid=group, LastMessageIndex="0")
    both = {group, other}
    until(lambda: [one["conversation_sid"] for one in listed(ann)], lambda seen: both <= set(seen))
    assert [one for one in (one["conversation_sid"] for one in listed(ann)) if one in both] == [group, other]

    ben.made(f"/Conversations/{group}/ReadState", {"LastReadMessageIndex": "0"})
    assert [one["unread"] for one in listed(ben)] == [0]
    bens_screen.wait_for("onReadStateUpdated", ConversationSid=group, LastReadMessageIndex="0")

    answer = ben.made(f"/Conversations/{group}/Messages", {"Body": "Good"})
    until(
        lambda: [one["last_message"] for one in listed(ben)],
        lambda seen: seen[0]["sid"] == answer["sid"] and seen[0]["delivery"]["delivered"] == "all",
    )
    ann.made(f"/Conversations/{group}", {"Assignee": ben.identity})
    until(lambda: listed(ben, View="mine"))
    until(lambda: listed(ann, Q=f"kay {kays[-4:]}"))

    ann.account.made(f"/Contacts/{kay}", {"Owner": ann.identity})
    assert listed(ben) == []
    bens_screen.wait_for("onInboxEntryRemoved", ConversationSid=group)
    ann.made(f"/Conversations/{group}", {"State": "inactive"})
    until(lambda: [one["conversation_sid"] for one in listed(ann, View="done")], lambda seen: group in seen)
    assert group not in [one["conversation_sid"] for one in listed(ann)]
