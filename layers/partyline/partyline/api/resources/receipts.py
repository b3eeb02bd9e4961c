"""Delivery receipts: list and fetch. Carriers make them."""

from __future__ import annotations

from partyline.api import lookups, pagination, serializers
from partyline.api.context import ApiResponse, Call
from partyline.api.resources import messages


def list_page(call: Call) -> ApiResponse:
    """GET .../Messages/{message}/Receipts: one for each person by phone who was sent the message."""
    found = messages.find(call, lookups.conversation(call)).receipts
    entries = sorted((receipt.sid, serializers.receipt(call, receipt)) for receipt in found)
    return pagination.listing(
        call, "delivery_receipts", lambda window: pagination.part_of(entries, window), pagination.SMALL_MAXIMUM
    )


def fetch(call: Call) -> ApiResponse:
    """GET .../Messages/{message}/Receipts/{sid}."""
    for receipt in messages.find(call, lookups.conversation(call)).receipts:
        if receipt.sid == call.ids["receipt"]:
            return ApiResponse(200, serializers.receipt(call, receipt))
    raise lookups.missing(call)
