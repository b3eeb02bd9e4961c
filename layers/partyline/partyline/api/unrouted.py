"""The inbox of texts that no conversation took: list, fetch, route again, forget. Twilio has no such resource."""

from __future__ import annotations

from partyline import receiving, redriving, sids
from partyline.api import lookup, paging, responses
from partyline.api.calls import Answer, Call
from partyline.model import UnroutedText
from partyline.recording import Recorded
from partyline.store import listing
from partyline.store import unrouted as store
from partyline.store.listing import Window
from partyline.store.table import Conflict


def listed(call: Call) -> Answer:
    """GET /UnroutedTexts, newest first."""

    def read(window: Window) -> paging.Part:
        return paging.shown(listing.unrouted(call.table, window), lambda text: responses.unrouted(call, text))

    return paging.listing(call, "unrouted_texts", read)


def fetch(call: Call) -> Answer:
    """GET /UnroutedTexts/{sid}."""
    found = _find(call)
    # A webhook that could not be read, as it came: too large for a list.
    return Answer(200, {**responses.unrouted(call, found), "raw": found.raw})


def redrive(call: Call) -> Answer:
    """POST /UnroutedTexts/{sid}: route it again, now that a conversation may take it. Answers what became of it: it is
    no longer here, unless the outcome is `unrouted`, with the reason of now. Raises ApiError 20404, also when it was
    taken meanwhile."""
    found = _find(call)
    desk = receiving.Desk(call.table, sids.default_service(call.desk.account_sid), call.desk.ask)
    try:
        redriven = redriving.redrive(desk, found, call.now)
    except Conflict as conflict:
        if "unrouted" in conflict.failed:
            raise lookup.missing(call) from conflict
        raise
    return Answer(200, {"sid": found.sid, "account_sid": call.desk.account_sid, **_became(redriven)})


def delete(call: Call) -> Answer:
    """DELETE /UnroutedTexts/{sid}: it is done with."""
    if not store.remove(call.table, _find(call).sid):
        raise lookup.missing(call)
    return Answer(204)


def _find(call: Call) -> UnroutedText:
    sid = call.ids["text"]
    found = store.fetch(call.table, sid) if sids.matches(sids.UNROUTED, sid) else None
    if found is None:
        raise lookup.missing(call)
    return found


def _became(redriven: Recorded) -> dict[str, str | None]:
    return {
        "outcome": redriven.outcome.value,
        "reason": redriven.reason.value if redriven.reason else None,
        "conversation_sid": redriven.conversation_sid or None,
        "message_sid": redriven.message_sid or None,
    }
