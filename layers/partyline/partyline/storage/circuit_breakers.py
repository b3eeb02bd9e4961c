"""Circuit breakers: a slow or dead server that webhooks call delays no other.

A receiver is a server: scheme, host and port. All receivers share one function with a limited number of concurrent
calls, and one that does not answer must not use them up. A receiver whose breaker is closed has no item, and costs each
process half a read unit a second (ClosedBreakers).

               a slow answer, or none                  3 failures in a row
    closed ──────────────────────────► half-open ──────────────────────────► open
       ▲     3 fast answers in a row      │  ▲              an answer          │  ▲
       └──────────────────────────────────┘  └─────────────────────────────────┘  │ a failure: a longer open period
                                                                               └──┘
    closed      every call is permitted.
    half-open   a call is permitted while one of HALF_OPEN_SLOTS slots is free.
    open        no call is permitted until the open period ends (5 seconds, doubling to 5 minutes); then one slot is.

Any status is an answer; no answer is a failure. A slot is a lease: it expires when the function that took it dies. The
caller of a rejected call tries again later. Times are whole milliseconds since 1970; the clocks of machines may differ
by less than an open period.
"""

from __future__ import annotations

import random
from dataclasses import field
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from partyline.errors import Conflict
from partyline.frozen_classes import frozen
from partyline.storage import keys
from partyline.storage.attribute_values import Item
from partyline.storage.table import EXISTS, Condition, Table, change, delete

# How many failures in a row open a breaker, and how many fast answers in a row close it.
FAILURES_TO_OPEN = 3
FAST_ANSWERS_TO_CLOSE = 3
HALF_OPEN_SLOTS = 4
# An answer that takes longer is slow.
SLOW_ANSWER = timedelta(seconds=1)
FIRST_OPEN_PERIOD = timedelta(seconds=5)
MAX_OPEN_PERIOD = timedelta(minutes=5)
# Longer than the calling function may run.
SLOT_LEASE = timedelta(seconds=20)
# For how long a process takes a closed breaker to be closed: less than it takes to find that a server does not answer.
CLOSED_LIFE = timedelta(seconds=1)
# Of how many receivers this is kept at most.
_MAX_KEPT = 1000

_PORTS = {"http": 80, "https": 443}
_LIFE = timedelta(days=1)


@frozen
class Permit:
    """Permission to call a receiver now.

    `slot` is the slot taken for it; None when the breaker is closed.
    """

    receiver: str
    began: int
    slot: str | None = None


@frozen
class Rejected:
    """A receiver that must not be called now.

    `retry_after` is how many seconds the breaker stays open; 0 when it is half-open and all slots are taken.
    """

    retry_after: float


def parse_receiver(url: str) -> str:
    """Return the receiver of a URL: "https://example.com:443"."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}:{parts.port or _PORTS[parts.scheme]}"


def acquire(table: Table, receiver: str, now: datetime) -> Permit | Rejected:
    """Ask for permission to call a receiver.

    Each Permit ends in `record_success` or `record_failure`.
    """
    at = _to_milliseconds(now)
    # What was true a moment ago is enough: one call more to a slow server, and slots are taken by condition.
    item = _leave_out_rests(table.get(keys.receiver(receiver), consistent=False))
    # Each further round means that another call took the slot, so there are at most HALF_OPEN_SLOTS of them.
    for _ in range(HALF_OPEN_SLOTS):
        if not item:
            return Permit(receiver, at)
        if item.get("until", 0) > at:
            return Rejected((item["until"] - at) / 1000)
        slots = HALF_OPEN_SLOTS if item["failures"] < FAILURES_TO_OPEN else 1
        free = [name for name in map(_slot_name, range(slots)) if item.get(name, 0) <= at]
        if not free:
            break
        slot = random.choice(free)  # noqa: S311  (calls should not compete for the same slot)
        expires = at + _milliseconds(SLOT_LEASE)
        try:
            table.write(change("slot", keys.receiver(receiver), {slot: expires}, _slot_is_free(slot, item, at)))
        except Conflict as conflict:
            item = _leave_out_rests(conflict.failed.get("slot", item))
        else:
            return Permit(receiver, at, slot)
    return Rejected(0.0)


def _leave_out_rests(item: Item | None) -> Item | None:
    """Return an item that counts failures; what an earlier release left of a breaker that closed counts none."""
    return item if item and "failures" in item else None


def record_success(table: Table, permit: Permit, now: datetime) -> None:
    """Record an answer, whatever its status.

    Writes nothing when the breaker is closed and the answer was fast.
    """
    key = keys.receiver(permit.receiver)
    if not _is_fast(permit, now):
        table.write(change("receiver", key, {**_release(permit, now), **_RESET, "fast": 0}))
    elif permit.slot is not None:
        try:
            item = table.write(change("receiver", key, {**_release(permit, now), **_RESET}, EXISTS, adds={"fast": 1}))
            if item["fast"] >= FAST_ANSWERS_TO_CLOSE:
                table.write(delete("receiver", key, _can_close(_to_milliseconds(now))))
        except Conflict:
            # The breaker is closed already, another call is under way, or a slow answer or failure came meanwhile.
            return


def record_failure(table: Table, permit: Permit, now: datetime) -> None:
    """Record that no answer came: too late, no connection, or a forbidden address."""
    key = keys.receiver(permit.receiver)
    item = table.write(change("receiver", key, {**_release(permit, now), "fast": 0}, adds={"failures": 1}))
    if item["failures"] < FAILURES_TO_OPEN:
        return
    periods = item.get("rests", 0)
    open_period = min(FIRST_OPEN_PERIOD * 2 ** min(periods, 16), MAX_OPEN_PERIOD)
    until = _to_milliseconds(now) + _milliseconds(open_period)
    # Only one of the calls that were under way together opens the breaker: the others began before it was open. An
    # answer that came since has ended the failures, or closed the breaker: then there is no item.
    can_open = Condition(
        "#failures >= :most AND (attribute_not_exists(#until) OR #until <= :began)",
        {"#failures": "failures", "#until": "until"},
        {":most": FAILURES_TO_OPEN, ":began": permit.began},
    )
    try:
        table.write(change("rest", key, {"until": until}, can_open, adds={"rests": 1}))
    except Conflict:
        return


@frozen
class ClosedBreakers:
    """The breakers as one process asks for them: one that was closed is asked for once in CLOSED_LIFE.

    So a server that has just become slow or died gets one call more from each process that called it in the last
    second, as it does from those whose calls were under way. The breaker of a server that was slow or gave no answer to
    this process is read each time during CLOSED_LIFE, since a read of then may be of the moment before.
    """

    table: Table
    _closed: dict[str, datetime] = field(default_factory=dict)
    _in_doubt: dict[str, datetime] = field(default_factory=dict)

    def acquire(self, receiver: str, now: datetime) -> Permit | Rejected:
        """Ask for permission to call a receiver, as `acquire` does."""
        if _is_recent(self._closed.get(receiver), now):
            return Permit(receiver, _to_milliseconds(now))
        result = acquire(self.table, receiver, now)
        self._closed.pop(receiver, None)
        is_closed = isinstance(result, Permit) and result.slot is None
        if is_closed and not _is_recent(self._in_doubt.get(receiver), now):
            _keep(self._closed, receiver, now)
        return result

    def record_success(self, permit: Permit, now: datetime) -> None:
        """Record an answer, as `record_success` does."""
        if not _is_fast(permit, now):
            self._doubt(permit.receiver, now)
        record_success(self.table, permit, now)

    def record_failure(self, permit: Permit, now: datetime) -> None:
        """Record that no answer came, as `record_failure` does."""
        self._doubt(permit.receiver, now)
        record_failure(self.table, permit, now)

    def _doubt(self, receiver: str, now: datetime) -> None:
        self._closed.pop(receiver, None)
        _keep(self._in_doubt, receiver, now)


def _is_recent(moment: datetime | None, now: datetime) -> bool:
    return moment is not None and timedelta(0) <= now - moment < CLOSED_LIFE


def _keep(moments: dict[str, datetime], receiver: str, now: datetime) -> None:
    if len(moments) >= _MAX_KEPT:
        moments.clear()
    moments[receiver] = now


def _is_fast(permit: Permit, now: datetime) -> bool:
    return _to_milliseconds(now) - permit.began <= _milliseconds(SLOW_ANSWER)


# An answer ends the open period and the failures in a row.
_RESET = {"failures": 0, "rests": None, "until": None}


def _release(permit: Permit, now: datetime) -> Item:
    """Return what the end of any call sets: it frees the slot and renews the lifetime of the item."""
    ttl = {"ttl": int((now + _LIFE).timestamp())}
    return {**ttl, permit.slot: None} if permit.slot else dict(ttl)


def _can_close(at: int) -> Condition:
    """Require enough fast answers in a row, and no slot in use: deleting would lose it."""
    slots = {f"#{name}": name for name in map(_slot_name, range(HALF_OPEN_SLOTS))}
    unused = (f"(attribute_not_exists({name}) OR {name} <= :at)" for name in slots)
    return Condition(
        " AND ".join(["#fast >= :all", *unused]),
        {"#fast": "fast", **slots},
        {":all": FAST_ANSWERS_TO_CLOSE, ":at": at},
    )


def _slot_is_free(slot: str, item: Item, at: int) -> Condition:
    """Require a free slot, and no failure since the item was read."""
    return Condition(
        "#failures <= :failures AND (attribute_not_exists(#slot) OR #slot <= :at)",
        {"#failures": "failures", "#slot": slot},
        {":failures": item["failures"], ":at": at},
    )


def _slot_name(number: int) -> str:
    return f"slot{number}"


def _to_milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def _milliseconds(period: timedelta) -> int:
    return round(period.total_seconds() * 1000)
