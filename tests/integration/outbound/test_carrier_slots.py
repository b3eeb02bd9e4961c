"""S3: a carrier that answers slowly holds a share of the concurrent requests, and leaves the others theirs."""

from __future__ import annotations

import heapq
import itertools
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from partyline.carriers.base import Accepted, OutboundText
from partyline.domain.lines import Line
from partyline.domain.sends import RequestReference, SendReference, SendState
from partyline.errors import Ambiguous, Refused, SendError
from partyline.outbound.rate_limiter import RateLimiter, Turn
from partyline.outbound.send_attempt import NextStep
from partyline.storage import carrier_slots, keys, rate_limits, sends
from partyline.storage.carrier_slots import FAST_ANSWERS, LEASE, SLOW_ANSWER
from partyline.storage.table import Table
from tests.support.scene import NOW, P, Scene, make_scene, written

SCOPE = rate_limits.account_scope("bandwidth")
MOMENT = int(NOW.timestamp() * 1000)
SLOW = SLOW_ANSWER + timedelta(seconds=1)
FAST = timedelta(milliseconds=300)


@pytest.fixture
def steady(monkeypatch: pytest.MonkeyPatch) -> None:
    """No jitter."""
    monkeypatch.setattr("partyline.outbound.rate_limiter.random.uniform", lambda low, high: 1.0)


def leases(table: Table) -> dict[str, int] | None:
    found = carrier_slots.decode_leases(table.get(keys.pace(SCOPE)) or {})
    return None if found is None else dict(found)


def take(table: Table, limit: int, now: int = MOMENT) -> str | None:
    found = leases(table)
    assert found is not None
    return carrier_slots.take(table, SCOPE, found, limit, now)


# --- slots


def test_a_slow_carrier_has_as_many_slots_as_it_may_hold(table: Table) -> None:
    carrier_slots.record_slow_answer(table, SCOPE, MOMENT)
    taken = {take(table, 3) for _ in range(3)}
    assert taken == {"slot0", "slot1", "slot2"}
    assert take(table, 3) is None
    carrier_slots.give_back(table, SCOPE, "slot1")
    assert take(table, 3) == "slot1"


def test_the_slot_of_a_function_that_died_is_free_after_its_lease(table: Table) -> None:
    carrier_slots.record_slow_answer(table, SCOPE, MOMENT)
    assert take(table, 1) == "slot0"
    later = MOMENT + round(LEASE.total_seconds() * 1000)
    assert take(table, 1, later - 1) is None
    assert take(table, 1, later) == "slot0"


def test_requests_that_read_the_same_slots_take_different_ones(table: Table) -> None:
    carrier_slots.record_slow_answer(table, SCOPE, MOMENT)
    known = leases(table)
    assert known == {}
    taken = [carrier_slots.take(table, SCOPE, known, 4, MOMENT) for _ in range(4)]
    assert len(set(taken)) == len(taken)
    assert carrier_slots.take(table, SCOPE, known, 4, MOMENT) is None


def test_fast_answers_in_a_row_end_it_and_leave_nothing(table: Table) -> None:
    before = table.get(keys.pace(SCOPE))
    assert before is None
    carrier_slots.record_slow_answer(table, SCOPE, MOMENT)
    take(table, 3)
    for _ in range(FAST_ANSWERS - 1):
        carrier_slots.record_fast_answer(table, SCOPE)
    carrier_slots.record_slow_answer(table, SCOPE, MOMENT)
    for _ in range(FAST_ANSWERS - 1):
        carrier_slots.record_fast_answer(table, SCOPE)
    known = leases(table)
    assert known
    carrier_slots.record_fast_answer(table, SCOPE)
    assert set(table.get(keys.pace(SCOPE)) or {}) == {"PK", "SK", "ttl"}
    # A request that still knows it as slow goes on without a slot.
    assert carrier_slots.take(table, SCOPE, known, 3, MOMENT) == ""
    carrier_slots.give_back(table, SCOPE, next(iter(known)))
    carrier_slots.record_fast_answer(table, SCOPE)
    assert leases(table) is None


# --- sends


def after(
    scene: Callable[[], Scene], took: timedelta, answer: Accepted | SendError
) -> Callable[[OutboundText], Accepted]:
    """An answer that takes a while."""

    def ask(text: OutboundText) -> Accepted:
        scene().now += took
        if isinstance(answer, SendError):
            raise answer
        return answer

    return ask


@pytest.mark.parametrize("answer", [Accepted("c-1"), Refused("no"), Ambiguous("no answer")])
def test_an_answer_that_comes_late_or_not_at_all_makes_a_carrier_slow(table: Table, answer: Any) -> None:
    one = make_scene(table, after(lambda: one, SLOW, answer))
    one.deliver()
    assert leases(table) == {}


def test_a_carrier_in_time_leaves_nothing(table: Table) -> None:
    one = make_scene(table, after(lambda: one, FAST, Accepted("c-1")))
    one.deliver()
    assert table.get(keys.pace(SCOPE)) is None


@pytest.mark.usefixtures("steady")
def test_a_send_without_a_slot_waits_ever_longer_and_asks_nothing(table: Table) -> None:
    first = make_scene(table, after(lambda: first, SLOW, Accepted("c-1")), after(lambda: one, FAST, Accepted("c-2")))
    first.deliver()
    taken = [take(table, 5) for _ in range(5)]
    one = written(table, first.carrier)
    delays = []
    for _ in range(4):
        attempt = one.deliver()
        assert (attempt.step, attempt.state, attempt.paced) == (NextStep.RETRY, SendState.WAITING, True)
        delays.append(attempt.delay)
        one.now += timedelta(seconds=attempt.delay)
    assert delays == [1, 2, 4, 8]
    assert sends.find(table, RequestReference(one.reference)) is None
    assert len(one.carrier.asked) == 1
    assert taken[0]
    carrier_slots.give_back(table, SCOPE, taken[0])
    assert one.deliver().state is SendState.SENT
    assert set(leases(table) or {}) == {slot for slot in taken[1:] if slot}


# --- the share, over time

CONCURRENCY, SHARE = 16, 4
LOOK = timedelta(milliseconds=50)
TAKES = {"slow": timedelta(seconds=9), "fast": FAST}


@dataclass
class Queue:
    """The outbound queue and its function: sends of two carriers, of which one takes nine seconds for each.

    A send is looked at when it is due and one of the concurrent functions is free.
    """

    table: Table
    slots: int
    now: Any = NOW
    waited: dict[str, list[float]] = field(default_factory=lambda: {"slow": [], "fast": []})
    held: Counter[str] = field(default_factory=Counter)
    most: Counter[str] = field(default_factory=Counter)

    def run(self, seconds: int) -> None:
        order = itertools.count()
        limiter = RateLimiter(self.table, lambda: self.now, lambda carrier: None, self.slots)
        due: list[tuple[Any, int, str, SendReference, Any]] = []
        for carrier, each in (("slow", 0.25), ("fast", 0.2)):
            for number in range(int(seconds / each)):
                at = NOW + timedelta(seconds=number * each)
                heapq.heappush(due, (at, next(order), carrier, SendReference("CH1", f"IM{next(order)}", "0"), at))
        busy: list[tuple[Any, int, Callable[[], None]]] = []
        end = NOW + timedelta(seconds=seconds)
        while due and due[0][0] < end:
            if len(busy) == CONCURRENCY or (busy and busy[0][0] <= due[0][0]):
                self.now, _, finish = heapq.heappop(busy)
                finish()
                continue
            at, _, carrier, reference, recorded = heapq.heappop(due)
            self.now = max(self.now, at)
            turn = limiter.take_turn(reference, Line("LN1", P, carrier, NOW, NOW), 1)
            slot = limiter.take_slot(turn.known)
            if slot is None:
                again = self.now + timedelta(seconds=limiter.wait_for_slot(reference, turn.known))
                heapq.heappush(due, (again, next(order), carrier, reference, recorded))
                heapq.heappush(busy, (self.now + LOOK, next(order), lambda: None))
                continue
            if self.now > NOW + timedelta(seconds=15):
                self.most[carrier] = max(self.most[carrier], self.held[carrier] + 1)
                self.waited[carrier].append((self.now - recorded).total_seconds())
            self.held[carrier] += 1
            finish = self.finish(limiter, carrier, turn, slot)
            heapq.heappush(busy, (self.now + TAKES[carrier], next(order), finish))

    def finish(self, limiter: RateLimiter, carrier: str, turn: Turn, slot: str) -> Callable[[], None]:
        def ended() -> None:
            self.held[carrier] -= 1
            limiter.record_duration(turn.known, TAKES[carrier])
            limiter.give_back_slot(turn.known, slot)

        return ended


@pytest.mark.usefixtures("steady")
def test_a_slow_carrier_holds_its_share_and_delays_no_other(table: Table) -> None:
    queue = Queue(table, SHARE)
    queue.run(45)
    assert queue.most["slow"] == SHARE
    assert max(queue.waited["fast"]) < 1


@pytest.mark.usefixtures("steady")
def test_without_a_share_a_slow_carrier_delays_all(table: Table) -> None:
    """That the test above can see it."""
    queue = Queue(table, CONCURRENCY)
    queue.run(45)
    assert max(queue.waited["fast"]) > 10
