"""The inbox of texts that no conversation took: list and fetch. Twilio has no such resource."""

from __future__ import annotations

from partyline import sids
from partyline.api import lookup, paging, responses
from partyline.api.calls import Answer, Call
from partyline.api.paging import Part, Window
from partyline.store import items, keys, listing
from partyline.store import unrouted as store


def listed(call: Call) -> Answer:
    """GET /UnroutedTexts, newest first."""

    def read(window: Window) -> Part:
        page = listing.unrouted(call.table, size=window.size, after=window.key, backward=window.backward)
        entries = [
            (keys.dated(items.from_time(text.created), text.sid), responses.unrouted(call, text))
            for text in page.entries
        ]
        return Part(entries, page.more)

    return paging.listing(call, "unrouted_texts", read)


def fetch(call: Call) -> Answer:
    """GET /UnroutedTexts/{sid}."""
    sid = call.ids["text"]
    found = store.fetch(call.table, sid) if sids.matches(sids.UNROUTED, sid) else None
    if found is None:
        raise lookup.missing(call)
    # A webhook that could not be read, as it came: too large for a list.
    return Answer(200, {**responses.unrouted(call, found), "raw": found.raw})
