"""The event of a new message, which its own item has from level EVENTS_IN_MESSAGES of the stored format on.

The event repeats the message. What it has besides is added to the message's item, compressed, and the stream's record
of the new item is both: the texts that are to be sent, and the event. Where more happens with a message, its events
are an item of their own as before (event_outbox).

The addition is read from that record only. An update of the message takes it away.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from partyline.domain import events
from partyline.domain.events import Cause, EventBatch
from partyline.domain.messages import Message
from partyline.domain.webhook_configuration import ScopedWebhook
from partyline.frozen_classes import frozen
from partyline.storage import codec, event_outbox, event_packing, keys
from partyline.storage.attribute_values import Item
from partyline.storage.format_level import EVENTS_IN_MESSAGES
from partyline.storage.leveled_writes import write_by_level
from partyline.storage.table import NEW, Write, put

LABEL = "message"
# The attribute of an item that is not compressed any more.
ADDITION = "added"
# The change of a message's item that takes the addition away.
WITHOUT_ADDITION: Mapping[str, object] = {event_packing.PACKED: None}


@frozen
class _Addition:
    """What the event of a new message has besides the message. `webhooks` are as in EventBatch.

    `roster` is the event's, in which SIDs that the message has are named by their place there.
    """

    cause: Cause
    roster: str
    messaging_service_sid: str | None = None
    webhooks: tuple[ScopedWebhook, ...] | None = None

    def restore(self, message: Message) -> EventBatch:
        """Return the batch of the message's event. Its Service is the message's."""
        roster = self.roster
        for place, sid in _list_places(message):
            roster = roster.replace(place, sid)
        service_sid = message.service_sid or ""
        event = events.build_message_added(message, service_sid, self.messaging_service_sid, roster)
        sid, at = message.conversation_sid, message.recorded_at
        return EventBatch(service_sid, sid, self.cause, at, (event,), webhooks=self.webhooks)


def build_write(message: Message, item: Item, batch: EventBatch) -> Write:
    """Build the write of a new message, whose attributes are `item`, with its events. Label: message."""
    key = keys.message(message.conversation_sid, message.sid)

    def build_apart() -> list[Write]:
        return [put(LABEL, key, item, NEW), *event_outbox.build_writes(batch)]

    def build_together() -> list[Write]:
        addition = _find_addition(message, batch)
        if addition is None:
            return build_apart()
        packed = event_packing.compress({ADDITION: codec.encode(addition)})
        return [put(LABEL, key, {**item, **packed, "outbox": "message"}, NEW)]

    return write_by_level(LABEL, EVENTS_IN_MESSAGES, build_apart, build_together)


def find_batch(message: Message, item: Item) -> EventBatch | None:
    """Return the batch of the event that a new message's item has; None where it has none."""
    if event_packing.PACKED not in item:
        return None
    return codec.decode(_Addition, event_packing.unpack(item)[ADDITION]).restore(message)


def _find_addition(message: Message, batch: EventBatch) -> _Addition | None:
    """Return what a batch has besides a message; None if it has more than the message's event."""
    parameters = batch.events[0].parameters if len(batch.events) == 1 else {}
    if "Roster" not in parameters:
        return None
    roster = parameters["Roster"]
    for place, sid in _list_places(message):
        roster = roster.replace(sid, place)
    addition = _Addition(batch.cause, roster, parameters.get("MessagingServiceSid"), batch.webhooks)
    return addition if addition.restore(message) == batch else None


def _list_places(message: Message) -> Iterator[tuple[str, str]]:
    """List the participants that a message names, each with its place in it, as JSON."""
    natives = (sid for send in message.sends for _, sid in sorted(send.natives.items()))
    named = dict.fromkeys(sid for sid in (message.participant_sid, *natives) if sid)
    for number, sid in enumerate(named):
        yield f'"~{number}"', f'"{sid}"'
