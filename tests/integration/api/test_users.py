"""Users: the identities of a Service, what is known of them, and who may change it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from partyline.domain import sids
from partyline.errors import Conflict
from partyline.storage import services
from partyline.storage.table import Table
from tests.support.api_harness import ACCOUNT, BASE, Api, Clock, Racing
from tests.support.people import SERVICE, acting, administrator, another_service, role_named, staff


def users(api: Api) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = api.get("/Users").body["users"]
    return listed


def test_a_new_user_has_every_documented_member(api: Api) -> None:
    admin = role_named("service admin")
    made = api.made(
        "/Users", {"Identity": "Ann é/?", "FriendlyName": "Ann", "Attributes": '{ "duty": 1 }', "RoleSid": admin}
    )
    url = f"{BASE}/v1/Users/{made['sid']}"
    assert made == {
        "sid": sids.user(SERVICE, "Ann é/?"),
        "account_sid": ACCOUNT,
        "chat_service_sid": SERVICE,
        "role_sid": admin,
        "identity": "Ann é/?",
        "friendly_name": "Ann",
        "attributes": '{ "duty": 1 }',
        "is_online": None,
        "is_notifiable": None,
        "date_created": "2026-11-22T12:00:00Z",
        "date_updated": "2026-11-22T12:00:00Z",
        "url": url,
        "links": {"user_conversations": f"{url}/Conversations"},
    }
    for name in (made["sid"], "Ann%20%C3%A9%2F%3F"):
        assert api.get(f"/Users/{name}").body == made
    assert users(api) == [made]


def test_who_has_no_role_of_their_own_has_that_of_the_service(api: Api) -> None:
    made = api.made("/Users", {"Identity": "ann"})
    assert (made["role_sid"], made["friendly_name"], made["attributes"]) == (role_named("service user"), None, "{}")


def test_service_that_tracks_reachability_shows_no_user_as_reachable(api: Api, table: Table) -> None:
    api.made("/Users", {"Identity": "ann"})
    service = services.fetch(table, SERVICE)
    assert service is not None
    services.update(table, service, replace(service, reachability_enabled=True))
    found = api.get("/Users/ann").body
    assert (found["is_online"], found["is_notifiable"]) == (False, False)


ROLE_NOT_FOUND = "Role not found: this Service has no such role of the type service"
SETTINGS: list[tuple[dict[str, str], tuple[int, int, str]]] = [
    ({"FriendlyName": "x" * 257}, (400, 50003, "Friendly name too long: at most 256 characters")),
    ({"Attributes": '"' + "é" * 2048 + '"'}, (400, 50303, "Attributes too long: at most 4096 bytes")),
    ({"Attributes": "{"}, (400, 50304, "Attributes not valid JSON")),
    ({"RoleSid": "RL1"}, (400, 20001, "Invalid parameter RoleSid: it is not RL and 32 hexadecimal digits")),
    ({"RoleSid": "RL" + "b" * 32}, (400, 50100, ROLE_NOT_FOUND)),
    ({"RoleSid": role_named("channel admin")}, (400, 50100, ROLE_NOT_FOUND)),
]
IDENTITIES: list[tuple[dict[str, str], tuple[int, int, str]]] = [
    ({}, (400, 50204, "Identity not provided")),
    ({"Identity": ""}, (400, 50204, "Identity not provided")),
    ({"Identity": "x" * 257}, (400, 50207, "Identity too long: at most 256 bytes")),
    # A10: a key of the table is counted in bytes.
    ({"Identity": "🦆" * 65}, (400, 50207, "Identity too long: at most 256 bytes")),
    ({"Identity": "🦆" * 9000}, (400, 50207, "Identity too long: at most 256 bytes")),
    *(
        (
            {"Identity": f"a{odd}b"},
            (
                400,
                20001,
                "Invalid parameter Identity: it has control characters, or such that change its direction",
            ),
        )
        for odd in "\0\n\x7f\x9b\u202e\u2066\u200f\u061c\u2028"
    ),
    ({"Identity": "US" + "a" * 32}, (400, 50206, "Identity should not match user SID pattern")),
    ({"Identity": "system"}, (400, 50203, "Identity reserved")),
    ({"Identity": "System"}, (400, 50203, "Identity reserved")),
]


@pytest.mark.parametrize(
    ("form", "error"), [*IDENTITIES, *(({"Identity": "ann", **form}, error) for form, error in SETTINGS)]
)
def test_a_user_that_is_not_right_is_refused_and_not_made(
    api: Api, form: dict[str, str], error: tuple[int, int, str]
) -> None:
    assert api.post("/Users", form).error == error
    assert users(api) == []


@pytest.mark.parametrize(("form", "error"), SETTINGS)
def test_a_wrong_parameter_is_refused_at_an_update(api: Api, form: dict[str, str], error: tuple[int, int, str]) -> None:
    made = api.made("/Users", {"Identity": "ann"})
    assert api.post("/Users/ann", {"FriendlyName": "Ann", "Attributes": "[1]", **form}).error == error
    assert api.get("/Users/ann").body == made


@pytest.mark.parametrize(
    "identity", ["🦆" * 64, "x" * 256, "👩\u200d🚀", "null", "US", " ann", "../Roles", "%2F", "+12065550150"]
)
def test_any_other_text_is_an_identity(api: Api, identity: str) -> None:
    made = api.made("/Users", {"Identity": identity})
    assert made["identity"] == identity
    conversation = api.conversation()
    api.member(conversation, identity=identity)
    assert users(api) == [made]
    [found] = api.get(f"/Users/{made['sid']}/Conversations").body["conversations"]
    assert found["conversation_sid"] == conversation


def test_an_identity_is_one_user_in_exactly_these_letters(api: Api) -> None:
    made = api.made("/Users", {"Identity": "ann", "FriendlyName": "first"})
    reply = api.post("/Users", {"Identity": "ann", "FriendlyName": "second"})
    assert reply.error == (409, 50201, "User already exists")
    assert reply.body["details"] == {"identity": "ann", "user_sid": made["sid"]}
    assert users(api) == [made]
    assert api.made("/Users", {"Identity": "Ann"})["sid"] != made["sid"]


def test_of_two_who_make_a_user_at_once_one_is_refused(api: Api, table: Table) -> None:
    racing = Api(replace(api.context, table=Racing(table, 1, "user", lambda: api.made("/Users", {"Identity": "ann"}))))
    assert racing.post("/Users", {"Identity": "ann", "FriendlyName": "late"}).error[:2] == (409, 50201)
    assert [user["friendly_name"] for user in users(api)] == [None]


def test_changes_of_different_things_at_once_all_hold(api: Api, table: Table) -> None:
    api.made("/Users", {"Identity": "ann"})
    racing = Api(
        replace(api.context, table=Racing(table, 1, "user", lambda: api.post("/Users/ann", {"Attributes": "[1]"})))
    )
    assert racing.post("/Users/ann", {"FriendlyName": "Ann"}).status == 200
    after = api.get("/Users/ann").body
    assert (after["friendly_name"], after["attributes"]) == ("Ann", "[1]")


def test_a_user_that_goes_at_the_same_moment_is_not_made_anew(api: Api, table: Table) -> None:
    for method in ("POST", "DELETE"):
        api.made("/Users", {"Identity": "ann"})
        racing = Api(replace(api.context, table=Racing(table, 1, "user", lambda: api.delete("/Users/ann"))))
        reply = racing.call(method, "/Users/ann", form={"FriendlyName": "Ann"})
        assert reply.error == (404, 20404, "The requested resource /Users/ann was not found")
        assert users(api) == []


@pytest.mark.usefixtures("instant_retries")
def test_a_write_under_way_elsewhere_is_waited_for(api: Api, table: Table) -> None:
    def underway() -> None:
        raise Conflict({})

    racing = Api(replace(api.context, table=Racing(table, 1, "user", underway)))
    assert racing.post("/Users", {"Identity": "ann"}).status == 201


def test_an_update_changes_what_it_names_and_nothing_else(api: Api, clock: Clock) -> None:
    made = api.made("/Users", {"Identity": "ann", "FriendlyName": "a", "Attributes": "[1]"})
    clock.tick(minutes=1)
    after = api.post("/Users/ann", {"FriendlyName": "b", "Identity": "ignored"}).body
    assert after == {**made, "friendly_name": "b", "date_updated": "2026-11-22T12:01:00Z"}
    assert api.get("/Users/ann").body == after
    admin = role_named("service admin")
    assert api.post(f"/Users/{made['sid']}", {"FriendlyName": "", "RoleSid": admin, "Attributes": "{}"}).status == 200
    assert api.get("/Users/ann").body == {**after, "friendly_name": None, "role_sid": admin, "attributes": "{}"}


def test_users_are_listed_newest_first_page_by_page(api: Api, clock: Clock) -> None:
    made = []
    for number in range(7):
        made.append(api.made("/Users", {"Identity": f"user {number}"})["sid"])
        clock.tick(seconds=1)
    page = api.get("/Users", {"PageSize": "3"}).body
    assert page["meta"]["key"] == "users"
    seen = [user["sid"] for user in page["users"]]
    while page["meta"]["next_page_url"]:
        page = api.follow(page["meta"]["next_page_url"]).body
        seen += [user["sid"] for user in page["users"]]
    assert seen == made[::-1]
    assert api.get("/Users", {"PageSize": "1000"}).body["meta"]["page_size"] == 50


def test_a_deleted_user_is_gone_and_is_made_anew_by_joining(api: Api) -> None:
    sid = api.made("/Users", {"Identity": "ann", "FriendlyName": "Ann"})["sid"]
    assert api.delete("/Users/ann").status == 204
    for path in (f"/Users/{sid}", "/Users/ann"):
        for reply in (api.get(path), api.post(path), api.delete(path), api.get(f"{path}/Conversations")):
            assert reply.error[:2] == (404, 20404)
    assert users(api) == []
    api.member(api.conversation(), identity="ann")
    [again] = users(api)
    assert (again["sid"], again["friendly_name"]) == (sid, None)


@pytest.mark.parametrize("name", ["x", "US1", "US" + "a" * 32, "%00", "%F0%9F%A6%86" * 2000])
def test_who_is_not_there_is_not_found(api: Api, name: str) -> None:
    for path in (f"/Users/{name}", f"/Users/{name}/Conversations"):
        status, code, message = api.get(path).error
        assert (status, code, message.startswith("The requested resource /Users/")) == (404, 20404, True)


def test_a_user_of_another_service_is_not_found_through_this_one(api: Api) -> None:
    other = another_service(api)
    mine = api.made("/Users", {"Identity": "ann"})["sid"]
    theirs = api.made(f"/Services/{other}/Users", {"Identity": "ann", "FriendlyName": "another Ann"})
    assert (theirs["sid"] == mine, theirs["chat_service_sid"]) == (False, other)
    assert theirs["url"] == f"{BASE}/v1/Services/{other}/Users/{theirs['sid']}"
    for path in (f"/Users/{theirs['sid']}", f"/Services/{other}/Users/{mine}"):
        for reply in (api.get(path), api.post(path), api.delete(path), api.get(f"{path}/Conversations")):
            assert reply.error[:2] == (404, 20404)
    assert [user["sid"] for user in users(api)] == [mine]
    assert api.get(f"/Services/{other}/Users").body["users"] == [theirs]


# --- by chat identities


def test_a_person_sees_every_user_and_changes_themselves(api: Api) -> None:
    for identity in ("ann", "bob"):
        api.made("/Users", {"Identity": identity})
    ann = acting(api, "ann")
    assert ann.get("/Users/bob").body == api.get("/Users/bob").body
    after = ann.post("/Users/ann", {"FriendlyName": "Ann", "Attributes": "[1]"}).body
    assert (after["friendly_name"], after["attributes"]) == ("Ann", "[1]")
    before = users(api)
    for reply in (
        ann.post("/Users/bob", {"FriendlyName": "Bob"}),
        ann.post("/Users/ann", {"RoleSid": role_named("service admin"), "FriendlyName": "x"}),
        ann.post("/Users/ann", {"RoleSid": ""}),
        ann.delete("/Users/ann"),
        ann.get("/Users"),
        ann.post("/Users", {"Identity": "eve"}),
    ):
        assert reply.error[:2] == (403, 50107)
    assert users(api) == before


def test_staff_list_the_users_of_their_service(api: Api) -> None:
    other = another_service(api)
    api.made(f"/Services/{other}/Users", {"Identity": "stranger"})
    dana = staff(api, "dana", "writeAsLine", "viewAssignedConversations")
    api.made("/Users", {"Identity": "eli"})
    assert {one["identity"] for one in dana.get("/Users").body["users"]} == {"dana", "eli"}
    page = dana.get("/Users", {"PageSize": "1"}).body
    assert [len(page["users"]), len(dana.follow(page["meta"]["next_page_url"]).body["users"])] == [1, 1]
    assert dana.get(f"/Services/{other}/Users").error[:2] == (403, 20403)
    supervisor = staff(api, "sue", "viewAnyConversation").get("/Users")
    assert (supervisor.error[:2], supervisor.body["details"]) == ((403, 50107), {"missing": ["writeAsLine"]})


def test_who_may_not_change_themselves_is_refused(api: Api) -> None:
    form = [("FriendlyName", "guest"), ("Type", "service"), ("Permission", "createConversation")]
    guest = api.made("/Roles", form)["sid"]
    made = api.made("/Users", {"Identity": "ann", "RoleSid": guest})
    reply = acting(api, "ann").post("/Users/ann", {"FriendlyName": "Ann"})
    assert reply.error[:2] == (403, 50107)
    assert reply.body["details"] == {"missing": ["editOwnUserInfo"]}
    assert api.get("/Users/ann").body == made


def test_an_administrator_changes_others_but_gives_no_roles(api: Api) -> None:
    boss = administrator(api)
    api.made("/Users", {"Identity": "ann"})
    assert boss.post("/Users/ann", {"FriendlyName": "Ann"}).body["friendly_name"] == "Ann"
    assert boss.post("/Users/ann", {"RoleSid": role_named("service admin")}).error[:2] == (403, 50107)
    assert api.get("/Users/ann").body["role_sid"] == role_named("service user")


# --- barred, and revoked


def test_a_deleted_users_identity_is_barred_until_the_account_makes_it_anew(api: Api, clock: Clock) -> None:
    """A7: a token, also a new one, does not bring back a user that the account deleted."""
    api.made("/Users", {"Identity": "ann"})
    ann = acting(api, "ann")
    assert ann.get("/Users/ann").status == 200
    assert api.delete("/Users/ann").status == 204
    clock.tick(seconds=1)
    barred = "Forbidden: its user was deleted: it may come back when the account makes it anew"
    for person in (ann, acting(api, "ann")):
        assert person.post("/Conversations").error == (403, 20403, barred)
    assert users(api) == []
    api.made("/Users", {"Identity": "ann"})
    # The tokens from before stay worthless.
    assert ann.post("/Conversations").error[:2] == (401, 20104)
    assert acting(api, "ann").post("/Conversations").status == 201


def test_others_do_not_bring_back_who_was_deleted_and_the_account_does(api: Api, clock: Clock) -> None:
    """A7: over REST by the account, joining makes it anew."""
    boss = administrator(api)
    for identity in ("ann", "bob"):
        api.made("/Users", {"Identity": identity})
    conversation = boss.made("/Conversations")["sid"]
    assert api.delete("/Users/ann").status == 204
    clock.tick(seconds=1)
    assert boss.add(conversation, identity="ann").error[:2] == (403, 20403)
    people = [("Participant", json.dumps({"identity": "ann"}))]
    assert boss.post("/ConversationWithParticipants", people).error[:2] == (403, 20403)
    assert boss.add(conversation, identity="bob").status == 201
    assert boss.add(conversation, identity="nobody before").status == 201
    assert users_named(api) == {"boss", "bob", "nobody before"}
    api.member(conversation, identity="ann")
    assert acting(api, "ann").get(f"/Conversations/{conversation}").status == 200
    assert boss.delete(f"/Conversations/{conversation}/Participants/ann").status == 204
    assert boss.add(conversation, identity="ann").status == 201


@pytest.mark.parametrize("how", ["adds", "with participants"])
def test_who_is_brought_in_at_the_moment_of_their_deletion_does_not_come_back(api: Api, table: Table, how: str) -> None:
    """A7."""
    boss = administrator(api)
    conversation = boss.conversation()
    api.made("/Users", {"Identity": "ann"})
    racing = replace(
        boss, context=replace(api.context, table=Racing(table, 1, "user", lambda: api.delete("/Users/ann")))
    )
    if how == "adds":
        answer = racing.add(conversation, identity="ann")
        assert answer.error[:2] == (403, 20403)
    else:
        answer = racing.post("/ConversationWithParticipants", [("Participant", json.dumps({"identity": "ann"}))])
        assert answer.status == 409
    assert users_named(api) == {"boss"}


@pytest.mark.parametrize("how", ["conversation", "with participants", "joins"])
def test_who_joins_at_the_moment_of_their_deletion_does_not_come_back(api: Api, table: Table, how: str) -> None:
    """A7. Else it would be enough to ask again and again."""
    boss = administrator(api)
    conversation = api.conversation()
    racing = replace(
        boss, context=replace(api.context, table=Racing(table, 1, "user", lambda: api.delete("/Users/boss")))
    )
    match how:
        case "conversation":
            answer = racing.post("/Conversations")
        case "with participants":
            answer = racing.post("/ConversationWithParticipants", [("Participant", json.dumps({"identity": "boss"}))])
        case _:
            answer = racing.add(conversation, identity="boss")
    assert answer.status == 409
    assert users_named(api) == set()
    assert boss.post("/Conversations").error[:2] == (403, 20403)


def users_named(api: Api) -> set[str]:
    return {user["identity"] for user in users(api)}


def test_the_tokens_of_an_identity_are_revoked(api: Api, clock: Clock) -> None:
    """A7."""
    for identity in ("ann", "bob"):
        api.made("/Users", {"Identity": identity})
    ann, bob = acting(api, "ann"), acting(api, "bob")
    assert ann.delete("/Users/ann/Tokens").error[:2] == (403, 50107)
    clock.tick(seconds=10)
    assert api.delete("/Users/ann/Tokens").status == 204
    revoked = (401, 20104, "Access token expired or expiration date invalid")
    refused = ann.get("/Users/ann")
    assert (refused.status, refused.body["code"], refused.body["message"]) == revoked
    # As Twilio's SDKs say when a token was made, and one that does not say it.
    for made, taken in ((9, False), (10, False), (11, True)):
        moment = int(clock().timestamp()) - 10 + made
        named = acting(api, "ann", iat=None, jti=f"SK1-{moment}")
        assert (named.get("/Users/ann").status == 200) is taken, made
    unknown: list[dict[str, Any]] = [
        {"jti": None},
        {"jti": "SK1"},
        {"jti": 5},
        {"jti": "SK1-" + "9" * 400},
        {"iat": 10**400},
    ]
    for claims in unknown:
        assert acting(api, "ann", service=SERVICE, **{"iat": None, **claims}).get("/Users/ann").status == 401
    clock.tick(seconds=1)
    assert acting(api, "ann").get("/Users/ann").status == 200
    assert bob.get("/Users/bob").status == 200
    assert api.delete("/Users/nobody/Tokens").error[:2] == (404, 20404)


def test_a_user_that_goes_while_its_tokens_are_revoked_stays_barred(api: Api, table: Table, clock: Clock) -> None:
    """A7."""
    api.made("/Users", {"Identity": "ann"})
    racing = Api(replace(api.context, table=Racing(table, 1, "user", lambda: api.delete("/Users/ann"))))
    assert racing.delete("/Users/ann/Tokens").error[:2] == (404, 20404)
    clock.tick(seconds=1)
    assert acting(api, "ann").get("/Users/ann").error[:2] == (403, 20403)
