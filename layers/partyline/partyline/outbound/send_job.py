"""A send as it is known before its carrier is asked, and its requests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field

from partyline.carriers import error_codes
from partyline.carriers.base import Carrier, OutboundMedia, OutboundText
from partyline.domain import addresses, long_texts, sids
from partyline.domain.copies import hash_content
from partyline.domain.lines import Line
from partyline.domain.messages import Message
from partyline.domain.receipts import Receipt
from partyline.domain.sends import RequestReference, Send, SendReference, SendState
from partyline.errors import Refused
from partyline.frozen_classes import frozen, replace
from partyline.outbound.rate_limiter import Turn
from partyline.storage import lines, messages, rate_limits
from partyline.storage.lines import SendingLines
from partyline.storage.rate_limits import PaceSnapshot
from partyline.storage.sends import Claim
from partyline.storage.table import Table

# Return the carrier of a name. Raises LookupError for one that is not set up.
FindCarrier = Callable[[str], Carrier]
# Return the URL for delivery reports, from the name of a carrier and the tag of a send.
CallbackUrl = Callable[[str, str], str]


@frozen
class CannotSend:
    """Why no carrier can be asked: the log's reason, and Twilio's code for receipts."""

    reason: str
    error_code: int = error_codes.SENDER_NOT_OURS

    def to_refusal(self) -> Refused:
        """Return the refusal that this comes to."""
        return Refused(self.reason, error_code=self.error_code)


@frozen
class SendJob:
    """A send with all that is needed to ask its carrier.

    Once the send is claimed only the request itself can fail. `reference` is that of the whole send. `receipts` are the
    message's, as they were when the job was loaded. `left_out` are the recipients that get nothing, each with the code
    of its receipt: who has opted out of the line, and contacts who want no texts. `own_numbers` are the carrier's other
    lines of ours. `pace` is what decides about its turn, None when it was not read with the job. `turn` is set once the
    rate limiter has given one.
    """

    reference: SendReference
    message: Message
    send: Send
    receipts: tuple[Receipt, ...]
    carrier: Carrier | CannotSend
    line: Line | None = None
    callback_url: CallbackUrl | None = None
    own_numbers: frozenset[str] = frozenset()
    left_out: Mapping[str, int] = field(default_factory=dict)
    media: tuple[OutboundMedia, ...] = ()
    pace: PaceSnapshot | None = None
    turn: Turn | None = None

    @property
    def words(self) -> str:
        """The whole text, as handsets show it."""
        return self.send.words(self.message.recorded_body)

    @property
    def recipients(self) -> tuple[str, ...]:
        """The recipients that are not left out."""
        return tuple(one for one in self.send.recipients if one not in self.left_out)

    @property
    def is_group(self) -> bool:
        """Whether the text goes to more than one recipient."""
        return len(self.send.recipients) > 1

    @property
    def is_one_by_one(self) -> bool:
        """Whether the carrier takes one request for each member of the group."""
        return self.is_group and not isinstance(self.carrier, CannotSend) and self.carrier.limits.one_by_one

    @property
    def recorded_fingerprint(self) -> str:
        """The fingerprint under which the text was counted when it was recorded.

        A send recorded by version 0.1.0 has none: its text is assumed to be what it is now.
        """
        return self.send.counted or hash_content(self.words, len(self.message.media))

    def without_carrier(self, obstacle: CannotSend) -> SendJob:
        """Return the job with an obstacle instead of a carrier. An earlier obstacle stays."""
        return self if isinstance(self.carrier, CannotSend) else replace(self, carrier=obstacle)

    def plan_cuts(self) -> tuple[int, ...]:
        """Return where the text is cut into parts; empty when the carrier takes it whole."""
        if isinstance(self.carrier, CannotSend):
            return ()
        is_plain = len(self.recipients) == 1 and not self.is_one_by_one
        return self.carrier.limits.cuts(self.words, plain=is_plain)

    def request(self, member: str | None = None) -> CarrierRequest:
        """Return the request for the whole text, to all recipients or to one member."""
        return CarrierRequest(self, RequestReference(self.reference, member))

    def requests(self, cuts: tuple[int, ...], member: str | None = None) -> list[CarrierRequest]:
        """Return the requests for a text that is cut there, one for each part in order."""
        parts = len(long_texts.split_parts(self.words, cuts))
        references = (replace(self.reference, part=number, parts=parts) for number in range(1, parts + 1))
        return [CarrierRequest(self, RequestReference(reference, member), cuts) for reference in references]


@frozen
class CarrierRequest:
    """One request to a carrier: a text or one part, to all recipients or one member.

    `cuts` are where the text is cut; `reference` says which part this is. The media goes with the first part.
    """

    job: SendJob
    reference: RequestReference
    cuts: tuple[int, ...] = ()

    @property
    def member(self) -> str | None:
        """The only recipient, where the carrier takes one request a member."""
        return self.reference.member

    @property
    def natives(self) -> tuple[str, ...]:
        """The addresses whose receipts depend on this request."""
        return (self.member,) if self.member else tuple(self.job.send.natives)

    @property
    def receipts(self) -> list[Receipt]:
        """The receipts that depend on this request, each with the status of its part."""
        part = self.reference.send
        own = {sids.receipt(self.job.message.sid, part.thread, address) for address in self.natives}
        return [receipt.for_part(part) for receipt in self.job.receipts if receipt.sid in own]

    @property
    def reported_id(self) -> str | None:
        """The carrier's message id from a delivery report, which proves acceptance."""
        return next((one.carrier_message_id for one in self.receipts if one.carrier_message_id), None)

    @property
    def text(self) -> OutboundText:
        """What the carrier is asked to send."""
        job, part = self.job, self.reference.send
        return OutboundText(
            sender=job.send.sender,
            recipients=(self.member,) if self.member else job.recipients,
            text=long_texts.split_parts(job.words, self.cuts)[part.part - 1],
            media=job.media if part.part == 1 else (),
            tag=part.tag,
            callback_url=job.callback_url(job.line.carrier, part.tag) if job.callback_url and job.line else "",
            others=tuple(one for one in job.send.recipients if one != self.member) if self.member else (),
            own=job.own_numbers,
        )

    def with_cuts(self, cuts: tuple[int, ...]) -> CarrierRequest:
        """Return the request for the same part of a text that is cut elsewhere."""
        return self.job.requests(cuts, self.member)[self.reference.send.part - 1]

    def build_claim(self) -> Claim:
        """Build the claim: the carrier's name, and the recipients that are left out."""
        left_out = {address: code for address, code in self.job.left_out.items() if address in self.natives}
        return Claim(SendState.SENDING, carrier=self._carrier_name, refused=left_out, cuts=self.cuts)

    def with_carrier_name(self, claim: Claim) -> Claim:
        """Return a claim that names its carrier.

        One made when no carrier could be asked names none, and gets the one of this job.
        """
        return replace(claim, carrier=claim.carrier or self._carrier_name)

    def find_refusal(self, claim: Claim) -> Refused | None:
        """Return why a claimed request is refused without asking; None to ask."""
        if len(claim.refused) == len(self.natives):
            return Refused("all recipients are left out", error_code=min(claim.refused.values()))
        text = self.text
        unreachable = [one for one in (*text.recipients, *text.others) if not addresses.is_number(one)]
        if unreachable:
            # An inbound text may have brought an e-mail address into the group. Carriers would name it as written.
            codes = {addresses.format_address(one): error_codes.INVALID_RECIPIENT for one in unreachable}
            return Refused("members without a number", recipients=codes)
        return None

    def find_new_opt_outs(self, refused: Mapping[str, int]) -> tuple[str, ...]:
        """Return the addresses refused for an opt-out that only the carrier knew of."""
        if self.job.send.confirms_opt_out:
            return ()
        return tuple(
            address
            for address, error_code in refused.items()
            if error_code == error_codes.OPTED_OUT and address not in self.job.left_out
        )

    @property
    def _carrier_name(self) -> str:
        return "" if isinstance(self.job.carrier, CannotSend) else self.job.carrier.name


def _list_left_out(known: SendingLines, send: Send) -> dict[str, int]:
    """List the recipients that get nothing, each with the code of its receipt."""
    return {
        **dict.fromkeys(sorted(known.undisturbed_of(send)), error_codes.DO_NOT_DISTURB),
        **dict.fromkeys(sorted(known.opted_out_of(send)), error_codes.OPTED_OUT),
    }


@frozen
class SendLoader:
    """Load sends from the table.

    `find_carrier` raises LookupError for a carrier that is not set up. `carriers` has the carrier that each line had
    when it was last loaded, so that the pace of its account is read in the same round trip; it may be kept.
    """

    table: Table
    find_carrier: FindCarrier
    callback_url: CallbackUrl
    carriers: dict[str, str] = field(default_factory=dict)

    def load(self, reference: SendReference, *, is_first: bool = False) -> SendJob | None:
        """Load a send without its media; None when its message has been deleted.

        At the first attempt no turn is looked for. If it has one all the same, since it was queued twice, that one is
        found when another is to be stored (rate_limits.keep_turn).
        """
        delivered = messages.fetch(self.table, reference.conversation_sid, reference.message_sid)
        send = delivered.message.send(reference) if delivered else None
        if delivered is None or send is None:
            return None
        bare = SendJob(reference, delivered.message, send, delivered.receipts, CannotSend(""))
        known, pace = self._read_lines(reference, send, delivered.message.service_sid, is_first=is_first)
        line = known.lines.get(send.sender)
        if line is None:
            return replace(bare, carrier=CannotSend("the sending number is no longer a line"))
        carrier = self.find(line.carrier)
        if isinstance(carrier, CannotSend):
            return replace(bare, carrier=carrier)
        own_numbers = frozenset(one.address for one in known.lines.values() if one.carrier == line.carrier)
        return replace(
            bare,
            carrier=carrier,
            line=line,
            callback_url=self.callback_url,
            own_numbers=own_numbers - {send.sender},
            left_out={} if send.confirms_opt_out else _list_left_out(known, send),
            pace=pace,
        )

    def _read_lines(
        self, reference: SendReference, send: Send, service_sid: str | None, *, is_first: bool
    ) -> tuple[SendingLines, PaceSnapshot | None]:
        """Read the lines of a send, and what decides about its turn if the line still has the carrier that it had."""
        expected = self.carriers.get(send.sender, "")
        turn, *paces = rate_limits.list_keys(reference, send.sender, expected)
        beside = [*([] if is_first else [turn]), *paces] if expected else []
        known = lines.fetch_for_sends(self.table, [send], service_sid, beside)
        line = known.lines.get(send.sender)
        if line is None:
            return known, None
        self.carriers[line.address] = line.carrier
        if line.carrier != expected:
            return known, None
        return known, rate_limits.decode(known.beside, reference, line.address, expected)

    def find(self, carrier: str) -> Carrier | CannotSend:
        """Return the carrier of a name, or why it cannot be asked."""
        try:
            return self.find_carrier(carrier)
        except LookupError as error:
            return CannotSend(str(error))

    def reload(self, request: CarrierRequest) -> CarrierRequest:
        """Return a request with the receipts as they are now."""
        reference = request.reference.send
        delivered = messages.fetch(self.table, reference.conversation_sid, reference.message_sid)
        return replace(request, job=replace(request.job, receipts=delivered.receipts if delivered else ()))
