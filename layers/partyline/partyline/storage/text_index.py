"""The index of texts: an item for each word of a message, and a record of these, by which they are undone.

It is written by the queue of the inbox only (partyline.stream.text_indexer): the record's version is the condition.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import datetime, timedelta

from partyline.domain.text_index import IndexedText
from partyline.frozen_classes import replace
from partyline.storage import codec, event_outbox, keys, text_index_keys
from partyline.storage.keys import Key
from partyline.storage.table import EXISTS, NEW, Condition, Table, Write, check, delete, put

# The outbox of an order, as the relay knows it.
OUTBOX = "texts"
# How long it is noted that a message is gone: longer than any job is under way.
_GONE = timedelta(days=15)


def build_order(service_sid: str, now: datetime, *, on: bool) -> Write:
    """Build the write that orders to fill the index of a Service, or to remove it. The relay sees it."""
    ttl = int((now + event_outbox.LIFE).timestamp())
    item = {"sid": service_sid, "on": on, "outbox": OUTBOX, "ttl": ttl}
    return put("order", text_index_keys.order(service_sid, secrets.token_hex(4)), item)


def fetch(table: Table, conversation_sid: str, message_sid: str) -> IndexedText | None:
    """Read what the index has of a message."""
    item = table.get(text_index_keys.record(conversation_sid, message_sid))
    return codec.decode(IndexedText, item) if item else None


def list_records(table: Table, conversation_sid: str, limit: int) -> list[IndexedText]:
    """Read what the index has of the first messages of a conversation."""
    items = table.query(text_index_keys.records(conversation_sid), limit=limit).items
    return [codec.decode(IndexedText, item) for item in items]


def list_keys(text: IndexedText) -> Iterator[Key]:
    """List the keys of what the index has of a message, the record last."""
    yield from (text_index_keys.hit(text, word) for word in text.words)
    yield text_index_keys.record(text.conversation_sid, text.message_sid)


def replace_text(
    table: Table, before: IndexedText | None, after: IndexedText, *, gone_at: datetime | None = None
) -> None:
    """Store what the index has of a message, in one transaction.

    The record is written even when nothing differs. Otherwise a job that had read a text which was taken back meanwhile
    would find the version that it read, and store that text.

    `gone_at`: the message is gone. The record stays for a while, so that a job that has read the message before cannot
    store it. Otherwise the message must be there still: the clean-up of a conversation deletes its messages before it
    looks for what the index has, so it finds whatever was stored. To check the conversation itself would compete with
    its next texts, which change it.

    Raises Conflict when another job has stored it since `before` was read, or the message is gone.
    """
    version = before.version if before else 0
    old = {text_index_keys.hit(before, word) for word in before.words} if before else set()
    new = {text_index_keys.hit(after, word): word for word in after.words}
    item = codec.encode(replace(after, version=version + 1))
    if gone_at:
        item["ttl"] = int((gone_at + _GONE).timestamp())
    shown = {"conversation_sid": after.conversation_sid, "message_sid": after.message_sid}
    key = text_index_keys.record(after.conversation_sid, after.message_sid)
    message = keys.message(after.conversation_sid, after.message_sid)
    table.transact(
        [
            *([] if gone_at else [check("message", message, EXISTS)]),
            *(delete("hit", one) for one in sorted(old - set(new))),
            *(put("hit", one, shown) for one in new if one not in old),
            put("record", key, item, _is_version(version)),
        ]
    )


def remove(table: Table, before: IndexedText) -> None:
    """Delete what the index has of a message. Raises Conflict when another job has stored it anew since."""
    *hits, record = list_keys(before)
    writes = [delete("hit", one) for one in hits]
    table.transact([*writes, delete("record", record, _is_version(before.version))])


def _is_version(version: int) -> Condition:
    return Condition("#version = :version", {"#version": "version"}, {":version": version}) if version else NEW
