"""Messages as they are recorded. Pure.

Addresses are canonical, times are aware UTC datetimes, `attributes` is the JSON text that was stored.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from partyline.domain import threads
from partyline.domain.attachments import Media, MediaState
from partyline.domain.sends import Send, SendReference

# The longest body of an inbound text in bytes: Twilio's limit, far above what any carrier delivers.
MAX_INBOUND_BODY = 32 * 1024


@dataclass(frozen=True, slots=True)
class Origin:
    """How an inbound text came, stored while a file may still hold its words.

    `receivers` has the own number that received this copy, or several of which one did; `roster` has all addresses.
    """

    receivers: tuple[str, ...]
    sender: str
    roster: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Message:
    """A message of a conversation. `sends` is what it becomes on the wire, fixed when it was recorded;
    `carrier_message_id` is the carrier's id of an inbound one, `received_at` when the carrier got it, by its own clock,
    and `edited_from` what was recorded of an edited one. `origin` is that of an inbound one without words and with
    files."""

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

    @property
    def said(self) -> str | None:
        """The text as it was recorded: what is sent, though the message be edited before it leaves."""
        return self.body if self.edited_from is None else self.edited_from

    def reference(self, send: Send) -> SendReference:
        """The name of one of its sends."""
        return SendReference(self.conversation_sid, self.sid, threads.digest(send.thread))

    @property
    def pending(self) -> tuple[Media, ...]:
        """Its files that are still at the carrier."""
        return tuple(part for part in self.media if part.state is MediaState.PENDING)

    def send(self, reference: SendReference) -> Send | None:
        """The send of that name, or the one that it names a part of."""
        return next((send for send in self.sends if self.reference(send) == reference.whole), None)
