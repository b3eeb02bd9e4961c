"""The assignee of a conversation: who sets it, to whom, and who learns of it."""

from __future__ import annotations

import pytest

from partyline.domain.events import Event
from partyline.storage import conversations, event_outbox, keys
from partyline.storage.table import Table
from tests.support.api_harness import A, Api, B, Clock, Q
from tests.support.people import acting, administrator, another_service, staff


def last_event(table: Table, conversation: str) -> Event:
    """The event of the last change of a conversation."""
    (*_, last) = table.query_all(keys.messages(conversation), begins="E#")
    (event,) = event_outbox.decode(last).events
    return event


def test_staff_assign_to_themselves_to_each_other_and_to_nobody(api: Api, table: Table, clock: Clock) -> None:
    conversation = api.group(A, B)
    path = f"/Conversations/{conversation}"
    ann, ben = staff(api, "ann"), staff(api, "ben")
    assert ann.get(path).body["assignee"] is None
    for assignee in ("ann", "ben", ""):
        clock.tick(seconds=1)
        changed = ann.post(path, {"Assignee": assignee})
        assert (changed.status, changed.body["assignee"]) == (200, assignee or None)
        assert ben.get(path).body["assignee"] == (assignee or None)
        event = last_event(table, conversation)
        assert event.type == "onConversationUpdated"
        assert event.parameters.get("Assignee") == (assignee or None)


def test_other_changes_keep_the_assignee(api: Api) -> None:
    path = f"/Conversations/{api.group(A, B)}"
    staff(api, "ann")
    assert api.post(path, {"Assignee": "ann"}).status == 200
    assert api.post(path, {"FriendlyName": "12 Elm", "State": "inactive"}).body["assignee"] == "ann"
    assert api.made(f"{path}/Messages", {"Author": "agent", "Body": "hello"})["index"] == 0
    assert api.get(path).body["assignee"] == "ann"


@pytest.mark.parametrize("assignee", ["nobody", "é" * 300, "x" * 2000, "\x00", "US" + "0" * 32])
def test_an_assignee_that_is_no_user_is_refused_and_changes_nothing(api: Api, assignee: str) -> None:
    path = f"/Conversations/{api.group(A, B)}"
    refused = api.post(path, {"Assignee": assignee, "FriendlyName": "new"})
    message = "Invalid parameter Assignee: it is the identity of no user of this Service"
    assert refused.error == (400, 20001, message)
    assert api.get(path).body["friendly_name"] is None


def test_a_user_of_another_service_is_no_assignee(api: Api) -> None:
    other = another_service(api)
    api.made(f"/Services/{other}/Users", {"Identity": "ann"})
    assert api.post(f"/Conversations/{api.group(A, B)}", {"Assignee": "ann"}).status == 400


def test_assigning_takes_the_permission_to_write_as_a_line(api: Api) -> None:
    conversation = api.group(A, B)
    api.member(conversation, identity="eve", projected=Q)
    path = f"/Conversations/{conversation}"
    for person in (administrator(api), acting(api, "eve")):
        refused = person.post(path, {"Assignee": "boss"})
        assert (refused.status, refused.body["code"]) == (403, 50107)
    stranger = staff(api, "ivy", "writeAsLine")
    assert stranger.post(path, {"Assignee": "ivy"}).status == 404
    assert api.get(path).body["assignee"] is None


def test_a_closed_conversation_keeps_its_assignee(api: Api) -> None:
    path = f"/Conversations/{api.group(A, B)}"
    staff(api, "ann")
    api.post(path, {"Assignee": "ann"})
    api.post(path, {"State": "closed"})
    assert api.post(path, {"Assignee": ""}).body["code"] == 50377
    assert api.get(path).body["assignee"] == "ann"


def test_a_conversation_that_an_earlier_version_stored_has_none(api: Api, table: Table) -> None:
    conversation = api.group(A, B)
    item = table.get(keys.conversation(conversation))
    assert item
    assert "assignee" not in item
    found = conversations.fetch(table, conversation)
    assert found
    assert found.assignee is None
