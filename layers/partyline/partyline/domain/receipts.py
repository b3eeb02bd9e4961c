"""Receipts: the delivery status of a message for each native recipient, and their summary. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from enum import StrEnum
from typing import TypedDict

from partyline.domain.sends import SendReference
from partyline.frozen_classes import frozen, replace


class ReceiptStatus(StrEnum):
    """The delivery status of a text to one native recipient.

    `queued` means that the carrier does not have it yet. `unknown` is final for the carrier but no failure
    (Bandwidth 9902, Telnyx `unknown`).
    """

    QUEUED = "queued"
    SENT = "sent"
    UNKNOWN = "unknown"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"


# A receipt moves only to a higher rank: the first final status wins, and only `unknown` may still change.
_RANKS = {
    ReceiptStatus.QUEUED: 0,
    ReceiptStatus.SENT: 1,
    ReceiptStatus.UNKNOWN: 2,
    ReceiptStatus.DELIVERED: 3,
    ReceiptStatus.UNDELIVERED: 3,
    ReceiptStatus.FAILED: 3,
}


def rank(status: ReceiptStatus) -> int:
    """Return the rank of a status.

    A report is applied only when its rank is higher than that of the receipt. So late, repeated and contradicting
    reports change nothing.
    """
    return _RANKS[status]


FAILURES = frozenset({ReceiptStatus.UNDELIVERED, ReceiptStatus.FAILED})


def combine_statuses(parts: Collection[ReceiptStatus], number: int) -> ReceiptStatus:
    """Combine the statuses of the parts of one text.

    `parts` are the statuses that are known, `number` is how many parts the text has. The result is a failure once one
    part has failed, else the lowest status. A part without a known status is queued. The result only moves forward, as
    the parts do.
    """
    failed = [status for status in parts if status in FAILURES]
    if failed:
        return failed[0]
    return min(parts, key=rank) if len(parts) == number else ReceiptStatus.QUEUED


class DeliveryShare(StrEnum):
    """The share of a message's receipts that have reached a status."""

    NONE = "none"
    SOME = "some"
    ALL = "all"


class DeliverySummary(TypedDict):
    """The number of a message's receipts, and of each status the DeliveryShare that has reached it."""

    total: int
    sent: str
    delivered: str
    read: str
    failed: str
    undelivered: str


def summarize_delivery(statuses: Iterable[ReceiptStatus]) -> DeliverySummary | None:
    """Summarize the receipts of a message as its `delivery`; None without native recipients.

    Shares are cumulative: what is delivered was also sent.
    """
    known = list(statuses)
    if not known:
        return None

    def share(*reached: ReceiptStatus) -> str:
        count = sum(status in reached for status in known)
        return DeliveryShare.NONE if count == 0 else DeliveryShare.ALL if count == len(known) else DeliveryShare.SOME

    sent = share(ReceiptStatus.SENT, ReceiptStatus.UNKNOWN, ReceiptStatus.DELIVERED, ReceiptStatus.UNDELIVERED)
    return {
        "total": len(known),
        "sent": sent,
        "delivered": share(ReceiptStatus.DELIVERED),
        "read": DeliveryShare.NONE.value,
        "failed": share(ReceiptStatus.FAILED),
        "undelivered": share(ReceiptStatus.UNDELIVERED),
    }


@frozen
class PartReceipt:
    """The status of one part of a long text, by its number from 1."""

    number: int
    status: ReceiptStatus
    carrier_message_id: str | None = None


@frozen
class Receipt:
    """The delivery of one message to one native recipient.

    `carrier_message_id` is the carrier's own id, as soon as it is known. A text that is sent in parts has one receipt:
    `parts` are those with a known status, `status` combines them (combine_statuses), and the carrier's id is that of
    the first part.
    """

    sid: str
    message_sid: str
    conversation_sid: str
    participant_sid: str
    address: str
    created: datetime
    updated: datetime
    status: ReceiptStatus = ReceiptStatus.QUEUED
    error_code: int = 0
    channel_message_sid: str | None = None
    carrier_message_id: str | None = None
    parts: tuple[PartReceipt, ...] = ()

    def for_part(self, reference: SendReference) -> Receipt:
        """Return the receipt of one part; the receipt itself for a text that is not split."""
        if reference.parts == 1:
            return self
        part = self.part(reference.part)
        has_failed = self.status in FAILURES and part.status is ReceiptStatus.QUEUED
        status = self.status if has_failed else part.status
        return replace(self, status=status, carrier_message_id=part.carrier_message_id, parts=())

    def part(self, number: int) -> PartReceipt:
        """Return the status of one part; queued while nothing is known."""
        return next((one for one in self.parts if one.number == number), PartReceipt(number, ReceiptStatus.QUEUED))

    def with_part(self, reference: SendReference, part: PartReceipt, error_code: int) -> Receipt:
        """Return the receipt with a new status of one part."""
        others = (one for one in self.parts if one.number != part.number)
        parts = tuple(sorted((*others, part), key=lambda one: one.number))
        status = combine_statuses([one.status for one in parts], reference.parts)
        is_news = rank(status) > rank(self.status)
        return replace(
            self,
            parts=parts,
            status=status if is_news else self.status,
            error_code=error_code if is_news and status in FAILURES else self.error_code,
        )
