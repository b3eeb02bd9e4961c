"""Participants: the members of a conversation, and the addresses that they are reached at. Pure."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from partyline.domain import addresses
from partyline.domain.contacts import ContactSnapshot
from partyline.frozen_classes import frozen


class ParticipantKind(StrEnum):
    """The kind of a participant, which follows from the fields that are set."""

    NATIVE = "native"  # address: a handset in a group thread
    PROJECTED = "projected"  # projected address, no identity: an own number that stands for itself
    AGENT = "agent"  # identity + projected address: a person in an app behind an own number
    CHAT = "chat"  # identity only
    MASKED = "masked"  # address + proxy address: a handset that sees the proxy only


# The account itself, as the author of a message and as the creator of a conversation.
SYSTEM = "system"


class NotificationLevel(StrEnum):
    """Whether an app should notify its user of a conversation; stored for the app, without effect here."""

    DEFAULT = "default"
    MUTED = "muted"


@frozen
class Participant:
    """A member of a conversation.

    `identified` is when it got its identity, by our clock; a caller can set `created` and `updated`. `contact` is the
    contact as which it was added. `marked_unread`: that the person wants to come back to the conversation.
    """

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
    contact: ContactSnapshot | None = None
    marked_unread: bool | None = None

    @property
    def kind(self) -> ParticipantKind:
        """The kind. The combination of fields was validated when the participant was created."""
        if self.projected_address:
            return ParticipantKind.AGENT if self.identity else ParticipantKind.PROJECTED
        if self.address:
            return ParticipantKind.MASKED if self.proxy_address else ParticipantKind.NATIVE
        return ParticipantKind.CHAT

    @property
    def author(self) -> str:
        """The author that a message of this participant has."""
        return self.identity or addresses.format_address(self.address or self.projected_address or "")

    @property
    def is_bound(self) -> bool:
        """Whether it has a messaging binding: all but chat-only participants do."""
        return self.kind is not ParticipantKind.CHAT
