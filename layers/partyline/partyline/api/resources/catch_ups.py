"""Catch-ups of lines: texts that came to a line, and whose webhooks did not, are fetched from its carrier.

For the account only. Twilio has no such resource.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field

from partyline import refusals
from partyline.api import lookups
from partyline.api.context import ApiResponse, Call
from partyline.api.field_types import ZonedTime
from partyline.api.form_model import Form
from partyline.api.operations import Operation
from partyline.api.response_model import ResponseModel, Timestamp
from partyline.api.router import Level, Router
from partyline.carriers.listing_registry import LISTINGS
from partyline.domain.catch_ups import CatchUp, CatchUpState, plan_catch_up
from partyline.storage import catch_ups as store

route = Router(Level.ACCOUNT)


class CatchUpForm(Form):
    """What a catch-up takes."""

    since: ZonedTime | None = Field(
        None,
        description="Texts that the carrier received from this time on, of the last 7 days. By default: since the end "
        "of what earlier ones took, at first since the line was registered.",
    )


class CatchUpBody(ResponseModel):
    """The latest catch-up of a line. The counts are of the texts that it has taken so far."""

    account_sid: str
    address: str
    carrier: str
    state: CatchUpState
    problem: str | None = Field(description="Why it failed, or waits to go on.")
    since: Timestamp
    until: Timestamp = Field(
        description="Five minutes before it was asked for: later texts are left to their webhooks."
    )
    listed: int = Field(description="How many texts the carrier has listed.")
    known: int = Field(description="How many of them were here already.")
    recorded: int = Field(description="How many are messages now.")
    copied: int = Field(description="How many are copies of a message that was here already.")
    unrouted: int = Field(description="How many are among the unrouted texts now.")
    unreadable: int = Field(description="How many could not be read. The log `catch_up.unreadable` has their ids.")
    date_created: Timestamp
    date_updated: Timestamp
    url: str


@route.post(
    "Lines/{line}/CatchUp", docs=Operation(form=CatchUpForm, answers={202: CatchUpBody}, refusals=(20001, 20409))
)
def create(call: Call) -> ApiResponse:
    """Fetch the texts that came to a line from its carrier, and record those that are not here.

    Of the carriers Telnyx and Twilio list texts. A line has one catch-up at a time.
    """
    line = lookups.find_line(call)
    form = CatchUpForm.parse(call.request.form)
    if line.carrier not in LISTINGS:
        raise refusals.catch_up_impossible(line.address, line.carrier)
    before = store.fetch(call.table, line.address)
    after = plan_catch_up(line.address, line.carrier, line.created, before, form.since, call.now)
    is_under_way = before is not None and before.is_under_way(call.now)
    if is_under_way or not store.start(call.table, before, after):
        raise refusals.catch_up_under_way(line.address)
    return ApiResponse(202, _build_body(call, after))


@route.get("Lines/{line}/CatchUp", docs=Operation(answers={200: CatchUpBody}))
def fetch(call: Call) -> ApiResponse:
    """Fetch the latest catch-up of a line, with how far it is."""
    found = store.fetch(call.table, lookups.find_line(call).address)
    if found is None:
        raise lookups.not_found(call)
    return ApiResponse(200, _build_body(call, found))


def _build_body(call: Call, catch_up: CatchUp) -> dict[str, Any]:
    return CatchUpBody(
        account_sid=call.context.account_sid,
        address=catch_up.line,
        carrier=catch_up.carrier,
        state=catch_up.state,
        problem=catch_up.problem or None,
        since=catch_up.since,
        until=catch_up.until,
        listed=catch_up.listed,
        known=catch_up.known,
        recorded=catch_up.recorded,
        copied=catch_up.copied,
        unrouted=catch_up.unrouted,
        unreadable=catch_up.unreadable,
        date_created=catch_up.created,
        date_updated=catch_up.updated,
        url=call.url("Lines", catch_up.line, "CatchUp"),
    ).to_json()
