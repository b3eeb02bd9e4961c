"""Build the keys of the index of texts: of hits by word, and of what it has of each message."""

from __future__ import annotations

from partyline.domain.text_index import IndexedText
from partyline.serialization import format_time
from partyline.storage import keys
from partyline.storage.keys import Key


def hits(service_sid: str, word: str) -> str:
    """Return the list of the messages of a Service that have a word. It has shards."""
    return f"QW#{service_sid}#{word}"


def hit(text: IndexedText, word: str) -> Key:
    """Return the key of a message among those with a word: in its conversation's shard, by date."""
    partition = keys.sharded(hits(text.service_sid, word), text.conversation_sid)
    return Key(partition, f"{format_time(text.created)}#{text.conversation_sid}#{text.message_sid}")


def records(conversation_sid: str) -> str:
    """Return the partition of what the index has of the messages of a conversation."""
    return f"QM#{conversation_sid}"


def record(conversation_sid: str, message_sid: str) -> Key:
    return Key(records(conversation_sid), message_sid)


def order(service_sid: str, token: str) -> Key:
    """Return the key of an order to bring the whole index of a Service up to date."""
    return Key(keys.service(service_sid).pk, f"TEXTS#{token}")
