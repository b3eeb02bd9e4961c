"""Settle requests: record what a carrier decided, and move the receipts accordingly.

The claim records how a request ended before anything follows from it. Each step can be repeated by any later attempt:
after a crash anywhere in between it comes to the same end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from partyline.carriers.base import Accepted
from partyline.domain import addresses
from partyline.domain.opt_outs import OptOutChannel
from partyline.domain.receipts import ReceiptStatus
from partyline.domain.sends import SendState
from partyline.frozen_classes import frozen, replace
from partyline.outbound import delivery_reports
from partyline.outbound.send_job import CarrierRequest
from partyline.storage import opt_outs, receipts, sends
from partyline.storage.receipts import ReportedStatus
from partyline.storage.sends import Claim
from partyline.storage.statements import Statement
from partyline.storage.table import Table


@frozen
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
        given = [*reports]
        if given:
            sends.record_accepted(self.table, request.reference, sent, self.clock(), given)
            self.finish(request, sent)
        else:
            self._finish(request, sent, [sends.accepting_statement(request.reference, sent, self.clock())])

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
        self._finish(request, ended, [])

    def _finish(self, request: CarrierRequest, ended: Claim, record: Sequence[Statement]) -> None:
        """Apply the end of a request, which `record` records in the same round trip if it is not recorded yet.

        After a crash anywhere a later attempt finds the end recorded and comes here again; or it does not, and a
        receipt with the carrier's message id proves that the carrier accepted the request.
        """
        # The opt-out of a recipient whose receipt has failed is recorded, and they may have opted in again since.
        failed = {receipt.address for receipt in request.receipts if receipt.status is ReceiptStatus.FAILED}
        opted_out = [address for address in ended.opted_out if address not in failed]
        if opted_out:
            self.table.execute_all(record)
            record = []
            self.record_opt_outs(request, opted_out)
        link = [] if ended.state is SendState.REFUSED else [sends.linking_statement(request.reference, ended)]
        effective = self.table.execute_all([*record, *link, *self._build_moves(request, ended)])
        if request.reference.send.parts > 1:
            self._move_parts(request, ended)
        if link:
            if not effective[len(record)]:
                sends.replace_link(self.table, request.reference, ended)
            self._apply_early_reports(request, ended)

    def record_opt_outs(self, request: CarrierRequest, opted_out: Iterable[str]) -> None:
        """Record opt-outs that a carrier knew of and we did not."""
        send = request.job.send
        for address in opted_out:
            opt_outs.record_carrier_opt_out(
                self.table, address, send.sender, OptOutChannel.CARRIER, request.reference.send, self.clock()
            )

    def _build_moves(self, request: CarrierRequest, ended: Claim) -> list[Statement]:
        """Build the statements that move the receipts of a request; none for those of a part."""
        reference = request.reference.send
        if reference.parts > 1:
            return []
        return [
            receipts.moving_statement(reference, moved, self.clock(), **_origin_of(moved, ended))
            for moved in _plan_moves(request, ended)
        ]

    def _move_parts(self, request: CarrierRequest, ended: Claim) -> None:
        """Move a part in each receipt of a request."""
        for moved in _plan_moves(request, ended):
            receipts.move(self.table, request.reference.send, moved, self.clock(), **_origin_of(moved, ended))

    def _apply_early_reports(self, request: CarrierRequest, ended: Claim) -> None:
        """Apply the reports that came before the pointer to the request was stored."""
        for reported in receipts.list_early_reports(self.table, ended.carrier, ended.carrier_message_id):
            delivery_reports.move_receipt(
                self.table,
                request.reference.send,
                replace(reported, recipient=ended.names.get(reported.recipient, reported.recipient)),
                self.clock(),
                carrier=ended.carrier,
                carrier_message_id=ended.carrier_message_id,
            )


def _plan_moves(request: CarrierRequest, ended: Claim) -> list[ReportedStatus]:
    """Plan how the receipts of a request move: those of refused recipients to `failed`, with their codes."""
    refused = dict(ended.refused)
    if ended.state is SendState.REFUSED:
        refused = {**dict.fromkeys(request.natives, ended.error_code), **refused}
    return [
        *(ReportedStatus(address, ReceiptStatus.FAILED, error_code) for address, error_code in refused.items()),
        *(ReportedStatus(address, ReceiptStatus.SENT) for address in request.natives if address not in refused),
    ]


def _origin_of(moved: ReportedStatus, ended: Claim) -> dict[str, str]:
    """Return what a receipt records of its carrier. One that failed without having been sent has none."""
    if moved.status is ReceiptStatus.FAILED:
        return {}
    return {"carrier": ended.carrier, "carrier_message_id": ended.carrier_message_id}
