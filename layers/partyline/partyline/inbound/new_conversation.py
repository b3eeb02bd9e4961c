"""Build the conversation that an inbound text makes. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from partyline.domain import events, membership, sids
from partyline.domain.conversations import Conversation, ConversationState
from partyline.domain.events import BY_TEXT, Event, EventBatch
from partyline.domain.lines import AutoCreationType, Line
from partyline.domain.membership import Roster
from partyline.domain.messages import Message
from partyline.domain.participants import Participant
from partyline.domain.services import Configuration, default_timers
from partyline.domain.webhook_configuration import (
    POST_EVENTS,
    ScopedWebhook,
    WebhookMethod,
    WebhookTarget,
)
from partyline.frozen_classes import frozen, replace
from partyline.inbound.inbound_context import InboundContext
from partyline.storage.service_settings import ServiceSettings


@frozen
class ConversationHome:
    """The Service in which a line makes its conversations, with the settings that hold there."""

    line: Line
    configuration: Configuration
    service_sid: str
    settings: ServiceSettings


def list_candidates(line: Line, configuration: Configuration) -> tuple[str, str]:
    """Return the Service that a line's configuration names, and the account's default one: it takes the place of a
    Service that does not exist."""
    default = configuration.default_service_sid
    named = line.configuration.service_sid if line.configuration else None
    return named or default, default


def choose_home(
    line: Line, configuration: Configuration, candidates: Mapping[str, ServiceSettings]
) -> ConversationHome:
    """Choose the Service of a new conversation; `candidates` are those of list_candidates, with their settings."""
    named, default = list_candidates(line, configuration)
    sid = named if candidates[named].service else default
    return ConversationHome(line, configuration, sid, candidates[sid])


def build_roster(context: InboundContext, home: ConversationHome) -> Roster:
    """Build a new conversation with a member for each address of the thread.

    In a pair, the other party becomes a masked member behind our number. In a group, each of our numbers becomes a
    projected member, which an identity can take over later, and each other address a native member.
    """
    arrival, lines = context.arrival, context.records.lines
    conversation = replace(_build_conversation(home, context.now), threads=frozenset({arrival.thread}))
    member = Participant(sids.new(sids.PARTICIPANT), conversation.sid, context.now, context.now)
    if context.is_pair:
        return Roster(conversation, (replace(member, address=arrival.sender, proxy_address=arrival.line),))
    member_sids = sids.new_many(sids.PARTICIPANT, len(arrival.roster))
    members = tuple(
        replace(member, sid=sid, projected_address=address)
        if address in lines
        else replace(member, sid=sid, address=address)
        for sid, address in zip(member_sids, arrival.roster, strict=True)
    )
    return Roster(conversation, members)


def build_webhook(line: Line, conversation: Conversation) -> ScopedWebhook | None:
    """Build the webhook that a line gives to the conversations it makes, if it has one."""
    configuration = line.configuration
    if configuration is None or configuration.type is AutoCreationType.DEFAULT:
        return None
    is_studio = configuration.type is AutoCreationType.STUDIO
    return ScopedWebhook(
        sid=sids.new(sids.WEBHOOK),
        conversation_sid=conversation.sid,
        created=conversation.created,
        updated=conversation.created,
        target=WebhookTarget.STUDIO if is_studio else WebhookTarget.WEBHOOK,
        url=configuration.webhook_url,
        method=configuration.webhook_method or WebhookMethod.POST,
        filters=() if is_studio else configuration.webhook_filters or POST_EVENTS,
        flow_sid=configuration.studio_flow_sid,
    )


def build_request_event(context: InboundContext, conversation: Conversation, message: Message) -> Event:
    """Build the event about which the pre-action webhook is asked."""
    return events.conversation_event(
        "onConversationAdd", conversation, **_binding_parameters(context), **events.text_parameters(message)
    )


def build_events(context: InboundContext, roster: Roster, message: Message) -> EventBatch:
    """Build the events of a conversation that a text made, in Twilio's order.

    The conversation is active from the first; a subscriber that waits for this, as Twilio's demand, gets that event.
    """
    conversation = roster.conversation
    initializing = replace(conversation, state=ConversationState.INITIALIZING)
    batch = (
        *membership.creation_events(conversation, roster.participants, **_binding_parameters(context)),
        events.message_added_event(message, conversation, roster.participants),
        events.state_updated_event(initializing, conversation, BY_TEXT.reason),
    )
    return membership.build_event_batch(roster, BY_TEXT, context.now, batch)


def _build_conversation(home: ConversationHome, now: datetime) -> Conversation:
    timers = default_timers(home.configuration, home.settings.service)
    return Conversation(
        sid=sids.new(sids.CONVERSATION),
        service_sid=home.service_sid,
        created=now,
        updated=now,
        state=ConversationState.ACTIVE,
        messaging_service_sid=home.configuration.default_messaging_service_sid,
        active_at=now,
        inactive_after=timers.inactive,
        closed_after=timers.closed,
    )


def _binding_parameters(context: InboundContext) -> dict[str, str]:
    arrival = context.arrival
    return events.text_binding_parameters(arrival.sender, arrival.recipients, arrival.line)
