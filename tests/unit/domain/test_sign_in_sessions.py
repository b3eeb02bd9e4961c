from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from partyline.domain.sign_in_sessions import SignInSession

START = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
SESSION = SignInSession("d", "IS1", "ann", "sub-ann", START, START, "token")
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("used", "moment", "alive"),
    [
        (0, 0, True),
        (0, 7.9, True),
        (0, 8, False),
        (7, 14.9, True),
        (7, 15, False),
        # However often it is used, a session ends a day after its sign-in.
        (23, 23.9, True),
        (23, 24, False),
    ],
)
def test_a_session_ends_by_idleness_and_by_age(used: float, moment: float, alive: bool) -> None:
    session = replace(SESSION, used=START + used * HOUR)
    assert session.is_alive(START + moment * HOUR) is alive


def test_a_session_that_cannot_be_checked_ends_after_an_hour() -> None:
    session = replace(SESSION, refresh_token=None, used=START + 0.9 * HOUR)
    assert session.is_alive(START + 0.99 * HOUR)
    assert not session.is_alive(START + HOUR)


def test_a_revocation_ends_the_sessions_up_to_its_second() -> None:
    moment = int(START.timestamp())
    session = replace(SESSION, started=START + timedelta(milliseconds=900))
    assert not session.predates(moment - 1)
    assert session.predates(moment)
