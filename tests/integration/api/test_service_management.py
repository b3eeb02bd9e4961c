"""What people with `manageService` see and change: roles, people, and settings of their Service."""

from __future__ import annotations

from dataclasses import replace

import pytest

from partyline.domain import permissions
from partyline.domain.services import build_role
from partyline.storage import roles
from tests.support.api_harness import Api, Clock, Racing, Reply
from tests.support.people import SERVICE, acting, another_service, role_named, staff

SETTINGS = f"/Services/{SERVICE}/Configuration"


@pytest.fixture
def dana(api: Api) -> Api:
    """Somebody who manages the Service."""
    return staff(api, "dana", "manageService", "writeAsLine")


def lacks(reply: Reply) -> bool:
    return (reply.error[:2], reply.body["details"]) == ((403, 50107), {"missing": ["manageService"]})


def test_it_takes_the_permission(api: Api) -> None:
    eli = staff(api, "eli", "manageContacts", "manageLines", "writeAsLine", "editAnyUserInfo")
    api.made("/Users", {"Identity": "ann"})
    for method, path in (
        ("GET", "/Roles"),
        ("GET", f"/Roles/{role_named('inbox admin')}"),
        ("DELETE", "/Users/ann"),
        ("DELETE", "/Users/ann/Tokens"),
        ("POST", SETTINGS),
    ):
        assert lacks(eli.call(method, path)), path
    assert api.get("/Users/ann").status == 200


def test_roles_are_read_and_stay_the_accounts(api: Api, dana: Api) -> None:
    assert dana.get("/Roles").body["roles"] == api.get("/Roles").body["roles"]
    sid = role_named("inbox limited")
    assert dana.get(f"/Roles/{sid}").body == api.get(f"/Roles/{sid}").body
    for method, path in (("POST", "/Roles"), ("POST", f"/Roles/{sid}"), ("DELETE", f"/Roles/{sid}")):
        assert dana.call(method, path).error[:2] == (403, 50107)
    assert dana.get(f"/Roles/{role_named('inbox limited', another_service(api))}").status == 404


def test_a_person_is_removed_and_does_not_come_back_by_themselves(api: Api, dana: Api) -> None:
    ann = acting(api, "ann")
    assert ann.get("/Conversations").status == 200
    assert dana.delete("/Users/ann").status == 204
    assert ann.get("/Conversations").error[:2] == (403, 20403)
    assert dana.delete("/Users/ann").status == 404


def test_nobody_removes_themselves(api: Api, dana: Api) -> None:
    assert dana.delete("/Users/dana").error[:2] == (403, 50107)
    assert dana.get("/Roles").status == 200


def test_tokens_are_revoked(api: Api, dana: Api, clock: Clock) -> None:
    ann = acting(api, "ann")
    ann.get("/Conversations")
    clock.tick(seconds=2)
    assert dana.delete("/Users/ann/Tokens").status == 204
    assert ann.get("/Conversations").error[:2] == (401, 20104)
    clock.tick(seconds=2)
    assert acting(api, "ann").get("/Conversations").status == 200


def test_another_service_is_out_of_reach(api: Api, dana: Api) -> None:
    other = another_service(api)
    api.made(f"/Services/{other}/Users", {"Identity": "stranger"})
    for method, path in (("GET", "Roles"), ("DELETE", "Users/stranger"), ("POST", "Configuration")):
        assert dana.call(method, f"/Services/{other}/{path}").error[:2] == (403, 20403)
    assert dana.delete("/Users/stranger").status == 404
    assert api.get(f"/Services/{other}/Users/stranger").status == 200


def test_settings_that_concern_the_inbox_are_set(api: Api, dana: Api) -> None:
    changed = dana.post(SETTINGS, {"LockGroups": "true", "TextSearch": "on"}).body
    assert (changed["lock_groups"], changed["text_search"]) == (True, "on")
    assert api.get(SETTINGS).body == changed
    for parameter in (
        "ReachabilityEnabled",
        "DefaultInactiveTimer",
        "DefaultClosedTimer",
        "DefaultConversationCreatorRoleSid",
        "DefaultConversationRoleSid",
        "DefaultChatServiceRoleSid",
    ):
        assert dana.post(SETTINGS, {parameter: "", "LockGroups": "false"}).error[:2] == (403, 50107)
    assert api.get(SETTINGS).body == changed


def test_staff_read_the_settings(api: Api) -> None:
    assert staff(api, "eli", "writeAsLine").get(SETTINGS).body == api.get(SETTINGS).body
    assert acting(api, "guest").get(SETTINGS).error[:2] == (403, 50107)


# --- the roles of an earlier version


def earlier(api: Api) -> None:
    """Make the roles for staff those of a version without the permissions to manage lines and the Service."""
    table, now = api.context.table, api.context.clock()
    for name in permissions.INBOX_ROLES:
        role = build_role(SERVICE, name, now)
        less = tuple(one for one in role.permissions if one not in ("manageLines", "manageService"))
        assert roles.remove(table, role)
        roles.create(table, replace(role, permissions=less))


def add(api: Api, name: str = "inbox admin") -> bool:
    """Bring a role up to date; whether it may manage lines now."""
    table, now = api.context.table, api.context.clock()
    stored = roles.fetch_many(table, SERVICE, [role_named(name)])[role_named(name)]
    shipped = build_role(SERVICE, name, now)
    shown = roles.add_shipped_permissions(table, stored, shipped)
    assert roles.fetch_many(table, SERVICE, [shown.sid])[shown.sid] == shown
    return "manageLines" in shown.permissions


def test_a_role_of_ours_gets_what_a_new_version_permits_each_time(api: Api, clock: Clock) -> None:
    api.get("/Roles")
    earlier(api)
    clock.tick(days=1)
    assert [add(api), add(api), add(api, "inbox member")] == [True, True, False]
    stored = roles.fetch_many(api.context.table, SERVICE, [role_named("inbox admin")])[role_named("inbox admin")]
    assert stored.updated == stored.created


def test_a_role_that_the_account_has_changed_is_not_overwritten(api: Api, clock: Clock) -> None:
    api.get("/Roles")
    earlier(api)
    clock.tick(days=1)
    api.post(f"/Roles/{role_named('inbox admin')}", {"Permission": "writeAsLine"})
    assert not add(api)
    assert api.get(f"/Roles/{role_named('inbox admin')}").body["permissions"] == ["writeAsLine"]


def test_a_role_that_is_changed_at_the_same_moment_is_not_overwritten(api: Api, clock: Clock) -> None:
    api.get("/Roles")
    earlier(api)
    clock.tick(days=1)
    path = f"/Roles/{role_named('inbox admin')}"
    racing = Racing(api.context.table, 1, "role", lambda: api.post(path, {"Permission": "writeAsLine"}))
    stored = roles.fetch_many(api.context.table, SERVICE, [role_named("inbox admin")])[role_named("inbox admin")]
    shipped = build_role(SERVICE, "inbox admin", clock())
    assert roles.add_shipped_permissions(racing, stored, shipped) == stored
    assert api.get(path).body["permissions"] == ["writeAsLine"]
