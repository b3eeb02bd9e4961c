"""Events: Twilio's events and their parameters, for webhooks and live connections. Pure.

The transaction of a change also stores its events, as one EventBatch. So an event is published if and only if its
change was stored. Parameters are texts under Twilio's names; a parameter without a value is left out. The common
parameters (`AccountSid`, `EventType`, `Source`, `ClientIdentity`) are added when an event is published.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum

from partyline.domain import sids
from partyline.domain.addresses import format_address
from partyline.domain.conversations import Conversation
from partyline.domain.media import Media
from partyline.domain.messages import Message
from partyline.domain.participants import Participant
from partyline.domain.receipts import Receipt, ReceiptStatus
from partyline.domain.scheduled_messages import ScheduledMessage
from partyline.domain.services import Service, User
from partyline.domain.webhook_configuration import ScopedWebhook
from partyline.frozen_classes import frozen, replace

Parameters = dict[str, str]


class Source(StrEnum):
    """The source of a change."""

    API = "API"  # the account, over REST
    SDK = "SDK"  # a chat identity
    SMS = "SMS"  # a text or a report of a carrier
    SYSTEM = "SYSTEM"  # a timer, or a consequence of another change


class Reason(StrEnum):
    """The reason for a change of a conversation's state."""

    API = "API"
    TIMER = "TIMER"
    EVENT = "EVENT"


@frozen
class Cause:
    """The origin of a change, and whether webhooks are called for it.

    A change by the account over REST calls webhooks only when the request asks for it (`X-Twilio-Webhook-Enabled`).
    Every other change calls them. Live connections get every event.
    """

    source: Source
    identity: str | None = None
    notify_webhooks: bool = True
    reason: Reason = Reason.API


# A consequence of another change, whose own webhooks are called, if any.
QUIETLY = Cause(Source.SYSTEM, notify_webhooks=False)
BY_TEXT = Cause(Source.SMS, reason=Reason.EVENT)
BY_TIMER = Cause(Source.SYSTEM, reason=Reason.TIMER)
SCHEDULED_MESSAGE_FAILED = "onScheduledMessageFailed"


@frozen
class Event:
    """One event: its type, one of webhooks.EVENTS, and its own parameters."""

    type: str
    parameters: Parameters


@frozen
class EventBatch:
    """The events of one transaction, in order.

    - `subject`: the SID of the conversation or of the user that they are about.
    - `identities`: identities that receive them besides the members at the time of publishing.
    - `owners`: identities that owned a contact in a removed conversation; they receive them if their role permits it.
    - `webhooks`: the conversation's own webhooks, where it has none, or is removed with them. None for those that it
      has when the events are published.
    - `replay`: the SID of a new webhook that is called for earlier messages.
    """

    service_sid: str
    subject: str
    cause: Cause
    at: datetime
    events: tuple[Event, ...] = ()
    identities: tuple[str, ...] = ()
    webhooks: tuple[ScopedWebhook, ...] | None = None
    replay: str | None = None
    owners: tuple[str, ...] | None = None


def with_common_parameters(event: Event, account_sid: str, cause: Cause) -> Parameters:
    """Add the common parameters, and the default messaging service when the event has none."""
    has_service = event.type.startswith(("onConversation", "onMessage"))
    common = {
        "AccountSid": account_sid,
        "EventType": event.type,
        "Source": cause.source.value,
        "ClientIdentity": cause.identity,
        "MessagingServiceSid": sids.default_messaging_service(account_sid) if has_service else None,
    }
    return {**_without_none(common), **event.parameters}


def with_default_role(event: Event, service: Service) -> Event:
    """Add the Service's default role to the event of a user or member without a role."""
    if "RoleSid" in event.parameters or "Identity" not in event.parameters:
        return event
    of_user = event.type.startswith("onUser")
    role = service.user_role_sid if of_user else service.member_role_sid
    return replace(event, parameters={**event.parameters, "RoleSid": role})


# --- conversations


def conversation_event(type: str, conversation: Conversation, **more: str | None) -> Event:
    """Build onConversationAdd, Added, Update, Updated, Remove or Removed.

    A conversation created by a text has more parameters: its addresses (`text_binding_parameters`), and in
    onConversationAdd its content (`text_parameters`).
    """
    return Event(type, {**_conversation(conversation), **_without_none(more)})


def conversation_removed_event(conversation: Conversation, now: datetime) -> Event:
    return Event("onConversationRemoved", {**_conversation(conversation), "DateRemoved": format_timestamp(now)})


def state_updated_event(
    before: Conversation, after: Conversation, reason: Reason, error_code: int | None = None
) -> Event:
    """Build the event of a change of state. `ErrorCode`, for a state that an error caused, goes beyond Twilio."""
    return Event(
        "onConversationStateUpdated",
        _without_none(
            {
                "ConversationSid": after.sid,
                "ChatServiceSid": after.service_sid,
                "MessagingServiceSid": after.messaging_service_sid,
                "StateFrom": before.state.value,
                "StateTo": after.state.value,
                "StateUpdated": format_timestamp(after.updated),
                "Reason": reason.value,
                "ErrorCode": None if error_code is None else str(error_code),
            }
        ),
    )


def conversation_changed_events(
    before: Conversation, after: Conversation, reason: Reason, error_code: int | None = None
) -> Iterator[Event]:
    """Build the events of a change of a conversation; a change of its state has its own event."""
    if replace(before, state=after.state, active_at=after.active_at, updated=after.updated) != after:
        yield conversation_event("onConversationUpdated", after)
    if before.state is not after.state:
        yield state_updated_event(before, after, reason, error_code)


def text_binding_parameters(sender: str, recipients: Iterable[str], line: str) -> Parameters:
    """Build the address parameters of a text that creates a conversation.

    The recipients of a group text, our own number among them, are one value, separated by comma and blank.
    """
    addresses = list(recipients)
    if len(addresses) > 1:
        return {
            "MessagingBinding.Address": ", ".join(format_address(address) for address in addresses),
            "MessagingBinding.AuthorAddress": format_address(sender),
        }
    return {"MessagingBinding.Address": format_address(sender), "MessagingBinding.ProxyAddress": format_address(line)}


def text_parameters(message: Message) -> Parameters:
    """Build the content parameters of onConversationAdd, for a text that would create a conversation."""
    return _without_none({"MessageBody": message.body, "Media": _media(message.media)})


def _conversation(conversation: Conversation) -> Parameters:
    return _without_none(
        {
            "ConversationSid": conversation.sid,
            "ChatServiceSid": conversation.service_sid,
            "MessagingServiceSid": conversation.messaging_service_sid,
            "FriendlyName": conversation.friendly_name,
            "UniqueName": conversation.unique_name,
            "Attributes": conversation.known_attributes,
            "Assignee": conversation.assignee,
            "State": conversation.state.value,
            "DateCreated": format_timestamp(conversation.created),
            "DateUpdated": format_timestamp(conversation.updated),
        }
    )


# --- participants


def participant_event(type: str, participant: Participant, conversation: Conversation, **more: str | None) -> Event:
    """Build onParticipantAdd, Added, Update, Updated, Remove or Removed."""
    binding = {
        "MessagingBinding.Address": participant.address,
        "MessagingBinding.ProxyAddress": participant.proxy_address,
        "MessagingBinding.ProjectedAddress": participant.projected_address,
    }
    horizon = participant.last_read_message_index
    parameters = {
        "ConversationSid": conversation.sid,
        "ChatServiceSid": conversation.service_sid,
        "ParticipantSid": participant.sid,
        "Identity": participant.identity,
        "RoleSid": participant.role_sid,
        "Attributes": participant.attributes,
        **{name: format_address(address) for name, address in binding.items() if address},
        "MessagingBinding.Type": "SMS" if participant.is_bound else "CHAT",
        "DateCreated": format_timestamp(participant.created),
        "DateUpdated": format_timestamp(participant.updated),
        "LastReadMessageIndex": None if horizon is None else str(horizon),
        **more,
    }
    return Event(type, _without_none(parameters))


def membership_events(
    conversation: Conversation, before: Sequence[Participant], after: Sequence[Participant], now: datetime
) -> Iterator[Event]:
    """Build the events of a change of members: removed, added, updated."""
    known = {member.sid: member for member in before}
    members = {member.sid: member for member in after}
    for sid, member in known.items():
        if sid not in members:
            yield participant_event("onParticipantRemoved", member, conversation, DateRemoved=format_timestamp(now))
    for sid, member in members.items():
        if sid not in known:
            yield participant_event("onParticipantAdded", member, conversation)
    for sid, member in members.items():
        if sid in known and known[sid] != member:
            yield participant_event("onParticipantUpdated", member, conversation)


def identities_of(*members: Iterable[Participant]) -> tuple[str, ...]:
    """Collect the identities of some members, each once."""
    return tuple(dict.fromkeys(member.identity for group in members for member in group if member.identity))


# --- messages


def message_event(type: str, message: Message, conversation: Conversation, **more: str | None) -> Event:
    """Build onMessageAdd, Update, Updated, Remove or Removed.

    Beyond Twilio: `DateReceivedByCarrier`, when the carrier received an inbound text, and `WrittenBy`, the identity
    that wrote as a line.
    """
    return _build_message_event(type, message, conversation.service_sid, conversation.messaging_service_sid, **more)


def _build_message_event(
    type: str, message: Message, service_sid: str, messaging_service_sid: str | None, **more: str | None
) -> Event:
    parameters = {
        "ConversationSid": message.conversation_sid,
        "ChatServiceSid": service_sid,
        "MessagingServiceSid": messaging_service_sid,
        "MessageSid": message.sid,
        "Index": str(message.index),
        "Author": message.author,
        "ParticipantSid": message.participant_sid,
        "Body": message.body,
        "Attributes": message.attributes,
        "Media": _media(message.media),
        "DateCreated": format_timestamp(message.created),
        "DateUpdated": format_timestamp(message.updated),
        "DateReceivedByCarrier": format_timestamp(message.received_at) if message.received_at else None,
        "WrittenBy": message.written_by,
        **more,
    }
    return Event(type, _without_none(parameters))


def message_added_event(message: Message, conversation: Conversation, members: Iterable[Participant]) -> Event:
    """Build onMessageAdded.

    Beyond Twilio: `Roster`, the members with a messaging binding, as JSON, and `CarrierMessageId`, the carrier's own id
    of an inbound text.
    """
    return build_message_added(message, conversation.service_sid, conversation.messaging_service_sid, _roster(members))


def build_message_added(message: Message, service_sid: str, messaging_service_sid: str | None, roster: str) -> Event:
    """Build onMessageAdded as `message_added_event` does, from a roster that is JSON already."""
    more = {"Roster": roster, "CarrierMessageId": message.carrier_message_id}
    return _build_message_event("onMessageAdded", message, service_sid, messaging_service_sid, **more)


def _roster(members: Iterable[Participant]) -> str:
    addresses = ("address", "proxy_address", "projected_address")
    roster = []
    for member in members:
        if member.is_bound:
            formatted = {name: format_address(value) for name in addresses if (value := getattr(member, name))}
            roster.append(_without_none({"participant_sid": member.sid, "identity": member.identity, **formatted}))
    return json.dumps(roster, ensure_ascii=False, separators=(",", ":"))


def _media(media: Iterable[Media]) -> str | None:
    """Build the JSON of media. Its names are in Pascal case, as at Twilio; REST has snake case."""
    parts = [
        {"Sid": part.sid, "ContentType": part.content_type, "Filename": part.filename, "Size": part.size}
        for part in media
    ]
    return json.dumps(parts, separators=(",", ":")) if parts else None


def scheduled_message_failed_event(scheduled: ScheduledMessage, conversation: Conversation) -> Event:
    """Build onScheduledMessageFailed, which Twilio does not have: a scheduled message could not be sent."""
    parameters = {
        "ConversationSid": conversation.sid,
        "ChatServiceSid": conversation.service_sid,
        "ScheduledMessageSid": scheduled.sid,
        "Author": scheduled.author,
        "ScheduledBy": scheduled.scheduled_by,
        "Body": scheduled.body,
        "Attributes": scheduled.attributes,
        "SendAt": format_timestamp(scheduled.send_at),
        "ErrorCode": None if scheduled.error_code is None else str(scheduled.error_code),
        "ErrorMessage": scheduled.error_message,
        "DateCreated": format_timestamp(scheduled.created),
        "DateUpdated": format_timestamp(scheduled.updated),
    }
    return Event(SCHEDULED_MESSAGE_FAILED, _without_none(parameters))


# --- receipts and users


def delivery_updated_event(receipt: Receipt, conversation: Conversation) -> Event:
    """Build onDeliveryUpdated, which is published once for each receipt and status."""
    parameters = {
        "ConversationSid": receipt.conversation_sid,
        "ChatServiceSid": conversation.service_sid,
        "MessageSid": receipt.message_sid,
        "DeliveryReceiptSid": receipt.sid,
        "ChannelMessageSid": receipt.channel_message_sid,
        "ParticipantSid": receipt.participant_sid,
        "Status": reported_status(receipt).value,
        "ErrorCode": str(receipt.error_code),
        "DateCreated": format_timestamp(receipt.created),
        "DateUpdated": format_timestamp(receipt.updated),
    }
    return Event("onDeliveryUpdated", _without_none(parameters))


def reported_status(receipt: Receipt) -> ReceiptStatus:
    """Return the status of a receipt as published: `unknown` is published as `sent`."""
    return ReceiptStatus.SENT if receipt.status is ReceiptStatus.UNKNOWN else receipt.status


def user_event(type: str, user: User) -> Event:
    """Build onUserAdded, Update or Updated.

    No user is ever online or notifiable, since Partyline sends no push notifications.
    """
    parameters = {
        "ChatServiceSid": user.service_sid,
        "UserSid": user.sid,
        "Identity": user.identity,
        "RoleSid": user.role_sid,
        "FriendlyName": user.friendly_name,
        "Attributes": user.attributes,
        "DateCreated": format_timestamp(user.created),
        "DateUpdated": format_timestamp(user.updated),
    }
    reachable = {"isOnline": "false", "isNotifiable": "false"} if type == "onUserUpdated" else {}
    return Event(type, {**_without_none(parameters), **reachable})


# ---


def format_timestamp(moment: datetime) -> str:
    """Format a time for events, with milliseconds: 2026-01-31T12:00:00.000Z."""
    in_utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return in_utc.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def _without_none(parameters: Mapping[str, str | None]) -> Parameters:
    return {name: value for name, value in parameters.items() if value is not None}
