"""Preview a message: what it becomes on the wire, and its cost. Nothing is recorded. Twilio has no such resource."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pydantic import Field

from partyline.api import lookups
from partyline.api.context import ApiResponse, Call
from partyline.api.operations import Operation
from partyline.api.resources import messages
from partyline.api.response_model import ResponseModel
from partyline.api.router import Router
from partyline.carriers.registry import LIMITS
from partyline.domain import addresses, long_texts, routing
from partyline.domain.conversations import threads_of
from partyline.domain.lines import Line
from partyline.domain.segments import Encoding, Segmented, count_segments
from partyline.domain.sends import Send
from partyline.errors import ApiError, RuleViolation
from partyline.refusals.violations import to_refusal
from partyline.storage import lines

route = Router()

# Carriers recommend no more segments than this of a plain text.
_MAX_SEGMENTS = 3


class PreviewedSend(ResponseModel):
    """One text that the message would become."""

    sender: str = Field(alias="from", description="Your number that the text is sent from.")
    carrier: str | None
    kind: str = Field(description="`sms`, `mms` (with files, or to one of a group) or `group_mms`.")
    recipients: tuple[str, ...]
    opted_out: tuple[str, ...] = Field(description="The recipients that get nothing: they opted out of the line.")
    requests: int = Field(description="How many requests the carrier is sent.")
    encoding: Encoding | None = Field(description="How an SMS is encoded.")
    segments: int
    billed_units: int = Field(description="Segments of an SMS, or MMS, times recipients.")
    cost: str | None = Field(description="In the currency of the line's prices; null where the line has none.")


class PreviewProblem(ResponseModel):
    """A refusal of the message, as the API answers it."""

    code: int
    message: str
    details: dict[str, Any]


class PreviewBody(ResponseModel):
    """What a message would become."""

    conversation_sid: str
    sends: tuple[PreviewedSend, ...]
    total_cost: str | None = Field(description="The sum of the costs; null where one is not known.")
    problems: tuple[PreviewProblem, ...] = Field(description="Why the message would be refused.")
    warnings: tuple[str, ...] = Field(description="What may disappoint, though the message would be sent.")


@route.post(
    "Conversations/{conversation}/Preview",
    docs=Operation(form=messages.MessageForm, answers={200: PreviewBody}),
)
def preview(call: Call) -> ApiResponse:
    """Preview a message: its texts, their segments and costs, and what would refuse it.

    It takes the parameters of a message. What would refuse the message is in the answer, as `problems`.
    """
    roster = lookups.load_roster(call)
    problems: list[PreviewProblem] = []
    message = None
    try:
        message = messages.plan_message(call, roster)
    except RuleViolation as violation:
        problems.append(_build_problem(to_refusal(violation)))
    except ApiError as refused:
        problems.append(_build_problem(refused))
    if message:
        sends, text, has_media = message.sends, message.recorded_body, bool(message.media)
    else:
        form = call.request.form
        author = routing.find_writer(form.get("Author") or "", roster.participants)
        sends = routing.plan_sends(roster.participants, threads_of(roster.participants), author)
        text, has_media = form.get("Body"), bool(form.all("MediaSid"))
    known = lines.fetch_for_sends(call.table, sends)
    shown = [
        _Texts(send, known.lines.get(send.sender), sorted(known.opted_out_of(send)), text or "", has_media).to_body()
        for send in sends
    ]
    body = PreviewBody(
        conversation_sid=roster.conversation.sid,
        sends=tuple(shown),
        total_cost=_total_cost(shown),
        problems=tuple(problems),
        warnings=(*_toll_free_warnings(sends), *_length_warnings(shown)),
    )
    return ApiResponse(200, body.to_json())


def _build_problem(refused: ApiError) -> PreviewProblem:
    return PreviewProblem(code=refused.code, message=refused.message, details=refused.details or {})


@dataclass(frozen=True, slots=True)
class _Texts:
    """A send of a message, and its text: what the carrier makes of it. A recipient who opted out costs nothing."""

    send: Send
    line: Line | None
    opted_out: list[str]
    text: str
    has_media: bool

    @property
    def is_one_by_one(self) -> bool:
        """Whether the carrier is asked for each recipient alone."""
        return self.line is not None and LIMITS[self.line.carrier].one_by_one

    @property
    def reached(self) -> int:
        """How many recipients get the text."""
        return len(self.send.recipients) - len(self.opted_out)

    @property
    def kind(self) -> str:
        """`sms`, `mms` or `group_mms`.

        A group of which one is left is sent as a text to that one, unless each is asked for alone anyway.
        """
        if (len(self.send.recipients) if self.is_one_by_one else self.reached) > 1:
            return "group_mms"
        return "mms" if self.has_media else "sms"

    def split(self) -> list[Segmented]:
        """Split the text as the carrier requires: a longer one than it takes goes in several."""
        words = self.send.words(self.text)
        cuts = LIMITS[self.line.carrier].cuts(words, plain=self.kind != "group_mms") if self.line else ()
        return [count_segments(part) for part in long_texts.split_parts(words, cuts)]

    def price(self) -> str | None:
        """Return what a segment of an SMS, or an MMS, costs on the line."""
        if self.line is None:
            return None
        return self.line.sms_price if self.kind == "sms" else self.line.mms_price

    def to_body(self) -> PreviewedSend:
        """Build what the answer says of it."""
        texts, is_sms, price = self.split(), self.kind == "sms", self.price()
        parts = sum(text.segments for text in texts) if is_sms else len(texts)
        requests = len(self.send.natives) - len(self.opted_out) if self.is_one_by_one else 1
        return PreviewedSend.model_validate(
            {
                "from": self.send.sender,
                "carrier": self.line.carrier if self.line else None,
                "kind": self.kind,
                "recipients": _format_addresses(self.send.recipients),
                "opted_out": _format_addresses(self.opted_out),
                "requests": requests * len(texts),
                "encoding": _widest_encoding(texts) if is_sms else None,
                "segments": parts,
                "billed_units": parts * self.reached,
                "cost": str(Decimal(price) * parts * self.reached) if price else None,
            }
        )


def _format_addresses(recipients: Iterable[str]) -> tuple[str, ...]:
    return tuple(addresses.format_address(recipient) for recipient in recipients)


def _widest_encoding(texts: Sequence[Segmented]) -> Encoding:
    return max((text.encoding for text in texts), key=list(Encoding).index)


def _total_cost(shown: Sequence[PreviewedSend]) -> str | None:
    costs = [send.cost for send in shown if send.cost is not None]
    return str(sum(map(Decimal, costs), Decimal(0))) if len(costs) == len(shown) else None


def _toll_free_warnings(sends: Sequence[Send]) -> list[str]:
    return [
        f"{address} is toll-free: its owner may not get group MMS"
        for send in sends
        if len(send.recipients) > 1
        for address in send.natives
        if addresses.is_toll_free(address)
    ]


def _length_warnings(shown: Sequence[PreviewedSend]) -> list[str]:
    is_long = any(send.kind == "sms" and send.segments > _MAX_SEGMENTS for send in shown)
    return ["a text of so many segments may arrive in another order, or in part"] if is_long else []
