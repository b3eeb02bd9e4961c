"""A second look at sends of which nobody knows whether the carrier took them.

They are never asked again. Reports that carry our tag have settled some by now; a carrier that can be asked what became
of a text is asked; a report of one recipient proves that the carrier took a request for all. What nobody knows even
then ends `failed` (30008), visibly. Which carrier it was and who was left out stands in the claim: the line may have
moved since, and people said STOP or START.

A look judges by what carriers have said, and never by what an earlier look has written: it fails all receipts of a
request in one transaction, or it first records that the carrier took it, and then settles that as sending does. So a
look that dies anywhere is repeated to the same end.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from partyline import deadline
from partyline.carriers import error_codes
from partyline.carriers.base import Accepted, FoundMessage
from partyline.domain import addresses
from partyline.domain.receipts import ReceiptStatus, rank
from partyline.domain.sends import SendReference, SendState
from partyline.errors import SendError
from partyline.outbound import sender
from partyline.outbound.sender import Sender, SendJob
from partyline.storage import messages, retry, sends
from partyline.storage.receipts import ReportedStatus
from partyline.storage.sends import Claim


def reconcile(desk: Sender, reference: SendReference, *, last: bool = True) -> int | None:
    """End a send that nobody knows the fate of; how many receipts failed.

    None when the carrier could not be asked just now and it is not the `last` look, or no time is left: then a request
    is still to be looked at. Repeats, and receipts that a report has moved, change nothing. Raises Conflict when it met
    other writes again and again.
    """
    delivered = messages.fetch(desk.table, reference.conversation_sid, reference.message_sid)
    send = delivered.message.send(reference) if delivered else None
    if delivered is None or send is None:
        return 0
    job = sender.prepare(desk, reference, delivered, send)
    looks = [partial(_look, desk, part, member, last=last) for part, member in _requests(desk, job)]
    failed: list[int | None] = []
    for look in looks:
        if deadline.seconds_left() < sender.REQUEST_SECONDS:
            # What is settled stays so, and the next look goes on behind it.
            return None
        failed.append(retry.STANDARD.run(look))
    counted = [number for number in failed if number is not None]
    return sum(counted) if len(counted) == len(failed) else None


def _requests(desk: Sender, job: SendJob) -> list[tuple[SendJob, str]]:
    """The requests of a send: one for all ('') or one for each member, and so for each part of a long text."""
    claim = sends.find(desk.table, job.reference)
    firsts = {"": claim}
    if claim and claim.state is SendState.SPLIT:
        firsts = {member: sends.find(desk.table, job.reference, member) for member in sorted(job.send.natives)}
    return [
        (part, member)
        for member, first in firsts.items()
        for part in sender.parts_of(desk, job, first.cuts if first else ())
    ]


def _look(desk: Sender, job: SendJob, member: str, *, last: bool) -> int | None:
    """Look at one request, as `give_up` does at all. Raises Conflict when a carrier's word comes at the same moment."""
    claim = sends.find(desk.table, job.reference, member)
    if claim is None or claim.state in (SendState.WAITING, SendState.SENDING):
        # It is still to be made, or is being made: the attempt that makes it ends it.
        return 0
    asked = _asked(desk, job, claim)
    known = asked.receipts_of(member)
    if claim.state is not SendState.UNKNOWN:
        # Its end was recorded, by an answer that came late or by a look that died.
        if any(rank(receipt.status) < rank(ReceiptStatus.FAILED) for receipt in known):
            sender.finish(desk, asked, claim, member)
        return 0
    if all(receipt.status is not ReceiptStatus.QUEUED for receipt in known):
        return 0
    # Only a carrier's report gives a receipt its id; members who were left out have no report.
    proof = next((one.carrier_message_id for one in known if one.carrier_message_id), None)
    try:
        found = asked.carrier.find(asked.text(member), proof or "") if asked.carrier else None
    except SendError:
        if not last:
            return None
        found = None
    if found is None and proof is None:
        return _fail(desk, asked, claim, member)
    _settle_taken(desk, asked, claim, member, found or FoundMessage(Accepted(proof or "")))
    return 0


def _fail(desk: Sender, job: SendJob, claim: Claim, member: str) -> int:
    """Fail a request whose fate is unknown, and the receipts of members who were left out of it."""
    failed = {
        receipt.address: claim.refused.get(receipt.address, error_codes.UNKNOWN)
        for receipt in job.receipts_of(member)
        if receipt.status is ReceiptStatus.QUEUED
    }
    sends.give_up(desk.table, job.reference, failed, desk.clock(), member)
    return len(failed.keys() - job.out)


def _settle_taken(desk: Sender, job: SendJob, claim: Claim, member: str, found: FoundMessage) -> None:
    """Settle a request that its carrier turns out to have, with what that knows of it."""
    reports = [
        ReportedStatus(addresses.canonicalize(report.recipient), report.status, report.error_code or 0)
        for report in found.reports
    ]
    # A claim of an earlier version does not name its carrier.
    taken = replace(claim, carrier=claim.carrier or (job.carrier.name if job.carrier else ""))
    sender.record_acceptance(desk, job, taken, found.accepted, member, reports)


def _asked(desk: Sender, job: SendJob, claim: Claim) -> SendJob:
    """A request as it was made, with the receipts of now. A claim of an earlier version does not name the
    carrier that was asked; then its carrier and the recipients left out are those of now."""
    delivered = messages.fetch(desk.table, job.reference.conversation_sid, job.reference.message_sid)
    job = replace(job, receipts=delivered.receipts if delivered else ())
    if not claim.carrier:
        return job
    try:
        carrier = desk.carrier(claim.carrier)
    except LookupError:
        carrier = None
    return replace(job, carrier=carrier, out=frozenset(claim.refused))
