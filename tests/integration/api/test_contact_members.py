"""Participants that are added as contacts, what has become of these since, and groups without one of their members."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from partyline.domain import sids
from partyline.storage import conversations, memberships
from partyline.storage.table import Table
from partyline.webhooks.pre_action import PreActionDecision
from tests.support.api_harness import A, Api, B, C, Clock, Counting, D, P, activate
from tests.support.people import acting, another_service, staff


def contact(api: Api, name: str, *numbers: str, **form: str) -> str:
    made = api.made("/Contacts", {"FriendlyName": name, "Numbers": json.dumps(numbers), **form})
    return str(made["sid"])


def shown(api: Api, conversation: str) -> list[Any]:
    """What the list of participants says of their contacts."""
    return [one["contact"] for one in api.get(f"/Conversations/{conversation}/Participants").body["participants"]]


def together(api: Api, *members: dict[str, Any], **form: str) -> Any:
    own = {"messaging_binding": {"projected_address": P}, "identity": "agent"}
    pairs = [("Participant", json.dumps(one)) for one in ([own] if members else []) + list(members)]
    return api.post("/ConversationWithParticipants", [*pairs, *form.items()])


# --- added as a contact


def test_a_contact_is_added_by_its_primary_number(api: Api) -> None:
    bob, conversation = contact(api, "Bob", A, B), api.group(C)
    added = api.add(conversation, ContactSid=bob)
    assert added.status == 201
    assert added.body["messaging_binding"]["address"] == A
    expected = {
        "sid": bob,
        "name": "Bob",
        "name_when_added": "Bob",
        "state": "current",
        "number_is_current": True,
    }
    assert added.body["contact"] == expected
    assert added.body["attributes"] == "{}"
    assert shown(api, conversation) == [None, None, expected]
    path = f"/Conversations/{conversation}/Participants/{added.body['sid']}"
    assert api.get(path).body["contact"] == expected
    assert api.post(path, {"Attributes": "{}"}).body["contact"] == expected
    exported = [line for line in api.get(f"/Conversations/{conversation}/Export").body if line["type"] == "participant"]
    assert [line["contact"] for line in exported] == [None, None, expected]


def test_a_contact_is_added_by_another_of_its_numbers(api: Api) -> None:
    bob, conversation = contact(api, "Bob", A, B), api.group(C)
    assert api.add(conversation, ContactSid=bob, address="206-555-0151").body["messaging_binding"]["address"] == B
    refused = api.add(conversation, ContactSid=bob, address=D)
    assert refused.error == (
        400, 50407, f"Invalid messaging binding address: it is no number of Contact {bob}"
    )  # fmt: skip


def test_a_contact_is_added_behind_a_proxy(api: Api) -> None:
    bob, conversation = contact(api, "Bob", A), api.conversation()
    added = api.add(conversation, ContactSid=bob, proxy=P)
    assert added.body["messaging_binding"] == {"type": "sms", "address": A, "proxy_address": P}
    assert added.body["contact"]["sid"] == bob


def test_what_is_no_contact_here_is_not_added(api: Api) -> None:
    conversation, other = api.group(C), another_service(api)
    gone, empty = contact(api, "Gone", A), contact(api, "Empty")
    api.delete(f"/Contacts/{gone}")
    stranger = str(api.made(f"/Services/{other}/Contacts", {"FriendlyName": "X", "Numbers": f'["{A}"]'})["sid"])
    for sid in (gone, empty, stranger, "CT1", sids.new(sids.CONTACT)):
        refused = api.add(conversation, ContactSid=sid)
        assert (refused.status, refused.body["details"]) == (400, {"parameter": "ContactSid"})
        refused = together(api, {"contact_sid": sid})
        assert (refused.status, refused.body["details"]) == (400, {"parameter": "ContactSid", "participant": 2})
    bob = contact(api, "Bob", B)
    assert api.add(conversation, ContactSid=bob, identity="ann").error[:2] == (400, 50211)
    assert api.add(conversation, ContactSid=bob, projected=P).error[:2] == (400, 50407)
    assert len(shown(api, conversation)) == 2


def test_people_add_the_contacts_that_they_see(api: Api) -> None:
    own, bens = contact(api, "Kay", A, Owner="ann"), contact(api, "Bob", B, Owner="ben")
    ann = acting(api, "ann")
    api.post(f"/Lines/{P}", {"Users": "*"})
    line = json.dumps({"messaging_binding": {"projected_address": P}})

    def create(sid: str) -> Any:
        return ann.post(
            "/ConversationWithParticipants", [("Participant", line), ("Participant", json.dumps({"contact_sid": sid}))]
        )

    assert create(bens).body["details"] == {"parameter": "ContactSid", "participant": 2}
    assert create(own).status == 202


def test_what_a_contact_is_called_is_for_staff_and_for_its_owner(api: Api) -> None:
    own, bens = contact(api, "Kay", A, Owner="agent"), contact(api, "Bob (owes us)", B, Owner="ben")
    conversation = together(api, {"contact_sid": own}, {"contact_sid": bens}).body["sid"]
    agent, carl = acting(api, "agent"), staff(api, "carl", "viewAnyConversation")
    assert [one and one["name"] for one in shown(agent, conversation)] == [None, "Kay", None]
    assert "owes us" not in str(agent.get(f"/Conversations/{conversation}/Export").body)
    assert [one and one["name"] for one in shown(carl, conversation)] == [None, "Kay", "Bob (owes us)"]


def test_a_group_is_made_of_contacts(api: Api) -> None:
    bob, kay = contact(api, "Bob", A, B), contact(api, "Kay", C)
    made = together(api, {"contact_sid": bob, "messaging_binding": {"address": B}}, {"contact_sid": kay})
    assert made.status == 202
    assert [one and one["name"] for one in shown(api, made.body["sid"])] == [None, "Bob", "Kay"]


# --- what has become of it


def test_a_changed_contact_is_updated_and_its_old_number_stays(api: Api) -> None:
    bob, conversation = contact(api, "Bob", A, B), api.group(C)
    member = api.add(conversation, ContactSid=bob).body["sid"]
    path = f"/Contacts/{bob}"

    def state() -> tuple[str, str, bool]:
        found = api.get(f"/Conversations/{conversation}/Participants/{member}").body
        assert found["messaging_binding"]["address"] == A
        return found["contact"]["name"], found["contact"]["state"], found["contact"]["number_is_current"]

    # Who owns it, and what they do not want, is no news about who it is.
    api.post(path, {"Owner": "ann", "DoNotDisturb": "true", "Attributes": '{"a": 1}'})
    assert state() == ("Bob", "current", True)
    api.post(path, {"Numbers": json.dumps([B])})
    assert state() == ("Bob", "updated", False)
    api.post(path, {"Numbers": json.dumps([A]), "FriendlyName": "Rob"})
    assert state() == ("Rob", "updated", True)
    api.delete(path)
    assert state() == ("Bob", "deleted", False)


def test_a_merged_contact_is_the_one_that_has_its_numbers(api: Api) -> None:
    bob, rob, robert = contact(api, "Bob", A), contact(api, "Rob", B), contact(api, "Robert", C)
    conversation = api.group(D)
    api.add(conversation, ContactSid=bob)
    for survivor, other in ((rob, bob), (robert, rob)):
        assert api.post(f"/Contacts/{survivor}/Merge", {"ContactSid": other}).status == 200
    assert shown(api, conversation)[2] == {
        "sid": robert,
        "name": "Robert",
        "name_when_added": "Bob",
        "state": "updated",
        "number_is_current": True,
    }


def test_a_page_of_participants_costs_one_read_more_where_there_are_contacts(api: Api, table: Table) -> None:
    plain, conversation = api.group(C, D), api.group(C)
    for name, number in (("Bob", A), ("Kay", B)):
        api.add(conversation, ContactSid=contact(api, name, number))

    def cost(sid: str) -> int:
        counting = Counting(table)
        reader = Api(replace(api.context, table=counting))
        assert reader.get(f"/Conversations/{sid}/Participants").status == 200
        return len(counting.asked)

    assert cost(conversation) - cost(plain) == 1


def test_participants_of_older_versions_have_no_contact(api: Api) -> None:
    assert shown(api, api.group(A, B)) == [None, None, None]


# --- the same people without one


@pytest.fixture
def three(api: Api) -> tuple[str, list[str]]:
    """A group of an agent and three handsets, and its participants' SIDs."""
    conversation = api.group(A, B, C)
    listed = api.get(f"/Conversations/{conversation}/Participants").body["participants"]
    return conversation, [one["sid"] for one in listed]


def members(api: Api, conversation: str) -> list[str]:
    listed = api.get(f"/Conversations/{conversation}/Participants").body["participants"]
    return [one["identity"] or one["messaging_binding"]["address"] for one in listed]


def test_the_same_people_without_one_are_one_call(api: Api, three: tuple[str, list[str]]) -> None:
    source, sids_of = three
    form = {"From": source, "Without": sids_of[2], "FriendlyName": "without B", "IfExists": "fetch"}
    made = api.post("/ConversationWithParticipants", form)
    assert (made.status, made.body["friendly_name"]) == (202, "without B")
    assert members(api, made.body["sid"]) == ["agent", A, C]
    assert members(api, source) == ["agent", A, B, C]
    again = api.post("/ConversationWithParticipants", form)
    assert (again.status, again.body["sid"]) == (200, made.body["sid"])
    assert api.post("/ConversationWithParticipants", {"From": source}).error[:2] == (409, 50438)


def test_attributes_and_contacts_are_copied_and_others_join(api: Api, table: Table, clock: Clock) -> None:
    bob, source = contact(api, "Bob", A), api.group(B)
    added = api.add(source, ContactSid=bob, Attributes='{"a": 1}').body
    [other] = [one["sid"] for one in api.get(f"/Conversations/{source}/Participants").body["participants"]
               if one["messaging_binding"] and one["messaging_binding"].get("address") == B]  # fmt: skip
    pairs = [("From", source), ("Without", other), ("Participant", json.dumps({"messaging_binding": {"address": C}}))]
    made = api.post("/ConversationWithParticipants", pairs)
    assert made.status == 202, made.body
    activate(table, made.body["sid"], clock())
    listed = api.get(f"/Conversations/{made.body['sid']}/Participants").body["participants"]
    copied = next(one for one in listed if one["contact"])
    assert (copied["attributes"], copied["contact"]) == ('{"a": 1}', added["contact"])
    assert copied["sid"] != added["sid"]
    assert members(api, made.body["sid"]) == ["agent", A, C]


def test_a_smaller_thread_that_the_group_had_as_an_alias_becomes_the_new_groups(
    api: Api, table: Table, clock: Clock, three: tuple[str, list[str]]
) -> None:
    source, sids_of = three
    smaller = ",".join(sorted((A, C, P)))
    assert memberships.claim_alias_thread(table, source, smaller, clock())
    made = api.post("/ConversationWithParticipants", {"From": source, "Without": sids_of[2]})
    assert made.status == 202, made.body
    roster = conversations.load(table, made.body["sid"])
    before = conversations.load(table, source)
    assert roster and before
    assert smaller in roster.conversation.threads
    assert smaller not in before.conversation.threads
    # The thread of the group itself stays its own.
    assert len(before.conversation.threads) == 1
    activate(table, made.body["sid"], clock())
    assert api.say(made.body["sid"]).status == 201


@pytest.mark.parametrize("reason", ["name", "webhook"])
def test_a_group_that_is_refused_leaves_the_alias_to_its_source(
    api: Api, table: Table, clock: Clock, three: tuple[str, list[str]], reason: str
) -> None:
    source, sids_of = three
    smaller = ",".join(sorted((A, C, P)))
    assert memberships.claim_alias_thread(table, source, smaller, clock())
    api.conversation(UniqueName="taken")
    form = {"From": source, "Without": sids_of[2]}
    if reason == "name":
        assert api.post("/ConversationWithParticipants", {**form, "UniqueName": "taken"}).status == 409
    else:
        context = replace(api.context, ask=lambda *_: PreActionDecision(rejected=True))
        rejecting = replace(api, context=context, headers={"X-Twilio-Webhook-Enabled": "true"})
        assert rejecting.post("/ConversationWithParticipants", form).status == 403
    roster = conversations.load(table, source)
    assert roster
    assert smaller in roster.conversation.threads
    owner = conversations.find_open_owner(table, smaller, clock())
    assert owner
    assert owner.sid == source


def test_only_what_the_caller_sees_is_copied(api: Api, three: tuple[str, list[str]]) -> None:
    source, sids_of = three
    other = another_service(api)
    path = f"/Services/{other}/ConversationWithParticipants"
    for where, form, parameter in (
        ("/ConversationWithParticipants", {"From": sids.new(sids.CONVERSATION)}, "From"),
        ("/ConversationWithParticipants", {"From": "x"}, "From"),
        ("/ConversationWithParticipants", {"From": source, "Without": sids.new(sids.PARTICIPANT)}, "Without"),
        ("/ConversationWithParticipants", {"Without": sids_of[1]}, "Without"),
        (path, {"From": source}, "From"),
    ):
        refused = api.post(where, form)
        assert (refused.status, refused.body["details"]) == (400, {"parameter": parameter})
    refused = acting(api, "stranger").post("/ConversationWithParticipants", {"From": source})
    assert (refused.status, refused.body["details"]) == (400, {"parameter": "From"})
    everyone = [("From", source), *(("Without", sid) for sid in sids_of)]
    refused = api.post("/ConversationWithParticipants", everyone)
    assert (refused.status, refused.body["details"]) == (400, {"parameter": "Participant"})
