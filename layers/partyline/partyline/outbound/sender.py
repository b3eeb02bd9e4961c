"""Handing a recorded message to a carrier: at most once for each thread, whatever crashes or times out.

The send is claimed in the table before the carrier is asked. What follows depends on what the carrier said:

    its turn has not come           not claimed, looked at again then (partyline.outbound.rate_limiter)
    took it                         SENT, receipts `sent`, reports that were early are applied
    certainly not, for now          WAITING, tried again with backoff, at last refused; SENT when a report proves it
                                    wrong meanwhile
    certainly not, for good         REFUSED, receipts `failed`
    no answer, or a crash meanwhile UNKNOWN: never asked again; partyline.outbound.reconciler looks at it once more

Who has opted out of the sending number is left out, and their receipt is `failed` (21610). The others then see each
other as a smaller thread, which becomes the conversation's too. A carrier that takes one request a member gets one for
each, and each is claimed, tried again and settled for itself. So is each part of a text that is longer than its carrier
takes: in order, the next once the one before was taken, or may have been. A group with a member who has no number (a
text may have brought an e-mail address into it) is refused without asking: no request can name them.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from partyline import deadline
from partyline.carriers import error_codes
from partyline.carriers.base import Accepted, Carrier, OutboundMedia, OutboundText
from partyline.carriers.limits import Limits
from partyline.domain import addresses, long_texts, sids, threads
from partyline.domain.lines import Line
from partyline.domain.messages import Message
from partyline.domain.opt_outs import OptOutChannel
from partyline.domain.receipts import Receipt, ReceiptStatus
from partyline.domain.sends import Send, SendReference, SendState
from partyline.errors import (
    Ambiguous,
    MediaPending,
    MediaUnfinished,
    NotReady,
    Refused,
    SendError,
    Throttled,
    Unavailable,
)
from partyline.outbound import delivery_reports, rate_limiter
from partyline.storage import conversations, lines, messages, opt_outs, receipts, sends
from partyline.storage.messages import MessageWithReceipts
from partyline.storage.receipts import ReportedStatus
from partyline.storage.sends import Claim
from partyline.storage.table import Table

# With the backoff below a carrier has 12 to 24 minutes to come back; while it is left alone no attempt is made.
MAX_ATTEMPTS = 12
# How long a text waits while nothing of its line, or of its carrier, goes: by then that is more than a rush.
PATIENCE = timedelta(hours=4)
# For a text that is throttled while others go. With the backoff below that many attempts take longer than the patience.
MAX_THROTTLED = 100
_MAX_BACKOFF = 300.0
# How many parts of a long text are asked for in one attempt, so that it ends in time.
PARTS_AT_ONCE = 5
# Seconds that an invocation must have left when a request is begun: to connect, for two parts of an answer, and to
# record it. Otherwise the next attempt makes it.
REQUEST_SECONDS = 25
# How long a text waits for a picture that came in with it and goes on to others. Then it leaves without.
MEDIA_PATIENCE = timedelta(minutes=5)

Clock = Callable[[], datetime]
# Where reports go, from a carrier's name and a send's tag.
CallbackUrl = Callable[[str, str], str]


class AttachmentSource(Protocol):
    """What is sent along with a message by a carrier of these limits. Raises MediaPending while some of it is still on
    its way, and MediaUnfinished while it is being made ready."""

    def __call__(self, message: Message, limits: Limits, /, *, group: bool) -> tuple[OutboundMedia, ...]:
        """What a carrier is given."""


class NextStep(StrEnum):
    """What is to be done with a send after an attempt."""

    DONE = "done"
    AGAIN = "again"  # after `delay` seconds
    RECONCILE = "reconcile"  # look again once reports have had time to come


@dataclass(frozen=True, slots=True)
class SendAttempt:
    """How an attempt ended. `delay` is in seconds; `paced` is one that was not made, since its turn has not come."""

    step: NextStep
    state: SendState
    delay: float = 0.0
    reason: str = ""
    paced: bool = False


@dataclass(frozen=True, slots=True)
class Sender:
    """What sending works with. `carrier` finds a carrier by name; it raises LookupError for one that is not set up.
    `media` gives what is sent along with a message; `rate` is an account's, by carrier
    (partyline.outbound.rate_limiter)."""

    table: Table
    carrier: Callable[[str], Carrier]
    callback_url: CallbackUrl
    clock: Clock
    media: AttachmentSource
    rate: Callable[[str], str | None]

    @property
    def pacing(self) -> rate_limiter.RateLimiter:
        """What pacing works with."""
        return rate_limiter.RateLimiter(self.table, self.clock, self.rate)


@dataclass(frozen=True, slots=True)
class SendJob:
    """A send with everything that is needed to ask its carrier, so that nothing but asking is left to fail once it is
    claimed. `carrier` is None when it cannot be sent, for this `reason`; `out` are those who have opted out; `receipts`
    are the message's, as far as they have got. `cuts` are where the words are cut into parts, of which `reference`
    names one; the files go with the first."""

    reference: SendReference
    message: Message
    send: Send
    media: tuple[OutboundMedia, ...] = ()
    carrier: Carrier | None = None
    line: Line | None = None
    turn: rate_limiter.Turn | None = None
    reason: str = ""
    error_code: int = error_codes.SENDER_NOT_OURS
    callback_url: str = ""
    own: frozenset[str] = frozenset()
    out: frozenset[str] = frozenset()
    receipts: tuple[Receipt, ...] = ()
    cuts: tuple[int, ...] = ()

    @property
    def parts(self) -> tuple[str, ...]:
        """The words of each part."""
        return long_texts.split_parts(self.send.words(self.message.said), self.cuts)

    def text(self, member: str = "") -> OutboundText:
        """What the carrier is asked: to reach everybody who has not opted out, or one member and to name the others."""
        everybody = (member,) if member else tuple(one for one in self.send.recipients if one not in self.out)
        return OutboundText(
            sender=self.send.sender,
            recipients=everybody,
            text=self.parts[self.reference.part - 1],
            media=self.media if self.reference.part == 1 else (),
            tag=self.reference.tag,
            callback_url=self.callback_url,
            others=tuple(one for one in self.send.recipients if one != member) if member else (),
            own=self.own,
        )

    @property
    def recorded(self) -> str:
        """The fingerprint under which it was counted when it was recorded. What an earlier version
        has recorded is taken to have been as it is now."""
        return self.send.counted or threads.fingerprint(self.send.words(self.message.said), len(self.message.media))

    def natives(self, member: str = "") -> tuple[str, ...]:
        """Whose receipts a request is about."""
        return (member,) if member else tuple(self.send.natives)

    def receipts_of(self, member: str = "") -> list[Receipt]:
        """The receipts that a request is about, as far as its part has got."""
        thread = self.reference.thread
        about = {sids.receipt(self.message.sid, thread, address) for address in self.natives(member)}
        return [receipt.of(self.reference) for receipt in self.receipts if receipt.sid in about]

    def claim(self, member: str = "") -> Claim:
        """What is noted of a request before it is made."""
        out = dict.fromkeys(sorted(self.out & {*self.natives(member)}), error_codes.OPTED_OUT)
        carrier = self.carrier.name if self.carrier else ""
        return Claim(SendState.SENDING, carrier=carrier, refused=out, cuts=self.cuts)


def deliver(desk: Sender, reference: SendReference) -> SendAttempt:
    """Send one text, unless it was or may have been sent. At most one request leaves for it, or for each member.

    Raises only what the table raises; what the carrier does wrong ends in the receipts.
    """
    delivered = messages.fetch(desk.table, reference.conversation_sid, reference.message_sid)
    send = delivered.message.send(reference) if delivered else None
    if delivered is None or send is None:
        return SendAttempt(NextStep.DONE, SendState.REFUSED, reason="the message was deleted before it left")
    job = prepare(desk, reference, delivered, send)
    return _proven(desk, job) or _in_turn(desk, job)


def _in_turn(desk: Sender, job: SendJob) -> SendAttempt:
    """An attempt once its turn has come."""
    # Nobody is asked for a text to nobody, so it takes no turn, and says nothing of the carrier.
    if job.carrier and job.line and {*job.natives()} - job.out:
        texts = len(job.text().recipients) * len(_cut(desk, job).parts)
        turn = rate_limiter.take_turn(desk.pacing, job.reference, job.line, texts)
        if turn.wait and turn.waited >= PATIENCE.total_seconds():
            return _request(desk, _given_up(job, turn))
        if turn.wait:
            return SendAttempt(NextStep.AGAIN, SendState.WAITING, turn.wait, "its turn has not come", paced=True)
        job = replace(job, turn=turn)
    return _with_everything(desk, job)


def _given_up(job: SendJob, turn: rate_limiter.Turn) -> SendJob:
    """A send that is refused, since nothing has gone for too long."""
    full = turn.known.line.until
    reason = "the line's carrier takes no more" if full else "the carrier does not answer"
    return replace(
        job, carrier=None, reason=reason, error_code=error_codes.QUEUE_OVERFLOW if full else error_codes.UNKNOWN
    )


def _with_everything(desk: Sender, job: SendJob) -> SendAttempt:
    """An attempt once the files of the message are there, or have been waited for long enough."""
    is_group = len(job.send.recipients) > 1
    if job.carrier and job.message.media:
        age = desk.clock() - job.message.created
        try:
            media = desk.media(job.message, job.carrier.limits, group=is_group)
        except MediaUnfinished:
            return SendAttempt(NextStep.AGAIN, SendState.WAITING, delay=1.0, reason="images are being made smaller")
        except MediaPending as pending:
            if age < MEDIA_PATIENCE:
                delay = min(max(age.total_seconds(), 2.0), 60.0)
                return SendAttempt(NextStep.AGAIN, SendState.WAITING, delay=delay, reason="media is on its way")
            media = pending.ready
        job = _with_media(job, media)
    if job.carrier and job.carrier.limits.one_by_one and is_group:
        return _one_by_one(desk, job)
    return _request(desk, job)


def _with_media(job: SendJob, media: tuple[OutboundMedia, ...]) -> SendJob:
    """A message that has lost all it had to say is refused, not sent empty."""
    if media or job.message.said:
        return replace(job, media=media)
    return replace(job, carrier=None, reason="its media cannot be sent", error_code=error_codes.MEDIA_URL)


def prepare(desk: Sender, reference: SendReference, delivered: MessageWithReceipts, send: Send) -> SendJob:
    """What is known of a send but its media. A number that cannot send is refused as a carrier would."""
    job = SendJob(reference, delivered.message, send, receipts=delivered.receipts)
    known = lines.fetch_for_sends(desk.table, [send])
    line = known.lines.get(send.sender)
    if line is None:
        return replace(job, reason="the sending number is no longer a line")
    try:
        carrier = desk.carrier(line.carrier)
    except LookupError as error:
        return replace(job, reason=str(error))
    return replace(
        job,
        carrier=carrier,
        line=line,
        callback_url=desk.callback_url(line.carrier, reference.tag),
        own=frozenset(one.address for one in known.lines.values() if one.carrier == line.carrier) - {send.sender},
        out=frozenset() if send.confirms_opt_out else known.out_of(send),
    )


def _one_by_one(desk: Sender, job: SendJob) -> SendAttempt:
    """A request for each member. The send waits as long as one of them does."""
    claim = sends.record_split(desk.table, job.reference, desk.clock())
    if claim.state is not SendState.SPLIT:
        # It was, or may have been, sent as one by another carrier, at least in part.
        return _request(desk, replace(job, carrier=None, reason=job.reason or _CANNOT_GO_ON))
    return _most_urgent(
        [_proven(desk, job, member) or _request(desk, job, member) for member in sorted(job.send.natives)]
    )


def _most_urgent(attempts: Iterable[SendAttempt]) -> SendAttempt:
    return min(attempts, key=lambda attempt: (_URGENCY[attempt.step], attempt.delay))


_CANNOT_GO_ON = "the line has moved to a carrier that cannot go on where the other stopped"
_URGENCY = {NextStep.AGAIN: 0, NextStep.RECONCILE: 1, NextStep.DONE: 2}


def _proven(desk: Sender, job: SendJob, member: str = "") -> SendAttempt | None:
    """Settle a request that its carrier refused for now and then reported on: it was taken, and is not made again. None
    where there is still a request to make: no report came, or this is the first of several parts."""
    proof = next((one.carrier_message_id for one in job.receipts_of(member) if one.carrier_message_id), None)
    claim = sends.find(desk.table, job.reference, member) if proof else None
    if not proof or claim is None or claim.state is not SendState.WAITING:
        return None
    # A claim of an earlier version does not say whose it was.
    taken = replace(claim, carrier=claim.carrier or (job.carrier.name if job.carrier else ""))
    part = parts_of(desk, job, claim.cuts)[job.reference.part - 1]
    settled = record_acceptance(desk, part, taken, Accepted(proof), member)
    return None if part.reference.parts > 1 and part.reference.part == 1 else settled


def _request(desk: Sender, job: SendJob, member: str = "") -> SendAttempt:
    """The request of a text, or one for each of its parts: none follows a part that was refused or has to wait."""
    attempt, claim = _claimed(desk, _cut(desk, job), member)
    attempts, found = [attempt], [claim.state]
    for part in parts_of(desk, job, claim.cuts)[1:]:
        if attempt.step is NextStep.AGAIN or attempt.state is SendState.REFUSED:
            break
        if found.count(SendState.SENDING) == PARTS_AT_ONCE:
            attempts.append(SendAttempt(NextStep.AGAIN, SendState.WAITING, reason="its next parts are to follow"))
            break
        proven = _proven(desk, part, member)
        attempt, claim = (proven, Claim(SendState.SENT)) if proven else _claimed(desk, part, member)
        attempts.append(attempt)
        found.append(claim.state)
    # The last part that was asked for tells how the text ended.
    return _most_urgent(reversed(attempts))


def _cut(desk: Sender, job: SendJob) -> SendJob:
    """The first part of a text, by what its carrier takes now; the whole text where it takes that."""
    if job.carrier is None:
        return job
    limits = job.carrier.limits
    plain = len(job.text().recipients) == 1 and not (limits.one_by_one and len(job.send.recipients) > 1)
    return parts_of(desk, job, limits.cuts(job.send.words(job.message.said), plain=plain))[0]


def parts_of(desk: Sender, job: SendJob, cuts: tuple[int, ...]) -> list[SendJob]:
    """The parts of a text that is cut there; the whole text without cuts."""
    job = replace(job, cuts=cuts)
    return [_part(desk, job, number) for number in range(1, len(job.parts) + 1)]


def _part(desk: Sender, job: SendJob, number: int) -> SendJob:
    reference = replace(job.reference, part=number, parts=len(job.parts))
    callback_url = desk.callback_url(job.line.carrier, reference.tag) if job.line and job.callback_url else ""
    return replace(job, reference=reference, callback_url=callback_url)


def _claimed(desk: Sender, job: SendJob, member: str) -> tuple[SendAttempt, Claim]:
    """One request: claimed, and then asked or settled; and the claim, which tells how its text was cut first."""
    if deadline.seconds_left() < REQUEST_SECONDS:
        # It would be ended while the carrier answers, and what became of the request would be unknown.
        return SendAttempt(NextStep.AGAIN, SendState.WAITING, reason="too little time is left"), Claim(
            SendState.WAITING
        )
    claim = sends.claim(desk.table, job.reference, job.claim(member), desk.clock(), member)
    if claim.state is SendState.SENDING:
        return _ask(desk, job, claim, member), claim
    return _found(desk, parts_of(desk, job, claim.cuts)[job.reference.part - 1], claim, member), claim


def _found(desk: Sender, job: SendJob, claim: Claim, member: str = "") -> SendAttempt:
    """What an earlier attempt left: it may have died between recording the carrier's answer and moving the receipts."""
    match claim.state:
        case SendState.SENT | SendState.REFUSED:
            return finish(desk, job, claim, member)
        case SendState.SPLIT:
            # Some members may have it by the carrier that the line had, and a text to all would reach them twice.
            return _one_by_one(desk, replace(job, carrier=None, reason=job.reason or _CANNOT_GO_ON))
        case _:
            sends.record_unknown(desk.table, job.reference, desk.clock(), member)
            return SendAttempt(NextStep.RECONCILE, SendState.UNKNOWN, reason="an earlier attempt did not come back")


def _ask(desk: Sender, job: SendJob, claim: Claim, member: str) -> SendAttempt:
    """Ask the carrier, unless it cannot be asked, and record what comes of it before anything else."""
    if job.carrier is None:
        return _not_sent(desk, job, claim, member, Refused(job.reason, error_code=job.error_code))
    if len(claim.refused) == len(job.natives(member)):
        refused = Refused("everybody has opted out", error_code=error_codes.OPTED_OUT)
        return _not_sent(desk, job, claim, member, refused)
    text = job.text(member)
    unreachable = tuple(one for one in (*text.recipients, *text.others) if not addresses.is_number(one))
    if unreachable:
        # A text may have brought them into the group. They are named as a carrier would write them.
        named = {addresses.format_address(one): error_codes.INVALID_RECIPIENT for one in unreachable}
        refused = Refused("members without a number", recipients=named)
        return _not_sent(desk, job, claim, member, refused)
    _announce(desk, job, claim, member)
    try:
        accepted = job.carrier.send(text)
    except Ambiguous as error:
        sends.record_unknown(desk.table, job.reference, desk.clock(), member)
        _tell_pace(desk, job, error)
        return SendAttempt(NextStep.RECONCILE, SendState.UNKNOWN, reason=str(error))
    except SendError as error:
        attempt = _not_sent(desk, job, claim, member, error)
        return replace(attempt, delay=max(_tell_pace(desk, job, error), attempt.delay))
    attempt = record_acceptance(desk, job, claim, accepted, member)
    _tell_pace(desk, job)
    return attempt


def _tell_pace(desk: Sender, job: SendJob, error: SendError | None = None) -> float:
    """Have the pace follow what the carrier said, or did not; how long the line rests, in seconds."""
    if job.turn is None:
        return 0.0
    known = job.turn.known
    match error:
        case Throttled():
            return rate_limiter.record_throttled(desk.pacing, job.reference, known, error.retry_after)
        case Ambiguous() | Unavailable() if not isinstance(error, NotReady):
            rate_limiter.record_no_answer(desk.pacing, known)
        case _:
            rate_limiter.record_success(desk.pacing, known)
    return 0.0


def _announce(desk: Sender, job: SendJob, claim: Claim, member: str) -> None:
    """Prepare for what comes back of a text that does not leave as it was recorded: to fewer people, in parts, with
    fewer files, or with words that came late. Without members who are left out, handsets show a smaller thread: it is
    claimed, unless it is another conversation's. The copies that our other numbers will see, of the text or of each
    part of a long one, are counted as our own."""
    text = job.text(member)
    thread = threads.build_key([job.send.sender, *job.text().recipients]) if claim.refused else job.send.thread
    leaving = threads.fingerprint(text.text, len(text.media))
    counted = {(job.send.thread, job.recorded), claim.counted}
    try:
        if claim.refused:
            conversations.claim_alias_thread(desk.table, job.message.conversation_sid, thread, desk.clock())
        if (thread, leaving) not in counted and not threads.is_pair(thread):
            copies = messages.count_own(text.sender, thread, leaving, desk.clock())
            sends.count_copies(desk.table, job.reference, copies, (thread, leaving))
    except Exception:
        # Nobody was asked: a table that is busy must not cost the text.
        sends.record_waiting(desk.table, job.reference, desk.clock(), member)
        raise


def _not_sent(desk: Sender, job: SendJob, claim: Claim, member: str, error: SendError) -> SendAttempt:
    """The carrier certainly did not take it."""
    # A recipient that the carrier names fails for the reason given, the others for that of the whole request.
    named = error.recipients if isinstance(error, Refused) else {}
    refused = {addresses.canonicalize(recipient): error_code for recipient, error_code in named.items()}
    may_try = claim.attempt < MAX_ATTEMPTS
    if isinstance(error, Throttled):
        is_patient = job.turn is None or job.turn.waited < PATIENCE.total_seconds()
        may_try = is_patient and claim.attempt < MAX_THROTTLED
    if _new_opt_outs(job, refused) and len(refused) < len(job.natives(member)) and may_try:
        # Nobody got it. The next attempt leaves out those who do not want it, and the others get theirs.
        sends.record_waiting(desk.table, job.reference, desk.clock(), member)
        _learn(desk, job, _new_opt_outs(job, refused))
        return SendAttempt(NextStep.AGAIN, SendState.WAITING, reason="the carrier knows of members who have opted out")
    if error.retryable and may_try:
        sends.record_waiting(desk.table, job.reference, desk.clock(), member)
        return SendAttempt(NextStep.AGAIN, SendState.WAITING, delay=_backoff(claim.attempt), reason=str(error))
    ended = Claim(
        SendState.REFUSED,
        error_code=error.error_code,
        refused={**refused, **claim.refused},
        opted_out=tuple(_new_opt_outs(job, refused)),
    )
    sends.record_refused(desk.table, job.reference, ended, desk.clock(), member)
    return replace(finish(desk, job, ended, member), reason=str(error))


def _new_opt_outs(job: SendJob, refused: Mapping[str, int]) -> list[str]:
    """Whom a carrier does not reach because they have told it to stop, and we had not known."""
    if job.send.confirms_opt_out:
        return []
    return [one for one, error_code in refused.items() if error_code == error_codes.OPTED_OUT and one not in job.out]


def _learn(desk: Sender, job: SendJob, opted_out: Iterable[str]) -> None:
    for address in opted_out:
        opt_outs.record_carrier_opt_out(
            desk.table, address, job.send.sender, OptOutChannel.CARRIER, job.reference, desk.clock()
        )


def record_acceptance(
    desk: Sender, job: SendJob, claim: Claim, accepted: Accepted, member: str, reports: Iterable[ReportedStatus] = ()
) -> SendAttempt:
    """Record that a carrier took what it was asked for, so that its reports are known, with those that it has given
    already; and settle it."""
    refused = {addresses.canonicalize(one): error_code for one, error_code in accepted.refused.items()}
    names = {addresses.canonicalize(name): recipient for name, recipient in accepted.names.items()}
    sent = replace(
        claim,
        state=SendState.SENT,
        carrier_message_id=accepted.id,
        refused={**claim.refused, **refused},
        names=names,
        opted_out=tuple(_new_opt_outs(job, refused)),
    )
    sends.record_accepted(desk.table, job.reference, sent, desk.clock(), member, reports)
    return finish(desk, job, sent, member)


def finish(desk: Sender, job: SendJob, claim: Claim, member: str) -> SendAttempt:
    """Do what follows from how a send has ended, which its claim records. It may be done again by any attempt:
    after a crash anywhere in between it comes to the same end."""
    # Those whose receipt has failed were learned of before, and may want texts again by now.
    failed = {receipt.address for receipt in job.receipts_of(member) if receipt.status is ReceiptStatus.FAILED}
    _learn(desk, job, (address for address in claim.opted_out if address not in failed))
    fail_receipts(desk, job.reference, claim.refused)
    if claim.state is SendState.REFUSED:
        fail_receipts(desk, job.reference, dict.fromkeys(job.natives(member), claim.error_code))
    else:
        _move_on(desk, job, claim, member)
    return SendAttempt(NextStep.DONE, claim.state)


def _move_on(desk: Sender, job: SendJob, claim: Claim, member: str) -> None:
    """Move the receipts of a send that the carrier took: to `sent`, and on to what was reported before."""
    early = receipts.list_early_reports(desk.table, claim.carrier, claim.carrier_message_id)
    for reported in (
        *(ReportedStatus(address, ReceiptStatus.SENT) for address in job.natives(member)),
        *(replace(one, recipient=claim.names.get(one.recipient, one.recipient)) for one in early),
    ):
        delivery_reports.move_receipt(
            desk.table,
            job.reference,
            reported,
            desk.clock(),
            carrier=claim.carrier,
            carrier_message_id=claim.carrier_message_id,
        )


def fail_receipts(desk: Sender, reference: SendReference, recipients: Mapping[str, int]) -> int:
    """Fail some recipients' receipts, each with Twilio's code of the reason; how many had not got as far."""
    failed = (
        ReportedStatus(recipient, ReceiptStatus.FAILED, error_code) for recipient, error_code in recipients.items()
    )
    return sum(receipts.move(desk.table, reference, reported, desk.clock()) for reported in failed)


def _backoff(attempt: int) -> float:
    """Seconds until the next attempt: a doubling with jitter, which spreads the lines; never more than _MAX_BACKOFF."""
    return min(2.0**attempt, _MAX_BACKOFF) * random.uniform(0.5, 1.0)  # noqa: S311  (jitter, not secrecy)
