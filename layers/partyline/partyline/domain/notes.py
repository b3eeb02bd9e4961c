"""Notes: what staff write to each other beside the messages of a conversation. They are never sent. Pure."""

from __future__ import annotations

from datetime import datetime

from partyline.domain.conversations import Conversation
from partyline.domain.events import Event, format_timestamp
from partyline.frozen_classes import frozen

MAX_BODY = 4000


@frozen
class Note:
    """A note of a conversation.

    - `sid`: begins with the index of the message that it stands before (`sids.between_messages`).
    - `author`: an identity, or SYSTEM where the account wrote it and named no author.
    - `request_digest`: names the request that created it, if that had an Idempotency-Key.
    """

    sid: str
    conversation_sid: str
    created: datetime
    updated: datetime
    author: str
    body: str
    attributes: str = "{}"
    request_digest: str | None = None


def build_event(type: str, note: Note, conversation: Conversation, **more: str) -> Event:
    """Build onNoteAdded, Updated or Removed, which Twilio does not have."""
    parameters = {
        "ConversationSid": note.conversation_sid,
        "ChatServiceSid": conversation.service_sid,
        "NoteSid": note.sid,
        "Author": note.author,
        "Body": note.body,
        "Attributes": note.attributes,
        "DateCreated": format_timestamp(note.created),
        "DateUpdated": format_timestamp(note.updated),
        **more,
    }
    return Event(type, parameters)
