"""Write the effect of a keyword: opt-out states with their audit trail, and the answer."""

from __future__ import annotations

from collections.abc import Mapping

from partyline.domain import activities
from partyline.domain.events import BY_TEXT
from partyline.domain.membership import Roster
from partyline.domain.messages import Message
from partyline.domain.opt_outs import Keyword, KeywordAnswer, OptOut, OptOutChannel, OptOutEvent
from partyline.inbound.inbound_context import InboundContext
from partyline.inbound.keywords import KeywordEffect
from partyline.storage import activities as stored_activities
from partyline.storage import keyword_answers, messages, opt_outs, sweeps
from partyline.storage.keyword_answers import AnswerHistory
from partyline.storage.table import Write


def build_early_writes(context: InboundContext, effect: KeywordEffect) -> list[list[Write]]:
    """Build what is written before the text is recorded, for each number together. Repeats change nothing."""
    return _build_changes(context, effect, effect.early_changes)


def build_writes(context: InboundContext, effect: KeywordEffect) -> list[Write]:
    """Build what is written in the transaction that records the text.

    Holds while no other request has changed what the numbers know of the sender, nor answered.
    """
    changes = [write for group in _build_changes(context, effect, effect.changes) for write in group]
    if effect.reply is None or effect.keyword is None:
        return changes
    number, sender = effect.reply.line.address, context.arrival.sender
    history = context.records.answers.get(number, AnswerHistory())
    sweep_at = sweeps.plan_sweep(effect.reply.message, None, context.now)
    answer = KeywordAnswer(effect.keyword, context.now)
    return [
        *changes,
        *messages.message_writes(effect.reply.message, context.now, sweep_at),
        keyword_answers.build_count_write(sender, number, history, answer),
    ]


def build_activity_writes(
    context: InboundContext, effect: KeywordEffect, roster: Roster, message: Message
) -> list[Write]:
    """Build the activity that a keyword is in the conversation that takes its text; none where nothing changes."""
    opted_out = effect.keyword is Keyword.STOP
    known = {**effect.early_changes, **effect.changes}
    # An opt-in changes something only after an opt-out.
    changed = [number for number, before in known.items() if (before is not None and before.opted_out) != opted_out]
    if not changed:
        return []
    sender = context.arrival.sender
    noted = activities.describe_keyword(roster, message, sender, changed, context.now, opted_out=opted_out)
    return stored_activities.build_writes(roster.conversation, [noted], BY_TEXT, context.now)


def _build_changes(
    context: InboundContext, effect: KeywordEffect, changes: Mapping[str, OptOut | None]
) -> list[list[Write]]:
    groups: list[list[Write]] = []
    for number, before in changes.items():
        event = OptOutEvent(
            context.arrival.sender,
            number,
            opted_out=effect.keyword is Keyword.STOP,
            channel=OptOutChannel.CARRIER if context.text.keyword_handled_by_carrier else OptOutChannel.TEXT,
            at=context.said_at,
            source=f"{context.text.carrier}/{context.text.id}",
        )
        groups.append(opt_outs.build_writes(before, event))
    return groups
