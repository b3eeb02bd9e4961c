"""Delivery receipts: list and fetch. Carriers make them."""

from __future__ import annotations

from partyline.api import lookup, messages, paging, responses
from partyline.api.calls import Answer, Call


def listed(call: Call) -> Answer:
    """GET .../Messages/{message}/Receipts: one for each person by phone who was sent the message."""
    found = messages.find(call, lookup.conversation(call)).receipts
    entries = sorted((receipt.sid, responses.receipt(call, receipt)) for receipt in found)
    return paging.listing(
        call, "delivery_receipts", lambda window: paging.part_of(entries, window), paging.SMALL_MAXIMUM
    )


def fetch(call: Call) -> Answer:
    """GET .../Messages/{message}/Receipts/{sid}."""
    for receipt in messages.find(call, lookup.conversation(call)).receipts:
        if receipt.sid == call.ids["receipt"]:
            return Answer(200, responses.receipt(call, receipt))
    raise lookup.missing(call)
