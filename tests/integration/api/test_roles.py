"""Roles: what they may permit, and which cannot go."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from partyline.domain import sids
from partyline.domain.permissions import DEFAULT_ROLES, GRANTABLE, Permission, RoleType
from partyline.errors import Conflict
from partyline.storage import keys, services
from partyline.storage import roles as store
from partyline.storage.table import Table
from tests.support.api_harness import ACCOUNT, BASE, Api, Clock, P, Pairs, Racing
from tests.support.people import SERVICE, acting, another_service, role_named

GUEST = [("FriendlyName", "guest"), ("Type", "conversation"), ("Permission", "sendMessage")]


def roles(api: Api) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = api.get("/Roles").body["roles"]
    return listed


def test_a_new_role_has_every_documented_member(api: Api) -> None:
    form = [*GUEST, ("Permission", "leaveConversation"), ("Permission", "SENDMESSAGE"), ("Permission", "sendMessage")]
    made = api.made("/Roles", form)
    assert made == {
        "sid": made["sid"],
        "account_sid": ACCOUNT,
        "chat_service_sid": SERVICE,
        "friendly_name": "guest",
        "type": "conversation",
        "permissions": ["sendMessage", "leaveConversation"],
        "date_created": "2026-11-22T12:00:00Z",
        "date_updated": "2026-11-22T12:00:00Z",
        "url": f"{BASE}/v1/Roles/{made['sid']}",
    }
    assert sids.matches("RL", made["sid"])
    assert api.get(f"/Roles/{made['sid']}").body == made
    assert made in roles(api)


@pytest.mark.parametrize("kind", RoleType)
def test_a_role_can_have_everything_that_its_type_can(api: Api, kind: RoleType) -> None:
    everything = sorted(GRANTABLE[kind])
    form = [("FriendlyName", "x" * 64), ("Type", kind.upper()), *(("Permission", name) for name in everything)]
    made = api.made("/Roles", form)
    assert (made["type"], made["permissions"]) == (kind.value, everything)


NAME_TOO_LONG = "Friendly name too long: at most 64 characters"
TYPE_INVALID = "Invalid role type: use conversation or service"
REFUSED: list[tuple[Pairs, tuple[int, int], str]] = [
    (GUEST[1:], (400, 50000), "FriendlyName not provided"),
    ([("FriendlyName", ""), *GUEST[1:]], (400, 50000), "FriendlyName not provided"),
    ([("FriendlyName", "x" * 65), *GUEST[1:]], (400, 50003), NAME_TOO_LONG),
    ([GUEST[0], GUEST[2]], (400, 50105), TYPE_INVALID),
    ([GUEST[0], ("Type", ""), GUEST[2]], (400, 50105), TYPE_INVALID),
    ([GUEST[0], ("Type", "channel"), GUEST[2]], (400, 50105), TYPE_INVALID),
    (GUEST[:2], (400, 50104), "Permission not found: give at least one"),
]


@pytest.mark.parametrize(("form", "code", "message"), REFUSED)
def test_a_role_that_is_not_right_is_refused_and_not_made(
    api: Api, form: Pairs, code: tuple[int, int], message: str
) -> None:
    before = roles(api)
    assert api.post("/Roles", form).error == (*code, message)
    assert roles(api) == before


@pytest.mark.parametrize(
    ("kind", "permission"),
    [
        *((RoleType.CONVERSATION, name) for name in sorted(set(Permission) - GRANTABLE[RoleType.CONVERSATION])),
        *((RoleType.SERVICE, name) for name in sorted(set(Permission) - GRANTABLE[RoleType.SERVICE])),
        (RoleType.SERVICE, ""),
        (RoleType.CONVERSATION, "sendMessage "),
        (RoleType.CONVERSATION, "fly\0🦆" * 9000),
    ],
)
def test_a_permission_that_the_type_cannot_have_is_refused_by_name(api: Api, kind: RoleType, permission: str) -> None:
    before = roles(api)
    fitting = ("Permission", "addParticipant")
    reply = api.post("/Roles", [("FriendlyName", "x"), ("Type", kind), fitting, ("Permission", permission)])
    assert reply.error[:2] == (400, 50104)
    assert reply.body["details"]["permission"] == permission
    assert roles(api) == before
    path = f"/Roles/{role_named('channel user' if kind is RoleType.CONVERSATION else 'service user')}"
    assert api.post(path, [fitting, ("Permission", permission)]).error[:2] == (400, 50104)
    assert roles(api) == before


def test_an_update_replaces_what_a_role_permits(api: Api, clock: Clock) -> None:
    made = api.made("/Roles", [*GUEST, ("Permission", "leaveConversation")])
    clock.tick(minutes=1)
    form = [("Permission", "editOwnMessage"), ("FriendlyName", "ignored"), ("Type", "service")]
    after = api.post(f"/Roles/{made['sid']}", form).body
    assert after == {**made, "permissions": ["editOwnMessage"], "date_updated": "2026-11-22T12:01:00Z"}
    assert api.get(f"/Roles/{made['sid']}").body == after
    refused = api.post(f"/Roles/{made['sid']}", {"FriendlyName": "x"})
    assert refused.error == (400, 50104, "Permission not found: give at least one")
    assert api.get(f"/Roles/{made['sid']}").body == after


def test_a_service_starts_with_its_roles(api: Api) -> None:
    assert {(role["friendly_name"], role["type"], tuple(role["permissions"])) for role in roles(api)} == {
        (name, kind.value, tuple(granted)) for name, (kind, granted) in DEFAULT_ROLES.items()
    }


def test_roles_are_listed_by_sid_page_by_page(api: Api) -> None:
    for number in range(3):
        api.made("/Roles", [("FriendlyName", str(number)), *GUEST[1:]])
    page = api.get("/Roles", {"PageSize": "2"}).body
    assert page["meta"]["key"] == "roles"
    seen = [role["sid"] for role in page["roles"]]
    while page["meta"]["next_page_url"]:
        page = api.follow(page["meta"]["next_page_url"]).body
        seen += [role["sid"] for role in page["roles"]]
    assert seen == sorted(role["sid"] for role in roles(api))
    assert len(seen) == 10
    assert api.get("/Roles", {"PageSize": "1000"}).body["meta"]["page_size"] == 50


def test_a_role_in_use_cannot_be_deleted(api: Api) -> None:
    """A7: its holders would be free of its limits."""
    conversation, made = api.conversation(), api.made("/Roles", GUEST)["sid"]
    member = api.member(conversation, identity="ann", RoleSid=made)
    ann, place = acting(api, "ann"), f"/Conversations/{conversation}/Participants/ann"
    assert ann.delete(place).error[:2] == (403, 50107)
    refused = api.delete(f"/Roles/{made}")
    assert refused.error == (409, 20409, f"Role {made} is in use: give its holder another one first")
    assert refused.body["details"] == {
        "role_sid": made,
        "participant_sid": member,
        "conversation_sid": conversation,
    }
    assert ann.delete(place).error[:2] == (403, 50107)
    assert api.post(place, {"RoleSid": ""}).status == 200
    assert api.delete(f"/Roles/{made}").status == 204
    assert ann.delete(place).status == 204
    for reply in (api.get(f"/Roles/{made}"), api.delete(f"/Roles/{made}"), api.post(f"/Roles/{made}", GUEST)):
        assert reply.error == (404, 20404, f"The requested resource /Roles/{made} was not found")
    assert made not in [role["sid"] for role in roles(api)]


def test_a_role_is_free_when_who_had_it_is_gone(api: Api) -> None:
    """A7: users and members, by whatever way they lose it."""
    service = api.made("/Roles", [*GUEST[:1], ("Type", "service"), ("Permission", "editOwnUserInfo")])
    guest = api.made("/Roles", GUEST)["sid"]
    user = api.made("/Users", {"Identity": "ann", "RoleSid": service["sid"]})["sid"]
    path = f"/Roles/{service['sid']}"
    assert api.delete(path).body["details"] == {"role_sid": service["sid"], "user_sid": user}
    assert api.post("/Users/ann", {"FriendlyName": "Ann"}).status == 200
    assert api.delete(path).status == 409
    assert api.delete("/Users/ann").status == 204
    assert api.delete(path).status == 204
    conversation = api.conversation()
    own = api.member(conversation, identity="bob", projected=P, RoleSid=guest)
    assert api.delete(f"/Roles/{guest}").status == 409
    # Handed over: the role was the one's who had the number.
    assert api.post(f"/Conversations/{conversation}/Participants/{own}", {"Identity": "cat"}).status == 200
    api.member(conversation, identity="dan", RoleSid=guest)
    assert api.delete(f"/Roles/{guest}").status == 409
    # What is left of the conversation is deleted by and by.
    assert api.delete(f"/Conversations/{conversation}").status == 204
    assert api.delete(f"/Roles/{guest}").status == 204


def test_a_role_that_is_gone_all_the_same_permits_nothing(api: Api, table: Table) -> None:
    """A7: one that was given a moment before it went, or before roles in use were known."""
    conversation, made = api.conversation(), api.made("/Roles", GUEST)["sid"]
    api.member(conversation, identity="ann", RoleSid=made)
    table.delete_all([keys.role(SERVICE, made)])
    ann = acting(api, "ann")
    assert ann.delete(f"/Conversations/{conversation}/Participants/ann").error[:2] == (403, 50107)
    assert ann.post(f"/Conversations/{conversation}/Messages", {"Body": "x"}).error[:2] == (403, 50107)


@pytest.mark.parametrize("name", ["channel admin", "channel user", "service user"])
def test_a_default_of_the_service_cannot_be_deleted(api: Api, name: str) -> None:
    before = roles(api)
    sid = role_named(name)
    reply = api.delete(f"/Roles/{sid}")
    assert reply.error == (409, 20409, f"Role {sid} is a default of its Service: give the Service another one first")
    assert roles(api) == before
    assert api.delete(f"/Roles/{role_named('service admin')}").status == 204


def test_a_role_that_becomes_a_default_at_the_same_moment_is_not_deleted(api: Api, table: Table) -> None:
    made = api.made("/Roles", GUEST)["sid"]

    def adopt() -> None:
        service = services.fetch(table, SERVICE)
        assert service is not None
        services.update(table, service, replace(service, member_role_sid=made))

    racing = Api(replace(api.context, table=Racing(table, 1, "role", adopt)))
    assert racing.delete(f"/Roles/{made}").error[:2] == (409, 20409)
    assert made in store.fetch_many(table, SERVICE, [made])


def test_a_role_that_two_delete_at_once_is_deleted_once(api: Api, table: Table) -> None:
    made = api.made("/Roles", GUEST)["sid"]
    slower = Api(replace(api.context, table=Racing(table, 1, "role", lambda: api.delete(f"/Roles/{made}"))))
    missing = (404, 20404, f"The requested resource /Roles/{made} was not found")
    assert slower.delete(f"/Roles/{made}").error == missing


@pytest.mark.usefixtures("instant_retries")
def test_a_deletion_of_a_role_that_meets_another_write_is_tried_again(api: Api, table: Table) -> None:
    def underway() -> None:
        raise Conflict({})

    made = api.made("/Roles", GUEST)["sid"]
    busy = Api(replace(api.context, table=Racing(table, 3, "role", underway)))
    assert busy.delete(f"/Roles/{made}").status == 204
    assert api.get(f"/Roles/{made}").status == 404


def test_a_role_that_goes_at_the_same_moment_is_not_made_anew_by_an_update(api: Api, table: Table) -> None:
    made = api.made("/Roles", GUEST)["sid"]
    racing = Api(replace(api.context, table=Racing(table, 1, "role", lambda: api.delete(f"/Roles/{made}"))))
    assert racing.post(f"/Roles/{made}", GUEST).error[:2] == (404, 20404)
    assert api.get(f"/Roles/{made}").status == 404


def test_a_role_of_another_service_is_not_found_through_this_one(api: Api) -> None:
    mine = api.made("/Roles", GUEST)["sid"]
    other = another_service(api)
    theirs = api.get(f"/Services/{other}/Roles").body["roles"]
    assert {role["chat_service_sid"] for role in theirs} == {other}
    for path in (f"/Roles/{theirs[0]['sid']}", f"/Services/{other}/Roles/{mine}"):
        for reply in (api.get(path), api.post(path, GUEST), api.delete(path)):
            assert reply.error == (404, 20404, f"The requested resource {path} was not found")
    assert api.get(f"/Services/{other}/Roles").body["roles"] == theirs
    assert api.get(f"/Roles/{mine}").status == 200
    url = f"{BASE}/v1/Services/{other}/Roles/{theirs[0]['sid']}"
    assert api.follow(url).body == {**theirs[0], "url": url}


@pytest.mark.parametrize("name", ["x", "RL1", "IS", "%00", "%F0%9F%A6%86" * 900])
def test_what_is_no_sid_is_no_role(api: Api, name: str) -> None:
    assert api.get(f"/Roles/{name}").error[:2] == (404, 20404)
