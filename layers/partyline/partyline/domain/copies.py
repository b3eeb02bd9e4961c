"""Copies: how often each own number has seen one group text, and how many messages that makes. Pure.

A group text reaches us once for each of our lines in its thread. Copies of one text have the same thread, the same
sender and the same fingerprint. The k-th copy at one own number is the k-th logical message, and so is the k-th copy at
any other own number. The number of logical messages is therefore the smallest one at which each own number can have
seen each message once. When the number of each copy is known, that is the maximum over own numbers.

No message is doubled when all copies come, and none is lost when a copy is missing. A person who sends "ok" twice has
sent two messages. A carrier may say only that a copy came to one of several numbers. Such a copy counts for the set of
these numbers, under the set's key.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter, deque
from collections.abc import Mapping

from partyline.domain import normalization, threads
from partyline.frozen_classes import frozen


def hash_content(text: str, media_count: int) -> str:
    """Hash the content of a copy: two copies of one text have the same fingerprint.

    It covers the normalized text and the number of media. Media URLs are left out, since each copy has its own.
    """
    return hashlib.sha256(f"{media_count}:{normalization.normalize(text)}".encode()).hexdigest()


@frozen
class Copies:
    """The number of copies that each own number has seen of one (thread, sender, content)."""

    seen: Mapping[str, int]

    def logical(self) -> int:
        """Count the logical messages of these copies."""
        sets = {frozenset(threads.members_of(lines)): count for lines, count in self.seen.items()}
        fewest = max((count for lines, count in sets.items() if len(lines) == 1), default=0)
        if all(len(lines) == 1 for lines in sets):
            return fewest
        while full := _find_overfull(sets, fewest):
            # The copies at these numbers alone need so many messages: each number sees each message once.
            fewest = math.ceil(sum(count for lines, count in sets.items() if lines <= full) / len(full))
        return fewest

    def with_copy_at(self, *lines: str) -> Copies:
        """Return the copies with one more at an own number, or at one of several.

        The copy is a new message when `logical` grows.
        Our own send counts as a copy at the sending number, which sees no other copy of it.
        """
        place = threads.build_key(lines)
        return Copies({**self.seen, place: self.seen.get(place, 0) + 1})


def _find_overfull(sets: Mapping[frozenset[str], int], capacity: int) -> frozenset[str]:
    """Find numbers that received more copies than they have room for, at `capacity` copies each.

    The result is empty when each copy can be assigned to a number of its set. Copies are assigned along augmenting
    paths, so the time is polynomial in the number of sets.
    """
    held: dict[str, Counter[frozenset[str]]] = {number: Counter() for lines in sets for number in lines}
    for lines, count in sets.items():
        left = count
        while left:
            reached, free = _find_path(held, lines, capacity)
            if free is None:
                return frozenset(reached)
            left -= _shift(held, reached, free, min(left, capacity - held[free].total()))
    return frozenset()


def _find_path(
    held: Mapping[str, Counter[frozenset[str]]], lines: frozenset[str], capacity: int
) -> tuple[dict[str, tuple[frozenset[str], str]], str | None]:
    """Search for a number that has room for one more copy, directly or after other copies are moved.

    Returns two values. The first maps each number reached to the set of the copies that may move there and the number
    that they come from. The second is the number with room, or None.
    """
    reached: dict[str, tuple[frozenset[str], str]] = dict.fromkeys(sorted(lines), (lines, ""))
    waiting = deque(reached)
    while waiting and held[waiting[0]].total() >= capacity:
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
    """Move copies along a path to a number that has room; return how many were moved."""
    path = [(free, *reached[free])]
    while path[-1][2]:
        path.append((path[-1][2], *reached[path[-1][2]]))
    number = min([room, *(held[origin][moved] for _, moved, origin in path if origin)])
    for place, moved, origin in path:
        held[place][moved] += number
        if origin:
            held[origin][moved] -= number
    return number
