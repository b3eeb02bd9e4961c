"""Timers for real: the deployed schedule, a minute of the wall clock."""

from __future__ import annotations

from http import HTTPStatus

from tests.e2e.conftest import ExpiringConversation, ScheduledMessages
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


def test_scheduled_message_reaches_the_phones_once_at_its_time(
    world: World, scheduled_messages: ScheduledMessages
) -> None:
    """GIVEN two messages that a person has scheduled, one of them canceled WHEN their minute comes THEN the phones show
    the other one once, and the scheduled message names it."""
    given = scheduled_messages
    assert (given.kept.status, given.canceled.status) == (HTTPStatus.ACCEPTED, HTTPStatus.ACCEPTED)
    assert given.cancellation.status == HTTPStatus.NO_CONTENT
    assert given.recorded == []
    until(lambda: all(world.read_by(handset) for handset in given.handsets))
    world.settle()
    assert [world.read_by(handset) for handset in given.handsets] == [[(given.line, "See you at nine")]] * 2
    path = f"/Conversations/{given.conversation_sid}/ScheduledMessages"
    sent, canceled = (given.person.read(f"{path}/{one.body['sid']}") for one in (given.kept, given.canceled))
    [message] = world.api.conversations(given.conversation_sid).messages.list()
    assert (sent["state"], sent["message_sid"]) == ("sent", message.sid)
    assert (canceled["state"], canceled["message_sid"]) == ("canceled", None)
    assert message.date_created >= given.send_at.replace(microsecond=0)
