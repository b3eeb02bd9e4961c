"""Unrouted texts: authenticated texts and webhooks that belong to no conversation. Pure."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from partyline.domain.media import Media
from partyline.frozen_classes import frozen


class UnroutedReason(StrEnum):
    """Why an authentic text is in no conversation."""

    UNKNOWN_LINE = "unknown_line"
    AUTO_CREATION_OFF = "auto_creation_off"
    OWN_SENDER = "own_sender"
    ROSTER_TOO_LARGE = "roster_too_large"
    SERVICE_REMOVED = "service_removed"
    REJECTED = "rejected"
    KEYWORD = "keyword"  # STOP, START or HELP: it has taken effect, and starts no conversation
    MALFORMED = "malformed"
    UNCERTAIN = "uncertain"  # a catch-up found it: who else got it, or whether it is recorded already, is not known


@frozen
class UnroutedText:
    """A text or an unreadable webhook that belongs to no conversation, stored so that no text is lost.

    - `raw`, `tag`: the body of an unreadable webhook, and our tag from its URL.
    - `keyword_handled_by_carrier`: the keyword that the carrier has handled itself.
    - `received_at`: when the carrier received it.
    - `only_subject`: whether its words may be in a file (carriers.base.InboundText).
    """

    sid: str
    carrier: str
    carrier_message_id: str
    reason: UnroutedReason
    created: datetime
    line: str = ""
    sender: str = ""
    recipients: tuple[str, ...] = ()
    body: str = ""
    media: tuple[Media, ...] = ()
    raw: str = ""
    tag: str | None = None
    keyword_handled_by_carrier: str | None = None
    received_at: datetime | None = None
    only_subject: bool = False
