"""A client of the API that knows nothing of Partyline: method, path, parameters, and what came back.

The same tests run in process, where every answer is that of a function called with an event, and over HTTP.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

import urllib3

from tests.support.api_harness import BASE, Api, Reply, basic, proxy_event

Pairs = list[tuple[str, str]]
# Method, path with the version and encoded, query, form.
Call = Callable[[str, str, Pairs, Pairs], Reply]

_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Client:
    """Calls the API. `base` is what the URLs in its answers begin with."""

    call: Call
    base: str

    def get(self, path: str, query: Pairs | None = None) -> Reply:
        return self.call("GET", path, query or [], [])

    def post(self, path: str, form: Pairs) -> Reply:
        return self.call("POST", path, [], form)

    def delete(self, path: str) -> Reply:
        return self.call("DELETE", path, [], [])

    def follow(self, url: str) -> Reply:
        """Ask for a URL that an answer held."""
        path, _, query = self.path_of(url).partition("?")
        return self.get(path, parse_qsl(query, keep_blank_values=True))

    def path_of(self, url: str) -> str:
        """The path, and query, of a URL that an answer held."""
        assert url.startswith(f"{self.base}/v1/"), url
        return url.removeprefix(self.base)

    def made(self, path: str, form: Pairs) -> dict[str, Any]:
        """What a creation answers."""
        reply = self.post(path, form)
        assert reply.status in (201, 202), (path, form, reply.body)
        body: dict[str, Any] = reply.body
        return body


def in_process(api: Api) -> Client:
    """The API without a network."""

    def call(method: str, path: str, query: Pairs, form: Pairs) -> Reply:
        headers = {"Authorization": basic(), **_content_type(method)}
        return api.send(proxy_event(method, path, query, headers, urlencode(form)))

    return Client(call, BASE)


def over_http(url: str, account_sid: str, auth_token: str) -> Client:
    """A running stack."""
    http = urllib3.PoolManager(retries=False, timeout=_SECONDS)
    headers = {"Authorization": basic(account_sid, auth_token)}

    def call(method: str, path: str, query: Pairs, form: Pairs) -> Reply:
        target = f"{url}{path}" + (f"?{urlencode(query, quote_via=quote)}" if query else "")
        sent = {**headers, **_content_type(method)}
        answer = http.request(method, target, headers=sent, body=urlencode(form) if method == "POST" else None)
        is_json = answer.data and answer.headers["Content-Type"].startswith("application/json")
        return Reply(answer.status, json.loads(answer.data) if is_json else None, answer.headers)

    return Client(call, url)


def _content_type(method: str) -> dict[str, str]:
    return {"Content-Type": "application/x-www-form-urlencoded"} if method == "POST" else {}
