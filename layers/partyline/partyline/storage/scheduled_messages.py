"""Scheduled messages: each is an item beneath its conversation, with an entry in the schedule.

Every change requires the version that was read. So a message is sent at most once, as it was when it was sent, and one
that was canceled is not.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from partyline.domain import events
from partyline.domain.conversations import Conversation
from partyline.domain.events import BY_TIMER
from partyline.domain.scheduled_messages import LIFE, MAX_PER_CONVERSATION, ScheduledMessage, ScheduledState
from partyline.serialization import format_time
from partyline.storage import codec, event_outbox, keys, media, schedule
from partyline.storage.attribute_values import Item
from partyline.storage.schedule import ScheduleKind
from partyline.storage.table import EXISTS, NEW, Condition, Table, Write, change, check, diff_items, put

# The label of the write that fails when a conversation has no more room.
COUNT = "scheduled_count"
# How long an upload stays that the message was not sent with.
_MEDIA_MARGIN = timedelta(days=1)


def creation_writes(scheduled: ScheduledMessage) -> list[Write]:
    """Build the writes of a new scheduled message.

    Labels: scheduled_message; conversation, when it was deleted; media, when an upload is gone or attached;
    COUNT, when the conversation has MAX_PER_CONVERSATION already.
    """
    has_room = Condition(
        "attribute_not_exists(#count) OR #count < :max", {"#count": "count"}, {":max": MAX_PER_CONVERSATION}
    )
    return [
        check("conversation", keys.conversation(scheduled.conversation_sid), EXISTS),
        change(COUNT, keys.scheduled_count(scheduled.conversation_sid), {}, has_room, adds={"count": 1}),
        put("scheduled_message", _key(scheduled), _item(scheduled), NEW),
        *_timing_writes(scheduled),
    ]


def _timing_writes(scheduled: ScheduledMessage) -> Iterable[Write]:
    """Build the writes of the entry in the schedule, and those that keep the uploads until then."""
    yield schedule.build_entry(
        ScheduleKind.SCHEDULED_MESSAGE, scheduled.sid, scheduled.send_at, scheduled.conversation_sid
    )
    for sid in scheduled.media_sids:
        yield media.keeping_write(sid, scheduled.send_at + _MEDIA_MARGIN)


def fetch(table: Table, conversation_sid: str, sid: str) -> ScheduledMessage | None:
    """Read a scheduled message; return None when there is none."""
    item = table.get(keys.scheduled_message(conversation_sid, sid))
    return codec.decode(ScheduledMessage, item) if item else None


def update(table: Table, before: ScheduledMessage, after: ScheduledMessage) -> None:
    """Store a change of one that is still scheduled. An entry for its earlier time finds nothing to do.

    Raises Conflict when it has changed since it was read, or an upload is gone.
    """
    moved = _timing_writes(after) if before.send_at != after.send_at else ()
    table.transact([_change(before, after), *moved])


def ending_writes(before: ScheduledMessage, after: ScheduledMessage) -> list[Write]:
    """Build the writes of one that was sent, canceled, or has failed. It expires from then on.

    Label: scheduled_message, when it has changed since it was read.
    """
    return [
        _change(before, after, ttl=int((after.updated + LIFE).timestamp())),
        change(COUNT, keys.scheduled_count(before.conversation_sid), {}, adds={"count": -1}),
    ]


def cancel(table: Table, before: ScheduledMessage, now: datetime) -> None:
    """Cancel one that is still scheduled. Raises Conflict when it has changed since it was read."""
    table.transact(ending_writes(before, before.canceled(now)))


def fail(table: Table, conversation: Conversation, before: ScheduledMessage, after: ScheduledMessage) -> None:
    """Store why one could not be sent, and publish it. Raises Conflict when it has changed since it was read."""
    failed = events.scheduled_message_failed_event(after, conversation)
    receivers = (after.scheduled_by,) if after.scheduled_by else ()
    published = event_outbox.build_conversation_writes(conversation, BY_TIMER, after.updated, [failed], receivers)
    table.transact([*ending_writes(before, after), *published])


def _change(before: ScheduledMessage, after: ScheduledMessage, *, ttl: int | None = None) -> Write:
    is_as_read = Condition(
        "#version = :version AND #state = :state",
        {"#version": "version", "#state": "state"},
        {":version": before.version, ":state": ScheduledState.SCHEDULED.value},
    )
    sets = diff_items(_item(before), {**_item(after), **({"ttl": ttl} if ttl else {})})
    return change("scheduled_message", _key(before), sets, is_as_read)


def _key(scheduled: ScheduledMessage) -> keys.Key:
    return keys.scheduled_message(scheduled.conversation_sid, scheduled.sid)


def _item(scheduled: ScheduledMessage) -> Item:
    dated = keys.dated(format_time(scheduled.send_at), scheduled.sid)
    return {
        **codec.encode(scheduled),
        "GSI1PK": keys.scheduled_list(scheduled.conversation_sid),
        "GSI1SK": dated,
        "GSI2PK": keys.scheduled_list(scheduled.conversation_sid, scheduled.state.value),
        "GSI2SK": dated,
    }
