"""The inbox of texts that no conversation took: list, fetch, route again, delete. Twilio has no such resource."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from partyline.api import lookups, pagination
from partyline.api.context import ApiResponse, Call
from partyline.api.operations import Operation
from partyline.api.response_model import ResponseModel, Timestamp
from partyline.api.router import Level, Router
from partyline.domain import sids
from partyline.domain.addresses import format_address
from partyline.domain.unrouted import UnroutedReason, UnroutedText
from partyline.errors import Conflict
from partyline.inbound.recorder import InboundRecorder, RecordOutcome
from partyline.inbound.replay import UnroutedReplay
from partyline.inbound.webhook_handler import WebhookHandler
from partyline.storage import queries
from partyline.storage import unrouted as store
from partyline.storage.queries import Window

route = Router(Level.ACCOUNT)


class UnroutedMediaBody(ResponseModel):
    """A file of an unrouted text, at the carrier."""

    url: str | None
    content_type: str | None


class UnroutedTextBody(ResponseModel):
    """A text that no conversation took."""

    sid: str
    account_sid: str
    carrier: str
    carrier_message_id: str
    reason: UnroutedReason = Field(description="Why no conversation took it.")
    line: str = Field(description="Your number that the text came to.")
    sender: str
    recipients: tuple[str, ...] = Field(description="All recipients of a group text, your number among them.")
    body: str
    media: tuple[UnroutedMediaBody, ...]
    date_created: Timestamp
    date_received_by_carrier: Timestamp | None
    url: str


class FullUnroutedTextBody(UnroutedTextBody):
    """An unrouted text with the webhook that it came in, where that could not be read."""

    raw: str = Field(description="The body of a webhook that could not be read (`malformed`); else empty.")


class ReplayBody(ResponseModel):
    """What became of a text that was routed again."""

    sid: str
    account_sid: str
    outcome: RecordOutcome = Field(description="`unrouted`: no conversation took it this time either.")
    reason: UnroutedReason | None = Field(description="Why, when it is unrouted still.")
    conversation_sid: str | None
    message_sid: str | None


@route.get("UnroutedTexts", docs=Operation(list_of=("unrouted_texts", UnroutedTextBody)))
def list_page(call: Call) -> ApiResponse:
    """List the unrouted texts, newest first."""

    def read(window: Window) -> pagination.PagePart:
        page = queries.unrouted(call.table, window)
        return pagination.to_page_part(page, lambda text: UnroutedTextBody(**_members_of(call, text)).to_json())

    return pagination.build_list_response(call, "unrouted_texts", read)


@route.get("UnroutedTexts/{text}", docs=Operation(answers={200: FullUnroutedTextBody}))
def fetch(call: Call) -> ApiResponse:
    """Fetch an unrouted text.

    `raw` is not in lists: it may be as large as any webhook.
    """
    text = _find_text(call)
    return ApiResponse(200, FullUnroutedTextBody(**_members_of(call, text), raw=text.raw).to_json())


@route.post("UnroutedTexts/{text}", docs=Operation(answers={200: ReplayBody}))
def route_again(call: Call) -> ApiResponse:
    """Route a text again, now that a conversation may take it.

    A text that is routed leaves the inbox; one that is not stays, with the reason of now. Raises ApiError 20404, also
    when another request routed it meanwhile.
    """
    text = _find_text(call)
    recorder = InboundRecorder(call.table, sids.default_service(call.context.account_sid), call.context.ask)
    try:
        result = UnroutedReplay(WebhookHandler(call.table, recorder)).replay(text, call.now)
    except Conflict as conflict:
        if "unrouted" in conflict.failed:
            raise lookups.not_found(call) from conflict
        raise
    body = ReplayBody(
        sid=text.sid,
        account_sid=call.context.account_sid,
        outcome=result.outcome,
        reason=result.reason,
        conversation_sid=result.conversation_sid or None,
        message_sid=result.message_sid or None,
    )
    return ApiResponse(200, body.to_json())


@route.delete("UnroutedTexts/{text}", docs=Operation(answers={204: None}))
def delete(call: Call) -> ApiResponse:
    """Delete an unrouted text."""
    if not store.remove(call.table, _find_text(call).sid):
        raise lookups.not_found(call)
    return ApiResponse(204)


def _find_text(call: Call) -> UnroutedText:
    """Find the text that the path names. Raises ApiError 20404."""
    sid = call.ids["text"]
    found = store.fetch(call.table, sid) if sids.matches(sids.UNROUTED, sid) else None
    if found is None:
        raise lookups.not_found(call)
    return found


def _members_of(call: Call, text: UnroutedText) -> dict[str, Any]:
    """Return the members that every form of an unrouted text has."""
    return {
        "sid": text.sid,
        "account_sid": call.context.account_sid,
        "carrier": text.carrier,
        "carrier_message_id": text.carrier_message_id,
        "reason": text.reason,
        "line": format_address(text.line),
        "sender": format_address(text.sender),
        "recipients": tuple(format_address(recipient) for recipient in text.recipients),
        "body": text.body,
        "media": tuple(UnroutedMediaBody(url=part.url, content_type=part.content_type) for part in text.media),
        "date_created": text.created,
        "date_received_by_carrier": text.received_at,
        "url": call.account_url("UnroutedTexts", text.sid),
    }
