"""The health of receivers: how the servers that webhooks call are doing, so that a slow or dead one delays nobody else.

A receiver is a server: scheme, host and port. All share one function with a limited number of calls at a time, and a
receiver that does not answer must not hold them. What is trusted has no item and costs one read.

                  a slow answer, or none                  3 without an answer in a row
    trusted ──────────────────────────► watched ──────────────────────────────────────► resting
       ▲    3 fast answers in a row       │  ▲                an answer                   │  ▲
       └──────────────────────────────────┘  └────────────────────────────────────────────┘  │ none: a longer rest
                                                                                          └──┘
    trusted   is called whenever there is something to tell it.
    watched   is called when one of SLOTS slots is free.
    resting   is not called until its rest is over (5 seconds, doubling to 5 minutes), and then by one slot.

Any status is an answer. A slot is a lease: it ends by itself when the function dies that took it. Whoever may not call
comes back later. Times are whole milliseconds since 1970; machines' clocks may differ by less than a rest.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from partyline.storage import keys
from partyline.storage.table import EXISTS, Condition, Conflict, Item, Table, change, delete

# In a row: without an answer until a receiver rests; fast ones until it is trusted again.
FAILURES = 3
FAST_ANSWERS = 3
SLOTS = 4
# An answer that takes longer is slow.
SLOW = timedelta(seconds=1)
FIRST_REST = timedelta(seconds=5)
LONGEST_REST = timedelta(minutes=5)
# Longer than the function that calls may run.
LEASE = timedelta(seconds=20)

_PORTS = {"http": 80, "https": 443}
_FORGET = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Permit:
    """Leave to call a receiver now. `slot` is what was taken for it, None when the receiver is trusted."""

    receiver: str
    began: int
    slot: str | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """A receiver that may not be called now. `rest` is how many seconds it still rests: 0 when its slots are taken."""

    rest: float


def receiver_of(url: str) -> str:
    """The receiver that a URL leads to: "https://example.com:443"."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}:{parts.port or _PORTS[parts.scheme]}"


def acquire(table: Table, receiver: str, now: datetime) -> Permit | Rejected:
    """Ask for leave to call a receiver. What comes of the call must be told to `answered` or `unanswered`."""
    at = _milliseconds(now)
    item = table.get(keys.receiver(receiver))
    # Each time round another call took the slot: there are not more of them.
    for _ in range(SLOTS):
        if not item:
            return Permit(receiver, at)
        if item.get("until", 0) > at:
            return Rejected((item["until"] - at) / 1000)
        slots = SLOTS if item["failures"] < FAILURES else 1
        free = [name for name in map(_slot, range(slots)) if item.get(name, 0) <= at]
        if not free:
            break
        taken = random.choice(free)  # noqa: S311 - so that not all reach for the same
        try:
            table.write(change("slot", keys.receiver(receiver), {taken: at + _length(LEASE)}, _free(taken, item, at)))
        except Conflict as conflict:
            item = conflict.failed.get("slot", item)
        else:
            return Permit(receiver, at, taken)
    return Rejected(0.0)


def record_success(table: Table, call: Permit, now: datetime) -> None:
    """Record that a receiver answered, whatever it said. Costs nothing for a trusted one that was fast."""
    key = keys.receiver(call.receiver)
    fast = _milliseconds(now) - call.began <= _length(SLOW)
    if not fast:
        table.write(change("receiver", key, {**_ended(call, now), **_ANSWERING, "fast": 0}))
    elif call.slot is not None:
        try:
            item = table.write(change("receiver", key, {**_ended(call, now), **_ANSWERING}, EXISTS, adds={"fast": 1}))
            if item["fast"] >= FAST_ANSWERS:
                table.write(delete("receiver", key, _trusted(_milliseconds(now))))
        except Conflict:
            # It is trusted already, another call is under way still, or one was not answered so well meanwhile.
            return


def record_failure(table: Table, call: Permit, now: datetime) -> None:
    """Record that a receiver gave no answer: too late, no connection, an address that is not allowed."""
    key = keys.receiver(call.receiver)
    item = table.write(change("receiver", key, {**_ended(call, now), "fast": 0}, adds={"failures": 1}))
    if item["failures"] < FAILURES:
        return
    rests = item.get("rests", 0)
    until = _milliseconds(now) + _length(min(FIRST_REST * 2 ** min(rests, 16), LONGEST_REST))
    # Of the calls that were under way together one makes the rest; the others knew nothing of it.
    may_rest = Condition(
        "attribute_not_exists(#until) OR #until <= :began", {"#until": "until"}, {":began": call.began}
    )
    try:
        table.write(change("rest", key, {"until": until}, may_rest, adds={"rests": 1}))
    except Conflict:
        return


# What an answer ends: the rest, and the row of calls without one.
_ANSWERING = {"failures": 0, "rests": None, "until": None}


def _ended(call: Permit, now: datetime) -> Item:
    """What the end of any call sets: its slot is free."""
    garbage = {"ttl": int((now + _FORGET).timestamp())}
    return {**garbage, call.slot: None} if call.slot else dict(garbage)


def _trusted(at: int) -> Condition:
    """That a receiver has answered fast often enough, and that nobody holds a slot, which would be forgotten."""
    slots = {f"#{name}": name for name in map(_slot, range(SLOTS))}
    none = (f"(attribute_not_exists({name}) OR {name} <= :at)" for name in slots)
    return Condition(
        " AND ".join(["#fast >= :all", *none]), {"#fast": "fast", **slots}, {":all": FAST_ANSWERS, ":at": at}
    )


def _free(slot: str, item: Item, at: int) -> Condition:
    """That a slot is free still, and that the receiver has not got worse since its item was read."""
    return Condition(
        "#failures <= :failures AND (attribute_not_exists(#slot) OR #slot <= :at)",
        {"#failures": "failures", "#slot": slot},
        {":failures": item["failures"], ":at": at},
    )


def _slot(number: int) -> str:
    return f"slot{number}"


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def _length(time: timedelta) -> int:
    return round(time.total_seconds() * 1000)
