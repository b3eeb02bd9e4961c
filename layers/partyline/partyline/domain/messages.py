"""Messages as they are recorded. Pure.

Addresses are canonical, times are aware UTC datetimes, `attributes` is the JSON text that was stored.
"""

from __future__ import annotations

from datetime import datetime

from partyline.domain import threads
from partyline.domain.media import Media, MediaState
from partyline.domain.sends import Send, SendReference
from partyline.frozen_classes import frozen

# The longest body of an inbound text in bytes: Twilio's limit, far above what any carrier delivers.
MAX_INBOUND_BODY = 32 * 1024


@frozen
class Origin:
    """The addresses of an inbound text, stored while one of its files may still contain its words.

    - `receivers`: the own number that received this copy, or several of which one did.
    - `roster`: all addresses of the text.
    """

    receivers: tuple[str, ...]
    sender: str
    roster: tuple[str, ...]


@frozen
class Message:
    """A message of a conversation.

    - `sends`: the texts that it becomes on the wire, fixed when it was recorded.
    - `carrier_message_id`: the carrier's id of an inbound message.
    - `received_at`: when the carrier received an inbound message, by the carrier's clock.
    - `edited_from`: the recorded text of a message that was edited later.
    - `origin`: set for an inbound message that has files and no words.
    - `recorded`: when it was recorded, if `created` was set by hand.
    - `request_digest`: names the request that created it, if that had an Idempotency-Key.
    - `written_by`: the identity that wrote it under another name, that of a line.
    - `service_sid`: the Service whose contacts may not be disturbed by it. None for an answer to a keyword, and for a
      message that version 0.2.0 recorded: then none is looked for.
    """

    sid: str
    conversation_sid: str
    index: int
    created: datetime
    updated: datetime
    author: str
    body: str | None = None
    participant_sid: str | None = None
    attributes: str = "{}"
    media: tuple[Media, ...] = ()
    sends: tuple[Send, ...] = ()
    carrier_message_id: str | None = None
    received_at: datetime | None = None
    edited_from: str | None = None
    origin: Origin | None = None
    request_digest: str | None = None
    written_by: str | None = None
    service_sid: str | None = None
    recorded: datetime | None = None

    @property
    def recorded_at(self) -> datetime:
        """When it was recorded."""
        return self.recorded or self.created

    @property
    def recorded_body(self) -> str | None:
        """The recorded text. It is what is sent, even when the message is edited first."""
        return self.body if self.edited_from is None else self.edited_from

    def reference(self, send: Send) -> SendReference:
        """Return the reference of one of its sends."""
        return SendReference(self.conversation_sid, self.sid, threads.digest(send.thread))

    @property
    def pending(self) -> tuple[Media, ...]:
        """The files that are still at the carrier."""
        return tuple(part for part in self.media if part.state is MediaState.PENDING)

    @property
    def has_follow_up(self) -> bool:
        """Whether something must follow: it has sends, or files that are still at the carrier."""
        return bool(self.sends or self.pending)

    def send(self, reference: SendReference) -> Send | None:
        """Find the send of a reference, or of the part that it names; None when there is none."""
        return next((send for send in self.sends if self.reference(send) == reference.whole), None)
