"""The circuit breakers of receivers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from partyline.storage import circuit_breakers, keys
from partyline.storage.circuit_breakers import (
    CLOSED_LIFE,
    FAILURES_TO_OPEN,
    FAST_ANSWERS_TO_CLOSE,
    FIRST_OPEN_PERIOD,
    HALF_OPEN_SLOTS,
    MAX_OPEN_PERIOD,
    SLOT_LEASE,
    SLOW_ANSWER,
    ClosedBreakers,
    Permit,
    Rejected,
    parse_receiver,
)
from partyline.storage.table import Table, Write, change
from tests.support.aws_requests import AwsRequest

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
FAST = timedelta(milliseconds=20)
SLOWLY = SLOW_ANSWER + timedelta(seconds=1)
HANGING = timedelta(seconds=5)
ONE = "https://crm.example.com:443"


def permit(table: Table, now: datetime) -> Permit:
    result = circuit_breakers.acquire(table, ONE, now)
    assert isinstance(result, Permit)
    return result


def reject(table: Table, now: datetime) -> float:
    result = circuit_breakers.acquire(table, ONE, now)
    assert isinstance(result, Rejected)
    return result.retry_after


def fail(table: Table, now: datetime) -> datetime:
    """Record one call without an answer; return when it ended."""
    call = permit(table, now)
    circuit_breakers.record_failure(table, call, now + HANGING)
    return now + HANGING


def open_breaker(table: Table) -> datetime:
    """Open a closed breaker; return when."""
    now = NOW
    for _ in range(FAILURES_TO_OPEN):
        now = fail(table, now)
    return now


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://crm.example.com/a?b#c", ONE),
        ("https://user:pass@CRM.example.com:443", ONE),
        ("http://crm.example.com", "http://crm.example.com:80"),
        ("http://[::1]:8080/x", "http://::1:8080"),
    ],
)
def test_a_receiver_is_a_server(url: str, expected: str) -> None:
    assert parse_receiver(url) == expected


def test_closed_breaker_costs_one_read(table: Table, requests_made: list[AwsRequest]) -> None:
    call = permit(table, NOW)
    circuit_breakers.record_success(table, call, NOW + FAST)
    assert [one.operation for one in requests_made] == ["GetItem"]


def test_three_failures_in_a_row_open_the_breaker(table: Table) -> None:
    now = NOW
    for _ in range(FAILURES_TO_OPEN):
        assert permit(table, now).slot is not None or now == NOW
        now = fail(table, now + SLOT_LEASE)
    assert reject(table, now) == FIRST_OPEN_PERIOD.total_seconds()
    assert reject(table, now + FIRST_OPEN_PERIOD / 2) == (FIRST_OPEN_PERIOD / 2).total_seconds()


def test_after_an_open_period_one_call_probes(table: Table) -> None:
    now = open_breaker(table) + FIRST_OPEN_PERIOD
    permit(table, now)
    assert reject(table, now) == 0


def test_each_open_period_is_longer_up_to_five_minutes(table: Table) -> None:
    now = open_breaker(table)
    periods = []
    for _ in range(8):
        periods.append(reject(table, now))
        now = fail(table, now + timedelta(seconds=periods[-1]))
    assert periods == [5, 10, 20, 40, 80, 160, 300, 300]
    assert periods[-1] == MAX_OPEN_PERIOD.total_seconds()


def test_one_answer_half_opens_and_three_fast_answers_close(table: Table) -> None:
    now = open_breaker(table) + FIRST_OPEN_PERIOD
    for _ in range(FAST_ANSWERS_TO_CLOSE):
        call = permit(table, now)
        assert call.slot is not None
        circuit_breakers.record_success(table, call, now + FAST)
    assert permit(table, now).slot is None
    assert table.get(keys.receiver(ONE)) is None
    # The next open period is a first one again.
    assert reject(table, open_breaker(table)) == FIRST_OPEN_PERIOD.total_seconds()


def test_half_open_breaker_permits_a_few_calls_at_a_time(table: Table) -> None:
    circuit_breakers.record_success(table, permit(table, NOW), NOW + SLOWLY)
    calls = [permit(table, NOW) for _ in range(HALF_OPEN_SLOTS)]
    assert len({call.slot for call in calls}) == HALF_OPEN_SLOTS
    assert reject(table, NOW) == 0
    circuit_breakers.record_success(table, calls[0], NOW + SLOWLY)
    assert permit(table, NOW).slot == calls[0].slot


def test_fast_answers_close_only_in_a_row(table: Table) -> None:
    circuit_breakers.record_success(table, permit(table, NOW), NOW + SLOWLY)
    for took in (FAST, FAST, SLOWLY, FAST, FAST):
        circuit_breakers.record_success(table, permit(table, NOW), NOW + took)
    assert permit(table, NOW).slot is not None


def test_slot_of_a_crashed_function_expires(table: Table) -> None:
    now = open_breaker(table) + FIRST_OPEN_PERIOD
    permit(table, now)
    assert reject(table, now + SLOT_LEASE - timedelta(seconds=1)) == 0
    assert permit(table, now + SLOT_LEASE).slot is not None


def test_failures_of_concurrent_calls_open_once(table: Table) -> None:
    calls = [permit(table, NOW) for _ in range(20)]
    for number, call in enumerate(calls):
        circuit_breakers.record_failure(table, call, NOW + HANGING + timedelta(milliseconds=number))
    assert reject(table, NOW + HANGING) < 6
    now = NOW + HANGING + FIRST_OPEN_PERIOD + FAST
    circuit_breakers.record_failure(table, permit(table, now), now + HANGING)
    assert reject(table, now + HANGING) == 10


def test_answer_after_the_breaker_closed_reopens_nothing(table: Table) -> None:
    circuit_breakers.record_success(table, permit(table, NOW), NOW + SLOWLY)
    calls = [permit(table, NOW) for _ in range(HALF_OPEN_SLOTS)]
    for call in calls:
        circuit_breakers.record_success(table, call, NOW + FAST)
    assert table.get(keys.receiver(ONE)) is None


def test_slot_goes_to_the_first_call(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    now = open_breaker(table) + FIRST_OPEN_PERIOD
    get = table.get

    def overtaken(key: keys.Key, *, consistent: bool) -> Any:
        found = get(key, consistent=consistent)
        monkeypatch.setattr(table, "get", get)
        assert permit(table, now).slot == "slot0"
        return found

    monkeypatch.setattr(table, "get", overtaken)
    assert reject(table, now) == 0


@pytest.mark.parametrize("well", [True, False])
def test_breaker_that_changed_since_it_was_read_is_read_again(
    table: Table, monkeypatch: pytest.MonkeyPatch, well: bool
) -> None:
    circuit_breakers.record_success(table, permit(table, NOW), NOW + SLOWLY)
    get = table.get

    def overtaken(key: keys.Key, *, consistent: bool) -> Any:
        found = get(key, consistent=consistent)
        monkeypatch.setattr(table, "get", get)
        for call in [permit(table, NOW) for _ in range(FAILURES_TO_OPEN)]:
            if well:
                circuit_breakers.record_success(table, call, NOW + FAST)
            else:
                circuit_breakers.record_failure(table, call, NOW)
        return found

    monkeypatch.setattr(table, "get", overtaken)
    if well:
        assert permit(table, NOW).slot is None
    else:
        assert reject(table, NOW) == FIRST_OPEN_PERIOD.total_seconds()


@pytest.mark.parametrize("answers", [1, 3])
def test_breaker_that_got_an_answer_while_it_was_being_opened_stays_as_it_is(
    table: Table, monkeypatch: pytest.MonkeyPatch, answers: int
) -> None:
    calls = [permit(table, NOW) for _ in range(FAILURES_TO_OPEN)]
    for call in calls[:-1]:
        circuit_breakers.record_failure(table, call, NOW)
    others = [permit(table, NOW) for _ in range(answers)]
    write = table.write

    def overtaken(one: Write) -> Any:
        if one.label == "rest":
            monkeypatch.setattr(table, "write", write)
            for other in others:
                circuit_breakers.record_success(table, other, NOW + FAST)
        return write(one)

    monkeypatch.setattr(table, "write", overtaken)
    circuit_breakers.record_failure(table, calls[-1], NOW)
    assert isinstance(circuit_breakers.acquire(table, ONE, NOW + 2 * FAST), Permit)
    assert (table.get(keys.receiver(ONE)) is None) == (answers == FAST_ANSWERS_TO_CLOSE)


def test_what_an_earlier_release_left_of_a_closed_breaker_is_closed(table: Table) -> None:
    table.write(change("rest", keys.receiver(ONE), {"until": round(NOW.timestamp() * 1000) + 5000, "rests": 1}))
    assert permit(table, NOW).slot is None


def test_item_expires_a_day_later(table: Table) -> None:
    now = open_breaker(table)
    item = table.get(keys.receiver(ONE))
    assert item and item["ttl"] == int(now.timestamp()) + 86400


# --- as one process asks


def test_closed_breaker_is_asked_for_once_a_second(table: Table, requests_made: list[AwsRequest]) -> None:
    breakers = ClosedBreakers(table)
    for milliseconds in (0, 300, 600, 999):
        began = NOW + timedelta(milliseconds=milliseconds)
        call = breakers.acquire(ONE, began)
        assert call == Permit(ONE, round(began.timestamp() * 1000))
        breakers.record_success(call, began + FAST)
    assert [one.operation for one in requests_made] == ["GetItem"]
    breakers.acquire(ONE, NOW + CLOSED_LIFE)
    assert [one.operation for one in requests_made] == ["GetItem"] * 2


@pytest.mark.parametrize("ends", ["fails", "slow"])
def test_what_a_process_has_met_it_knows_at_once(table: Table, ends: str) -> None:
    breakers = ClosedBreakers(table)
    call = breakers.acquire(ONE, NOW)
    assert isinstance(call, Permit)
    if ends == "fails":
        breakers.record_failure(call, NOW + FAST)
    else:
        breakers.record_success(call, NOW + SLOWLY)
    then = breakers.acquire(ONE, NOW + 2 * FAST)
    assert isinstance(then, Permit)
    assert then.slot is not None


def test_what_a_process_has_met_is_not_forgotten_by_a_late_read(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    breakers = ClosedBreakers(table)
    for _ in range(FAILURES_TO_OPEN):
        call = breakers.acquire(ONE, NOW)
        assert isinstance(call, Permit)
        breakers.record_failure(call, NOW)
    with monkeypatch.context() as patched:
        # A read that need not be consistent, of the moment before.
        patched.setattr(table, "get", lambda *_, **__: None)
        assert breakers.acquire(ONE, NOW + FAST) == Permit(ONE, round((NOW + FAST).timestamp() * 1000))
    assert isinstance(breakers.acquire(ONE, NOW + 2 * FAST), Rejected)


@pytest.mark.parametrize("earlier", [timedelta(milliseconds=1), timedelta(days=1)])
def test_breaker_is_asked_for_where_the_clock_went_back(
    table: Table, requests_made: list[AwsRequest], earlier: timedelta
) -> None:
    breakers = ClosedBreakers(table)
    for now in (NOW, NOW - earlier):
        breakers.acquire(ONE, now)
    assert [one.operation for one in requests_made] == ["GetItem"] * 2


def test_what_another_process_has_met_is_known_a_second_later(table: Table) -> None:
    breakers, others = ClosedBreakers(table), ClosedBreakers(table)
    assert isinstance(breakers.acquire(ONE, NOW), Permit)
    for _ in range(FAILURES_TO_OPEN):
        call = others.acquire(ONE, NOW)
        assert isinstance(call, Permit)
        others.record_failure(call, NOW)
    assert isinstance(others.acquire(ONE, NOW), Rejected)
    late = breakers.acquire(ONE, NOW + CLOSED_LIFE - FAST)
    assert isinstance(late, Permit)
    # Nothing is lost of what it meets meanwhile.
    breakers.record_failure(late, NOW + CLOSED_LIFE)
    assert isinstance(breakers.acquire(ONE, NOW + CLOSED_LIFE), Rejected)


# --- any order


class CallsMachine(RuleBasedStateMachine):
    """Calls begin and end in any order, some never, while time goes by; what must hold always does."""

    table: Table
    number = 0

    def __init__(self) -> None:
        super().__init__()
        CallsMachine.number += 1
        self.receiver = f"https://{CallsMachine.number}.example.com:443"
        self.now = NOW
        self.under_way: list[Permit] = []
        self.alive: dict[str, datetime] = {}

    def item(self) -> dict[str, Any]:
        return self.table.get(keys.receiver(self.receiver)) or {}

    @rule()
    def begin(self) -> None:
        before = self.item()
        result = circuit_breakers.acquire(self.table, self.receiver, self.now)
        if isinstance(result, Rejected):
            assert before
            assert result.retry_after >= 0
            # An open period ends, and slots are freed.
            assert result.retry_after <= MAX_OPEN_PERIOD.total_seconds()
            return
        assert before.get("until", 0) <= result.began
        assert (result.slot is None) == (not before)
        if result.slot:
            assert self.alive.get(result.slot, NOW) <= self.now
            assert before["failures"] < FAILURES_TO_OPEN or result.slot == "slot0"
            self.alive[result.slot] = self.now + SLOT_LEASE
        self.under_way.append(result)

    @precondition(lambda self: self.under_way)
    @rule(data=st.data(), well=st.booleans())
    def end(self, data: st.DataObject, well: bool) -> None:
        call = self.under_way.pop(data.draw(st.integers(0, len(self.under_way) - 1)))
        before = self.item()
        (circuit_breakers.record_success if well else circuit_breakers.record_failure)(self.table, call, self.now)
        after = self.item()
        if call.slot:
            self.alive.pop(call.slot, None)
        if well and call.slot:
            assert after.get("failures", 0) == 0 and "until" not in after
        if not well:
            assert after["failures"] == before.get("failures", 0) + 1
            assert after["failures"] < FAILURES_TO_OPEN or after["until"] > call.began

    @precondition(lambda self: self.under_way)
    @rule()
    def die(self) -> None:
        # Its function is gone, and its slot expires.
        self.under_way.pop()

    @rule(seconds=st.sampled_from([0.1, 0.9, 3, 8]))
    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        # No call lives longer than its function may.
        limit = int((self.now - SLOT_LEASE).timestamp() * 1000)
        self.under_way = [call for call in self.under_way if call.began > limit]

    @invariant()
    def few_are_under_way_that_need_a_slot(self) -> None:
        slots = [call.slot for call in self.under_way if call.slot]
        assert len(slots) <= HALF_OPEN_SLOTS
        assert len(set(slots)) == len(slots)


def test_invariants_hold_for_calls_in_any_order(table: Table) -> None:
    CallsMachine.table = table
    run_state_machine_as_test(CallsMachine, settings=settings(max_examples=20, stateful_step_count=30, deadline=None))
