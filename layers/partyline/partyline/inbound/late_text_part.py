"""Complete a recorded text whose words are found later, in one of its files.

The words become the body of the message and have the effects that they would have had when it was recorded. This is the
exception: the words of a text part are fetched before the text is recorded (media.text_part), unless its carrier does
not deliver them in time.
"""

from __future__ import annotations

from datetime import datetime

from partyline.carriers.base import InboundMedia, InboundText
from partyline.domain import events
from partyline.domain.conversations import Conversation
from partyline.domain.events import BY_TEXT
from partyline.domain.media import Media, MediaReference
from partyline.domain.messages import Message
from partyline.domain.routing import Arrival
from partyline.frozen_classes import frozen, replace
from partyline.inbound import decision, keyword_writes, keywords
from partyline.inbound.inbound_context import InboundContext, InboundReader
from partyline.inbound.keywords import NO_EFFECT, KeywordEffect, KeywordOccasion
from partyline.media.text_part import CompletedText
from partyline.storage import conversations, copies, event_outbox, inbound_records, messages, retry
from partyline.storage.grouped_writes import write_groups
from partyline.storage.messages import MessageWithReceipts
from partyline.storage.table import Table, Write


@frozen
class _StoredText:
    """A message with a text part, and its conversation."""

    conversation: Conversation
    delivered: MessageWithReceipts
    part: Media

    @property
    def message(self) -> Message:
        return self.delivered.message


@frozen
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
            stored = self._fetch(reference)
            context = self._read_context(stored, words, now) if stored else None
            if stored is None or context is None:
                return None
            return self._remove_copy(stored, context) if decision.is_copy(context) else self._write(stored, context)

        return retry.STANDARD.run(attempt)

    def _fetch(self, reference: MediaReference) -> _StoredText | None:
        delivered = messages.fetch(self.table, reference.conversation_sid, reference.message_sid)
        conversation = conversations.fetch(self.table, reference.conversation_sid)
        if delivered is None or conversation is None:
            return None
        part = next((one for one in delivered.message.pending if one.sid == reference.media_sid), None)
        return _StoredText(conversation, delivered, part) if part else None

    def _read_context(self, stored: _StoredText, words: str, now: datetime) -> InboundContext | None:
        """Read the context that the text would have had with these words; None for a message without an origin."""
        message, origin = stored.message, stored.message.origin
        if origin is None:
            return None
        text = InboundText(
            carrier=stored.part.carrier or "",
            id=message.carrier_message_id or "",
            line=origin.receivers[0] if origin.receivers else "",
            sender=origin.sender,
            recipients=origin.roster,
            # The message has a subject, or another of its text parts was read before.
            text=f"{message.body}\n{words}" if message.body else words,
            media=tuple(InboundMedia(media.url) for media in _other_files(stored)),
        )
        arrival = Arrival(origin.receivers, origin.sender, origin.roster)
        return InboundReader(self.table).read(text, arrival, now)

    def _remove_copy(self, stored: _StoredText, context: InboundContext) -> CompletedText:
        effect = keywords.plan_keyword(context, KeywordOccasion.COPY)
        write_groups(self.table, keyword_writes.build_early_writes(context, effect))
        removal = messages.removal_writes(stored.conversation, stored.delivered, context.now, cause=BY_TEXT)
        self.table.transact([*_count_writes(context), *removal])
        return CompletedText(unanswered=False)

    def _write(self, stored: _StoredText, context: InboundContext) -> CompletedText:
        # A message that has words was recorded as a keyword by these, or as none.
        is_decided = bool(stored.message.body)
        effect = NO_EFFECT if is_decided else keywords.plan_keyword(context, KeywordOccasion.NEW)
        write_groups(self.table, keyword_writes.build_early_writes(context, effect))
        self.table.transact(
            [
                *_count_writes(context),
                *keyword_writes.build_writes(context, effect),
                *_message_writes(stored, context, effect),
            ]
        )
        return CompletedText(effect.is_answer_withheld)


def _other_files(stored: _StoredText) -> tuple[Media, ...]:
    return tuple(media for media in stored.message.media if media.sid != stored.part.sid)


def _count_writes(context: InboundContext) -> list[Write]:
    if not decision.counts_as_copy(context):
        return []
    return [copies.build_count_write(context.records.counter, context.arrival.receivers, context.now)]


def _message_writes(stored: _StoredText, context: InboundContext, effect: KeywordEffect) -> list[Write]:
    before = stored.message
    after = replace(before, body=context.text.text, media=_other_files(stored), updated=context.now)
    withdrawals: list[Write] = []
    if effect.keyword:
        # A keyword is said to the number, not to the members behind other threads.
        withdrawals = inbound_records.build_withdrawal_writes(stored.delivered)
        sends = () if withdrawals else before.sends
        after = replace(after, attributes=keywords.to_attributes(effect.keyword), sends=sends)
    event = events.message_event("onMessageUpdated", after, stored.conversation)
    return [
        *withdrawals,
        inbound_records.build_completion_write(before, after),
        *event_outbox.build_conversation_writes(stored.conversation, BY_TEXT, context.now, [event]),
    ]
