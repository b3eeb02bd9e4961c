"""What must happen next after a change of the table, read off its stream: at least once, in the order of each
partition, and so of each conversation's messages.

Record and consequence cannot drift apart: what is not in the table is not in the stream. Every consequence here may be
repeated without harm.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from partyline.cleanup import Kind, Removed
from partyline.model import SendReference
from partyline.store import conversations, items
from partyline.store.table import Item, Table, from_dynamo

# Puts a body into a FIFO queue: group, deduplication id, body.
Enqueue = Callable[[str, str, str], None]
# The sort keys of what leaves something behind when it is removed.
_REMOVED = {"C": Kind.CONVERSATION, "IS": Kind.SERVICE, "US": Kind.USER}


@dataclass(frozen=True, slots=True)
class Desk:
    """What the outbox works with. `clean` queues what was removed for being cleaned up."""

    table: Table
    enqueue: Enqueue
    clean: Callable[[Removed], None]
    clock: Callable[[], datetime]


def relay(desk: Desk, record: Mapping[str, Any]) -> str:
    """Do what one stream record asks for; the name of what was done.

    A new message with sends: each send is queued for its conversation's turn. A new conversation that is initializing:
    it becomes active. A removed conversation, Service or user: what is left of it is queued for being cleaned up.
    """
    change = record["dynamodb"]
    if record["eventName"] == "REMOVE":
        removed = _removed(from_dynamo(change["OldImage"]), change.get("ApproximateCreationDateTime", 0.0))
        if removed is None:
            return "nothing"
        desk.clean(removed)
        return "clean"
    item = from_dynamo(change.get("NewImage", {}))
    match record["eventName"], item.get("outbox"):
        case "INSERT", "send":
            message = items.message(item)
            for send in message.sends:
                reference = message.reference(send)
                desk.enqueue(message.conversation_sid, f"{message.sid}-{reference.thread}", encode(reference))
            return "send"
        case "INSERT", "activate":
            conversations.activate(desk.table, item["sid"], desk.clock())
            return "activate"
    return "nothing"


def _removed(item: Item, at: float) -> Removed | None:
    kind = _REMOVED.get(item["SK"])
    if kind is Kind.USER:
        return Removed(kind, item["sid"], item["service_sid"], item["identity"], at)
    return Removed(kind, item["sid"], at=at) if kind else None


def encode(reference: SendReference) -> str:
    """A send as the body of a queue's message."""
    return json.dumps(asdict(reference))


def decode(body: str) -> SendReference:
    """The send of such a body."""
    return SendReference(**json.loads(body))
