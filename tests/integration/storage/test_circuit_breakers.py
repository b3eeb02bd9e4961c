"""The health of receivers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from partyline.storage import circuit_breakers, keys
from partyline.storage.circuit_breakers import (
    FAILURES_TO_OPEN,
    FAST_ANSWERS_TO_CLOSE,
    FIRST_OPEN_PERIOD,
    HALF_OPEN_SLOTS,
    MAX_OPEN_PERIOD,
    SLOT_LEASE,
    SLOW_ANSWER,
    Permit,
    Rejected,
    parse_receiver,
)
from partyline.storage.table import Table

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
FAST = timedelta(milliseconds=20)
SLOWLY = SLOW_ANSWER + timedelta(seconds=1)
HANGING = timedelta(seconds=5)
ONE = "https://crm.example.com:443"


def passed(table: Table, now: datetime) -> Permit:
    admitted = circuit_breakers.acquire(table, ONE, now)
    assert isinstance(admitted, Permit)
    return admitted


def held(table: Table, now: datetime) -> float:
    admitted = circuit_breakers.acquire(table, ONE, now)
    assert isinstance(admitted, Rejected)
    return admitted.retry_after


def fail(table: Table, now: datetime) -> datetime:
    """One call without an answer; when it ended."""
    call = passed(table, now)
    circuit_breakers.record_failure(table, call, now + HANGING)
    return now + HANGING


def rest(table: Table) -> datetime:
    """Bring a trusted receiver to rest; when it began."""
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


def test_a_healthy_receiver_costs_one_read(table: Table, client: Any) -> None:
    asked: list[str] = []
    client.meta.events.register("before-call.dynamodb.*", lambda model, **_: asked.append(model.name))
    call = passed(table, NOW)
    circuit_breakers.record_success(table, call, NOW + FAST)
    assert asked == ["GetItem"]


def test_after_three_calls_without_an_answer_it_rests(table: Table) -> None:
    now = NOW
    for _ in range(FAILURES_TO_OPEN):
        assert passed(table, now).slot is not None or now == NOW
        now = fail(table, now + SLOT_LEASE)
    assert held(table, now) == FIRST_OPEN_PERIOD.total_seconds()
    assert held(table, now + FIRST_OPEN_PERIOD / 2) == (FIRST_OPEN_PERIOD / 2).total_seconds()


def test_after_its_rest_one_call_tries_it(table: Table) -> None:
    now = rest(table) + FIRST_OPEN_PERIOD
    passed(table, now)
    assert held(table, now) == 0


def test_each_rest_is_longer_up_to_five_minutes(table: Table) -> None:
    now = rest(table)
    rests = []
    for _ in range(8):
        rests.append(held(table, now))
        now = fail(table, now + timedelta(seconds=rests[-1]))
    assert rests == [5, 10, 20, 40, 80, 160, 300, 300]
    assert rests[-1] == MAX_OPEN_PERIOD.total_seconds()


def test_one_answer_ends_the_rest_and_three_fast_ones_the_watch(table: Table) -> None:
    now = rest(table) + FIRST_OPEN_PERIOD
    for _ in range(FAST_ANSWERS_TO_CLOSE):
        call = passed(table, now)
        assert call.slot is not None
        circuit_breakers.record_success(table, call, now + FAST)
    assert passed(table, now).slot is None
    assert table.get(keys.receiver(ONE)) is None
    # The next rest is a first one again.
    assert held(table, rest(table)) == FIRST_OPEN_PERIOD.total_seconds()


def test_a_slow_receiver_has_a_few_calls_at_a_time(table: Table) -> None:
    circuit_breakers.record_success(table, passed(table, NOW), NOW + SLOWLY)
    calls = [passed(table, NOW) for _ in range(HALF_OPEN_SLOTS)]
    assert len({call.slot for call in calls}) == HALF_OPEN_SLOTS
    assert held(table, NOW) == 0
    circuit_breakers.record_success(table, calls[0], NOW + SLOWLY)
    assert passed(table, NOW).slot == calls[0].slot


def test_fast_answers_must_come_in_a_row(table: Table) -> None:
    circuit_breakers.record_success(table, passed(table, NOW), NOW + SLOWLY)
    for took in (FAST, FAST, SLOWLY, FAST, FAST):
        circuit_breakers.record_success(table, passed(table, NOW), NOW + took)
    assert passed(table, NOW).slot is not None


def test_a_slot_of_a_function_that_died_comes_back(table: Table) -> None:
    now = rest(table) + FIRST_OPEN_PERIOD
    passed(table, now)
    assert held(table, now + SLOT_LEASE - timedelta(seconds=1)) == 0
    assert passed(table, now + SLOT_LEASE).slot is not None


def test_calls_that_were_under_way_together_make_one_rest(table: Table) -> None:
    calls = [passed(table, NOW) for _ in range(20)]
    for number, call in enumerate(calls):
        circuit_breakers.record_failure(table, call, NOW + HANGING + timedelta(milliseconds=number))
    assert held(table, NOW + HANGING) < 6
    now = NOW + HANGING + FIRST_OPEN_PERIOD + FAST
    circuit_breakers.record_failure(table, passed(table, now), now + HANGING)
    assert held(table, now + HANGING) == 10


def test_an_answer_after_the_watch_is_over_begins_none(table: Table) -> None:
    circuit_breakers.record_success(table, passed(table, NOW), NOW + SLOWLY)
    calls = [passed(table, NOW) for _ in range(HALF_OPEN_SLOTS)]
    for call in calls:
        circuit_breakers.record_success(table, call, NOW + FAST)
    assert table.get(keys.receiver(ONE)) is None


def test_a_slot_is_lost_to_who_takes_it_first(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    now = rest(table) + FIRST_OPEN_PERIOD
    get = table.get

    def overtaken(key: keys.Key) -> Any:
        found = get(key)
        monkeypatch.setattr(table, "get", get)
        assert passed(table, now).slot == "slot0"
        return found

    monkeypatch.setattr(table, "get", overtaken)
    assert held(table, now) == 0


@pytest.mark.parametrize("well", [True, False])
def test_a_receiver_that_changed_since_it_was_looked_at_is_looked_at_again(
    table: Table, monkeypatch: pytest.MonkeyPatch, well: bool
) -> None:
    circuit_breakers.record_success(table, passed(table, NOW), NOW + SLOWLY)
    get = table.get

    def overtaken(key: keys.Key) -> Any:
        found = get(key)
        monkeypatch.setattr(table, "get", get)
        for call in [passed(table, NOW) for _ in range(FAILURES_TO_OPEN)]:
            if well:
                circuit_breakers.record_success(table, call, NOW + FAST)
            else:
                circuit_breakers.record_failure(table, call, NOW)
        return found

    monkeypatch.setattr(table, "get", overtaken)
    if well:
        assert passed(table, NOW).slot is None
    else:
        assert held(table, NOW) == FIRST_OPEN_PERIOD.total_seconds()


def test_what_is_kept_is_garbage_a_day_later(table: Table) -> None:
    now = rest(table)
    item = table.get(keys.receiver(ONE))
    assert item and item["ttl"] == int(now.timestamp()) + 86400


class Health(RuleBasedStateMachine):
    """Calls begin and end in any order, some never, while time goes by; what must hold always does."""

    table: Table
    number = 0

    def __init__(self) -> None:
        super().__init__()
        Health.number += 1
        self.receiver = f"https://{Health.number}.example.com:443"
        self.now = NOW
        self.under_way: list[Permit] = []
        self.alive: dict[str, datetime] = {}
        self.resting_until = NOW

    def item(self) -> dict[str, Any]:
        return self.table.get(keys.receiver(self.receiver)) or {}

    @rule()
    def begin(self) -> None:
        before = self.item()
        admitted = circuit_breakers.acquire(self.table, self.receiver, self.now)
        if isinstance(admitted, Rejected):
            assert before
            assert admitted.retry_after >= 0
            # A rest has an end, and slots come back.
            assert admitted.retry_after <= MAX_OPEN_PERIOD.total_seconds()
            return
        assert before.get("until", 0) <= admitted.began
        assert (admitted.slot is None) == (not before)
        if admitted.slot:
            assert self.alive.get(admitted.slot, NOW) <= self.now
            assert before["failures"] < FAILURES_TO_OPEN or admitted.slot == "slot0"
            self.alive[admitted.slot] = self.now + SLOT_LEASE
        self.under_way.append(admitted)

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
        # Its function is gone, and what it leased comes back by itself.
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


def test_whatever_happens_in_whatever_order(table: Table) -> None:
    Health.table = table
    run_state_machine_as_test(Health, settings=settings(max_examples=20, stateful_step_count=30, deadline=None))
