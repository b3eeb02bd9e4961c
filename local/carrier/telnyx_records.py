"""Telnyx's records of texts that came in: the list of a number's of a day, and the message of each.

They are made of the webhooks of their texts, whatever has become of these.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from local.carrier.base import Answer, Call, Webhook

RECORDS, MESSAGE = "detail records", "message"
_PAGE_SIZE, _LARGEST_PAGE = 20, 50


def find_answer(call: Call, texts: Iterable[Webhook]) -> Answer | None:
    """Return the answer to a request for records, or for a message; None when there is no such message."""
    if call.operation == RECORDS:
        return Answer(200, _build_page(call, texts))
    found = next((text for text in texts if text.id == call.args["id"]), None)
    return Answer(200, {"data": found.payload["payload"]}) if found else None


def _build_page(call: Call, texts: Iterable[Webhook]) -> dict[str, Any]:
    """Build a page of the list, the earliest record first."""
    first, end = (date.fromisoformat(call.query[f"filter[created_at][{side}]"]) for side in ("gte", "lt"))
    line = call.query["filter[cld]"]
    records = [
        {
            "cld": text.line,
            "cli": text.payload["payload"]["from"]["phone_number"],
            "created_at": text.at.isoformat(timespec="seconds").replace("+00:00", "Z"),
            "direction": "inbound",
            "record_type": "message_detail_record",
            "uuid": text.id,
        }
        for text in texts
        if text.line == line and text.at and first <= text.at.date() < end
    ]
    size = min(int(call.query.get("page[size]", _PAGE_SIZE)), _LARGEST_PAGE)
    number = int(call.query.get("page[number]", 1))
    meta = {
        "page_number": number,
        "page_size": size,
        "total_pages": -(-len(records) // size),
        "total_results": len(records),
    }
    return {"data": records[(number - 1) * size : number * size], "meta": meta}
