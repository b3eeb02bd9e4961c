"""Opt-outs: who wants no texts from which line. List, fetch, enter by hand, and the history of each.

They are the account's, as lines are, whatever the Service; people with `manageLines` see and enter them. Twilio has no
such resource.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from partyline import refusals
from partyline.api import line_management, lookups, pagination
from partyline.api.context import ApiResponse, Call
from partyline.api.field_types import Address, choose
from partyline.api.form_model import Clearable, Form, invalid
from partyline.api.operations import Operation
from partyline.api.pagination import PagePart
from partyline.api.response_model import ResponseModel, Timestamp
from partyline.api.router import Level, Router
from partyline.domain import addresses, sids
from partyline.domain.addresses import format_address
from partyline.domain.join_rules import MAX_ADDRESS
from partyline.domain.lines import Line
from partyline.domain.opt_outs import OptOut, OptOutChannel, OptOutEvent
from partyline.storage import lines, queries, retry
from partyline.storage import opt_outs as store
from partyline.storage.queries import Window

route = Router(Level.ACCOUNT)

MAX_REASON = 256
_NO_LINE = "it is none of your lines"


class OptOutState(StrEnum):
    """Whether a recipient wants texts from a line."""

    OPTED_OUT = "opted_out"
    OPTED_IN = "opted_in"


def _check_line(value: str | None) -> str | None:
    number = addresses.canonicalize(value) if value else None
    if number and not addresses.is_number(number):
        # A line that was given up still has its opt-outs.
        raise invalid(_NO_LINE)
    return number


def _check_address(value: str | None) -> str | None:
    address = addresses.canonicalize(value) if value else None
    if address and len(address) > MAX_ADDRESS:
        raise invalid(f"it is longer than {MAX_ADDRESS} characters")
    return address


_State = Annotated[OptOutState, choose(OptOutState)]
_Reason = Annotated[str, Field(max_length=MAX_REASON), AfterValidator(str.strip)]


class NewOptOutForm(Form):
    """An opt-out, or an opt-in, that is entered by hand."""

    line: Address = Field(description="The number of the line.", examples=["+12065550100"])
    address: Address = Field(description="The recipient's phone number, in any notation.")
    state: _State = Field(OptOutState.OPTED_OUT, description="What the recipient wants.")
    reason: _Reason = Field("", description="Why, in your own words. Required to opt in a recipient who opted out.")


class OptOutForm(Form):
    """What a recipient wants from now on."""

    state: _State | None = Field(None, description="What the recipient wants. Required.")
    reason: _Reason = Field("", description="Why, in your own words. Required to opt in a recipient who opted out.")


class OptOutQuery(Form):
    """Which opt-outs a list shows."""

    state: _State = Field(OptOutState.OPTED_OUT, description="Who is opted out, or who is opted in again.")
    line: Annotated[Clearable[Address], AfterValidator(_check_line)] = Field(None, description="Of this line only.")
    address: Annotated[Clearable[Address], AfterValidator(_check_address)] = Field(
        None, description="Of this recipient only, by line."
    )


class OptOutLinks(ResponseModel):
    """What is beneath an opt-out."""

    events: str


class OptOutBody(ResponseModel):
    """Whether a recipient wants texts from a line."""

    sid: str
    account_sid: str
    address: str | None = Field(description="Null once the person was erased: only a keyed hash of it is stored.")
    line: str
    state: OptOutState
    how: OptOutChannel = Field(description="How it was last said: by a text, by the carrier, or by this API.")
    since: Timestamp = Field(description="When the state changed.")
    date_updated: Timestamp = Field(description="When it was last said.")
    url: str
    links: OptOutLinks


class OptOutEventBody(ResponseModel):
    """One entry of an opt-out's history."""

    account_sid: str
    address: str
    line: str
    state: OptOutState
    how: OptOutChannel
    source: str = Field(description="The text, the message, the API key or the user that said it.")
    reason: str | None
    date_created: Timestamp


@route.post(
    "OptOuts",
    users=True,
    docs=Operation(form=NewOptOutForm, answers={200: OptOutBody, 201: OptOutBody}, refusals=(20001, 50107)),
)
def create(call: Call) -> ApiResponse:
    """Enter an opt-out or an opt-in.

    Answered with 201 where nothing was known of the recipient and the line before, else with 200.
    """
    line_management.require_line_management(call)
    form = NewOptOutForm.parse(call.request.form)
    line = _find_line(call, form.line)
    address = addresses.canonicalize(form.address, addresses.region_of(line.address))
    if not addresses.is_number(address):
        raise refusals.invalid_parameter("Address", "it is not a phone number")
    before, after = _record_state(call, address, line.address, form.state, form.reason)
    return ApiResponse(200 if before else 201, _build_body(call, after))


@route.get("OptOuts/{opt_out}", users=True, docs=Operation(answers={200: OptOutBody}, refusals=(50107,)))
def fetch(call: Call) -> ApiResponse:
    """Fetch an opt-out."""
    return ApiResponse(200, _build_body(call, _find_opt_out(call)))


@route.post(
    "OptOuts/{opt_out}", users=True, docs=Operation(form=OptOutForm, answers={200: OptOutBody}, refusals=(20001, 50107))
)
def update(call: Call) -> ApiResponse:
    """Change an opt-out."""
    found, form = _find_opt_out(call), OptOutForm.parse(call.request.form)
    if form.state is None:
        raise refusals.invalid_parameter("State", f"use {', '.join(OptOutState)}")
    if found.is_erased:
        raise refusals.invalid_parameter("State", "the person was erased: enter it at OptOuts, with their number")
    _, after = _record_state(call, found.address, found.line, form.state, form.reason)
    return ApiResponse(200, _build_body(call, after))


@route.get(
    "OptOuts",
    users=True,
    docs=Operation(query=OptOutQuery, list_of=("opt_outs", OptOutBody), refusals=(20001, 50107)),
)
def list_page(call: Call) -> ApiResponse:
    """List the opt-outs, the latest first; with Address, by line."""
    line_management.require_line_management(call)
    query = OptOutQuery.parse(call.request.query)
    opted_out = query.state is OptOutState.OPTED_OUT

    def read(window: Window) -> PagePart:
        if query.address:
            known = store.list_for_address(call.table, query.address)
            unmanaged = line_management.find_unmanaged(call, (one.line for one in known))
            wanted = [one for one in known if one.opted_out == opted_out and query.line in (None, one.line)]
            shown = [one for one in wanted if one.line not in unmanaged]
            return pagination.slice_entries([(one.line, _build_body(call, one)) for one in shown], window)
        page = line_management.read_managed(
            call,
            window,
            lambda part: queries.opt_outs(call.table, part, opted_out=opted_out, line=query.line),
            lambda one: one.line,
        )
        return pagination.to_page_part(page, lambda one: _build_body(call, one))

    return pagination.build_list_response(call, "opt_outs", read)


@route.get(
    "OptOuts/{opt_out}/Events", users=True, docs=Operation(list_of=("events", OptOutEventBody), refusals=(50107,))
)
def list_events(call: Call) -> ApiResponse:
    """List the history of an opt-out, the latest entry first."""
    found = _find_opt_out(call)

    def read(window: Window) -> PagePart:
        if found.is_erased:
            return pagination.slice_entries([], window)
        page = queries.opt_out_events(call.table, window, found.address, found.line)
        return pagination.to_page_part(page, lambda event: _build_event(call, event))

    return pagination.build_list_response(call, "events", read)


def _record_state(call: Call, address: str, line: str, state: OptOutState, reason: str) -> tuple[OptOut | None, OptOut]:
    """Store what the caller says of a recipient and a line. Returns what was known before, and what holds now.

    Raises ApiError 20001 without a reason for a recipient who opted out by themselves.
    """
    opted_out = state is OptOutState.OPTED_OUT
    event = OptOutEvent(address, line, opted_out, OptOutChannel.API, call.now, call.caller, reason)

    def attempt() -> tuple[OptOut | None, OptOut]:
        before = store.fetch_many(call.table, address, line)
        by_recipient = before is not None and before.opted_out and before.channel is not OptOutChannel.API
        if by_recipient and not opted_out and not reason:
            raise refusals.invalid_parameter("Reason", "they opted out themselves: say how they agreed to texts again")
        call.table.transact(store.build_writes(before, event))
        return before, store.build_state(before, event)

    return retry.STANDARD.run(attempt)


def _find_line(call: Call, number: str) -> Line:
    """Find the line of a number. Raises ApiError 20001."""
    address = addresses.canonicalize(number)
    line = lines.fetch(call.table, [address]).get(address) if addresses.is_number(address) else None
    if line is None or not line_management.can_manage(call, line):
        raise refusals.invalid_parameter("Line", _NO_LINE)
    return line


def _find_opt_out(call: Call) -> OptOut:
    """Find the opt-out that the path names.

    Raises ApiError 50107, and 20404, also for one of a line that the caller does not manage.
    """
    line_management.require_line_management(call)
    sid = call.ids["opt_out"]
    found = store.fetch_by_sid(call.table, sid) if sids.matches(sids.OPT_OUT, sid) else None
    if found is None or line_management.find_unmanaged(call, [found.line]):
        raise lookups.not_found(call)
    return found


def _build_body(call: Call, opt_out: OptOut) -> dict[str, Any]:
    return OptOutBody(
        sid=opt_out.sid,
        account_sid=call.context.account_sid,
        address=format_address(opt_out.address) if opt_out.address else None,
        line=opt_out.line,
        state=_state_of(opted_out=opt_out.opted_out),
        how=opt_out.channel,
        since=opt_out.since,
        date_updated=opt_out.updated,
        url=call.account_url("OptOuts", opt_out.sid),
        links=OptOutLinks(events=call.account_url("OptOuts", opt_out.sid, "Events")),
    ).to_json()


def _build_event(call: Call, event: OptOutEvent) -> dict[str, Any]:
    return OptOutEventBody(
        account_sid=call.context.account_sid,
        address=format_address(event.address),
        line=event.line,
        state=_state_of(opted_out=event.opted_out),
        how=event.channel,
        source=event.source,
        reason=event.reason or None,
        date_created=event.at,
    ).to_json()


def _state_of(*, opted_out: bool) -> OptOutState:
    return OptOutState.OPTED_OUT if opted_out else OptOutState.OPTED_IN
