"""Search in contacts: the terms under which a contact is found, and what a query looks for. Pure.

A contact has a term for each word of its name, and one for each number, reversed: then the end of a number is the
beginning of a term, as the beginning of a word is.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from partyline.domain.contacts import Contact
from partyline.frozen_classes import frozen

# Of a name, so many words can be searched for, and so many characters of each.
MAX_WORDS = 8
MAX_WORD = 32
MAX_SORTED = 64
# Fewer digits are the end of too many numbers.
MIN_DIGITS = 3

_WORD, _NUMBER = "w", "n"
_SEPARATORS = re.compile(r"[\W_]+")
_PHONE = re.compile(r"[+0-9\s().\-/]+")


def fold(text: str) -> str:
    """Return a text without differences of case, accents and width."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter)).casefold()


def list_words(text: str) -> tuple[str, ...]:
    """Return the folded words of a text, each once, in order."""
    return tuple(dict.fromkeys(word for word in _SEPARATORS.split(fold(text)) if word))


def split_words(text: str) -> tuple[str, ...]:
    """Return the folded words of a text that can be searched for, each once, in order."""
    return tuple(dict.fromkeys(word[:MAX_WORD] for word in list_words(text)))[:MAX_WORDS]


def sort_name(name: str) -> str:
    """Return the text by which a list is sorted by name."""
    return " ".join(_SEPARATORS.sub(" ", fold(name)).split())[:MAX_SORTED]


def list_terms(contact: Contact) -> tuple[str, ...]:
    """Return the terms of a contact, sorted."""
    return tuple(sorted({*list_word_terms(contact.friendly_name), *list_number_terms(contact.addresses)}))


def list_word_terms(text: str) -> tuple[str, ...]:
    """Return the terms of the words of a text, in order."""
    return tuple(_WORD + word for word in split_words(text))


def list_number_terms(numbers: Iterable[str]) -> tuple[str, ...]:
    """Return the terms of some numbers, in order."""
    return tuple(_NUMBER + _digits(number)[::-1] for number in numbers)


def _digits(text: str) -> str:
    return "".join(character for character in text if character in "0123456789")


@frozen
class ContactQuery:
    """What a query looks for: of each group a contact has a term that begins with one of its prefixes."""

    groups: tuple[tuple[str, ...], ...]

    @property
    def lead(self) -> tuple[str, ...]:
        """The prefixes by which the table is read: those of the longest group, which fits the fewest contacts."""
        return max(self.groups, key=lambda group: min(map(len, group)), default=())

    def has_match(self, terms: Iterable[str]) -> bool:
        """Whether a contact with these terms is looked for."""
        known = tuple(terms)
        return bool(self.groups) and all(_find_matches(known, group) for group in self.groups)

    def is_first_match(self, term: str, terms: Iterable[str]) -> bool:
        """Whether a term is the first of a contact's terms that the table is read by: the others show it again."""
        return min(_find_matches(terms, self.lead), default=None) == term


def _find_matches(terms: Iterable[str], prefixes: tuple[str, ...]) -> list[str]:
    return [term for term in terms if term.startswith(prefixes)]


def parse_query(text: str) -> ContactQuery:
    """Parse a query: a phone number or its end, or beginnings of words in any order.

    A word of digits may be either. A query without a letter or digit matches nothing.
    """
    digits = _digits(text)
    if len(digits) >= MIN_DIGITS and _PHONE.fullmatch(text.strip()):
        words = split_words(text)
        as_word = (_WORD + words[0],) if len(words) == 1 else ()
        return ContactQuery(((_NUMBER + digits[::-1], *as_word),))
    return ContactQuery(tuple(_to_prefixes(word) for word in split_words(text)))


def _to_prefixes(word: str) -> tuple[str, ...]:
    is_number_end = len(word) >= MIN_DIGITS and _digits(word) == word
    return (_WORD + word, _NUMBER + word[::-1]) if is_number_end else (_WORD + word,)
