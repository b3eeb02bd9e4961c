"""When a message can be scheduled to, and what becomes of a scheduled one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partyline.domain.scheduled_messages import (
    MAX_AHEAD,
    MIN_AHEAD,
    ScheduledMessage,
    ScheduledState,
    check_send_at,
)
from partyline.errors import RuleViolation

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
ONE = ScheduledMessage(
    "SD1", "CH1", "IS1", NOW, NOW, LATER, "ann", "ann", body="hello", attributes='{"a": 1}', media_sids=("ME1",)
)


@given(st.timedeltas(timedelta(days=-40), timedelta(days=40)))
def test_a_time_is_accepted_exactly_between_a_minute_and_35_days_ahead(ahead: timedelta) -> None:
    if MIN_AHEAD <= ahead <= MAX_AHEAD:
        check_send_at(NOW + ahead, NOW)
    else:
        with pytest.raises(RuleViolation) as refused:
            check_send_at(NOW + ahead, NOW)
        assert refused.value.details["name"] == "SendAt"


@pytest.mark.parametrize("ahead", [MIN_AHEAD, MAX_AHEAD])
def test_both_limits_are_accepted(ahead: timedelta) -> None:
    check_send_at(NOW + ahead, NOW)


@pytest.mark.parametrize(
    ("state", "now", "is_due"),
    [
        (ScheduledState.SCHEDULED, LATER - timedelta(microseconds=1), False),
        (ScheduledState.SCHEDULED, LATER, True),
        (ScheduledState.SCHEDULED, LATER + timedelta(days=9), True),
        (ScheduledState.SENT, LATER, False),
        (ScheduledState.CANCELED, LATER, False),
        (ScheduledState.FAILED, LATER, False),
    ],
)
def test_only_what_is_still_scheduled_is_due_from_its_time_on(
    state: ScheduledState, now: datetime, *, is_due: bool
) -> None:
    assert replace(ONE, state=state).is_due(now) is is_due


def test_a_sent_one_names_the_message_that_has_its_content() -> None:
    sent = ONE.sent_as("IM1", LATER)
    assert (sent.state, sent.message_sid, sent.version, sent.updated) == (ScheduledState.SENT, "IM1", 2, LATER)
    assert (sent.body, sent.attributes, sent.media_sids) == (None, "{}", ())


def test_a_canceled_or_failed_one_has_its_content_and_the_reason() -> None:
    canceled, failed = ONE.canceled(LATER), ONE.failed_with(21610, "opted out", LATER)
    assert canceled == replace(ONE, state=ScheduledState.CANCELED, updated=LATER, version=2)
    assert replace(failed, error_code=None, error_message=None, state=ScheduledState.CANCELED) == canceled
    assert (failed.state, failed.error_code, failed.error_message) == (ScheduledState.FAILED, 21610, "opted out")
