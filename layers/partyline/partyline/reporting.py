"""Applying what carriers report of texts they took: at least once in, each receipt forward only.

A report finds its receipt by our tag, when the carrier gives it back, or by the carrier's message id. One that comes
before its send is recorded waits beside that id, and is applied when the send is.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from partyline import addresses, sids
from partyline.carriers.port import DeliveryReport
from partyline.model import SendReference
from partyline.store import receipts
from partyline.store.receipts import Reported
from partyline.store.table import Table, retrying

_TRIES = 8


class Applied(StrEnum):
    """What became of a report."""

    MOVED = "moved"  # the receipt
    UNCHANGED = "unchanged"  # late, repeated or contradicting; or of a recipient who has no receipt
    EARLY = "early"  # kept until its send is recorded


def apply(table: Table, report: DeliveryReport, now: datetime) -> Applied:
    """Apply one report. Repeating it changes nothing. Raises Conflict, for the carrier to repeat it, when it met other
    writes again and again."""
    return retrying(lambda: _apply(table, report, now), tries=_TRIES)


def _apply(table: Table, report: DeliveryReport, now: datetime) -> Applied:
    reported = Reported(addresses.canonical(report.recipient), report.status, report.error_code or 0)
    reference = SendReference.from_tag(report.tag) or receipts.find_sent(table, report.carrier, report.id)
    if reference is None and receipts.keep_early(table, report.carrier, report.id, reported, now):
        return Applied.EARLY
    # The send was recorded between the two looks.
    reference = reference or receipts.find_sent(table, report.carrier, report.id)
    if reference is None:
        return Applied.UNCHANGED
    channel_message_sid = sids.channel_message(report.carrier, report.id, reported.recipient)
    moved = receipts.move(table, reference, reported, now, channel_message_sid=channel_message_sid)
    return Applied.MOVED if moved else Applied.UNCHANGED
