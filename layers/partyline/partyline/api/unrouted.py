"""The inbox of texts that no conversation took: list and fetch. Twilio has no such resource."""

from __future__ import annotations

from partyline import sids
from partyline.api import lookup, paging, responses
from partyline.api.calls import Answer, Call
from partyline.store import listing
from partyline.store import unrouted as store
from partyline.store.listing import Window


def listed(call: Call) -> Answer:
    """GET /UnroutedTexts, newest first."""

    def read(window: Window) -> paging.Part:
        return paging.shown(listing.unrouted(call.table, window), lambda text: responses.unrouted(call, text))

    return paging.listing(call, "unrouted_texts", read)


def fetch(call: Call) -> Answer:
    """GET /UnroutedTexts/{sid}."""
    sid = call.ids["text"]
    found = store.fetch(call.table, sid) if sids.matches(sids.UNROUTED, sid) else None
    if found is None:
        raise lookup.missing(call)
    # A webhook that could not be read, as it came: too large for a list.
    return Answer(200, {**responses.unrouted(call, found), "raw": found.raw})
