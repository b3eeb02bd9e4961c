"""When a send may go: in the turn of its line and its carrier's account, and not into a queue that is full or to a
carrier that does not answer.

    rates       a line (`Rate`) and an account (`<carrier>_rate` in the secret) send so many texts a second, counted by
                recipient, as carriers count them. Turns are given out ahead; a send waits for its own in the queue
    pauses      a line whose carrier says 429, or that its queue is full, is left alone for a while by all
                conversations, and a carrier that did not answer DEAD times in a row by all lines. Then one send goes
                to try, and the others when it went

Waiting spends no attempt, holds no function and no other conversation.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from partyline.domain.lines import Line
from partyline.domain.sends import SendReference
from partyline.storage import rate_limits
from partyline.storage.rate_limits import Pace, PaceSnapshot
from partyline.storage.table import Table

# How often in a row a carrier does not answer before it is left alone.
DEAD = 5
# The longest pause, and the longest that a send waits before it looks again, in seconds.
_MAX_PAUSE = 300.0
_MAX_DOUBLINGS = 10
MAX_WAIT = 3600.0
# How long one that tries has, in seconds: an answer that never comes, and a little more.
_TRIAL = 30.0
# A turn that is nearer than this, in seconds, has come: the queue does not count finer.
_NEAR = 0.5


@dataclass(frozen=True, slots=True)
class RateLimiter:
    """What pacing works with. `rate` is how many texts a second an account may send, by carrier; None for as many as
    come."""

    table: Table
    clock: Callable[[], datetime]
    rate: Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Turn:
    """Whether a send may go now: when `wait`, in seconds, is 0. `known` is for what comes of it. `waited` is how many
    seconds it has been there while nothing went; 0 where it waits for a rate only."""

    known: PaceSnapshot
    wait: float = 0.0
    waited: float = 0.0


def take_turn(desk: RateLimiter, reference: SendReference, line: Line, recipients: int) -> Turn:
    """The turn of a send, taken when it has none. Raises Conflict when the table is too busy: then it has none."""
    now = _milliseconds(desk)
    known = rate_limits.load(desk.table, reference, line.address, line.carrier)
    paused = max(_paused(desk, one, now) for one in (known.line, known.account))
    if paused:
        _meet(desk, reference, known, now)
        # Those that wait do not all come back in the same moment.
        return Turn(known, paused + random.uniform(0, 2), _waited(known, now))  # noqa: S311  (jitter, not secrecy)
    wait = (_turn(desk, reference, line, recipients, known, now) - now) / 1000
    return Turn(known, min(wait, MAX_WAIT)) if wait > _NEAR else Turn(known, waited=_waited(known, now))


def record_success(desk: RateLimiter, known: PaceSnapshot) -> None:
    """The carrier answered: what was remembered against it is forgotten."""
    for one in (known.line, known.account):
        if not one.is_good:
            rate_limits.reset(desk.table, one.scope)


def record_throttled(desk: RateLimiter, reference: SendReference, known: PaceSnapshot, asked: float | None) -> float:
    """The line's carrier said that it is too much, and perhaps for how long, in seconds; how long the line rests."""
    now = _milliseconds(desk)
    _meet(desk, reference, known, now)
    rate_limits.count_failure(desk.table, known.line.scope, now)
    return _pause(desk, known.line, known.line.failures + 1, asked or 0.0)


def record_no_answer(desk: RateLimiter, known: PaceSnapshot) -> None:
    """The carrier could not be reached, or did not answer."""
    failures = rate_limits.count_failure(desk.table, known.account.scope, _milliseconds(desk))
    if failures >= DEAD:
        _pause(desk, known.account, failures - DEAD + 1)


def _pause(desk: RateLimiter, one: Pace, failures: int, asked: float = 0.0) -> float:
    doubling = min(2.0 ** min(failures, _MAX_DOUBLINGS), _MAX_PAUSE)
    seconds = min(max(asked, doubling * random.uniform(0.5, 1.0)), MAX_WAIT)  # noqa: S311  (jitter, not secrecy)
    now = _milliseconds(desk)
    rate_limits.pause(desk.table, one.scope, now + math.ceil(seconds * 1000), now)
    return seconds


def _paused(desk: RateLimiter, one: Pace, now: int) -> float:
    """How long a pause still lasts, in seconds. When it is over, this send is the one that tries, or waits for that."""
    if not one.until:
        return 0.0
    if one.until > now:
        return (one.until - now) / 1000
    trial = now + math.ceil(_TRIAL * 1000)
    return 0.0 if rate_limits.claim_probe(desk.table, one, trial) else 1.0


def _meet(desk: RateLimiter, reference: SendReference, known: PaceSnapshot, now: int) -> None:
    if not known.kept.met:
        rate_limits.mark_first_blocked(desk.table, reference, now)


def _waited(known: PaceSnapshot, now: int) -> float:
    """How long a send has been there, in seconds, while its line or its account let nothing through."""
    began = [one.since for one in (known.line, known.account) if one.until]
    return (now - max(known.kept.met, min(began))) / 1000 if began and known.kept.met else 0.0


def _turn(
    desk: RateLimiter, reference: SendReference, line: Line, recipients: int, known: PaceSnapshot, now: int
) -> int:
    """When a send may go: the later of its turns at the line and at the account; now, where neither has a rate. Turns
    of before a pause, or of other rates, are void: the first would come all at once when it is over, and the others
    would be waited for even so. Who comes first gets the first of the new ones."""
    rates = (line.rate, desk.rate(line.carrier))
    named = "/".join(rate or "" for rate in rates)
    account = known.account.paused
    paused = max(known.line.paused, account)
    kept = known.kept
    if kept.taken > paused and kept.rates == named:
        return kept.at
    turns = [
        rate_limits.reserve(desk.table, one.scope, rate, _interval(rate, recipients), now, since)
        for one, rate, since in ((known.line, rates[0], paused), (known.account, rates[1], account))
        if rate
    ]
    return rate_limits.keep_turn(desk.table, reference, max(turns), named, now, kept.taken) if turns else now


def _interval(rate: str, recipients: int) -> int:
    """How long texts to so many recipients take at so many texts a second."""
    return math.ceil(1000 * recipients / Decimal(rate))


def _milliseconds(desk: RateLimiter) -> int:
    return int(desk.clock().timestamp() * 1000)
