"""List the texts that came to a number at Twilio, and read one again: its Messages and their Media.

Source: https://www.twilio.com/docs/messaging/api/message-resource. A list is filtered by whole days of UTC. It has the
texts between two numbers of ours twice, of which one is `inbound`.

A group text has the other members in its webhook only. Every MMS may be one: its SID begins with MM.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from datetime import date
from typing import ClassVar
from urllib.parse import quote, urlencode

from partyline.carriers import listing, schemas, twilio, webhook_auth
from partyline.carriers.base import Transport, Urls, choose_url
from partyline.carriers.listing import ListedText
from partyline.carriers.twilio_payloads import ListedMessage, MediaPage, TwilioMessagePage
from partyline.errors import ListingUnavailable
from partyline.frozen_classes import frozen
from partyline.http_client import HttpRequest

# Messages of a page, the most that Twilio gives.
PAGE_SIZE = 1000
_INBOUND = "inbound"


@frozen
class TwilioListing:
    """The texts of one Twilio account."""

    account_sid: str
    auth_token: str = field(repr=False)
    url: str
    transport: Transport

    is_newest_first: ClassVar[bool] = True

    @classmethod
    def from_secrets(cls, secrets: Mapping[str, str], urls: Urls, transport: Transport) -> TwilioListing:
        """Build the listing from a deployment's secrets and base URLs."""
        url = choose_url(urls, "twilio_url", twilio.URL)
        return cls(secrets["twilio_account_sid"], secrets["twilio_auth_token"], url, transport)

    def iterate_pages(self, line: str, day: date) -> Iterator[list[ListedText]]:
        """Iterate over the texts of a day, the latest first. Raises ListingError."""
        query = urlencode({"To": line, "DateSent": day.isoformat(), "PageSize": PAGE_SIZE})
        path = f"{self._path}.json?{query}"
        asked: set[str] = set()
        while path:
            # What is asked for with our credentials is always this list, and each of its pages once.
            if path in asked or not path.startswith(f"{self._path}.json?"):
                raise ListingUnavailable("the carrier's answer cannot be read: next_page_uri")
            asked.add(path)
            page = listing.read(TwilioMessagePage, listing.require(self._ask(path)))
            received = (one for one in schemas.only_objects(page.messages) if _came_in(one))
            messages = [listing.read(ListedMessage, one) for one in received]
            yield [ListedText(one.sid, one.received_at, one.sid.startswith("MM")) for one in messages]
            path = page.next_page_uri

    def rebuild_webhook(self, text_id: str) -> bytes | None:
        """Return the form of a text's webhook, without what Messages do not have. Raises ListingError."""
        path = f"{self._path}/{quote(text_id, safe='')}"
        answer = self._ask(f"{path}.json")
        if answer is None or not _came_in(answer):
            return None
        message = listing.read(ListedMessage, answer)
        form = [
            ("MessageSid", message.sid),
            ("SmsStatus", "received"),
            ("From", message.sender),
            ("To", message.to),
            ("Body", message.body),
            ("NumMedia", message.num_media),
            *(self._list_media(path) if message.num_media != "0" else ()),
        ]
        return urlencode(form).encode("ascii")

    @property
    def _path(self) -> str:
        return f"/2010-04-01/Accounts/{quote(self.account_sid, safe='')}/Messages"

    def _list_media(self, path: str) -> list[tuple[str, str]]:
        """List the parameters of a message's files, of which there are ten at the most."""
        page = listing.read(MediaPage, self._ask(f"{path}/Media.json") or {})
        return [
            parameter
            for index, file in enumerate(page.media_list)
            for parameter in (
                (f"MediaUrl{index}", self.url + file.uri.removesuffix(".json")),
                (f"MediaContentType{index}", file.content_type),
            )
        ]

    def _ask(self, path: str) -> schemas.JsonObject | None:
        header = webhook_auth.basic_header(self.account_sid, self.auth_token)
        request = HttpRequest("GET", self.url + path, {"Authorization": header})
        return listing.ask(self.transport, request)


def _came_in(message: schemas.JsonObject) -> bool:
    return message.get("direction") == _INBOUND
