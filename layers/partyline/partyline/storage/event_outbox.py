"""The outbox of events: each batch is stored in the transaction that makes its change, and the stream relays it."""

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

# The stream relays a batch at once, and retains it for a day.
LIFE = timedelta(days=1)


def build_writes(*batches: EventBatch) -> list[Write]:
    """Build one write for each batch that has events or a webhook to call for earlier messages."""
    return [_put(batch) for batch in batches if batch.events or batch.replay]


def build_conversation_writes(
    conversation: Conversation,
    cause: Cause,
    now: datetime,
    added: Iterable[Event],
    identities: tuple[str, ...] = (),
) -> list[Write]:
    """Build the writes for events of one conversation."""
    return build_writes(EventBatch(conversation.service_sid, conversation.sid, cause, now, tuple(added), identities))


def _put(batch: EventBatch) -> Write:
    key = keys.event_batch(batch.subject, format_time(batch.at), secrets.token_hex(4))
    ttl = int((batch.at + LIFE).timestamp())
    return put("happening", key, {**codec.encode(batch), "outbox": "happening", "ttl": ttl})


def decode(item: Item) -> EventBatch:
    """Decode the batch of an item."""
    return codec.decode(EventBatch, item)
