"""Erasures: delete what is stored of a person, by their number. Order one, and fetch its report. For the account alone.

The number is in the body of the request, not in its path: paths are in the logs of whatever stands before the API.
Twilio has no such resource.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field

from partyline import refusals
from partyline.api import lookups, pagination
from partyline.api.context import ApiResponse, Call
from partyline.api.field_types import Address
from partyline.api.form_model import Form
from partyline.api.operations import Operation
from partyline.api.pagination import PagePart
from partyline.api.response_model import ResponseModel, Timestamp
from partyline.api.router import Level, Router
from partyline.domain import addresses, sids
from partyline.domain.addresses import AddressKind
from partyline.domain.erasures import Erasure, ErasureState, KeptReason
from partyline.storage import erasures as store
from partyline.storage import lines, queries
from partyline.storage.queries import Window

route = Router(Level.ACCOUNT)


class ErasureForm(Form):
    """Who is to be erased."""

    address: Address = Field(description="The phone number, in E.164 form.", examples=["+12065550160"])


class KeptBody(ResponseModel):
    """Something that has the number, or may have it, and stays."""

    kind: str
    sid: str = Field(description="What it is, or belongs to; of a dead-letter queue its name.")
    reason: KeptReason = Field(
        description=(
            "`others_words`: somebody else wrote the number. `in_use`: it was in use to the end; erase again. "
            "`unread`: the queue has messages that could not be read."
        )
    )


class ErasureBody(ResponseModel):
    """The erasure of a person, with its report. It does not have the number."""

    sid: str
    account_sid: str
    state: ErasureState
    by: str = Field(description="The API key that asked for it, or the account.")
    erased: dict[str, int] = Field(description="How many items were erased so far, by kind.")
    kept: tuple[KeptBody, ...] = Field(description="What stays, a hundred at most; complete once `completed`.")
    date_created: Timestamp
    date_updated: Timestamp
    date_completed: Timestamp | None
    url: str


@route.post("Erasures", docs=Operation(form=ErasureForm, answers={202: ErasureBody}, refusals=(20001,)))
def create(call: Call) -> ApiResponse:
    """Erase what is stored of a number.

    Texts, files, contact data, unrouted texts and the history of opt-outs go. That the person has opted out stays.
    """
    number = addresses.canonicalize(ErasureForm.parse(call.request.form).address)
    if addresses.kind_of(number) is not AddressKind.PHONE:
        raise refusals.invalid_parameter("Address", "it is not a phone number in E.164 form")
    if lines.fetch(call.table, [number]):
        raise refusals.invalid_parameter("Address", "it is one of your lines")
    erasure = Erasure(sids.new(sids.ERASURE), call.caller, call.now, call.now, number)
    store.create(call.table, erasure)
    return ApiResponse(202, _build_body(call, erasure))


@route.get("Erasures", docs=Operation(list_of=("erasures", ErasureBody)))
def list_page(call: Call) -> ApiResponse:
    """List the erasures, the newest first."""

    def read(window: Window) -> PagePart:
        return pagination.to_page_part(queries.erasures(call.table, window), lambda one: _build_body(call, one))

    return pagination.build_list_response(call, "erasures", read)


@route.get("Erasures/{erasure}", docs=Operation(answers={200: ErasureBody}))
def fetch(call: Call) -> ApiResponse:
    """Fetch an erasure, with how far it is."""
    sid = call.ids["erasure"]
    found = store.fetch(call.table, sid) if sids.matches(sids.ERASURE, sid) else None
    if found is None:
        raise lookups.not_found(call)
    return ApiResponse(200, _build_body(call, found))


def _build_body(call: Call, erasure: Erasure) -> dict[str, Any]:
    return ErasureBody(
        sid=erasure.sid,
        account_sid=call.context.account_sid,
        state=erasure.state,
        by=erasure.by,
        erased={**erasure.erased},
        kept=tuple(KeptBody(kind=one.kind, sid=one.sid, reason=one.reason) for one in erasure.kept),
        date_created=erasure.created,
        date_updated=erasure.updated,
        date_completed=erasure.completed,
        url=call.account_url("Erasures", erasure.sid),
    ).to_json()
