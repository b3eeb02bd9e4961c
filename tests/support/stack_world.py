"""What an end-to-end test acts as: an API client (Twilio's own SDK), people with handsets, and the carriers themselves.

Everything goes through HTTP, as it does for a user.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import json
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

import urllib3
from nacl.signing import SigningKey
from twilio.rest import Client

Seen = TypeVar("Seen")
# Numbers that no other test uses, nor an earlier run against the same stack.
_NUMBERS = itertools.count(3_102_000_000 + time.time_ns() // 1_000_000 % 7_000_000)
_IDS = itertools.count()
# How long a thing that must happen may take on a slow and busy machine; no test measures it.
PATIENCE = 300.0


def new_number() -> str:
    """A handset's number that no test has used before."""
    return f"+1{next(_NUMBERS)}"


def until(look: Callable[[], Seen], satisfied: Callable[[Seen], bool] = bool, patience: float = PATIENCE) -> Seen:
    """Look until what is seen satisfies; the last thing seen is returned either way, for the assertion to show.

    The longer it has taken, the longer are the pauses, so that looking does not take the processors from what is
    awaited.
    """
    begin = time.monotonic()
    while not satisfied(seen := look()) and (waited := time.monotonic() - begin) < patience:
        time.sleep(max(0.05, min(waited / 5, 1.0)))
    return seen


class World:
    """One running Partyline with its simulated carriers, from outside."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self.url = variables["PARTYLINE_URL"]
        self.live_url = variables["PARTYLINE_LIVE_URL"]
        self.account_sid = variables["PARTYLINE_ACCOUNT_SID"]
        self.auth_token = variables["PARTYLINE_AUTH_TOKEN"]
        self._bandwidth_token = variables["BANDWIDTH_WEBHOOK_TOKEN"]
        self._telnyx_key = SigningKey(bytes.fromhex(variables["TELNYX_SIGNING_SEED"]))
        self._twilio_token = variables["TWILIO_SIGNING_TOKEN"]
        self._http = urllib3.PoolManager(maxsize=64, retries=False, timeout=PATIENCE)
        self._sdk = threading.local()

    @property
    def api(self) -> Any:
        """The official SDK, pointed here. One for each thread: its HTTP session is not made to be shared."""
        if not hasattr(self._sdk, "client"):
            self._sdk.client = Client(self.account_sid, self.auth_token)
            self._sdk.client.conversations.base_url = self.url
        return self._sdk.client.conversations.v1

    def request(self, method: str, path: str, body: bytes | None = None, **headers: str) -> urllib3.BaseHTTPResponse:
        """Any request, with header names written with underscores."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._http.request(method, self.url + path, body=body, headers=named)

    # --- people

    def text(self, sender: str, *recipients: str, text: str, media: Sequence[str] = ()) -> None:
        """Send a text from a handset."""
        body = json.dumps({"to": list(recipients), "text": text, "media": list(media)}).encode()
        answer = self.request("POST", f"/handsets/{quote(sender)}/messages", body, Content_Type="application/json")
        assert answer.status == 201, answer.data

    def picture(self, number: str, content: bytes, content_type: str = "image/png", behaves: str = "good") -> str:
        """A file that a handset is about to send: what it is named by in `text`."""
        path = f"/handsets/{quote(number)}/media?as={behaves}"
        answer = self.request("POST", path, content, Content_Type=content_type)
        assert answer.status == 201, answer.data
        return str(json.loads(answer.data)["url"])

    def basic(self) -> str:
        """The account's credentials."""
        return "Basic " + base64.b64encode(f"{self.account_sid}:{self.auth_token}".encode()).decode()

    def on_handset(self, number: str) -> list[dict[str, Any]]:
        """What a handset shows, oldest first."""
        shown: list[dict[str, Any]] = json.loads(self.request("GET", f"/handsets/{quote(number)}/messages").data)
        return shown

    def read_by(self, number: str) -> list[tuple[str, str]]:
        """Sender and text of what a handset shows."""
        return [(message["from"], message["text"]) for message in self.on_handset(number)]

    # --- the carriers' network

    def network(self, **settings: Any) -> None:
        """Change how the simulated network behaves."""
        body = json.dumps(settings).encode()
        answer = self.request("POST", "/network", body, Content_Type="application/json")
        assert answer.status == 200, answer.data

    def reset_network(self) -> None:
        """Back to a well-behaved network without a history."""
        assert self.request("DELETE", "/network").status in (200, 204)

    def settle(self) -> None:
        """Wait until every webhook under way has been answered."""
        until(lambda: json.loads(self.request("GET", "/network").data)["counts"]["webhooks"]["open"] == 0)

    def sends(self) -> list[dict[str, Any]]:
        """Every send that the simulated carriers took."""
        taken: list[dict[str, Any]] = json.loads(self.request("GET", "/network/sends").data)
        return taken

    # --- a conversation, as a client sees it

    def messages(self, conversation_sid: str) -> list[tuple[int, str, str | None]]:
        """Index, author and body, in order."""
        found = self.api.conversations(conversation_sid).messages.list(limit=1000)
        return [(message.index, message.author, message.body) for message in found]

    def owner(self, *people: str) -> str | None:
        """The open conversation with exactly these people."""
        query = urlencode([("Address", person) for person in people])
        answer = self.request("GET", f"/v1/Conversations?{query}", Authorization=self.basic())
        assert answer.status == 200, answer.data
        found = json.loads(answer.data)["conversations"]
        return found[0]["sid"] if found else None

    def unrouted(self) -> list[dict[str, Any]]:
        """The latest texts that no conversation took."""
        user = base64.b64encode(f"{self.account_sid}:{self.auth_token}".encode()).decode()
        answer = self.request("GET", "/v1/UnroutedTexts", Authorization=f"Basic {user}")
        texts: list[dict[str, Any]] = json.loads(answer.data)["unrouted_texts"]
        return texts

    # --- acting as a carrier

    def deliver(self, webhooks: Iterable[Callable[[], int]], *, at_once: int = 50) -> list[int]:
        """Send webhooks at the same time; the statuses they were answered with."""
        with ThreadPoolExecutor(at_once) as pool:
            return list(pool.map(lambda webhook: webhook(), webhooks))

    def deliver_all(self, webhooks: Sequence[Callable[[], int]]) -> None:
        """Send webhooks at the same time, and those again that were not taken, as carriers do."""
        waiting = list(webhooks)
        while waiting:
            answers = self.deliver(waiting)
            assert all(status == HTTPStatus.OK or status >= HTTPStatus.INTERNAL_SERVER_ERROR for status in answers)
            waiting = [webhook for webhook, status in zip(waiting, answers, strict=True) if status != HTTPStatus.OK]

    def bandwidth(self, sender: str, recipients: Sequence[str], line: str, text: str, id: str) -> Callable[[], int]:
        """A webhook of Bandwidth's: one copy of a text."""
        message = {
            "id": id,
            "time": "2026-11-22T18:20:16Z",
            "to": list(recipients),
            "from": sender,
            "text": text,
            "applicationId": "93de2206-9669-4e07-948d-329f4b722ee2",
            "owner": line,
            "direction": "in",
            "segmentCount": 1,
        }
        event = {"type": "message-received", "time": message["time"], "description": "", "to": line, "message": message}
        return self.bandwidth_raw(json.dumps([event]).encode())

    def bandwidth_raw(self, body: bytes, token: str | None = None) -> Callable[[], int]:
        path = f"/carriers/bandwidth/{token or self._bandwidth_token}"
        return lambda: self.request("POST", path, body, Content_Type="application/json; charset=utf-8").status

    def telnyx(self, sender: str, recipients: Sequence[str], line: str, text: str, id: str) -> Callable[[], int]:
        """A webhook of Telnyx'."""
        payload = {
            "cc": [number for number in recipients if number != line],
            "direction": "inbound",
            "from": {"phone_number": sender},
            "id": id,
            "media": [],
            "record_type": "message",
            "text": text,
            "to": [{"phone_number": line, "status": "webhook_delivered"}],
            "type": "MMS",
        }
        data = {"event_type": "message.received", "id": f"event-{id}", "payload": payload, "record_type": "event"}
        return self.telnyx_raw(json.dumps({"data": data, "meta": {"attempt": 1}}).encode())

    def telnyx_raw(self, body: bytes, at: float | None = None) -> Callable[[], int]:
        stamp = str(int(time.time() if at is None else at))
        signature = base64.b64encode(self._telnyx_key.sign(stamp.encode() + b"|" + body).signature).decode()
        return lambda: (
            self.request(
                "POST",
                "/carriers/telnyx",
                body,
                Content_Type="application/json",
                Telnyx_Timestamp=stamp,
                Telnyx_Signature_Ed25519=signature,
            ).status
        )

    def twilio(self, sender: str, recipients: Sequence[str], line: str, text: str, id: str) -> Callable[[], int]:
        """A webhook of Twilio's."""
        others = [number for number in recipients if number != line]
        form = [
            ("MessageSid", id),
            ("SmsStatus", "received"),
            ("NumMedia", "0"),
            ("From", sender),
            ("To", line),
            ("Body", text),
            *((f"OtherRecipients{position}", number) for position, number in enumerate(others)),
        ]
        signed = f"{self.url}/carriers/twilio" + "".join(name + value for name, value in sorted(form))
        digest = hmac.new(self._twilio_token.encode(), signed.encode(), hashlib.sha1).digest()
        return lambda: (
            self.request(
                "POST",
                "/carriers/twilio",
                urlencode(form).encode(),
                Content_Type="application/x-www-form-urlencoded",
                X_Twilio_Signature=base64.b64encode(digest).decode(),
            ).status
        )


def new_id() -> str:
    """A carrier's message id."""
    return f"MM{next(_IDS) + time.time_ns():032x}"
