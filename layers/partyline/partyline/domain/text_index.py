"""Search in the texts of all conversations: the words under which a message is found, and what a query looks for. Pure.

Unlike names, texts are found by whole words: an item for each beginning of each word would cost many times as much.
"""

from __future__ import annotations

import re
from datetime import datetime

from partyline.domain.contact_search import list_words
from partyline.domain.messages import Message
from partyline.frozen_classes import frozen

# The characters of the words that are indexed, and how many different ones of a message are.
MIN_WORD, MAX_WORD = 3, 32
MAX_WORDS = 32
MAX_EXCERPT = 120
# How many characters of an excerpt are before the word that was found.
_BEFORE_HIT = 40
_CHUNK = re.compile(r"\S+")


@frozen
class IndexedText:
    """What the index has of a message, so that exactly this is undone.

    - `created`: of the message; the place of its hits.
    - `version`: counts the writes, so that an older view of a message never replaces a newer one.
    """

    service_sid: str
    conversation_sid: str
    message_sid: str
    created: datetime
    words: tuple[str, ...] = ()
    version: int = 0


@frozen
class TextHit:
    """A message that has a word."""

    conversation_sid: str
    message_sid: str


@frozen
class TextQuery:
    """What a query looks for: texts that have all of these folded words. The index is read by `lead`, one of them."""

    words: tuple[str, ...]
    lead: str

    def has_match(self, message: Message) -> bool:
        """Whether a message, by its text as it is now, is looked for."""
        return set(self.words) <= {*list_words(message.body or "")}

    def cut_excerpt(self, body: str) -> str:
        """Cut from a text the characters around the first word that is looked for."""
        wanted = {*self.words}
        found = next((one for one in _CHUNK.finditer(body) if wanted & {*list_words(one.group())}), None)
        start = max(0, found.start() - _BEFORE_HIT) if found else 0
        return body[start : start + MAX_EXCERPT]


def list_index_words(body: str) -> tuple[str, ...]:
    """Return the words of a text under which it is found, each once, in order."""
    return tuple(word for word in list_words(body) if _is_indexed(word))[:MAX_WORDS]


def parse_text_query(text: str) -> TextQuery | None:
    """Parse a query; None for one without a word that is indexed. The longest word leads: it has the fewest hits."""
    words = list_words(text)
    lead = max((word for word in words if _is_indexed(word)), key=len, default=None)
    return TextQuery(words, lead) if lead else None


def _is_indexed(word: str) -> bool:
    return MIN_WORD <= len(word) <= MAX_WORD
