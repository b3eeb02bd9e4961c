"""What happened, written down in the transaction that made it happen, for the stream to carry on."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from partyline.domain.conversations import Conversation
from partyline.domain.events import Cause, Event, EventBatch
from partyline.serialization import format_time
from partyline.storage import codec, keys
from partyline.storage.attribute_values import Item
from partyline.storage.table import Write, put

# The stream has carried it on within a moment, and holds it for a day.
LIFE = timedelta(days=1)


def build_writes(*happenings: EventBatch) -> list[Write]:
    """One item for each happening in which there is something to tell."""
    return [_put(happening) for happening in happenings if happening.events or happening.replay]


def build_conversation_writes(
    conversation: Conversation, by: Cause, now: datetime, told: Iterable[Event], identities: tuple[str, ...] = ()
) -> list[Write]:
    """The same for events of one conversation."""
    return build_writes(EventBatch(conversation.service_sid, conversation.sid, by, now, tuple(told), identities))


def _put(happening: EventBatch) -> Write:
    key = keys.happening(happening.subject, format_time(happening.at), secrets.token_hex(4))
    ttl = int((happening.at + LIFE).timestamp())
    return put("happening", key, {**codec.encode(happening), "outbox": "happening", "ttl": ttl})


def decode(item: Item) -> EventBatch:
    """Decode the batch of an item."""
    return codec.decode(EventBatch, item)
