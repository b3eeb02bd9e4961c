"""Delivery receipts: list and fetch. Carriers make them."""

from __future__ import annotations

from partyline.api import lookups, pagination, serializers
from partyline.api.context import ApiResponse, Call
from partyline.api.resources import messages
from partyline.api.router import Router

route = Router()


@route.get("Conversations/{conversation}/Messages/{message}/Receipts", users=True)
def list_page(call: Call) -> ApiResponse:
    """List the receipts of a message: one for each participant by phone that it was sent to."""
    found = messages.find_message(call, lookups.find_conversation(call)).receipts
    entries = sorted((receipt.sid, serializers.build_receipt(call, receipt)) for receipt in found)
    return pagination.build_list_response(
        call,
        "delivery_receipts",
        lambda window: pagination.slice_entries(entries, window),
        pagination.SMALL_MAX_PAGE_SIZE,
    )


@route.get("Conversations/{conversation}/Messages/{message}/Receipts/{receipt}", users=True)
def fetch(call: Call) -> ApiResponse:
    """Fetch a receipt."""
    for receipt in messages.find_message(call, lookups.find_conversation(call)).receipts:
        if receipt.sid == call.ids["receipt"]:
            return ApiResponse(200, serializers.build_receipt(call, receipt))
    raise lookups.not_found(call)
