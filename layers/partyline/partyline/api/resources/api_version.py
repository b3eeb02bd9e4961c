"""The version of this deployment: fetch. Twilio has no such resource."""

from __future__ import annotations

from partyline import __version__
from partyline.api.context import ApiResponse, Call
from partyline.api.router import Level, Router

route = Router(Level.ACCOUNT)


@route.get("", users=True)
def fetch(call: Call) -> ApiResponse:
    """GET /v1."""
    body = {"account_sid": call.context.account_sid, "version": __version__, "url": call.account_url()}
    return ApiResponse(200, body)
