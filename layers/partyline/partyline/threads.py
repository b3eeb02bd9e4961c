"""Threads: the set of parties that see each other's texts, its key, and the counting of copies.

On a handset a text thread is the set of numbers in it. So a thread's key is its canonical addresses, without repeats,
sorted, joined by a comma, and the thread belongs to at most one open conversation.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from partyline import notation

SEPARATOR = ","


def key(addresses: Iterable[str]) -> str:
    """The key of a set of canonical addresses. Order and repeats do not matter; different sets never share a key."""
    return SEPARATOR.join(sorted(set(addresses)))


def members(thread_key: str) -> tuple[str, ...]:
    """The addresses of a key, sorted."""
    return tuple(thread_key.split(SEPARATOR)) if thread_key else ()


def digest(thread_key: str) -> str:
    """A key of any length as 64 hex digits, for a table's key and for a carrier's tag."""
    return hashlib.sha256(thread_key.encode()).hexdigest()


def is_pair(thread_key: str) -> bool:
    """Whether only two parties are in it: then texts are plain SMS or MMS, and other rules of ownership hold."""
    return len(members(thread_key)) <= 2


def fingerprint(text: str, media_count: int) -> str:
    """What makes two copies the same content: the text without notation that carriers change, and how many pictures
    came with it (each copy has its own media URLs)."""
    return hashlib.sha256(f"{media_count}:{notation.plain(text)}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Copies:
    """For one (thread, sender, content): how many copies each own number has seen. A copy of which the carrier only
    says that it came to one of several numbers counts for the set of them, under the set's key.

    The k-th copy at one own number is the k-th logical message, and a copy at another own number with the same k is the
    same message. So the logical messages are the fewest of which each own number can have seen each once: with a number
    for each copy, the maximum over own numbers. Nothing is doubled when all copies come, nothing is lost when one does
    not, and a person who sends "ok" twice gets two messages.
    """

    seen: Mapping[str, int]

    def logical(self) -> int:
        """How many messages these copies are."""
        sets = {frozenset(members(lines)): count for lines, count in self.seen.items()}
        # By Hall's theorem the numbers that limit it are a union of sets, and one number more helps none of them.
        unions = {lines for lines in sets if len(lines) == 1} | _unions(lines for lines in sets if len(lines) > 1)
        return max((self._fewest(sets, union) for union in unions), default=0)

    @staticmethod
    def _fewest(sets: Mapping[frozenset[str], int], numbers: frozenset[str]) -> int:
        """How many messages the copies at these numbers alone need: each number sees each message once."""
        return math.ceil(sum(count for lines, count in sets.items() if lines <= numbers) / len(numbers))

    def at(self, *lines: str) -> Copies:
        """The copies after one more at an own number, or at one of several. It was a new message when `logical` grew.

        Our own send counts as a copy at the sending number, which sees no other copy of it.
        """
        place = key(lines)
        return Copies({**self.seen, place: self.seen.get(place, 0) + 1})


def _unions(sets: Iterable[frozenset[str]]) -> set[frozenset[str]]:
    """Every union of some of the sets."""
    unions: set[frozenset[str]] = set()
    for one in sets:
        unions |= {one, *(union | one for union in unions)}
    return unions
