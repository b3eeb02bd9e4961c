"""What a text of one keyword sets off, in the transaction that records it.

STOP opts its sender out of every own number in the thread, since each of them could write there; START opts them in
again. One answer goes 1:1 to the sender, from the number that received this copy: never a second one to who had opted
out before, and none where the carrier or the network answers itself. HELP is answered to who has not opted out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime

from partyline import addresses, optouts, sids, threads
from partyline.carriers.port import InboundText
from partyline.model import SYSTEM, Line, Message, Send
from partyline.optouts import How, Keyword, OptOut
from partyline.routing import Arrival
from partyline.store import items, keys, messages
from partyline.store import optouts as store
from partyline.store.table import Item, Write


def wanted(text: InboundText, arrived: Arrival) -> list[keys.Key]:
    """What has to be read for a text that may be a keyword: what the numbers of its thread know of its sender."""
    if text.answered is None and not optouts.may_be_keyword(text.text):
        return []
    return [keys.opt_out(arrived.sender, number) for number in arrived.recipients]


def keyword(text: InboundText, arrived: Arrival, lines: Mapping[str, Line]) -> Keyword | None:
    """The keyword that a text is: by what its carrier took it for, else in the language of the number it came to."""
    line = lines.get(arrived.line)
    if line is None or arrived.sender in lines or text.media:
        return None
    return text.answered or optouts.recognise(text.text, line.language)


def writes(
    asked: Keyword,
    text: InboundText,
    arrived: Arrival,
    lines: Mapping[str, Line],
    found: Mapping[keys.Key, Item],
    now: datetime,
) -> list[Write]:
    """The writes of a keyword's effect and of the answer to it. They hold while nobody else has changed what the
    numbers know of the sender."""
    known = {number: _known(found, arrived.sender, number) for number in lines}
    changed: list[Write] = []
    if asked is not Keyword.HELP:
        for number, before in known.items():
            changed += store.writes(
                before,
                address=arrived.sender,
                line=number,
                opted_out=asked is Keyword.STOP,
                how=How.CARRIER if text.answered else How.TEXT,
                source=f"{text.carrier}/{text.id}",
                now=now,
            )
    return [*changed, *_answer(asked, text, arrived, lines[arrived.line], known, now)]


def attributes(asked: Keyword) -> str:
    """The attributes of a message that is a keyword, as JSON: {"opt_out_type"}, with Twilio's OptOutType."""
    return json.dumps({"opt_out_type": asked.value.upper()})


def _known(found: Mapping[keys.Key, Item], address: str, line: str) -> OptOut | None:
    item = found.get(keys.opt_out(address, line))
    return items.opt_out(item) if item else None


def _answer(
    asked: Keyword, text: InboundText, arrived: Arrival, line: Line, known: Mapping[str, OptOut | None], now: datetime
) -> Iterator[Write]:
    before = known[line.address]
    was_out = any(one is not None and one.opted_out for one in known.values())
    is_news = {
        Keyword.STOP: not _out_of_all(known),
        Keyword.START: was_out,
        Keyword.HELP: not (before and before.opted_out),
    }
    body = optouts.reply(line, asked)
    by_network = optouts.network_answers(line.address, asked)
    if not is_news[asked] or body is None or text.answered or by_network or not addresses.is_number(arrived.sender):
        return
    yield from messages.message_writes(_reply(line, arrived.sender, body, asked, now), now)


def _out_of_all(known: Mapping[str, OptOut | None]) -> bool:
    return all(one is not None and one.opted_out for one in known.values())


def _reply(line: Line, address: str, body: str, asked: Keyword, now: datetime) -> Message:
    """The answer as a message of nobody's conversation: it is sent, settled and kept like any other."""
    thread = threads.key([line.address, address])
    participant = sids.of(sids.PARTICIPANT, "reply", thread)
    return Message(
        sid=sids.message(0),
        conversation_sid=sids.of(sids.CONVERSATION, "reply", thread),
        index=0,
        created=now,
        updated=now,
        author=SYSTEM,
        body=body,
        sends=(Send(thread, line.address, {address: participant}, confirms=asked is Keyword.STOP),),
    )
