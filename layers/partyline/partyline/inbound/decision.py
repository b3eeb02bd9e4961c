"""Decide what becomes of an inbound text. Pure: every rule of where a text goes is here, and nothing is read."""

from __future__ import annotations

from datetime import timedelta

from partyline.domain import routing
from partyline.domain.lines import Line
from partyline.domain.unrouted import UnroutedReason
from partyline.frozen_classes import frozen
from partyline.inbound.inbound_context import InboundContext
from partyline.inbound.keywords import KeywordEffect, KeywordOccasion, plan_keyword
from partyline.storage import copies
from partyline.storage.inbound_records import ThreadOwner

# Copies that came by webhook are counted for a while. A text that is this old may be a copy of which the count has
# ended: an hour less, since carriers' clocks are not ours.
_COUNTED = copies.COPIES_LIFE - timedelta(hours=1)


@frozen
class Repeated:
    """The carrier repeats a webhook: this copy was recorded before."""


@frozen
class Copied:
    """The message is there already: another own number's copy was recorded, or we sent it ourselves."""

    effect: KeywordEffect


@frozen
class Unrouted:
    """No conversation takes the text."""

    reason: UnroutedReason
    effect: KeywordEffect


@frozen
class IntoKnown:
    """The text is a message of the conversation that owns its thread."""

    owner: ThreadOwner
    effect: KeywordEffect


@frozen
class IntoNew:
    """The text makes a conversation, with the settings of a line."""

    line: Line
    effect: KeywordEffect


Decision = Repeated | Copied | Unrouted | IntoKnown | IntoNew


def decide(context: InboundContext) -> Decision:
    """Decide what becomes of a text, and what its keyword sets off."""
    records = context.records
    if records.is_received and not context.is_replay:
        return Repeated()
    if is_copy(context):
        return Copied(plan_keyword(context, _occasion(context, KeywordOccasion.COPY)))
    effect = plan_keyword(context, _occasion(context, KeywordOccasion.NEW))
    if obstacle := _find_obstacle(context):
        return Unrouted(obstacle, effect)
    if records.owner:
        return IntoKnown(records.owner, effect)
    line = routing.find_line(context.arrival, records.lines)
    if isinstance(line, UnroutedReason):
        return Unrouted(UnroutedReason.KEYWORD if effect.keyword else line, effect)
    return IntoNew(line, effect)


def counts_as_copy(context: InboundContext) -> bool:
    """Whether a text is counted among the copies of its message.

    Any group may have another own number that is not registered yet, or no longer, and then the carrier delivers a text
    more than once. A replayed text was counted when it came, unless it was unknown then which of its numbers was ours.
    """
    is_uncounted = context.unrouted_text is None or not context.unrouted_text.line
    return is_uncounted and bool(context.arrival.receivers) and not context.is_pair


def is_copy(context: InboundContext) -> bool:
    """Whether a text is another copy of a message that was recorded or sent before."""
    if not counts_as_copy(context):
        return False
    before = context.records.counter.copies
    return before.with_copy_at(*context.arrival.receivers).logical() == before.logical()


def is_uncertain(context: InboundContext) -> bool:
    """Whether it is not certain of a caught-up text in which thread it belongs, or that no copy of it was recorded."""
    text = context.text
    if not text.caught_up:
        return False
    is_old = text.received_at is None or context.now - text.received_at > _COUNTED
    return text.roster_unknown or (is_old and counts_as_copy(context))


def _find_obstacle(context: InboundContext) -> UnroutedReason | None:
    """Return why no conversation can take a text, whoever owns its thread."""
    if is_uncertain(context):
        return UnroutedReason.UNCERTAIN
    return None if context.fits else UnroutedReason.ROSTER_TOO_LARGE


def _occasion(context: InboundContext, occasion: KeywordOccasion) -> KeywordOccasion:
    return KeywordOccasion.REPLAY if context.is_replay else occasion
