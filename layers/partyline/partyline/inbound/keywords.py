"""Decide what a keyword (STOP, START, HELP) sets off. Pure.

STOP opts its sender out of every own number in the thread, since each of them could write there; START opts the sender
in again. So the effect does not depend on which number's copy comes first.

One answer goes 1:1 to the sender, from the number that received this copy, or from another number of the thread when
that one answers nothing. There is no answer when the carrier or the network gives one, to STOP after an earlier STOP,
to START without a STOP, and to HELP after STOP. A sender gets no more answers than opt_outs.is_answer_allowed allows; a
keyword takes effect all the same.

The keyword of a text that a catch-up found has the effect that it would have had in time, as far as the sender has not
said otherwise since, and no answer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import field
from datetime import datetime, timedelta
from enum import Enum, auto

from partyline.domain import addresses, opt_outs, sids, threads
from partyline.domain.lines import Line
from partyline.domain.messages import Message
from partyline.domain.opt_outs import Keyword, OptOut
from partyline.domain.participants import SYSTEM
from partyline.domain.sends import Send
from partyline.frozen_classes import frozen
from partyline.inbound.inbound_context import InboundContext
from partyline.storage.keyword_answers import AnswerHistory

# One transaction has at most 100 writes. A new conversation takes one for each member, and a keyword as many for each
# number as it does for a person who was erased; the other 16 are of the text, of its conversation and of the answer.
_MAX_WRITES, _WRITES_OF_CHANGE = 84, 5

# How far a carrier's clock and ours may differ: START that was said at about the time of a late STOP does not undo it.
_SKEW = timedelta(minutes=1)

# What each own number of a thread knows of the sender; None is nothing.
_Known = Mapping[str, OptOut | None]


class KeywordOccasion(Enum):
    """In which way a keyword came."""

    NEW = auto()  # with a text that is recorded now
    COPY = auto()  # with another copy of a message that was recorded before
    REPLAY = auto()  # with a text that was unrouted, and had its effect when it came


@frozen
class KeywordReply:
    """The answer to a keyword, and the line that gives it."""

    line: Line
    message: Message


@frozen
class KeywordEffect:
    """What a keyword sets off; a text that is no keyword sets off nothing.

    `changes` are the numbers whose opt-out state is set in the transaction that records the text. `early_changes` are
    set before it and may be repeated: those that hold whatever becomes of the text, and those for which the transaction
    has no room. Each number has the state that was read, under which its change holds. `is_answer_withheld` is set when
    the sender has had enough answers lately.
    """

    keyword: Keyword | None = None
    changes: _Known = field(default_factory=dict)
    early_changes: _Known = field(default_factory=dict)
    reply: KeywordReply | None = None
    is_answer_withheld: bool = False


NO_EFFECT = KeywordEffect()


def plan_keyword(context: InboundContext, occasion: KeywordOccasion) -> KeywordEffect:
    """Plan what the keyword of a text sets off."""
    keyword = detect_keyword(context)
    if keyword is None:
        return NO_EFFECT
    known = {number: context.records.opt_outs.get(number) for number in context.records.lines}
    if context.text.caught_up:
        return _plan_caught_up(context, keyword, known)
    if occasion is KeywordOccasion.NEW:
        return _plan_new(context, keyword, known)
    if keyword is not Keyword.STOP:
        return KeywordEffect(keyword)
    if occasion is KeywordOccasion.COPY:
        return KeywordEffect(keyword, early_changes=_find_changes_of_copy(context, known))
    # STOP holds for the numbers that were registered since. For those that know of the sender it had its effect when
    # the text came, and the sender may have said START since.
    return KeywordEffect(keyword, early_changes={number: None for number, state in known.items() if state is None})


def detect_keyword(context: InboundContext) -> Keyword | None:
    """Return the keyword that a text is: by its carrier, else in the language of one of its lines.

    Attached files change nothing: phones add pictures, contact cards and layout.
    """
    lines = context.records.lines
    if context.arrival.sender in lines or not lines:
        return None
    return context.text.keyword_handled_by_carrier or _recognise(context)


def to_attributes(keyword: Keyword) -> str:
    """Build the attributes of a message that is a keyword, as JSON: {"opt_out_type"}, with Twilio's OptOutType."""
    return json.dumps({"opt_out_type": keyword.value.upper()})


def _recognise(context: InboundContext) -> Keyword | None:
    # No word is one keyword in one language and another keyword in another.
    languages = sorted({line.language for line in context.records.lines.values()})
    found = (opt_outs.parse_keyword(context.text.text, language) for language in languages)
    return next(filter(None, found), None)


def _plan_new(context: InboundContext, keyword: Keyword, known: _Known) -> KeywordEffect:
    answering = _find_answering_line(context, keyword, known)
    changes, early_changes = _split_changes(context, keyword, known, answering)
    if answering is None:
        return KeywordEffect(keyword, changes, early_changes)
    line, body = answering
    history = context.records.answers.get(line.address, AnswerHistory())
    if not opt_outs.is_answer_allowed(keyword, history.answers, context.now):
        return KeywordEffect(keyword, changes, early_changes, is_answer_withheld=True)
    reply = KeywordReply(line, _build_reply(line, context.arrival.sender, body, keyword, context.now))
    return KeywordEffect(keyword, changes, early_changes, reply)


def _plan_caught_up(context: InboundContext, keyword: Keyword, known: _Known) -> KeywordEffect:
    """Plan the keyword of a text that a catch-up found. Of several the last one counts, by the times of the carrier."""
    said = context.said_at
    if keyword is Keyword.STOP:
        due = {number: state for number, state in known.items() if not _is_out(state) and not _is_later(state, said)}
    elif keyword is Keyword.START:
        due = {number: state for number, state in known.items() if state and state.opted_out and state.updated <= said}
    else:
        due = {}
    return KeywordEffect(keyword, early_changes=due)


def _is_later(state: OptOut | None, said: datetime) -> bool:
    """Whether what a number knows of a sender was said after a moment, whatever the clocks."""
    return state is not None and state.updated > said + _SKEW


def _split_changes(
    context: InboundContext, keyword: Keyword, known: _Known, answering: tuple[Line, str] | None
) -> tuple[_Known, _Known]:
    """Return the changes of the text's transaction, and those made before it where it has no room for all."""
    if keyword is Keyword.HELP:
        return {}, {}
    if len(context.arrival.roster) + _WRITES_OF_CHANGE * len(known) <= _MAX_WRITES:
        return known, {}
    # The state of the number that answers changes last, in the transaction: it decides whether there is an answer.
    last = answering[0].address if answering else min(known)
    opted_out = keyword is Keyword.STOP
    early = {
        number: state
        for number, state in known.items()
        if number != last and (state is None or state.opted_out is not opted_out)
    }
    return {last: known[last]}, early


def _find_changes_of_copy(context: InboundContext, known: _Known) -> _Known:
    """Return the changes of STOP on another copy of a message that was recorded before.

    A copy has an effect where only its own carrier took the text for STOP. Where we recognise STOP too, it had its
    effect, except for numbers that were registered since; and it has none once the sender has said START.
    """
    has_opted_in = any(state is not None and not state.opted_out for state in known.values())
    if has_opted_in and _recognise(context):
        return {}
    return {number: state for number, state in known.items() if not _is_out(state)}


def _find_answering_line(context: InboundContext, keyword: Keyword, known: _Known) -> tuple[Line, str] | None:
    """Return the line that answers a keyword, and its words; None when no answer is due."""
    if context.text.keyword_handled_by_carrier or not addresses.is_number(context.arrival.sender):
        return None
    lines = context.records.lines.values()
    if any(opt_outs.is_answered_by_network(line.address, keyword) for line in lines):
        return None
    # The number that received the text comes first, if it answers keywords.
    in_order = sorted(lines, key=lambda line: (line.address != context.arrival.line, line.address))
    bodies = ((line, opt_outs.reply_for(line, keyword)) for line in in_order)
    answering = next(((line, body) for line, body in bodies if body is not None), None)
    return answering if answering and _is_answer_due(keyword, answering[0].address, known) else None


def _is_answer_due(keyword: Keyword, number: str, known: _Known) -> bool:
    """Whether a keyword changes what holds for a number: its answer confirms the change."""
    match keyword:
        case Keyword.STOP:
            return not all(_is_out(state) for state in known.values())
        case Keyword.START:
            return any(_is_out(state) for state in known.values())
        case Keyword.HELP:
            return not _is_out(known[number])


def _is_out(state: OptOut | None) -> bool:
    return state is not None and state.opted_out


def _build_reply(line: Line, address: str, body: str, keyword: Keyword, now: datetime) -> Message:
    """Build the answer as a message of no conversation: it is sent, settled and stored like any other."""
    thread = threads.build_key([line.address, address])
    participant = sids.derive(sids.PARTICIPANT, "reply", thread)
    return Message(
        sid=sids.message(0),
        conversation_sid=sids.derive(sids.CONVERSATION, "reply", thread),
        index=0,
        created=now,
        updated=now,
        author=SYSTEM,
        body=body,
        sends=(Send(thread, line.address, {address: participant}, confirms_opt_out=keyword is Keyword.STOP),),
    )
