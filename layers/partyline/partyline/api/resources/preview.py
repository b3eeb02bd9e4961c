"""Preview a message: what it becomes on the wire, and its cost. Nothing is recorded. Twilio has no such resource.

A user previews where they may write, and the first message of what they may create, from lines of their own and to
whom they may text: so nobody learns of other people who opted out. They see costs as they see the prices of lines.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from pydantic import Field

from partyline import refusals
from partyline.api import authorization, joining, lookups, parsing
from partyline.api.context import ApiResponse, Call
from partyline.api.field_types import Address, PhoneNumber
from partyline.api.form_model import Form
from partyline.api.operations import Operation
from partyline.api.resources import message_plans
from partyline.api.resources.conversation_with_participants import find_owner
from partyline.api.resources.participants import own_lines
from partyline.api.response_model import ResponseModel
from partyline.api.router import Router
from partyline.carriers.registry import LIMITS, MOST_IN_GROUP
from partyline.domain import addresses, join_rules, long_texts, routing, sids
from partyline.domain.conversations import Conversation, group_of, threads_of
from partyline.domain.join_rules import ParticipantBinding
from partyline.domain.lines import Line
from partyline.domain.membership import Roster
from partyline.domain.messages import Message
from partyline.domain.participants import Participant
from partyline.domain.permissions import Permission
from partyline.domain.segments import Encoding, Segmented, count_segments
from partyline.domain.sends import Send
from partyline.errors import ApiError
from partyline.frozen_classes import frozen
from partyline.refusals.violations import as_refusals
from partyline.storage import lines
from partyline.storage.lines import SendingLines

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
    do_not_disturb: tuple[str, ...] = Field(
        description="The recipients that get nothing: they are contacts who want no texts."
    )
    requests: int = Field(description="How many requests the carrier is sent.")
    encoding: Encoding | None = Field(description="How an SMS is encoded.")
    segments: int
    billed_units: int = Field(description="Segments of an SMS, or MMS, times recipients.")
    cost: str | None = Field(
        description="In the currency of the line's prices; null where there is none, and for users that do not see "
        "every conversation."
    )


class PreviewProblem(ResponseModel):
    """A refusal of the message, as the API answers it."""

    code: int
    message: str
    details: dict[str, Any]


class PreviewBody(ResponseModel):
    """What a message would become."""

    conversation_sid: str | None
    sends: tuple[PreviewedSend, ...]
    total_cost: str | None = Field(description="The sum of the costs; null where one is not known.")
    problems: tuple[PreviewProblem, ...] = Field(description="Why the message would be refused.")
    warnings: tuple[str, ...] = Field(description="What may disappoint, though the message would be sent.")


class FirstPreviewBody(PreviewBody):
    """What the first message of a conversation would become."""

    existing_conversation_sid: str | None = Field(
        description="The open conversation that has exactly these members already, if the caller may see it."
    )


class FirstPreviewForm(Form):
    """The first message of a conversation that need not exist."""

    author: PhoneNumber = Field(
        description="Your number that the message would be sent from.", examples=["+12065550100"]
    )
    address: tuple[Address, ...] = Field((), description="A recipient; may be repeated.")
    body: str | None = Field(None, description="The text.")
    media_sid: tuple[str, ...] = Field((), description="The files that go with it. May be repeated.")


@route.post(
    "Conversations/{conversation}/Preview",
    users=True,
    docs=Operation(form=message_plans.MessageForm, answers={200: PreviewBody}, refusals=(50107,)),
)
def preview(call: Call) -> ApiResponse:
    """Preview a message: its texts, their segments and costs, and what would refuse it.

    It takes the parameters of a message. What would refuse the message is in the answer, as `problems`. A user that may
    not write in the conversation is refused.
    """
    roster = lookups.load_roster(call)
    number = message_plans.require_writer(call, roster)
    problems: list[PreviewProblem] = []
    message = None
    with _collecting(call, problems):
        message = message_plans.plan_message(call, roster)
    author = _find_participant(call, roster, number)
    members = roster.participants
    planned = _plan(message) or _guess(call, routing.plan_sends(members, threads_of(members), author))
    body = PreviewBody(conversation_sid=roster.conversation.sid, **planned.describe(call), problems=tuple(problems))
    return ApiResponse(200, body.to_json())


@route.post(
    "Preview",
    users=True,
    docs=Operation(form=FirstPreviewForm, answers={200: FirstPreviewBody}, refusals=(20001, 50107, 50439)),
)
def preview_first(call: Call) -> ApiResponse:
    """Preview the first message of a conversation that need not exist: from a line to some addresses.

    What would refuse the conversation or the message is in the answer, as `problems`: limits of carriers, numbers that
    no group reaches, an open conversation with the same members.
    """
    authorization.require_creator_permission(call, Permission.ADD_NON_CHAT_PARTICIPANT)
    form = FirstPreviewForm.parse(call.request.form)
    if not 1 <= len(form.address) <= join_rules.MAX_BOUND:
        raise refusals.invalid_parameter("Address", f"give 1 to {join_rules.MAX_BOUND}")
    handsets = [addresses.canonicalize(address) for address in form.address]
    joining.require_assigned(call, handsets)
    own = own_lines(call, [form.author, *handsets])
    if form.author not in own or not authorization.can_use_line(call, own[form.author]):
        raise refusals.projected_not_ours(form.author)
    problems: list[PreviewProblem] = []
    roster = _build_roster(call, form, own, problems)
    message = None
    if not problems:
        with _collecting(call, problems):
            message = message_plans.plan_message_of(call, roster, form.author)
    members = roster.participants
    planned = _plan(message) or _guess(call, routing.plan_sends(members, threads_of(members), members[0]))
    existing = find_owner(call, members)
    body = FirstPreviewBody(
        conversation_sid=None,
        **planned.describe(call),
        problems=tuple(problems),
        existing_conversation_sid=existing.sid if existing else None,
    )
    return ApiResponse(200, body.to_json())


def _build_roster(
    call: Call, form: FirstPreviewForm, own: Mapping[str, Line], problems: list[PreviewProblem]
) -> Roster:
    """Build the conversation that a form describes: its line first, then the addresses that can be members.

    What refuses the others, and all of them together, is added to `problems`.
    """
    conversation = Conversation(sids.new(sids.CONVERSATION), call.scope.service_sid, call.now, call.now)
    bindings = [ParticipantBinding(projected_address=form.author)]
    for address in form.address:
        with _collecting(call, problems):
            binding = ParticipantBinding(address=address).canonical()
            join_rules.check_binding(binding, own)
            bindings.append(binding)
    members = tuple(
        Participant(
            sid,
            conversation.sid,
            call.now,
            call.now,
            address=binding.address,
            projected_address=binding.projected_address,
        )
        for sid, binding in zip(sids.new_many(sids.PARTICIPANT, len(bindings)), bindings, strict=True)
    )
    with _collecting(call, problems):
        join_rules.check_members(members, group_limit=call.context.group_limit)
        join_rules.check_lines(members, own, MOST_IN_GROUP)
    return Roster(conversation, members)


@contextmanager
def _collecting(call: Call, problems: list[PreviewProblem]) -> Iterator[None]:
    """Add a refusal to `problems`, as the caller would get it."""
    try:
        with as_refusals():
            yield
    except ApiError as error:
        refused = authorization.redact_error(call, error)
        problems.append(PreviewProblem(code=refused.code, message=refused.message, details=refused.details or {}))


def _find_participant(call: Call, roster: Roster, number: str | None) -> Participant | None:
    """Find the member that would write a message that is refused."""
    if number:
        return group_of(roster.participants).projected.get(number)
    if call.user:
        return authorization.find_membership(call, roster.participants)
    return routing.find_writer(parsing.restore_plus(call.request.form.get("Author") or ""), roster.participants)


@frozen
class _Planned:
    """The sends of a message, and what they carry."""

    sends: Sequence[Send]
    text: str
    has_media: bool

    def describe(self, call: Call) -> dict[str, Any]:
        """Build the members of the answer that are about the sends.

        A user sees none from a line that they may not use: nothing is sent from it, and who opted out is not theirs.
        """
        known = lines.fetch_for_sends(call.table, self.sends, call.scope.service_sid)
        usable = {number: line for number, line in known.lines.items() if authorization.can_use_line(call, line)}
        sends = [send for send in self.sends if send.sender in usable or send.sender not in known.lines]
        has_prices = authorization.can_see_prices(call)
        shown = [_Texts(send, known, self.text, self.has_media, has_prices).to_body() for send in sends]
        return {
            "sends": tuple(shown),
            "total_cost": _total_cost(shown) if has_prices else None,
            "warnings": (*_toll_free_warnings(sends), *_length_warnings(shown)),
        }


def _plan(message: Message | None) -> _Planned | None:
    """Return what a message carries that can be sent."""
    return _Planned(message.sends, message.recorded_body or "", bool(message.media)) if message else None


def _guess(call: Call, sends: Sequence[Send]) -> _Planned:
    """Return what a message would carry that is refused; of a text that no message could have, the beginning."""
    form = call.request.form
    return _Planned(sends, (form.get("Body") or "")[: message_plans.MAX_BODY], bool(form.all("MediaSid")))


@frozen
class _Texts:
    """A send of a message, and its text: what the carrier makes of it. A recipient who is left out costs nothing."""

    send: Send
    known: SendingLines
    text: str
    has_media: bool
    has_price: bool

    @property
    def line(self) -> Line | None:
        """The line that sends it."""
        return self.known.lines.get(self.send.sender)

    @property
    def left_out(self) -> int:
        """How many recipients get nothing."""
        return len(self.known.left_out_of(self.send))

    @property
    def is_one_by_one(self) -> bool:
        """Whether the carrier is asked for each recipient alone."""
        return self.line is not None and LIMITS[self.line.carrier].one_by_one

    @property
    def reached(self) -> int:
        """How many recipients get the text."""
        return len(self.send.recipients) - self.left_out

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
        """Return what a segment of an SMS, or an MMS, costs on the line, if the caller may see it."""
        if self.line is None or not self.has_price:
            return None
        return self.line.sms_price if self.kind == "sms" else self.line.mms_price

    def to_body(self) -> PreviewedSend:
        """Build what the answer says of it."""
        texts, is_sms, price = self.split(), self.kind == "sms", self.price()
        parts = sum(text.segments for text in texts) if is_sms else len(texts)
        requests = len(self.send.natives) - self.left_out if self.is_one_by_one else 1
        return PreviewedSend.model_validate(
            {
                "from": self.send.sender,
                "carrier": self.line.carrier if self.line else None,
                "kind": self.kind,
                "recipients": _format_addresses(self.send.recipients),
                "opted_out": _format_addresses(sorted(self.known.opted_out_of(self.send))),
                "do_not_disturb": _format_addresses(sorted(self.known.undisturbed_of(self.send))),
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
