"""Twilio's messages that came in: the list of a number's of a day, each message, and its files.

They are made of the webhooks of their texts, whatever has become of these.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from local.carrier.base import Answer, Call, Webhook

MESSAGES, MESSAGE, MEDIA = "list of messages", "message", "media of a message"
_PAGE_SIZE, _LARGEST_PAGE = 50, 1000


def find_answer(call: Call, texts: Iterable[Webhook]) -> Answer | None:
    """Return the answer to a request for messages, or for one; None when there is no such message."""
    if call.operation == MESSAGES:
        return Answer(200, _build_page(call, list(texts)))
    found = next((text for text in texts if text.id == call.args["sid"]), None)
    if found is None:
        return None
    resource = _build_message(call, found) if call.operation == MESSAGE else {"media_list": _list_media(found)}
    return Answer(200, resource)


def _build_page(call: Call, texts: Sequence[Webhook]) -> dict[str, Any]:
    """Build a page of the list, the latest message first. `DateSent` is a day of UTC."""
    day = date.fromisoformat(call.query["DateSent"])
    listed = [text for text in reversed(texts) if text.line == call.query["To"] and text.at and text.at.date() == day]
    size = min(int(call.query.get("PageSize", _PAGE_SIZE)), _LARGEST_PAGE)
    page = int(call.query.get("Page", 0))
    rest = listed[page * size :]
    following = f"{_path(call)}.json?{urlencode({**call.query, 'Page': page + 1})}"
    return {
        "messages": [_build_message(call, text) for text in rest[:size]],
        "next_page_uri": following if len(rest) > size else None,
        "page": page,
        "page_size": size,
    }


def _build_message(call: Call, text: Webhook) -> dict[str, Any]:
    at = format_datetime(text.at) if text.at else None
    return {
        "account_sid": call.args["account"],
        "body": text.payload["Body"],
        "date_created": at,
        "date_sent": at,
        "date_updated": at,
        "direction": "inbound",
        "error_code": None,
        "from": text.payload["From"],
        "num_media": text.payload["NumMedia"],
        "sid": text.id,
        "status": "received",
        "to": text.line,
        "uri": f"{_path(call)}/{text.id}.json",
    }


def _list_media(text: Webhook) -> list[dict[str, Any]]:
    """List the files of a message. Twilio's host has a file at the address of its resource, without `.json`."""
    return [
        {
            "content_type": text.payload[f"MediaContentType{place}"],
            "uri": urlsplit(text.payload[f"MediaUrl{place}"]).path.removeprefix("/twilio") + ".json",
        }
        for place in range(int(text.payload["NumMedia"]))
        if text.payload[f"MediaUrl{place}"]
    ]


def _path(call: Call) -> str:
    return f"/2010-04-01/Accounts/{call.args['account']}/Messages"
