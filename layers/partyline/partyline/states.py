"""The state machines: how a receipt, a send and a conversation may move. Pure rules; the store enforces them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from enum import StrEnum


class ConversationState(StrEnum):
    """Twilio's conversation states. Open means every state but closed; only an open conversation owns threads.

    initializing -> active      its activation, once it is stored; until then it cannot be changed
    initializing -> inactive    the same, where it was made inactive and no message has come meanwhile
    initializing -> closed      a participant was refused
    active <-> inactive         a caller; a timer; a new message or a new member makes it active again
    active, inactive -> closed  a caller or a timer; for good, and its threads are released
    """

    INITIALIZING = "initializing"
    ACTIVE = "active"
    INACTIVE = "inactive"
    CLOSED = "closed"


class ReceiptStatus(StrEnum):
    """What is known of a text to one native recipient.

    `queued` is still inside; `unknown` is final for the carrier but no failure (Bandwidth 9902, Telnyx `unknown`).
    """

    QUEUED = "queued"
    SENT = "sent"
    UNKNOWN = "unknown"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"


# A receipt moves only to a higher rank, so the first final status wins and only `unknown` may still be settled.
_RANKS = {
    ReceiptStatus.QUEUED: 0,
    ReceiptStatus.SENT: 1,
    ReceiptStatus.UNKNOWN: 2,
    ReceiptStatus.DELIVERED: 3,
    ReceiptStatus.UNDELIVERED: 3,
    ReceiptStatus.FAILED: 3,
}


def rank(status: ReceiptStatus) -> int:
    """Order of a status. A report is applied only when its rank is higher than the receipt's: late, repeated and
    contradicting ones change nothing."""
    return _RANKS[status]


FAILURES = frozenset({ReceiptStatus.UNDELIVERED, ReceiptStatus.FAILED})


def together(parts: Collection[ReceiptStatus], number: int) -> ReceiptStatus:
    """What the parts of one text come to, of which there are so many: failed once one of them has, else as far as the
    last of them has got. Parts that nothing is known of are queued. It moves forward only, as they do."""
    failed = [status for status in parts if status in FAILURES]
    if failed:
        return failed[0]
    return min(parts, key=rank) if len(parts) == number else ReceiptStatus.QUEUED


class SendState(StrEnum):
    """One carrier request: the text of one message into one thread, or to one member of it.

    (none) -> sending -> sent       the carrier took it
                      -> refused    it said no, or went on saying "not now"
                      -> waiting    it certainly did not take it; -> sending again later
                      -> unknown    no answer: never asked again
           -> split                 its carrier takes one request a member, and each has a state of its own

    `sending` found by a later attempt means that an earlier one died between asking and recording: it becomes
    `unknown` too. From `unknown` it moves on when its fate is learned after all: by a late answer, or by the second
    look.
    """

    SENDING = "sending"
    WAITING = "waiting"
    SENT = "sent"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    SPLIT = "split"


class Share(StrEnum):
    """How many of a message's receipts have reached a status."""

    NONE = "none"
    SOME = "some"
    ALL = "all"


def delivery(statuses: Iterable[ReceiptStatus]) -> dict[str, int | str] | None:
    """A message's `delivery`: counts are cumulative (delivered was also sent); None without native recipients.

    Shape: {"total": int, "sent"|"delivered"|"read"|"failed"|"undelivered": "none"|"some"|"all"}.
    """
    known = list(statuses)
    if not known:
        return None

    def share(*reached: ReceiptStatus) -> str:
        count = sum(status in reached for status in known)
        return Share.NONE if count == 0 else Share.ALL if count == len(known) else Share.SOME

    sent = share(ReceiptStatus.SENT, ReceiptStatus.UNKNOWN, ReceiptStatus.DELIVERED, ReceiptStatus.UNDELIVERED)
    return {
        "total": len(known),
        "sent": sent,
        "delivered": share(ReceiptStatus.DELIVERED),
        "read": Share.NONE.value,
        "failed": share(ReceiptStatus.FAILED),
        "undelivered": share(ReceiptStatus.UNDELIVERED),
    }
