"""Scheduled messages, by a clock that the test moves: who schedules, changes and sees them, and how each ends."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from partyline.api.scheduled_sending import ScheduledSender
from partyline.domain.events import Cause, Event
from partyline.domain.scheduled_messages import MAX_PER_CONVERSATION
from partyline.domain.webhook_configuration import WebhookConfiguration
from partyline.lifecycle import cleanup, expiry
from partyline.queues.queue_messages import Removed, RemovedKind
from partyline.storage import event_outbox, keys, messages
from partyline.storage.attribute_values import Item, from_dynamo
from partyline.storage.table import Table
from partyline.storage.table import change as change_item
from partyline.webhooks.pre_action import PreActionDecision
from tests.support.api_harness import BASE, A, Api, B, C, Clock, P, Q, Racing, Reply, proxy_event, sweep_nothing
from tests.support.files import Files
from tests.support.people import SERVICE, acting, administrator, another_service, staff

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
LATER = "2026-11-22T13:00:00Z"
ENDED = (409, 20409)


@dataclass
class Timers:
    """The function that runs once a minute."""

    api: Api
    clock: Clock

    def __call__(self, **by: float) -> None:
        """Run it after some time."""
        self.clock.tick(**by)
        context = self.api.context
        sender = ScheduledSender(context)
        runner = expiry.TimerRunner(
            context.table, self.clock, _unexpected, _unexpected, sender.send, sweep_nothing, lambda: True
        )
        runner.run()


def _unexpected(sid: str) -> None:
    raise AssertionError(sid)


@pytest.fixture
def timers(api: Api, clock: Clock) -> Timers:
    return Timers(api, clock)


def schedule(api: Api, conversation: str, **form: str) -> Reply:
    given = {"Author": "agent", "Body": "hello", "SendAt": LATER, **form}
    return api.post(f"/Conversations/{conversation}/Messages", {name: value for name, value in given.items() if value})


def scheduled(api: Api, conversation: str, **form: str) -> dict[str, Any]:
    reply = schedule(api, conversation, **form)
    assert reply.status == 202, reply.body
    body: dict[str, Any] = reply.body
    return body


def shown(api: Api, one: Mapping[str, Any]) -> dict[str, Any]:
    body: dict[str, Any] = api.get(f"/Conversations/{one['conversation_sid']}/ScheduledMessages/{one['sid']}").body
    return body


def change(api: Api, one: Mapping[str, Any], **form: str) -> Reply:
    return api.post(f"/Conversations/{one['conversation_sid']}/ScheduledMessages/{one['sid']}", form)


def cancel(api: Api, one: Mapping[str, Any]) -> Reply:
    return api.delete(f"/Conversations/{one['conversation_sid']}/ScheduledMessages/{one['sid']}")


def texts(api: Api, conversation: str) -> list[str]:
    return [message["body"] for message in api.get(f"/Conversations/{conversation}/Messages").body["messages"]]


def listed(api: Api, conversation: str, **query: str) -> list[str]:
    page = api.get(f"/Conversations/{conversation}/ScheduledMessages", query).body
    return [one["sid"] for one in page["scheduled_messages"]]


def items(table: Table) -> list[Item]:
    client: Any = table._client
    return [from_dynamo(item) for item in client.scan(TableName="partyline")["Items"]]


def failures(table: Table) -> list[dict[str, str]]:
    return [
        event.parameters
        for item in items(table)
        if item.get("outbox") == "happening"
        for event in event_outbox.decode(item).events
        if event.type == "onScheduledMessageFailed"
    ]


# --- scheduling


def test_a_message_is_scheduled_and_nothing_is_recorded_yet(api: Api) -> None:
    conversation = api.group(A, B)
    one = scheduled(api, conversation, Attributes='{"a": 1}')
    assert one == {
        "sid": one["sid"],
        "account_sid": "AC0123456789abcdef0123456789abcdef",
        "chat_service_sid": SERVICE,
        "conversation_sid": conversation,
        "state": "scheduled",
        "send_at": LATER,
        "author": "agent",
        "scheduled_by": None,
        "body": "hello",
        "attributes": '{"a": 1}',
        "media_sids": [],
        "message_sid": None,
        "error_code": None,
        "error_message": None,
        "date_created": "2026-11-22T12:00:00Z",
        "date_updated": "2026-11-22T12:00:00Z",
        "url": f"{BASE}/v1/Conversations/{conversation}/ScheduledMessages/{one['sid']}",
    }
    assert one["sid"].startswith("SD")
    assert shown(api, one) == one
    assert texts(api, conversation) == []


def test_it_is_sent_once_at_its_time_and_not_before(api: Api, timers: Timers, table: Table) -> None:
    conversation = api.group(A, B)
    one = scheduled(api, conversation, Attributes='{"a": 1}')
    timers(minutes=59)
    assert texts(api, conversation) == []
    timers(minutes=1)
    timers()
    timers(minutes=1)
    [message] = api.get(f"/Conversations/{conversation}/Messages").body["messages"]
    assert (message["author"], message["body"], message["attributes"]) == ("agent", "hello", '{"a": 1}')
    assert (message["date_created"], message["index"]) == (LATER, 0)
    sent = shown(api, one)
    assert (sent["state"], sent["message_sid"], sent["date_updated"]) == ("sent", message["sid"], LATER)
    # The message has the text, and can be deleted with it.
    assert (sent["body"], sent["attributes"]) == (None, "{}")
    [found] = messages.page(table, conversation, size=2).messages
    assert [set(send.natives) for send in found.message.sends] == [{A, B}]
    assert not [item for item in items(table) if item["PK"].startswith("DUE_MESSAGES")]


@pytest.mark.parametrize(
    "send_at",
    [
        "2026-11-22T12:01:00Z",  # The clock stands at a quarter of a second past noon.
        "2026-12-27T12:00:01Z",
        "2026-11-22T11:00:00Z",
        "2026-11-22T13:00:00",
        "2026-11-22",
        "tomorrow",
        " ",
        "9999-12-31T23:59:59-14:00",
        "2026-11-22T13:00:00 01:00",
    ],
)
def test_a_time_that_is_none_or_too_near_or_too_far_is_refused(api: Api, table: Table, send_at: str) -> None:
    conversation = api.group(A)
    assert listed(api, conversation) == []
    before = items(table)
    reply = schedule(api, conversation, SendAt=send_at)
    assert reply.error[:2] == (400, 20001)
    assert reply.body["message"].startswith("Invalid parameter SendAt: ")
    assert items(table) == before


def test_an_empty_time_is_none_and_nothing_is_sent(api: Api) -> None:
    conversation = api.group(A)
    reply = api.say(conversation, SendAt="")
    assert reply.error[:2] == (400, 20001)
    assert texts(api, conversation) == []


@pytest.mark.parametrize(
    ("send_at", "stored"),
    [
        ("2026-11-22T12:01:01Z", "2026-11-22T12:01:01Z"),
        ("2026-12-27T12:00:00Z", "2026-12-27T12:00:00Z"),
        ("2026-11-22T14:00:00+01:00", LATER),
    ],
)
def test_a_time_has_its_zone(api: Api, send_at: str, stored: str) -> None:
    assert scheduled(api, api.group(A), SendAt=send_at)["send_at"] == stored


def test_what_would_be_refused_now_is_refused(api: Api) -> None:
    conversation = api.group(A)
    assert schedule(api, conversation, Body="").error[:2] == (400, 50503)
    assert schedule(api, conversation, Body="x" * 1601).error[:2] == (400, 50504)
    assert schedule(api, conversation, Author="stranger").error[:2] == (400, 50513)
    assert schedule(api, conversation, MediaSid="ME" + "0" * 32).error[:2] == (400, 50507)
    dated = schedule(api, conversation, DateCreated="2026-01-01T00:00:00Z")
    assert dated.error == (400, 20001, "Invalid parameter DateCreated: it cannot be given with SendAt")
    api.post(f"/Conversations/{conversation}", {"State": "closed"})
    assert schedule(api, conversation).error[:2] == (400, 50377)
    assert schedule(api, "CH" + "0" * 32).status == 404
    assert listed(api, conversation) == []


def test_a_conversation_has_a_hundred_at_most(api: Api, timers: Timers, table: Table) -> None:
    conversation = api.group(A)
    one = scheduled(api, conversation)
    table.write(change_item("count", keys.scheduled_count(conversation), {"count": MAX_PER_CONVERSATION}))
    full = schedule(api, conversation)
    problem = "the conversation has 100 scheduled messages already"
    assert full.error == (400, 20001, f"Invalid parameter SendAt: {problem}")
    assert cancel(api, one).status == 204
    another = scheduled(api, conversation)
    assert schedule(api, conversation).status == 400
    timers(hours=1)
    assert shown(api, another)["state"] == "sent"
    assert schedule(api, conversation, SendAt="2026-11-22T15:00:00Z").status == 202


def test_a_repeated_request_schedules_once(api: Api, timers: Timers, clock: Clock) -> None:
    conversation = api.group(A)
    keyed = replace(api, headers={"Idempotency-Key": "k1"})
    first = schedule(keyed, conversation)
    clock.tick(minutes=59, seconds=30)
    again = schedule(keyed, conversation)
    assert (again.status, again.body, again.headers["Idempotent-Replayed"]) == (202, first.body, "true")
    timers(minutes=1)
    # Too late to be scheduled, and scheduled before.
    assert schedule(keyed, conversation).body == first.body
    assert listed(api, conversation) == [first.body["sid"]]
    api.delete(f"/Conversations/{conversation}/Messages/{shown(api, first.body)['message_sid']}")
    assert schedule(keyed, conversation).status == 404
    assert texts(api, conversation) == []


# --- changing and canceling


def test_it_is_sent_as_it_was_changed(api: Api, timers: Timers) -> None:
    conversation = api.group(A)
    one = scheduled(api, conversation)
    changed = change(api, one, Body="bye", SendAt="2026-11-22T14:00:00Z", Attributes='{"b": 2}')
    assert changed.status == 200
    assert changed.body == shown(api, one)
    assert (changed.body["body"], changed.body["send_at"]) == ("bye", "2026-11-22T14:00:00Z")
    timers(hours=1)
    assert texts(api, conversation) == []
    timers(hours=1)
    [message] = api.get(f"/Conversations/{conversation}/Messages").body["messages"]
    assert (message["body"], message["attributes"]) == ("bye", '{"b": 2}')


def test_it_can_be_brought_forward(api: Api, timers: Timers) -> None:
    conversation = api.group(A)
    one = scheduled(api, conversation)
    assert change(api, one, SendAt="2026-11-22T12:05:00Z").status == 200
    timers(minutes=5)
    timers(hours=1)
    assert texts(api, conversation) == ["hello"]


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"SendAt": "2026-11-22T12:00:30Z"}, 20001),
        ({"SendAt": ""}, 20001),
        ({"Body": ""}, 50503),
        ({"Body": "x" * 1601}, 50504),
        ({"Attributes": "{"}, 50304),
    ],
)
def test_a_wrong_change_changes_nothing(api: Api, form: dict[str, str], code: int) -> None:
    one = scheduled(api, api.group(A))
    assert change(api, one, **form).error[:2] == (400, code)
    assert shown(api, one) == one


def test_what_was_canceled_is_not_sent_and_can_be_read(api: Api, timers: Timers, table: Table) -> None:
    conversation = api.group(A)
    one = scheduled(api, conversation)
    assert cancel(api, one).status == 204
    timers(hours=1)
    assert texts(api, conversation) == []
    assert shown(api, one)["state"] == "canceled"
    for refused in (cancel(api, one), change(api, one, Body="x")):
        assert refused.error[:2] == ENDED
    item = table.get(keys.scheduled_message(conversation, one["sid"]))
    assert item and item["ttl"] == int((api.context.clock() + timedelta(days=30, hours=-1)).timestamp())


def test_what_was_sent_is_not_canceled(api: Api, timers: Timers) -> None:
    one = scheduled(api, api.group(A))
    timers(hours=1)
    assert cancel(api, one).error == (409, 20409, "The scheduled message is sent and cannot be changed")


@pytest.mark.parametrize("act", [cancel, lambda api, one: change(api, one, Body="bye")])
def test_a_change_during_sending_is_seen_by_it(api: Api, clock: Clock, table: Table, act: Any) -> None:
    conversation = api.group(A)
    one = scheduled(api, conversation)
    clock.tick(hours=1)
    racing = Racing(table, 1, "scheduled_message", lambda: act(api, one))
    ScheduledSender(replace(api.context, table=racing)).send(conversation, one["sid"])
    after = shown(api, one)
    assert (after["state"], texts(api, conversation)) in (("canceled", []), ("sent", ["bye"]))
    assert failures(table) == []


def test_two_that_send_at_once_send_once(api: Api, clock: Clock, table: Table) -> None:
    conversation = api.group(A)
    one = scheduled(api, conversation)
    clock.tick(hours=1)
    other = ScheduledSender(api.context)
    racing = Racing(table, 1, "scheduled_message", lambda: other.send(conversation, one["sid"]))
    ScheduledSender(replace(api.context, table=racing)).send(conversation, one["sid"])
    assert texts(api, conversation) == ["hello"]


# --- at its time


def test_the_members_of_that_moment_get_it(api: Api, timers: Timers, table: Table) -> None:
    conversation = api.group(A, B)
    scheduled(api, conversation)
    people = api.get(f"/Conversations/{conversation}/Participants").body["participants"]
    [leaving] = [one["sid"] for one in people if (one["messaging_binding"] or {}).get("address") == B]
    assert api.delete(f"/Conversations/{conversation}/Participants/{leaving}").status == 204
    api.member(conversation, address=C)
    timers(hours=1)
    [found] = messages.page(table, conversation, size=2).messages
    assert [set(send.natives) for send in found.message.sends] == [{A, C}]


def test_what_cannot_be_sent_fails_with_the_refusal_and_an_event(api: Api, timers: Timers, table: Table) -> None:
    conversation = api.group(A)
    one = scheduled(api, conversation)
    api.post("/OptOuts", {"Line": P, "Address": A})
    timers(hours=1)
    failed = shown(api, one)
    refusal = api.say(conversation).body
    assert (failed["state"], failed["error_code"], failed["error_message"]) == ("failed", 21610, refusal["message"])
    assert (failed["body"], failed["message_sid"], failed["date_updated"]) == ("hello", None, LATER)
    [event] = failures(table)
    assert event == {
        "ConversationSid": conversation,
        "ChatServiceSid": SERVICE,
        "ScheduledMessageSid": one["sid"],
        "Author": "agent",
        "Body": "hello",
        "Attributes": "{}",
        "SendAt": "2026-11-22T13:00:00.000Z",
        "ErrorCode": "21610",
        "ErrorMessage": failed["error_message"],
        "DateCreated": "2026-11-22T12:00:00.250Z",
        "DateUpdated": "2026-11-22T13:00:00.250Z",
    }
    timers(minutes=1)
    assert len(failures(table)) == 1
    # It does not count as one that is still to be sent.
    count = table.get(keys.scheduled_count(conversation))
    assert count and count["count"] == 0


def test_the_reason_does_not_name_another_conversation(api: Api, timers: Timers) -> None:
    conversation = api.group(A, B)
    one = scheduled(api, conversation)
    other = api.group(A)
    people = api.get(f"/Conversations/{conversation}/Participants").body["participants"]
    [leaving] = [member["sid"] for member in people if (member["messaging_binding"] or {}).get("address") == B]
    assert api.delete(f"/Conversations/{conversation}/Participants/{leaving}").status == 204
    assert other in api.say(conversation).body["message"]
    timers(hours=1)
    failed = shown(api, one)
    assert (failed["state"], failed["error_code"]) == ("failed", 50416)
    assert other not in failed["error_message"]


def test_a_closed_conversation_sends_nothing(api: Api, timers: Timers) -> None:
    conversation = api.group(A)
    one, canceled = scheduled(api, conversation), scheduled(api, conversation)
    api.post(f"/Conversations/{conversation}", {"State": "closed"})
    assert change(api, one, Body="x").error[:2] == (400, 50377)
    assert cancel(api, canceled).status == 204
    timers(hours=1)
    assert (shown(api, one)["state"], shown(api, one)["error_code"]) == ("failed", 50377)


def test_the_pre_action_webhook_changes_or_rejects_it_then(api: Api, clock: Clock) -> None:
    conversation = api.group(A)
    asked: list[str] = []

    def ask(configuration: WebhookConfiguration, event: Event, cause: Cause) -> PreActionDecision:
        asked.append(event.parameters["Body"])
        rejects = event.parameters["Body"] == "bad"
        return PreActionDecision(rejected=rejects, changes={} if rejects else {"body": "changed"})

    enabled = replace(api, headers={"X-Twilio-Webhook-Enabled": "true"}, context=replace(api.context, ask=ask))
    first, second = scheduled(enabled, conversation), scheduled(enabled, conversation, Body="bad")
    silent = scheduled(replace(enabled, headers={}), conversation, Body="silent")
    assert asked == []
    Timers(enabled, clock)(hours=1)
    assert sorted(asked) == ["bad", "hello"]
    assert sorted(texts(api, conversation)) == ["changed", "silent"]
    assert shown(api, first)["state"] == shown(api, silent)["state"] == "sent"
    assert (shown(api, second)["state"], shown(api, second)["error_code"]) == ("failed", 50056)


def test_a_failure_of_ours_is_tried_again(api: Api, clock: Clock, timers: Timers) -> None:
    conversation = api.group(A)
    one = scheduled(api, conversation)

    def ask(configuration: WebhookConfiguration, event: Event, cause: Cause) -> PreActionDecision:
        raise OSError("broken")

    broken = replace(api, context=replace(api.context, ask=ask))
    enabled = replace(broken, headers={"X-Twilio-Webhook-Enabled": "true"})
    two = scheduled(enabled, conversation, Body="two")
    with pytest.raises(ExceptionGroup):
        Timers(broken, clock)(hours=1)
    assert (shown(api, one)["state"], shown(api, two)["state"]) == ("sent", "scheduled")
    timers(minutes=1)
    assert shown(api, two)["state"] == "sent"


# --- people


def test_a_person_schedules_and_sends_as_a_line_with_the_rights_of_that_moment(
    api: Api, timers: Timers, table: Table
) -> None:
    conversation = api.group(A, own=P)
    ann = staff(api, "ann")
    first = scheduled(ann, conversation, Author="")
    second = scheduled(ann, conversation, Author=P, SendAt="2026-11-22T14:00:00Z")
    assert (first["author"], first["scheduled_by"]) == (P, "ann")
    timers(hours=1)
    [message] = api.get(f"/Conversations/{conversation}/Messages").body["messages"]
    assert (message["author"], message["written_by"]) == (P, "ann")
    api.post(f"/Lines/{P}", {"Users": "ben"})
    timers(hours=1)
    failed = shown(api, second)
    assert (failed["state"], failed["error_code"]) == ("failed", 50107)
    [event] = failures(table)
    assert event["ScheduledBy"] == "ann"
    [batch] = [item for item in items(table) if "onScheduledMessageFailed" in str(item.get("events"))]
    assert batch["identities"] == ["ann"]


def test_a_member_who_may_no_longer_send_sends_nothing(api: Api, timers: Timers) -> None:
    conversation = api.group(A, own=P)
    api.post(f"/Conversations/{conversation}/Participants/agent", {"Identity": "ann"})
    ann = acting(api, "ann")
    one = scheduled(ann, conversation, Author="")
    assert (one["author"], one["scheduled_by"]) == ("ann", "ann")
    role = api.made("/Roles", {"FriendlyName": "mute", "Type": "conversation", "Permission": "leaveConversation"})
    api.post(f"/Conversations/{conversation}/Participants/ann", {"RoleSid": role["sid"]})
    timers(hours=1)
    assert (shown(api, one)["state"], shown(api, one)["error_code"]) == ("failed", 50107)


def test_a_person_who_cannot_see_the_conversation_any_more_sends_nothing(api: Api, timers: Timers) -> None:
    conversation = api.conversation()
    api.member(conversation, identity="ann")
    one = scheduled(acting(api, "ann"), conversation, Author="")
    api.delete(f"/Conversations/{conversation}/Participants/ann")
    timers(hours=1)
    assert (shown(api, one)["state"], shown(api, one)["error_code"]) == ("failed", 20404)


@pytest.mark.parametrize(("again", "code"), [(False, 20403), (True, 20403)])
def test_what_a_deleted_person_scheduled_is_not_sent(
    api: Api, timers: Timers, clock: Clock, *, again: bool, code: int
) -> None:
    conversation = api.conversation()
    api.member(conversation, identity="ann")
    one = scheduled(acting(api, "ann"), conversation, Author="")
    clock.tick(minutes=1)
    assert api.delete("/Users/ann").status == 204
    if again:
        api.made("/Users", {"Identity": "ann"})
    timers(hours=1)
    assert (shown(api, one)["state"], shown(api, one)["error_code"]) == ("failed", code)


def test_what_was_scheduled_with_a_revoked_token_is_not_sent(api: Api, timers: Timers, clock: Clock) -> None:
    conversation = api.conversation()
    api.member(conversation, identity="ann")
    one = scheduled(acting(api, "ann"), conversation, Author="")
    clock.tick(minutes=1)
    assert api.delete("/Users/ann/Tokens").status == 204
    clock.tick(minutes=1)
    another = scheduled(acting(api, "ann"), conversation, Author="")
    timers(hours=1)
    assert (shown(api, one)["state"], shown(api, one)["error_code"]) == ("failed", 20104)
    assert shown(api, another)["state"] == "sent"


def test_people_see_and_change_their_own_and_staff_see_all(api: Api) -> None:
    conversation = api.conversation()
    for identity in ("ann", "ben"):
        api.member(conversation, identity=identity)
    ann, ben, eve = acting(api, "ann"), acting(api, "ben"), acting(api, "eve")
    one, accounts = scheduled(ann, conversation, Author=""), scheduled(api, conversation, Author="")
    colleague = staff(api, "carl", "viewAssignedConversations", "writeAsLine")
    api.member(conversation, identity="carl")
    for who in (colleague, administrator(api, "lead"), api):
        assert sorted(listed(who, conversation)) == sorted([one["sid"], accounts["sid"]])
        assert shown(who, one) == one
    # What is not sent yet is not for whom it will be sent to.
    assert (listed(ann, conversation), listed(ben, conversation)) == ([one["sid"]], [])
    assert shown(ann, one) == one
    for who, other in ((ben, one), (ann, accounts)):
        path = f"/Conversations/{conversation}/ScheduledMessages/{other['sid']}"
        for status in (who.get(path).status, change(who, other, Body="x").status, cancel(who, other).status):
            assert status == 404
    assert eve.get(f"/Conversations/{conversation}/ScheduledMessages").status == 404
    for refused in (change(eve, one, Body="x"), cancel(eve, one)):
        assert refused.status == 404
    for other in (one, accounts):
        assert change(colleague, other, Body="x").body["details"] == {"missing": ["editAnyMessage"]}
        assert change(colleague, other, SendAt=LATER).body["details"] == {"missing": ["editAnyMessage"]}
        assert change(colleague, other, Attributes="{}").body["details"] == {"missing": ["editAnyMessageAttributes"]}
        assert cancel(colleague, other).body["details"] == {"missing": ["deleteAnyMessage"]}
    assert shown(api, one) == one
    assert change(ann, one, Body="mine").status == 200
    boss = administrator(api)
    assert change(boss, one, Body="better").body["scheduled_by"] == "ann"
    assert cancel(boss, accounts).status == 204
    assert cancel(ann, one).status == 204


def test_one_of_another_conversation_or_service_is_not_found(api: Api) -> None:
    one, elsewhere = scheduled(api, api.group(A)), api.group(B, own=Q)
    moved = {**one, "conversation_sid": elsewhere}
    other = another_service(api)
    for status in (
        api.get(f"/Conversations/{elsewhere}/ScheduledMessages/{one['sid']}").status,
        change(api, moved, Body="x").status,
        cancel(api, moved).status,
        api.get(f"/Services/{other}/Conversations/{one['conversation_sid']}/ScheduledMessages").status,
        api.get(f"/Services/{other}/Conversations/{one['conversation_sid']}/ScheduledMessages/{one['sid']}").status,
        api.get(f"/Conversations/{one['conversation_sid']}/ScheduledMessages/SD1").status,
    ):
        assert status == 404
    assert listed(api, elsewhere) == []


# --- files


def uploaded(api: Api) -> str:
    """The SID of a new file."""
    event = proxy_event("POST", "/v1/Media", headers={"Authorization": api.authorization or ""})
    reply = api.send({**event, "body": base64.b64encode(PNG).decode(), "isBase64Encoded": True})
    assert reply.status == 201, reply.body
    return str(reply.body["sid"])


def test_its_files_stay_until_it_is_sent_and_are_its_own_then(api: Api, timers: Timers, table: Table) -> None:
    conversation = api.group(A)
    first, second = uploaded(api), uploaded(api)
    one = scheduled(api, conversation, Body="", MediaSid=first)
    other = scheduled(api, conversation, MediaSid=second, SendAt="2026-12-20T12:00:00Z")
    assert (one["media_sids"], one["body"]) == ([first], None)
    kept = table.get(keys.media(second))
    assert kept and kept["ttl"] == int((api.context.clock() + timedelta(days=29)).timestamp())
    assert change(api, other, SendAt="2026-12-25T12:00:00Z").status == 200
    kept = table.get(keys.media(second))
    assert kept and kept["ttl"] == int((api.context.clock() + timedelta(days=34)).timestamp())
    timers(hours=1)
    [message] = api.get(f"/Conversations/{conversation}/Messages").body["messages"]
    assert [file["sid"] for file in message["media"]] == [first]
    assert shown(api, one)["media_sids"] == []
    sent = table.get(keys.media(first))
    assert sent and "ttl" not in sent


def test_the_first_of_two_messages_has_a_file(api: Api, timers: Timers) -> None:
    conversation, file = api.group(A), uploaded(api)
    one = scheduled(api, conversation, MediaSid=file)
    assert api.say(conversation, MediaSid=file).status == 201
    assert schedule(api, conversation, MediaSid=file).error[:2] == (400, 50508)
    timers(hours=1)
    assert (shown(api, one)["state"], shown(api, one)["error_code"]) == ("failed", 50508)


# --- the list


def test_the_list_is_in_the_order_of_sending_and_by_state(api: Api, timers: Timers) -> None:
    conversation = api.group(A)
    last = scheduled(api, conversation, SendAt="2026-11-22T15:00:00Z")["sid"]
    first = scheduled(api, conversation, SendAt="2026-11-22T12:10:00Z")
    middle = scheduled(api, conversation)["sid"]
    assert listed(api, conversation) == [first["sid"], middle, last]
    timers(minutes=10)
    assert listed(api, conversation, State="scheduled") == [middle, last]
    assert listed(api, conversation, State="SENT") == [first["sid"]]
    assert listed(api, conversation, State="failed") == []
    wrong = api.get(f"/Conversations/{conversation}/ScheduledMessages", {"State": "lost"})
    assert wrong.error[:2] == (400, 20001)


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(minutes=st.lists(st.integers(2, 5), min_size=1, max_size=7), size=st.integers(1, 8))
def test_pages_have_everything_once_forward_and_backward(api: Api, minutes: list[int], size: int) -> None:
    conversation = api.conversation()
    for minute in minutes:
        scheduled(api, conversation, Author="", SendAt=f"2026-11-22T12:0{minute}:00Z")
    everything = listed(api, conversation)
    assert len(set(everything)) == len(minutes)
    page = api.get(f"/Conversations/{conversation}/ScheduledMessages", {"PageSize": str(size)}).body
    forward = [page]
    while page["meta"]["next_page_url"]:
        page = api.follow(page["meta"]["next_page_url"]).body
        forward.append(page)
    backward = [page]
    while page["meta"]["previous_page_url"]:
        page = api.follow(page["meta"]["previous_page_url"]).body
        backward.append(page)
    pages = [[one["sid"] for one in page["scheduled_messages"]] for page in forward]
    assert [sid for part in pages for sid in part] == everything
    assert [[one["sid"] for one in page["scheduled_messages"]] for page in backward] == pages[::-1]


_ODD = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(form=st.dictionaries(st.sampled_from(["SendAt", "Body", "Attributes", "Author", "MediaSid"]), _ODD))
def test_no_form_is_a_failure_of_ours(api: Api, form: dict[str, str]) -> None:
    conversation = api.conversation()
    one = scheduled(api, conversation, Author="")
    assert change(api, one, **form).status < 500
    assert api.post(f"/Conversations/{conversation}/Messages", {"SendAt": LATER, **form}).status < 500
    assert api.get(f"/Conversations/{conversation}/ScheduledMessages", form).status < 500


# --- deletion


def test_a_deleted_conversation_leaves_nothing(api: Api, timers: Timers, table: Table, clock: Clock) -> None:
    conversation = api.conversation()
    one = scheduled(api, conversation, Author="")
    assert api.delete(f"/Conversations/{conversation}").status == 204
    cleaner = cleanup.Cleaner(table, Files(), clock, has_time=lambda: True)
    assert cleaner.clean_up(Removed(RemovedKind.CONVERSATION, conversation))
    assert not [item for item in items(table) if one["sid"] in f"{item['PK']}{item['SK']}" and item["PK"][0] == "M"]
    timers(hours=1)
    assert not [item for item in items(table) if conversation in item["PK"] or one["sid"] in item["SK"]]


def test_it_is_not_sent_between_a_deletion_and_its_clean_up(api: Api, timers: Timers, table: Table) -> None:
    conversation = api.conversation()
    scheduled(api, conversation, Author="")
    assert api.delete(f"/Conversations/{conversation}").status == 204
    timers(hours=1)
    assert failures(table) == []
