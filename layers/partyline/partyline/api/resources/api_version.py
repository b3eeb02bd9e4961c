"""The version of this deployment: fetch. Twilio has no such resource."""

from __future__ import annotations

from pydantic import Field

from partyline import __version__
from partyline.api.context import ApiResponse, Call
from partyline.api.operations import Operation
from partyline.api.response_model import ResponseModel
from partyline.api.router import Level, Router

route = Router(Level.ACCOUNT)


class VersionBody(ResponseModel):
    """The deployment that answers."""

    account_sid: str
    version: str = Field(description="The version of Partyline.", examples=[__version__])
    url: str


@route.get("", users=True, docs=Operation(answers={200: VersionBody}))
def fetch(call: Call) -> ApiResponse:
    """Fetch the version of this deployment."""
    body = VersionBody(account_sid=call.context.account_sid, version=__version__, url=call.account_url())
    return ApiResponse(200, body.to_json())
