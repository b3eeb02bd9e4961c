"""Activities, stored in the transaction of what they record: beside the messages of their conversation."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from partyline.domain import activities
from partyline.domain.activities import Activity
from partyline.domain.contacts import Contact
from partyline.domain.conversations import Conversation
from partyline.domain.events import Cause
from partyline.storage import codec, event_outbox, keys, participations
from partyline.storage.queries import Window
from partyline.storage.table import Table, Write, put

# To how many conversations, the newest, a contact's wish is noted for each of its numbers: as many as one transaction
# has room for, with an activity and an event each.
_MAX_CONVERSATIONS = 50


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


def record_do_not_disturb(table: Table, contact: Contact, cause: Cause) -> None:
    """Note in the open conversations of a contact that it wants no texts from now on, or wants them again.

    These are the newest of each of its numbers. A run that ends in between leaves some out: the contact has the wish,
    and its history who said so. Cost: three round trips for each number.
    """
    for number in contact.addresses:
        page = participations.list_for(table, contact.service_sid, Window(_MAX_CONVERSATIONS), address=number)
        writes: list[Write] = []
        for _, found in page.entries:
            if found.conversation.is_open:
                noted = activities.describe_do_not_disturb(found.participant, found.conversation, contact, cause)
                writes += build_writes(found.conversation, [noted], cause, contact.updated)
        table.transact_apart(writes)
