"""The inbox of texts that no conversation took: list, fetch, route again, delete. Twilio has no such resource.

They are the account's; people with `manageLines` see and route those of the lines that they manage. Webhooks that could
not be read are for the account alone: nobody knows whose they are.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field

from partyline.api import authorization, line_management, lookups, pagination
from partyline.api.context import ApiResponse, Call
from partyline.api.operations import Operation
from partyline.api.response_model import ResponseModel, Timestamp
from partyline.api.router import Level, Router
from partyline.domain import sids
from partyline.domain.addresses import format_address
from partyline.domain.unrouted import UnroutedReason, UnroutedText
from partyline.errors import Conflict
from partyline.frozen_classes import replace
from partyline.inbound.recorder import InboundRecorder, RecordOutcome
from partyline.inbound.replay import UnroutedReplay
from partyline.inbound.webhook_handler import WebhookHandler
from partyline.storage import conversations, queries
from partyline.storage import unrouted as store
from partyline.storage.queries import ListPage, Window

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
    conversation_sid: str | None = Field(description="Null also for users that do not see it.")
    message_sid: str | None


@route.get("UnroutedTexts", users=True, docs=Operation(list_of=("unrouted_texts", UnroutedTextBody), refusals=(50107,)))
def list_page(call: Call) -> ApiResponse:
    """List the unrouted texts, newest first."""
    line_management.require_line_management(call)

    def read(window: Window) -> pagination.PagePart:
        page = line_management.read_managed(call, window, lambda part: _read(call, part), lambda text: text.line)
        return pagination.to_page_part(page, lambda text: UnroutedTextBody(**_members_of(call, text)).to_json())

    return pagination.build_list_response(call, "unrouted_texts", read)


@route.get("UnroutedTexts/{text}", users=True, docs=Operation(answers={200: FullUnroutedTextBody}, refusals=(50107,)))
def fetch(call: Call) -> ApiResponse:
    """Fetch an unrouted text.

    `raw` is not in lists: it may be as large as any webhook.
    """
    text = _find_text(call)
    return ApiResponse(200, FullUnroutedTextBody(**_members_of(call, text), raw=text.raw).to_json())


@route.post("UnroutedTexts/{text}", users=True, docs=Operation(answers={200: ReplayBody}, refusals=(50107,)))
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
    is_shown = _can_see(call, result.conversation_sid)
    body = ReplayBody(
        sid=text.sid,
        account_sid=call.context.account_sid,
        outcome=result.outcome,
        reason=result.reason,
        conversation_sid=result.conversation_sid if is_shown else None,
        message_sid=(result.message_sid or None) if is_shown else None,
    )
    return ApiResponse(200, body.to_json())


@route.delete("UnroutedTexts/{text}", users=True, docs=Operation(answers={204: None}, refusals=(50107,)))
def delete(call: Call) -> ApiResponse:
    """Delete an unrouted text."""
    if not store.remove(call.table, _find_text(call).sid):
        raise lookups.not_found(call)
    return ApiResponse(204)


def _find_text(call: Call) -> UnroutedText:
    """Find the text that the path names.

    Raises ApiError 50107, and 20404, also for a text of a line that the caller does not manage.
    """
    line_management.require_line_management(call)
    sid = call.ids["text"]
    found = store.fetch(call.table, sid) if sids.matches(sids.UNROUTED, sid) else None
    if found is None or not _is_shown(call, found) or line_management.find_unmanaged(call, [found.line]):
        raise lookups.not_found(call)
    return found


def _read(call: Call, window: Window) -> ListPage[UnroutedText]:
    page = queries.unrouted(call.table, window)
    return replace(page, entries=[(key, text) for key, text in page.entries if _is_shown(call, text)])


def _is_shown(call: Call, text: UnroutedText) -> bool:
    return call.user is None or text.reason is not UnroutedReason.MALFORMED


def _can_see(call: Call, conversation_sid: str) -> bool:
    """Whether the caller sees the conversation that took a text; False for none."""
    if not conversation_sid or call.user is None:
        return bool(conversation_sid)
    found = conversations.load(call.table, conversation_sid)
    is_here = found is not None and found.conversation.service_sid == call.scope.service_sid
    return is_here and found is not None and authorization.can_see(call, found.participants)


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
