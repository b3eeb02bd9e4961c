"""Limit the rate of sends: by line, by account, and by what carriers answer.

    rates       a line (`Rate`) and an account (`<carrier>_rate` in the secret) send so many texts a second, counted by
                recipient, as carriers count them. Turns are reserved ahead, and a send waits for its own in the queue
    slots       requests to a slow carrier wait for one of a few slots, so that it holds none of the others'
                concurrency (carrier_slots)
    pauses      a line is paused for all conversations when its carrier answers 429 or that its queue is full. A
                carrier's account is paused for all lines after FAILURES_TO_PAUSE requests in a row without an answer.
                After a pause one send probes; the others follow when it is answered

Waiting costs no attempt, occupies no function and delays no other conversation.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

from partyline.domain.lines import Line
from partyline.domain.sends import SendReference
from partyline.frozen_classes import frozen
from partyline.storage import carrier_slots, rate_limits
from partyline.storage.rate_limits import Pace, PaceSnapshot, StoredTurn
from partyline.storage.table import Table

# How many requests in a row a carrier leaves unanswered before its account is paused.
FAILURES_TO_PAUSE = 5
# How long a text waits while nothing of its line, or of its carrier, is sent: by then it is more than a rush.
PATIENCE = timedelta(hours=4)
# The longest pause that we choose, and the longest wait until a send is looked at again, in seconds.
_MAX_PAUSE = 300.0
MAX_WAIT = 3600.0
_MAX_DOUBLINGS = 10
# How long a probe may take, in seconds: the time-out of a request, and a little more.
_PROBE = 30.0
# A turn that is less than this many seconds away has come: queues delay by whole seconds.
_NEAR = 0.5


@frozen
class Turn:
    """Whether a send may be made now.

    `wait` is how many seconds it must wait; 0 for now. `waited` is for how many seconds it has waited while its line or
    account sent nothing; 0 when it waits for a rate only. `known` is passed back with the outcome of the request.
    """

    known: PaceSnapshot
    wait: float = 0.0
    waited: float = 0.0

    @property
    def is_out_of_patience(self) -> bool:
        """Whether the send has waited so long that it is refused."""
        return self.waited >= PATIENCE.total_seconds()


@frozen
class RateLimiter:
    """Give turns to sends, and pause lines and accounts by what their carriers answer.

    `rate` returns how many texts a second the account of a carrier may send; None for no limit. `slots` is how many
    requests may wait for one slow carrier at a time.
    """

    table: Table
    clock: Callable[[], datetime]
    rate: Callable[[str], str | None]
    slots: int

    def take_turn(
        self, reference: SendReference, line: Line, recipients: int, known: PaceSnapshot | None = None
    ) -> Turn:
        """Return the turn of a send; reserve one if it has none. `known` is what was read for this attempt.

        Raises Conflict when the table is too busy.
        """
        now = self._now()
        known = known or rate_limits.load(self.table, reference, line.address, line.carrier)
        paused = max(self._pause_left(pace, now) for pace in (known.line, known.account))
        if paused:
            self._mark_blocked(reference, known, now)
            # The jitter keeps the waiting sends from coming back all at once.
            return Turn(known, paused + random.uniform(0, 2), _waited(known, now))  # noqa: S311  (not secrecy)
        wait = (self._reserve_turn(reference, line, recipients, known, now) - now) / 1000
        return Turn(known, min(wait, MAX_WAIT)) if wait > _NEAR else Turn(known, waited=_waited(known, now))

    def take_slot(self, known: PaceSnapshot) -> str | None:
        """Take a slot of a slow carrier; return its name, empty where none is needed, None when all are taken."""
        leases = known.account.leases
        if leases is None:
            return ""
        return carrier_slots.take(self.table, known.account.scope, leases, self.slots, self._now())

    def give_back_slot(self, known: PaceSnapshot, slot: str) -> None:
        """Free a slot that was taken."""
        if slot:
            carrier_slots.give_back(self.table, known.account.scope, slot)

    def wait_for_slot(self, reference: SendReference, known: PaceSnapshot) -> float:
        """Return after how many seconds a send that found no slot looks again: after as long as it has waited.

        So a backlog of any size looks for slots about as often as new sends come.
        """
        now = self._now()
        self._mark_blocked(reference, known, now)
        waited = (now - (known.turn.first_blocked or now)) / 1000
        return min(1 + waited, _MAX_PAUSE) * random.uniform(0.75, 1.25)  # noqa: S311  (jitter, not secrecy)

    def record_duration(self, known: PaceSnapshot, took: timedelta) -> None:
        """Record how long a carrier took to answer, or did not answer."""
        if took > carrier_slots.SLOW_ANSWER:
            carrier_slots.record_slow_answer(self.table, known.account.scope, self._now())
        elif known.account.leases is not None:
            carrier_slots.record_fast_answer(self.table, known.account.scope)

    def record_success(self, known: PaceSnapshot) -> None:
        """Record that the carrier answered: failures and pauses are forgotten."""
        for pace in (known.line, known.account):
            if not pace.is_clear:
                rate_limits.reset(self.table, pace.scope)

    def record_throttled(self, reference: SendReference, known: PaceSnapshot, retry_after: float | None) -> float:
        """Record that the line was throttled; return how many seconds it pauses.

        `retry_after` is the pause that the carrier asked for, in seconds.
        """
        now = self._now()
        self._mark_blocked(reference, known, now)
        rate_limits.count_failure(self.table, known.line.scope, now)
        return self._pause(known.line, known.line.failures + 1, retry_after or 0.0)

    def record_no_answer(self, known: PaceSnapshot) -> None:
        """Record that the carrier could not be reached, or did not answer."""
        failures = rate_limits.count_failure(self.table, known.account.scope, self._now())
        if failures >= FAILURES_TO_PAUSE:
            self._pause(known.account, failures - FAILURES_TO_PAUSE + 1)

    def _pause(self, pace: Pace, failures: int, at_least: float = 0.0) -> float:
        doubling = min(2.0 ** min(failures, _MAX_DOUBLINGS), _MAX_PAUSE)
        seconds = min(max(at_least, doubling * random.uniform(0.5, 1.0)), MAX_WAIT)  # noqa: S311  (not secrecy)
        now = self._now()
        rate_limits.pause(self.table, pace.scope, now + math.ceil(seconds * 1000), now)
        return seconds

    def _pause_left(self, pace: Pace, now: int) -> float:
        """Return how many seconds a pause still lasts.

        After its end one send probes, and the others wait for that.
        """
        if not pace.until:
            return 0.0
        if pace.until > now:
            return (pace.until - now) / 1000
        probe_ends = now + math.ceil(_PROBE * 1000)
        return 0.0 if rate_limits.claim_probe(self.table, pace, probe_ends) else 1.0

    def _mark_blocked(self, reference: SendReference, known: PaceSnapshot, now: int) -> None:
        if not known.turn.first_blocked:
            rate_limits.mark_first_blocked(self.table, reference, now)

    def _reserve_turn(
        self, reference: SendReference, line: Line, recipients: int, known: PaceSnapshot, now: int
    ) -> int:
        """Return when a send may be made, in milliseconds; reserve its turns if needed.

        It is the later of its turns at the line and at the account, and now where neither has a rate.

        A turn that was reserved before a pause is void, since all of these would come at once after it. So is a turn of
        another rate. New turns are reserved first come, first served.
        """
        rates = (line.rate, self.rate(line.carrier))
        named = "/".join(rate or "" for rate in rates)
        account_paused = known.account.paused
        paused = max(known.line.paused, account_paused)

        def is_valid(turn: StoredTurn) -> bool:
            return turn.taken > paused and turn.rates == named

        if is_valid(known.turn):
            return known.turn.at
        turns = [
            rate_limits.reserve(self.table, pace.scope, rate, _interval(rate, recipients), now, since)
            for pace, rate, since in ((known.line, rates[0], paused), (known.account, rates[1], account_paused))
            if rate
        ]
        if not turns:
            return now
        kept = rate_limits.keep_turn(self.table, reference, max(turns), named, now, known.turn.taken)
        if not is_valid(kept):
            # A send that was queued anew has a turn which its first attempt does not look for.
            kept = rate_limits.keep_turn(self.table, reference, max(turns), named, now, kept.taken)
        return kept.at

    def _now(self) -> int:
        """Return the time in milliseconds since 1970."""
        return int(self.clock().timestamp() * 1000)


def _waited(known: PaceSnapshot, now: int) -> float:
    """Return for how many seconds a send was blocked by its line or its account."""
    began = [pace.since for pace in (known.line, known.account) if pace.until]
    first_blocked = known.turn.first_blocked
    return (now - max(first_blocked, min(began))) / 1000 if began and first_blocked else 0.0


def _interval(rate: str, recipients: int) -> int:
    """Return how many milliseconds texts to so many recipients take at a rate."""
    return math.ceil(1000 * recipients / Decimal(rate))
