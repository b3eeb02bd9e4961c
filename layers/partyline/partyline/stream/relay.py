"""What must happen next after a change of the table, read off its stream: at least once, in the order of each
partition, and so of each conversation's messages.

Record and consequence cannot drift apart: what is not in the table is not in the stream. Every consequence here may be
repeated without harm.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from partyline.domain import events
from partyline.domain.attachments import MediaReference
from partyline.domain.events import EventBatch
from partyline.domain.messages import Message
from partyline.domain.receipts import Receipt
from partyline.domain.sends import SendReference
from partyline.lifecycle.cleanup import Removed, RemovedKind
from partyline.storage import codec, event_outbox, users
from partyline.storage.table import Item, from_dynamo

# Puts a body into a FIFO queue: group, deduplication id, body.
Enqueue = Callable[[str, str, str], None]
# The sort keys of what leaves something behind when it is removed.
_REMOVED = {"C": RemovedKind.CONVERSATION, "IS": RemovedKind.SERVICE, "ME": RemovedKind.MEDIA, "US": RemovedKind.USER}


@dataclass(frozen=True, slots=True)
class StreamRelay:
    """The queues that the outbox hands things on to: sends, files at carriers, conversations to be activated, what is
    told of a happening (under its name) and of a receipt that moved, and what was removed."""

    enqueue: Enqueue
    collect: Callable[[MediaReference], None]
    activate: Callable[[str], None]
    tell: Callable[[EventBatch, str], None]
    tell_delivery: Callable[[Receipt], None]
    clean: Callable[[Removed], None]


def relay_record(desk: StreamRelay, record: Mapping[str, Any]) -> str:
    """Do what one stream record asks for; the name of what was done.

    A new message: each of its sends is queued for its conversation's turn, and each of its files that is still at its
    carrier. A new conversation that is initializing: its activation is queued. A happening, a new user, a receipt that
    has moved: they are told. A removed conversation, Service, user or file: what is left of it is queued for being
    cleaned up.
    """
    change = record["dynamodb"]
    match record["eventName"]:
        case "INSERT":
            return _inserted(desk, from_dynamo(change["NewImage"]))
        case "MODIFY":
            return _modified(desk, from_dynamo(change["OldImage"]), from_dynamo(change["NewImage"]))
    removed = _removed(from_dynamo(change["OldImage"]), change.get("ApproximateCreationDateTime", 0.0))
    if removed is None:
        return "nothing"
    desk.clean(removed)
    return "clean"


def _inserted(desk: StreamRelay, item: Item) -> str:
    match item.get("outbox"):
        case "message":
            message = codec.decode(Message, item)
            for send in message.sends:
                reference = message.reference(send)
                desk.enqueue(message.conversation_sid, f"{message.sid}-{reference.thread}", encode(reference))
            for part in message.pending:
                desk.collect(MediaReference(message.conversation_sid, message.sid, part.sid))
        case "activate":
            desk.activate(item["sid"])
        case "happening":
            desk.tell(event_outbox.decode(item), f"{item['PK']}/{item['SK']}")
        case "user":
            # Who was removed and comes back has the same key.
            desk.tell(users.to_added_batch(item), f"{item['PK']}/{item['created']}")
        case _:
            return "nothing"
    return str(item["outbox"])


def _modified(desk: StreamRelay, before: Item, after: Item) -> str:
    if "rank" not in after:
        return "nothing"
    moved = codec.decode(Receipt, after)
    if events.reported_status(codec.decode(Receipt, before)) == events.reported_status(moved):
        return "nothing"
    desk.tell_delivery(moved)
    return "delivery"


def _removed(item: Item, at: float) -> Removed | None:
    kind = _REMOVED.get(item["SK"])
    if kind is RemovedKind.USER:
        return Removed(kind, item["sid"], item["service_sid"], item["identity"], at)
    return Removed(kind, item["sid"], at=at) if kind else None


def encode(reference: SendReference) -> str:
    """A send as the body of a queue's message: whole, in whatever parts it goes."""
    named = {"conversation_sid": reference.conversation_sid, "message_sid": reference.message_sid}
    return json.dumps({**named, "thread": reference.thread})


def decode(body: str) -> SendReference:
    """The send of such a body."""
    return SendReference(**json.loads(body))
