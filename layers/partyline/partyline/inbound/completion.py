"""A recorded text whose words are found later, in one of its files: they become its body, and have the effects that
they would have had when it was recorded.

That is the exception: the words of a text part are fetched before the text is recorded (media.text_part), unless its
carrier does not give them in time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from partyline.carriers.base import InboundText
from partyline.domain import events, threads
from partyline.domain.attachments import MediaReference
from partyline.domain.conversations import Conversation
from partyline.domain.events import BY_TEXT
from partyline.domain.lines import Line
from partyline.domain.messages import Message
from partyline.domain.receipts import ReceiptStatus, rank
from partyline.domain.routing import Arrival
from partyline.inbound import keywords
from partyline.inbound.keywords import KeywordEffect
from partyline.media.ingest import CompletedText
from partyline.storage import codec, conversations, event_outbox, keys, messages, receipts, retry
from partyline.storage.messages import MessageWithReceipts
from partyline.storage.table import Condition, Item, Table, Write, change, delete


@dataclass(frozen=True, slots=True)
class _Found:
    """A message, how it came, and all its words as a text of their own. `lines` are the own numbers among its roster;
    `items` are what is known of its thread, its copies and its sender."""

    conversation: Conversation
    delivered: MessageWithReceipts
    arrived: Arrival
    text: InboundText
    lines: Mapping[str, Line]
    items: Mapping[keys.Key, Item]


@dataclass(frozen=True, slots=True)
class TextCompleter:
    """Makes the words of a text part the body of its message, after the message was recorded."""

    table: Table

    def complete(self, reference: MediaReference, words: str, now: datetime) -> CompletedText | None:
        """Make the words of a text part the body of its message, which loses the part as a file.

        Exactly once; None when the message is gone or the part was finished before. A keyword takes effect and is
        answered in the same transaction. A message that turns out to be a copy of one that another own number has
        brought is removed.

        Raises Conflict when it lost every race.
        """

        def attempt() -> CompletedText | None:
            found = _find(self.table, reference, words)
            if found is None:
                return None
            effect = _decided(found, reference, now)
            self.table.transact_apart(effect.first)
            self.table.transact(effect.writes)
            return CompletedText(effect.unanswered)

        return retry.STANDARD.run(attempt)


def _find(table: Table, reference: MediaReference, words: str) -> _Found | None:
    delivered = messages.fetch(table, reference.conversation_sid, reference.message_sid)
    conversation = conversations.fetch(table, reference.conversation_sid)
    message = delivered.message if delivered else None
    part = next((one for one in message.pending if one.sid == reference.media_sid), None) if message else None
    if delivered is None or conversation is None or part is None or delivered.message.origin is None:
        return None
    origin = delivered.message.origin
    arrived = Arrival(origin.receivers, origin.sender, origin.roster)
    # It has a subject, or another of its text parts was read before.
    whole = f"{message.body}\n{words}" if message and message.body else words
    text = InboundText(
        carrier=part.carrier or "",
        id=delivered.message.carrier_message_id or "",
        line=arrived.line,
        sender=arrived.sender,
        recipients=arrived.recipients,
        text=whole,
    )
    known = table.get_all(
        [
            _counter(delivered.message, arrived, whole),
            _thread(arrived),
            *keywords.keys_to_read(text, arrived, arrived.roster),
            *(keys.line(member) for member in arrived.roster),
        ]
    )
    lines = {
        member: codec.decode(Line, known[keys.line(member)]) for member in arrived.roster if keys.line(member) in known
    }
    arrived = arrived.among({*lines, *known.get(_thread(arrived), {}).get("own", ())})
    return _Found(conversation, delivered, arrived, text, lines, known)


def _decided(found: _Found, reference: MediaReference, now: datetime) -> KeywordEffect:
    """What the words set off, as recording them would have."""
    before = found.delivered.message
    files = tuple(part for part in before.media if part.sid != reference.media_sid)
    counted, is_copy = _counted(found, now)
    if is_copy:
        held = keywords.plan_copy_effect(found.text, found.arrived, found.lines, found.items, now)
        removed = messages.removal_writes(found.conversation, found.delivered, now, cause=BY_TEXT)
        return KeywordEffect((*counted, *removed), first=tuple(held))
    after = replace(before, body=found.text.text, media=files, updated=now)
    # Whether it is a keyword has been decided by its first words.
    keyword = None if before.body else keywords.detect_keyword(found.text, found.arrived, found.lines)
    if keyword is None:
        return KeywordEffect((*counted, *_changing(found, after, now)))
    effect = keywords.plan_effect(keyword, found.text, found.arrived, found.lines, found.items, now)
    kept_back = _withdrawn(found.delivered)
    after = replace(after, attributes=keywords.to_attributes(keyword), sends=() if kept_back else before.sends)
    return replace(effect, writes=(*counted, *effect.writes, *kept_back, *_changing(found, after, now)))


def _withdrawn(delivered: MessageWithReceipts) -> list[Write]:
    """Take back what was planned for the people behind other threads, since a keyword is said to the number: sends wait
    for the files of their message. None of it once one has left. With it go the receipts of members that were out of
    reach from the first."""
    planned = {receipt.sid for receipt in receipts.build_queued(delivered.message)}
    if any(one.status is not ReceiptStatus.QUEUED for one in delivered.receipts if one.sid in planned):
        return []
    waiting = Condition("#rank = :queued", {"#rank": "rank"}, {":queued": rank(ReceiptStatus.QUEUED)})
    return [
        delete(
            "receipt",
            keys.receipt(one.conversation_sid, one.message_sid, one.sid),
            waiting if one.sid in planned else None,
        )
        for one in delivered.receipts
    ]


def _counted(found: _Found, now: datetime) -> tuple[list[Write], bool]:
    """The count of this copy of a group text, and whether another own number has brought the message."""
    if threads.is_pair(found.arrived.thread) or not found.arrived.receivers:
        return [], False
    key = _counter(found.delivered.message, found.arrived, found.text.text)
    before = found.items.get(key)
    seen = messages.seen_in(before)
    is_copy = seen.at(*found.arrived.receivers).logical() == seen.logical()
    return [messages.count_copy(key, before, found.arrived.receivers, now)], is_copy


def _changing(found: _Found, after: Message, now: datetime) -> list[Write]:
    """Store what has become of the message, unless its words or files have changed since."""
    before = found.delivered.message
    encoded, becomes = codec.encode(before), codec.encode(after)
    same = Condition(
        "#media = :media AND " + ("#body = :body" if before.body else "attribute_not_exists(#body)"),
        {"#media": "media", "#body": "body"},
        {":media": encoded["media"], **({":body": before.body} if before.body else {})},
    )
    sets = {name: becomes[name] for name in ("body", "media", "sends", "attributes", "updated")}
    return [
        change("message", keys.message(before.conversation_sid, before.sid), sets, same),
        *event_outbox.build_conversation_writes(
            found.conversation, BY_TEXT, now, [events.message_event("onMessageUpdated", after, found.conversation)]
        ),
    ]


def _counter(message: Message, arrived: Arrival, words: str) -> keys.Key:
    return messages.copies_key(arrived.thread, arrived.sender, words, len(message.media) - 1)


def _thread(arrived: Arrival) -> keys.Key:
    return keys.thread(threads.digest(arrived.thread))
