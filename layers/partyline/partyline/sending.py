"""Handing a recorded message to a carrier: at most once for each thread, whatever crashes or times out.

The send is claimed in the table before the carrier is asked. What follows depends on what the carrier said:

    took it                         SENT, receipts `sent`, reports that were early are applied
    certainly not, for now          WAITING, tried again with backoff, at last refused
    certainly not, for good         REFUSED, receipts `failed`
    no answer, or a crash meanwhile UNKNOWN: never asked again. Reports that carry our tag may still settle it; after
                                    the time for reconciling, receipts that nobody settled are `failed` (30008), or
                                    `sent` when a report of another recipient proves that the carrier took it
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from partyline import addresses, sids
from partyline.carriers import codes
from partyline.carriers.port import Accepted, Carrier, OutboundMedia, OutboundText
from partyline.errors import Ambiguous, Refused, SendError, Throttled
from partyline.model import Message, Send, SendReference
from partyline.states import ReceiptStatus, SendState
from partyline.store import lines, messages, receipts, sends
from partyline.store.receipts import Reported
from partyline.store.sends import Claim
from partyline.store.table import Table

# With the backoff below a carrier has 12 to 24 minutes to come back.
MAX_ATTEMPTS = 12
_MAX_BACKOFF = 300.0

Clock = Callable[[], datetime]
# Where reports go, from a carrier's name and a send's tag.
CallbackUrl = Callable[[str, str], str]
# Asks a carrier, once: its name and its answer. Raises SendError.
Ask = Callable[[], tuple[str, Accepted]]


class Step(StrEnum):
    """What is to be done with a send after an attempt."""

    DONE = "done"
    AGAIN = "again"  # after `delay` seconds
    RECONCILE = "reconcile"  # look again once reports have had time to come


@dataclass(frozen=True, slots=True)
class Attempt:
    """How an attempt ended. `delay` is in seconds."""

    step: Step
    state: SendState
    delay: float = 0.0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Desk:
    """What sending works with. `carrier` finds a carrier by name; it raises LookupError for one that is not set up.
    `media` gives what is sent along with a message."""

    table: Table
    carrier: Callable[[str], Carrier]
    callback_url: CallbackUrl
    clock: Clock
    media: Callable[[Message], tuple[OutboundMedia, ...]]


def deliver(desk: Desk, reference: SendReference) -> Attempt:
    """Send one text, unless it was or may have been sent. At most one request leaves.

    Raises only what the table raises; what the carrier does wrong ends in the receipts.
    """
    delivered = messages.fetch(desk.table, reference.conversation_sid, reference.message_sid)
    send = delivered.message.send(reference) if delivered else None
    if delivered is None or send is None:
        return Attempt(Step.DONE, SendState.REFUSED, reason="the message was deleted before it left")
    ask = _prepare(desk, reference, delivered.message, send)
    claim = sends.claim(desk.table, reference, desk.clock())
    match claim.state:
        case SendState.SENDING:
            return _ask(desk, reference, send, claim.attempt, ask)
        # An earlier attempt may have died between recording the carrier's answer and moving the receipts.
        case SendState.SENT:
            return _settle_sent(desk, reference, send, claim)
        case SendState.REFUSED:
            return _settle_refused(desk, reference, send, claim)
        case _:
            sends.unknown(desk.table, reference, desk.clock())
            return Attempt(Step.RECONCILE, SendState.UNKNOWN, reason="an earlier attempt did not come back")


def give_up(desk: Desk, reference: SendReference) -> int:
    """End a send that nobody knows the fate of: receipts that no report has settled become `failed` (30008), or `sent`
    when a report of another recipient proves that the carrier took it.

    Returns how many failed. Repeats, and receipts that a report has moved, change nothing.
    """
    delivered = messages.fetch(desk.table, reference.conversation_sid, reference.message_sid)
    send = delivered.message.send(reference) if delivered else None
    if delivered is None or send is None:
        return 0
    of_send = {sids.receipt(reference.message_sid, reference.thread, address) for address in send.natives}
    known = [receipt for receipt in delivered.receipts if receipt.sid in of_send]
    waiting = [receipt.address for receipt in known if receipt.status is ReceiptStatus.QUEUED]
    if len(waiting) == len(known):
        return _fail(desk, reference, dict.fromkeys(waiting, codes.UNKNOWN))
    for address in waiting:
        receipts.move(desk.table, reference, Reported(address, ReceiptStatus.SENT), desk.clock())
    return 0


def _prepare(desk: Desk, reference: SendReference, message: Message, send: Send) -> Ask:
    """Everything that is needed to ask the carrier of the sending line, so that nothing but asking is left to fail
    once the send is claimed. A number that cannot send is refused as a carrier would."""
    line = lines.find(desk.table, [send.sender]).get(send.sender)
    if line is None:
        return _refusing("the sending number is no longer a line")
    try:
        carrier = desk.carrier(line.carrier)
    except LookupError as error:
        return _refusing(str(error))
    text = OutboundText(
        sender=send.sender,
        recipients=send.recipients,
        text=message.said or "",
        media=desk.media(message),
        tag=reference.tag,
        callback_url=desk.callback_url(line.carrier, reference.tag),
    )
    return lambda: (line.carrier, carrier.send(text))


def _refusing(reason: str) -> Ask:
    def ask() -> tuple[str, Accepted]:
        raise Refused(reason, error_code=codes.SENDER_NOT_OURS)

    return ask


def _ask(desk: Desk, reference: SendReference, send: Send, attempt: int, ask: Ask) -> Attempt:
    try:
        carrier, accepted = ask()
    except Ambiguous as error:
        sends.unknown(desk.table, reference, desk.clock())
        return Attempt(Step.RECONCILE, SendState.UNKNOWN, reason=str(error))
    except SendError as error:
        if error.retryable and attempt < MAX_ATTEMPTS:
            sends.waiting(desk.table, reference, desk.clock())
            return Attempt(Step.AGAIN, SendState.WAITING, delay=_backoff(attempt, error), reason=str(error))
        # Whom the carrier names fails for its reason, the others because the whole request was refused.
        named = error.recipients if isinstance(error, Refused) else ()
        refused = {addresses.canonical(recipient): error.error_code for recipient in named}
        error_code = codes.UNKNOWN if refused else error.error_code
        sends.refused(desk.table, reference, error_code=error_code, refused=refused, now=desk.clock())
        claim = Claim(SendState.REFUSED, error_code=error_code, refused=refused)
        return replace(_settle_refused(desk, reference, send, claim), reason=str(error))
    refused = {addresses.canonical(recipient): error_code for recipient, error_code in accepted.refused.items()}
    sends.accepted(
        desk.table, reference, carrier=carrier, carrier_message_id=accepted.id, refused=refused, now=desk.clock()
    )
    claim = Claim(SendState.SENT, carrier=carrier, carrier_message_id=accepted.id, refused=refused)
    return _settle_sent(desk, reference, send, claim)


def _settle_sent(desk: Desk, reference: SendReference, send: Send, claim: Claim) -> Attempt:
    """Move the receipts of a send that the carrier took: to `sent`, and on to what was reported before. Repeatable."""
    _fail(desk, reference, claim.refused)

    def move(reported: Reported) -> None:
        channel_message_sid = sids.channel_message(claim.carrier, claim.carrier_message_id, reported.recipient)
        receipts.move(desk.table, reference, reported, desk.clock(), channel_message_sid=channel_message_sid)

    for address in send.natives:
        move(Reported(address, ReceiptStatus.SENT))
    for early in receipts.early_reports(desk.table, claim.carrier, claim.carrier_message_id):
        move(early)
    return Attempt(Step.DONE, SendState.SENT)


def _settle_refused(desk: Desk, reference: SendReference, send: Send, claim: Claim) -> Attempt:
    """Fail the receipts of a send that the carrier refused. Repeatable."""
    _fail(desk, reference, claim.refused)
    _fail(desk, reference, dict.fromkeys(send.natives, claim.error_code))
    return Attempt(Step.DONE, SendState.REFUSED)


def _fail(desk: Desk, reference: SendReference, recipients: Mapping[str, int]) -> int:
    """Fail some recipients' receipts, each with Twilio's code of the reason; how many had not got as far."""
    failed = (Reported(recipient, ReceiptStatus.FAILED, error_code) for recipient, error_code in recipients.items())
    return sum(receipts.move(desk.table, reference, reported, desk.clock()) for reported in failed)


def _backoff(attempt: int, error: SendError) -> float:
    """Seconds until the next attempt: a doubling with jitter, which spreads the lines, or what the carrier asked for
    when that is longer; never more than _MAX_BACKOFF."""
    asked = error.retry_after if isinstance(error, Throttled) and error.retry_after else 0.0
    doubling = min(2.0**attempt, _MAX_BACKOFF)
    return min(max(asked, doubling * random.uniform(0.5, 1.0)), _MAX_BACKOFF)  # noqa: S311  (jitter, not secrecy)
