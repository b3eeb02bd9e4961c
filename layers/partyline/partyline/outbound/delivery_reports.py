"""Applying what carriers report of texts they took: at least once in, each receipt forward only.

A report finds its receipt by our tag, when the carrier gives it back, or by the carrier's message id. One that comes
before its send is recorded waits beside that id, and is applied when the send is.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from partyline.carriers import error_codes
from partyline.carriers.base import DeliveryReport
from partyline.domain import addresses, sids
from partyline.domain.opt_outs import OptOutChannel
from partyline.domain.receipts import rank
from partyline.domain.sends import SendReference
from partyline.storage import messages, opt_outs, receipts, retry
from partyline.storage.receipts import ReportedStatus, SentText
from partyline.storage.table import Table


class ReportOutcome(StrEnum):
    """What became of a report."""

    MOVED = "moved"  # the receipt
    UNCHANGED = "unchanged"  # late, repeated or contradicting; or of a recipient who has no receipt
    EARLY = "early"  # kept until its send is recorded


def apply_report(table: Table, report: DeliveryReport, now: datetime) -> ReportOutcome:
    """Apply one report. Repeating it changes nothing. Raises Conflict, for the carrier to repeat it, when it met other
    writes again and again."""
    return retry.STANDARD.run(lambda: _apply(table, report, now))


def _apply(table: Table, report: DeliveryReport, now: datetime) -> ReportOutcome:
    reported = ReportedStatus(addresses.canonicalize(report.recipient), report.status, report.error_code or 0)
    tagged = SendReference.from_tag(report.tag)
    sent = SentText(tagged, {}) if tagged else receipts.find_sent(table, report.carrier, report.id)
    if sent is None and receipts.store_early_report(table, report.carrier, report.id, reported, now):
        return ReportOutcome.EARLY
    # The send was recorded between the two looks.
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
    """Move a recipient's receipt as a carrier reports; whether it moved. That they have told the line to stop is noted
    first: a repeat does so after a crash in between, but not once the receipt has moved, for then they may want texts
    again."""
    if reported.error_code == error_codes.OPTED_OUT:
        _note_opt_out(table, reference, reported, now)
    return receipts.move(table, reference, reported, now, carrier=carrier, carrier_message_id=carrier_message_id)


def _note_opt_out(table: Table, reference: SendReference, reported: ReportedStatus, now: datetime) -> None:
    """The carrier knows that somebody told the line to stop: the next text leaves them out."""
    delivered = messages.fetch(table, reference.conversation_sid, reference.message_sid)
    send = delivered.message.send(reference) if delivered else None
    if delivered is None or send is None or send.confirms_opt_out:
        return
    sid = sids.receipt(reference.message_sid, reference.thread, reported.recipient)
    if any(one.sid == sid and rank(one.status) < rank(reported.status) for one in delivered.receipts):
        opt_outs.record_carrier_opt_out(table, reported.recipient, send.sender, OptOutChannel.CARRIER, reference, now)
