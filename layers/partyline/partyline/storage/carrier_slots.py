"""Slots of slow carriers: how many requests may wait for one carrier at a time.

All carriers share the concurrency of one function, and one that answers slowly must not use it up.

                 an answer after SLOW_ANSWER, or none
    in time  ──────────────────────────────────────────►  slow
             ◄──────────────────────────────────────────
                   FAST_ANSWERS fast answers in a row

    in time     a request needs no slot, and nothing is written.
    slow        a request is made while a slot is free, else later. Requests that began before have no slot.

A slot is a lease: it expires when the function that took it dies. The slots are attributes of the rate limit of the
carrier's account (`rate_limits`), which every send reads anyway. Times are milliseconds since 1970.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import timedelta

from partyline.errors import Conflict
from partyline.storage import keys
from partyline.storage.attribute_values import Item
from partyline.storage.table import Condition, Table, change

SLOW_ANSWER = timedelta(seconds=2)
FAST_ANSWERS = 10
# Longer than the sending function may run.
LEASE = timedelta(seconds=90)

# The prefix of the attributes that are slots: when the lease of each ends.
_SLOT = "slot"
# How often a slot is tried for that another request takes first.
_TRIES = 4
_LIFE = timedelta(days=14)

_IS_SLOW = Condition("attribute_exists(#fast)", {"#fast": "fast"})


def decode_leases(item: Item) -> Mapping[str, int] | None:
    """Return the end of each lease of a slow carrier; None when the carrier is in time."""
    return {name: end for name, end in item.items() if name.startswith(_SLOT)} if "fast" in item else None


def take(table: Table, scope: str, leases: Mapping[str, int], limit: int, now: int) -> str | None:
    """Take one of the `limit` slots of a slow carrier; return its name.

    Returns the empty name when the carrier is in time again and no slot is needed, and None when all are taken.
    """
    for _ in range(_TRIES):
        free = [name for name in (f"{_SLOT}{number}" for number in range(limit)) if leases.get(name, 0) <= now]
        if not free:
            return None
        slot = random.choice(free)  # noqa: S311  (requests should not compete for the same slot)
        is_free = Condition(
            f"{_IS_SLOW.expression} AND (attribute_not_exists(#slot) OR #slot <= :now)",
            {**_IS_SLOW.names, "#slot": slot},
            {":now": now},
        )
        try:
            table.write(change("slot", keys.pace(scope), {slot: now + _milliseconds(LEASE)}, is_free))
        except Conflict as conflict:
            found = decode_leases(conflict.failed.get("slot", {}))
            if found is None:
                return ""
            leases = found
        else:
            return slot
    return None


def give_back(table: Table, scope: str, slot: str) -> None:
    """Free a slot."""
    try:
        table.write(change("slot", keys.pace(scope), {slot: None}, _IS_SLOW))
    except Conflict:
        # The carrier is in time again, and its slots are gone.
        return


def record_slow_answer(table: Table, scope: str, now: int) -> None:
    """Record that a carrier answered late, or not at all: from now on its requests need slots."""
    ttl = int(now / 1000 + _LIFE.total_seconds())
    table.write(change("slow", keys.pace(scope), {"fast": 0, "ttl": ttl}))


def record_fast_answer(table: Table, scope: str) -> None:
    """Record that a slow carrier answered in time. After FAST_ANSWERS in a row its requests need no slots."""
    key = keys.pace(scope)
    try:
        item = table.write(change("slow", key, {}, _IS_SLOW, adds={"fast": 1}))
        if item["fast"] >= FAST_ANSWERS:
            enough = Condition("#fast >= :enough", {"#fast": "fast"}, {":enough": FAST_ANSWERS})
            table.write(change("slow", key, {"fast": None, **dict.fromkeys(decode_leases(item) or {})}, enough))
    except Conflict:
        # It is in time already, or a slow answer came meanwhile.
        return


def _milliseconds(period: timedelta) -> int:
    return round(period.total_seconds() * 1000)
