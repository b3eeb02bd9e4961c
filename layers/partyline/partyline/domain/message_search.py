"""Search in the texts of messages: those that have a word for each beginning that is looked for. Pure."""

from __future__ import annotations

from partyline.domain.contact_search import list_words, split_words
from partyline.domain.messages import Message
from partyline.frozen_classes import frozen


@frozen
class MessageQuery:
    """What a query looks for: a message has, for each of these folded texts, a word that begins with it."""

    beginnings: tuple[str, ...]

    def has_match(self, message: Message) -> bool:
        """Whether a message, by its text as it is now, is looked for."""
        words = list_words(message.body or "")
        return all(any(word.startswith(beginning) for word in words) for beginning in self.beginnings)


def parse_query(text: str) -> MessageQuery | None:
    """Parse a query: beginnings of words, in any order. None for one without a letter or digit."""
    beginnings = split_words(text)
    return MessageQuery(beginnings) if beginnings else None
