"""Webhooks of one conversation: what each target needs, how many there are, and what changes them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest
from twilio.rest import Client

from partyline.domain import sids
from partyline.domain.conversations import Conversation
from partyline.domain.webhook_configuration import WebhookMethod
from partyline.lifecycle import cleanup
from partyline.queues import queue_messages
from partyline.storage import conversations
from partyline.storage import webhooks as store
from partyline.storage.table import Table
from tests.support.api_harness import ACCOUNT, BASE, Api, Clock, Pairs, Racing
from tests.support.files import Files
from tests.support.people import another_service

URL = "https://example.com/hook?team=7"
FLOW = "FW" + "a" * 32
SERVICE = sids.default_service(ACCOUNT)
WEBHOOK_FORM = [("Target", "webhook"), ("Configuration.Url", URL), ("Configuration.Filters", "onMessageAdded")]
WORDS = [("Target", "trigger"), ("Configuration.Url", URL), ("Configuration.Triggers", "stop")]
STUDIO = [("Target", "studio"), ("Configuration.FlowSid", FLOW)]


def hook(api: Api, conversation: str, form: Pairs = WEBHOOK_FORM) -> dict[str, Any]:
    return api.made(f"/Conversations/{conversation}/Webhooks", form)


def all_of(api: Api, conversation: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.get(f"/Conversations/{conversation}/Webhooks").body["webhooks"]
    return found


def stored(table: Table, sid: str) -> Conversation:
    found = conversations.fetch(table, sid)
    assert found is not None
    return found


def test_a_new_webhook_has_every_documented_member_and_no_other(api: Api) -> None:
    """U7: its method is in capitals, however it was given."""
    conversation = api.conversation(UniqueName="deal 7")
    made = hook(api, "deal 7", [*WEBHOOK_FORM, ("Configuration.Method", "GeT"), ("Configuration.ReplayAfter", "0")])
    assert made == {
        "sid": made["sid"],
        "account_sid": ACCOUNT,
        "conversation_sid": conversation,
        "target": "webhook",
        "configuration": {"url": URL, "method": "GET", "filters": ["onMessageAdded"]},
        "date_created": "2026-11-22T12:00:00Z",
        "date_updated": "2026-11-22T12:00:00Z",
        "url": f"{BASE}/v1/Conversations/{conversation}/Webhooks/{made['sid']}",
    }
    assert sids.matches(sids.WEBHOOK, made["sid"])
    assert api.get(f"/Conversations/{conversation}/Webhooks/{made['sid']}").body == made
    assert all_of(api, "deal 7") == [made]


def test_beneath_a_service_a_webhook_names_it_and_its_url_leads_there(api: Api) -> None:
    conversation = api.conversation()
    made = api.made(f"/Services/{SERVICE}/Conversations/{conversation}/Webhooks", WEBHOOK_FORM)
    assert made["chat_service_sid"] == SERVICE
    assert api.follow(made["url"]).body == made


@pytest.mark.parametrize(
    ("form", "configuration"),
    [
        (WEBHOOK_FORM, {"url": URL, "method": "POST", "filters": ["onMessageAdded"]}),
        (
            [
                *WEBHOOK_FORM,
                ("Configuration.Filters", "ONDELIVERYUPDATED"),
                ("Configuration.Filters", "onMessageAdded"),
            ],
            {"url": URL, "method": "POST", "filters": ["onMessageAdded", "onDeliveryUpdated"]},
        ),
        (WORDS, {"url": URL, "method": "POST", "filters": ["stop"], "triggers": ["stop"]}),
        (
            [("Target", "TRIGGER"), *WORDS[1:], *[("Configuration.Triggers", "😀" * 248)] * 4],
            {
                "url": URL,
                "method": "POST",
                "filters": ["stop", *["😀" * 248] * 4],
                "triggers": ["stop", *["😀" * 248] * 4],
            },
        ),
        (STUDIO, {"flow_sid": FLOW}),
        ([*STUDIO, ("Configuration.Url", "not looked at")], {"flow_sid": FLOW}),
    ],
)
def test_a_target_keeps_what_it_uses(api: Api, form: Pairs, configuration: dict[str, Any]) -> None:
    """U7: its method is POST unless another is given."""
    assert hook(api, api.conversation(), form)["configuration"] == configuration


def test_replay_index_is_stored(api: Api, table: Table) -> None:
    made = hook(api, api.conversation(), [*WEBHOOK_FORM, ("Configuration.ReplayAfter", "7")])
    found = store.fetch(table, made["conversation_sid"], made["sid"])
    assert found is not None
    assert found.replay_after == 7


LONG = "https://example.com/" + "x" * 493
NOT_URLS = [
    "example.com",
    "/hook",
    "ftp://example.com",
    "https://",
    "https:///path",
    "http://[",
    "http://a:b",
    "http://a:99999",
    "https://exa mple.com",
    "https://example.com/\n",
    "https://example.com/\0",
    "https://ex😀mple.com",
    "javascript:alert(1)",
]


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ([], (400, 50368, "Conversation webhook type not provided")),
        ([("Target", "")], (400, 50368, "Conversation webhook type not provided")),
        (
            [("Target", "flex"), *WEBHOOK_FORM[1:]],
            (400, 50364, "Invalid conversation webhook type: use webhook, trigger, studio"),
        ),
        ([WEBHOOK_FORM[0], WEBHOOK_FORM[2]], (400, 50369, "Conversation webhook URL not provided")),
        ([*WEBHOOK_FORM, ("Configuration.Url", "")], (400, 50369, "Conversation webhook URL not provided")),
        ([WORDS[0], WORDS[2]], (400, 50369, "Conversation webhook URL not provided")),
        (
            [*WEBHOOK_FORM, ("Configuration.Url", LONG)],
            (400, 50372, "Conversation webhook URL is too long: at most 512 characters"),
        ),
        ([*WEBHOOK_FORM, ("Configuration.Method", "put")], (400, 50055, "Invalid webhook method: use get or post")),
        ([*WEBHOOK_FORM, ("Configuration.Method", "")], (400, 50055, "Invalid webhook method: use get or post")),
        (WEBHOOK_FORM[:2], (400, 50370, "Conversation webhook filter not provided")),
        ([*WEBHOOK_FORM[:2], ("Configuration.Filters", "")], (400, 50370, "Conversation webhook filter not provided")),
        (WORDS[:2], (400, 50371, "Conversation webhook trigger not provided")),
        (
            [*WORDS, *[("Configuration.Triggers", "go")] * 5],
            (400, 50362, "Too many conversation webhook triggers: at most 5"),
        ),
        (
            [*WORDS, ("Configuration.Triggers", "")],
            (400, 50366, "Invalid conversation webhook trigger: each has 1 to 248 characters"),
        ),
        (
            [*WORDS, ("Configuration.Triggers", "x" * 249)],
            (400, 50366, "Invalid conversation webhook trigger: each has 1 to 248 characters"),
        ),
        (
            STUDIO[:1],
            (400, 50367, "Invalid conversation webhook flow SID: it is not FW and 32 hexadecimal digits"),
        ),
        (
            [*STUDIO, ("Configuration.FlowSid", "FW1")],
            (400, 50367, "Invalid conversation webhook flow SID: it is not FW and 32 hexadecimal digits"),
        ),
        (
            [*WEBHOOK_FORM, ("Configuration.ReplayAfter", "-2")],
            (
                400,
                20001,
                "Invalid parameter Configuration.ReplayAfter: it is not a whole number of at least -1",
            ),
        ),
        *(
            (
                [*WEBHOOK_FORM, ("Configuration.Url", url)],
                (400, 20001, "Invalid parameter Configuration.Url: it is not an absolute http or https URL"),
            )
            for url in NOT_URLS
        ),
    ],
)
def test_a_wrong_webhook_is_refused_and_none_is_made(api: Api, form: Pairs, error: tuple[int, int, str]) -> None:
    conversation = api.conversation()
    assert api.post(f"/Conversations/{conversation}/Webhooks", form).error == error
    assert all_of(api, conversation) == []


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"Target": "flex", "Configuration.Method": "put"}, 50364),
        ({"Target": "webhook", "Configuration.Method": "put", "Configuration.ReplayAfter": "x"}, 50055),
        ({"Target": "webhook", "Configuration.Filters": "x", "Configuration.ReplayAfter": "x"}, 50369),
        ({"Target": "webhook", "Configuration.Url": URL, "Configuration.ReplayAfter": "x"}, 50370),
        ({"Target": "trigger", "Configuration.Url": URL, "Configuration.ReplayAfter": "x"}, 50371),
        ({"Target": "studio", "Configuration.Method": "put", "Configuration.ReplayAfter": "x"}, 50367),
    ],
)
def test_new_webhook_with_two_errors_is_refused_for_the_first(api: Api, form: dict[str, str], code: int) -> None:
    assert api.post(f"/Conversations/{api.conversation()}/Webhooks", form).error[1] == code


# A conversation's webhooks are told what has happened: none is asked before.
@pytest.mark.parametrize("event", ["onMessageSent", "onMessageAdd", "onUserUpdate", "x" * 10_000])
def test_event_that_a_conversation_does_not_have_is_refused(api: Api, event: str) -> None:
    conversation = api.conversation()
    reply = api.post(f"/Conversations/{conversation}/Webhooks", [*WEBHOOK_FORM, ("Configuration.Filters", event)])
    status, code, text = reply.error
    assert (status, code) == (400, 50365)
    assert text.startswith("Invalid conversation webhook filter: use onMessageAdded, ")
    assert reply.body["details"]["filter"] == event
    assert all_of(api, conversation) == []


def test_a_conversation_has_at_most_five_and_a_deleted_one_makes_room(api: Api) -> None:
    conversation = api.conversation()
    made = [hook(api, conversation) for _ in range(5)]
    refused = api.post(f"/Conversations/{conversation}/Webhooks", WEBHOOK_FORM)
    assert refused.error == (400, 50361, "Too many conversation webhooks: a conversation has at most 5")
    assert api.delete(f"/Conversations/{conversation}/Webhooks/{made[2]['sid']}").status == 204
    sixth = hook(api, conversation, STUDIO)
    assert {one["sid"] for one in all_of(api, conversation)} == {
        sixth["sid"], *(one["sid"] for one in made if one != made[2])
    }  # fmt: skip


@pytest.mark.parametrize(("there", "status"), [(3, 201), (4, 400)])
def test_webhooks_that_are_made_at_once_are_five_at_most(api: Api, table: Table, there: int, status: int) -> None:
    conversation = api.conversation()
    for _ in range(there):
        hook(api, conversation)
    slower = replace(
        api, context=replace(api.context, table=Racing(table, 1, "webhook", lambda: hook(api, conversation)))
    )
    assert slower.post(f"/Conversations/{conversation}/Webhooks", WEBHOOK_FORM).status == status
    assert len(all_of(api, conversation)) == 5


def test_a_conversation_that_is_closed_meanwhile_gets_no_webhook(api: Api, table: Table) -> None:
    conversation = api.conversation()
    racing = Racing(table, 1, "webhook", lambda: api.post(f"/Conversations/{conversation}", {"State": "closed"}))
    slower = replace(api, context=replace(api.context, table=racing))
    assert slower.post(f"/Conversations/{conversation}/Webhooks", WEBHOOK_FORM).error[1] == 50377
    assert all_of(api, conversation) == []


def test_making_a_webhook_is_no_change_of_the_conversation(api: Api, clock: Clock) -> None:
    conversation = api.conversation()
    before = api.get(f"/Conversations/{conversation}").body
    clock.tick(seconds=5)
    hook(api, conversation)
    assert api.get(f"/Conversations/{conversation}").body == before


def test_a_page_shows_five_whatever_is_asked_and_less_when_asked(api: Api) -> None:
    conversation = api.conversation()
    made = [hook(api, conversation) for _ in range(3)]
    whole = api.get(f"/Conversations/{conversation}/Webhooks", {"PageSize": "100"}).body
    assert (whole["meta"]["page_size"], whole["meta"]["key"]) == (5, "webhooks")
    assert api.get(f"/Conversations/{conversation}/Webhooks").body["meta"]["page_size"] == 5
    first = api.get(f"/Conversations/{conversation}/Webhooks", {"PageSize": "2"}).body
    second = api.follow(first["meta"]["next_page_url"]).body
    assert sorted(one["sid"] for one in first["webhooks"] + second["webhooks"]) == sorted(one["sid"] for one in made)
    assert second["meta"]["next_page_url"] is None


@pytest.mark.parametrize(
    ("made", "form", "configuration"),
    [
        (WEBHOOK_FORM, {"Configuration.Method": "GET"}, {"url": URL, "method": "GET", "filters": ["onMessageAdded"]}),
        (
            WEBHOOK_FORM,
            {"Configuration.Url": "http://localhost:9000/x"},
            {"url": "http://localhost:9000/x", "method": "POST", "filters": ["onMessageAdded"]},
        ),
        (
            WEBHOOK_FORM,
            {"Configuration.Filters": "onUserAdded"},
            {"url": URL, "method": "POST", "filters": ["onUserAdded"]},
        ),
        (
            WORDS,
            {"Configuration.Triggers": "go"},
            {"url": URL, "method": "POST", "filters": ["go"], "triggers": ["go"]},
        ),
        (STUDIO, {"Configuration.FlowSid": "FW" + "B" * 32}, {"flow_sid": "FW" + "B" * 32}),
        (
            WEBHOOK_FORM,
            {"Target": "studio", "Configuration.ReplayAfter": "-1"},
            {"url": URL, "method": "POST", "filters": ["onMessageAdded"]},
        ),
    ],
)
def test_an_update_changes_what_it_names(
    api: Api, clock: Clock, made: Pairs, form: dict[str, str], configuration: dict[str, Any]
) -> None:
    before = hook(api, api.conversation(), made)
    clock.tick(seconds=5)
    path = f"/Conversations/{before['conversation_sid']}/Webhooks/{before['sid']}"
    changed = api.post(path, form)
    assert changed.status == 200
    assert changed.body == {**before, "configuration": configuration, "date_updated": "2026-11-22T12:00:05Z"}
    assert api.get(path).body == changed.body


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"Configuration.Url": "", "Configuration.Method": "get"}, 50369),
        ({"Configuration.Url": LONG, "Configuration.Method": "get"}, 50372),
        ({"Configuration.Url": "x", "Configuration.Method": "get"}, 20001),
        ({"Configuration.Filters": "", "Configuration.Method": "get"}, 50370),
        ({"Configuration.Filters": "onMessageAdd", "Configuration.Method": "get"}, 50365),
        ({"Configuration.Method": "head", "Configuration.Filters": "onUserAdded"}, 50055),
    ],
)
def test_a_wrong_update_is_refused_and_nothing_changes(api: Api, form: dict[str, str], code: int) -> None:
    before = hook(api, api.conversation())
    path = f"/Conversations/{before['conversation_sid']}/Webhooks/{before['sid']}"
    assert api.post(path, form).error[:2] == (400, code)
    assert api.get(path).body == before


def test_updates_of_different_settings_at_once_all_hold(api: Api, table: Table) -> None:
    made = hook(api, api.conversation())
    read = store.fetch(table, made["conversation_sid"], made["sid"])
    assert read is not None
    store.update(table, read, replace(read, url="https://example.com/b"))
    both = store.update(table, read, replace(read, method=WebhookMethod.GET))
    assert both == replace(read, url="https://example.com/b", method=WebhookMethod.GET)
    assert store.fetch(table, made["conversation_sid"], made["sid"]) == both


def test_of_a_closed_conversation_a_webhook_can_only_be_read_and_deleted(api: Api) -> None:
    made = hook(api, api.conversation())
    path = f"/Conversations/{made['conversation_sid']}/Webhooks"
    api.post(f"/Conversations/{made['conversation_sid']}", {"State": "closed"})
    assert api.post(path, WEBHOOK_FORM).error[:2] == (400, 50377)
    assert api.post(f"{path}/{made['sid']}", {"Configuration.Method": "get"}).error[:2] == (400, 50377)
    assert all_of(api, made["conversation_sid"]) == [made]
    assert api.delete(f"{path}/{made['sid']}").status == 204
    assert all_of(api, made["conversation_sid"]) == []


def test_an_initializing_conversation_gets_no_webhook(api: Api) -> None:
    conversation = api.made("/ConversationWithParticipants", {"Participant": '{"identity": "ann"}'})["sid"]
    assert api.post(f"/Conversations/{conversation}/Webhooks", WEBHOOK_FORM).error[:2] == (400, 50386)
    assert all_of(api, conversation) == []


NOBODY = "WH" + "0" * 32


@pytest.mark.parametrize("name", [NOBODY, "WH1", "x" * 3000, "a/b", "\0", "😀"])
def test_a_webhook_that_is_not_there_is_not_found(api: Api, name: str) -> None:
    made = hook(api, api.conversation())
    path = f"/Conversations/{made['conversation_sid']}/Webhooks/{quote(name, safe='')}"
    for reply in (api.get(path), api.post(path, {"Configuration.Method": "get"}), api.delete(path)):
        assert reply.error == (404, 20404, f"The requested resource {path} was not found")
    assert all_of(api, made["conversation_sid"]) == [made]


def test_a_webhook_is_found_only_in_its_own_conversation_and_service(api: Api) -> None:
    made = hook(api, api.conversation())
    elsewhere = another_service(api)
    for path in (
        f"/Conversations/{api.conversation()}/Webhooks/{made['sid']}",
        f"/Services/{elsewhere}/Conversations/{made['conversation_sid']}/Webhooks/{made['sid']}",
    ):
        for reply in (api.get(path), api.post(path, {"Configuration.Method": "get"}), api.delete(path)):
            assert reply.error[:2] == (404, 20404)
    assert all_of(api, made["conversation_sid"]) == [made]


def test_a_webhook_that_is_gone_meanwhile_is_not_brought_back(api: Api, table: Table) -> None:
    made = hook(api, api.conversation())
    read = store.fetch(table, made["conversation_sid"], made["sid"])
    assert read is not None
    api.delete(f"/Conversations/{made['conversation_sid']}/Webhooks/{made['sid']}")
    assert store.update(table, read, replace(read, method=WebhookMethod.GET)) is None
    assert all_of(api, made["conversation_sid"]) == []


def test_a_webhook_that_two_delete_at_once_is_deleted_once(api: Api, table: Table) -> None:
    made = hook(api, api.conversation())
    path = f"/Conversations/{made['conversation_sid']}/Webhooks/{made['sid']}"
    slower = replace(api, context=replace(api.context, table=Racing(table, 1, "webhook", lambda: api.delete(path))))
    assert slower.delete(path).error == (404, 20404, f"The requested resource {path} was not found")


def test_webhooks_go_with_their_conversation(api: Api, table: Table) -> None:
    made = hook(api, api.conversation())
    api.delete(f"/Conversations/{made['conversation_sid']}")
    assert api.get(f"/Conversations/{made['conversation_sid']}/Webhooks").error[:2] == (404, 20404)
    removed = queue_messages.Removed(queue_messages.RemovedKind.CONVERSATION, made["conversation_sid"])
    assert cleanup.Cleaner(table, Files(), api.context.clock, lambda: True).clean_up(removed)
    assert store.fetch(table, made["conversation_sid"], made["sid"]) is None


def test_the_sdk_makes_reads_changes_lists_and_deletes_webhooks(sdk: Client) -> None:
    of = sdk.conversations.v1.conversations(sdk.conversations.v1.conversations.create().sid).webhooks
    by_post = of.create(
        target="webhook", configuration_url=URL, configuration_method="get", configuration_filters=["onMessageAdded"]
    )
    assert by_post.configuration == {"url": URL, "method": "GET", "filters": ["onMessageAdded"]}
    words = of.create(target="trigger", configuration_url=URL, configuration_triggers=["go", "stop"])
    assert words.update(configuration_triggers=["halt"]).configuration["triggers"] == ["halt"]
    assert of(by_post.sid).fetch().date_created == by_post.date_created
    assert {one.sid for one in of.list()} == {by_post.sid, words.sid}
    assert by_post.delete() is True
    assert [one.sid for one in of.list(limit=20)] == [words.sid]
