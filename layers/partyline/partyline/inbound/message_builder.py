"""Build the message that an inbound text becomes. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from partyline.carriers.base import InboundMedia, InboundText
from partyline.domain import addresses, routing, sids, tapbacks
from partyline.domain.conversations import threads_of
from partyline.domain.media import Media, MediaState
from partyline.domain.membership import Roster
from partyline.domain.messages import Message, Origin
from partyline.domain.opt_outs import Keyword
from partyline.domain.routing import Unreached
from partyline.domain.tapbacks import Tapback
from partyline.frozen_classes import frozen, replace
from partyline.inbound import keywords
from partyline.inbound.inbound_context import InboundContext


@frozen
class PlannedMessage:
    """A message with its sends, and the handsets that none of them reaches."""

    message: Message
    unreached: tuple[Unreached, ...]


def parse_tapback(text: InboundText, keyword: Keyword | None) -> Tapback | None:
    """Return the tapback that a text is; a text with files is none."""
    return None if keyword or text.media else tapbacks.parse_tapback(text.text)


def plan_message(context: InboundContext, roster: Roster, keyword: Keyword | None, attributes: str) -> PlannedMessage:
    """Plan the next message of the conversation that owns the thread, with its sends into the other threads."""
    arrival = context.arrival
    message = build_message(context, roster, attributes)
    if keyword:
        # A keyword is said to the number, not to the members behind other threads.
        return PlannedMessage(message, ())
    participants = roster.participants
    author = routing.find_author(arrival.sender, arrival.thread, participants)
    planned = routing.plan_sends(participants, threads_of(participants), author, arrived_on=arrival.thread)
    sends = tuple(send for send in planned if send.thread in roster.conversation.threads)
    unreached = routing.find_unreached(participants, sends, author, arrival.thread)
    return PlannedMessage(replace(message, sends=sends), unreached)


def build_message(context: InboundContext, roster: Roster, attributes: str) -> Message:
    """Build the next message of a conversation, without sends."""
    text, arrival, conversation = context.text, context.arrival, roster.conversation
    author = routing.find_author(arrival.sender, arrival.thread, roster.participants)
    index = conversation.last_index + 1
    return Message(
        sid=sids.message(index),
        conversation_sid=conversation.sid,
        index=index,
        created=context.now,
        updated=context.now,
        author=author.author if author else addresses.format_address(arrival.sender),
        body=text.text or None,
        participant_sid=author.sid if author else None,
        attributes=attributes,
        media=build_media(text),
        carrier_message_id=text.id,
        received_at=text.received_at,
        origin=_build_origin(context),
        service_sid=conversation.service_sid,
    )


def build_media(text: InboundText) -> tuple[Media, ...]:
    """Build the files of a text, which are still at its carrier."""
    return tuple(_build_file(text.carrier, media) for media in text.media)


def _build_file(carrier: str, media: InboundMedia) -> Media:
    file = Media(sids.new(sids.MEDIA), media.url, media.content_type, carrier=carrier, sha256=media.sha256)
    return file if media.url else replace(file, state=MediaState.FAILED, error="address")


def build_attributes(keyword: Keyword | None, tapback: Tapback | None, recent: Iterable[Message] = ()) -> str:
    """Mark a keyword, or a tapback with the message that it is about: one of the last ones, newest first."""
    if keyword:
        return keywords.to_attributes(keyword)
    return tapbacks.to_attributes(tapback, tapbacks.find_target(tapback, recent)) if tapback else "{}"


def _build_origin(context: InboundContext) -> Origin | None:
    """Keep how a text arrived while its words may be in one of its files."""
    text, arrival = context.text, context.arrival
    is_wordless = not text.text or text.only_subject
    return Origin(arrival.receivers, arrival.sender, arrival.roster) if text.media and is_wordless else None
