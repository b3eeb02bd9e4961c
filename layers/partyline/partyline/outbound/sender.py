"""Send recorded messages, at most once into each thread.

A message is sent into each of its threads by a send of its own. A send waits for its turn
(partyline.outbound.rate_limiter), and for its files. Then it becomes one or more requests
(partyline.outbound.carrier_requester), each claimed, repeated and settled for itself:

    one for each part      of a text that is longer than its carrier takes: in order, the next once the one before was
                           accepted, or may have been
    one for each member    where the carrier takes one recipient a request

A text for which no attempt was made within MAX_AGE of its recording is not sent: its receipts end `failed` (30036). It
was lost on its way here, or waited behind others, and what it says may no longer be true.

A recipient who has opted out of the sending number is left out, with a receipt `failed` (21610). So is a contact who
wants no texts from any line (100610). The others then see a smaller thread on their handsets, which becomes an alias of
the conversation's. A group with a member without a number is refused without asking: no request can name them.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from partyline.carriers import error_codes
from partyline.carriers.base import OutboundMedia
from partyline.carriers.limits import Limits
from partyline.domain.messages import Message
from partyline.domain.sends import SendReference, SendState
from partyline.errors import MediaPending, MediaUnfinished
from partyline.frozen_classes import frozen, replace
from partyline.outbound.carrier_requester import CarrierRequester
from partyline.outbound.rate_limiter import RateLimiter, Turn
from partyline.outbound.send_attempt import NextStep, SendAttempt, build_retry
from partyline.outbound.send_job import CannotSend, SendJob, SendLoader
from partyline.storage import sends

# How many parts of a long text one attempt asks for, so that it ends in time.
PARTS_AT_ONCE = 5
# How long a text waits for a file that came in with it and is relayed to others. Then it is sent without.
MEDIA_PATIENCE = timedelta(minutes=5)

# How long after its recording the first attempt at a text may come.
MAX_AGE = timedelta(hours=4)

_TOO_OLD = CannotSend("no attempt was made for too long", error_codes.EXPIRED)
_CANNOT_CONTINUE = CannotSend("the line has moved to a carrier that cannot go on where the other stopped")


class AttachmentSource(Protocol):
    """Return the files of a message as a carrier of these limits takes them.

    Raises MediaPending while a file is still at the carrier that brought it, and MediaUnfinished while images are being
    scaled down.
    """

    def __call__(self, message: Message, limits: Limits, /, *, group: bool) -> tuple[OutboundMedia, ...]:
        """Return the files to send."""


@frozen
class Sender:
    """Send messages to carriers."""

    loader: SendLoader
    rate_limiter: RateLimiter
    attachments: AttachmentSource
    requester: CarrierRequester
    clock: Callable[[], datetime]

    def deliver(self, reference: SendReference, *, is_first: bool = False) -> SendAttempt:
        """Send one text, unless it was or may have been sent.

        `is_first` is whether its queue has not given it out before: then it is not expected to have a turn.

        Each of its requests leaves at most once. Raises only what the table and the attachments raise: what a carrier
        refuses is recorded in the receipts.
        """
        job = self.loader.load(reference, is_first=is_first)
        if job is None:
            return SendAttempt(NextStep.DONE, SendState.REFUSED, reason="the message was deleted before it left")
        if proven := self.requester.settle_proven(job.request()):
            return proven
        in_turn = self._wait_for_turn(job.without_carrier(_TOO_OLD) if self._is_too_old(job) else job)
        if isinstance(in_turn, SendAttempt):
            return in_turn
        complete = self._attach_files(in_turn)
        if isinstance(complete, SendAttempt):
            return complete
        return self._send_to_each(complete) if complete.is_one_by_one else self._send_parts(complete)

    def _is_too_old(self, job: SendJob) -> bool:
        """Whether a text was never attempted, and was recorded too long ago. Only an old one costs a read."""
        if self.clock() - job.message.recorded_at <= MAX_AGE or self.requester.may_have_left(job.message):
            return False
        return sends.find_last_sign(self.requester.table, job.reference, MAX_AGE) is None

    def _wait_for_turn(self, job: SendJob) -> SendJob | SendAttempt:
        """Return the job with its turn; or the attempt that waits for it."""
        if isinstance(job.carrier, CannotSend) or job.line is None or not job.send.natives.keys() - job.left_out.keys():
            # No request leaves, so it takes no turn and says nothing about the carrier.
            return job
        texts = len(job.recipients) * len(job.requests(job.plan_cuts()))
        turn = self.rate_limiter.take_turn(job.reference, job.line, texts, job.pace)
        if not turn.wait:
            return replace(job, turn=turn)
        if turn.is_out_of_patience:
            return job.without_carrier(_build_obstacle(turn))
        return build_retry("its turn has not come", delay=turn.wait, paced=True)

    def _attach_files(self, job: SendJob) -> SendJob | SendAttempt:
        """Return the job with its files; or the attempt that waits for them."""
        if isinstance(job.carrier, CannotSend) or not job.message.media:
            return job
        age = self.clock() - job.message.created
        try:
            media = self.attachments(job.message, job.carrier.limits, group=job.is_group)
        except MediaUnfinished:
            return build_retry("images are being made smaller", delay=1.0)
        except MediaPending as pending:
            if age < MEDIA_PATIENCE:
                return build_retry("media is on its way", delay=min(max(age.total_seconds(), 2.0), 60.0))
            media = pending.ready
        if not media and not job.message.recorded_body:
            return job.without_carrier(CannotSend("its media cannot be sent", error_codes.MEDIA_URL))
        return replace(job, media=media)

    def _send_to_each(self, job: SendJob) -> SendAttempt:
        """Make a request for each member. The send waits as long as one of them does."""
        if not self.requester.split(job.reference):
            # Another carrier sent it to all at once, or may have, at least in part.
            return self._send_parts(job.without_carrier(_CANNOT_CONTINUE))
        attempts = [
            self.requester.settle_proven(job.request(member)) or self._send_parts(job, member)
            for member in sorted(job.send.natives)
        ]
        return min(attempts, key=lambda attempt: attempt.urgency)

    def _send_parts(self, job: SendJob, member: str | None = None) -> SendAttempt:
        """Make one request for each part: none follows a part that is refused or waits."""
        first = self.requester.make(job.requests(job.plan_cuts(), member)[0])
        if first.claim.state is SendState.SPLIT:
            # Some members may have it by the line's earlier carrier, and a text to all would reach them twice.
            return self._send_to_each(job.without_carrier(_CANNOT_CONTINUE))
        attempts, asked = [first.attempt], int(first.claim.state is SendState.SENDING)
        for request in job.requests(first.claim.cuts, member)[1:]:
            if attempts[-1].step is NextStep.RETRY or attempts[-1].state is SendState.REFUSED:
                break
            if asked == PARTS_AT_ONCE:
                attempts.append(build_retry("its next parts are to follow"))
                break
            if proven := self.requester.settle_proven(request):
                attempts.append(proven)
                continue
            result = self.requester.make(request)
            attempts.append(result.attempt)
            asked += result.claim.state is SendState.SENDING
        # Of attempts that are equally urgent the last says how the text ended.
        return min(reversed(attempts), key=lambda attempt: attempt.urgency)


def _build_obstacle(turn: Turn) -> CannotSend:
    """Build the reason why a send is refused after nothing was sent for too long."""
    if turn.known.line.until:
        return CannotSend("the line's carrier takes no more", error_codes.QUEUE_OVERFLOW)
    return CannotSend("the carrier does not answer", error_codes.UNKNOWN)
