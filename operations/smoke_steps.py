"""The steps of the smoke test: what a client does, and StepFailed where it does not see what it should."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode

from operations.smoke_client import ApiClient, LiveClient, StepFailed, sign_token, wait_until

# How many seconds an event, and a carrier's first word of a text, may take.
EVENT_SECONDS, CARRIER_SECONDS = 60.0, 120.0
# The paths of webhooks, and what one without a signature can be answered.
_WEBHOOKS = ("/carriers/telnyx", "/carriers/twilio", "/carriers/bandwidth/none")
_REFUSED = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}
_ON_ITS_WAY, _LOST = {"sent", "delivered", "read"}, {"failed", "undelivered"}


@dataclass(frozen=True, slots=True)
class TextRound:
    """The line that texts, the phone that gets the text, and how many seconds that has to answer (0: it does not)."""

    line: str
    phone: str
    reply: float = 0.0


@dataclass(slots=True)
class SmokeTest:
    """One run: what the steps have made, so that it can be deleted."""

    client: ApiClient
    live_url: str = ""
    text: TextRound | None = None
    name: str = field(default_factory=lambda: f"smoke-{secrets.token_hex(6)}")
    _conversations: list[str] = field(default_factory=list)
    _key: dict[str, str] = field(default_factory=dict)
    _message: str = ""
    _live: LiveClient | None = None

    def reach_api(self) -> str:
        """Ask the API for its version."""
        return f"version {self.client.call('GET', '/v1').get('version', 'unknown')}"

    def try_without_credentials(self) -> str:
        """Make a request without credentials, which must be refused."""
        answer = self.client.request("GET", "/v1/Conversations", authenticated=False)
        if answer.status != HTTPStatus.UNAUTHORIZED:
            raise StepFailed(f"answered {answer.status}")
        return "401"

    def create_conversation(self) -> str:
        """Create a conversation with one person."""
        sid = self._create(self.name)
        self.client.call("POST", f"/v1/Conversations/{sid}/Participants", {"Identity": self.name})
        return sid

    def _create(self, name: str) -> str:
        sid: str = self.client.call("POST", "/v1/Conversations", {"FriendlyName": name})["sid"]
        self._conversations.append(sid)
        return sid

    def open_connection(self) -> str | None:
        """Connect the person live, by an access token that a new API key signs."""
        if not self.live_url:
            return None
        service = self.client.call("GET", "/v1/Configuration")["default_chat_service_sid"]
        self._key = self.client.call("POST", "/v1/Keys", {"FriendlyName": self.name})
        token = sign_token(self.client.account_sid, self._key, self.name, service)
        self._live = LiveClient(f"{self.live_url}?{urlencode({'token': token})}")
        return "open"

    def post_message(self) -> str:
        """Write a message as the person."""
        path = f"/v1/Conversations/{self._conversations[0]}/Messages"
        self._message = self.client.call("POST", path, {"Author": self.name, "Body": self.name})["sid"]
        return self._message

    def list_messages(self) -> str:
        """Find the message, and no other, in its conversation."""
        found = self._list(self._conversations[0])
        if [one["sid"] for one in found] != [self._message]:
            raise StepFailed(f"found {len(found)} messages")
        return "1 message"

    def _list(self, conversation: str) -> list[dict[str, Any]]:
        messages: list[dict[str, Any]] = self.client.call("GET", f"/v1/Conversations/{conversation}/Messages")[
            "messages"
        ]
        return messages

    def hear_message(self) -> str | None:
        """Wait for the event of the message on the live connection."""
        live = self._live
        if live is None:
            return None
        if not wait_until(lambda: live.has_heard(self._message), EVENT_SECONDS):
            raise StepFailed(f"no event in {EVENT_SECONDS:.0f} seconds")
        return f"{len(live.frames)} frames"

    def try_unsigned_webhooks(self) -> str:
        """Send webhooks without a signature, which must all be refused."""
        statuses = {path: self.client.request("POST", path, authenticated=False).status for path in _WEBHOOKS}
        taken = [f"{path} answered {status}" for path, status in statuses.items() if status not in _REFUSED]
        if taken:
            raise StepFailed(", ".join(taken))
        return " ".join(str(status) for status in statuses.values())

    def send_text(self) -> str | None:
        """Text the phone from the line, and wait until the carrier has taken it."""
        text = self.text
        if text is None:
            return None
        sid = self._create(f"{self.name} text")
        people = f"/v1/Conversations/{sid}/Participants"
        self.client.call("POST", people, {"Identity": self.name, "MessagingBinding.ProjectedAddress": text.line})
        self.client.call("POST", people, {"MessagingBinding.Address": text.phone})
        body = f"Partyline smoke test {self.name}"
        path = f"/v1/Conversations/{sid}/Messages"
        message = self.client.call("POST", path, {"Author": self.name, "Body": body})["sid"]
        statuses: list[str] = []

        def has_left() -> bool:
            receipts = self.client.call("GET", f"{path}/{message}/Receipts")["delivery_receipts"]
            statuses[:] = [one["status"] or "queued" for one in receipts]
            return _is_settled(statuses)

        if not wait_until(has_left, CARRIER_SECONDS) or _LOST & set(statuses):
            raise StepFailed(f"its receipt is {', '.join(statuses) or 'missing'}")
        return ", ".join(statuses)

    def await_answer(self) -> str | None:
        """Wait for a text of the phone in the conversation."""
        text = self.text
        if text is None or not text.reply:
            return None
        answered = wait_until(
            lambda: any(one["author"] == text.phone for one in self._list(self._conversations[-1])), text.reply
        )
        if not answered:
            raise StepFailed(f"none in {text.reply:.0f} seconds")
        return "1 message"

    def clean_up(self) -> str:
        """Delete what was made, also after a step has failed."""
        paths = [f"/v1/Conversations/{sid}" for sid in self._conversations]
        paths += [f"/v1/Users/{quote(self.name)}"] if self._conversations else []
        paths += [f"/v1/Keys/{self._key['sid']}"] if self._key else []
        left = [path for path in paths if not self._delete(path)]
        if left:
            raise StepFailed(f"left: {', '.join(left)}")
        return f"{len(paths)} resources"

    def _delete(self, path: str) -> bool:
        try:
            return self.client.request("DELETE", path).status in {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_FOUND}
        except StepFailed:
            return False

    def close(self) -> None:
        """Close the live connection."""
        if self._live:
            with suppress(TimeoutError):
                self._live.close()


def _is_settled(statuses: Iterable[str]) -> bool:
    found = set(statuses)
    return bool(found) and (found <= _ON_ITS_WAY or bool(found & _LOST))
