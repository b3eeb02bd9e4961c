"""Where the attributes of a conversation are stored: in its own item, or, if they are large, in one beside it.

Each message writes the conversation's item, which is paid for by the kilobyte. So large attributes have an item that is
written only when they change, in one transaction with the conversation. That has their digest in their place: who does
not need them reads no more than that, and who reads both can tell whether they are of the same moment.

This is a part of the form in which a conversation is `listed_apart` (partyline.storage.conversation_items). One that
is not has its attributes in its own item, however large they are.
"""

from __future__ import annotations

import hashlib

from partyline.domain.conversations import Conversation, UnreadAttributes
from partyline.errors import Conflict
from partyline.frozen_classes import replace
from partyline.storage import codec, keys
from partyline.storage.attribute_values import Item
from partyline.storage.table import Write, delete, put

# Larger attributes are apart, in bytes. The rest of a conversation has 450 to 770, so most stay below a kilobyte.
# Any other limit would do for what is stored: each conversation says where its attributes are.
MAX_INLINE = 256
# The attributes of an item that say where a conversation's attributes are.
NAMES = ("attributes", "attributes_apart")

_LABEL = "attributes"


def place(conversation: Conversation) -> Conversation:
    """Return a conversation with its attributes in the place that their size needs, if its form has two."""
    if not isinstance(conversation.attributes, str):
        return conversation
    is_apart = conversation.listed_apart and len(conversation.attributes.encode()) > MAX_INLINE
    return replace(conversation, attributes_apart=True if is_apart else None)


def encode(conversation: Conversation) -> Item:
    """Encode a conversation as its own item has it."""
    item = codec.encode(conversation)
    if conversation.attributes_apart and isinstance(conversation.attributes, str):
        item["attributes"] = {"digest": _digest(conversation.attributes)}
    return item


def build_writes(before: Conversation | None, after: Conversation) -> list[Write]:
    """Build the write of the item beside a conversation, if that differs; `before` is None for a new one."""
    was_apart = bool(before and before.attributes_apart)
    if not after.attributes_apart:
        return build_removal(before) if before else []
    if was_apart and before and before.attributes == after.attributes:
        return []
    return [put(_LABEL, keys.attributes(after.sid), {"attributes": after.known_attributes})]


def build_removal(conversation: Conversation) -> list[Write]:
    """Build the write that removes the attributes of a conversation, if that is not done with its own item."""
    return [delete(_LABEL, keys.attributes(conversation.sid))] if conversation.attributes_apart else []


def complete(conversation: Conversation, beside: Item | None) -> Conversation:
    """Return a conversation with its attributes; `beside` is the item that was read with it, if there is one.

    Raises Conflict when that is of another moment. A read that is made anew sees both as they are then.
    """
    if not isinstance(conversation.attributes, UnreadAttributes):
        return conversation
    text = beside["attributes"] if beside else None
    if text is None or _digest(text) != conversation.attributes.digest:
        raise Conflict({})
    return replace(conversation, attributes=text)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
