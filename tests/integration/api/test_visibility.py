"""What a chat identity sees and does: its conversations, and what its roles permit; an administrator sees all."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial

import pytest

from partyline.api import routes
from partyline.storage import roles
from tests.support import people
from tests.support.api_harness import A, Api, B, Clock, P, Reply
from tests.support.people import SERVICE, administrator, role_named

As = Callable[..., Api]


@pytest.fixture
def acting(api: Api) -> As:
    """The API as a chat identity calls it."""
    return partial(people.acting, api)


def not_permitted(reply: Reply) -> bool:
    return reply.error[:2] == (403, 50107)


def sees(who: Api) -> list[str]:
    """The conversations in somebody's list."""
    return [one["sid"] for one in who.get("/Conversations").body["conversations"]]


def test_a_user_sees_the_conversations_they_take_part_in_and_no_other(api: Api, acting: As) -> None:
    ours, theirs = api.group(A), api.group(B, own=P)
    api.member(ours, identity="ann", projected="+12065550101")
    ann, bob = acting("ann"), acting("bob")
    assert sees(ann) == [ours]
    assert sees(bob) == []
    for path in ("", "/Participants", "/Messages", "/Export"):
        assert ann.get(f"/Conversations/{ours}{path}").status == 200
        assert ann.get(f"/Conversations/{theirs}{path}").error[:2] == (404, 20404)
        assert bob.get(f"/Conversations/{ours}{path}").error[:2] == (404, 20404)
    people = [("Address", A), ("Address", P), ("Address", "+12065550101")]
    assert [one["sid"] for one in ann.get("/Conversations", people).body["conversations"]] == [ours]
    assert bob.get("/Conversations", people).body["conversations"] == []


def test_an_administrator_sees_every_conversation_of_the_service(api: Api, acting: As) -> None:
    made = {api.group(A), api.group(B), api.conversation()}
    boss = administrator(api)
    assert set(sees(boss)) == made
    assert {boss.get(f"/Conversations/{sid}").status for sid in made} == {200}
    assert sees(acting("somebody")) == []


def test_what_one_loses_one_no_longer_sees(api: Api, acting: As) -> None:
    conversation = api.conversation()
    member = api.member(conversation, identity="ann")
    ann = acting("ann")
    assert sees(ann) == [conversation]
    assert api.delete(f"/Conversations/{conversation}/Participants/{member}").status == 204
    assert sees(ann) == []
    assert ann.get(f"/Conversations/{conversation}").error[:2] == (404, 20404)


def test_an_own_list_has_filters_and_pages_like_the_whole_one(api: Api, acting: As, clock: Clock) -> None:
    made = []
    for number in range(5):
        clock.tick(minutes=1)
        made.append(api.conversation(State="inactive" if number % 2 else "active"))
        api.add(made[-1], identity="ann")
        if number % 2:
            api.post(f"/Conversations/{made[-1]}", {"State": "inactive"})
    ann = acting("ann")
    page = ann.get("/Conversations", {"PageSize": "2"}).body
    seen = [one["sid"] for one in page["conversations"]]
    while page["meta"]["next_page_url"]:
        page = ann.follow(page["meta"]["next_page_url"]).body
        seen += [one["sid"] for one in page["conversations"]]
    assert seen == made[::-1]
    inactive, url = [], ann.get("/Conversations", {"State": "inactive", "PageSize": "1"}).body["meta"]["url"]
    while url:
        body = ann.follow(url).body
        inactive += [one["sid"] for one in body["conversations"]]
        url = body["meta"]["next_page_url"]
    assert inactive == [made[3], made[1]]


def test_who_makes_a_conversation_takes_part_in_it_with_the_role_of_creators(api: Api, acting: As) -> None:
    ann = acting("ann")
    conversation = ann.conversation(FriendlyName="mine")
    [member] = ann.get(f"/Conversations/{conversation}/Participants").body["participants"]
    assert (member["identity"], member["role_sid"]) == ("ann", role_named("channel admin"))
    assert ann.post(f"/Conversations/{conversation}", {"FriendlyName": "ours", "Attributes": "{}"}).status == 200
    assert ann.add(conversation, identity="bob").status == 201
    bob = acting("bob")
    assert sees(bob) == [conversation]
    assert not_permitted(bob.post(f"/Conversations/{conversation}", {"FriendlyName": "bob's"}))
    assert not_permitted(bob.delete(f"/Conversations/{conversation}"))
    assert not_permitted(bob.add(conversation, identity="eve"))
    assert ann.get(f"/Conversations/{conversation}").body["friendly_name"] == "ours"
    assert ann.delete(f"/Conversations/{conversation}").status == 204


def test_everything_at_once_is_made_by_a_person_with_themselves_in_it(api: Api, acting: As) -> None:
    ann = acting("ann")
    members = [
        {"identity": "ann", "messaging_binding": {"projected_address": P}},
        {"messaging_binding": {"address": A}},
    ]
    made = ann.made("/ConversationWithParticipants", [("Participant", json.dumps(member)) for member in members])
    assert sees(ann) == [made["sid"]]
    roles_of = {
        one["identity"]: one["role_sid"]
        for one in ann.get(f"/Conversations/{made['sid']}/Participants").body["participants"]
    }
    assert roles_of == {"ann": role_named("channel admin"), None: None}


def test_a_person_writes_as_themselves_only(api: Api, acting: As) -> None:
    conversation = api.group(A)
    api.member(conversation, identity="ann", projected="+12065550101")
    ann = acting("ann")
    said = ann.post(f"/Conversations/{conversation}/Messages", {"Body": "mine"})
    assert (said.status, said.body["author"]) == (201, "ann")
    assert ann.say(conversation, author="ann").status == 201
    for author in ("agent", "system", A, P):
        assert not_permitted(ann.say(conversation, author=author))
    assert len(api.get(f"/Conversations/{conversation}/Messages").body["messages"]) == 2


def test_own_messages_are_edited_and_deleted_others_by_permission(api: Api, acting: As) -> None:
    conversation = api.conversation()
    for identity in ("ann", "bob"):
        api.member(conversation, identity=identity)
    ann, bob = acting("ann"), acting("bob")
    message = ann.say(conversation, author="ann").body["sid"]
    path = f"/Conversations/{conversation}/Messages/{message}"
    assert ann.post(path, {"Body": "better", "Attributes": "{}"}).body["body"] == "better"
    assert not_permitted(ann.post(path, {"Author": "bob"}))
    assert not_permitted(ann.post(path, {"DateCreated": "2020-01-01"}))
    assert not_permitted(bob.post(path, {"Body": "worse"}))
    assert not_permitted(bob.post(path, {"Attributes": "{}"}))
    assert not_permitted(bob.delete(path))
    assert api.get(path).body["body"] == "better"
    moderator = api.made(
        "/Roles", [("FriendlyName", "mod"), ("Type", "conversation"), ("Permission", "deleteAnyMessage")]
    )
    assert api.post(f"/Conversations/{conversation}/Participants/bob", {"RoleSid": moderator["sid"]}).status == 200
    assert bob.delete(path).status == 204
    # The new role is instead of the old one.
    assert not_permitted(bob.say(conversation, author="bob"))


def test_members_join_and_leave_and_only_their_own_horizon_is_theirs(api: Api, acting: As) -> None:
    conversation = api.conversation()
    for identity in ("ann", "bob"):
        api.member(conversation, identity=identity)
    ann = acting("ann")
    ann.say(conversation, author="ann")
    people = f"/Conversations/{conversation}/Participants"
    assert ann.post(f"{people}/ann", {"LastReadMessageIndex": "0"}).body["last_read_message_index"] == 0
    assert ann.post(f"{people}/ann", {"Attributes": '{"a": 1}'}).status == 200
    for form in ({"LastReadMessageIndex": "0"}, {"Attributes": "{}"}):
        assert not_permitted(ann.post(f"{people}/bob", form))
    for form in ({"RoleSid": role_named("channel admin")}, {"Identity": "eve"}, {"DateCreated": "2020-01-01"}):
        assert not_permitted(ann.post(f"{people}/ann", form))
    assert not_permitted(ann.delete(f"{people}/bob"))
    assert ann.delete(f"{people}/ann").status == 204
    assert sees(ann) == []
    # Who cannot see it cannot join it; who sees all can.
    assert ann.add(conversation, identity="ann").error[:2] == (404, 20404)
    assert administrator(api).add(conversation, identity="boss").status == 201


def test_settings_and_what_is_the_accounts_are_not_a_persons(api: Api, acting: As) -> None:
    boss = administrator(api)
    conversation = api.conversation()
    for form in ({"State": "closed"}, {"Timers.Closed": "PT10M"}, {"MessagingServiceSid": ""}):
        assert not_permitted(boss.post(f"/Conversations/{conversation}", form))
    assert not_permitted(boss.get("/Keys"))
    assert not_permitted(boss.post("/Lines", {"Address": A, "Carrier": "telnyx"}))
    assert not_permitted(boss.post(f"/Conversations/{conversation}/Webhooks", {"Target": "webhook"}))
    assert api.get(f"/Conversations/{conversation}").body["state"] == "active"


def test_every_resource_that_is_not_for_people_is_closed_to_them(api: Api, acting: As) -> None:
    """By default: a route that says nothing of people is the account's alone."""
    boss = administrator(api)
    for table, root in ((routes.ACCOUNT, ""), (routes.SERVICE, f"/Services/{SERVICE}")):
        for route in table:
            path = "/".join("x" if part.startswith("{") else part for part in route.path.split("/"))
            for method in set(route.handlers) - route.user_methods:
                assert boss.call(method, f"{root}/{path}").error[:2] == (403, 50107), (method, path)


def test_a_restricted_user_stays_so_until_the_account_says_otherwise(api: Api, acting: As) -> None:
    """A7."""
    role = api.made("/Roles", [("FriendlyName", "guest"), ("Type", "service"), ("Permission", "editOwnUserInfo")])
    api.made("/Users", {"Identity": "ann", "RoleSid": role["sid"]})
    ann = acting("ann")
    assert not_permitted(ann.post("/Conversations"))
    assert api.delete(f"/Roles/{role['sid']}").status == 409
    assert not_permitted(ann.post("/Conversations"))
    assert api.post("/Users/ann", {"RoleSid": ""}).status == 200
    assert ann.post("/Conversations").status == 201


def test_nothing_of_another_service_is_seen_through_this_one(api: Api, acting: As) -> None:
    other = api.made("/Services", {"FriendlyName": "other"})["sid"]
    theirs = api.made(f"/Services/{other}/Conversations")["sid"]
    api.made(f"/Services/{other}/Conversations/{theirs}/Participants", {"Identity": "ann"})
    assert sees(acting("ann")) == []
    assert acting("ann").get(f"/Conversations/{theirs}").error[:2] == (404, 20404)
    ann = acting("ann", other)
    assert ann.get("/Conversations").error[:2] == (403, 20403)
    listed = ann.get(f"/Services/{other}/Conversations").body["conversations"]
    assert [one["sid"] for one in listed] == [theirs]


def test_the_account_asks_the_table_nothing_of_roles(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    conversation = api.group(A)
    monkeypatch.setattr(roles, "fetch_many", lambda *given: pytest.fail("asked"))
    assert api.say(conversation).status == 201
    assert api.post(f"/Conversations/{conversation}", {"FriendlyName": "x"}).status == 200


def test_the_first_token_of_an_identity_makes_it_a_user(api: Api, acting: As) -> None:
    assert api.get("/Users/ann").error[:2] == (404, 20404)
    ann = acting("ann")
    assert ann.get("/Conversations").status == 200
    assert ann.post("/Users/ann", {"FriendlyName": "Ann"}).body["friendly_name"] == "Ann"
    assert ann.get("/Users/ann/Conversations").body["conversations"] == []
    assert ann.get("/Conversations").status == 200
    assert api.get("/Users/ann").body["friendly_name"] == "Ann"


def test_what_a_person_may_not_change_they_cannot_set_at_the_making_either(api: Api, acting: As) -> None:
    ann = acting("ann")
    for form in (
        {"State": "inactive"},
        {"State": "active", "Timers.Closed": "PT10M"},
        {"DateCreated": "1999-01-01"},
        {"MessagingServiceSid": "MG" + "1" * 32},
    ):
        assert not_permitted(ann.post("/Conversations", form))
        assert not_permitted(ann.post("/ConversationWithParticipants", {**form, "Participant": '{"identity": "bob"}'}))
    assert api.get("/Conversations").body["conversations"] == []
    conversation = ann.conversation()
    assert not_permitted(ann.say(conversation, author="ann", DateCreated="1999-01-01"))
    for extra in ({"DateCreated": "1999-01-01"}, {"RoleSid": role_named("channel admin")}):
        assert not_permitted(ann.add(conversation, identity="bob", **extra))
    member = json.dumps({"identity": "bob", "date_created": "1999-01-01"})
    assert not_permitted(ann.post("/ConversationWithParticipants", {"Participant": member}))
    assert api.get(f"/Conversations/{conversation}/Messages").body["messages"] == []


def test_an_identity_that_looks_like_a_number_owns_nothing_of_that_handset(api: Api, acting: As) -> None:
    conversation = api.conversation()
    handset = api.member(conversation, address=B, proxy=P)
    api.member(conversation, identity=B)
    said = api.say(conversation, author=B).body
    assert said["participant_sid"] == handset
    path = f"/Conversations/{conversation}/Messages/{said['sid']}"
    impostor = acting(B)
    assert not_permitted(impostor.post(path, {"Body": "changed"}))
    assert not_permitted(impostor.delete(path))
    assert api.get(path).body["body"] == said["body"]


def test_refused_call_creates_no_user(api: Api, acting: As) -> None:
    assert not_permitted(acting("eve").get("/Keys"))
    assert api.get("/Users/eve").error[:2] == (404, 20404)


def test_no_token_speaks_for_the_account_itself(api: Api, acting: As) -> None:
    for identity in ("system", "System", "US" + "1" * 32):
        assert acting(identity).get("/Conversations").error[:2] == (401, 20106)


def test_refusal_does_not_name_a_conversation_that_the_person_cannot_see(api: Api, acting: As) -> None:
    hidden = api.group(A, UniqueName="elm")
    ann = acting("ann")
    people = [
        {"identity": "ann", "messaging_binding": {"projected_address": P}},
        {"messaging_binding": {"address": A}},
        {"messaging_binding": {"address": B}},
    ]
    theirs = api.group(A, B)
    texts = [("Participant", json.dumps(person)) for person in people]
    refusals = [
        ann.post("/ConversationWithParticipants", texts),
        ann.post("/ConversationWithParticipants", [*texts, ("IfExists", "fetch")]),
        ann.post("/Conversations", {"UniqueName": "elm"}),
    ]
    assert [(one.status, one.body["code"]) for one in refusals] == [(409, 50438), (409, 50438), (409, 50353)]
    for one in refusals:
        assert hidden not in json.dumps(one.body) and theirs not in json.dumps(one.body)
    # The account is told, in Twilio's words.
    refused_creation = api.post("/ConversationWithParticipants", texts)
    assert refused_creation.body["message"].endswith(f"already exists as Conversation {theirs}")


def test_a_person_whose_identity_is_anothers_number_still_writes_as_themselves(api: Api, acting: As) -> None:
    conversation = api.conversation()
    api.member(conversation, identity="bob", projected=P)
    api.member(conversation, identity=P)
    said = acting(P).post(f"/Conversations/{conversation}/Messages", {"Body": "it is me"}).body
    written = api.get(f"/Conversations/{conversation}/Participants/{said['participant_sid']}").body
    assert (said["author"], written["identity"]) == (P, P)


def test_with_themselves_a_person_brings_a_number_only_if_they_may_add_participants(api: Api, acting: As) -> None:
    role = api.made("/Roles", [("FriendlyName", "quiet"), ("Type", "conversation"), ("Permission", "sendMessage")])
    form = {"DefaultConversationCreatorRoleSid": role["sid"]}
    assert api.post(f"/Services/{SERVICE}/Configuration", form).status == 200
    member = json.dumps({"identity": "ann", "messaging_binding": {"projected_address": P}})
    assert not_permitted(acting("ann").post("/ConversationWithParticipants", {"Participant": member}))


def test_an_empty_form_changes_nothing_of_what_is_anothers(api: Api, acting: As, clock: Clock) -> None:
    conversation = api.conversation()
    for identity in ("ann", "bob"):
        api.member(conversation, identity=identity)
    message = api.say(conversation, author="bob").body
    clock.tick(seconds=10)
    ann = acting("ann")
    for path in ("Participants/bob", f"Messages/{message['sid']}"):
        before = api.get(f"/Conversations/{conversation}/{path}").body
        assert not_permitted(ann.post(f"/Conversations/{conversation}/{path}"))
        assert api.get(f"/Conversations/{conversation}/{path}").body == before
