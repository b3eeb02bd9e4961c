"""Timers for real: the deployed schedule, a minute of the wall clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from http import HTTPStatus

from tests.e2e.conftest import ExpiringConversation
from tests.support.stack_world import World, new_number, until
from tests.support.staff import StaffMember

LINE = "+12065550101"


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


def test_scheduled_message_reaches_the_phones_once_at_its_time(world: World) -> None:
    """GIVEN two messages that a person has scheduled, one of them canceled WHEN their minute comes THEN the phones show
    the other one once, and the scheduled message names it."""
    ann = StaffMember(world, "ann", "inbox member")
    handsets = (new_number(), new_number())
    group = world.api.conversations.create(friendly_name="12 Elm Street")
    group.participants.create(messaging_binding_projected_address=LINE)
    for handset in handsets:
        group.participants.create(messaging_binding_address=handset)
    at = datetime.now(UTC) + timedelta(seconds=62)
    path = f"/Conversations/{group.sid}"
    scheduled, canceled = (
        ann.post(f"{path}/Messages", {"Body": body, "SendAt": at.isoformat()}) for body in ("See you at nine", "No")
    )
    assert (scheduled.status, canceled.status) == (HTTPStatus.ACCEPTED, HTTPStatus.ACCEPTED)
    assert ann.delete(f"{path}/ScheduledMessages/{canceled.body['sid']}").status == HTTPStatus.NO_CONTENT
    assert world.messages(group.sid) == []
    until(lambda: all(world.read_by(handset) for handset in handsets))
    world.settle()
    assert [world.read_by(handset) for handset in handsets] == [[(LINE, "See you at nine")]] * 2
    sent = ann.read(f"{path}/ScheduledMessages/{scheduled.body['sid']}")
    [message] = group.messages.list()
    assert (sent["state"], sent["message_sid"]) == ("sent", message.sid)
    assert message.date_created >= at.replace(microsecond=0)
