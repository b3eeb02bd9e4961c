"""Apply delivery reports to receipts: at least once, each receipt forward only.

A report finds its receipt by our tag, if the carrier returns it, or by the carrier's message id. A report that arrives
before its send is recorded is stored beside that id, and applied when the send is recorded.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from partyline.carriers import error_codes
from partyline.carriers.base import DeliveryReport
from partyline.domain import addresses, sids
from partyline.domain.opt_outs import OptOutChannel
from partyline.domain.receipts import rank
from partyline.domain.sends import SendReference
from partyline.frozen_classes import replace
from partyline.storage import messages, opt_outs, receipts, retry
from partyline.storage.receipts import ReportedStatus, SentText
from partyline.storage.table import Table


class ReportOutcome(StrEnum):
    """The outcome of a report."""

    MOVED = "moved"  # a receipt has moved
    UNCHANGED = "unchanged"  # late, repeated or contradicting; or of a recipient without a receipt
    EARLY = "early"  # stored until its send is recorded


def apply_report(table: Table, report: DeliveryReport, now: datetime) -> ReportOutcome:
    """Apply one report. A repeat changes nothing.

    Raises Conflict when it lost every race against other writes: the carrier repeats the report.
    """
    return retry.STANDARD.run(lambda: _apply(table, report, now))


def _apply(table: Table, report: DeliveryReport, now: datetime) -> ReportOutcome:
    reported = ReportedStatus(addresses.canonicalize(report.recipient), report.status, report.error_code or 0)
    tagged = SendReference.from_tag(report.tag)
    sent = SentText(tagged, {}) if tagged else receipts.find_sent(table, report.carrier, report.id)
    if sent is None and receipts.store_early_report(table, report.carrier, report.id, reported, now):
        return ReportOutcome.EARLY
    # Not stored: the send was recorded after the first read.
    sent = sent or receipts.find_sent(table, report.carrier, report.id)
    if sent is None:
        return ReportOutcome.UNCHANGED
    reported = replace(reported, recipient=sent.names.get(reported.recipient, reported.recipient))
    moved = move_receipt(table, sent.reference, reported, now, carrier=report.carrier, carrier_message_id=report.id)
    return ReportOutcome.MOVED if moved else ReportOutcome.UNCHANGED


def move_receipt(
    table: Table,
    reference: SendReference,
    reported: ReportedStatus,
    now: datetime,
    *,
    carrier: str,
    carrier_message_id: str,
) -> bool:
    """Move a receipt to the status that a carrier reports; return whether it moved.

    An opt-out that the carrier knows of is recorded first, so that a repeat after a crash records it too. Once the
    receipt has moved it is not recorded again, since the recipient may have opted in meanwhile.
    """
    if reported.error_code == error_codes.OPTED_OUT:
        _record_opt_out(table, reference, reported, now)
    return receipts.move(table, reference, reported, now, carrier=carrier, carrier_message_id=carrier_message_id)


def _record_opt_out(table: Table, reference: SendReference, reported: ReportedStatus, now: datetime) -> None:
    """Record an opt-out that the carrier knows of, unless the receipt has moved."""
    delivered = messages.fetch(table, reference.conversation_sid, reference.message_sid)
    send = delivered.message.send(reference) if delivered else None
    if delivered is None or send is None or send.confirms_opt_out:
        return
    sid = sids.receipt(reference.message_sid, reference.thread, reported.recipient)
    if any(receipt.sid == sid and rank(receipt.status) < rank(reported.status) for receipt in delivered.receipts):
        opt_outs.record_carrier_opt_out(table, reported.recipient, send.sender, OptOutChannel.CARRIER, reference, now)
