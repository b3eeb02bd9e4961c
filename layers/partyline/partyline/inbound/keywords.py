"""What a text of one keyword sets off, in the transaction that records it.

STOP opts its sender out of every own number in the thread, since each of them could write there; START opts them in
again. So what a text is does not depend on which number's copy comes first. One answer goes 1:1 to the sender, from the
number that received this copy, or another of the thread where that one answers nothing: never a second one to who had
opted out before, and none where the carrier or the network answers itself. HELP is answered to who has not opted out.
A sender gets no more answers than optouts.may_answer allows; a keyword takes effect all the same.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from partyline.carriers.base import InboundText
from partyline.domain import addresses, opt_outs, sids, threads
from partyline.domain.lines import Line
from partyline.domain.messages import Message
from partyline.domain.opt_outs import Keyword, OptOut, OptOutChannel
from partyline.domain.participants import SYSTEM
from partyline.domain.routing import Arrival
from partyline.domain.sends import Send
from partyline.storage import codec, keys, keyword_answers, messages
from partyline.storage import opt_outs as store
from partyline.storage.table import Item, Write

# A new conversation takes a write for each of its members, and a keyword three for each number, in one transaction of
# at most 100; the others are those of the text, of its conversation and of the answer.
_MAX_WRITES = 85


def keys_to_read(text: InboundText, arrived: Arrival, numbers: Collection[str]) -> list[keys.Key]:
    """What has to be read for a text that may be a keyword: what these numbers know of its sender, and have answered
    lately."""
    if text.answered is None and not opt_outs.is_possible_keyword(text.text):
        return []
    return [
        key
        for number in numbers
        if number != arrived.sender
        for key in (keys.opt_out(arrived.sender, number), keys.keyword_answers(arrived.sender, number))
    ]


def detect_keyword(text: InboundText, arrived: Arrival, lines: Mapping[str, Line]) -> Keyword | None:
    """The keyword that a text is: by what its carrier took it for, else in the language of a number that it went to.
    What is attached to the words changes nothing: phones add pictures, contact cards and layout. `lines` are the own
    numbers among its roster."""
    if arrived.sender in lines or not lines:
        return None
    return text.answered or _recognised(text, lines)


def _recognised(text: InboundText, lines: Mapping[str, Line]) -> Keyword | None:
    # No word is one keyword in one language and another in the next.
    languages = {line.language for line in lines.values()}
    return next(filter(None, (opt_outs.parse_keyword(text.text, language) for language in sorted(languages))), None)


@dataclass(frozen=True, slots=True)
class KeywordEffect:
    """What a keyword sets off. `unanswered` is whether its answer is left out, since there were enough lately. `first`
    is what a transaction has no room for in a thread of very many numbers: it is written before, and may be repeated.
    """

    writes: tuple[Write, ...]
    unanswered: bool = False
    first: tuple[Write, ...] = ()


def plan_effect(
    asked: Keyword,
    text: InboundText,
    arrived: Arrival,
    lines: Mapping[str, Line],
    found: Mapping[keys.Key, Item],
    now: datetime,
) -> KeywordEffect:
    """The writes of a keyword's effect and of the answer to it. They hold while nobody else has changed what the
    numbers know of the sender, nor answered."""
    known = _known(arrived, lines, found)
    said = {} if asked is Keyword.HELP else known
    answer = _answer(asked, text, arrived, lines, known, now)
    others: dict[str, OptOut | None] = {}
    if len(arrived.roster) + 3 * len(said) > _MAX_WRITES:
        # What the number that answers knows changes last: it tells whether there is something to answer.
        last = answer[0].address if answer else min(said)
        is_out = asked is Keyword.STOP
        others = {one: was for one, was in said.items() if one != last and (was is None or was.opted_out is not is_out)}
        said = {last: said[last]}
    first = tuple(_changes(asked, text, arrived, others, now))
    changes = _changes(asked, text, arrived, said, now)
    if answer is None:
        return KeywordEffect(tuple(changes), first=first)
    line, reply = answer
    before = found.get(keys.keyword_answers(arrived.sender, line.address))
    if not opt_outs.is_answer_allowed(asked, keyword_answers.list_answers(before), now):
        return KeywordEffect(tuple(changes), unanswered=True, first=first)
    counted = keyword_answers.count_write(arrived.sender, line.address, before, opt_outs.KeywordAnswer(asked, now))
    return KeywordEffect((*changes, *messages.message_writes(reply, now), counted), first=first)


def plan_copy_effect(
    text: InboundText, arrived: Arrival, lines: Mapping[str, Line], found: Mapping[keys.Key, Item], now: datetime
) -> list[Write]:
    """The writes of a text of which another copy was recorded: its effect, where only the carrier of this one took it
    for STOP. Where it is STOP to us, it has had its effect, but for numbers that have been registered since; and none
    where the sender has said START since."""
    if detect_keyword(text, arrived, lines) is not Keyword.STOP:
        return []
    known = _known(arrived, lines, found)
    opted_in = any(before is not None and not before.opted_out for before in known.values())
    if opted_in and _recognised(text, lines):
        return []
    news = {number: before for number, before in known.items() if before is None or not before.opted_out}
    return _changes(Keyword.STOP, text, arrived, news, now)


def plan_replay_effect(
    asked: Keyword,
    text: InboundText,
    arrived: Arrival,
    lines: Mapping[str, Line],
    found: Mapping[keys.Key, Item],
    now: datetime,
) -> list[Write]:
    """The writes of a keyword that was among the unrouted, and is not answered any more: STOP holds for the numbers
    that have been registered since. With those that knew of its sender it has had its effect, and they may have said
    START since."""
    known = _known(arrived, lines, found)
    news = {number: before for number, before in known.items() if before is None}
    return _changes(asked, text, arrived, news, now) if asked is Keyword.STOP else []


def _changes(
    asked: Keyword, text: InboundText, arrived: Arrival, known: Mapping[str, OptOut | None], now: datetime
) -> list[Write]:
    changes: list[Write] = []
    for number, before in known.items():
        changes += store.build_writes(
            before,
            address=arrived.sender,
            line=number,
            opted_out=asked is Keyword.STOP,
            channel=OptOutChannel.CARRIER if text.answered else OptOutChannel.TEXT,
            source=f"{text.carrier}/{text.id}",
            now=now,
        )
    return changes


def to_attributes(asked: Keyword) -> str:
    """The attributes of a message that is a keyword, as JSON: {"opt_out_type"}, with Twilio's OptOutType."""
    return json.dumps({"opt_out_type": asked.value.upper()})


def _known(arrived: Arrival, lines: Mapping[str, Line], found: Mapping[keys.Key, Item]) -> dict[str, OptOut | None]:
    """What each of our numbers knows of the sender."""
    stored = {number: found.get(keys.opt_out(arrived.sender, number)) for number in lines}
    return {number: codec.decode(OptOut, item) if item else None for number, item in stored.items()}


def _answer(
    asked: Keyword,
    text: InboundText,
    arrived: Arrival,
    lines: Mapping[str, Line],
    known: Mapping[str, OptOut | None],
    now: datetime,
) -> tuple[Line, Message] | None:
    """The answer to a keyword, and the line that gives it; None where there is none to give."""
    line = _answering(asked, arrived, lines)
    by_network = any(opt_outs.is_answered_by_network(number, asked) for number in lines)
    if line is None or text.answered or by_network or not addresses.is_number(arrived.sender):
        return None
    before = known[line.address]
    was_out = any(one is not None and one.opted_out for one in known.values())
    is_news = {
        Keyword.STOP: not _out_of_all(known),
        Keyword.START: was_out,
        Keyword.HELP: not (before and before.opted_out),
    }
    body = opt_outs.reply_for(line, asked)
    return (line, _reply(line, arrived.sender, body, asked, now)) if is_news[asked] and body is not None else None


def _answering(asked: Keyword, arrived: Arrival, lines: Mapping[str, Line]) -> Line | None:
    """The number that the text came to, or where that one answers nothing, the first that does."""
    answering = [line for line in lines.values() if opt_outs.reply_for(line, asked) is not None]
    return min(answering, key=lambda line: (line.address != arrived.line, line.address), default=None)


def _out_of_all(known: Mapping[str, OptOut | None]) -> bool:
    return all(one is not None and one.opted_out for one in known.values())


def _reply(line: Line, address: str, body: str, asked: Keyword, now: datetime) -> Message:
    """The answer as a message of nobody's conversation: it is sent, settled and kept like any other."""
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
        sends=(Send(thread, line.address, {address: participant}, confirms_opt_out=asked is Keyword.STOP),),
    )
