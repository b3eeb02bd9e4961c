"""Events as they are published: each once, to its receivers, in the order in which they happened."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from partyline.domain import sids, threads
from partyline.domain.messages import Message
from partyline.domain.receipts import ReceiptStatus
from partyline.domain.webhook_configuration import POST_EVENTS, WebhookMethod
from partyline.inbound.recorder import RecordOutcome, RecordResult
from partyline.realtime import publisher
from partyline.storage import conversations, keys, messages
from partyline.storage.table import Table, Write, change, put
from partyline.webhooks import fan_out
from tests.integration.conftest import NAME
from tests.support.api_harness import ACCOUNT, A, Api, B, C, Clock, D, P, Q, Racing, Reply, T
from tests.support.event_world import HOOK, SERVICE, Call, World, beginning
from tests.support.people import acting, another_service, role_named

OWN = "https://hooks.example.com/own"
NOW = "2026-11-22T12:00:00.250Z"
COMMON = {"AccountSid": ACCOUNT}
# The messaging service of events that name none.
SERVICED = {"MessagingServiceSid": sids.default_messaging_service(ACCOUNT)}
DATES = {"DateCreated": NOW, "DateUpdated": NOW}


@pytest.fixture
def world(dynamodb: Any, table_definition: dict[str, Any]) -> Iterator[World]:
    stream = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    dynamodb.create_table(TableName=NAME, StreamSpecification=stream, **table_definition)
    yield beginning(dynamodb, NAME, Clock())
    dynamodb.delete_table(TableName=NAME)


def types(calls: list[Call]) -> list[str]:
    return [call.type for call in calls]


def group_of(world: World) -> str:
    """A conversation of an agent behind P, and the handsets A and B, of which nothing was published."""
    sid = world.api.group(A, B)
    world.relay()
    return sid


# --- what the account does over REST


@dataclass(frozen=True)
class Place:
    """Where something is done: a group with one message, two people in an app, one of them by phone too."""

    conversation: str
    native: str
    message: str

    def path(self, *segments: str) -> str:
        return "/".join(["/Conversations", self.conversation, *segments])


@pytest.fixture
def place(world: World) -> Place:
    sid = world.api.group(B)
    native = world.api.member(sid, address=A)
    world.api.member(sid, identity="ann", projected=Q)
    message = str(world.api.say(sid).body["sid"])
    world.relay()
    return Place(sid, native, message)


Act = Callable[[Api, Place], object]
TOGETHER = "make all at once"
# What can be done over REST, in an order in which all of it can, and the events that it publishes. A user's events have
# an order of their own, and are last here.
ACTS: dict[str, tuple[Act, list[str]]] = {
    "make a conversation": (lambda api, at: api.made("/Conversations"), ["onConversationAdded"]),
    "name it": (lambda api, at: api.post(at.path(), {"FriendlyName": "new"}), ["onConversationUpdated"]),
    "set its timers": (lambda api, at: api.post(at.path(), {"Timers.Closed": "P1D"}), ["onConversationUpdated"]),
    "add a handset": (lambda api, at: api.add(at.conversation, address=C), ["onParticipantAdded"]),
    "change a participant": (
        lambda api, at: api.post(at.path("Participants", at.native), {"Attributes": "[]"}),
        ["onParticipantUpdated"],
    ),
    "move a read horizon": (
        lambda api, at: api.post(at.path("Participants", "ann"), {"LastReadMessageIndex": "0"}),
        ["onParticipantUpdated"],
    ),
    "move it as a user's": (
        lambda api, at: api.post(f"/Users/ann/Conversations/{at.conversation}", {"LastReadMessageIndex": "0"}),
        ["onParticipantUpdated"],
    ),
    "write": (lambda api, at: api.say(at.conversation, author="ann"), ["onMessageAdded"]),
    "edit": (lambda api, at: api.post(at.path("Messages", at.message), {"Body": "new"}), ["onMessageUpdated"]),
    "remove a message": (lambda api, at: api.delete(at.path("Messages", at.message)), ["onMessageRemoved"]),
    "name a user": (lambda api, at: api.post("/Users/ann", {"FriendlyName": "Ann"}), ["onUserUpdated"]),
    "make a user": (lambda api, at: api.made("/Users", {"Identity": "bob"}), ["onUserAdded"]),
    "add an identity": (
        lambda api, at: api.add(at.conversation, identity="carol", projected=T),
        ["onParticipantAdded", "onUserAdded"],
    ),
    "remove it as a user": (
        lambda api, at: api.delete(f"/Users/carol/Conversations/{at.conversation}"),
        ["onParticipantRemoved"],
    ),
    "hand a number over to a user": (
        lambda api, at: api.post(at.path("Participants", "ann"), {"Identity": "bob"}),
        ["onParticipantUpdated"],
    ),
    "remove a participant": (
        lambda api, at: api.delete(at.path("Participants", at.native)),
        ["onParticipantRemoved"],
    ),
    "put it to sleep": (lambda api, at: api.post(at.path(), {"State": "inactive"}), ["onConversationStateUpdated"]),
    "name and close it": (
        lambda api, at: api.post(at.path(), {"State": "closed", "FriendlyName": "old"}),
        ["onConversationUpdated", "onConversationStateUpdated"],
    ),
    "remove it": (lambda api, at: api.delete(at.path()), ["onConversationRemoved"]),
    TOGETHER: (
        lambda api, at: api.made("/ConversationWithParticipants", people(C, D)),
        ["onConversationAdded", *["onParticipantAdded"] * 3, "onConversationStateUpdated"],
    ),
}
# What only the account does.
ACCOUNTS = ("set its timers", "make a user", "hand a number over to a user", "put it to sleep", "name and close it")


def people(*natives: str, identity: str = "agent") -> list[tuple[str, str]]:
    """The participants of a request that makes all at once: handsets and an identity behind P."""
    members = [{"messaging_binding": {"address": native}} for native in natives]
    agent = {"identity": identity, "messaging_binding": {"projected_address": P}}
    return [("Participant", json.dumps(member)) for member in (*members, agent)]


def test_requests_of_the_account_are_published_with_the_header(world: World, place: Place) -> None:
    world.listen()
    for act, (does, expected) in ACTS.items():
        world.clock.tick(seconds=1)
        does(world.enabled, place)
        calls = world.relay()
        assert sorted(types(calls), key=lambda each: "User" in each) == expected, act
        for call in calls:
            assert (call.url, call.callback.method, call["AccountSid"]) == (HOOK, WebhookMethod.POST, ACCOUNT)
            # What activates a conversation was caused by the request that made it.
            assert (call["Source"], call["ClientIdentity"], call["ChatServiceSid"]) == ("API", None, SERVICE)
            assert call.subject == (call["UserSid"] if "User" in call.type else call["ConversationSid"])


def test_without_the_header_only_live_connections_receive_events(world: World, place: Place) -> None:
    world.listen()
    world.hook(place.conversation, url=OWN)
    world.connect("ann")
    for act, (does, expected) in ACTS.items():
        world.clock.tick(seconds=1)
        does(world.api, place)
        assert world.relay() == [], act
        pushed = [event.type for push, _ in world.pushed for event in push.events]
        assert sorted(pushed, key=lambda each: "User" in each) == expected, act
        world.pushed.clear()


def test_every_event_is_among_these() -> None:
    assert {event for _, expected in ACTS.values() for event in expected} == {*POST_EVENTS} - {
        "onDeliveryUpdated",
        "onScheduledMessageFailed",
    }


@pytest.mark.parametrize(
    ("name", "value", "is_notified"),
    [
        ("X-Twilio-Webhook-Enabled", "true", True),
        ("x-twilio-webhook-enabled", "True", True),
        ("X-TWILIO-WEBHOOK-ENABLED", " TRUE ", True),
        ("X-Twilio-Webhook-Enabled", "false", False),
        ("X-Twilio-Webhook-Enabled", "1", False),
        ("X-Twilio-Webhook-Enabled", "", False),
        ("X-Twilio-Webhooks-Enabled", "true", False),
    ],
)
def test_the_header_is_read_in_any_case(world: World, name: str, value: str, is_notified: bool) -> None:
    world.listen()
    replace(world.api, headers={name: value}).conversation()
    assert types(world.relay()) == (["onConversationAdded"] if is_notified else [])


REFUSED: list[Callable[[Api, Place], Reply]] = [
    lambda api, at: api.post(at.path(), {"State": "nonsense"}),
    lambda api, at: api.post(at.path(), {"Attributes": "{"}),
    lambda api, at: api.add(at.conversation, address=A),
    lambda api, at: api.add(at.conversation, identity="agent", projected=T),
    lambda api, at: api.say(at.conversation, author="nobody"),
    lambda api, at: api.say(at.conversation, body="x" * 1601),
    lambda api, at: api.post(at.path("Messages", at.message), {"Attributes": "{"}),
    lambda api, at: api.post(at.path("Messages", f"IM{'0' * 32}"), {"Body": "new"}),
    lambda api, at: api.post("/Users", {"Identity": "ann"}),
    lambda api, at: api.post("/Users/ann", {"RoleSid": role_named("channel user")}),
    lambda api, at: api.post(at.path("Participants", "agent"), {"LastReadMessageIndex": "9"}),
    lambda api, at: api.delete(at.path("Participants", "nobody")),
    lambda api, at: api.delete(f"/Conversations/CH{'0' * 32}"),
    lambda api, at: api.post("/ConversationWithParticipants", [*people(C), ("Participant", "{")]),
    lambda api, at: api.post("/ConversationWithParticipants", people(A, B)),
]


def test_refused_request_publishes_nothing(world: World, place: Place) -> None:
    world.listen()
    world.connect("ann")
    # Without ann it is the conversation of the agent, A and B.
    assert world.api.delete(place.path("Participants", "ann")).status == 204
    world.relay()
    world.pushed.clear()
    for number, refused in enumerate(REFUSED):
        assert refused(world.enabled, place).status >= 400, number
        assert (world.relay(), world.pushed) == ([], []), number


def test_request_that_changes_nothing_publishes_nothing(world: World, place: Place) -> None:
    world.listen()
    assert world.enabled.post(place.path(), {"State": "active"}).status == 200
    assert world.relay() == []


# --- parameters, exactly


def test_message_over_rest_is_published_with_all_that_rest_shows(world: World, place: Place) -> None:
    """U4: also with the messaging service of an account that names none."""
    world.listen()
    message = world.enabled.say(place.conversation, "Sunday at noon?", "ann", Attributes='{"a": 1}').body
    [call] = world.relay()
    people = {member["sid"]: member for member in world.api.get(place.path("Participants")).body["participants"]}
    roster = json.loads(call.callback.parameters.pop("Roster"))
    assert call.callback.parameters == {
        **COMMON,
        **SERVICED,
        "EventType": "onMessageAdded",
        "Source": "API",
        "ConversationSid": place.conversation,
        "ChatServiceSid": SERVICE,
        "MessageSid": message["sid"],
        "Index": "1",
        "Author": "ann",
        "ParticipantSid": message["participant_sid"],
        "Body": "Sunday at noon?",
        "Attributes": '{"a": 1}',
        **DATES,
    }
    for member in roster:
        shown = people.pop(member["participant_sid"])
        assert member.get("identity") == shown["identity"]
        binding = {name: value for name, value in shown["messaging_binding"].items() if name != "type"}
        assert {name: member[name] for name in member.keys() & {"address", "projected_address"}} == binding
    assert people == {}


def test_participant_is_published_with_the_role_that_rest_shows(world: World, place: Place) -> None:
    world.listen()
    member = world.enabled.add(place.conversation, identity="bob", projected=T, Attributes='{"seat":1}').body
    [call] = [call for call in world.relay() if call.type == "onParticipantAdded"]
    assert call.callback.parameters == {
        **COMMON,
        "EventType": "onParticipantAdded",
        "Source": "API",
        "ConversationSid": place.conversation,
        "ChatServiceSid": SERVICE,
        "ParticipantSid": member["sid"],
        "Identity": "bob",
        "RoleSid": member["role_sid"],
        "Attributes": '{"seat":1}',
        "MessagingBinding.ProjectedAddress": T,
        "MessagingBinding.Type": "SMS",
        **DATES,
    }
    assert member["role_sid"] == role_named("channel user")


def test_user_is_published_with_the_role_that_rest_shows(world: World) -> None:
    world.listen()
    user = world.enabled.made("/Users", {"Identity": "bob"})
    world.enabled.post("/Users/bob", {"FriendlyName": "Bob"})
    added, updated = world.relay()
    expected = {
        **COMMON,
        "EventType": "onUserAdded",
        "Source": "API",
        "ChatServiceSid": SERVICE,
        "UserSid": user["sid"],
        "Identity": "bob",
        "RoleSid": role_named("service user"),
        "Attributes": "{}",
        **DATES,
    }
    assert added.callback.parameters == expected
    more = {"FriendlyName": "Bob", "isOnline": "false", "isNotifiable": "false"}
    assert updated.callback.parameters == {**expected, "EventType": "onUserUpdated", **more}


def test_read_horizon_is_published_as_an_update_of_the_participant(world: World, place: Place) -> None:
    world.listen()
    world.enabled.post(f"/Users/ann/Conversations/{place.conversation}", {"LastReadMessageIndex": "0"})
    [call] = world.relay()
    assert (call.type, call["Identity"], call["LastReadMessageIndex"]) == ("onParticipantUpdated", "ann", "0")


def test_a_removal_says_when(world: World, place: Place) -> None:
    world.listen()
    world.clock.tick(seconds=30)
    for act in ("remove a message", "remove a participant", "remove it"):
        ACTS[act][0](world.enabled, place)
    calls = world.relay()
    assert types(calls) == ["onMessageRemoved", "onParticipantRemoved", "onConversationRemoved"]
    assert {(call["DateRemoved"], call["DateCreated"]) for call in calls} == {("2026-11-22T12:00:30.250Z", NOW)}


# --- people in an app


@pytest.fixture
def ann(world: World, place: Place) -> Api:
    assert world.api.post("/Users/ann", {"RoleSid": role_named("service admin")}).status == 200
    person = acting(world.api, "ann")
    world.relay()
    return person


def test_requests_of_a_user_are_always_published(world: World, place: Place, ann: Api) -> None:
    world.listen()
    for act, (does, expected) in ACTS.items():
        if act in ACCOUNTS:
            continue
        world.clock.tick(seconds=1)
        if act == TOGETHER:
            ann.made("/ConversationWithParticipants", people(C, D, identity="ann"))
        else:
            does(ann, place)
        calls = world.relay()
        # Who makes a conversation takes part in it.
        more = ["onParticipantAdded"] if act == "make a conversation" else []
        assert Counter(types(calls)) == Counter([*expected, *more]), act
        assert {(call["Source"], call["ClientIdentity"]) for call in calls} == {("SDK", "ann")}, act


def test_an_identity_becomes_a_user_once(world: World, place: Place) -> None:
    world.listen()
    bob = acting(world.api, "bob")
    for _ in range(2):
        assert bob.get("/Conversations").status == 200
    world.enabled.add(place.conversation, identity="bob", projected=T)
    calls = [call for call in world.relay() if call.type == "onUserAdded"]
    assert [(call["Identity"], call["Source"], call["ClientIdentity"]) for call in calls] == [("bob", "SDK", "bob")]


def test_user_who_comes_back_is_published_anew(world: World) -> None:
    world.listen()
    world.enabled.made("/Users", {"Identity": "bob"})
    assert world.enabled.delete("/Users/bob").status == 204
    world.clock.tick(minutes=1)
    world.enabled.made("/Users", {"Identity": "bob"})
    first, again = world.relay()
    assert (first.type, again.type, first["UserSid"]) == ("onUserAdded", "onUserAdded", again["UserSid"])
    assert first.callback.token != again.callback.token


# --- texts


def test_text_into_a_known_thread_is_published(world: World) -> None:
    sid = group_of(world)
    world.listen()
    world.text(A, P, B, body="hello", id="carrier-7", media=1)
    [call] = world.relay()
    media = json.loads(call["Media"] or "")
    roster = json.loads(call["Roster"] or "")
    assert (call.type, call.subject, call["Source"], call["ClientIdentity"]) == ("onMessageAdded", sid, "SMS", None)
    assert (call["Author"], call["Body"], call["CarrierMessageId"]) == (A, "hello", "carrier-7")
    assert [set(part) for part in media] == [{"Sid", "ContentType", "Filename", "Size"}]
    assert {part["ContentType"] for part in media} == {"image/jpeg"}
    assert {member.get("address") or member["projected_address"] for member in roster} == {A, B, P}


def test_repeated_text_is_published_once_and_an_unrouted_one_never(world: World) -> None:
    group_of(world)
    world.listen()
    outcomes = [world.text(A, P, B, id="carrier-7").outcome for _ in range(2)]
    assert outcomes == [RecordOutcome.RECORDED, RecordOutcome.REPEATED]
    assert world.text(A, Q, line=Q).outcome is RecordOutcome.UNROUTED
    assert types(world.relay()) == ["onMessageAdded"]


def test_text_that_makes_a_group_is_published_in_twilios_order(world: World) -> None:
    world.listen()
    made = world.text(A, P, B, body="hi all", id="carrier-7")
    calls = world.relay()
    assert types(calls) == [
        "onConversationAdded",
        *["onParticipantAdded"] * 3,
        "onMessageAdded",
        "onConversationStateUpdated",
    ]
    assert {(call.subject, call["Source"]) for call in calls} == {(made.conversation_sid, "SMS")}
    common = {**COMMON, "Source": "SMS", "ConversationSid": made.conversation_sid, "ChatServiceSid": SERVICE}
    assert calls[0].callback.parameters == {
        **common,
        **SERVICED,
        "EventType": "onConversationAdded",
        "Attributes": "{}",
        "State": "active",
        "MessagingBinding.Address": f"{P}, {B}",
        "MessagingBinding.AuthorAddress": A,
        **DATES,
    }
    members = world.api.get(f"/Conversations/{made.conversation_sid}/Participants").body["participants"]
    for call, member in zip(calls[1:4], members, strict=True):
        name = "ProjectedAddress" if "projected_address" in member["messaging_binding"] else "Address"
        assert call.callback.parameters == {
            **common,
            "EventType": "onParticipantAdded",
            "ParticipantSid": member["sid"],
            "Attributes": "{}",
            f"MessagingBinding.{name}": member["messaging_binding"][f"{'projected_' if 'P' in name else ''}address"],
            "MessagingBinding.Type": "SMS",
            **DATES,
        }
    assert (calls[4]["Index"], calls[4]["Author"], calls[4]["Body"]) == ("0", A, "hi all")
    assert calls[5].callback.parameters == {
        **common,
        **SERVICED,
        "EventType": "onConversationStateUpdated",
        "StateFrom": "initializing",
        "StateTo": "active",
        "StateUpdated": NOW,
        "Reason": "EVENT",
    }


def test_text_that_makes_a_pair_is_published_with_both_addresses(world: World) -> None:
    world.listen()
    world.text(A, T, line=T)
    calls = world.relay()
    assert types(calls) == [
        "onConversationAdded",
        "onParticipantAdded",
        "onMessageAdded",
        "onConversationStateUpdated",
    ]
    for call in calls[:2]:
        assert (call["MessagingBinding.Address"], call["MessagingBinding.ProxyAddress"]) == (A, T)
    assert calls[0]["MessagingBinding.AuthorAddress"] is None


def test_webhook_of_a_line_receives_the_beginning(world: World) -> None:
    form = [("Type", "sms"), ("Address", P), ("AutoCreation.Enabled", "true"), ("AutoCreation.Type", "webhook")]
    webhook = [("AutoCreation.WebhookUrl", OWN), ("AutoCreation.WebhookMethod", "GET")]
    assert world.api.post("/Configuration/Addresses", [*form, *webhook]).status == 201
    world.text(A, P, B)
    calls = world.relay()
    assert {(call.url, call.callback.method) for call in calls} == {(OWN, WebhookMethod.GET)}
    assert types(calls)[0::4] == ["onConversationAdded", "onMessageAdded"]
    assert len(calls) == 6


# --- states


def test_each_step_of_the_timers_is_published(world: World) -> None:
    world.listen()
    form = {"State": "active", "Timers.Inactive": "PT1M", "Timers.Closed": "PT10M"}
    sid = world.api.conversation(**form)
    world.relay()
    world.clock.tick(minutes=1)
    world.watch()
    world.clock.tick(minutes=9)
    world.watch()
    calls = world.relay()
    assert [(call["StateFrom"], call["StateTo"], call["Reason"], call["Source"]) for call in calls] == [
        ("active", "inactive", "TIMER", "SYSTEM"),
        ("inactive", "closed", "TIMER", "SYSTEM"),
    ]
    assert {(call.type, call.subject) for call in calls} == {("onConversationStateUpdated", sid)}
    assert [call["StateUpdated"] for call in calls] == ["2026-11-22T12:01:00.250Z", "2026-11-22T12:10:00.250Z"]


def test_a_state_set_over_rest_has_the_reason_api(world: World) -> None:
    world.listen()
    sid = group_of(world)
    for state in ("inactive", "active", "closed"):
        world.enabled.post(f"/Conversations/{sid}", {"State": state})
    calls = world.relay()
    assert [(call["StateFrom"], call["StateTo"], call["Reason"]) for call in calls] == [
        ("active", "inactive", "API"),
        ("inactive", "active", "API"),
        ("active", "closed", "API"),
    ]


@pytest.mark.parametrize(
    ("wake", "expected"),
    [
        (lambda world, sid: world.text(A, P, B), "onMessageAdded"),
        (lambda world, sid: world.enabled.say(sid), "onMessageAdded"),
        (lambda world, sid: world.enabled.add(sid, address=C), "onParticipantAdded"),
    ],
)
def test_what_reactivates_a_conversation_is_published_before_its_state(
    world: World, wake: Callable[[World, str], object], expected: str
) -> None:
    world.listen()
    sid = group_of(world)
    world.api.post(f"/Conversations/{sid}", {"State": "inactive"})
    wake(world, sid)
    first, then = world.relay()
    assert (first.type, then.type) == (expected, "onConversationStateUpdated")
    assert (then["StateFrom"], then["StateTo"], then["Reason"]) == ("inactive", "active", "EVENT")


def test_conversation_with_participants_publishes_them_once_active(world: World) -> None:
    world.listen()
    assert world.enabled.post("/ConversationWithParticipants", people(A, B)).status == 202
    first, *members, last = (call for call in world.relay() if call.type != "onUserAdded")
    assert (first["State"], len(members)) == ("initializing", 3)
    assert (last["StateFrom"], last["StateTo"], last["Reason"]) == ("initializing", "active", "EVENT")


# --- receipts


def test_delivery_is_published_once_for_each_receipt_and_status(world: World) -> None:
    sid = group_of(world)
    world.listen()
    message = world.api.say(sid).body
    for recipient, status, code in (
        (A, ReceiptStatus.SENT, 0),
        (A, ReceiptStatus.SENT, 0),
        (B, ReceiptStatus.SENT, 0),
        (A, ReceiptStatus.DELIVERED, 0),
        (A, ReceiptStatus.UNDELIVERED, 30003),
        (B, ReceiptStatus.UNDELIVERED, 30003),
    ):
        world.report(message, recipient, status, code)
    calls = world.relay()
    receipts = world.api.get(f"/Conversations/{sid}/Messages/{message['sid']}/Receipts").body["delivery_receipts"]
    shown = {receipt["sid"]: receipt for receipt in receipts}
    assert {call.type for call in calls} == {"onDeliveryUpdated"}
    assert [(call["Status"], call["ErrorCode"]) for call in calls] == [
        ("sent", "0"),
        ("sent", "0"),
        ("delivered", "0"),
        ("undelivered", "30003"),
    ]
    assert len({call.callback.token for call in calls}) == 4
    for call in calls:
        receipt = shown[call["DeliveryReceiptSid"] or ""]
        expected = {
            **COMMON,
            "EventType": "onDeliveryUpdated",
            "Source": "SMS",
            "ConversationSid": sid,
            "ChatServiceSid": SERVICE,
            "MessageSid": message["sid"],
            "DeliveryReceiptSid": receipt["sid"],
            "ChannelMessageSid": receipt["channel_message_sid"],
            "ParticipantSid": receipt["participant_sid"],
            **DATES,
        }
        given = {name: call.callback.parameters[name] for name in call.callback.parameters if name in expected}
        assert given == expected
        assert set(call.callback.parameters) == {*expected, "Status", "ErrorCode"}


def test_masked_text_fails_for_a_member_of_another_pair_until_it_is_free(world: World) -> None:
    first, second = world.api.group(A), world.api.group(A)
    native = world.api.get(f"/Conversations/{second}/Participants").body["participants"][-1]["sid"]
    for masked, proxy in ((C, Q), (D, T)):
        world.api.member(second, address=masked, proxy=proxy)
    world.relay()
    world.listen("onMessageAdded", "onDeliveryUpdated")

    taken = world.text(C, Q, line=Q)
    assert sends_of(world, taken) == [(T, [D])]
    added, failed = world.relay()
    assert (added.type, failed.type) == ("onMessageAdded", "onDeliveryUpdated")
    assert (failed["ParticipantSid"], failed["Status"], failed["ErrorCode"]) == (native, "failed", "21612")
    path = f"/Conversations/{second}/Messages/{taken.message_sid}/Receipts"
    shown = world.api.get(path).body["delivery_receipts"]
    assert {(receipt["status"], receipt["error_code"]) for receipt in shown} == {(None, 0), ("failed", 21612)}

    assert world.api.post(f"/Conversations/{first}", {"State": "closed"}).status == 200
    assert sends_of(world, world.text(C, Q, line=Q)) == [(P, [A]), (T, [D])]
    assert conversations.find_owner(world.table, threads.build_key([A, P])) == second


def sends_of(world: World, recorded: RecordResult) -> list[tuple[str, list[str]]]:
    """The number from which a recorded text is sent on, and its recipients."""
    assert recorded.outcome is RecordOutcome.RECORDED
    found = messages.fetch(world.table, recorded.conversation_sid, recorded.message_sid)
    assert found
    return [(send.sender, list(send.natives)) for send in found.message.sends]


def test_status_that_is_shown_the_same_is_published_once(world: World) -> None:
    sid = group_of(world)
    world.listen()
    message = world.api.say(sid).body
    for status in (ReceiptStatus.SENT, ReceiptStatus.UNKNOWN, ReceiptStatus.DELIVERED):
        world.report(message, A, status)
    assert [call["Status"] for call in world.relay()] == ["sent", "delivered"]


# --- the identities that it names


def test_members_who_leave_receive_it_live_and_no_other_is_named(world: World, place: Place) -> None:
    world.connect("ann")
    for act in ("add a handset", "make a user", "hand a number over to a user", "remove a participant", "remove it"):
        ACTS[act][0](world.api, place)
    world.relay()
    named = [(push.events[0].type, push.identities) for push, _ in world.pushed]
    assert named == [
        ("onParticipantAdded", ()),
        ("onUserAdded", ()),
        ("onParticipantUpdated", ("ann",)),
        ("onParticipantRemoved", ()),
        ("onConversationRemoved", ("agent", "bob")),
    ]
    assert len({name for _, name in world.pushed}) == 5


def test_end_of_a_large_conversation_is_published_to_all_once(world: World) -> None:
    world.connect("ann")
    world.listen()
    sid = world.api.conversation()
    identities = [f"{number}-" + "\N{GRINNING FACE}" * 250 for number in range(420)]
    for number, identity in enumerate(identities):
        member = {"sid": f"MB{number:032x}", "conversation_sid": sid, "identity": identity, "created": NOW}
        world.table.write(put("member", keys.participant(sid, member["sid"]), member))
    world.relay()
    world.pushed.clear()
    assert world.enabled.delete(f"/Conversations/{sid}").status == 204
    assert types(world.relay()) == ["onConversationRemoved"]
    named = [identity for push, _ in world.pushed for identity in push.identities]
    assert named == identities
    assert {event.type for push, _ in world.pushed for event in push.events} == {"onConversationRemoved"}
    assert max(len(publisher.encode(push)) for push, _ in world.pushed) < 256 * 1024


# --- whose webhooks


def test_a_services_webhook_silences_the_accounts(world: World) -> None:
    other = another_service(world.api)
    world.listen(url=HOOK)
    world.listen("onConversationAdded", url=OWN, service=other)
    made = world.enabled.made(f"/Services/{other}/Conversations")["sid"]
    world.enabled.post(f"/Services/{other}/Conversations/{made}", {"FriendlyName": "new"})
    world.enabled.conversation()
    calls = world.relay()
    assert [(call.url, call.type, call["ChatServiceSid"]) for call in calls] == [
        (OWN, "onConversationAdded", other),
        (HOOK, "onConversationAdded", SERVICE),
    ]


def test_nothing_of_one_service_goes_to_anothers_webhooks(world: World, place: Place) -> None:
    other, third = another_service(world.api), another_service(world.api, "third")
    world.listen(url="https://other.example/", service=other)
    world.listen(url="https://third.example/", service=third)
    for act in ("name it", "add a handset", "write", "edit", "name a user", "remove it"):
        ACTS[act][0](world.enabled, place)
    made = world.enabled.made(f"/Services/{other}/Conversations")["sid"]
    world.enabled.made(f"/Services/{other}/Conversations/{made}/Participants", {"Identity": "ann"})
    world.enabled.made(f"/Services/{other}/Conversations/{made}/Messages", {"Author": "ann", "Body": "hi"})
    calls = world.relay()
    assert {(call.url, call["ChatServiceSid"]) for call in calls} == {("https://other.example/", other)}
    assert Counter(types(calls)) == Counter(
        ["onConversationAdded", "onParticipantAdded", "onUserAdded", "onMessageAdded"]
    )


def test_webhook_is_called_by_its_method_for_its_events(world: World) -> None:
    world.listen("onConversationUpdated", "onMessageAdded", method="GET")
    sid = group_of(world)
    world.enabled.say(sid)
    world.enabled.delete(f"/Conversations/{sid}")
    [call] = world.relay()
    assert (call.type, call.callback.method) == ("onMessageAdded", WebhookMethod.GET)


# --- a conversation's own webhooks


def test_conversation_webhooks_receive_events_beside_the_configured_one(world: World) -> None:
    sid, other = group_of(world), world.api.conversation()
    world.listen("onMessageAdded")
    world.hook(sid, "onMessageAdded", url=OWN)
    world.hook(sid, "onMessageUpdated", url="https://hooks.example.com/updates")
    world.hook(other, url="https://hooks.example.com/other")
    world.enabled.say(sid)
    assert [(call.url, call.type) for call in world.relay()] == [(HOOK, "onMessageAdded"), (OWN, "onMessageAdded")]


def test_five_webhooks_with_the_same_url_are_all_called(world: World) -> None:
    sid = group_of(world)
    for _ in range(3):
        world.hook(sid, "onMessageAdded", url=OWN)
    world.trigger(sid, "NOON", "never", url=OWN)
    world.trigger(sid, "midnight", url=OWN)
    world.enabled.say(sid, "Sunday at noon?")
    calls = world.relay()
    assert [call.url for call in calls] == [OWN] * 4
    assert len({call.callback.token for call in calls}) == 4
    assert len({json.dumps(call.callback.parameters) for call in calls}) == 1


def test_removed_webhook_is_not_called_and_a_changed_one_as_it_is(world: World) -> None:
    sid = group_of(world)
    gone, moved = (world.hook(sid, "onMessageAdded", url=OWN) for _ in range(2))
    world.api.delete(f"/Conversations/{sid}/Webhooks/{gone}")
    world.api.post(f"/Conversations/{sid}/Webhooks/{moved}", {"Configuration.Url": "https://moved.example/"})
    world.enabled.say(sid)
    assert [call.url for call in world.relay()] == ["https://moved.example/"]


def test_webhooks_of_a_removed_conversation_still_receive_the_removal(world: World) -> None:
    sid = group_of(world)
    world.hook(sid, "onConversationRemoved", url=OWN)
    world.hook(sid, "onMessageAdded", url=HOOK)
    world.enabled.delete(f"/Conversations/{sid}")
    [call] = world.relay()
    assert (call.url, call.type, call["DateRemoved"]) == (OWN, "onConversationRemoved", NOW)


# --- replaying


def fill(world: World, sid: str, count: int) -> None:
    """Make a conversation one of so many messages, without publishing them."""
    for index in range(count):
        said = Message(f"IM{index:010x}{'0' * 22}", sid, index, world.clock(), world.clock(), "agent", f"text {index}")
        for write in messages.message_writes(said, world.clock(), None):
            world.table.write(write)
    world.table.write(change("conversation", keys.conversation(sid), {"last_index": count - 1}))
    world.relay()


def indexes(calls: list[Call], url: str = OWN) -> list[int]:
    return [call.index for call in calls if call.url == url]


@pytest.mark.parametrize(
    ("after", "expected"),
    [(-1, [0, 1, 2, 3, 4]), (0, [1, 2, 3, 4]), (2, [3, 4]), (4, []), (5, []), (999_999_999, [])],
)
def test_new_webhook_receives_the_messages_behind_an_index(world: World, after: int, expected: list[int]) -> None:
    sid = group_of(world)
    fill(world, sid, 5)
    world.listen()
    world.hook(sid, url=OWN, replay_after=after)
    calls = world.relay()
    assert {call.type for call in calls} <= {"onMessageAdded"}
    assert indexes(calls) == expected
    assert len(calls) == len(expected)


def test_two_hundred_and_fifty_messages_are_replayed_in_order(world: World) -> None:
    sid = group_of(world)
    fill(world, sid, 250)
    world.hook(sid, "onMessageAdded", url=OWN, replay_after=-1)
    calls = world.relay(times=2)
    assert indexes(calls) == [*range(250)] * 2
    assert [call["Body"] for call in calls[:250]] == [f"text {index}" for index in range(250)]
    tokens = [call.callback.token for call in calls]
    assert (len({*tokens}), tokens[:250]) == (250, tokens[250:])


def test_no_more_is_replayed_than_the_relay_has_time_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fan_out, "MAX_REPLAYED", 3)
    sid = group_of(world)
    fill(world, sid, 5)
    world.hook(sid, "onMessageAdded", url=OWN, replay_after=-1)
    world.hook(sid, "onMessageAdded", url=HOOK, replay_after=3)
    calls = world.relay()
    assert (indexes(calls), indexes(calls, HOOK)) == ([2, 3, 4], [4])


def test_replay_of_events_that_do_not_match_is_empty(world: World) -> None:
    sid = group_of(world)
    fill(world, sid, 5)
    world.hook(sid, "onParticipantAdded", url=OWN, replay_after=-1)
    world.trigger(sid, "text 3", url="https://words.example/", replay_after=-1)
    flow = [("Target", "studio"), ("Configuration.FlowSid", "FW" + "a" * 32), ("Configuration.ReplayAfter", "-1")]
    world.api.made(f"/Conversations/{sid}/Webhooks", flow)
    assert [(call.url, call.index) for call in world.relay()] == [("https://words.example/", 3)]


def test_replayed_text_is_published_as_it_is_now(world: World) -> None:
    sid = group_of(world)
    world.text(A, P, B, body="first")
    world.text(A, P, B, body="second")
    world.text(A, P, B, body="third")
    world.relay()
    [one, two, _] = world.api.get(f"/Conversations/{sid}/Messages").body["messages"]
    world.api.post(f"/Conversations/{sid}/Messages/{one['sid']}", {"Body": "edited"})
    world.api.delete(f"/Conversations/{sid}/Messages/{two['sid']}")
    world.hook(sid, url=OWN, replay_after=-1)
    calls = world.relay()
    shown = [(call["Body"], call["Source"], call["CarrierMessageId"]) for call in calls]
    assert shown == [("edited", "SMS", "carrier-0"), ("third", "SMS", "carrier-2")]


@pytest.mark.parametrize("after", [-1, 2])
def test_no_message_is_lost_or_published_twice_while_a_webhook_is_made(world: World, after: int) -> None:
    sid = group_of(world)
    fill(world, sid, 4)
    racing = Racing(world.table, 2, "webhook", lambda: world.text(A, P, B))
    api = replace(world.api, context=replace(world.api.context, table=racing))
    replace(world, api=api).hook(sid, "onMessageAdded", url=OWN, replay_after=after)
    world.text(B, P, A)
    found = conversations.fetch(world.table, sid)
    assert found and found.last_index == 6
    assert indexes(world.relay()) == [*range(after + 1, 7)]


def test_message_that_loses_to_a_new_webhook_reaches_it_once(world: World) -> None:
    sid = group_of(world)
    fill(world, sid, 2)
    racing = Racing(world.table, 1, "message", lambda: world.hook(sid, url=OWN, replay_after=0))
    api = replace(world.api, context=replace(world.api.context, table=racing), headers=world.enabled.headers)
    assert api.say(sid).status == 201
    assert indexes(world.relay()) == [1, 2]


def test_message_published_late_does_not_reach_a_webhook_made_since(world: World) -> None:
    sid = group_of(world)
    world.enabled.say(sid)
    world.hook(sid, "onMessageAdded", url=OWN)
    world.enabled.say(sid)
    assert indexes(world.relay()) == [1]


# --- tokens and order


def test_repeated_relay_queues_the_same_calls_with_the_same_tokens(world: World, place: Place) -> None:
    world.listen()
    world.hook(place.conversation, url=OWN)
    for act in ("name it", "add an identity", "write", "edit"):
        ACTS[act][0](world.enabled, place)
    message = world.enabled.say(place.conversation).body
    world.report(message, A, ReceiptStatus.DELIVERED)
    calls = world.relay(times=2)
    once = {call.callback.token: call for call in calls}
    assert len(calls) == 2 * len(once)
    assert len(once) == 2 * 6 + 1
    for call in calls:
        assert call == once[call.callback.token]


def test_events_of_one_moment_are_published_in_order(world: World) -> None:
    world.listen()
    sid = world.enabled.conversation()
    for _ in range(4):
        world.enabled.post(f"/Conversations/{sid}", {"FriendlyName": "x"})
        world.enabled.post(f"/Conversations/{sid}", {"FriendlyName": "y"})
        world.enabled.made(f"/Conversations/{sid}/Messages", {"Author": "me", "Body": "hi"})
    calls = world.relay()
    assert types(calls) == [
        "onConversationAdded",
        *["onConversationUpdated", "onConversationUpdated", "onMessageAdded"] * 4,
    ]
    assert [call["FriendlyName"] for call in calls if call["FriendlyName"]] == ["x", "y"] * 4
    assert [call.index for call in calls if call.type == "onMessageAdded"] == [*range(4)]


# --- limits


def test_largest_group_is_made_and_published_in_one_transaction(world: World) -> None:
    largest = 45
    members: list[dict[str, Any]] = []
    for number in range(largest):
        binding = {"address": f"+1206555{1000 + number}", "proxy_address": P}
        members.append({"messaging_binding": binding, "attributes": json.dumps("x" * 4000)})
    written: list[int] = []

    class Measuring(Table):
        def transact(self, writes: Sequence[Write]) -> None:
            written.append(len(writes))
            super().transact(writes)

    context = replace(world.api.context, table=Measuring(world.table._client, NAME), group_limit=largest)
    world.listen()
    form = [("UniqueName", "all"), ("State", "active"), ("Timers.Inactive", "PT1H")]
    participants = [("Participant", json.dumps(member)) for member in members]
    reply = replace(world.enabled, context=context).post("/ConversationWithParticipants", [*form, *participants])
    assert reply.status == 202, reply.body
    # DynamoDB takes a hundred: the conversation, its places in the lists, its name, timer and happening; each masked
    # member and their thread.
    assert written == [5 + 2 * largest]
    assert Counter(types(world.relay())) == {
        "onConversationAdded": 1,
        "onParticipantAdded": largest,
        "onConversationStateUpdated": 1,
    }
