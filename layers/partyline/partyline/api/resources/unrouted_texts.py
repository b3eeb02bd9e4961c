"""The inbox of texts that no conversation took: list, fetch, route again, forget. Twilio has no such resource."""

from __future__ import annotations

from partyline.api import lookups, pagination, serializers
from partyline.api.context import ApiResponse, Call
from partyline.api.router import Level, Router
from partyline.domain import sids
from partyline.domain.unrouted import UnroutedText
from partyline.errors import Conflict
from partyline.inbound.recorder import InboundRecorder, RecordResult
from partyline.inbound.replay import UnroutedReplay
from partyline.inbound.webhook_handler import WebhookHandler
from partyline.storage import queries
from partyline.storage import unrouted as store
from partyline.storage.queries import Window

route = Router(Level.ACCOUNT)


@route.get("UnroutedTexts")
def list_page(call: Call) -> ApiResponse:
    """GET /UnroutedTexts, newest first."""

    def read(window: Window) -> pagination.PagePart:
        return pagination.to_page_part(
            queries.unrouted(call.table, window), lambda text: serializers.build_unrouted_text(call, text)
        )

    return pagination.build_list_response(call, "unrouted_texts", read)


@route.get("UnroutedTexts/{text}")
def fetch(call: Call) -> ApiResponse:
    """GET /UnroutedTexts/{sid}."""
    found = _find_text(call)
    # A webhook that could not be read, as it came: too large for a list.
    return ApiResponse(200, {**serializers.build_unrouted_text(call, found), "raw": found.raw})


@route.post("UnroutedTexts/{text}")
def route_again(call: Call) -> ApiResponse:
    """POST /UnroutedTexts/{sid}: route it again, now that a conversation may take it. Answers what became of it: it is
    no longer here, unless the outcome is `unrouted`, with the reason of now. Raises ApiError 20404, also when it was
    taken meanwhile."""
    found = _find_text(call)
    recorder = InboundRecorder(call.table, sids.default_service(call.context.account_sid), call.context.ask)
    try:
        redriven = UnroutedReplay(WebhookHandler(call.table, recorder)).replay(found, call.now)
    except Conflict as conflict:
        if "unrouted" in conflict.failed:
            raise lookups.not_found(call) from conflict
        raise
    return ApiResponse(200, {"sid": found.sid, "account_sid": call.context.account_sid, **_build_result(redriven)})


@route.delete("UnroutedTexts/{text}")
def delete(call: Call) -> ApiResponse:
    """DELETE /UnroutedTexts/{sid}: it is done with."""
    if not store.remove(call.table, _find_text(call).sid):
        raise lookups.not_found(call)
    return ApiResponse(204)


def _find_text(call: Call) -> UnroutedText:
    sid = call.ids["text"]
    found = store.fetch(call.table, sid) if sids.matches(sids.UNROUTED, sid) else None
    if found is None:
        raise lookups.not_found(call)
    return found


def _build_result(redriven: RecordResult) -> dict[str, str | None]:
    return {
        "outcome": redriven.outcome.value,
        "reason": redriven.reason.value if redriven.reason else None,
        "conversation_sid": redriven.conversation_sid or None,
        "message_sid": redriven.message_sid or None,
    }
