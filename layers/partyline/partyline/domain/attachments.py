"""Attachments: the pictures and files of messages. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class MediaState(StrEnum):
    """Where a picture or file is.

    pending -> ready    it is in our own storage
            -> failed   it could not be had: gone at the carrier, too large, of no known type
    """

    PENDING = "pending"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Media:
    """A picture or file of a message. `url` is where the `carrier` that brought it keeps it, and `sha256` what it says
    of it; '' and None for one that was uploaded here. `size` is in bytes, known when it is ready; `error` is why it
    failed, in a word. `scalable` is whether an image can be made smaller, None where nobody has looked."""

    sid: str
    url: str
    content_type: str | None = None
    size: int | None = None
    filename: str | None = None
    state: MediaState = MediaState.PENDING
    carrier: str | None = None
    sha256: str | None = None
    error: str | None = None
    scalable: bool | None = None


@dataclass(frozen=True, slots=True)
class StoredMedia:
    """A file in our own storage. Until it is attached to a message it has no `message_sid`; then it stays as long as
    its message does. `author` is the identity that uploaded it, or who wrote the message it came with; `scalable` is as
    for Media."""

    sid: str
    service_sid: str
    created: datetime
    updated: datetime
    content_type: str
    size: int
    filename: str | None = None
    author: str | None = None
    conversation_sid: str | None = None
    message_sid: str | None = None
    scalable: bool | None = None

    @property
    def attached(self) -> Media:
        """What a message has of it."""
        return Media(
            self.sid, "", self.content_type, self.size, self.filename, MediaState.READY, scalable=self.scalable
        )


@dataclass(frozen=True, slots=True)
class MediaReference:
    """Which file of which message."""

    conversation_sid: str
    message_sid: str
    media_sid: str
