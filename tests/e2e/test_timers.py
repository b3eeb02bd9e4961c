"""Timers for real: the deployed schedule, a minute of the wall clock."""

from __future__ import annotations

from tests.e2e.conftest import ExpiringConversation
from tests.support.stack_world import World, until


def test_timer_of_a_minute_is_reported_once_with_its_due_time(
    world: World, expiring_conversation: ExpiringConversation
) -> None:
    """GIVEN a conversation with a timer of a minute WHEN nothing happens in it THEN it is inactive, and its webhook is
    told so once, with the time at which it was due."""
    [call] = until(lambda: expiring_conversation.receiver.of("onConversationStateUpdated"))
    made = world.api.conversations(expiring_conversation.sid).fetch()
    assert made.state == "inactive"
    parameters = call.parameters
    assert (parameters["StateFrom"], parameters["StateTo"], parameters["Reason"]) == ("active", "inactive", "TIMER")
    due = (made.date_updated - made.date_created).total_seconds()
    assert 60 <= due <= 62
    assert parameters["StateUpdated"].startswith(made.date_updated.strftime("%Y-%m-%dT%H:%M:%S"))
    assert set(made.timers) == {"date_closed"}
    # What happens in it wakes it.
    world.api.conversations(expiring_conversation.sid).messages.create(author="system", body="good morning")
    assert world.api.conversations(expiring_conversation.sid).fetch().state == "active"
