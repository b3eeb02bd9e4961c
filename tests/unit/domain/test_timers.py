"""Timers: how durations are written, and when they are due."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partyline.domain import timers
from partyline.domain.conversations import Conversation, ConversationState

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
DAY = 24 * 3600


@pytest.mark.parametrize(
    ("duration", "seconds"),
    [
        ("PT1M", 60),
        ("pt10m", 600),
        (" PT10M ", 600),
        ("PT0S", 0),
        ("P0D", 0),
        ("PT90S", 90),
        ("P1DT2H3M4S", DAY + 2 * 3600 + 3 * 60 + 4),
        ("P2W", 14 * DAY),
        ("P1M", 30 * DAY),
        ("P1Y", 365 * DAY),
        ("P100Y", timers.MAX),
    ],
)
def test_a_duration_has_so_many_seconds(duration: str, seconds: int) -> None:
    assert timers.parse_duration(duration) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "P",
        "PT",
        "P1DT",
        "10",
        "PT10",
        "T10M",
        "PT1M1H",
        "P1H",
        "-PT1M",
        "PT-1M",
        "PT1.5M",
        "PT１M",
        "P101Y",
        "P9999Y",
    ],
)
def test_anything_else_is_no_duration(text: str) -> None:
    assert timers.parse_duration(text) is None


@given(st.integers(0, timers.MAX))
def test_seconds_that_are_written_are_read_again(length: int) -> None:
    assert timers.parse_duration(timers.format_duration(length)) == length


@given(st.text())
def test_any_text_is_read_without_a_fuss(text: str) -> None:
    length = timers.parse_duration(text)
    assert length is None or 0 <= length <= timers.MAX


@pytest.mark.parametrize(("length", "duration"), [(0, "PT0S"), (600, "PT10M"), (3600, "PT1H"), (DAY + 61, "P1DT1M1S")])
def test_a_duration_is_written_in_the_largest_units(length: int, duration: str) -> None:
    assert timers.format_duration(length) == duration


def conversation(state: ConversationState, active_at: datetime | None = NOW) -> Conversation:
    return Conversation(
        "CH1",
        "IS1",
        NOW - timedelta(days=2),
        NOW - timedelta(days=1),
        state=state,
        active_at=active_at,
        inactive_after=60,
        closed_after=600,
    )


@pytest.mark.parametrize(
    ("state", "due"),
    [
        (ConversationState.INITIALIZING, {"date_inactive": 60, "date_closed": 600}),
        (ConversationState.ACTIVE, {"date_inactive": 60, "date_closed": 600}),
        (ConversationState.INACTIVE, {"date_closed": 600}),
        (ConversationState.CLOSED, {}),
    ],
)
def test_timers_run_from_the_last_activity_to_the_states_that_are_still_ahead(
    state: ConversationState, due: dict[str, int]
) -> None:
    expected = {name: NOW + timedelta(seconds=after) for name, after in due.items()}
    assert timers.due_dates(conversation(state)) == expected


def test_without_a_known_activity_they_run_from_the_last_change() -> None:
    due = timers.due_dates(conversation(ConversationState.INACTIVE, active_at=None))
    assert due == {"date_closed": NOW - timedelta(days=1) + timedelta(seconds=600)}


def test_a_timer_that_is_not_set_is_not_due() -> None:
    assert timers.due_dates(Conversation("CH1", "IS1", NOW, NOW, active_at=NOW)) == {}


# --- what time makes of a conversation

STATES = ConversationState
# The states as time passes, in seconds since the last activity: inactive after 60, closed after 600.
PASSING = [
    (STATES.ACTIVE, 0, STATES.ACTIVE),
    (STATES.ACTIVE, 59, STATES.ACTIVE),
    (STATES.ACTIVE, 60, STATES.INACTIVE),
    (STATES.ACTIVE, 599, STATES.INACTIVE),
    (STATES.ACTIVE, 600, STATES.CLOSED),
    (STATES.INACTIVE, 599, STATES.INACTIVE),
    (STATES.INACTIVE, 600, STATES.CLOSED),
    (STATES.CLOSED, 10_000, STATES.CLOSED),
    (STATES.INITIALIZING, 10_000, STATES.INITIALIZING),
]


@pytest.mark.parametrize(("state", "seconds", "expected"), PASSING)
def test_a_state_is_what_time_has_made_of_it(
    state: ConversationState, seconds: int, expected: ConversationState
) -> None:
    assert timers.apply_due(conversation(state), NOW + timedelta(seconds=seconds)).state is expected


def test_each_change_is_dated_when_it_was_due_however_late_it_is_looked_at() -> None:
    late = NOW + timedelta(days=3)
    inactive = timers.next_change(conversation(STATES.ACTIVE), late)
    assert inactive and (inactive.state, inactive.updated) == (STATES.INACTIVE, NOW + timedelta(seconds=60))
    closed = timers.next_change(inactive, late)
    assert closed and (closed.state, closed.updated) == (STATES.CLOSED, NOW + timedelta(seconds=600))
    assert timers.next_change(closed, late) is None


def test_a_conversation_whose_timers_are_due_together_is_closed_at_once() -> None:
    both = replace(conversation(STATES.ACTIVE), inactive_after=600)
    closed = timers.next_change(both, NOW + timedelta(seconds=600))
    assert closed and closed.state is STATES.CLOSED


@given(
    st.sampled_from(STATES),
    st.none() | st.integers(60, 2000),
    st.none() | st.integers(600, 2000),
    st.integers(0, 3000),
    st.integers(0, 3000),
)
def test_looking_in_between_makes_no_difference(
    state: ConversationState, inactive: int | None, closed: int | None, first: int, later: int
) -> None:
    made = replace(conversation(state), inactive_after=inactive, closed_after=closed)
    between, end = NOW + timedelta(seconds=first), NOW + timedelta(seconds=first + later)
    assert timers.apply_due(timers.apply_due(made, between), end) == timers.apply_due(made, end)


@given(st.sampled_from(STATES), st.none() | st.integers(60, 2000), st.none() | st.integers(600, 2000))
def test_nothing_changes_before_the_next_look_and_something_then(
    state: ConversationState, inactive: int | None, closed: int | None
) -> None:
    made = replace(conversation(state), inactive_after=inactive, closed_after=closed)
    look = timers.next_check(made, NOW)
    if look is None:
        assert timers.apply_due(made, NOW + timedelta(days=40_000)).state is state
    elif state is STATES.INITIALIZING:
        assert look == NOW + timers.ACTIVATION
    else:
        assert timers.apply_due(made, look - timedelta(microseconds=1)) == made
        assert timers.apply_due(made, look).state is not state
