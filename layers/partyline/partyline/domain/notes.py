"""Notes: what staff write to each other beside the messages of a conversation. They are never sent. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

MAX_BODY = 4000


@dataclass(frozen=True, slots=True)
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
