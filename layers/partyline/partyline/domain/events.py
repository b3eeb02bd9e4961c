"""Events: Twilio's, with Twilio's parameters, for webhooks and for live connections alike. Pure.

The events of a change are stored in the transaction that makes it, as one EventBatch: so an event is published if and
only if its change was made. Parameters are texts under Twilio's names; those without a value are left out. The common
ones (`AccountSid`, `EventType`, `Source`, `ClientIdentity`) are added when an event is published.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

from partyline.domain import sids
from partyline.domain.addresses import format_address
from partyline.domain.attachments import Media
from partyline.domain.conversations import Conversation
from partyline.domain.messages import Message
from partyline.domain.participants import Participant
from partyline.domain.receipts import Receipt, ReceiptStatus
from partyline.domain.services import Service, User
from partyline.domain.webhook_configuration import ScopedWebhook

Parameters = dict[str, str]


class Source(StrEnum):
    """Where a change came from."""

    API = "API"  # the account, over REST
    SDK = "SDK"  # a chat identity
    SMS = "SMS"  # a text or a report that a carrier brought
    SYSTEM = "SYSTEM"  # a timer, or what follows from something else


class Reason(StrEnum):
    """Why a conversation's state changed."""

    API = "API"
    TIMER = "TIMER"
    EVENT = "EVENT"


@dataclass(frozen=True, slots=True)
class Cause:
    """The origin of a change, and whether webhooks are called for it.

    For what the account does over REST they are called when the request asks for it (`X-Twilio-Webhook-Enabled`), for
    everything else always. Live connections get every event.
    """

    source: Source
    identity: str | None = None
    notify_webhooks: bool = True
    reason: Reason = Reason.API


# A change that follows from another one: webhooks are called for that one, or for none.
QUIETLY = Cause(Source.SYSTEM, notify_webhooks=False)
BY_TEXT = Cause(Source.SMS, reason=Reason.EVENT)
BY_TIMER = Cause(Source.SYSTEM, reason=Reason.TIMER)


@dataclass(frozen=True, slots=True)
class Event:
    """One event: its type, one of webhooks.EVENTS, and its own parameters."""

    type: str
    parameters: Parameters


@dataclass(frozen=True, slots=True)
class EventBatch:
    """The events of one transaction, in order.

    `subject` is the SID of the conversation or of the user that they are about. `identities` receive them besides the
    members at the time of publishing. `webhooks` are those of a conversation that was removed with them. `replay` is
    the SID of a new webhook that is called for earlier messages.
    """

    service_sid: str
    subject: str
    cause: Cause
    at: datetime
    events: tuple[Event, ...] = ()
    identities: tuple[str, ...] = ()
    webhooks: tuple[ScopedWebhook, ...] | None = None
    replay: str | None = None


def with_common_parameters(event: Event, account_sid: str, cause: Cause) -> Parameters:
    """Add the parameters that every event has, and the messaging service where none is named."""
    has_service = event.type.startswith(("onConversation", "onMessage"))
    common = {
        "AccountSid": account_sid,
        "EventType": event.type,
        "Source": cause.source.value,
        "ClientIdentity": cause.identity,
        "MessagingServiceSid": sids.default_messaging_service(account_sid) if has_service else None,
    }
    return {**_given(common), **event.parameters}


def with_default_role(event: Event, service: Service) -> Event:
    """Add the role that a Service gives to a user or a member without one."""
    if "RoleSid" in event.parameters or "Identity" not in event.parameters:
        return event
    of_user = event.type.startswith("onUser")
    role = service.user_role_sid if of_user else service.member_role_sid
    return replace(event, parameters={**event.parameters, "RoleSid": role})


# --- conversations


def conversation_event(type: str, shown: Conversation, **more: str | None) -> Event:
    """onConversationAdd, Added, Update, Updated, Remove, Removed. An addition that a text makes brings more: the
    addresses (`binding_of_text`), and before it is made the body."""
    return Event(type, {**_conversation(shown), **_given(more)})


def conversation_removed_event(shown: Conversation, now: datetime) -> Event:
    return Event("onConversationRemoved", {**_conversation(shown), "DateRemoved": format_timestamp(now)})


def state_updated_event(
    before: Conversation, after: Conversation, reason: Reason, error_code: int | None = None
) -> Event:
    """Build the event of a change of state. `ErrorCode`, for a state that an error caused, goes beyond Twilio."""
    return Event(
        "onConversationStateUpdated",
        _given(
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
    """What a change of a conversation is told as: its state apart from everything else."""
    if replace(before, state=after.state, active_at=after.active_at, updated=after.updated) != after:
        yield conversation_event("onConversationUpdated", after)
    if before.state is not after.state:
        yield state_updated_event(before, after, reason, error_code)


def text_binding_parameters(sender: str, recipients: Iterable[str], line: str) -> Parameters:
    """The addresses of a text that makes a conversation. A group's receivers, our own number among them, are one value,
    separated by comma and blank."""
    receivers = list(recipients)
    if len(receivers) > 1:
        return {
            "MessagingBinding.Address": ", ".join(format_address(address) for address in receivers),
            "MessagingBinding.AuthorAddress": format_address(sender),
        }
    return {"MessagingBinding.Address": format_address(sender), "MessagingBinding.ProxyAddress": format_address(line)}


def text_parameters(shown: Message) -> Parameters:
    """The text that would make a conversation, as it is asked about."""
    return _given({"MessageBody": shown.body, "Media": _media(shown.media)})


def _conversation(shown: Conversation) -> Parameters:
    return _given(
        {
            "ConversationSid": shown.sid,
            "ChatServiceSid": shown.service_sid,
            "MessagingServiceSid": shown.messaging_service_sid,
            "FriendlyName": shown.friendly_name,
            "UniqueName": shown.unique_name,
            "Attributes": shown.attributes,
            "State": shown.state.value,
            "DateCreated": format_timestamp(shown.created),
            "DateUpdated": format_timestamp(shown.updated),
        }
    )


# --- participants


def participant_event(type: str, shown: Participant, of: Conversation, **more: str | None) -> Event:
    """onParticipantAdd, Added, Update, Updated, Remove, Removed."""
    binding = {
        "MessagingBinding.Address": shown.address,
        "MessagingBinding.ProxyAddress": shown.proxy_address,
        "MessagingBinding.ProjectedAddress": shown.projected_address,
    }
    horizon = shown.last_read_message_index
    parameters = {
        "ConversationSid": of.sid,
        "ChatServiceSid": of.service_sid,
        "ParticipantSid": shown.sid,
        "Identity": shown.identity,
        "RoleSid": shown.role_sid,
        "Attributes": shown.attributes,
        **{name: format_address(address) for name, address in binding.items() if address},
        "MessagingBinding.Type": "SMS" if shown.is_bound else "CHAT",
        "DateCreated": format_timestamp(shown.created),
        "DateUpdated": format_timestamp(shown.updated),
        "LastReadMessageIndex": None if horizon is None else str(horizon),
        **more,
    }
    return Event(type, _given(parameters))


def membership_events(
    of: Conversation, before: Sequence[Participant], after: Sequence[Participant], now: datetime
) -> Iterator[Event]:
    """What a change of members is told as: who left, who came, who changed."""
    were = {member.sid: member for member in before}
    are = {member.sid: member for member in after}
    for sid, member in were.items():
        if sid not in are:
            yield participant_event("onParticipantRemoved", member, of, DateRemoved=format_timestamp(now))
    for sid, member in are.items():
        if sid not in were:
            yield participant_event("onParticipantAdded", member, of)
    for sid, member in are.items():
        if sid in were and were[sid] != member:
            yield participant_event("onParticipantUpdated", member, of)


def identities_of(*members: Iterable[Participant]) -> tuple[str, ...]:
    """The identities among some members, each once."""
    return tuple(dict.fromkeys(member.identity for some in members for member in some if member.identity))


# --- messages


def message_event(type: str, shown: Message, of: Conversation, **more: str | None) -> Event:
    """onMessageAdd, Update, Updated, Remove, Removed. Beyond Twilio: `DateReceivedByCarrier`, when a carrier got a text
    that it brought."""
    parameters = {
        "ConversationSid": of.sid,
        "ChatServiceSid": of.service_sid,
        "MessagingServiceSid": of.messaging_service_sid,
        "MessageSid": shown.sid,
        "Index": str(shown.index),
        "Author": shown.author,
        "ParticipantSid": shown.participant_sid,
        "Body": shown.body,
        "Attributes": shown.attributes,
        "Media": _media(shown.media),
        "DateCreated": format_timestamp(shown.created),
        "DateUpdated": format_timestamp(shown.updated),
        "DateReceivedByCarrier": format_timestamp(shown.received_at) if shown.received_at else None,
        **more,
    }
    return Event(type, _given(parameters))


def message_added_event(shown: Message, of: Conversation, members: Iterable[Participant]) -> Event:
    """The event onMessageAdded. Beyond Twilio: `Roster`, everybody who takes part by phone, as JSON, and
    `CarrierMessageId`, the carrier's own id of a text that came in."""
    return message_event(
        "onMessageAdded", shown, of, Roster=_roster(members), CarrierMessageId=shown.carrier_message_id
    )


def _roster(members: Iterable[Participant]) -> str:
    addresses = ("address", "proxy_address", "projected_address")
    roster = []
    for member in members:
        if member.is_bound:
            shown = {name: format_address(value) for name in addresses if (value := getattr(member, name))}
            roster.append(_given({"participant_sid": member.sid, "identity": member.identity, **shown}))
    return json.dumps(roster, ensure_ascii=False, separators=(",", ":"))


def _media(media: Iterable[Media]) -> str | None:
    """Pascal case here, as at Twilio; REST has snake case."""
    parts = [
        {"Sid": part.sid, "ContentType": part.content_type, "Filename": part.filename, "Size": part.size}
        for part in media
    ]
    return json.dumps(parts, separators=(",", ":")) if parts else None


# --- receipts and users


def delivery_updated_event(shown: Receipt, of: Conversation) -> Event:
    """onDeliveryUpdated: once for each receipt and status."""
    parameters = {
        "ConversationSid": shown.conversation_sid,
        "ChatServiceSid": of.service_sid,
        "MessageSid": shown.message_sid,
        "DeliveryReceiptSid": shown.sid,
        "ChannelMessageSid": shown.channel_message_sid,
        "ParticipantSid": shown.participant_sid,
        "Status": reported_status(shown).value,
        "ErrorCode": str(shown.error_code),
        "DateCreated": format_timestamp(shown.created),
        "DateUpdated": format_timestamp(shown.updated),
    }
    return Event("onDeliveryUpdated", _given(parameters))


def reported_status(shown: Receipt) -> ReceiptStatus:
    """The status of a receipt as it is told. A carrier that cannot tell has at least sent it."""
    return ReceiptStatus.SENT if shown.status is ReceiptStatus.UNKNOWN else shown.status


def user_event(type: str, shown: User) -> Event:
    """onUserAdded, Update, Updated. Nobody is ever online or notifiable: Partyline sends no push."""
    parameters = {
        "ChatServiceSid": shown.service_sid,
        "UserSid": shown.sid,
        "Identity": shown.identity,
        "RoleSid": shown.role_sid,
        "FriendlyName": shown.friendly_name,
        "Attributes": shown.attributes,
        "DateCreated": format_timestamp(shown.created),
        "DateUpdated": format_timestamp(shown.updated),
    }
    reachable = {"isOnline": "false", "isNotifiable": "false"} if type == "onUserUpdated" else {}
    return Event(type, {**_given(parameters), **reachable})


# ---


def format_timestamp(moment: datetime) -> str:
    """A time as events have it, with milliseconds: 2026-01-31T12:00:00.000Z."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def _given(parameters: Mapping[str, str | None]) -> Parameters:
    return {name: value for name, value in parameters.items() if value is not None}
