"""Participants: who is in a conversation, and by what they are reached. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from partyline.domain import addresses


class ParticipantKind(StrEnum):
    """What a participant is, by which of its fields are set."""

    NATIVE = "native"  # address: a handset in a group thread
    PROJECTED = "projected"  # projected address, no identity: an own number that stands for itself
    AGENT = "agent"  # identity + projected address: a person in an app behind an own number
    CHAT = "chat"  # identity only
    MASKED = "masked"  # address + proxy address: a handset that sees the proxy only


# The account itself, as an author and as who made a conversation.
SYSTEM = "system"


class NotificationLevel(StrEnum):
    """Whether an app should make a noise for a conversation; kept for it, without effect here."""

    DEFAULT = "default"
    MUTED = "muted"


@dataclass(frozen=True, slots=True)
class Participant:
    """A member of a conversation. `identified` is when it got its identity, whatever dates a caller gave it."""

    sid: str
    conversation_sid: str
    created: datetime
    updated: datetime
    identity: str | None = None
    address: str | None = None
    proxy_address: str | None = None
    projected_address: str | None = None
    attributes: str = "{}"
    identified: datetime | None = None
    role_sid: str | None = None
    last_read_message_index: int | None = None
    last_read_timestamp: str | None = None
    notification_level: NotificationLevel = NotificationLevel.DEFAULT

    @property
    def kind(self) -> ParticipantKind:
        """See ParticipantKind; the combination was validated when the participant was made."""
        if self.projected_address:
            return ParticipantKind.AGENT if self.identity else ParticipantKind.PROJECTED
        if self.address:
            return ParticipantKind.MASKED if self.proxy_address else ParticipantKind.NATIVE
        return ParticipantKind.CHAT

    @property
    def author(self) -> str:
        """What a message of this participant shows as its author."""
        return self.identity or addresses.format_address(self.address or self.projected_address or "")

    @property
    def is_bound(self) -> bool:
        """Whether it takes part by phone: everybody but a chat-only participant has a messaging binding."""
        return self.kind is not ParticipantKind.CHAT
