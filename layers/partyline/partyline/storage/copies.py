"""Store how many copies of a text each own number has received. `domain.copies` says which messages they make."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from partyline.domain import threads
from partyline.domain.copies import Copies, hash_content
from partyline.frozen_classes import frozen
from partyline.storage import keys
from partyline.storage.attribute_values import Item
from partyline.storage.table import NEW, Condition, Write, change

# How long copies are counted: carriers repeat a webhook for a day, and the table deletes a little later.
COPIES_LIFE = timedelta(days=2)
# The prefix of the attributes that hold the counts.
_COUNT = "seen:"


@frozen
class CopyCounter:
    """A counter as it was read. `version` is None while it is not stored."""

    key: keys.Key
    copies: Copies
    version: int | None


def counter_key(thread: str, sender: str, body: str | None, media_count: int) -> keys.Key:
    """Return the key of the counter of one content of one sender in one thread."""
    return _fingerprint_key(thread, sender, hash_content(body or "", media_count))


def decode_counter(key: keys.Key, item: Item | None) -> CopyCounter:
    """Decode the item at the key of a counter; None stands for a counter that is not stored."""
    attributes = item or {}
    counts = {name.removeprefix(_COUNT): count for name, count in attributes.items() if name.startswith(_COUNT)}
    return CopyCounter(key, Copies(counts), attributes.get("version"))


def build_count_write(counter: CopyCounter, receivers: Iterable[str], now: datetime) -> Write:
    """Build the write that counts one more copy at one own number, or at one of several.

    It holds while no other copy was counted since the counter was read. Label: copies.
    """
    unchanged = NEW
    if counter.version is not None:
        unchanged = Condition("#version = :version", {"#version": "version"}, {":version": counter.version})
    return change("copies", counter.key, {}, unchanged, adds=_increments(receivers), defaults=_expiry(now))


def build_own_write(sender: str, thread: str, fingerprint: str, now: datetime) -> Write:
    """Build the write that counts our own text as the copy of the number that sends it.

    The thread may have fewer members than that of the send. Label: own_copies.
    """
    key = _fingerprint_key(thread, sender, fingerprint)
    return change("own_copies", key, {}, adds=_increments([sender]), defaults=_expiry(now))


def _fingerprint_key(thread: str, sender: str, fingerprint: str) -> keys.Key:
    return keys.copies(threads.digest(thread), sender, fingerprint)


def _increments(receivers: Iterable[str]) -> dict[str, int]:
    return {f"{_COUNT}{threads.build_key(receivers)}": 1, "version": 1}


def _expiry(now: datetime) -> dict[str, int]:
    """Return the expiry of a counter: a fixed time after its first copy.

    So a copy that never arrives does not suppress the same text forever.
    """
    return {"ttl": int((now + COPIES_LIFE).timestamp())}
