"""Conversation Services: made, listed, deleted; what is in one is not seen through another."""

from __future__ import annotations

from dataclasses import replace

import pytest

from partyline.domain import sids
from partyline.errors import Conflict
from partyline.storage.table import Table
from tests.support.api_harness import ACCOUNT, BASE, A, Api, B, Clock, P, Racing
from tests.support.people import another_service

DEFAULT = sids.default_service(ACCOUNT)
NO_SUCH = "IS" + "1" * 32


def listed(api: Api) -> list[str]:
    return [service["sid"] for service in api.get("/Services").body["services"]]


def test_a_service_is_made_with_links_to_what_is_in_it(api: Api) -> None:
    service = api.made("/Services", {"FriendlyName": "Second"})
    url = f"{BASE}/v1/Services/{service['sid']}"
    assert service == {
        "sid": service["sid"],
        "account_sid": ACCOUNT,
        "friendly_name": "Second",
        "date_created": "2026-11-22T12:00:00Z",
        "date_updated": "2026-11-22T12:00:00Z",
        "url": url,
        "links": {
            "conversations": f"{url}/Conversations",
            "users": f"{url}/Users",
            "roles": f"{url}/Roles",
            "bindings": f"{url}/Bindings",
            "configuration": f"{url}/Configuration",
            "participant_conversations": f"{url}/ParticipantConversations",
            "conversation_with_participants": f"{url}/ConversationWithParticipants",
        },
    }
    assert api.get(f"/Services/{service['sid']}").body == service
    for name in ("conversations", "users", "roles", "bindings", "configuration"):
        assert api.follow(service["links"][name]).status == 200


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({}, (400, 50000, "FriendlyName not provided")),
        ({"FriendlyName": ""}, (400, 50000, "FriendlyName not provided")),
        ({"FriendlyName": "é" * 257}, (400, 50003, "Friendly name too long: at most 256 characters")),
    ],
)
def test_a_wrong_service_is_refused(api: Api, form: dict[str, str], error: tuple[int, int, str]) -> None:
    assert api.post("/Services", form).error == error
    assert listed(api) == [DEFAULT]


def test_services_are_listed_in_the_order_of_their_making_page_by_page_and_back(api: Api, clock: Clock) -> None:
    assert listed(api) == [DEFAULT]
    expected = [DEFAULT]
    for number in range(4):
        clock.tick(minutes=1)
        expected.append(another_service(api, f"Service {number}"))
    assert listed(api) == expected
    first = api.get("/Services", {"PageSize": "3"}).body
    second = api.follow(first["meta"]["next_page_url"]).body
    assert [service["sid"] for service in first["services"] + second["services"]] == expected
    assert api.follow(second["meta"]["previous_page_url"]).body["services"] == first["services"]
    assert api.get("/Services", {"PageSize": "101"}).body["meta"]["page_size"] == 100


@pytest.mark.parametrize("name", [NO_SUCH, "IS1", "é", "x" * 3000, "IS" + "g" * 32])
def test_a_service_that_is_not_there_is_not_found(api: Api, name: str) -> None:
    for reply in (api.get(f"/Services/{name}"), api.delete(f"/Services/{name}")):
        assert reply.error == (404, 20404, f"The requested resource /Services/{reply_path(name)} was not found")


def reply_path(name: str) -> str:
    """The name as a path shows it."""
    return "%C3%A9" if name == "é" else name


def test_a_service_has_no_update(api: Api) -> None:
    assert api.post(f"/Services/{another_service(api)}", {"FriendlyName": "x"}).status == 405


def test_a_deleted_service_is_out_of_reach_at_once_with_all_that_is_in_it(api: Api) -> None:
    service = another_service(api)
    within = f"/Services/{service}/Conversations"
    conversation = api.made(within, {"UniqueName": "elm"})["sid"]
    api.made(f"{within}/{conversation}/Participants", {"Identity": "ann"})
    assert api.delete(f"/Services/{service}").status == 204
    for path in (f"/Services/{service}", within, f"{within}/{conversation}", f"{within}/elm"):
        assert api.get(path).status == 404
    assert api.get(f"/Conversations/{conversation}").status == 404
    assert api.post(within).status == 404
    assert api.delete(f"/Services/{service}").status == 404
    assert listed(api) == [DEFAULT]


def test_the_accounts_default_service_stays(api: Api) -> None:
    service = another_service(api)
    for default in (DEFAULT, service):
        api.post("/Configuration", {"DefaultChatServiceSid": default})
        text = f"Service {default} is the account's default: make another one the default first"
        assert api.delete(f"/Services/{default}").error == (409, 20409, text)
        assert api.get(f"/Services/{default}").status == 200
    assert api.delete(f"/Services/{DEFAULT}").status == 204
    assert api.get("/Conversations").status == 200


def test_a_service_that_becomes_the_default_while_it_is_deleted_stays(api: Api, table: Table) -> None:
    service = another_service(api)
    racing = Racing(table, 1, "service", lambda: api.post("/Configuration", {"DefaultChatServiceSid": service}))
    assert Api(replace(api.context, table=racing)).delete(f"/Services/{service}").status == 409
    assert api.get("/Configuration").body["default_chat_service_sid"] == service
    assert api.get(f"/Services/{service}").status == 200


def test_a_service_that_two_delete_at_once_is_deleted_once(api: Api, table: Table) -> None:
    service = another_service(api)
    slower = Api(replace(api.context, table=Racing(table, 1, "service", lambda: api.delete(f"/Services/{service}"))))
    missing = (404, 20404, f"The requested resource /Services/{service} was not found")
    assert slower.delete(f"/Services/{service}").error == missing


@pytest.mark.usefixtures("instant_retries")
def test_a_deletion_that_meets_another_write_is_tried_again(api: Api, table: Table) -> None:
    def underway() -> None:
        raise Conflict({})

    service = another_service(api)
    busy = Api(replace(api.context, table=Racing(table, 3, "service", underway)))
    assert busy.delete(f"/Services/{service}").status == 204
    assert listed(api) == [DEFAULT]


def test_services_do_not_see_each_other_though_they_share_the_lines(api: Api) -> None:
    service = another_service(api)
    within = f"/Services/{service}/Conversations"
    inside = api.made(within, {"UniqueName": "elm"})["sid"]
    outside = api.conversation(UniqueName="elm")
    assert api.get("/Conversations/elm").body["sid"] == outside
    assert api.get(f"{within}/elm").body["sid"] == inside
    assert api.get(f"/Conversations/{inside}").status == 404
    assert api.get(f"{within}/{outside}").status == 404
    assert [one["sid"] for one in api.get(within).body["conversations"]] == [inside]
    # A set of people has one open conversation, whichever Service it is in.
    api.made(
        f"/Services/{service}/ConversationWithParticipants",
        [("Participant", text) for text in members(P, A, B)],
    )
    refused = api.post("/ConversationWithParticipants", [("Participant", text) for text in members(P, A, B)])
    assert (refused.status, refused.body["code"]) == (409, 50438)


def members(own: str, *natives: str) -> list[str]:
    agent = f'{{"identity": "agent", "messaging_binding": {{"projected_address": "{own}"}}}}'
    return [agent, *(f'{{"messaging_binding": {{"address": "{native}"}}}}' for native in natives)]
