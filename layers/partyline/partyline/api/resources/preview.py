"""What a message would become on the wire, and what that costs: nothing is recorded. Twilio has no such resource."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from partyline.api import lookups
from partyline.api.context import ApiResponse, Call
from partyline.api.resources import messages
from partyline.api.router import Router
from partyline.carriers.registry import LIMITS
from partyline.domain import addresses, long_texts, routing, segments
from partyline.domain.conversations import threads_of
from partyline.domain.lines import Line
from partyline.domain.sends import Send
from partyline.errors import ApiError
from partyline.storage import lines

route = Router()

Json = dict[str, Any]
# Carriers recommend no more segments than this of a plain text.
_LONG = 3


@route.post("Conversations/{conversation}/Preview")
def preview(call: Call) -> ApiResponse:
    """POST /Conversations/{conversation}/Preview, with the parameters of a message: its texts with segments and costs,
    what would refuse it (`problems`, as the API words it), and what may disappoint (`warnings`).

    A cost is null where the line has no price; the total is then null too. Raises ApiError 20404.
    """
    roster = lookups.load_roster(call)
    try:
        message, problems = messages.plan_message(call, roster), []
    except ApiError as refused:
        message, problems = None, [_build_problem(refused)]
    author = routing.find_writer(call.request.form.get("Author") or "", roster.participants)
    sends = (
        message.sends if message else routing.plan_sends(roster.participants, threads_of(roster.participants), author)
    )
    known = lines.fetch_for_sends(call.table, sends)
    text = message.said if message else call.request.form.get("Body")
    has_media = bool(message.media if message else call.request.form.all("MediaSid"))
    shown = [
        _build_send(send, known.lines.get(send.sender), sorted(known.out_of(send)), text or "", has_media=has_media)
        for send in sends
    ]
    return ApiResponse(
        200,
        {
            "conversation_sid": roster.conversation.sid,
            "sends": shown,
            "total_cost": _total_cost(shown),
            "problems": problems,
            "warnings": [*_toll_free_warnings(sends), *_length_warnings(shown)],
        },
    )


def _build_problem(refused: ApiError) -> Json:
    return {"code": refused.code, "message": refused.message, "details": refused.details or {}}


def _build_send(send: Send, line: Line | None, out: list[str], text: str, *, has_media: bool) -> Json:
    """One text: to whom, as what, in how many segments, for how much. Who has opted out costs nothing."""
    reached = len(send.recipients) - len(out)
    one_by_one = line is not None and LIMITS[line.carrier].one_by_one
    # A group of which one is left is asked for as a text to that one, unless each is asked for alone anyway.
    is_group = (len(send.recipients) if one_by_one else reached) > 1
    kind = "group_mms" if is_group else "mms" if has_media else "sms"
    words = send.words(text)
    # What is too long for the carrier goes in several texts.
    cuts = LIMITS[line.carrier].cuts(words, plain=kind != "group_mms") if line else ()
    texts = [segments.count_segments(part) for part in long_texts.split_parts(words, cuts)]
    parts = sum(one.segments for one in texts) if kind == "sms" else len(texts)
    encodings = {one.encoding for one in texts}
    price = (line.sms_price if kind == "sms" else line.mms_price) if line else None
    return {
        "from": send.sender,
        "carrier": line.carrier if line else None,
        "kind": kind,
        "recipients": [addresses.format_address(recipient) for recipient in send.recipients],
        "opted_out": [addresses.format_address(recipient) for recipient in out],
        "requests": ((len(send.natives) - len(out)) if one_by_one else 1) * len(texts),
        "encoding": max(encodings, key=list(segments.Encoding).index).value if kind == "sms" else None,
        "segments": parts,
        "billed_units": parts * reached,
        "cost": str(Decimal(price) * parts * reached) if price else None,
    }


def _total_cost(shown: list[Json]) -> str | None:
    costs = [one["cost"] for one in shown]
    return None if None in costs else str(sum((Decimal(cost) for cost in costs), Decimal(0)))


def _toll_free_warnings(sends: tuple[Send, ...]) -> list[str]:
    """What is sent all the same."""
    return [
        f"{address} is toll-free: its owner may not get group MMS"
        for send in sends
        if len(send.recipients) > 1
        for address in send.natives
        if addresses.is_toll_free(address)
    ]


def _length_warnings(shown: list[Json]) -> list[str]:
    is_long = any(one["kind"] == "sms" and one["segments"] > _LONG for one in shown)
    return ["a text of so many segments may arrive in another order, or in part"] if is_long else []
