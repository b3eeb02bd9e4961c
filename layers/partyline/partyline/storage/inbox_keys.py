"""Build the keys of the inbox: of entries, of their places in the lists of viewers, of what was read, of search terms.

A viewer is `*`, for everyone, or `@` and an identity (domain.inbox).
"""

from __future__ import annotations

from urllib.parse import quote

from partyline.domain.inbox import EVERYONE
from partyline.storage import keys
from partyline.storage.keys import Key

# Pointers sort right behind the entry, so that one query reads both and nothing else.
_POINTERS = "P#"
ENTRY_AND_POINTERS = ("E", _POINTERS + "\U0010ffff")


def partition(conversation_sid: str) -> str:
    """Return the partition of what the inbox has of a conversation."""
    return f"IN#{conversation_sid}"


def entry(conversation_sid: str) -> Key:
    return Key(partition(conversation_sid), "E")


def pointer(conversation_sid: str, viewer: str) -> Key:
    """Return the key of the place that an entry has in the list of a viewer."""
    return Key(partition(conversation_sid), f"{_POINTERS}{viewer}")


def is_pointer(key: Key) -> bool:
    """Whether a key is that of a pointer."""
    return key.sk.startswith(_POINTERS)


def read_state(conversation_sid: str, identity: str) -> Key:
    """Return the key of what an identity that is no member has read of a conversation."""
    return Key(partition(conversation_sid), f"R#{identity}")


def term(service_sid: str, found_by: str, conversation_sid: str) -> Key:
    """Return the key of a term by which a conversation is found: in the conversation's shard, by term."""
    return Key(keys.sharded(terms(service_sid), conversation_sid), f"{found_by}#{conversation_sid}")


def terms(service_sid: str) -> str:
    """Return the list of the terms of a Service's conversations."""
    return f"IW#{service_sid}"


def start(service_sid: str) -> Key:
    """Return the key of the order to fill a Service's inbox with what was there before it used it."""
    return Key(keys.service(service_sid).pk, "INBOX")


def repair(conversation_sid: str, token: str) -> Key:
    """Return the key of an order to bring an entry up to date."""
    return Key(partition(conversation_sid), f"X#{token}")


# --- GSI1 and GSI2


def list_name(service_sid: str, viewer: str, *, done: bool) -> str:
    """Return the list (GSI1) of what a viewer sees: what is open, or what is done."""
    return f"IL#{service_sid}#{viewer}#{'done' if done else 'open'}"


def assignee_list_name(service_sid: str, viewer: str, assignee: str) -> str:
    """Return the list (GSI2) of what a viewer sees that is open and assigned to someone; '' is no one."""
    # An identity may have a "#" itself.
    return f"IA#{service_sid}#{quote(viewer)}#{quote(assignee)}"


def partitions(name: str, viewer: str, shards: int) -> list[str]:
    """Return the partitions of a list. That of everyone has shards, since every text moves an entry of it."""
    return [keys.shard(name, number) for number in range(shards)] if viewer == EVERYONE else [name]


def partition_of(name: str, viewer: str, shards: int, conversation_sid: str) -> str:
    """Return the partition of a list that an entry is in."""
    return keys.shard(name, keys.shard_of(conversation_sid, shards)) if viewer == EVERYONE else name
