"""Events: exactly Twilio's parameters, each a text, and none without a value."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from partyline.domain import events
from partyline.domain.conversations import Conversation, ConversationState
from partyline.domain.events import BY_TEXT, BY_TIMER, Cause, Event, Reason, Source
from partyline.domain.media import Media
from partyline.domain.messages import Message
from partyline.domain.participants import Participant
from partyline.domain.receipts import Receipt, ReceiptStatus
from partyline.domain.services import User, build_service
from partyline.domain.webhook_configuration import EVENTS

NOW = datetime(2026, 11, 22, 12, 0, 0, 250_000, tzinfo=UTC)
LATER = NOW + timedelta(seconds=1)
A, B, P, Q = "+12065550150", "+12065550151", "+12065550100", "+12065550101"
CONVERSATION = Conversation("CH1", "IS1", NOW, LATER)
FULL = replace(
    CONVERSATION,
    friendly_name="12 Elm Street",
    unique_name="elm",
    attributes='{"a":1}',
    messaging_service_sid="MG1",
)
NATIVE = Participant("MB1", "CH1", NOW, LATER, address=A)
PROJECTED = Participant("MB2", "CH1", NOW, LATER, projected_address=P)
AGENT = replace(PROJECTED, identity="agent", role_sid="RL1")
MASKED = Participant("MB3", "CH1", NOW, LATER, address=B, proxy_address=Q)
CHAT = Participant("MB4", "CH1", NOW, LATER, identity="ann", attributes='{"b":2}', last_read_message_index=0)
MESSAGE = Message("IM1", "CH1", 7, NOW, LATER, A, "hello", "MB1")
MEDIA = (Media("ME1", "https://carrier.example/1.jpg", "image/jpeg"), Media("ME2", "https://carrier.example/2"))
RECEIPT = Receipt("DY1", "IM1", "CH1", "MB1", A, NOW, LATER)
USER = User("US1", "IS1", "ann", NOW, LATER)
SERVICE, _ = build_service("main", NOW, sid="IS1")

DATES = {"DateCreated": "2026-11-22T12:00:00.250Z", "DateUpdated": "2026-11-22T12:00:01.250Z"}
OF_CONVERSATION = {"ConversationSid": "CH1", "ChatServiceSid": "IS1", "Attributes": "{}", "State": "active", **DATES}
OF_MEMBER = {"ConversationSid": "CH1", "ChatServiceSid": "IS1", "Attributes": "{}", **DATES}
OF_MESSAGE = {
    "ConversationSid": "CH1",
    "ChatServiceSid": "IS1",
    "MessageSid": "IM1",
    "Index": "7",
    "Author": A,
    "ParticipantSid": "MB1",
    "Body": "hello",
    "Attributes": "{}",
    **DATES,
}
OF_USER = {"ChatServiceSid": "IS1", "UserSid": "US1", "Identity": "ann", "Attributes": "{}", **DATES}


def types_and_parameters(*given: Event) -> list[tuple[str, dict[str, str]]]:
    for event in given:
        assert event.type in EVENTS
        assert all(isinstance(value, str) for value in event.parameters.values())
    return [(event.type, event.parameters) for event in given]


# --- conversations


@pytest.mark.parametrize(
    "type",
    [
        "onConversationAdd",
        "onConversationAdded",
        "onConversationUpdate",
        "onConversationUpdated",
        "onConversationRemove",
    ],
)
def test_conversation_event_has_its_present_fields(type: str) -> None:
    assert types_and_parameters(events.conversation_event(type, CONVERSATION)) == [(type, OF_CONVERSATION)]
    more = {"FriendlyName": "12 Elm Street", "UniqueName": "elm", "Attributes": '{"a":1}', "MessagingServiceSid": "MG1"}
    assert types_and_parameters(events.conversation_event(type, FULL)) == [(type, {**OF_CONVERSATION, **more})]


def test_a_removed_conversation_says_when() -> None:
    removed = events.conversation_removed_event(CONVERSATION, LATER)
    expected = {**OF_CONVERSATION, "DateRemoved": "2026-11-22T12:00:01.250Z"}
    assert types_and_parameters(removed) == [("onConversationRemoved", expected)]


@pytest.mark.parametrize("reason", Reason)
def test_a_change_of_state_says_from_what_to_what_and_why(reason: Reason) -> None:
    closed = replace(FULL, state=ConversationState.CLOSED)
    expected = {
        "ConversationSid": "CH1",
        "ChatServiceSid": "IS1",
        "MessagingServiceSid": "MG1",
        "StateFrom": "active",
        "StateTo": "closed",
        "StateUpdated": "2026-11-22T12:00:01.250Z",
        "Reason": reason.value,
    }
    assert types_and_parameters(events.state_updated_event(FULL, closed, reason)) == [
        ("onConversationStateUpdated", expected)
    ]


def test_state_event_has_the_change() -> None:
    def types(after: Conversation) -> list[str]:
        return [event.type for event in events.conversation_changed_events(CONVERSATION, after, Reason.API)]

    named = replace(CONVERSATION, friendly_name="new")
    inactive = ConversationState.INACTIVE
    assert types(CONVERSATION) == []
    assert types(replace(CONVERSATION, updated=LATER, active_at=LATER)) == []
    assert types(named) == ["onConversationUpdated"]
    assert types(replace(CONVERSATION, inactive_after=60)) == ["onConversationUpdated"]
    assert types(replace(CONVERSATION, state=inactive)) == ["onConversationStateUpdated"]
    assert types(replace(named, state=inactive)) == ["onConversationUpdated", "onConversationStateUpdated"]


def test_a_text_that_makes_a_pair_brings_the_two_addresses() -> None:
    binding = {"MessagingBinding.Address": A, "MessagingBinding.ProxyAddress": P}
    assert events.text_binding_parameters(A, [P], P) == binding


def test_a_text_that_makes_a_group_brings_every_receiver_and_its_author() -> None:
    binding = {"MessagingBinding.Address": f"{P}, {B}", "MessagingBinding.AuthorAddress": A}
    assert events.text_binding_parameters(A, [P, B], P) == binding


def test_addresses_are_formatted_for_people() -> None:
    binding = {"MessagingBinding.Address": "AMAZON", "MessagingBinding.ProxyAddress": P}
    assert events.text_binding_parameters("alpha:AMAZON", [P], P) == binding
    odd = replace(NATIVE, address="alpha:AMAZON")
    [(_, parameters)] = types_and_parameters(events.participant_event("onParticipantAdded", odd, CONVERSATION))
    assert parameters["MessagingBinding.Address"] == "AMAZON"


def test_what_a_text_would_make_is_asked_about_with_its_body_and_media() -> None:
    assert events.text_parameters(MESSAGE) == {"MessageBody": "hello"}
    assert set(events.text_parameters(replace(MESSAGE, body=None, media=MEDIA))) == {"Media"}


# --- participants


@pytest.mark.parametrize(
    ("member", "more"),
    [
        (NATIVE, {"MessagingBinding.Address": A, "MessagingBinding.Type": "SMS"}),
        (PROJECTED, {"MessagingBinding.ProjectedAddress": P, "MessagingBinding.Type": "SMS"}),
        (
            AGENT,
            {
                "Identity": "agent",
                "RoleSid": "RL1",
                "MessagingBinding.ProjectedAddress": P,
                "MessagingBinding.Type": "SMS",
            },
        ),
        (
            MASKED,
            {"MessagingBinding.Address": B, "MessagingBinding.ProxyAddress": Q, "MessagingBinding.Type": "SMS"},
        ),
        (
            CHAT,
            {
                "Identity": "ann",
                "Attributes": '{"b":2}',
                "LastReadMessageIndex": "0",
                "MessagingBinding.Type": "CHAT",
            },
        ),
    ],
    ids=["native", "projected", "agent", "masked", "chat"],
)
def test_participant_event_has_its_addresses(member: Participant, more: dict[str, str]) -> None:
    expected = {**OF_MEMBER, "ParticipantSid": member.sid, **more}
    for kind in ("onParticipantAdd", "onParticipantAdded", "onParticipantUpdated", "onParticipantRemove"):
        assert types_and_parameters(events.participant_event(kind, member, CONVERSATION)) == [(kind, expected)]


def test_membership_events_are_removals_then_additions_then_updates() -> None:
    renamed = replace(CHAT, attributes="{}")
    changed = [*events.membership_events(CONVERSATION, [NATIVE, CHAT, AGENT], [MASKED, renamed, AGENT], LATER)]
    shown = [(event.type, event.parameters["ParticipantSid"]) for event in changed]
    assert shown == [
        ("onParticipantRemoved", NATIVE.sid),
        ("onParticipantAdded", MASKED.sid),
        ("onParticipantUpdated", CHAT.sid),
    ]
    assert [event.parameters.get("DateRemoved") for event in changed] == ["2026-11-22T12:00:01.250Z", None, None]


def test_participant_event_without_a_role_has_the_services_default() -> None:
    def role(event: Event) -> str | None:
        return events.with_default_role(event, SERVICE).parameters.get("RoleSid")

    assert role(events.participant_event("onParticipantAdded", CHAT, CONVERSATION)) == SERVICE.member_role_sid
    assert role(events.participant_event("onParticipantAdded", AGENT, CONVERSATION)) == "RL1"
    assert role(events.participant_event("onParticipantAdded", NATIVE, CONVERSATION)) is None
    assert role(events.user_event("onUserAdded", USER)) == SERVICE.user_role_sid
    assert role(events.user_event("onUserUpdated", replace(USER, role_sid="RL2"))) == "RL2"
    assert role(events.message_event("onMessageUpdated", MESSAGE, CONVERSATION)) is None


def test_identities_are_each_named_once() -> None:
    assert events.identities_of([CHAT, NATIVE, AGENT], [CHAT]) == ("ann", "agent")


# --- messages


@pytest.mark.parametrize(
    "type", ["onMessageAdd", "onMessageUpdate", "onMessageUpdated", "onMessageRemove", "onMessageRemoved"]
)
def test_message_event_has_its_present_fields(type: str) -> None:
    assert types_and_parameters(events.message_event(type, MESSAGE, CONVERSATION)) == [(type, OF_MESSAGE)]
    bare = replace(MESSAGE, participant_sid=None, body=None)
    expected = {name: value for name, value in OF_MESSAGE.items() if name not in ("ParticipantSid", "Body")}
    assert types_and_parameters(events.message_event(type, bare, FULL)) == [
        (type, {**expected, "MessagingServiceSid": "MG1"})
    ]


def test_inbound_message_event_has_the_carriers_time() -> None:
    """C13."""
    late = replace(MESSAGE, received_at=datetime(2026, 11, 17, 9, 30, tzinfo=UTC))
    [(_, parameters)] = types_and_parameters(events.message_event("onMessageAdd", late, CONVERSATION))
    assert parameters == {**OF_MESSAGE, "DateReceivedByCarrier": "2026-11-17T09:30:00.000Z"}


def test_media_are_json_in_pascal_case() -> None:
    [(_, parameters)] = types_and_parameters(
        events.message_event("onMessageUpdated", replace(MESSAGE, media=MEDIA), CONVERSATION)
    )
    assert json.loads(parameters["Media"]) == [
        {"Sid": "ME1", "ContentType": "image/jpeg", "Filename": None, "Size": None},
        {"Sid": "ME2", "ContentType": None, "Filename": None, "Size": None},
    ]


@pytest.mark.parametrize("author", ["agent", "alpha:ann", "opaque:7", "50%25@example.com", A])
def test_author_in_an_event_is_as_in_rest(author: str) -> None:
    [(_, parameters)] = types_and_parameters(
        events.message_event("onMessageUpdated", replace(MESSAGE, author=author), CONVERSATION)
    )
    assert parameters["Author"] == author


def test_a_new_message_brings_the_roster_and_the_carriers_id() -> None:
    arrived = replace(MESSAGE, carrier_message_id="carrier-1")
    [(kind, parameters)] = types_and_parameters(
        events.message_added_event(arrived, CONVERSATION, [NATIVE, AGENT, MASKED, CHAT])
    )
    roster = parameters.pop("Roster")
    assert (kind, parameters) == ("onMessageAdded", {**OF_MESSAGE, "CarrierMessageId": "carrier-1"})
    assert json.loads(roster) == [
        {"participant_sid": "MB1", "address": A},
        {"participant_sid": "MB2", "identity": "agent", "projected_address": P},
        {"participant_sid": "MB3", "address": B, "proxy_address": Q},
    ]


def test_a_message_without_a_carriers_id_or_anybody_by_phone_says_so() -> None:
    [(_, parameters)] = types_and_parameters(events.message_added_event(MESSAGE, CONVERSATION, [CHAT]))
    assert parameters == {**OF_MESSAGE, "Roster": "[]"}


# --- receipts and users


@pytest.mark.parametrize(
    ("status", "shown"),
    [
        (ReceiptStatus.SENT, "sent"),
        (ReceiptStatus.UNKNOWN, "sent"),
        (ReceiptStatus.DELIVERED, "delivered"),
        (ReceiptStatus.UNDELIVERED, "undelivered"),
        (ReceiptStatus.FAILED, "failed"),
    ],
)
def test_delivery_event_has_the_status(status: ReceiptStatus, shown: str) -> None:
    moved = replace(RECEIPT, status=status, error_code=30003, channel_message_sid="MM1")
    expected = {
        "ConversationSid": "CH1",
        "ChatServiceSid": "IS1",
        "MessageSid": "IM1",
        "DeliveryReceiptSid": "DY1",
        "ChannelMessageSid": "MM1",
        "ParticipantSid": "MB1",
        "Status": shown,
        "ErrorCode": "30003",
        **DATES,
    }
    assert types_and_parameters(events.delivery_updated_event(moved, CONVERSATION)) == [("onDeliveryUpdated", expected)]


def test_a_receipt_without_an_error_says_zero() -> None:
    [(_, parameters)] = types_and_parameters(
        events.delivery_updated_event(replace(RECEIPT, status=ReceiptStatus.SENT), CONVERSATION)
    )
    assert parameters["ErrorCode"] == "0"
    assert "ChannelMessageSid" not in parameters


def test_user_event_has_its_present_fields() -> None:
    named = replace(USER, friendly_name="Ann", role_sid="RL2")
    more = {"FriendlyName": "Ann", "RoleSid": "RL2"}
    assert types_and_parameters(events.user_event("onUserAdded", USER)) == [("onUserAdded", OF_USER)]
    assert types_and_parameters(events.user_event("onUserUpdate", named)) == [("onUserUpdate", {**OF_USER, **more})]
    reachable = {"isOnline": "false", "isNotifiable": "false"}
    assert types_and_parameters(events.user_event("onUserUpdated", named)) == [
        ("onUserUpdated", {**OF_USER, **more, **reachable})
    ]


# --- what every event has


@pytest.mark.parametrize(
    ("cause", "common"),
    [
        (Cause(Source.API), {"Source": "API"}),
        (Cause(Source.SDK, "ann"), {"Source": "SDK", "ClientIdentity": "ann"}),
        (BY_TEXT, {"Source": "SMS"}),
        (BY_TIMER, {"Source": "SYSTEM"}),
    ],
)
def test_every_event_says_whose_it_is_and_from_where(cause: Cause, common: dict[str, str]) -> None:
    event = events.user_event("onUserAdded", USER)
    expected = {"AccountSid": "AC1", "EventType": "onUserAdded", **common, **event.parameters}
    assert events.with_common_parameters(event, "AC1", cause) == expected


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 1, 31, 12, 0, tzinfo=UTC), "2026-01-31T12:00:00.000Z"),
        (datetime(2026, 1, 31, 12, 0, 0, 999_999, tzinfo=UTC), "2026-01-31T12:00:00.999Z"),
        (datetime(2026, 1, 31, 14, 0, 0, 1000, tzinfo=timezone(timedelta(hours=2))), "2026-01-31T12:00:00.001Z"),
    ],
)
def test_a_time_has_milliseconds_and_is_utc(moment: datetime, text: str) -> None:
    assert events.format_timestamp(moment) == text
