"""Threads: the set of parties that see each other's texts, its key, and the counting of copies.

On a handset a text thread is the set of numbers in it. So a thread's key is its canonical addresses, without repeats,
sorted, joined by a comma, and the thread belongs to at most one open conversation.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from partyline.domain import normalization

SEPARATOR = ","


def build_key(addresses: Iterable[str]) -> str:
    """The key of a set of canonical addresses. Order and repeats do not matter; different sets never share a key."""
    return SEPARATOR.join(sorted(set(addresses)))


def members_of(thread_key: str) -> tuple[str, ...]:
    """The addresses of a key, sorted."""
    return tuple(thread_key.split(SEPARATOR)) if thread_key else ()


def digest(thread_key: str) -> str:
    """A key of any length as 64 hex digits, for a table's key and for a carrier's tag."""
    return hashlib.sha256(thread_key.encode()).hexdigest()


def is_pair(thread_key: str) -> bool:
    """Whether only two parties are in it: then texts are plain SMS or MMS, and other rules of ownership hold."""
    return len(members_of(thread_key)) <= 2


def fingerprint(text: str, media_count: int) -> str:
    """What makes two copies the same content: the text without notation that carriers change, and how many pictures
    came with it (each copy has its own media URLs)."""
    return hashlib.sha256(f"{media_count}:{normalization.normalize(text)}".encode()).hexdigest()


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
        sets = {frozenset(members_of(lines)): count for lines, count in self.seen.items()}
        fewest = max((count for lines, count in sets.items() if len(lines) == 1), default=0)
        if all(len(lines) == 1 for lines in sets):
            return fewest
        while full := _overfull(sets, fewest):
            # What the copies at these numbers alone need: each number sees each message once.
            fewest = math.ceil(sum(count for lines, count in sets.items() if lines <= full) / len(full))
        return fewest

    def at(self, *lines: str) -> Copies:
        """The copies after one more at an own number, or at one of several. It was a new message when `logical` grew.

        Our own send counts as a copy at the sending number, which sees no other copy of it.
        """
        place = build_key(lines)
        return Copies({**self.seen, place: self.seen.get(place, 0) + 1})


def _overfull(sets: Mapping[frozenset[str], int], most: int) -> frozenset[str]:
    """Return the numbers to which more copies came than they can have seen when each saw `most`.

    There are none where each copy finds a number of its set. Copies are placed along augmenting paths, so the time is
    polynomial in the number of sets.
    """
    held: dict[str, Counter[frozenset[str]]] = {number: Counter() for lines in sets for number in lines}
    for lines, count in sets.items():
        left = count
        while left:
            reached, free = _find_path(held, lines, most)
            if free is None:
                return frozenset(reached)
            left -= _shift(held, reached, free, min(left, most - held[free].total()))
    return frozenset()


def _find_path(
    held: Mapping[str, Counter[frozenset[str]]], lines: frozenset[str], most: int
) -> tuple[dict[str, tuple[frozenset[str], str]], str | None]:
    """Search a number that has room for one more copy, directly or by moving other copies.

    Returns each number reached, with the copies that may go there and the number that these would be moved from, and
    the number with room; None when there is none.
    """
    reached: dict[str, tuple[frozenset[str], str]] = dict.fromkeys(sorted(lines), (lines, ""))
    waiting = deque(reached)
    while waiting and held[waiting[0]].total() >= most:
        place = waiting.popleft()
        found = {other: moved for moved in +held[place] for other in sorted(moved) if other not in reached}
        reached |= {other: (moved, place) for other, moved in found.items()}
        waiting += found
    return reached, waiting[0] if waiting else None


def _shift(
    held: Mapping[str, Counter[frozenset[str]]],
    reached: Mapping[str, tuple[frozenset[str], str]],
    free: str,
    room: int,
) -> int:
    """Move copies along a path to a number that has room for some: how many."""
    path = [(free, *reached[free])]
    while path[-1][2]:
        path.append((path[-1][2], *reached[path[-1][2]]))
    number = min([room, *(held[origin][moved] for _, moved, origin in path if origin)])
    for place, moved, origin in path:
        held[place][moved] += number
        if origin:
            held[origin][moved] -= number
    return number
