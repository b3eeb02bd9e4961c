"""An inbox as large as one ever gets, answered by the browser's network layer: 1,000 conversations, 10,000 messages.

What a server would need minutes to record is what the app does not care about: it sees answers. Each is made of a real
one of the same stack, so that it has every field.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from playwright.sync_api import BrowserContext, Route

from tests.support.offices import Office, Scene

CONVERSATIONS, MESSAGES = 1_000, 10_000
_TEXTS = (
    "Yes",
    "On my way",
    "Could we make it half past twelve? I have to drop the kids off first. " * 3,
    "🎉",
    "Sunday?",
)
READ = {"last_read_message_index": MESSAGES - 1, "marked_unread": False, "muted": False, "unread": 0}

Query = dict[str, list[str]]


class LargeInbox:
    """The answers. `thread` is a real conversation, which is shown with as many messages as ever."""

    def __init__(self, office: Office, thread: Scene, context: BrowserContext) -> None:
        self._thread = thread
        self._message = office.account.read(f"{thread.path}/Messages")["messages"][0]
        # An account has no inbox.
        self._entry: dict[str, Any] | None = None
        context.route(lambda url: urlsplit(url).path == "/v1/Inbox", self._answer_inbox)
        context.route(lambda url: urlsplit(url).path == f"/v1{thread.path}/Messages", self._answer_messages)
        # The server knows no message of these.
        context.route(lambda url: urlsplit(url).path == f"/v1{thread.path}/ReadState", self._answer_read_state)

    def _answer_inbox(self, route: Route) -> None:
        url = route.request.url
        query = parse_qs(urlsplit(url).query)
        if self._entry is None:
            found = route.fetch().json()["entries"]
            self._entry = next(one for one in found if one["conversation_sid"] == self._thread.sid)
        size, first = int(query["PageSize"][0]), int(query.get("First", ["0"])[0])
        behind = min(first + size, CONVERSATIONS)
        more = {**query, "First": [str(behind)]} if behind < CONVERSATIONS else None
        _fulfill(route, "entries", [self._make_entry(self._entry, place) for place in range(first, behind)], more)

    def _make_entry(self, entry: dict[str, Any], place: int) -> dict[str, Any]:
        # The real one is the first.
        sid = f"CH{place:032x}" if place else self._thread.sid
        last = {**entry["last_message"], "index": MESSAGES - 1}
        return {
            **entry,
            "conversation_sid": sid,
            "title": f"{entry['title']} {place}",
            "last_message": last,
            "unread": 0,
        }

    def _answer_read_state(self, route: Route) -> None:
        route.fulfill(status=200, content_type="application/json", body=json.dumps(READ))

    def _answer_messages(self, route: Route) -> None:
        if route.request.method != "GET":
            route.fallback()
            return
        query = parse_qs(urlsplit(route.request.url).query)
        size = int(query["PageSize"][0])
        first, behind = int(query.get("After", ["-1"])[0]) + 1, min(int(query.get("Before", [MESSAGES])[0]), MESSAGES)
        if query["Order"] == ["desc"]:
            indexes = range(behind - 1, max(first, behind - size) - 1, -1)
            more = {**query, "Before": [str(indexes[-1])]} if indexes and indexes[-1] > first else None
        else:
            indexes = range(first, min(behind, first + size))
            more = {**query, "After": [str(indexes[-1])]} if indexes and indexes[-1] + 1 < behind else None
        _fulfill(route, "messages", [self._make_message(index) for index in indexes], more)

    def _make_message(self, index: int) -> dict[str, Any]:
        member = self._thread.members[index % len(self._thread.members)]
        body = f"{index}: {_TEXTS[index % len(_TEXTS)]}"
        return {**self._message, "sid": f"IM{index:032x}", "index": index, "author": member.number, "body": body}


def _fulfill(route: Route, key: str, entries: list[dict[str, Any]], more: Query | None) -> None:
    url = urlsplit(route.request.url)
    behind = url._replace(query=urlencode(more, doseq=True)).geturl() if more else None
    route.fulfill(
        status=200,
        content_type="application/json",
        body=json.dumps({key: entries, "meta": {"key": key, "next_page_url": behind}}),
    )
