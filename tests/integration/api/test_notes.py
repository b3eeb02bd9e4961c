"""Notes: written, changed and read by staff, and by no one else; nothing of the conversation moves."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from partyline.api.resources import export
from partyline.domain import sids
from partyline.storage import event_outbox, keys
from partyline.storage.table import Table
from tests.support.api_harness import ACCOUNT, BASE, A, Api, B, Clock, Q, Racing
from tests.support.people import SERVICE, acting, administrator, another_service, staff


def notes_of(conversation: str) -> str:
    return f"/Conversations/{conversation}/Notes"


def events_of(table: Table, conversation: str) -> list[str]:
    """The types of a conversation's events, in the order of their moments."""
    items = table.query_all(keys.messages(conversation), begins="E#")
    return [event.type for item in items for event in event_outbox.decode(item).events]


def test_a_note_has_every_documented_member(api: Api) -> None:
    conversation = api.group(A, B)
    api.say(conversation)
    ann = staff(api, "ann")
    made = ann.made(notes_of(conversation), {"Body": "Call back on Monday", "Attributes": '{"pinned":true}'})
    assert sids.matches("NT", made["sid"])
    assert made == {
        "sid": made["sid"],
        "account_sid": ACCOUNT,
        "chat_service_sid": SERVICE,
        "conversation_sid": conversation,
        "author": "ann",
        "body": "Call back on Monday",
        "attributes": '{"pinned":true}',
        "message_index": 0,
        "date_created": "2026-11-22T12:00:00Z",
        "date_updated": "2026-11-22T12:00:00Z",
        "url": f"{BASE}/v1{notes_of(conversation)}/{made['sid']}",
    }
    assert ann.get(f"{notes_of(conversation)}/{made['sid']}").body == made
    assert api.get(notes_of(conversation)).body["notes"] == [made]


@pytest.mark.parametrize("state", ["active", "inactive", "closed"])
def test_a_note_changes_nothing_in_its_conversation(api: Api, table: Table, state: str) -> None:
    conversation = api.group(A, B)
    api.say(conversation)
    api.post(f"/Conversations/{conversation}", {"State": state, "Timers.Closed": "PT10M"})
    before, shown = table.get(keys.conversation(conversation)), api.get(f"/Conversations/{conversation}").body
    staff(api, "ann").made(notes_of(conversation), {"Body": "STOP"})
    assert table.get(keys.conversation(conversation)) == before
    assert api.get(f"/Conversations/{conversation}").body == shown
    (message,) = api.get(f"/Conversations/{conversation}/Messages").body["messages"]
    assert message["index"] == 0
    assert api.get("/OptOuts").body["opt_outs"] == []
    if state != "closed":
        assert api.say(conversation).body["index"] == 1


def test_each_change_has_one_event(api: Api, table: Table, clock: Clock) -> None:
    conversation = api.group(A, B)
    ann = staff(api, "ann")
    clock.tick(minutes=1)
    before = events_of(table, conversation)
    sid = ann.made(notes_of(conversation), {"Body": "one"})["sid"]
    clock.tick(minutes=1)
    changed = ann.post(f"{notes_of(conversation)}/{sid}", {"Body": "two"})
    assert (changed.body["body"], changed.body["date_updated"]) == ("two", "2026-11-22T12:02:00Z")
    clock.tick(minutes=1)
    assert ann.delete(f"{notes_of(conversation)}/{sid}").status == 204
    assert events_of(table, conversation)[len(before) :] == ["onNoteAdded", "onNoteUpdated", "onNoteRemoved"]
    for gone in (ann.get(f"{notes_of(conversation)}/{sid}"), ann.delete(f"{notes_of(conversation)}/{sid}")):
        assert gone.status == 404
    assert ann.post(f"{notes_of(conversation)}/{sid}", {"Body": "three"}).status == 404


def test_a_change_to_what_is_there_already_is_answered(api: Api, table: Table) -> None:
    conversation = api.group(A, B)
    note = api.made(notes_of(conversation), {"Body": "first"})
    assert api.post(f"{notes_of(conversation)}/{note['sid']}", {"Body": "first"}).body == note
    assert events_of(table, conversation).count("onNoteUpdated") == 0


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({}, (400, 20001, "Invalid parameter Body: it is empty")),
        ({"Body": " \n"}, (400, 20001, "Invalid parameter Body: it is empty")),
        ({"Body": "x" * 4001}, (400, 20001, "Invalid parameter Body: it is longer than 4000 characters")),
        ({"Body": "x", "Attributes": "{"}, (400, 50304, "Attributes not valid JSON")),
        ({"Body": "x", "Attributes": '"' + "é" * 9000 + '"'}, (400, 50303, "Attributes too long: at most 4096 bytes")),
        ({"Body": "x", "Author": ""}, (400, 20001, "Invalid parameter Author: it is a name of visible characters")),
    ],
)
def test_a_wrong_note_is_refused_and_none_is_stored(
    api: Api, form: dict[str, str], error: tuple[int, int, str]
) -> None:
    conversation = api.group(A, B)
    assert api.post(notes_of(conversation), form).error == error
    assert api.get(notes_of(conversation)).body["notes"] == []


def test_the_longest_note_and_any_letters_are_taken(api: Api) -> None:
    conversation = api.group(A, B)
    for body in ("🦆" * 4000, "\u202e\x07 a", "x"):
        assert api.made(notes_of(conversation), {"Body": body})["body"] == body


def test_the_account_names_an_author_and_a_person_does_not(api: Api) -> None:
    conversation = api.group(A, B)
    ann = staff(api, "ann")
    assert api.made(notes_of(conversation), {"Body": "x"})["author"] == "system"
    assert api.made(notes_of(conversation), {"Body": "x", "Author": "ben"})["author"] == "ben"
    refused = ann.post(notes_of(conversation), {"Body": "x", "Author": "ben"})
    assert (refused.status, refused.body["code"]) == (403, 50107)


def test_no_member_without_the_permission_gets_a_note_by_any_way(api: Api) -> None:
    conversation = api.group(A, B)
    sid = staff(api, "ann").made(notes_of(conversation), {"Body": "difficult"})["sid"]
    api.member(conversation, identity="customer", projected=Q)
    # "service admin" sees every conversation and may edit every message, but is not staff.
    for person in (acting(api, "customer"), administrator(api)):
        for refused in (
            person.get(notes_of(conversation)),
            person.get(f"{notes_of(conversation)}/{sid}"),
            person.post(notes_of(conversation), {"Body": "x"}),
            person.post(f"{notes_of(conversation)}/{sid}", {"Body": "x"}),
            person.delete(f"{notes_of(conversation)}/{sid}"),
        ):
            assert (refused.status, refused.body["code"]) == (403, 50107)
        exported = person.get(f"/Conversations/{conversation}/Export").body
        assert {line["type"] for line in exported} == {"conversation", "participant"}
    for blind in (acting(api, "stranger"), staff(api, "ivy", "writeAsLine")):
        assert blind.get(notes_of(conversation)).status == 404
        assert blind.get(f"{notes_of(conversation)}/{sid}").status == 404
        assert blind.post(notes_of(conversation), {"Body": "x"}).status == 404


def test_staff_change_and_delete_their_own_and_others_by_permission(api: Api) -> None:
    conversation = api.group(A, B)
    ann, ben = staff(api, "ann"), staff(api, "ben")
    lead = staff(api, "lead", "viewAnyConversation", "writeAsLine", "editAnyMessage", "deleteAnyMessage")
    path = f"{notes_of(conversation)}/{ann.made(notes_of(conversation), {'Body': 'x'})['sid']}"
    for refused in (ben.post(path, {"Body": "y"}), ben.delete(path)):
        assert (refused.status, refused.body["code"]) == (403, 50107)
    assert lead.post(path, {"Body": "y"}).body["author"] == "ann"
    assert lead.delete(path).status == 204


def test_a_note_belongs_to_its_conversation_and_service(api: Api) -> None:
    conversation, other = api.group(A, B), api.conversation()
    sid = api.made(notes_of(conversation), {"Body": "x"})["sid"]
    service = another_service(api)
    assert api.get(f"{notes_of(other)}/{sid}").status == 404
    assert api.get(f"/Services/{service}{notes_of(conversation)}/{sid}").status == 404
    for junk in ("NT1", "x" * 300, "IM" + "0" * 32, "NT" + "0" * 32):
        assert api.get(f"{notes_of(conversation)}/{junk}").status == 404


def walk(api: Api, page: Any, direction: str) -> list[list[str]]:
    """The bodies of a page and of all that follow it in a direction."""
    pages = [[one["body"] for one in page["notes"]]]
    while page["meta"][f"{direction}_page_url"]:
        page = api.follow(page["meta"][f"{direction}_page_url"]).body
        pages.append([one["body"] for one in page["notes"]])
    return pages


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("size", [1, 2, 3, 6, 7, 8])
def test_notes_are_paged_to_the_end_and_back(api: Api, order: str, size: int) -> None:
    conversation = api.group(A, B)
    made = []
    for number in range(7):
        api.made(notes_of(conversation), {"Body": str(number)})
        made.append(str(number))
        if number % 3 == 0:
            api.say(conversation)
    listed = [one["body"] for one in api.get(notes_of(conversation)).body["notes"]]
    assert sorted(listed) == made
    first = api.get(notes_of(conversation), {"Order": order, "PageSize": str(size)}).body
    forward = walk(api, first, "next")
    assert [body for page in forward for body in page] == (listed if order == "asc" else listed[::-1])
    page = first
    while page["meta"]["next_page_url"]:
        page = api.follow(page["meta"]["next_page_url"]).body
    assert walk(api, page, "previous") == forward[::-1]


def test_a_repeat_with_its_key_gets_the_first_note(api: Api) -> None:
    conversation = api.conversation(UniqueName="elm")
    keyed = replace(api, headers={"Idempotency-Key": "one"})
    first = keyed.post(notes_of(conversation), {"Body": "x"})
    again = keyed.post(notes_of("elm"), {"Body": "x"})
    assert (again.status, again.body, again.headers["Idempotent-Replayed"]) == (201, first.body, "true")
    assert keyed.post(notes_of(conversation), {"Body": "y"}).status == 422
    assert len(api.get(notes_of(conversation)).body["notes"]) == 1
    assert api.delete(f"{notes_of(conversation)}/{first.body['sid']}").status == 204
    assert keyed.post(notes_of(conversation), {"Body": "x"}).status == 404


@pytest.mark.parametrize("part", [1, 1000, 10**6])
def test_an_export_has_the_notes_for_the_account_and_for_staff(
    api: Api, part: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "PART_BYTES", part)
    monkeypatch.setattr(export, "_BATCH", 2)
    conversation = api.group(A, B)
    for number in range(5):
        api.say(conversation)
        api.made(notes_of(conversation), {"Body": str(number)})
    for reader in (api, staff(api, "ann")):
        lines, url = [], f"{BASE}/v1/Conversations/{conversation}/Export"
        while url:
            body = list(reader.follow(url).body)
            url = body.pop()["url"] if body[-1:] and body[-1]["type"] == "next" else ""
            lines += body
        assert [line["body"] for line in lines if line["type"] == "note"] == ["0", "1", "2", "3", "4"]
        assert [line["index"] for line in lines if line["type"] == "message"] == [0, 1, 2, 3, 4]


def test_no_note_is_stored_in_a_conversation_that_is_removed_meanwhile(api: Api, table: Table) -> None:
    conversation = api.group(A, B)
    racing = Racing(table, 1, "note", lambda: api.delete(f"/Conversations/{conversation}"))
    late = replace(api, context=replace(api.context, table=racing))
    assert late.post(notes_of(conversation), {"Body": "x"}).status == 409
    assert [*table.query_all(keys.messages(conversation), begins="NT")] == []
