"""Media: the pictures and files of messages. Pure."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from partyline.frozen_classes import frozen


class MediaState(StrEnum):
    """The state of a picture or file.

    pending -> ready    it is in our own storage
            -> failed   it could not be fetched: gone at the carrier, too large, or of no known type
    """

    PENDING = "pending"
    READY = "ready"
    FAILED = "failed"


@frozen
class Media:
    """A picture or file of a message.

    - `url`, `sha256`: its URL at the `carrier` that delivered it, and its hash according to the carrier. '' and None
      for an uploaded file.
    - `size`: in bytes, known when it is ready.
    - `error`: the reason of a failure, in one word.
    - `scalable`: whether an image can be made smaller; None when this was not checked.
    """

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


@frozen
class StoredMedia:
    """A file in our own storage.

    - `message_sid`: None until the file is attached to a message. Then it is deleted with the message.
    - `author`: the identity that uploaded it, or the author of the message that it arrived with.
    - `scalable`: as in Media.
    """

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
        """The entry of this file in a message."""
        return Media(
            self.sid, "", self.content_type, self.size, self.filename, MediaState.READY, scalable=self.scalable
        )


@frozen
class MediaReference:
    """The name of a file of a message."""

    conversation_sid: str
    message_sid: str
    media_sid: str
