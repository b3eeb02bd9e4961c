"""Timers for real: the deployed schedule, a minute of the wall clock."""

from __future__ import annotations

from tests.e2e.conftest import Drowsy
from tests.support.stack_world import World, until


def test_a_timer_of_a_minute_is_told_once_dated_when_it_was_due(world: World, drowsy: Drowsy) -> None:
    """GIVEN a conversation with a timer of a minute WHEN nothing happens in it THEN it is inactive, and its webhook is
    told so once, with the time at which it was due."""
    [call] = until(lambda: drowsy.receiver.of("onConversationStateUpdated"))
    made = world.api.conversations(drowsy.sid).fetch()
    assert made.state == "inactive"
    told = call.parameters
    assert (told["StateFrom"], told["StateTo"], told["Reason"]) == ("active", "inactive", "TIMER")
    due = (made.date_updated - made.date_created).total_seconds()
    assert 60 <= due <= 62
    assert told["StateUpdated"].startswith(made.date_updated.strftime("%Y-%m-%dT%H:%M:%S"))
    assert set(made.timers) == {"date_closed"}
    # What happens in it wakes it.
    world.api.conversations(drowsy.sid).messages.create(author="system", body="good morning")
    assert world.api.conversations(drowsy.sid).fetch().state == "active"
