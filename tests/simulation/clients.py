"""A customer's program: it asks the API, and repeats what was not answered, as the documentation says."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.client import BAD_REQUEST, CREATED
from typing import Any
from urllib.parse import urlencode

from tests.simulation.world import LINES, World
from tests.support.api_harness import Pairs, basic, proxy_event

# Seconds that API Gateway waits for an answer, and how often a request is repeated.
GATEWAY = 29.0
TRIES = 60
# Codes of answers: other requests are in the way, and a conversation that is being made.
_BUSY, _INITIALIZING = 20409, 50386
_FAULTS = {"answer lost": 0.02, "request lost": 0.01}


class NotAnswered(Exception):
    """Raised when a program has given up."""


@dataclass
class ApiClient:
    """The program. `said` counts the messages by body that were certainly created."""

    world: World
    said: Counter[str] = field(default_factory=Counter)
    _requests: int = 0

    def ask(self, method: str, path: str, form: Pairs = (), *, key: str = "", query: Pairs = ()) -> tuple[int, Any]:
        """Make a request until it is answered with less than 500. Raises NotAnswered."""
        self._requests += 1
        name = f"request {self._requests}"
        headers = {"Authorization": basic(), "X-Twilio-Webhook-Enabled": "true"}
        if method == "POST":
            headers |= {"Content-Type": "application/x-www-form-urlencoded"} | ({"Idempotency-Key": key} if key else {})
        pairs = list(query.items()) if isinstance(query, Mapping) else list(query)
        event = proxy_event(method, f"/v1{path}", pairs, headers, urlencode(form))
        for attempt in range(1, TRIES + 1):
            answer = self._ask_once(event, f"{name} try {attempt}")
            if answer and not _is_for_later(*answer):
                return answer
            self.world.scheduler.pause(min(attempt, 20.0))
        raise NotAnswered(f"{method} {path}")

    def _ask_once(self, event: Mapping[str, Any], name: str) -> tuple[int, Any] | None:
        fault = self.world.faults.happens(name, _FAULTS)
        if fault == "request lost":
            return None
        task = self.world.functions.begin("conversations", name, event)
        is_done = self.world.scheduler.wait(task, patience=GATEWAY)
        if not is_done or task.error or fault == "answer lost":
            return None
        body = task.result["body"]
        return task.result["statusCode"], json.loads(body) if body else None

    # --- what programs do

    def find(self, members: Sequence[str]) -> str | None:
        """The open conversation of exactly these numbers."""
        status, body = self.ask("GET", "/Conversations", query=[("Address", number) for number in members])
        found = body["conversations"] if status == 200 else []
        return str(found[0]["sid"]) if found else None

    def open(self, members: Sequence[str], key: str, attributes: str) -> str | None:
        """The open conversation of these numbers, created if need be, with these attributes."""
        found = self.find(members)
        if found:
            return found
        form = [("Participant", json.dumps(binding(number))) for number in members]
        settings = [("IfExists", "fetch"), ("Attributes", attributes)]
        status, body = self.ask("POST", "/ConversationWithParticipants", [*settings, *form], key=key)
        return str(body["sid"]) if status < 300 else None

    def say(self, conversation: str, body: str, key: str) -> None:
        """Write a message, once it is possible."""
        form = {"Author": "agent", "Body": body}
        if self.ask_later("POST", f"/Conversations/{conversation}/Messages", form, key=key) == CREATED:
            self.said[body] += 1

    def ask_later(self, method: str, path: str, form: Pairs, *, key: str = "") -> int:
        """Make a request once its conversation is no longer being made; return the status."""
        for _ in range(20):
            status, answer = self.ask(method, path, form, key=key)
            if status != BAD_REQUEST or answer["code"] != _INITIALIZING:
                return status
            self.world.scheduler.pause(5.0)
        raise NotAnswered(f"{method} {path}")


def _is_for_later(status: int, body: Any) -> bool:
    """Whether an answer says no more than that the request may be repeated."""
    return status >= 500 or status == 429 or (status == 409 and body["code"] == _BUSY)


def binding(number: str) -> dict[str, Any]:
    """A participant: a person by their handset, one of ours by the line that they write from."""
    if number not in LINES:
        return {"messaging_binding": {"address": number}}
    identity = "agent" if number == min(LINES) else f"agent at {number}"
    return {"identity": identity, "messaging_binding": {"projected_address": number}}


def masked(address: str, proxy: str) -> dict[str, Any]:
    """A person behind a number of ours."""
    return {"messaging_binding": {"address": address, "proxy_address": proxy}}
