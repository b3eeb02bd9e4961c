"""Make one request to a carrier, at most once: claim it, ask, settle the answer.

The claim is written before the carrier is asked. What follows depends on the carrier:

    it accepted                     SENT, receipts `sent`, reports that came early are applied
    certainly not, for now          WAITING, repeated with backoff, refused in the end; SENT when a report proves
                                    meanwhile that the carrier had accepted
    certainly not, for good         REFUSED, receipts `failed`
    no answer, or a crash meanwhile UNKNOWN, never asked again; partyline.outbound.reconciler settles it
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta

from partyline import deadline
from partyline.carriers.base import Accepted, Carrier
from partyline.domain import addresses, threads
from partyline.domain.copies import hash_content
from partyline.domain.messages import Message
from partyline.domain.sends import SendReference, SendState
from partyline.errors import Ambiguous, NotReady, Refused, SendError, Throttled, Unavailable
from partyline.frozen_classes import frozen, replace
from partyline.outbound.rate_limiter import RateLimiter
from partyline.outbound.send_attempt import NextStep, SendAttempt, build_retry
from partyline.outbound.send_job import CannotSend, CarrierRequest
from partyline.outbound.send_settlement import SendSettlement
from partyline.storage import copies, memberships, sends
from partyline.storage.sends import Claim
from partyline.storage.table import Table

# With the backoff below a carrier has 12 to 24 minutes to recover; while it is paused no attempt is made.
MAX_ATTEMPTS = 12
# For a text that is throttled while others are sent. With the backoff below so many attempts exceed the patience.
MAX_THROTTLED = 100
# Seconds that an invocation must have left when a request begins: to connect, to read an answer in two parts, and to
# record it. With less, the next attempt makes the request.
REQUEST_SECONDS = 25
_MAX_BACKOFF = 300.0


@frozen
class RequestResult:
    """The outcome of one request.

    `claim` says how the text was cut first, and whether this attempt asked (SENDING).
    """

    attempt: SendAttempt
    claim: Claim


@frozen
class CarrierRequester:
    """Make requests to carriers, each at most once.

    `restored_at` returns when the table was restored from a backup, None when it was not. The table does not know which
    texts left between the backup and then. So what was recorded before is not asked for, and the carrier is asked
    whether it has it.
    """

    table: Table
    clock: Callable[[], datetime]
    settlement: SendSettlement
    rate_limiter: RateLimiter
    restored_at: Callable[[], datetime | None]

    def may_have_left(self, message: Message) -> bool:
        """Whether a message may have been sent in a past that the table does not know of."""
        restored_at = self.restored_at()
        return restored_at is not None and message.recorded_at <= restored_at

    def settle_proven(self, request: CarrierRequest) -> SendAttempt | None:
        """Settle a waiting request that a report proves to be accepted.

        The carrier had answered that it did not accept it, and was wrong. Returns None where a request is still to be
        made: no report came, or this is the first of several parts.
        """
        reported_id = request.reported_id
        claim = sends.find(self.table, request.reference) if reported_id else None
        if not reported_id or claim is None or claim.state is not SendState.WAITING:
            return None
        part = request.with_cuts(claim.cuts)
        self.settlement.accept(part, request.with_carrier_name(claim), Accepted(reported_id))
        reference = part.reference.send
        has_more = reference.parts > 1 and reference.part == 1
        return None if has_more else SendAttempt(NextStep.DONE, SendState.SENT)

    def split(self, reference: SendReference) -> bool:
        """Record that each member gets a request of their own.

        False when all got one, or may have got one.
        """
        return sends.record_split(self.table, reference, self.clock()).state is SendState.SPLIT

    def make(self, request: CarrierRequest) -> RequestResult:
        """Claim a request, ask the carrier and settle the answer.

        A request that an earlier attempt has made is settled by what that recorded. The carrier is not asked when too
        little time is left, when it is slow and has no slot free, or when the request is refused without it.
        """
        if deadline.seconds_left() < REQUEST_SECONDS:
            # The function could end before the answer, and the fate of the request would be unknown.
            return RequestResult(build_retry("too little time is left"), Claim(SendState.WAITING))
        turn = request.job.turn
        if turn is None:
            return self._make_in_slot(request)
        slot = self.rate_limiter.take_slot(turn.known)
        if slot is None:
            delay = self.rate_limiter.wait_for_slot(request.job.reference, turn.known)
            return RequestResult(build_retry("its carrier is slow", delay=delay, paced=True), Claim(SendState.WAITING))
        try:
            return self._make_in_slot(request)
        finally:
            self.rate_limiter.give_back_slot(turn.known, slot)

    def _make_in_slot(self, request: CarrierRequest) -> RequestResult:
        may_have_left = self.may_have_left(request.job.message)
        claim = sends.claim(
            self.table, request.reference, request.build_claim(), self.clock(), may_have_left=may_have_left
        )
        if claim.state is not SendState.SENDING:
            return RequestResult(self._resume(request.with_cuts(claim.cuts), claim), claim)
        return RequestResult(self._make_claimed(request, claim), claim)

    def _make_claimed(self, request: CarrierRequest, claim: Claim) -> SendAttempt:
        carrier = request.job.carrier
        if isinstance(carrier, CannotSend):
            return self._settle_unsent(request, claim, carrier.to_refusal())
        if refusal := request.find_refusal(claim):
            return self._settle_unsent(request, claim, refusal)
        self._prepare_copies(request, claim)
        return self._ask(carrier, request, claim)

    def _resume(self, request: CarrierRequest, claim: Claim) -> SendAttempt:
        """Settle what an earlier attempt has recorded: it may have crashed before it did."""
        match claim.state:
            case SendState.SENT | SendState.REFUSED:
                self.settlement.finish(request, claim)
                return SendAttempt(NextStep.DONE, claim.state)
            case SendState.SPLIT:
                return build_retry("each member gets a request of their own")
            case _:
                return self._record_unknown(request, "an earlier attempt did not come back")

    def _ask(self, carrier: Carrier, request: CarrierRequest, claim: Claim) -> SendAttempt:
        """Ask the carrier, and record its answer before anything else."""
        began = self.clock()
        try:
            accepted = carrier.send(request.text)
        except SendError as error:
            took = self.clock() - began
            return self._settle_error(request, claim, error, took)
        took = self.clock() - began
        self.settlement.accept(request, claim, accepted)
        self._adjust_rate(request, took)
        return SendAttempt(NextStep.DONE, SendState.SENT)

    def _settle_error(self, request: CarrierRequest, claim: Claim, error: SendError, took: timedelta) -> SendAttempt:
        if isinstance(error, Ambiguous):
            attempt = self._record_unknown(request, str(error))
            self._adjust_rate(request, took, error)
            return attempt
        attempt = self._settle_unsent(request, claim, error)
        return replace(attempt, delay=max(self._adjust_rate(request, took, error), attempt.delay))

    def _record_unknown(self, request: CarrierRequest, reason: str) -> SendAttempt:
        sends.record_unknown(self.table, request.reference, self.clock())
        return SendAttempt(NextStep.RECONCILE, SendState.UNKNOWN, reason=reason)

    def _settle_unsent(self, request: CarrierRequest, claim: Claim, error: SendError) -> SendAttempt:
        """Repeat or refuse a request that the carrier certainly did not accept."""
        # Recipients that the carrier names fail with their own codes, the others with the code of the request.
        named = error.recipients if isinstance(error, Refused) else {}
        refused = {addresses.canonicalize(recipient): error_code for recipient, error_code in named.items()}
        if _may_retry(request, claim, error):
            new_opt_outs = request.find_new_opt_outs(refused)
            if new_opt_outs and len(refused) < len(request.natives):
                # No recipient got the text. The next attempt leaves these out, and the others get it.
                sends.record_waiting(self.table, request.reference, self.clock())
                self.settlement.record_opt_outs(request, new_opt_outs)
                return build_retry("the carrier knows of members who have opted out")
            if error.retryable:
                sends.record_waiting(self.table, request.reference, self.clock())
                return build_retry(str(error), delay=_backoff(claim.attempt))
        self.settlement.refuse(request, claim, error.error_code, refused)
        return SendAttempt(NextStep.DONE, SendState.REFUSED, reason=str(error))

    def _adjust_rate(self, request: CarrierRequest, took: timedelta, error: SendError | None = None) -> float:
        """Adjust the rate limiter to an answer; return how many seconds the line pauses."""
        turn = request.job.turn
        if turn is None:
            return 0.0
        self.rate_limiter.record_duration(turn.known, took)
        match error:
            case Throttled():
                return self.rate_limiter.record_throttled(request.job.reference, turn.known, error.retry_after)
            case Ambiguous() | Unavailable() if not isinstance(error, NotReady):
                self.rate_limiter.record_no_answer(turn.known)
            case _:
                self.rate_limiter.record_success(turn.known)
        return 0.0

    def _prepare_copies(self, request: CarrierRequest, claim: Claim) -> None:
        """Prepare for the copies of a text that leaves otherwise than it was recorded.

        That is: to fewer recipients, in parts, with fewer files, or with words that arrived late. Without the
        recipients that are left out, handsets show a smaller thread: the conversation claims it as an alias, unless
        another conversation has it. The copies that our other numbers receive, of the text or of each part, are counted
        as our own.
        """
        job, text = request.job, request.text
        thread = threads.build_key([job.send.sender, *text.recipients]) if claim.refused else job.send.thread
        fingerprint = hash_content(text.text, len(text.media))
        counted = {(job.send.thread, job.recorded_fingerprint), claim.counted}
        try:
            if claim.refused:
                memberships.claim_alias_thread(self.table, job.message.conversation_sid, thread, self.clock())
            if (thread, fingerprint) not in counted and not threads.is_pair(thread):
                counts = copies.build_own_write(text.sender, thread, fingerprint, self.clock())
                sends.count_copies(self.table, request.reference.send, counts, (thread, fingerprint))
        except Exception:
            # The carrier was not asked: a busy table must not cost the text.
            sends.record_waiting(self.table, request.reference, self.clock())
            raise


def _may_retry(request: CarrierRequest, claim: Claim, error: SendError) -> bool:
    if isinstance(error, Throttled):
        turn = request.job.turn
        return (turn is None or not turn.is_out_of_patience) and claim.attempt < MAX_THROTTLED
    return claim.attempt < MAX_ATTEMPTS


def _backoff(attempt: int) -> float:
    """Return the seconds until the next attempt: doubling to a limit, with jitter."""
    return min(2.0**attempt, _MAX_BACKOFF) * random.uniform(0.5, 1.0)  # noqa: S311  (jitter, not secrecy)
