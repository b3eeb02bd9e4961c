"""A second look at sends of which nobody knows whether the carrier took them.

They are never asked again. Reports that carry our tag have settled some by now; a carrier that can be asked what became
of a text is asked; a report of one recipient proves that the carrier took a request for all. What nobody knows even
then ends `failed` (30008), visibly. Which carrier it was and who was left out stands in the claim: the line may have
moved since, and people said STOP or START.
"""

from __future__ import annotations

from dataclasses import replace

from partyline import addresses, reporting
from partyline.carriers import codes
from partyline.errors import SendError
from partyline.model import Receipt, SendReference
from partyline.sending import Desk, Job, fail, prepare, settle_taken
from partyline.states import ReceiptStatus, SendState
from partyline.store import messages, receipts, sends
from partyline.store.receipts import Reported
from partyline.store.sends import Claim


def give_up(desk: Desk, reference: SendReference, *, last: bool = True) -> int | None:
    """End a send that nobody knows the fate of; how many receipts failed.

    None when the carrier could not be asked just now and it is not the `last` look: then nothing has ended. Repeats,
    and receipts that a report has moved, change nothing.
    """
    delivered = messages.fetch(desk.table, reference.conversation_sid, reference.message_sid)
    send = delivered.message.send(reference) if delivered else None
    if delivered is None or send is None:
        return 0
    job = prepare(desk, reference, delivered, send)
    unknown = [(_asked(desk, job, claim), claim, member) for member, claim in _unknown(desk, job).items()]
    try:
        return sum(_end(desk, *each) for each in unknown)
    except SendError:
        if not last:
            return None
        return sum(_end(desk, replace(asked, carrier=None), claim, member) for asked, claim, member in unknown)


def _unknown(desk: Desk, job: Job) -> dict[str, Claim]:
    """The requests of a send whose end is unknown, by member; '' is one for all."""
    claim = sends.find(desk.table, job.reference) or Claim(SendState.UNKNOWN)
    if claim.state is not SendState.SPLIT:
        return {"": claim}
    parts = {member: sends.find(desk.table, job.reference, member) for member in sorted(job.send.natives)}
    return {member: part for member, part in parts.items() if part and part.state is SendState.UNKNOWN}


def _asked(desk: Desk, job: Job, claim: Claim) -> Job:
    """A request as it was made. A claim of an earlier version says nothing of that: then what holds now has to do."""
    if not claim.carrier:
        return job
    try:
        carrier = desk.carrier(claim.carrier)
    except LookupError:
        carrier = None
    return replace(job, carrier=carrier, out=frozenset(claim.refused))


def _end(desk: Desk, job: Job, claim: Claim, member: str) -> int:
    fail(desk, job.reference, claim.refused)
    known = _receipts(desk, job, member)
    if any(receipt.status is ReceiptStatus.QUEUED for receipt in known):
        _find(desk, job, claim, member, next((one.carrier_message_id for one in known if one.carrier_message_id), ""))
        known = _receipts(desk, job, member)
    waiting = [receipt.address for receipt in known if receipt.status is ReceiptStatus.QUEUED]
    if len(waiting) == len(known):
        return fail(desk, job.reference, dict.fromkeys(waiting, codes.UNKNOWN))
    for address in waiting:
        receipts.move(desk.table, job.reference, Reported(address, ReceiptStatus.SENT), desk.clock())
    return 0


def _find(desk: Desk, job: Job, claim: Claim, member: str, carrier_message_id: str) -> None:
    """Settle what the carrier turns out to have, and apply what it knows of it. Raises SendError when it does not
    say."""
    found = job.carrier.find(job.text(member), carrier_message_id) if job.carrier else None
    if found is None:
        return
    settle_taken(desk, job, claim, found.accepted, member)
    for report in found.reports:
        reported = Reported(addresses.canonical(report.recipient), report.status, report.error_code or 0)
        reporting.move(
            desk.table,
            job.reference,
            reported,
            desk.clock(),
            carrier=report.carrier,
            carrier_message_id=report.id,
        )


def _receipts(desk: Desk, job: Job, member: str) -> list[Receipt]:
    """The receipts of those whom one request was to reach, as they are now."""
    delivered = messages.fetch(desk.table, job.reference.conversation_sid, job.reference.message_sid)
    now = replace(job, receipts=delivered.receipts if delivered else ()).receipts_of(member)
    return [receipt for receipt in now if receipt.address not in job.out]
