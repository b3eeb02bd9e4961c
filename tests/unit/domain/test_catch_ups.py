"""Which texts a catch-up takes: from where earlier ones ended, in the order in which they came."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from partyline.domain.catch_ups import (
    MAX_AGE,
    OVERLAP,
    SETTLED,
    STALLED,
    CatchUp,
    CatchUpState,
    TextFate,
    plan_catch_up,
)
from partyline.errors import RuleViolation

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=300)
P = "+12065550120"


def plan(before: CatchUp | None = None, since: datetime | None = None, registered: datetime = LONG_AGO) -> CatchUp:
    return plan_catch_up(P, "twilio", registered, before, since, NOW)


def completed(until: datetime, since: datetime | None = None) -> CatchUp:
    """A catch-up that took everything until a time."""
    return replace(plan(since=since), until=until).complete()


def test_first_catch_up_goes_back_as_far_as_any() -> None:
    assert (plan().since, plan().until) == (NOW - MAX_AGE, NOW - SETTLED)


def test_first_catch_up_takes_nothing_from_before_the_line_was_registered() -> None:
    registered = NOW - timedelta(days=1)
    assert plan(registered=registered).since == registered


def test_line_that_was_registered_a_minute_ago_has_nothing_to_catch_up() -> None:
    planned = plan(registered=NOW)
    assert planned.since == planned.until


def test_next_catch_up_begins_a_little_before_the_end_of_the_last() -> None:
    ended = NOW - timedelta(hours=5)
    again = plan(completed(ended))
    assert (again.since, again.run) == (ended - OVERLAP, 2)


def test_failed_catch_up_leaves_its_texts_to_the_next() -> None:
    ended = NOW - timedelta(hours=5)
    failed = plan(completed(ended)).fail("HTTP 401")
    assert plan(failed).since == ended - OVERLAP


def test_catch_up_behind_a_gap_leaves_the_gap_to_the_next() -> None:
    ended = NOW - timedelta(days=2)
    later = plan(completed(ended), since=NOW - timedelta(hours=3))
    assert later.complete().completed_until == ended
    assert plan(later.complete()).since == ended - OVERLAP


def test_catch_up_from_an_earlier_time_leaves_no_gap() -> None:
    earlier = plan(completed(NOW - timedelta(days=2)), since=NOW - timedelta(days=3))
    assert earlier.since == NOW - timedelta(days=3)
    assert earlier.complete().completed_until == NOW - SETTLED


@pytest.mark.parametrize("since", [NOW - MAX_AGE - timedelta(seconds=1), NOW - SETTLED, NOW, NOW + timedelta(days=1)])
def test_time_that_is_too_old_or_too_new_is_refused(since: datetime) -> None:
    with pytest.raises(RuleViolation) as raised:
        plan(since=since)
    assert raised.value.details["name"] == "Since"


def test_catch_up_takes_each_text_of_its_time_once() -> None:
    planned = plan(since=NOW - timedelta(hours=2))
    first, second = NOW - timedelta(hours=2), NOW - timedelta(hours=1)
    assert planned.takes(first, "SM1")
    assert not planned.takes(first - timedelta(microseconds=1), "SM1")
    assert not planned.takes(NOW - SETTLED, "SM1")
    taken = planned.count(TextFate.RECORDED, first, "SM2").count(TextFate.KNOWN, first, "SM3")
    # Others of the same moment are not taken yet, whatever their ids.
    assert [taken.takes(first, sid) for sid in ("SM1", "SM2", "SM3", "SM4")] == [True, False, False, True]
    later = taken.count(TextFate.KNOWN, second, "SM5")
    assert [later.takes(at, "SM6") for at in (first, second)] == [False, True]
    assert not later.takes(second, "SM5")


def test_catch_up_goes_on_with_the_day_that_it_has_reached() -> None:
    planned = plan(since=NOW - timedelta(days=2))
    assert planned.days == [date(2026, 11, day) for day in (26, 27, 28)]
    taken = planned.count(TextFate.KNOWN, datetime(2026, 11, 27, 23, 59, 59, tzinfo=UTC), "SM1")
    assert taken.days == [date(2026, 11, day) for day in (27, 28)]


def test_every_fate_is_counted() -> None:
    counted = plan()
    for fate in TextFate:
        counted = counted.count(fate, NOW, fate)
    assert counted.listed == len(TextFate)


def test_catch_up_is_under_way_until_it_ends_or_has_not_moved_for_long() -> None:
    planned = plan()
    assert planned.is_under_way(NOW)
    assert not planned.is_under_way(NOW + STALLED)
    assert not planned.complete().is_under_way(NOW)
    assert not planned.fail("HTTP 401").is_under_way(NOW)
    assert planned.pause("HTTP 503").state is CatchUpState.RUNNING
