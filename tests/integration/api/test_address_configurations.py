"""Address configurations: Twilio's view of a line's autocreation."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from partyline.storage import keys, lines
from partyline.storage.table import Table, put
from tests.support.api_harness import ACCOUNT, BASE, Api, Clock, P, Pairs, Q, Racing, T, W

HOOK, FLOW, NO_SUCH = "https://example.com/hook", "FW" + "a" * 32, "IG" + "1" * 32
ADDRESSES = "/Configuration/Addresses"


def configured(api: Api, address: str = P, **form: str) -> dict[str, Any]:
    return api.made(ADDRESSES, {"Type": "sms", "Address": address, **dotted(form)})


def dotted(form: dict[str, str]) -> dict[str, str]:
    """Names with an underscore are AutoCreation's own: auto_Enabled is AutoCreation.Enabled."""
    return {name.replace("auto_", "AutoCreation."): value for name, value in form.items()}


def change(api: Api, name: str, **form: str) -> dict[str, Any]:
    reply = api.post(f"{ADDRESSES}/{name}", dotted(form))
    assert reply.status == 200, reply.body
    body: dict[str, Any] = reply.body
    return body


def listed(api: Api) -> list[str]:
    return [one["address"] for one in api.get(ADDRESSES).body["address_configurations"]]


def line(api: Api, address: str = P) -> str:
    """For what the line makes conversations."""
    return str(api.get(f"/Lines/{address}").body["auto_creation"])


def test_a_configuration_is_made_read_changed_and_deleted(api: Api, clock: Clock) -> None:
    api.post(f"/Lines/{P}", {"AutoCreation": "off"})
    made = configured(api, "206-555-0100", FriendlyName="Front desk", AddressCountry="us", auto_Enabled="TRUE")
    assert made == {
        "sid": made["sid"],
        "account_sid": ACCOUNT,
        "type": "sms",
        "address": P,
        "friendly_name": "Front desk",
        "address_country": "US",
        "auto_creation": {"enabled": True, "type": "default"},
        "date_created": "2026-11-22T12:00:00Z",
        "date_updated": "2026-11-22T12:00:00Z",
        "url": f"{BASE}/v1/Configuration/Addresses/{made['sid']}",
    }
    for name in (made["sid"], P, "%2B12065550100", "12065550100"):
        assert api.get(f"{ADDRESSES}/{name}").body == made
    clock.tick(hours=1)
    changed = change(api, P, FriendlyName="", auto_Enabled="false")
    assert changed == {
        **made,
        "friendly_name": None,
        "auto_creation": {"enabled": False, "type": "default"},
        "date_updated": "2026-11-22T13:00:00Z",
    }
    assert api.get(f"{ADDRESSES}/{made['sid']}").body == changed
    assert api.delete(f"{ADDRESSES}/{made['sid']}").status == 204
    for name in (made["sid"], P):
        for reply in (
            api.get(f"{ADDRESSES}/{name}"),
            api.delete(f"{ADDRESSES}/{name}"),
            api.post(f"{ADDRESSES}/{name}"),
        ):
            assert reply.status == 404
    assert listed(api) == []
    assert api.get(f"/Lines/{P}").status == 200


def test_a_type_shows_what_it_uses_and_forgets_the_rest(api: Api) -> None:
    service = api.made("/Services", {"FriendlyName": "Second"})["sid"]
    webhook = api.made(
        ADDRESSES,
        [
            *(("Type", "SMS"), ("Address", T), ("AutoCreation.Type", "WebHook"), ("AutoCreation.WebhookUrl", HOOK)),
            *(("AutoCreation.WebhookMethod", "get"), ("AutoCreation.ConversationServiceSid", service)),
            *(("AutoCreation.WebhookFilters", event) for event in ("onMessageAdded", "onParticipantAdded")),
        ],
    )
    assert webhook["auto_creation"] == {
        "enabled": True,
        "groups_only": True,
        "type": "webhook",
        "conversation_service_sid": service,
        "webhook_url": HOOK,
        "webhook_method": "GET",
        "webhook_filters": ["onMessageAdded", "onParticipantAdded"],
    }
    studio = change(api, T, auto_Type="studio", auto_StudioFlowSid=FLOW, auto_StudioRetryCount="3")
    assert studio["auto_creation"] == {
        "enabled": True,
        "groups_only": True,
        "type": "studio",
        "conversation_service_sid": service,
        "studio_flow_sid": FLOW,
        "studio_retry_count": 3,
    }
    default = change(api, T, auto_Type="default", auto_ConversationServiceSid="")
    assert default["auto_creation"] == {"enabled": True, "groups_only": True, "type": "default"}
    assert api.post(f"{ADDRESSES}/{T}", {"AutoCreation.Type": "webhook"}).status == 400
    again = change(api, T, auto_Type="webhook", auto_WebhookUrl=HOOK)
    assert (again["auto_creation"]["webhook_method"], again["auto_creation"]["webhook_filters"]) == ("POST", [])


@pytest.mark.parametrize(
    ("before", "form", "after", "shown"),
    [
        ("off", {}, "off", (False, None)),
        ("off", {"auto_Enabled": "true"}, "all", (True, None)),
        ("off", {"auto_Enabled": "true", "auto_GroupsOnly": "true"}, "groups", (True, True)),
        ("off", {"auto_GroupsOnly": "true"}, "off", (False, None)),
        ("groups", {}, "groups", (True, True)),
        # U5: what Twilio's Enabled means, whatever the line was registered with.
        ("groups", {"auto_Enabled": "true"}, "all", (True, None)),
        ("groups", {"auto_Enabled": "true", "auto_GroupsOnly": "true"}, "groups", (True, True)),
        ("groups", {"auto_GroupsOnly": "false"}, "all", (True, None)),
        ("groups", {"auto_Enabled": "false"}, "off", (False, None)),
        ("all", {}, "all", (True, None)),
        ("all", {"auto_GroupsOnly": "true"}, "groups", (True, True)),
    ],
)
def test_what_a_form_does_not_say_of_autocreation_stays_as_the_line_has_it(
    api: Api, before: str, form: dict[str, str], after: str, shown: tuple[bool, bool | None]
) -> None:
    api.post(f"/Lines/{P}", {"AutoCreation": before})
    configured(api, Q)
    api.post(f"/Lines/{Q}", {"AutoCreation": before})
    for auto_creation in (configured(api, P, **form)["auto_creation"], change(api, Q, **form)["auto_creation"]):
        assert (auto_creation["enabled"], auto_creation.get("groups_only")) == shown
    assert (line(api, P), line(api, Q)) == (after, after)


def test_groups_only_holds_until_another_is_given(api: Api) -> None:
    """U5: a client that knows Twilio's parameters only does not undo it, nor is it bound by what lines say."""
    configured(api, P, auto_Enabled="true", auto_GroupsOnly="true")
    for form, expected in (
        ({"auto_Enabled": "true"}, "groups"),
        ({"auto_Enabled": "false"}, "off"),
        ({"auto_Enabled": "true"}, "groups"),
        ({"auto_Enabled": "true", "auto_GroupsOnly": "false"}, "all"),
        ({"auto_Enabled": "true"}, "all"),
    ):
        change(api, P, **form)
        assert line(api) == expected
    change(api, P, auto_GroupsOnly="true")
    api.post(f"/Lines/{P}", {"AutoCreation": "all"})
    change(api, P, auto_Enabled="true")
    assert line(api) == "all"


def test_configuration_from_before_groups_were_stored_stays_unchanged(api: Api, table: Table) -> None:
    configured(api, P, auto_Enabled="true", auto_GroupsOnly="true")
    item = table.get(keys.line(P))
    assert item and item["configuration"].pop("groups_only") is True
    table.write(put("line", keys.line(P), item))
    change(api, P, auto_Enabled="true")
    assert line(api) == "groups"


def test_the_line_and_its_configuration_set_one_switch(api: Api) -> None:
    sid = configured(api)["sid"]
    api.post(f"/Lines/{P}", {"AutoCreation": "off", "FriendlyName": "Front desk"})
    assert api.get(f"{ADDRESSES}/{sid}").body["auto_creation"]["enabled"] is False
    change(api, sid, auto_Enabled="true")
    assert line(api) == "all"
    assert api.get(f"/Lines/{P}").body["friendly_name"] == "Front desk"
    assert api.delete(f"{ADDRESSES}/{sid}").status == 204
    assert line(api) == "off"


CREATED = {"Type": "sms", "Address": P}
SMS_ONLY = (400, 20001, "Invalid parameter Type: use sms, the only channel here")
NO_LINE = (
    400,
    20001,
    "Invalid parameter Address: it is not one of your lines; register it first: POST /v1/Lines",
)
BAD_URL = (400, 20001, "Invalid parameter AutoCreation.WebhookUrl: it is not an absolute http or https URL")
LONG_URL = (400, 20001, "Invalid parameter AutoCreation.WebhookUrl: it is longer than 512 characters")
NEEDS_URL = (400, 20001, "Invalid parameter AutoCreation.WebhookUrl: the type webhook needs one")
NEEDS_FLOW = (400, 20001, "Invalid parameter AutoCreation.StudioFlowSid: the type studio needs one")
WRONG: list[tuple[dict[str, str], tuple[int, int, str]]] = [
    (
        {"AutoCreation.Type": "pigeon"},
        (400, 20001, "Invalid parameter AutoCreation.Type: use default, webhook, studio"),
    ),
    ({"AutoCreation.Enabled": "yes"}, (400, 20001, "Invalid parameter AutoCreation.Enabled: use true or false")),
    ({"AutoCreation.GroupsOnly": "1"}, (400, 20001, "Invalid parameter AutoCreation.GroupsOnly: use true or false")),
    ({"FriendlyName": "x" * 257}, (400, 20001, "Invalid parameter FriendlyName: it is longer than 256 characters")),
    (
        {"AutoCreation.ConversationServiceSid": "IS1"},
        (400, 20001, "Invalid parameter AutoCreation.ConversationServiceSid: it is not IS and 32 hexadecimal digits"),
    ),
    ({"AutoCreation.ConversationServiceSid": "IS" + "1" * 32}, (400, 50050, "Service Instance not found")),
    ({"AutoCreation.Type": "webhook"}, NEEDS_URL),
    ({"AutoCreation.Type": "webhook", "AutoCreation.WebhookUrl": ""}, NEEDS_URL),
    ({"AutoCreation.WebhookUrl": "ftp://example.com"}, BAD_URL),
    ({"AutoCreation.WebhookUrl": "https://example.com/" + "x" * 500}, LONG_URL),
    ({"AutoCreation.WebhookMethod": "put"}, (400, 50055, "Invalid webhook method: use get or post")),
    ({"AutoCreation.Type": "studio"}, NEEDS_FLOW),
    ({"AutoCreation.Type": "studio", "AutoCreation.StudioFlowSid": ""}, NEEDS_FLOW),
    (
        {"AutoCreation.StudioFlowSid": "FW1"},
        (400, 20001, "Invalid parameter AutoCreation.StudioFlowSid: it is not FW and 32 hexadecimal digits"),
    ),
    (
        {"AutoCreation.StudioRetryCount": "4"},
        (400, 20001, "Invalid parameter AutoCreation.StudioRetryCount: it is more than 3"),
    ),
    (
        {"AutoCreation.StudioRetryCount": "-1"},
        (400, 20001, "Invalid parameter AutoCreation.StudioRetryCount: it is not a whole number of at least 0"),
    ),
]
ON_CREATION: list[tuple[dict[str, str], tuple[int, int, str]]] = [
    ({"Type": ""}, SMS_ONLY),
    *(({"Type": kind}, SMS_ONLY) for kind in ("whatsapp", "messenger", "gbm", "email", "rcs", "apple", "chat")),
    ({"Address": "+12065550199"}, NO_LINE),
    ({"Address": ""}, NO_LINE),
    ({"Address": "x" * 3000}, NO_LINE),
    (
        {"AddressCountry": "USA"},
        (400, 20001, "Invalid parameter AddressCountry: it is not two letters of ISO 3166"),
    ),
]


@pytest.mark.parametrize(("form", "error"), [*WRONG, *ON_CREATION])
def test_a_wrong_configuration_is_refused_and_changes_nothing(
    api: Api, form: dict[str, str], error: tuple[int, int, str]
) -> None:
    assert api.post(ADDRESSES, {**CREATED, **form}).error == error
    assert listed(api) == []
    assert line(api) == "groups"


@pytest.mark.parametrize(("form", "error"), WRONG)
def test_a_wrong_change_is_refused_and_changes_nothing(
    api: Api, form: dict[str, str], error: tuple[int, int, str]
) -> None:
    before = configured(api)
    assert api.post(f"{ADDRESSES}/{P}", {"FriendlyName": "changed", **form}).error == error
    assert api.get(f"{ADDRESSES}/{P}").body == before


def test_an_unknown_event_is_refused_with_those_that_there_are(api: Api) -> None:
    form = {**CREATED, "AutoCreation.Type": "webhook", "AutoCreation.WebhookUrl": HOOK}
    refused = api.post(ADDRESSES, {**form, "AutoCreation.WebhookFilters": "onMessageAdd"})
    assert (refused.status, refused.body["code"]) == (400, 50365)
    assert refused.body["details"]["filter"] == "onMessageAdd"
    assert listed(api) == []


def test_an_address_has_one_configuration(api: Api) -> None:
    sid = configured(api, FriendlyName="first")["sid"]
    refused = api.post(ADDRESSES, {**CREATED, "FriendlyName": "second"})
    assert refused.error == (409, 20409, f"Address {P} has a configuration already")
    assert refused.body["details"] == {"address": P, "address_configuration_sid": sid}
    assert api.get(f"{ADDRESSES}/{P}").body["friendly_name"] == "first"


def test_address_and_type_stay(api: Api) -> None:
    before = configured(api)
    assert change(api, P, Address=Q, Type="whatsapp", AddressCountry="CA") == {**before, "address_country": "CA"}


def test_configurations_are_listed_by_address_page_by_page_and_back(api: Api) -> None:
    for address in (W, P, T):
        configured(api, address)
    assert listed(api) == [P, T, W]
    first = api.get(ADDRESSES, {"PageSize": "2", "Type": "SMS"}).body
    assert (first["meta"]["key"], first["meta"]["page_size"]) == ("address_configurations", 2)
    second = api.follow(first["meta"]["next_page_url"]).body
    assert [one["address"] for one in second["address_configurations"]] == [W]
    back = api.follow(second["meta"]["previous_page_url"]).body
    assert back["address_configurations"] == first["address_configurations"]
    assert api.get(ADDRESSES, {"PageSize": "100"}).body["meta"]["page_size"] == 50


@pytest.mark.parametrize("kind", ["whatsapp", "messenger", "gbm", "EMAIL", "rcs", "apple", "chat"])
def test_of_another_channel_there_are_none(api: Api, kind: str) -> None:
    configured(api)
    assert api.get(ADDRESSES, {"Type": kind}).body["address_configurations"] == []


def test_a_filter_by_what_is_no_channel_is_refused_with_those_that_there_are(api: Api) -> None:
    configured(api)
    reply = api.get(ADDRESSES, {"Type": "nonsense"})
    channels = "sms, whatsapp, messenger, gbm, email, rcs, apple, chat"
    assert reply.error == (400, 20001, f"Invalid parameter Type: use {channels}")
    assert [one["address"] for one in api.get(ADDRESSES, {"Type": ""}).body["address_configurations"]] == [P]


@pytest.mark.parametrize(
    ("needed", "name", "value", "error"),
    [("webhook", "WebhookUrl", HOOK, NEEDS_URL), ("studio", "StudioFlowSid", FLOW, NEEDS_FLOW)],
)
def test_what_a_type_needs_cannot_be_emptied_but_with_the_type(
    api: Api, needed: str, name: str, value: str, error: tuple[int, int, str]
) -> None:
    before = configured(api, **{"auto_Type": needed, f"auto_{name}": value})
    assert api.post(f"{ADDRESSES}/{P}", {"FriendlyName": "changed", f"AutoCreation.{name}": ""}).error == error
    assert api.get(f"{ADDRESSES}/{P}").body == before
    changed = change(api, P, **{"auto_Type": "default", f"auto_{name}": ""})
    assert changed["auto_creation"] == {"enabled": True, "groups_only": True, "type": "default"}
    assert api.post(f"{ADDRESSES}/{P}", {"AutoCreation.Type": needed}).error == error


def test_an_empty_country_is_none(api: Api) -> None:
    before = configured(api, AddressCountry="US")
    assert change(api, P, AddressCountry="") == {**before, "address_country": None}
    assert change(api, P)["address_country"] is None


@pytest.mark.parametrize("name", [NO_SUCH, Q, "+12065550199", "IG1", "é", "x" * 3000])
def test_what_has_no_configuration_is_not_found(api: Api, name: str) -> None:
    configured(api)
    for reply in (api.get(f"{ADDRESSES}/{name}"), api.post(f"{ADDRESSES}/{name}"), api.delete(f"{ADDRESSES}/{name}")):
        assert (reply.status, reply.body["code"]) == (404, 20404)
    assert listed(api) == [P]


def test_a_line_that_is_forgotten_takes_its_configuration_along(api: Api, table: Table) -> None:
    sid = configured(api)["sid"]
    assert api.delete(f"/Lines/{P}").status == 204
    assert api.get(f"{ADDRESSES}/{sid}").status == 404
    assert listed(api) == []
    assert table.get(keys.address_configuration(sid)) is None
    api.made("/Lines", {"Address": P, "Carrier": "bandwidth"})
    assert api.get(f"{ADDRESSES}/{P}").status == 404


def racing(api: Api, table: Table, form: Pairs) -> Api:
    """The API while another request changes the configuration of P a moment faster."""
    return Api(
        replace(api.context, table=Racing(table, 1, "line", lambda: api.post(f"{ADDRESSES}/{P}", form))),
    )


def test_two_changes_at_once_both_hold(api: Api, table: Table) -> None:
    configured(api)
    other = racing(api, table, {"FriendlyName": "Front desk"})
    assert change(other, P, AddressCountry="CA")["friendly_name"] == "Front desk"
    found = api.get(f"{ADDRESSES}/{P}").body
    assert (found["friendly_name"], found["address_country"]) == ("Front desk", "CA")


def test_a_line_and_its_configuration_are_changed_at_once(api: Api, table: Table) -> None:
    configured(api)
    other = racing(api, table, {"FriendlyName": "Front desk"})
    assert other.post(f"/Lines/{P}", {"Carrier": "telnyx"}).status == 200
    assert api.get(f"{ADDRESSES}/{P}").body["friendly_name"] == "Front desk"
    assert api.get(f"/Lines/{P}").body["carrier"] == "telnyx"


def test_a_configuration_is_made_once_though_two_ask_at_once(api: Api, table: Table) -> None:
    slower = Api(replace(api.context, table=Racing(table, 1, "line", lambda: configured(api))))
    assert slower.post(ADDRESSES, CREATED).status == 409
    (sid,) = [one["sid"] for one in api.get(ADDRESSES).body["address_configurations"]]
    assert api.get(f"{ADDRESSES}/{sid}").status == 200


def test_a_configuration_is_not_made_on_a_line_that_goes(api: Api, table: Table) -> None:
    slower = Api(replace(api.context, table=Racing(table, 1, "line", lambda: lines.remove(table, P))))
    assert slower.post(ADDRESSES, CREATED).error == NO_LINE
    assert listed(api) == []


def test_a_configuration_is_not_changed_on_a_line_that_goes(api: Api, table: Table) -> None:
    configured(api)
    slower = Api(replace(api.context, table=Racing(table, 1, "line", lambda: lines.remove(table, P))))
    assert slower.post(f"{ADDRESSES}/{P}", {"FriendlyName": "late"}).status == 404
    assert api.get(f"/Lines/{P}").status == 404
    assert listed(api) == []
