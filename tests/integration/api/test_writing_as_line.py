"""Staff write as a line of a conversation that they see, without joining it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

import pytest

from partyline.domain import events
from partyline.domain.events import Cause, Event
from partyline.domain.webhook_configuration import WebhookConfiguration
from partyline.storage import conversations, keys, messages
from partyline.storage.table import Table
from partyline.webhooks.pre_action import PROCEED, PreActionDecision
from tests.support import people
from tests.support.api_harness import A, Api, B, C, P, Q, Reply, activate
from tests.support.people import staff
from tests.support.stored_events import list_batches


def group_of_lines(api: Api, *lines: str) -> str:
    """A group of two handsets and lines that stand for themselves."""
    conversation = api.conversation()
    for line in lines:
        api.member(conversation, projected=line)
    for handset in (A, B):
        api.member(conversation, address=handset)
    return conversation


def write(who: Api, conversation: str, body: str = "hello", **form: str) -> Reply:
    return who.post(f"/Conversations/{conversation}/Messages", {"Body": body, **form})


def listed(api: Api, conversation: str) -> list[Mapping[str, object]]:
    found: list[Mapping[str, object]] = api.get(f"/Conversations/{conversation}/Messages").body["messages"]
    return found


def test_several_people_write_as_one_line_without_joining(api: Api, table: Table) -> None:
    conversation = group_of_lines(api, P)
    line = api.get(f"/Conversations/{conversation}/Participants").body["participants"][0]
    ann, ben = staff(api, "ann"), staff(api, "ben")
    said = write(ann, conversation, "from ann").body
    assert (said["author"], said["participant_sid"], said["written_by"]) == (P, line["sid"], "ann")
    assert write(ben, conversation, "from ben", Author=P).body["written_by"] == "ben"
    assert [one["written_by"] for one in listed(api, conversation)] == ["ann", "ben"]
    assert len(api.get(f"/Conversations/{conversation}/Participants").body["participants"]) == 3
    [stored, _] = messages.page(table, conversation, size=2, forward=True).messages
    assert [(send.sender, set(send.natives)) for send in stored.message.sends] == [(P, {A, B})]


def test_a_message_under_the_own_name_is_written_by_nobody_else(api: Api, table: Table) -> None:
    conversation = api.group(A, own=Q)
    api.member(conversation, identity="ann", projected=P)
    assert write(staff(api, "ann"), conversation).body["written_by"] is None
    assert api.say(conversation).body["written_by"] is None
    for found in messages.page(table, conversation, size=2, forward=True).messages:
        item = table.get(keys.message(conversation, found.message.sid))
        assert item
        assert "written_by" not in item
        roster = conversations.load(table, conversation)
        assert roster
        assert "WrittenBy" not in events.message_event("onMessageAdd", found.message, roster.conversation).parameters


def test_without_the_permission_nobody_writes_as_a_line(api: Api) -> None:
    conversation = group_of_lines(api, P)
    boss = people.administrator(api)
    assert write(boss, conversation).body["details"] == {"missing": ["sendMessage"]}
    assert write(boss, conversation, Author=P).error[:2] == (403, 50107)
    assert people.acting(api, "eve").post(f"/Conversations/{conversation}/Messages", {"Body": "x"}).status == 404
    blind = staff(api, "blind", "writeAsLine")
    assert write(blind, conversation).error[:2] == (404, 20404)
    assert listed(api, conversation) == []


def test_a_line_that_is_not_theirs_is_not_written_as(api: Api) -> None:
    conversation = group_of_lines(api, P, Q)
    ann = staff(api, "ann")
    several = write(ann, conversation)
    assert several.error == (400, 20001, f"Invalid parameter Author: give one of {P}, {Q}")
    api.post(f"/Lines/{Q}", {"Users": "ben"})
    assert write(ann, conversation).body["author"] == P
    refused = write(ann, conversation, Author=Q)
    assert refused.error[:2] == (403, 50107)
    assert refused.body["details"]["line"] == Q
    api.post(f"/Lines/{P}", {"Users": ""})
    assert write(ann, conversation).body["details"]["line"] == P
    elsewhere = write(ann, conversation, Author="+12065550110")
    assert elsewhere.error == (400, 20001, f"Invalid parameter Author: write as yourself or as one of {P}, {Q}")
    assert len(listed(api, conversation)) == 1


@pytest.mark.parametrize("author", ["ben", "system", A, "x" * 300, "+", " "])
def test_a_person_writes_as_nothing_else(api: Api, author: str) -> None:
    conversation = group_of_lines(api, P)
    assert 400 <= write(staff(api, "ann"), conversation, Author=author).status < 500
    assert listed(api, conversation) == []


def test_a_number_without_its_plus_is_that_number(api: Api) -> None:
    conversation = group_of_lines(api, P)
    assert write(staff(api, "ann"), conversation, Author=f" {P[1:]}").body["author"] == P


def test_a_member_behind_a_number_writes_as_themselves_and_others_as_the_number(api: Api) -> None:
    conversation = api.group(A, own=P)
    api.post(f"/Conversations/{conversation}/Participants/agent", {"Identity": "ann"})
    ann, ben = staff(api, "ann"), staff(api, "ben")
    assert (write(ann, conversation).body["author"], write(ben, conversation).body["author"]) == ("ann", P)
    assert write(ann, conversation, Author="ann").body["written_by"] is None


def test_a_chat_member_that_reaches_no_handset_writes_as_the_line(api: Api) -> None:
    conversation = api.conversation()
    api.member(conversation, identity="ann")
    api.member(conversation, projected=P)
    ann = staff(api, "ann")
    assert write(ann, conversation).body["author"] == "ann"
    api.member(conversation, address=A)
    assert write(ann, conversation).body["author"] == P


def test_a_masked_pair_is_written_to_through_its_proxy(api: Api, table: Table) -> None:
    conversation = api.conversation()
    api.member(conversation, address=A, proxy=P)
    ann = staff(api, "ann")
    said = write(ann, conversation).body
    assert (said["author"], said["participant_sid"], said["written_by"]) == (P, None, "ann")
    [found] = messages.page(table, conversation, size=2, forward=True).messages
    assert [(send.sender, set(send.natives), send.byline) for send in found.message.sends] == [(P, {A}, "")]
    api.member(conversation, address=B, proxy=Q)
    assert write(ann, conversation, Author=P).status == 201
    api.post(f"/Lines/{Q}", {"Users": ""})
    # It would go to both, also from the other number.
    assert write(ann, conversation, Author=P).body["details"]["line"] == Q


def test_chat_alone_takes_membership(api: Api) -> None:
    conversation = api.conversation()
    assert write(staff(api, "ann"), conversation).body["details"] == {"missing": ["sendMessage"]}


def test_own_messages_are_edited_and_deleted_by_who_wrote_them(api: Api) -> None:
    conversation = group_of_lines(api, P)
    ann, ben = staff(api, "ann"), staff(api, "ben")
    path = f"/Conversations/{conversation}/Messages/{write(ann, conversation).body['sid']}"
    for refused in (ben.post(path, {"Body": "changed"}), ben.delete(path)):
        assert refused.error[:2] == (403, 50107)
    changed = ann.post(path, {"Body": "changed", "Attributes": '{"a": 1}'}).body
    assert (changed["body"], changed["written_by"], changed["author"]) == ("changed", "ann", P)
    assert ann.delete(path).status == 204
    # The account's message as the line is nobody's own.
    theirs = api.say(conversation, author=P).body["sid"]
    assert ann.delete(f"/Conversations/{conversation}/Messages/{theirs}").error[:2] == (403, 50107)


def test_an_identity_that_looks_like_the_line_did_not_write_it(api: Api) -> None:
    conversation = group_of_lines(api, P)
    api.member(conversation, identity="twin", projected=Q)
    path = f"/Conversations/{conversation}/Messages/{write(staff(api, 'ann'), conversation, Author=P).body['sid']}"
    twin = staff(api, P, "viewAnyConversation", "editOwnMessage")
    assert twin.post(path, {"Body": "mine"}).error[:2] == (403, 50107)


def test_pre_action_webhooks_hear_who_wrote(api: Api) -> None:
    conversation = group_of_lines(api, P)
    asked: list[Event] = []

    def ask(_: WebhookConfiguration, event: Event, __: Cause) -> PreActionDecision:
        asked.append(event)
        return PROCEED

    ann = staff(api, "ann")
    write(replace(ann, context=replace(ann.context, ask=ask)), conversation)
    [event] = asked
    assert (event.parameters["Author"], event.parameters["WrittenBy"]) == (P, "ann")


def test_live_connections_and_post_action_webhooks_hear_who_wrote(api: Api, table: Table) -> None:
    conversation = group_of_lines(api, P)
    write(staff(api, "ann"), conversation)
    published = [
        event.parameters
        for batch in list_batches(table.query(f"M#{conversation}").items)
        for event in batch.events
        if event.type == "onMessageAdded"
    ]
    assert [(one["Author"], one["WrittenBy"]) for one in published] == [(P, "ann")]


def test_an_author_that_a_webhook_names_leaves_who_wrote(api: Api) -> None:
    conversation = api.group(A, own=Q)
    api.member(conversation, identity="ann", projected=P)

    def as_agent(*_: object) -> PreActionDecision:
        return PreActionDecision(changes={"author": "agent"})

    ann = people.acting(api, "ann")
    said = write(replace(ann, context=replace(ann.context, ask=as_agent)), conversation).body
    assert (said["author"], said["written_by"]) == ("agent", "ann")


def test_a_group_is_made_from_a_line_without_joining_it(api: Api, table: Table) -> None:
    ann = staff(api, "ann")
    members: list[Mapping[str, object]] = [
        {"messaging_binding": {"projected_address": P}},
        *({"messaging_binding": {"address": handset}} for handset in (A, B)),
    ]
    form = [("Participant", json.dumps(member)) for member in members]
    made = ann.made("/ConversationWithParticipants", form)["sid"]
    activate(table, made, api.context.clock())
    assert [one["identity"] for one in ann.get(f"/Conversations/{made}/Participants").body["participants"]] == [
        None
    ] * 3
    assert write(ann, made).body["written_by"] == "ann"
    # Who would not see it is a member, or refused as before.
    blind = staff(api, "blind", "writeAsLine", "createConversation")
    api.delete(f"/Conversations/{made}")
    assert blind.post("/ConversationWithParticipants", form).error[1] == 50435
    pair = [*form[:1], ("Participant", json.dumps({"messaging_binding": {"address": C}}))]
    joined = blind.made("/ConversationWithParticipants", pair)["sid"]
    identities = [one["identity"] for one in blind.get(f"/Conversations/{joined}/Participants").body["participants"]]
    assert sorted(map(str, identities)) == ["None", "None", "blind"]
    activate(table, joined, api.context.clock())
    assert write(blind, joined).body["author"] == P
