"""The outbox of events: each batch is stored in the transaction that makes its change, and the stream relays it.

From level EVENTS_PACKED of the stored format on, a batch of more than a kilobyte is stored compressed, since an item is
paid for by the kilobyte.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from partyline.domain.conversations import Conversation
from partyline.domain.events import Cause, Event, EventBatch
from partyline.serialization import format_time
from partyline.storage import codec, event_packing, keys
from partyline.storage.attribute_values import Item
from partyline.storage.format_level import EVENTS_PACKED
from partyline.storage.leveled_writes import write_by_level
from partyline.storage.table import Write, put

# The stream relays a batch at once, and retains it for a day.
LIFE = timedelta(days=1)
_LABEL = "happening"


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
    # A repeat of the transaction has the same key.
    key = keys.event_batch(batch.subject, format_time(batch.at), secrets.token_hex(4))
    marks = {"outbox": "happening", "ttl": int((batch.at + LIFE).timestamp())}

    def store(content: Item) -> list[Write]:
        return [put(_LABEL, key, {**content, **marks})]

    return write_by_level(
        _LABEL,
        EVENTS_PACKED,
        lambda: store(codec.encode(batch)),
        lambda: store(event_packing.pack(codec.encode(batch))),
    )


def decode(item: Item) -> EventBatch:
    """Decode the batch of an item."""
    return codec.decode(EventBatch, event_packing.unpack(item))
