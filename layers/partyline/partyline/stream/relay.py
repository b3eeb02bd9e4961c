"""Relay changes of the table to the queues: sends, downloads, webhooks and clean-up.

Delivery is at least once, in the order of each partition of the table, and so of each conversation's messages. A change
and its follow-up cannot diverge, since the stream has exactly the changes of the table. A repeat has no effect.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from partyline.domain import events
from partyline.domain.events import EventBatch
from partyline.domain.media import MediaReference
from partyline.domain.messages import Message
from partyline.domain.receipts import Receipt
from partyline.frozen_classes import frozen
from partyline.queues import queue_messages
from partyline.queues.queue_messages import CatchUpRun, ImportRun, Removed, RemovedKind
from partyline.storage import (
    catch_ups,
    codec,
    contact_imports,
    contact_keys,
    contacts,
    erasures,
    event_outbox,
    message_events,
    message_retention,
    text_index,
    users,
)
from partyline.storage.attribute_values import Item, from_dynamo

# Sends a body to a FIFO queue: message group, deduplication id, body.
Enqueue = Callable[[str, str, str], None]

# The result for a record without follow-up.
NOTHING = "nothing"
# The sort key of the claim of a number by a contact.
_HOLDER = contact_keys.contact_number("", "").sk
# The kinds of removed resources whose remains are cleaned up, by the sort key of the item. The filter of the stream in
# template.yaml names them too.
REMOVED_KINDS = {
    "C": RemovedKind.CONVERSATION,
    "IS": RemovedKind.SERVICE,
    "CI": RemovedKind.CONTACT_IMPORT,
    "ME": RemovedKind.MEDIA,
    "US": RemovedKind.USER,
}

# The jobs of the clean-up that an item orders: their kinds, and the attribute with the SID, by the item's `outbox`.
_ORDERED = {
    contacts.OUTBOX: (RemovedKind.CONTACT_HISTORY, "contact_sid"),
    erasures.OUTBOX: (RemovedKind.PERSON, "sid"),
    message_retention.OUTBOX: (RemovedKind.OLD_MESSAGES, "sid"),
}


def list_conversations(records: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """List the conversations of the receipts among stream records. What follows from a receipt depends on them."""
    images = (record["dynamodb"].get("NewImage", {}) for record in records)
    # Only receipts have a rank.
    return frozenset(image["conversation_sid"]["S"] for image in images if "rank" in image)


@frozen
class StreamRelay:
    """Relays stream records to queues.

    - `activate`: takes the SID of a conversation.
    - `publish`: takes an event batch and the name of its item, by which repeats are recognized.
    - `publish_receipt`: takes a receipt whose status has changed.
    - `refresh_inbox`: takes the SIDs of a Service and of one of its conversations, '' for all of them.
    - `order_texts`: takes the SID of a Service, and whether its index of texts is to be filled, or else removed.
    - `note_holder`: takes the SID of a Service and a number of which it has changed whose it is.
    """

    enqueue_send: Enqueue
    fetch_media: Callable[[MediaReference], None]
    activate: Callable[[str], None]
    publish: Callable[[EventBatch, str], None]
    publish_receipt: Callable[[Receipt], None]
    clean_up: Callable[[Removed], None]
    run_import: Callable[[ImportRun], None]
    catch_up: Callable[[CatchUpRun], None]
    refresh_inbox: Callable[[str, str], None]
    order_texts: Callable[[str, bool], None]
    note_holder: Callable[[str, str], None]

    def relay(self, record: Mapping[str, Any]) -> str:
        """Relay one stream record; return the name of its follow-up.

        - A new message: each of its sends, in the order of its conversation, each file still at its carrier, and its
          event, where that is not an item of its own.
        - A new initializing conversation: its activation.
        - A new event batch, a new user, a receipt with a new status: its events.
        - A new run of an import of contacts, or of a catch-up: the run.
        - A contact that was erased: the clean-up of its history.
        - A step of the erasure of a person, the day's look for old messages of a Service: that.
        - A removed conversation, Service, user, file or import: the clean-up of its remains.
        - An order to refresh the inbox: the job, of a whole Service that uses it for the first time, or of one entry.
        - An order to fill or remove the index of texts of a Service: the job.
        - A number that belongs to another contact, or whose contact has changed: what the inbox shows of it.
        """
        change = record["dynamodb"]
        image = change.get("NewImage") or change["OldImage"]
        if image["SK"]["S"] == _HOLDER:
            return self._relay_holder(from_dynamo(image))
        match record["eventName"]:
            case "INSERT":
                return self._relay_insert(from_dynamo(change["NewImage"]))
            case "MODIFY":
                return self._relay_change(from_dynamo(change["OldImage"]), from_dynamo(change["NewImage"]))
        removed = _parse_removed(from_dynamo(change["OldImage"]), change.get("ApproximateCreationDateTime", 0.0))
        if removed is None:
            return NOTHING
        self.clean_up(removed)
        return "clean"

    def _relay_holder(self, item: Item) -> str:
        self.note_holder(item["service_sid"], item["number"])
        return "holder"

    def _relay_insert(self, item: Item) -> str:
        match item.get("outbox"):
            case "message":
                self._relay_message(item)
            case "activate":
                self.activate(item["sid"])
            case "inbox":
                self.refresh_inbox(item["sid"], item.get("conversation_sid", ""))
            case text_index.OUTBOX:
                self.order_texts(item["sid"], item["on"])
            case "happening":
                self.publish(event_outbox.decode(item), f"{item['PK']}/{item['SK']}")
            case "user":
                # A user that is removed and created again has the same key.
                self.publish(users.to_added_batch(item), f"{item['PK']}/{item['created']}")
            case _:
                return self._relay_job(item)
        return str(item["outbox"])

    def _relay_job(self, item: Item) -> str:
        """Relay an order of a job that takes a while."""
        match item.get("outbox"):
            case contact_imports.OUTBOX:
                self.run_import(ImportRun(item["sid"], item["run"]))
            case catch_ups.OUTBOX:
                self.catch_up(CatchUpRun(item["line"], item["run"]))
            case str() as order if order in _ORDERED:
                kind, name = _ORDERED[order]
                self.clean_up(Removed(kind, item[name]))
            case _:
                return NOTHING
        return str(item["outbox"])

    def _relay_message(self, item: Item) -> None:
        message = codec.decode(Message, item)
        for send in message.sends:
            reference = message.reference(send)
            deduplication_id = f"{message.sid}-{reference.thread}"
            self.enqueue_send(message.conversation_sid, deduplication_id, queue_messages.encode_send(reference))
        for part in message.pending:
            self.fetch_media(MediaReference(message.conversation_sid, message.sid, part.sid))
        if batch := message_events.find_batch(message, item):
            self.publish(batch, f"{item['PK']}/{item['SK']}")

    def _relay_change(self, before: Item, after: Item) -> str:
        # Only receipts have a rank.
        if "rank" not in after:
            return NOTHING
        receipt = codec.decode(Receipt, after)
        if events.reported_status(codec.decode(Receipt, before)) == events.reported_status(receipt):
            return NOTHING
        self.publish_receipt(receipt)
        return "delivery"


def _parse_removed(item: Item, at: float) -> Removed | None:
    """Build the clean-up message of an item removed at a Unix time; None when it needs no clean-up."""
    kind = REMOVED_KINDS.get(item["SK"])
    if kind is RemovedKind.USER:
        return Removed(kind, item["sid"], item["service_sid"], item["identity"], at)
    return Removed(kind, item["sid"], at=at) if kind else None
