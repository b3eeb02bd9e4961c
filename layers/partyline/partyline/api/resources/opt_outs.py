"""Opt-outs: who wants no texts from which line; list, fetch, enter by hand, and what was ever said about it. Twilio has
no such resource. They are the account's, as lines are, whatever the Service."""

from __future__ import annotations

from enum import StrEnum

from partyline import refusals
from partyline.api import forms, lookups, pagination, serializers
from partyline.api.context import ApiResponse, Call
from partyline.api.pagination import PagePart
from partyline.api.request import Parameters
from partyline.api.router import Level, Router
from partyline.domain import addresses, sids
from partyline.domain.join_rules import MAX_ADDRESS
from partyline.domain.lines import Line
from partyline.domain.opt_outs import OptOut, OptOutChannel
from partyline.errors import ApiError
from partyline.storage import lines, queries, retry
from partyline.storage import opt_outs as store
from partyline.storage.queries import Window

route = Router(Level.ACCOUNT)

MAX_REASON = 256


class OptOutState(StrEnum):
    """What somebody wants of a line."""

    OPTED_OUT = "opted_out"
    OPTED_IN = "opted_in"


@route.post("OptOuts")
def create(call: Call) -> ApiResponse:
    """POST /OptOuts: Address, Line, State (opted_out, the default, or opted_in), Reason. 200 where something was known
    of the two before, else 201. Raises ApiError 20001, 20404 (no such line)."""
    form = call.request.form
    line = _find_line(call, form.get("Line") or "")
    address = addresses.canonicalize(forms.restore_plus(form.get("Address") or ""), addresses.region_of(line.address))
    if not addresses.is_number(address):
        raise refusals.invalid_parameter("Address", "it is not a phone number")
    before, after = _record_state(call, address, line.address, _read_state(call) or OptOutState.OPTED_OUT)
    return ApiResponse(200 if before else 201, serializers.build_opt_out(call, after))


@route.get("OptOuts/{opt_out}")
def fetch(call: Call) -> ApiResponse:
    """GET /OptOuts/{sid}."""
    return ApiResponse(200, serializers.build_opt_out(call, _find_opt_out(call)))


@route.post("OptOuts/{opt_out}")
def update(call: Call) -> ApiResponse:
    """POST /OptOuts/{sid}: State, Reason. Raises ApiError 20001, 20404."""
    found = _find_opt_out(call)
    state = _read_state(call)
    if state is None:
        raise refusals.invalid_parameter("State", f"use {', '.join(OptOutState)}")
    _, after = _record_state(call, found.address, found.line, state)
    return ApiResponse(200, serializers.build_opt_out(call, after))


@route.get("OptOuts")
def list_page(call: Call) -> ApiResponse:
    """GET /OptOuts: State (opted_out, the default, or opted_in), Line; the latest first. With Address all of that
    address, by line. Raises ApiError 20001."""
    query = call.request.query
    state = forms.read_choice(query, "State", OptOutState) or OptOutState.OPTED_OUT
    line = _read_address(query, "Line")
    if line and not addresses.is_number(line):
        # One that was given up still has its opt-outs.
        raise _line_unknown()
    address = _read_address(query, "Address")
    if address and len(address) > MAX_ADDRESS:
        raise refusals.invalid_parameter("Address", f"it is longer than {MAX_ADDRESS} characters")

    def read(window: Window) -> PagePart:
        if address:
            known = store.list_for_address(call.table, address)
            wanted = [
                one for one in known if one.opted_out == (state is OptOutState.OPTED_OUT) and line in (None, one.line)
            ]
            return pagination.slice_entries(
                [(one.line, serializers.build_opt_out(call, one)) for one in wanted], window
            )
        page = queries.opt_outs(call.table, window, opted_out=state is OptOutState.OPTED_OUT, line=line)
        return pagination.to_page_part(page, lambda one: serializers.build_opt_out(call, one))

    return pagination.build_list_response(call, "opt_outs", read)


@route.get("OptOuts/{opt_out}/Events")
def list_events(call: Call) -> ApiResponse:
    """GET /OptOuts/{sid}/Events: all that was said, the latest first."""
    found = _find_opt_out(call)

    def read(window: Window) -> PagePart:
        page = queries.opt_out_events(call.table, window, found.address, found.line)
        return pagination.to_page_part(page, lambda event: serializers.build_opt_out_event(call, event))

    return pagination.build_list_response(call, "events", read)


def _record_state(call: Call, address: str, line: str, state: OptOutState) -> tuple[OptOut | None, OptOut]:
    """Write down what the account says of an address and a line; what was known before, and what holds now."""
    reason = (forms.read_text(call.request.form, "Reason", MAX_REASON) or "").strip()
    opted_out = state is OptOutState.OPTED_OUT

    def attempt() -> tuple[OptOut | None, OptOut]:
        before = store.fetch_many(call.table, address, line)
        said_themselves = before is not None and before.opted_out and before.channel is not OptOutChannel.API
        if said_themselves and not opted_out and not reason:
            raise refusals.invalid_parameter("Reason", "they opted out themselves: say how they agreed to texts again")
        call.table.transact(
            store.build_writes(
                before,
                address=address,
                line=line,
                opted_out=opted_out,
                channel=OptOutChannel.API,
                source=call.key_sid or call.context.account_sid,
                reason=reason,
                now=call.now,
            )
        )
        return before, store.build_state(
            before, address=address, line=line, opted_out=opted_out, channel=OptOutChannel.API, now=call.now
        )

    return retry.STANDARD.run(attempt)


def _read_state(call: Call) -> OptOutState | None:
    return forms.read_choice(call.request.form, "State", OptOutState)


def _find_line(call: Call, given: str) -> Line:
    """The line of that number. Raises ApiError 20001, also for a number that is none of ours."""
    address = addresses.canonicalize(forms.restore_plus(given))
    line = lines.fetch(call.table, [address]).get(address) if addresses.is_number(address) else None
    if line is None:
        raise _line_unknown()
    return line


def _line_unknown() -> ApiError:
    return refusals.invalid_parameter("Line", "it is none of your lines")


def _read_address(given: Parameters, name: str) -> str | None:
    value = given.get(name)
    return addresses.canonicalize(forms.restore_plus(value)) if value else None


def _find_opt_out(call: Call) -> OptOut:
    """What the path names. Raises ApiError 20404."""
    sid = call.ids["opt_out"]
    found = store.fetch_by_sid(call.table, sid) if sids.matches(sids.OPT_OUT, sid) else None
    if found is None:
        raise lookups.not_found(call)
    return found
