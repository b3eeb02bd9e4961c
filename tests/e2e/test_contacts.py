"""Contacts end to end: one contact a number, however many ask at once, and a group without who wants no texts."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.e2e.test_group_texting import agent, conversation, native, statuses
from tests.e2e.test_opt_outs import BANDWIDTH, TELNYX, ask
from tests.support.stack_world import World, new_number, until

AT_ONCE = 20


def create(world: World, name: str, number: str, **form: str) -> Any:
    return ask(world, "POST", "Contacts", FriendlyName=name, Numbers=json.dumps([number]), **form)


def test_of_many_contacts_with_one_number_at_once_one_is_made(world: World) -> None:
    number = new_number()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(lambda count: create(world, f"Contact {count}", number), range(AT_ONCE)))
    made = [answer for answer in answers if "sid" in answer]
    assert len(made) == 1
    refused = [answer for answer in answers if "sid" not in answer]
    assert {answer["code"] for answer in refused} == {20409}
    named = {answer["details"]["contact_sid"] for answer in refused if "details" in answer}
    assert named <= {made[0]["sid"]}
    [found] = ask(world, "GET", f"Contacts?Number=%2B{number[1:]}")["contacts"]
    assert found["sid"] == made[0]["sid"]


@pytest.mark.parametrize("line", [BANDWIDTH, TELNYX], ids=["bandwidth", "telnyx"])
def test_a_group_goes_on_without_a_contact_who_wants_no_texts(world: World, line: str) -> None:
    ann, ben, cat = new_number(), new_number(), new_number()
    made = conversation(world, agent("jane", line), native(ann), native(ben), native(cat))
    contact = create(world, "Cat", cat, DoNotDisturb="true")
    first = made.messages.create(author="jane", body="Open house at noon")
    expected = [("delivered", 0), ("delivered", 0), ("failed", 100610)]
    assert until(lambda: statuses(world, made.sid, first.sid), lambda seen: seen == expected) == expected
    assert world.read_by(cat) == []
    # Handsets show a smaller thread, and an answer in it comes home.
    world.text(ann, line, ben, text="See you")
    assert until(lambda: [body for _, _, body in world.messages(made.sid)][1:] == ["See you"])

    # A group of its own, of the others, takes that thread over.
    member = next(
        one["sid"]
        for one in ask(world, "GET", f"Conversations/{made.sid}/Participants")["participants"]
        if (one["messaging_binding"] or {}).get("address") == cat
    )
    form = {"From": made.sid, "Without": member, "IfExists": "fetch"}
    smaller = ask(world, "POST", "ConversationWithParticipants", **form)["sid"]
    assert until(lambda: ask(world, "GET", f"Conversations/{smaller}")["state"] == "active")
    assert ask(world, "POST", "ConversationWithParticipants", **form)["sid"] == smaller
    world.text(ben, line, ann, text="Here now")
    assert until(lambda: [body for _, _, body in world.messages(smaller)] == ["Here now"])

    ask(world, "POST", f"Contacts/{contact['sid']}", DoNotDisturb="false")
    second = made.messages.create(author="jane", body="Moved to one")
    expected = [("delivered", 0)] * 3
    assert until(lambda: statuses(world, made.sid, second.sid), lambda seen: seen == expected) == expected
