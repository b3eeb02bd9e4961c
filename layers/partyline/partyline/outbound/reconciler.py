"""Settle sends of which it is unknown whether the carrier accepted them.

They are never sent again. By now delivery reports that carry our tag have settled some. A carrier that can be asked
for a text is asked; and a report of one recipient proves that the carrier accepted the request for all. What is unknown
even then ends `failed` (30008), visibly. The carrier and the recipients that were left out are those of the claim: the
line may have moved since, and recipients may have opted out or in.

Only what a carrier has said counts, never what an earlier run has written. A run fails all receipts of a request in one
transaction; or it first records that the carrier accepted the request, and then settles it as sending does. So a run
that crashes anywhere is repeated to the same end.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial

from partyline import deadline
from partyline.carriers import error_codes
from partyline.carriers.base import Accepted, FoundMessage
from partyline.domain import addresses
from partyline.domain.receipts import ReceiptStatus, rank
from partyline.domain.sends import SendReference, SendState
from partyline.errors import SendError
from partyline.frozen_classes import frozen, replace
from partyline.outbound.carrier_requester import REQUEST_SECONDS
from partyline.outbound.send_job import CannotSend, CarrierRequest, SendJob, SendLoader
from partyline.outbound.send_settlement import SendSettlement
from partyline.storage import retry, sends
from partyline.storage.receipts import ReportedStatus
from partyline.storage.sends import Claim
from partyline.storage.table import Table


@frozen
class Reconciler:
    """Settle sends whose fate is unknown."""

    table: Table
    clock: Callable[[], datetime]
    loader: SendLoader
    settlement: SendSettlement

    def reconcile(self, reference: SendReference, *, last: bool = True) -> int | None:
        """Settle a send; return how many receipts failed.

        None when a request must be looked at again: the carrier could not be asked now and this is not the `last` run,
        or no time is left. Repeats, and receipts that a report has moved, change nothing. Raises Conflict when it lost
        every race against other writes.
        """
        job = self.loader.load(reference)
        if job is None:
            return 0
        failed: list[int | None] = []
        for request in self._list_requests(job):
            if deadline.seconds_left() < REQUEST_SECONDS:
                # What is settled stays settled, and the next run goes on behind it.
                return None
            settle = partial(self._settle, request, last=last)
            failed.append(retry.STANDARD.run(settle))
        counted = [number for number in failed if number is not None]
        return sum(counted) if len(counted) == len(failed) else None

    def _list_requests(self, job: SendJob) -> list[CarrierRequest]:
        """List the requests of a send: to all or to each member, for each part."""
        whole = job.request()
        claim = sends.find(self.table, whole.reference)
        claims: dict[str | None, Claim | None] = {None: claim}
        if claim and claim.state is SendState.SPLIT:
            members = sorted(job.send.natives)
            claims = {member: sends.find(self.table, job.request(member).reference) for member in members}
        return [
            request for member, first in claims.items() for request in job.requests(first.cuts if first else (), member)
        ]

    def _settle(self, request: CarrierRequest, *, last: bool) -> int | None:
        """Settle one request, as `reconcile` does all.

        Raises Conflict when a report arrives at the same moment.
        """
        claim = sends.find(self.table, request.reference)
        if claim is None or claim.state in (SendState.WAITING, SendState.SENDING):
            # It is still to be made, or is being made: the attempt that makes it settles it.
            return 0
        request = self._restore(request, claim)
        if claim.state is not SendState.UNKNOWN:
            self._finish(request, claim)
            return 0
        if all(receipt.status is not ReceiptStatus.QUEUED for receipt in request.receipts):
            return 0
        try:
            found = _find_at_carrier(request)
        except SendError:
            if not last:
                return None
            found = _find_by_report(request)
        if found is None:
            return self._fail(request, claim)
        self._accept(request, claim, found)
        return 0

    def _restore(self, request: CarrierRequest, claim: Claim) -> CarrierRequest:
        """Return a request as it was made, with the receipts of now.

        A claim names no carrier when none could be asked. Then the carrier and the recipients that are left out are
        those of now.
        """
        request = self.loader.reload(request)
        if not claim.carrier:
            return request
        carrier = self.loader.find(claim.carrier)
        return replace(request, job=replace(request.job, carrier=carrier, left_out=claim.refused))

    def _finish(self, request: CarrierRequest, ended: Claim) -> None:
        """Finish a request whose end a late answer or a crashed run has recorded."""
        if any(rank(receipt.status) < rank(ReceiptStatus.FAILED) for receipt in request.receipts):
            self.settlement.finish(request, ended)

    def _fail(self, request: CarrierRequest, claim: Claim) -> int:
        """Fail a request whose fate stays unknown, with its left-out members."""
        failed = {
            receipt.address: claim.refused.get(receipt.address, error_codes.UNKNOWN)
            for receipt in request.receipts
            if receipt.status is ReceiptStatus.QUEUED
        }
        sends.give_up(self.table, request.reference, failed, self.clock())
        return len(failed.keys() - request.job.left_out.keys())

    def _accept(self, request: CarrierRequest, claim: Claim, found: FoundMessage) -> None:
        """Settle a request that its carrier turns out to have accepted."""
        reports = [
            ReportedStatus(addresses.canonicalize(report.recipient), report.status, report.error_code or 0)
            for report in found.reports
        ]
        self.settlement.accept(request, request.with_carrier_name(claim), found.accepted, reports)


def _find_at_carrier(request: CarrierRequest) -> FoundMessage | None:
    """Ask the carrier for a text, or find it by a report. Raises SendError."""
    carrier = request.job.carrier
    found = None if isinstance(carrier, CannotSend) else carrier.find(request.text, request.reported_id or "")
    return found or _find_by_report(request)


def _find_by_report(request: CarrierRequest) -> FoundMessage | None:
    """Return a text that a delivery report proves to be accepted.

    Only a report gives a receipt the carrier's id; members that were left out have none.
    """
    reported_id = request.reported_id
    return FoundMessage(Accepted(reported_id)) if reported_id else None
