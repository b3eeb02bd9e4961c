"""Access of staff: what limited users see and start, locked groups, done and reopen, and who sees what."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

import pytest

from partyline.domain import permissions
from tests.support import people
from tests.support.api_harness import A, Api, B, C, P, Reply
from tests.support.people import SERVICE, another_service, role_named

As = Callable[..., Api]
LIMITED, MEMBER = role_named(permissions.INBOX_LIMITED), role_named(permissions.INBOX_MEMBER)


@pytest.fixture
def ben(api: Api) -> Api:
    """A user who sees only what is assigned to them."""
    api.made("/Users", {"Identity": "ben", "RoleSid": LIMITED})
    return people.acting(api, "ben")


@pytest.fixture
def ann(api: Api) -> Api:
    """A user who sees everything."""
    api.made("/Users", {"Identity": "ann", "RoleSid": MEMBER})
    return people.acting(api, "ann")


def contact(api: Api, number: str, owner: str | None = "ben", **more: str) -> str:
    form = {"FriendlyName": "Kay", "Numbers": json.dumps([{"number": number}]), "Owner": owner or "", **more}
    return str(api.made("/Contacts", form)["sid"])


def with_participants(who: Api, *members: Mapping[str, object]) -> Reply:
    return who.post("/ConversationWithParticipants", [("Participant", json.dumps(one)) for one in members])


def group_of(own: str, *handsets: str) -> list[Mapping[str, object]]:
    return [
        {"messaging_binding": {"projected_address": own}},
        *({"messaging_binding": {"address": a}} for a in handsets),
    ]


def not_permitted(reply: Reply, reason: str = "") -> bool:
    return reply.error[:2] == (403, 50107) and reason in json.dumps(reply.body)


# --- what a limited user sees


def test_a_limited_user_sees_a_conversation_while_they_own_a_contact_in_it(api: Api, ben: Api) -> None:
    theirs, others = api.group(A, B), api.group(C, own=P)
    kay = contact(api, B)
    message = api.made(f"/Conversations/{theirs}/Messages", {"Body": "hello", "Author": "agent"})["sid"]
    for path in ("", "/Participants", "/Messages", f"/Messages/{message}", "/Export"):
        assert ben.get(f"/Conversations/{theirs}{path}").status == 200
        assert ben.get(f"/Conversations/{others}{path}").error[:2] == (404, 20404)
    api.post(f"/Contacts/{kay}", {"Owner": "ann"})
    assert ben.get(f"/Conversations/{theirs}").error[:2] == (404, 20404)


@pytest.mark.parametrize("change", ["deleted", "number given away", "participant removed", "role"])
def test_a_limited_user_sees_nothing_that_is_not_assigned_any_more(api: Api, ben: Api, change: str) -> None:
    conversation = api.group(A, B)
    kay = contact(api, B)
    assert ben.get(f"/Conversations/{conversation}").status == 200
    if change == "deleted":
        api.delete(f"/Contacts/{kay}")
    elif change == "number given away":
        api.post(f"/Contacts/{kay}", {"Numbers": json.dumps([{"number": C}])})
    elif change == "participant removed":
        listed = api.get(f"/Conversations/{conversation}/Participants").body["participants"]
        [sid] = [one["sid"] for one in listed if (one["messaging_binding"] or {}).get("address") == B]
        api.delete(f"/Conversations/{conversation}/Participants/{sid}")
    else:
        api.post("/Users/ben", {"RoleSid": role_named(permissions.SERVICE_USER)})
    assert ben.get(f"/Conversations/{conversation}").error[:2] == (404, 20404)


def test_a_contact_of_another_service_shows_nothing(api: Api, ben: Api) -> None:
    conversation, other = api.group(A), another_service(api)
    api.made(
        f"/Services/{other}/Contacts", {"FriendlyName": "Kay", "Numbers": json.dumps([{"number": A}]), "Owner": "ben"}
    )
    assert ben.get(f"/Conversations/{conversation}").error[:2] == (404, 20404)


def test_an_owner_without_the_permission_sees_nothing(api: Api) -> None:
    conversation = api.group(A)
    contact(api, A, "carl")
    carl = people.acting(api, "carl")
    assert carl.get(f"/Conversations/{conversation}").error[:2] == (404, 20404)


# --- what a limited user starts


def test_a_limited_user_creates_groups_of_their_own_contacts_only(api: Api, ben: Api) -> None:
    contact(api, A)
    contact(api, B, "ann")
    refused = with_participants(ben, *group_of(P, A, B))
    assert not_permitted(refused, "is no number of a contact that is assigned to you")
    assert refused.body["details"] == refused.body["details"] | {"address": B, "participant": 3}
    assert not_permitted(with_participants(ben, *group_of(P, A, C)))
    assert api.get("/Conversations").body["conversations"] == []
    contact(api, C)
    made = with_participants(ben, *group_of(P, A, C))
    assert made.status == 202
    assert ben.get(f"/Conversations/{made.body['sid']}").status == 200


def test_a_limited_user_previews_texts_to_their_own_contacts_only(api: Api, ben: Api) -> None:
    contact(api, A)
    contact(api, B, "ann", DoNotDisturb="true")
    api.post(f"/Lines/{P}", {"Users": "ben"})
    form = [("Author", P), ("Address", A), ("Body", "hello")]
    assert ben.post("/Preview", form).body["problems"] == []
    for stranger in (B, C):
        refused = ben.post("/Preview", [*form, ("Address", stranger)])
        assert not_permitted(refused, "is no number of a contact that is assigned to you")
        assert "do_not_disturb" not in str(refused.body)


def test_who_sees_everything_creates_groups_of_anybody(api: Api, ann: Api) -> None:
    assert with_participants(ann, *group_of(P, A, B)).status == 202


def test_who_writes_as_the_line_is_no_member_of_the_group_they_create(api: Api, ann: Api) -> None:
    made = with_participants(ann, *group_of(P, A, B)).body["sid"]
    members = ann.get(f"/Conversations/{made}/Participants").body["participants"]
    assert [one["identity"] for one in members] == [None, None, None]
    named = with_participants(
        ann, {"identity": "ann", "messaging_binding": {"projected_address": P}}, *group_of(P, A)[1:]
    )
    members = ann.get(f"/Conversations/{named.body['sid']}/Participants").body["participants"]
    assert [one["identity"] for one in members] == ["ann", None]


# --- locked groups


@pytest.fixture
def locked(api: Api) -> str:
    configured = api.post(f"/Services/{SERVICE}/Configuration", {"LockGroups": "true"})
    assert configured.body["lock_groups"] is True
    return api.group(A, B)


def test_a_service_locks_no_groups_at_first(api: Api) -> None:
    assert api.get(f"/Services/{SERVICE}/Configuration").body["lock_groups"] is False


def test_users_cannot_change_who_is_in_a_locked_group(api: Api, locked: str) -> None:
    boss = people.administrator(api)
    members = api.get(f"/Conversations/{locked}/Participants").body["participants"]
    reason = "the members of a group are locked"
    assert not_permitted(boss.post(f"/Conversations/{locked}/Participants", {"MessagingBinding.Address": C}), reason)
    for one in members:
        assert not_permitted(boss.delete(f"/Conversations/{locked}/Participants/{one['sid']}"), reason)
    assert api.get(f"/Conversations/{locked}/Participants").body["participants"] == members


def test_people_of_the_app_and_the_account_are_not_locked_out(api: Api, locked: str) -> None:
    assert api.post(f"/Conversations/{locked}/Participants", {"MessagingBinding.Address": C}).status == 201
    boss, chat = people.administrator(api), api.conversation()
    assert boss.post(f"/Conversations/{chat}/Participants", {"Identity": "carl"}).status == 201
    assert boss.delete(f"/Conversations/{chat}/Participants/carl").status == 204


# --- done and reopen


def test_users_with_the_permission_set_a_conversation_aside_and_reopen_it(api: Api, ann: Api, ben: Api) -> None:
    conversation = api.group(A)
    contact(api, A)
    for who, state in ((ann, "inactive"), (ben, "active")):
        assert who.post(f"/Conversations/{conversation}", {"State": state}).body["state"] == state


@pytest.mark.parametrize("state", ["closed", "CLOSED"])
def test_users_close_nothing(api: Api, ann: Api, state: str) -> None:
    conversation = api.group(A)
    assert not_permitted(ann.post(f"/Conversations/{conversation}", {"State": state}), "the account's own credentials")
    assert api.get(f"/Conversations/{conversation}").body["state"] == "active"


def test_a_user_without_the_permission_sets_no_state(api: Api) -> None:
    conversation = api.conversation()
    api.member(conversation, identity="carl")
    carl = people.acting(api, "carl")
    assert not_permitted(carl.post(f"/Conversations/{conversation}", {"State": "inactive"}), "setConversationState")
    assert not_permitted(carl.post("/Conversations", {"State": "inactive"}))


# --- who sees this, and why


def test_viewers_shows_who_sees_a_conversation_and_why(api: Api, ann: Api, ben: Api) -> None:
    conversation = api.group(A, B)
    members = api.get(f"/Conversations/{conversation}/Participants").body["participants"]
    [agent] = [one for one in members if one["identity"]]
    kay, lee = contact(api, A), contact(api, B, "carl")
    api.made("/Users", {"Identity": "carl"})
    body = ann.get(f"/Conversations/{conversation}/Viewers", {"Identity": "ann"}).body
    service_user = role_named(permissions.SERVICE_USER)
    shown = {one.pop("identity"): one for one in body["viewers"]}
    assert shown == {
        "ann": {"sees": True, "reasons": [{"kind": "role", "sid": MEMBER}], "role_sid": MEMBER, "missing": []},
        "ben": {"sees": True, "reasons": [{"kind": "contact", "sid": kay}], "role_sid": LIMITED, "missing": []},
        "carl": {
            "sees": False,
            "reasons": [{"kind": "contact", "sid": lee}],
            "role_sid": service_user,
            "missing": ["viewAssignedConversations"],
        },
        "agent": {
            "sees": True,
            "reasons": [{"kind": "member", "sid": agent["sid"]}],
            "role_sid": service_user,
            "missing": [],
        },
    }
    assert {role["friendly_name"] for role in body["roles"]} == {"service admin", "inbox admin", "inbox member"}
    assert body["conversation_sid"] == conversation


def test_viewers_is_for_those_who_see_everything(api: Api, ben: Api) -> None:
    conversation = api.group(A)
    contact(api, A)
    assert not_permitted(ben.get(f"/Conversations/{conversation}/Viewers"), "viewAnyConversation")
    assert api.get(f"/Conversations/{conversation}/Viewers").status == 200


def test_viewers_shows_an_unknown_identity_as_seeing_nothing(api: Api) -> None:
    conversation = api.conversation()
    [shown] = api.get(f"/Conversations/{conversation}/Viewers", {"Identity": "nemo"}).body["viewers"]
    assert shown == {"identity": "nemo", "sees": False, "reasons": [], "role_sid": None, "missing": []}


# --- the roles


def test_a_new_service_has_the_roles_of_staff(api: Api) -> None:
    service = another_service(api)
    listed = api.get(f"/Services/{service}/Roles").body["roles"]
    assert {one["friendly_name"] for one in listed} >= set(permissions.INBOX_ROLES)
