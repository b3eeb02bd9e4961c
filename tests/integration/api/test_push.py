"""What push notifications need, which is kept without effect: credentials, bindings, a Service's notifications."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest
from twilio.rest import Client

from partyline.domain import sids
from partyline.domain.push_settings import Notifications
from partyline.storage import push_settings as store
from partyline.storage.table import Table
from tests.support.api_harness import ACCOUNT, BASE, Api, Clock, Pairs, Racing
from tests.support.people import another_service

SERVICE = sids.default_service(ACCOUNT)
BINDINGS = f"/Services/{SERVICE}/Bindings"
NOTIFICATIONS = f"/Services/{SERVICE}/Configuration/Notifications"
NO_NAMES = ["x", "x" * 3000, "a/b", "\0", "😀"]


# --- credentials


def test_a_credential_has_every_documented_member(api: Api) -> None:
    made = api.made("/Credentials", {"Type": "ApN", "FriendlyName": "x" * 64, "Sandbox": "true"})
    assert made == {
        "sid": made["sid"],
        "account_sid": ACCOUNT,
        "friendly_name": "x" * 64,
        "type": "apn",
        "sandbox": "True",
        "date_created": "2026-11-22T12:00:00Z",
        "date_updated": "2026-11-22T12:00:00Z",
        "url": f"{BASE}/v1/Credentials/{made['sid']}",
    }
    assert api.follow(made["url"]).body == made
    bare = api.made("/Credentials", {"Type": "fcm"})
    assert (bare["friendly_name"], bare["type"], bare["sandbox"]) == (None, "fcm", "False")


def test_the_secrets_of_a_credential_are_stored_nowhere(api: Api, client: Any) -> None:
    secrets = {name: f"secret-{name}" for name in ("Certificate", "PrivateKey", "ApiKey", "Secret")}
    made = api.made("/Credentials", {"Type": "apn", **secrets})
    api.post(f"/Credentials/{made['sid']}", {"FriendlyName": "x", **secrets})
    assert "secret-" not in json.dumps(client.scan(TableName="partyline")["Items"])


def test_an_update_of_a_credential_changes_what_it_names(api: Api, clock: Clock) -> None:
    made = api.made("/Credentials", {"Type": "apn", "FriendlyName": "phones", "Sandbox": "true"})
    clock.tick(seconds=5)
    path = f"/Credentials/{made['sid']}"
    changed = api.post(path, {"Type": "GCM"}).body
    assert changed == {**made, "type": "gcm", "date_updated": "2026-11-22T12:00:05Z"}
    changed = api.post(path, {"Sandbox": "false", "FriendlyName": ""}).body
    assert (changed["sandbox"], changed["friendly_name"], changed["type"]) == ("False", None, "gcm")
    assert api.get(path).body == changed


@pytest.mark.parametrize(
    ("form", "problem"),
    [
        ({"Type": "web"}, "Type: use apn, gcm, fcm"),
        ({"FriendlyName": "x" * 65}, "FriendlyName: it is longer than 64 characters"),
        ({"Sandbox": "yes"}, "Sandbox: use true or false"),
    ],
)
def test_a_wrong_credential_is_refused_and_nothing_changes(api: Api, form: dict[str, str], problem: str) -> None:
    right = {"Type": "gcm", "FriendlyName": "new", "Sandbox": "true"}
    made = api.made("/Credentials", {"Type": "apn"})
    for path in ("/Credentials", f"/Credentials/{made['sid']}"):
        assert api.post(path, {**right, **form}).error == (400, 20001, f"Invalid parameter {problem}")
    assert api.post("/Credentials").error == (400, 20001, "Invalid parameter Type: give apn, gcm, fcm")
    assert api.get("/Credentials").body["credentials"] == [made]


def test_credentials_are_listed_in_the_order_of_their_making_over_pages(api: Api, clock: Clock) -> None:
    made = []
    for _ in range(5):
        made.append(api.made("/Credentials", {"Type": "apn"}))
        clock.tick(seconds=1)
    first = api.get("/Credentials", {"PageSize": "3"}).body
    second = api.follow(first["meta"]["next_page_url"]).body
    assert first["credentials"] + second["credentials"] == made
    assert second["meta"]["next_page_url"] is None
    assert api.get("/Credentials", {"PageSize": "1000"}).body["meta"]["page_size"] == 100


def test_a_deleted_credential_is_gone(api: Api, table: Table) -> None:
    path = f"/Credentials/{api.made('/Credentials', {'Type': 'apn'})['sid']}"
    read = store.credential(table, path.removeprefix("/Credentials/"))
    assert read is not None
    assert api.delete(path).status == 204
    for reply in (api.get(path), api.post(path, {"Type": "gcm"}), api.delete(path)):
        assert reply.error == (404, 20404, f"The requested resource {path} was not found")
    assert store.update_credential(table, read, replace(read, friendly_name="back")) is None
    assert api.get("/Credentials").body["credentials"] == []


def test_a_credential_that_two_delete_at_once_is_deleted_once(api: Api, table: Table) -> None:
    path = f"/Credentials/{api.made('/Credentials', {'Type': 'apn'})['sid']}"
    slower = Api(replace(api.context, table=Racing(table, 1, "credential", lambda: api.delete(path))))
    assert slower.delete(path).error == (404, 20404, f"The requested resource {path} was not found")


@pytest.mark.parametrize("name", NO_NAMES)
def test_no_name_of_a_credential_fails(api: Api, name: str) -> None:
    assert api.get(f"/Credentials/{quote(name, safe='')}").error[:2] == (404, 20404)


# --- bindings


def bind(api: Api, identity: str, kind: str = "fcm", endpoint: str = "", path: str = BINDINGS) -> dict[str, Any]:
    form = {"Identity": identity, "BindingType": kind, "Endpoint": endpoint or f"{identity}-{kind}"}
    return api.made(path, form)


def found(api: Api, query: Pairs = ()) -> list[str]:
    return [one["endpoint"] for one in api.get(BINDINGS, query).body["bindings"]]


def test_a_binding_has_every_documented_member(api: Api) -> None:
    credential = api.made("/Credentials", {"Type": "apn"})["sid"]
    made = api.made(
        BINDINGS,
        [
            ("Identity", "ann smith"),
            ("BindingType", "APN"),
            ("Endpoint", "device-1"),
            ("CredentialSid", credential),
            ("MessageTypes", "Removed_From_Conversation"),
            ("MessageTypes", "new_message"),
        ],
    )
    assert made == {
        "sid": made["sid"],
        "account_sid": ACCOUNT,
        "chat_service_sid": SERVICE,
        "credential_sid": credential,
        "identity": "ann smith",
        "binding_type": "apn",
        "endpoint": "device-1",
        "message_types": ["new_message", "removed_from_conversation"],
        "date_created": "2026-11-22T12:00:00Z",
        "date_updated": "2026-11-22T12:00:00Z",
        "url": f"{BASE}/v1/Services/{SERVICE}/Bindings/{made['sid']}",
    }
    assert sids.matches(sids.BINDING, made["sid"])
    assert api.follow(made["url"]).body == made


def test_a_binding_without_message_types_is_for_all(api: Api) -> None:
    expected = ["new_message", "added_to_conversation", "removed_from_conversation"]
    assert bind(api, "ann")["message_types"] == expected
    assert bind(api, "ann")["credential_sid"] is None


def test_a_device_that_is_registered_again_has_one_binding_and_is_its_last_users(api: Api) -> None:
    first = bind(api, "ann", endpoint="device")
    second = bind(api, "bob", endpoint="device")
    assert first["sid"] == second["sid"]
    assert api.get(BINDINGS).body["bindings"] == [second]
    assert found(api, {"Identity": "ann"}) == []
    assert bind(api, "bob", "apn", "device")["sid"] != second["sid"]


RIGHT = {"Identity": "ann", "BindingType": "fcm", "Endpoint": "device"}


@pytest.mark.parametrize(
    ("form", "problem"),
    [
        ({"Identity": ""}, "Identity: it is empty"),
        ({"Identity": "x" * 257}, "Identity: it is longer than 256 characters"),
        ({"BindingType": "web"}, "BindingType: use apn, gcm, fcm, twilsock"),
        ({"Endpoint": ""}, "Endpoint: it is empty"),
        ({"Endpoint": "x" * 2049}, "Endpoint: it is longer than 2048 characters"),
        ({"CredentialSid": "x"}, "CredentialSid: it is not CR and 32 hexadecimal digits"),
        ({"CredentialSid": "CR" + "0" * 32}, "CredentialSid: there is no such credential"),
        ({"MessageTypes": "typing"}, "MessageTypes: use new_message, added_to_conversation, removed_from_conversation"),
    ],
)
def test_a_wrong_binding_is_refused_and_none_is_made(api: Api, form: dict[str, str], problem: str) -> None:
    assert api.post(BINDINGS, {**RIGHT, **form}).error == (400, 20001, f"Invalid parameter {problem}")
    assert found(api) == []


@pytest.mark.parametrize(("identity", "code"), [("🦆" * 256, 50207), ("a\0b", 20001), ("a\u202eb", 20001)])
def test_a_binding_is_of_what_can_be_an_identity(api: Api, identity: str, code: int) -> None:
    """A10."""
    assert api.post(BINDINGS, {**RIGHT, "Identity": identity}).error[:2] == (400, code)
    assert found(api) == []


@pytest.mark.parametrize("name", RIGHT)
def test_a_binding_needs_its_identity_type_and_endpoint(api: Api, name: str) -> None:
    refused = api.post(BINDINGS, {given: value for given, value in RIGHT.items() if given != name})
    assert refused.error[:2] == (400, 20001)
    assert refused.body["details"]["parameter"] == name
    assert found(api) == []


def test_bindings_are_listed_newest_first_by_identity_and_by_type(api: Api, clock: Clock) -> None:
    for identity, kind in (("ann", "apn"), ("bob", "fcm"), ("ann", "fcm"), ("😀" * 64, "twilsock")):
        bind(api, identity, kind, endpoint=f"{identity[:3]}-{kind}")
        clock.tick(seconds=1)
    assert found(api) == ["😀😀😀-twilsock", "ann-fcm", "bob-fcm", "ann-apn"]
    assert found(api, {"Identity": "ann"}) == ["ann-fcm", "ann-apn"]
    assert found(api, [("Identity", "bob"), ("Identity", "ann"), ("Identity", "bob")]) == [
        "ann-fcm", "bob-fcm", "ann-apn"
    ]  # fmt: skip
    assert found(api, {"Identity": "😀" * 64}) == ["😀😀😀-twilsock"]
    assert found(api, {"BindingType": "APN"}) == ["ann-apn"]
    assert found(api, [("BindingType", "apn"), ("BindingType", "twilsock")]) == ["😀😀😀-twilsock", "ann-apn"]
    assert found(api, [("BindingType", "fcm"), ("Identity", "ann")]) == ["ann-fcm"]


@pytest.mark.parametrize("identity", ["", "nobody", "x" * 3000, "\0"])
def test_an_identity_that_has_no_binding_has_none(api: Api, identity: str) -> None:
    bind(api, "ann")
    assert found(api, {"Identity": identity}) == []


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ([("BindingType", "fcm"), ("BindingType", "x")], "BindingType: use apn, gcm, fcm, twilsock"),
        ([("Identity", f"{number}") for number in range(21)], "Identity: give at most 20"),
    ],
)
def test_a_wrong_filter_of_bindings_is_refused(api: Api, query: Pairs, problem: str) -> None:
    assert api.get(BINDINGS, query).error == (400, 20001, f"Invalid parameter {problem}")


@pytest.mark.parametrize("query", [[], [("Identity", "ann"), ("Identity", "bob")], [("BindingType", "fcm")]])
def test_bindings_are_walked_over_pages(api: Api, clock: Clock, query: list[tuple[str, str]]) -> None:
    for number in range(6):
        bind(api, "ann" if number % 2 else "bob", endpoint=f"{number}")
        clock.tick(seconds=1)
    page = api.get(BINDINGS, [*query, ("PageSize", "4")]).body
    rest = api.follow(page["meta"]["next_page_url"]).body
    assert [one["endpoint"] for one in page["bindings"] + rest["bindings"]] == ["5", "4", "3", "2", "1", "0"]
    assert rest["meta"]["next_page_url"] is None
    assert api.follow(rest["meta"]["previous_page_url"]).body["bindings"] == page["bindings"]


def test_a_binding_is_found_only_in_its_own_service(api: Api) -> None:
    elsewhere = another_service(api)
    made = bind(api, "ann")
    path = f"/Services/{elsewhere}/Bindings"
    for reply in (api.get(f"{path}/{made['sid']}"), api.delete(f"{path}/{made['sid']}")):
        assert reply.error[:2] == (404, 20404)
    assert api.get(path).body["bindings"] == []
    assert api.get(path, {"Identity": "ann"}).body["bindings"] == []
    assert api.get(f"{BINDINGS}/{made['sid']}").body == made


def test_a_deleted_binding_is_gone(api: Api) -> None:
    path = f"{BINDINGS}/{bind(api, 'ann')['sid']}"
    assert api.delete(path).status == 204
    for reply in (api.get(path), api.delete(path)):
        assert reply.error == (404, 20404, f"The requested resource {path} was not found")
    assert found(api, {"Identity": "ann"}) == []


def test_a_binding_that_two_delete_at_once_is_deleted_once(api: Api, table: Table) -> None:
    path = f"{BINDINGS}/{bind(api, 'ann')['sid']}"
    slower = Api(replace(api.context, table=Racing(table, 1, "binding", lambda: api.delete(path))))
    assert slower.delete(path).error == (404, 20404, f"The requested resource {path} was not found")


@pytest.mark.parametrize("name", NO_NAMES)
def test_no_name_of_a_binding_fails(api: Api, name: str) -> None:
    assert api.get(f"{BINDINGS}/{quote(name, safe='')}").error[:2] == (404, 20404)


# --- notifications


def test_notifications_that_were_never_set_up_are_off(api: Api) -> None:
    assert api.get(NOTIFICATIONS).body == {
        "account_sid": ACCOUNT,
        "chat_service_sid": SERVICE,
        "log_enabled": False,
        "added_to_conversation": {"enabled": False, "template": None, "sound": None},
        "new_message": {
            "enabled": False,
            "template": None,
            "badge_count_enabled": False,
            "sound": None,
            "with_media": {"enabled": False, "template": None},
        },
        "removed_from_conversation": {"enabled": False, "template": None, "sound": None},
        "url": f"{BASE}/v1{NOTIFICATIONS}",
    }


def test_every_setting_of_notifications_is_stored_in_its_place(api: Api) -> None:
    changed = api.post(
        NOTIFICATIONS,
        {
            "LogEnabled": "True",
            "AddedToConversation.Enabled": "true",
            "AddedToConversation.Template": "added",
            "AddedToConversation.Sound": "a",
            "NewMessage.Enabled": "true",
            "NewMessage.Template": "new ${MESSAGE}",
            "NewMessage.Sound": "n",
            "NewMessage.BadgeCountEnabled": "true",
            "NewMessage.WithMedia.Enabled": "true",
            "NewMessage.WithMedia.Template": "media",
            "RemovedFromConversation.Enabled": "true",
            "RemovedFromConversation.Template": "removed",
            "RemovedFromConversation.Sound": "r",
        },
    )
    assert changed.status == 200
    assert changed.body == {
        "account_sid": ACCOUNT,
        "chat_service_sid": SERVICE,
        "log_enabled": True,
        "added_to_conversation": {"enabled": True, "template": "added", "sound": "a"},
        "new_message": {
            "enabled": True,
            "template": "new ${MESSAGE}",
            "badge_count_enabled": True,
            "sound": "n",
            "with_media": {"enabled": True, "template": "media"},
        },
        "removed_from_conversation": {"enabled": True, "template": "removed", "sound": "r"},
        "url": f"{BASE}/v1{NOTIFICATIONS}",
    }
    assert api.get(NOTIFICATIONS).body == changed.body
    less = api.post(NOTIFICATIONS, {"NewMessage.Sound": "", "LogEnabled": "false"}).body
    assert (less["new_message"]["sound"], less["log_enabled"]) == (None, False)
    assert less["added_to_conversation"] == changed.body["added_to_conversation"]
    assert api.get(NOTIFICATIONS).body == less


@pytest.mark.parametrize(
    ("form", "problem"),
    [
        ({"NewMessage.Enabled": "on"}, "NewMessage.Enabled: use true or false"),
        ({"NewMessage.Template": "x" * 1025}, "NewMessage.Template: it is longer than 1024 characters"),
        ({"NewMessage.Sound": "x" * 257}, "NewMessage.Sound: it is longer than 256 characters"),
    ],
)
def test_wrong_notifications_are_refused_and_nothing_changes(api: Api, form: dict[str, str], problem: str) -> None:
    before = api.get(NOTIFICATIONS).body
    refused = api.post(NOTIFICATIONS, {"LogEnabled": "true", **form})
    assert refused.error == (400, 20001, f"Invalid parameter {problem}")
    assert api.get(NOTIFICATIONS).body == before


def test_notifications_that_change_at_once_all_hold(table: Table) -> None:
    never = store.notifications(table, SERVICE)
    store.configure(table, SERVICE, never, replace(never, log_enabled=True))
    both = store.configure(table, SERVICE, never, replace(never, new_message_sound="ring"))
    assert both == Notifications(log_enabled=True, new_message_sound="ring")
    assert store.notifications(table, SERVICE) == both


# --- the SDK


def test_the_sdk_manages_all_of_it(api: Api, sdk: Client) -> None:
    v1 = sdk.conversations.v1
    credential = v1.credentials.create(type="apn", friendly_name="phones", sandbox=True, private_key="k")
    assert credential.update(friendly_name="handhelds").friendly_name == "handhelds"
    assert [one.sandbox for one in v1.credentials.list()] == ["True"]
    binding = bind(api, "ann")
    service: Any = v1.services(SERVICE)
    assert [one.sid for one in service.bindings.list(identity=["ann"], binding_type=["fcm"])] == [binding["sid"]]
    assert service.bindings(binding["sid"]).fetch().message_types == binding["message_types"]
    assert service.bindings(binding["sid"]).delete() is True
    assert service.configuration.notifications().update(new_message_enabled=True).new_message["enabled"] is True
    assert service.configuration.notifications().fetch().new_message["enabled"] is True
    assert credential.delete() is True
