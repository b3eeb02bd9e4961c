"""Calls a running stack from outside: its API, with the account's credentials or as a person, and its phones."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode

import jwt
import urllib3

Form = Mapping[str, str] | Sequence[tuple[str, str]]
_TOKEN_LIFE = 3600
# Seconds, for what follows by itself. A function may have to start first.
_PATIENCE = 90


class Refused(Exception):
    """A request was refused; `status` and `body` are the answer."""

    def __init__(self, method: str, path: str, status: int, body: Any) -> None:
        super().__init__(f"{method} {path}: {status} {body}")
        self.status = status
        self.body = body


class Stack:
    """One running stack. `as_person` calls it as somebody of the staff."""

    def __init__(self, url: str, account_sid: str, auth_token: str) -> None:
        self._url = url
        self._account_sid = account_sid
        self._http = urllib3.PoolManager(retries=False, timeout=_PATIENCE)
        self._authorization = "Basic " + base64.b64encode(f"{account_sid}:{auth_token}".encode()).decode()

    def as_person(self, identity: str, service: str, key: Mapping[str, str]) -> Stack:
        """The same stack, called with an access token that an API key signs."""
        grants = {"identity": identity, "chat": {"service_sid": service}}
        claims = {"iss": key["sid"], "sub": self._account_sid, "exp": int(time.time()) + _TOKEN_LIFE, "grants": grants}
        person = Stack(self._url, self._account_sid, "")
        person._authorization = f"Bearer {jwt.encode(claims, key['secret'], 'HS256', {'cty': 'twilio-fpa;v=1'})}"
        return person

    def get(self, path: str, query: Form = ()) -> Any:
        """Read a resource. Raises Refused."""
        return self._ask("GET", f"/v1/{path}?{urlencode(query)}")

    def post(self, path: str, form: Form = (), key: str = "") -> Any:
        """Make or change a resource; with a key, once, however often it is asked for. Raises Refused."""
        content = {"Content-Type": "application/x-www-form-urlencoded", **({"Idempotency-Key": key} if key else {})}
        return self._ask("POST", f"/v1/{path}", urlencode(form).encode(), content)

    def delete(self, path: str) -> None:
        """Delete a resource. Raises Refused."""
        self._ask("DELETE", f"/v1/{path}")

    def upload(self, service: str, picture: bytes) -> str:
        """Upload a picture, and return its SID."""
        sid: str = self._ask("POST", f"/v1/Services/{service}/Media", picture, {"Content-Type": "image/png"})["sid"]
        return sid

    def text(self, sender: str, recipients: Sequence[str], text: str, picture: bytes | None = None) -> None:
        """Send a text from a phone. Raises Refused."""
        media = []
        if picture:
            content = {"Content-Type": "image/png"}
            media.append(self._ask("POST", f"/handsets/{quote(sender)}/media", picture, content)["url"])
        self._ask_json(f"/handsets/{quote(sender)}/messages", {"to": list(recipients), "text": text, "media": media})

    def list_texts(self, number: str) -> list[dict[str, Any]]:
        """List what a phone shows, oldest first."""
        texts: list[dict[str, Any]] = self._ask("GET", f"/handsets/{quote(number)}/messages")
        return texts

    def set_clocks_back(self, seconds: int) -> None:
        """Let the phones' clocks be late from now on."""
        self._ask_json("/network", {"seconds_behind": seconds})

    def _ask_json(self, path: str, content: object) -> Any:
        return self._ask("POST", path, json.dumps(content).encode(), {"Content-Type": "application/json"})

    def _ask(self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None) -> Any:
        named = {"Authorization": self._authorization, **(headers or {})}
        answer = self._http.request(method, self._url + path, body=body, headers=named)
        content = json.loads(answer.data) if answer.data else None
        if answer.status >= HTTPStatus.BAD_REQUEST:
            raise Refused(method, path, answer.status, content)
        return content


def until(look: Callable[[], bool], what: str) -> None:
    """Wait for something that follows by itself. Raises TimeoutError."""
    end = time.monotonic() + _PATIENCE
    while not look():
        if time.monotonic() > end:
            raise TimeoutError(f"{what} did not happen")
        time.sleep(0.1)
