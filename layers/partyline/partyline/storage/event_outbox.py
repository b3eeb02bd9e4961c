"""What happened, written down in the transaction that made it happen, for the stream to carry on."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from partyline.domain.conversations import Conversation
from partyline.domain.events import Cause, Event, EventBatch, Reason, Source
from partyline.storage import codec, keys
from partyline.storage.table import Item, Write, put

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
    key = keys.happening(happening.subject, codec.from_time(happening.at), secrets.token_hex(4))
    ttl = int((happening.at + LIFE).timestamp())
    return put("happening", key, {**codec.encode(happening), "outbox": "happening", "ttl": ttl})


def decode(item: Item) -> EventBatch:
    """The happening of an item."""
    webhooks = item.get("webhooks")
    return EventBatch(
        service_sid=item["service_sid"],
        subject=item["subject"],
        cause=decode_cause(item["cause"]),
        at=codec.to_time(item["at"]),
        events=tuple(Event(event["type"], event["parameters"]) for event in item["events"]),
        identities=tuple(item.get("identities", [])),
        webhooks=None if webhooks is None else tuple(codec.webhook(webhook) for webhook in webhooks),
        replay=item.get("replay"),
    )


def decode_cause(item: dict[str, Any]) -> Cause:
    """The cause of an item."""
    return Cause(Source(item["source"]), item.get("identity"), item["told"], Reason(item["reason"]))
