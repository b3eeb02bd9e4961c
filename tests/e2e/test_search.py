"""The search in all texts, from the switch to what is found: by the relay, the queue of the inbox and its function."""

from __future__ import annotations

from http import HTTPStatus

import pytest

from tests.support.stack_world import World, new_number, until
from tests.support.staff import Caller, StaffMember

LINE = "+12065550101"


@pytest.fixture
def service(world: World) -> str:
    """A Service of its own, so that its history is that of the test."""
    return str(world.api.services.create(friendly_name="Searched").sid)


@pytest.fixture
def ann(world: World, service: str) -> StaffMember:
    """A person who sees everything."""
    return StaffMember(world, "ann", "inbox member", service)


@pytest.fixture
def ben(world: World, service: str) -> StaffMember:
    """A person who sees what is assigned to them."""
    return StaffMember(world, "ben", "inbox limited", service)


def found(who: Caller, words: str) -> list[str]:
    """The texts that somebody finds, the newest first."""
    return [one["body"] for one in who.read("/Search", {"Q": words})["hits"]]


def test_texts_are_found_from_the_switch_on_by_who_sees_them(world: World, ann: StaffMember, ben: StaffMember) -> None:
    kays, bobs, lees = new_number(), new_number(), new_number()
    ann.add_contact("Kay", kays, owner=ben.identity)
    groups = []
    for handsets in ((kays, bobs), (bobs, lees)):
        made = ann.create_group(LINE, [{"address": handset} for handset in handsets])
        groups.append(str(made.body["sid"]))
    theirs, others = groups
    until(lambda: {ann.read(f"/Conversations/{sid}")["state"] for sid in groups}, lambda seen: seen == {"active"})

    def write(conversation: str, body: str) -> str:
        return str(ann.made(f"/Conversations/{conversation}/Messages", {"Body": body})["sid"])

    world.text(kays, LINE, bobs, text="The roof of our café leaks")
    until(lambda: ann.read(f"/Conversations/{theirs}/Messages")["messages"])
    write(others, "Your roof is done")
    refused = ann.get("/Search", {"Q": "roof"})
    assert (refused.status, refused.code) == (HTTPStatus.CONFLICT, 20409)

    ann.account.made("/Configuration", {"TextSearch": "on"})
    history = ["Your roof is done", "The roof of our café leaks"]
    assert until(lambda: found(ann, "roof"), lambda seen: len(seen) == len(history)) == history
    assert found(ann, "CAFE roof") == found(ben, "roof") == history[1:]

    world.text(kays, LINE, bobs, text="And the roof of the garage")
    until(lambda: found(ben, "garage"))
    sid = write(others, "Which garage?")
    assert until(lambda: found(ann, "garage"), lambda seen: len(seen) == 2) == [
        "Which garage?",
        "And the roof of the garage",
    ]
    assert found(ben, "garage") == ["And the roof of the garage"]

    assert ann.delete(f"/Conversations/{others}/Messages/{sid}").status == HTTPStatus.NO_CONTENT
    assert found(ann, "garage") == ["And the roof of the garage"]
    ann.account.made("/Configuration", {"TextSearch": "off"})
    assert ben.get("/Search", {"Q": "roof"}).status == HTTPStatus.CONFLICT
