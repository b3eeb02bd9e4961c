"""Threads: sets of parties that see each other's texts, and their keys. Pure.

On a handset a text thread is the set of numbers in it. A thread's key is its canonical addresses, sorted, without
repeats and joined by a comma. A thread belongs to at most one open conversation.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

SEPARATOR = ","


def build_key(addresses: Iterable[str]) -> str:
    """Build the key of a set of canonical addresses.

    Order and repeats do not matter. Different sets never share a key.
    """
    return SEPARATOR.join(sorted(set(addresses)))


def members_of(thread_key: str) -> tuple[str, ...]:
    """Return the addresses of a key, sorted."""
    return tuple(thread_key.split(SEPARATOR)) if thread_key else ()


def digest(thread_key: str) -> str:
    """Hash a key of any length to 64 hex digits, for a table's key and for a carrier's tag."""
    return hashlib.sha256(thread_key.encode()).hexdigest()


def is_pair(thread_key: str) -> bool:
    """Whether a thread has only two parties.

    Its texts are plain SMS or MMS, and other rules of ownership hold.
    """
    return len(members_of(thread_key)) <= 2
