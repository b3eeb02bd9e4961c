"""The outbox of events: each batch is stored in the transaction that makes its change, and the stream relays it.

From level EVENTS_PACKED of the stored format on, a batch of more than a kilobyte is stored compressed, since an item is
paid for by the kilobyte.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from partyline.domain.conversations import Conversation
from partyline.domain.events import Cause, Event, EventBatch
from partyline.frozen_classes import frozen
from partyline.serialization import format_time
from partyline.storage import codec, event_packing, keys
from partyline.storage.attribute_values import Item
from partyline.storage.format_level import EVENTS_PACKED
from partyline.storage.keys import Key
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


@frozen
class _BatchWrite(Write):
    """The write of a batch, which the level of the stored format gives its form."""

    batch: EventBatch
    key: Key

    def build_parts(self, find_level: Callable[[], int]) -> Sequence[Write]:
        content = codec.encode(self.batch)
        if find_level() >= EVENTS_PACKED:
            content = event_packing.pack(content)
        ttl = int((self.batch.at + LIFE).timestamp())
        return [put(_LABEL, self.key, {**content, "outbox": "happening", "ttl": ttl})]


def _put(batch: EventBatch) -> Write:
    # A repeat of the transaction has the same key.
    key = keys.event_batch(batch.subject, format_time(batch.at), secrets.token_hex(4))
    return _BatchWrite(_LABEL, "Put", {}, batch, key)


def decode(item: Item) -> EventBatch:
    """Decode the batch of an item."""
    return codec.decode(EventBatch, event_packing.unpack(item))
