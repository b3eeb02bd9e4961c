"""Settings of the account and of a Service, and the webhooks of both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from twilio.rest import Client

from partyline.domain import permissions, sids
from partyline.domain.services import Configuration
from partyline.domain.webhook_configuration import WebhookConfiguration
from partyline.errors import Conflict
from partyline.storage import keys, services
from partyline.storage import webhooks as store
from partyline.storage.table import Table
from tests.support.api_harness import ACCOUNT, BASE, Api, Pairs, Racing
from tests.support.people import another_service

SERVICE = sids.default_service(ACCOUNT)
MG = "MG" + "a" * 32


def underway() -> None:
    """What a write meets while another one of the same item is under way."""
    raise Conflict({})


def racing(api: Api, table: Table, label: str, act: Callable[[], object], times: int = 1) -> Api:
    """The API while somebody else is a moment faster."""
    return Api(replace(api.context, table=Racing(table, times, label, act)))


def role(service: str, name: str) -> str:
    return sids.derive(sids.ROLE, service, name)


# --- the account


def test_the_account_starts_with_its_first_service_and_nothing_else(api: Api) -> None:
    """U4: its messaging service is named as its first Service is."""
    assert api.get("/Configuration").body == {
        "account_sid": ACCOUNT,
        "default_chat_service_sid": SERVICE,
        "default_messaging_service_sid": sids.default_messaging_service(ACCOUNT),
        "default_inactive_timer": None,
        "default_closed_timer": None,
        "url": f"{BASE}/v1/Configuration",
        "links": {
            "service": f"{BASE}/v1/Services/{SERVICE}/Configuration",
            "webhooks": f"{BASE}/v1/Configuration/Webhooks",
        },
    }


def test_new_conversations_start_with_what_the_account_says(api: Api) -> None:
    form = {"DefaultMessagingServiceSid": MG, "DefaultInactiveTimer": "PT1M", "DefaultClosedTimer": "PT600S"}
    changed = api.post("/Configuration", form)
    assert changed.status == 200
    assert changed.body["default_messaging_service_sid"] == MG
    assert (changed.body["default_inactive_timer"], changed.body["default_closed_timer"]) == ("PT1M", "PT10M")
    assert api.get("/Configuration").body == changed.body
    made = api.made("/Conversations")
    assert made["messaging_service_sid"] == MG
    assert made["timers"] == {"date_inactive": "2026-11-22T12:01:00Z", "date_closed": "2026-11-22T12:10:00Z"}


def test_what_is_empty_or_no_time_is_removed_and_the_rest_stays(api: Api) -> None:
    form = {"DefaultMessagingServiceSid": MG, "DefaultInactiveTimer": "PT1M", "DefaultClosedTimer": "P1D"}
    api.post("/Configuration", form)
    changed = api.post("/Configuration", {"DefaultMessagingServiceSid": "", "DefaultInactiveTimer": "PT0S"}).body
    assert changed["default_messaging_service_sid"] == sids.default_messaging_service(ACCOUNT)
    assert (changed["default_inactive_timer"], changed["default_closed_timer"]) == (None, "P1D")
    assert api.get("/Configuration").body == changed
    assert api.post("/Configuration", {"Unknown": "x"}).body == changed


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"DefaultChatServiceSid": "IS" + "0" * 32}, (400, 50050, "Service Instance not found")),
        (
            {"DefaultChatServiceSid": "x"},
            (400, 20001, "Invalid parameter DefaultChatServiceSid: it is not IS and 32 hexadecimal digits"),
        ),
        (
            {"DefaultMessagingServiceSid": "MG1"},
            (400, 20001, "Invalid parameter DefaultMessagingServiceSid: it is not MG and 32 hexadecimal digits"),
        ),
        (
            {"DefaultInactiveTimer": "PT59S"},
            (400, 50375, "TimeToInactive should be greater or equal to 1 minute"),
        ),
        (
            {"DefaultClosedTimer": "PT9M"},
            (400, 50376, "TimeToClosed should be greater or equal to 10 minutes"),
        ),
        (
            {"DefaultInactiveTimer": "soon"},
            (400, 50379, "TimeToInactive format is invalid: use an ISO 8601 duration such as PT10M"),
        ),
        (
            {"DefaultClosedTimer": ""},
            (400, 50380, "TimeToClosed format is invalid: use an ISO 8601 duration such as PT10M"),
        ),
    ],
)
def test_a_wrong_setting_of_the_account_is_refused_and_nothing_changes(
    api: Api, form: dict[str, str], error: tuple[int, int, str]
) -> None:
    before = api.get("/Configuration").body
    right = {"DefaultMessagingServiceSid": MG, "DefaultInactiveTimer": "PT2M", "DefaultClosedTimer": "PT20M"}
    assert api.post("/Configuration", {**right, **form}).error == error
    assert api.get("/Configuration").body == before


def test_paths_without_a_service_mean_the_default_one(api: Api) -> None:
    elsewhere = another_service(api)
    before = api.conversation()
    changed = api.post("/Configuration", {"DefaultChatServiceSid": elsewhere}).body
    assert changed["default_chat_service_sid"] == elsewhere
    assert changed["links"]["service"] == f"{BASE}/v1/Services/{elsewhere}/Configuration"
    assert api.get("/Configuration").body == changed
    assert api.made("/Conversations")["chat_service_sid"] == elsewhere
    assert api.get(f"/Conversations/{before}").error[:2] == (404, 20404)
    assert api.get(f"/Services/{SERVICE}/Conversations/{before}").status == 200


def test_settings_of_the_account_that_change_at_once_all_hold(api: Api, table: Table) -> None:
    api.get("/Configuration")
    read = Configuration(SERVICE)
    services.configure(table, read, replace(read, default_inactive_timer=60))
    services.configure(table, read, replace(read, default_closed_timer=600))
    services.configure(table, read, read)
    found = api.get("/Configuration").body
    assert (found["default_inactive_timer"], found["default_closed_timer"]) == ("PT1M", "PT10M")


@pytest.mark.usefixtures("instant_retries")
def test_a_change_of_the_account_that_meets_another_one_is_tried_again(api: Api, table: Table) -> None:
    elsewhere = another_service(api)
    busy = racing(api, table, "configuration", underway, times=3)
    changed = busy.post("/Configuration", {"DefaultClosedTimer": "PT1H", "DefaultChatServiceSid": elsewhere})
    assert changed.status == 200
    assert api.get("/Configuration").body == changed.body


@pytest.mark.usefixtures("instant_retries")
def test_a_service_that_is_there_is_never_called_missing(api: Api, table: Table) -> None:
    elsewhere = another_service(api)
    before = api.get("/Configuration").body
    busy = racing(api, table, "configuration", underway, times=99)
    reply = busy.post("/Configuration", {"DefaultChatServiceSid": elsewhere})
    assert (reply.status, reply.body["code"]) == (409, 20409)
    assert api.get("/Configuration").body == before


def test_a_service_that_is_deleted_meanwhile_does_not_become_the_default(api: Api, table: Table) -> None:
    elsewhere = another_service(api)
    before = api.get("/Configuration").body
    slower = racing(api, table, "configuration", lambda: api.delete(f"/Services/{elsewhere}"))
    reply = slower.post("/Configuration", {"DefaultChatServiceSid": elsewhere})
    assert reply.error == (400, 50050, "Service Instance not found")
    assert api.get("/Configuration").body == before


# --- a Service


def test_a_service_starts_with_its_own_roles(api: Api) -> None:
    url = f"{BASE}/v1/Services/{SERVICE}/Configuration"
    assert api.get(f"/Services/{SERVICE}/Configuration").body == {
        "chat_service_sid": SERVICE,
        "default_conversation_creator_role_sid": role(SERVICE, permissions.CONVERSATION_ADMIN),
        "default_conversation_role_sid": role(SERVICE, permissions.CONVERSATION_USER),
        "default_chat_service_role_sid": role(SERVICE, permissions.SERVICE_USER),
        "reachability_enabled": False,
        "default_inactive_timer": None,
        "default_closed_timer": None,
        "lock_groups": False,
        "text_search": "off",
        "message_retention": None,
        "url": url,
        "links": {"notifications": f"{url}/Notifications", "webhooks": f"{url}/Webhooks"},
    }


def test_a_service_takes_other_roles_of_its_own(api: Api) -> None:
    path = f"/Services/{SERVICE}/Configuration"
    before = api.get(path).body
    changed = api.post(
        path,
        {
            "DefaultConversationCreatorRoleSid": role(SERVICE, permissions.CONVERSATION_USER),
            "DefaultChatServiceRoleSid": role(SERVICE, permissions.SERVICE_ADMIN),
            "ReachabilityEnabled": "TRUE",
        },
    )
    assert changed.status == 200
    assert changed.body == {
        **before,
        "default_conversation_creator_role_sid": role(SERVICE, permissions.CONVERSATION_USER),
        "default_chat_service_role_sid": role(SERVICE, permissions.SERVICE_ADMIN),
        "reachability_enabled": True,
    }
    assert api.get(path).body == changed.body
    changed = api.post(path, {"DefaultConversationRoleSid": role(SERVICE, permissions.CONVERSATION_ADMIN)})
    assert changed.body["default_conversation_role_sid"] == role(SERVICE, permissions.CONVERSATION_ADMIN)
    assert changed.body["reachability_enabled"] is True


def test_a_services_timers_go_before_the_accounts(api: Api) -> None:
    path = f"/Services/{SERVICE}/Configuration"
    api.post("/Configuration", {"DefaultInactiveTimer": "PT1M", "DefaultClosedTimer": "PT10M"})

    def begun() -> set[str]:
        return set(api.made("/Conversations")["timers"])

    assert begun() == {"date_inactive", "date_closed"}
    changed = api.post(path, {"DefaultInactiveTimer": "PT0S"}).body
    assert (changed["default_inactive_timer"], changed["default_closed_timer"]) == ("PT0S", None)
    assert begun() == {"date_closed"}
    assert api.post(path, {"DefaultClosedTimer": "PT1H"}).body["default_inactive_timer"] == "PT0S"
    assert api.made("/Conversations")["timers"] == {"date_closed": "2026-11-22T13:00:00Z"}
    assert api.post(path, {"DefaultInactiveTimer": "", "DefaultClosedTimer": ""}).body == api.get(path).body
    assert begun() == {"date_inactive", "date_closed"}


CREATOR, MEMBER, USER = (
    "DefaultConversationCreatorRoleSid",
    "DefaultConversationRoleSid",
    "DefaultChatServiceRoleSid",
)
CONVERSATION_ROLE = "this Service has no such role of the type conversation"
SERVICE_ROLE = "this Service has no such role of the type service"


@pytest.mark.parametrize(
    ("form", "error"),
    [
        (
            {CREATOR: role(SERVICE, permissions.SERVICE_ADMIN)},
            (400, 50106, f"Channel creator role not found: {CONVERSATION_ROLE}"),
        ),
        (
            {MEMBER: role(SERVICE, permissions.SERVICE_USER)},
            (400, 50109, f"Conversation role not found: {CONVERSATION_ROLE}"),
        ),
        (
            {USER: role(SERVICE, permissions.CONVERSATION_ADMIN)},
            (400, 50102, f"Deployment role not found: {SERVICE_ROLE}"),
        ),
        ({CREATOR: "RL" + "0" * 32}, (400, 50106, f"Channel creator role not found: {CONVERSATION_ROLE}")),
        ({USER: "RL" + "0" * 32}, (400, 50102, f"Deployment role not found: {SERVICE_ROLE}")),
        ({MEMBER: "x"}, (400, 20001, f"Invalid parameter {MEMBER}: it is not RL and 32 hexadecimal digits")),
        ({"DefaultInactiveTimer": "PT59S"}, (400, 50375, "TimeToInactive should be greater or equal to 1 minute")),
        (
            {"DefaultClosedTimer": "soon"},
            (400, 50380, "TimeToClosed format is invalid: use an ISO 8601 duration such as PT10M"),
        ),
        ({"ReachabilityEnabled": "1"}, (400, 20001, "Invalid parameter ReachabilityEnabled: use true or false")),
    ],
)
def test_a_wrong_setting_of_a_service_is_refused_and_nothing_changes(
    api: Api, form: dict[str, str], error: tuple[int, int, str]
) -> None:
    path = f"/Services/{SERVICE}/Configuration"
    before = api.get(path).body
    right = {
        CREATOR: role(SERVICE, permissions.CONVERSATION_USER),
        MEMBER: role(SERVICE, permissions.CONVERSATION_ADMIN),
        USER: role(SERVICE, permissions.SERVICE_ADMIN),
        "ReachabilityEnabled": "true",
    }
    assert api.post(path, {**right, **form}).error == error
    assert api.get(path).body == before


@pytest.mark.parametrize(
    ("name", "kind", "error"),
    [
        (CREATOR, "conversation", (400, 50106, f"Channel creator role not found: {CONVERSATION_ROLE}")),
        (MEMBER, "conversation", (400, 50109, f"Conversation role not found: {CONVERSATION_ROLE}")),
        (USER, "service", (400, 50102, f"Deployment role not found: {SERVICE_ROLE}")),
    ],
)
def test_a_role_that_is_deleted_meanwhile_does_not_become_a_default(
    api: Api, table: Table, name: str, kind: str, error: tuple[int, int, str]
) -> None:
    path = f"/Services/{SERVICE}/Configuration"
    before = api.get(path).body
    made = api.made("/Roles", {"FriendlyName": "guest", "Type": kind, "Permission": "addParticipant"})["sid"]
    slower = racing(api, table, "service", lambda: api.delete(f"/Roles/{made}"))
    assert slower.post(path, {name: made, "ReachabilityEnabled": "true"}).error == error
    assert api.get(f"/Roles/{made}").status == 404
    assert api.get(path).body == before


def test_one_role_can_be_two_defaults_at_once(api: Api) -> None:
    path = f"/Services/{SERVICE}/Configuration"
    form = {"FriendlyName": "guest", "Type": "conversation", "Permission": "addParticipant"}
    made = api.made("/Roles", form)["sid"]
    changed = api.post(path, {CREATOR: made, MEMBER: made})
    assert changed.status == 200
    assert api.get(path).body == changed.body
    assert changed.body["default_conversation_creator_role_sid"] == made
    assert changed.body["default_conversation_role_sid"] == made
    assert api.delete(f"/Roles/{made}").status == 409


@pytest.mark.usefixtures("instant_retries")
def test_a_change_of_a_service_that_meets_another_one_is_tried_again(api: Api, table: Table) -> None:
    path = f"/Services/{SERVICE}/Configuration"
    api.get(path)
    assert racing(api, table, "service", underway, times=3).post(path, {"ReachabilityEnabled": "true"}).status == 200
    assert api.get(path).body["reachability_enabled"] is True


def test_a_service_that_is_deleted_meanwhile_is_not_made_anew_by_its_settings(api: Api, table: Table) -> None:
    elsewhere = another_service(api)
    path = f"/Services/{elsewhere}/Configuration"
    slower = racing(api, table, "service", lambda: api.delete(f"/Services/{elsewhere}"))
    reply = slower.post(path, {MEMBER: role(elsewhere, permissions.CONVERSATION_ADMIN)})
    assert reply.error[:2] == (404, 20404)
    assert services.fetch(table, elsewhere) is None


def test_a_role_of_another_service_is_none_of_this_one(api: Api) -> None:
    elsewhere = another_service(api)
    path = f"/Services/{SERVICE}/Configuration"
    before = api.get(path).body
    assert api.post(path, {MEMBER: role(elsewhere, permissions.CONVERSATION_USER)}).error[:2] == (400, 50109)
    assert api.get(path).body == before


# --- the webhooks of both

PRE, POST = "https://example.com/pre", "http://localhost:9000/post"


def test_unconfigured_webhooks_are_null_except_the_accounts_method_and_target(api: Api) -> None:
    assert api.get("/Configuration/Webhooks").body == {
        "account_sid": ACCOUNT,
        "pre_webhook_url": None,
        "post_webhook_url": None,
        "method": "POST",
        "filters": None,
        "target": "webhook",
        "url": f"{BASE}/v1/Configuration/Webhooks",
    }
    assert api.get(f"/Services/{SERVICE}/Configuration/Webhooks").body == {
        "account_sid": ACCOUNT,
        "chat_service_sid": SERVICE,
        "pre_webhook_url": None,
        "post_webhook_url": None,
        "method": None,
        "filters": None,
        "url": f"{BASE}/v1/Services/{SERVICE}/Configuration/Webhooks",
    }


PATHS = ["/Configuration/Webhooks", f"/Services/{SERVICE}/Configuration/Webhooks"]
SETTINGS = [
    ("PreWebhookUrl", PRE),
    ("PostWebhookUrl", POST),
    ("Method", "get"),
    ("Filters", "onMessageAdd"),
    ("Filters", "ONMESSAGEADDED"),
]


@pytest.mark.parametrize("path", PATHS)
def test_webhooks_are_set_up_a_setting_at_a_time(api: Api, path: str) -> None:
    changed = api.post(path, SETTINGS)
    assert changed.status == 200
    assert (changed.body["pre_webhook_url"], changed.body["post_webhook_url"]) == (PRE, POST)
    assert (changed.body["method"], changed.body["filters"]) == ("GET", ["onMessageAdd", "onMessageAdded"])
    assert api.get(path).body == changed.body
    assert api.post(path, {"Method": "POST"}).body == {**changed.body, "method": "POST"}
    removed = api.post(path, {"PreWebhookUrl": "", "Filters": ""}).body
    assert removed == {**changed.body, "method": "POST", "pre_webhook_url": None, "filters": []}
    assert api.get(path).body == removed
    assert api.post(path).body == removed


def test_target_of_the_account_is_stored(api: Api) -> None:
    assert api.post("/Configuration/Webhooks", {"Target": "FLEX"}).body["target"] == "flex"
    assert api.post("/Configuration/Webhooks", {"Method": "get"}).body["target"] == "flex"
    refused = api.post("/Configuration/Webhooks", {"Target": "studio", "Method": "post"})
    assert refused.error == (400, 20001, "Invalid parameter Target: use webhook, flex")
    assert api.get("/Configuration/Webhooks").body["method"] == "GET"


NOT_A_URL = "it is not an absolute http or https URL"


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("form", "error"),
    [
        ([("PreWebhookUrl", "x")], (400, 50077, f"Invalid pre-webhook url: {NOT_A_URL}")),
        ([("PostWebhookUrl", "ftp://example.com")], (400, 50078, f"Invalid post-webhook url: {NOT_A_URL}")),
        ([("PostWebhookUrl", " ")], (400, 50078, f"Invalid post-webhook url: {NOT_A_URL}")),
        (
            [("PreWebhookUrl", "https://example.com/" + "x" * 493)],
            (400, 50077, "Invalid pre-webhook url: it is longer than 512 characters"),
        ),
        ([("Method", "put")], (400, 50055, "Invalid webhook method: use get or post")),
    ],
)
def test_wrong_webhooks_are_refused_and_nothing_changes(
    api: Api, path: str, form: Pairs, error: tuple[int, int, str]
) -> None:
    before = api.get(path).body
    assert api.post(path, [*SETTINGS, *form]).error == error
    assert api.get(path).body == before


@pytest.mark.parametrize("path", PATHS)
def test_an_event_that_does_not_exist_is_refused(api: Api, path: str) -> None:
    before = api.get(path).body
    refused = api.post(path, [*SETTINGS, ("Filters", "onMessageSent")])
    assert refused.error[:2] == (400, 50365)
    assert refused.body["details"]["filter"] == "onMessageSent"
    assert api.get(path).body == before


def test_webhooks_of_the_account_and_of_each_service_are_their_own(api: Api) -> None:
    elsewhere = another_service(api)
    for path in PATHS:
        api.post(path, {"PostWebhookUrl": f"https://example.com{path}"})
    found = [api.get(path).body["post_webhook_url"] for path in PATHS]
    assert found == [f"https://example.com{path}" for path in PATHS]
    assert api.get(f"/Services/{elsewhere}/Configuration/Webhooks").body["post_webhook_url"] is None


def test_webhooks_that_change_at_once_all_hold(table: Table) -> None:
    key = keys.account_webhooks()
    never: WebhookConfiguration = store.configuration(table, key)
    store.configure(table, key, never, replace(never, pre_url=PRE))
    both = store.configure(table, key, never, replace(never, post_url=POST))
    assert both == WebhookConfiguration(pre_url=PRE, post_url=POST)
    assert store.configuration(table, key) == both


# --- the SDK


def test_the_sdk_reads_and_changes_all_settings(sdk: Client) -> None:
    configuration = sdk.conversations.v1.configuration
    assert configuration().fetch().default_chat_service_sid == SERVICE
    assert configuration().update(default_closed_timer="PT1H").default_closed_timer == "PT1H"
    account = configuration.webhooks().update(method="GET", filters=["onMessageAdded"], post_webhook_url=POST)
    assert (account.method, account.filters, account.target) == ("GET", ["onMessageAdded"], "webhook")
    assert configuration.webhooks().fetch().post_webhook_url == POST
    service: Any = sdk.conversations.v1.services(SERVICE).configuration
    assert service().update(reachability_enabled=True).reachability_enabled is True
    assert service().fetch().default_conversation_role_sid == role(SERVICE, permissions.CONVERSATION_USER)
    assert service.webhooks().fetch().method is None
    assert service.webhooks().update(pre_webhook_url=PRE, method="post").method == "POST"
