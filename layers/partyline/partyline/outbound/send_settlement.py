"""Settle requests: record what a carrier decided, and move the receipts accordingly.

The claim records how a request ended before anything follows from it. Each step can be repeated by any later attempt:
after a crash anywhere in between it comes to the same end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from partyline.carriers.base import Accepted
from partyline.domain import addresses
from partyline.domain.opt_outs import OptOutChannel
from partyline.domain.receipts import ReceiptStatus
from partyline.domain.sends import SendReference, SendState
from partyline.outbound import delivery_reports
from partyline.outbound.send_job import CarrierRequest
from partyline.storage import opt_outs, receipts, sends
from partyline.storage.receipts import ReportedStatus
from partyline.storage.sends import Claim
from partyline.storage.table import Table


@dataclass(frozen=True, slots=True)
class SendSettlement:
    """Record the end of requests, and apply it to receipts and opt-outs."""

    table: Table
    clock: Callable[[], datetime]

    def accept(
        self, request: CarrierRequest, claim: Claim, accepted: Accepted, reports: Iterable[ReportedStatus] = ()
    ) -> None:
        """Record that a carrier accepted a request, and finish it.

        From now on its delivery reports find the receipts. `reports` are statuses that the carrier has given already.
        """
        refused = {addresses.canonicalize(one): error_code for one, error_code in accepted.refused.items()}
        names = {addresses.canonicalize(name): recipient for name, recipient in accepted.names.items()}
        sent = replace(
            claim,
            state=SendState.SENT,
            carrier_message_id=accepted.id,
            refused={**claim.refused, **refused},
            names=names,
            opted_out=request.find_new_opt_outs(refused),
        )
        sends.record_accepted(self.table, request.reference, sent, self.clock(), reports)
        self.finish(request, sent)

    def refuse(self, request: CarrierRequest, claim: Claim, error_code: int, refused: Mapping[str, int]) -> None:
        """Record that a request was refused for good, and finish it.

        `error_code` is that of the request, `refused` has those of the recipients that the carrier named.
        """
        ended = Claim(
            SendState.REFUSED,
            error_code=error_code,
            refused={**refused, **claim.refused},
            opted_out=request.find_new_opt_outs(refused),
        )
        sends.record_refused(self.table, request.reference, ended, self.clock())
        self.finish(request, ended)

    def finish(self, request: CarrierRequest, ended: Claim) -> None:
        """Apply the recorded end of a request to its receipts and opt-outs. Can be repeated."""
        # The opt-out of a recipient whose receipt has failed is recorded, and they may have opted in again since.
        failed = {receipt.address for receipt in request.receipts if receipt.status is ReceiptStatus.FAILED}
        self.record_opt_outs(request, (address for address in ended.opted_out if address not in failed))
        self._fail_receipts(request.reference.send, ended.refused)
        if ended.state is SendState.REFUSED:
            self._fail_receipts(request.reference.send, dict.fromkeys(request.natives, ended.error_code))
        else:
            self._advance_receipts(request, ended)

    def record_opt_outs(self, request: CarrierRequest, opted_out: Iterable[str]) -> None:
        """Record opt-outs that a carrier knew of and we did not."""
        send = request.job.send
        for address in opted_out:
            opt_outs.record_carrier_opt_out(
                self.table, address, send.sender, OptOutChannel.CARRIER, request.reference.send, self.clock()
            )

    def _fail_receipts(self, reference: SendReference, recipients: Mapping[str, int]) -> None:
        """Fail receipts, each with Twilio's error code, unless they are further already."""
        for recipient, error_code in recipients.items():
            failed = ReportedStatus(recipient, ReceiptStatus.FAILED, error_code)
            receipts.move(self.table, reference, failed, self.clock())

    def _advance_receipts(self, request: CarrierRequest, ended: Claim) -> None:
        """Link the carrier's id, move the receipts of an accepted request to `sent`, and apply early reports."""
        sends.link_carrier_id(self.table, request.reference, ended)
        early = receipts.list_early_reports(self.table, ended.carrier, ended.carrier_message_id)
        for reported in (
            *(ReportedStatus(address, ReceiptStatus.SENT) for address in request.natives),
            *(replace(one, recipient=ended.names.get(one.recipient, one.recipient)) for one in early),
        ):
            delivery_reports.move_receipt(
                self.table,
                request.reference.send,
                reported,
                self.clock(),
                carrier=ended.carrier,
                carrier_message_id=ended.carrier_message_id,
            )
