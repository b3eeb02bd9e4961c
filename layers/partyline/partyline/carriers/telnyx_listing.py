"""List the texts that came to a number at Telnyx, and read one again: its detail records, and the message of each.

Source: https://developers.telnyx.com/api-reference/detail-records/search-detail-records and
https://developers.telnyx.com/api-reference/messages/retrieve-a-message. Records are filtered by whole days of UTC and
have no words. A message can be read for ten days. It is what the webhook had as its payload, with the whole roster.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import field
from datetime import date, timedelta
from typing import ClassVar
from urllib.parse import quote, urlencode

from partyline.carriers import listing, schemas, telnyx
from partyline.carriers.base import Transport, Urls, choose_url
from partyline.carriers.listing import ListedText
from partyline.carriers.telnyx_payloads import DetailRecord, DetailRecordPage
from partyline.frozen_classes import frozen
from partyline.http_client import HttpRequest

# Records of a page, the most that Telnyx gives.
PAGE_SIZE = 50
_INBOUND = "inbound"


@frozen
class TelnyxListing:
    """The texts of one Telnyx account."""

    api_key: str = field(repr=False)
    url: str
    transport: Transport

    is_newest_first: ClassVar[bool] = False

    @classmethod
    def from_secrets(cls, secrets: Mapping[str, str], urls: Urls, transport: Transport) -> TelnyxListing:
        """Build the listing from a deployment's secrets and base URLs."""
        return cls(secrets["telnyx_api_key"], choose_url(urls, "telnyx_url", telnyx.URL), transport)

    def iterate_pages(self, line: str, day: date) -> Iterator[list[ListedText]]:
        """Iterate over the texts of a day, the earliest first. Raises ListingError."""
        filters = {
            "filter[record_type]": "messaging",
            "filter[direction]": _INBOUND,
            "filter[cld]": line,
            "filter[created_at][gte]": day.isoformat(),
            "filter[created_at][lt]": (day + timedelta(days=1)).isoformat(),
            "sort": "created_at",
            "page[size]": str(PAGE_SIZE),
        }
        number = 0
        while True:
            number += 1
            answer = self._ask(f"/detail_records?{urlencode({**filters, 'page[number]': number})}")
            page = listing.read(DetailRecordPage, listing.require(answer))
            records = [listing.read(DetailRecord, one) for one in page.data]
            yield [ListedText(one.uuid, one.created_at) for one in records]
            if number >= page.meta.total_pages:
                return

    def rebuild_webhook(self, text_id: str) -> bytes | None:
        """Return the body of a text's webhook. Raises ListingError."""
        answer = self._ask(f"/messages/{quote(text_id, safe='')}")
        message = answer.get("data") if answer else None
        if not isinstance(message, dict) or message.get("direction") != _INBOUND:
            return None
        return json.dumps({"data": {"event_type": "message.received", "payload": message}}).encode()

    def _ask(self, path: str) -> schemas.JsonObject | None:
        headers = {"Authorization": f"Bearer {self.api_key}"}
        return listing.ask(self.transport, HttpRequest("GET", self.url + path, headers))
