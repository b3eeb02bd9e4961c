"""The events that items of the table have: of their own, and with new messages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from partyline.domain.events import EventBatch
from partyline.domain.messages import Message
from partyline.storage import codec, event_outbox, message_events
from partyline.storage.attribute_values import Item


def list_batches(items: Iterable[Item]) -> Iterator[EventBatch]:
    """List the batches of events of some items, in their order."""
    for item in items:
        if item.get("outbox") == "happening":
            yield event_outbox.decode(item)
        elif item.get("outbox") == "message":
            batch = message_events.find_batch(codec.decode(Message, item), item)
            if batch:
                yield batch
