"""Activities, stored in the transaction of what they record: beside the messages of their conversation."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from partyline.domain import activities
from partyline.domain.activities import Activity
from partyline.domain.conversations import Conversation
from partyline.domain.events import Cause
from partyline.storage import codec, event_outbox, keys
from partyline.storage.table import Write, put


def build_writes(conversation: Conversation, added: Iterable[Activity], cause: Cause, now: datetime) -> list[Write]:
    """Build the writes of some activities of a conversation, and of the events of those that have no other event."""
    added = [*added]
    published = (activities.activity_event(one, conversation) for one in added)
    return [
        *(put_write(one) for one in added),
        *event_outbox.build_conversation_writes(conversation, cause, now, filter(None, published)),
    ]


def put_write(activity: Activity) -> Write:
    """Build the write of one activity."""
    return put("activity", keys.activity(activity.conversation_sid, activity.sid), codec.encode(activity))
