"""Vonage's Messages API: one recipient a request, which names the others; its inbound and status webhooks."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import jwt

from local.carrier.base import Answer, Call, Clock, NewId, Refused, Send, SignedRequest, Webhook
from local.carrier.media import content_type
from local.carrier.network import Text, is_number
from local.carrier.settings import Settings
from local.carrier.special_numbers import Outcome
from local.carrier.wire_values import basic_header, parse_text_list, secrets_match, to_compact_json
from local.config import VonageAccount

MAX_TEXT, MAX_CAPTION = 1000, 2000
_FILES = ("image", "audio", "video", "vcard", "file")
_FAILURES = {
    Outcome.UNREACHABLE: ("undeliverable", "1260", "Destination unreachable"),
    Outcome.LANDLINE: ("rejected", "1250", "Unroutable"),
    Outcome.OPTED_OUT: ("rejected", "1240", "The number has opted out"),
}


@dataclass(frozen=True, slots=True)
class Vonage:
    """One Vonage account. Its webhooks are signed with a JWT that holds the hash of the body."""

    account: VonageAccount
    public_url: str
    clock: Clock
    new_id: NewId

    name = "vonage"
    challenge = None
    gives_up_unchallenged = False

    def read(self, call: Call, lines: Mapping[str, str]) -> Send:
        """Parse `POST /v1/messages`."""
        if not secrets_match(
            call.headers.get("authorization", ""), basic_header(self.account.api_key, self.account.api_secret)
        ):
            raise Refused(_problem(401, "unauthorized", "You did not provide correct credentials."))
        body = _read_object(call.body)
        sender, to = body.get("from"), body.get("to")
        if lines.get(f"+{sender}") != self.name:
            raise Refused(_problem(422, "1120", "Invalid sender"))
        if not isinstance(to, str) or not is_number(f"+{to}"):
            raise Refused(_problem(422, "1170", "Invalid or missing recipient"))
        named = _read_participants(body)
        text, files = _read_content(body)
        return Send(
            carrier=self.name,
            id=self._uuid(),
            sender=f"+{sender}",
            recipients=(f"+{to}",),
            text=text,
            at=self.clock(),
            media=files,
            callback_url=body.get("webhook_url"),
            unreached=tuple(f"+{one}" for one in named),
        )

    def refuse_opted_out(self, _send: Send, _outcomes: Mapping[str, Outcome], _settings: Settings) -> Answer | None:
        """Return None: Vonage accepts the send, and a status webhook reports the opt-out."""
        return None

    def accepted(self, send: Send) -> Answer:
        """202 with the id of the one message."""
        return Answer(202, {"message_uuid": send.id})

    def throttled(self) -> Answer:
        """429."""
        return _problem(429, "1000", "Throttled")

    def not_found(self, _path: str) -> Answer:
        """404."""
        return _problem(404, "not-found", "The requested resource does not exist.")

    def arrival(self, text: Text, line: str, _settings: Settings) -> Webhook:
        """An inbound message at one own number."""
        message: dict[str, Any] = {
            "channel": "mms" if text.is_mms else "sms",
            "message_uuid": self._uuid(),
            "to": line.removeprefix("+"),
            "from": text.sender.removeprefix("+"),
            "timestamp": text.at.isoformat(),
        }
        if text.media:
            # The first file decides the type; the others stand beside it.
            first, *others = text.media
            caption = {"caption": text.body} if text.body else {}
            message |= {"message_type": _kind(first), _kind(first): {"url": first, **caption}}
            if others:
                message["content"] = [{"type": _kind(url), "url": url} for url in others]
        else:
            message |= {"message_type": "text", "text": text.body}
        members = [number.removeprefix("+") for number in text.recipients if number != line]
        if members:
            message["mms"] = {"participants": members}
        url = f"{self.public_url}/carriers/vonage"
        return Webhook(self.name, "text", url, message["message_uuid"], line, message, text_id=text.id)

    def reports(
        self, send: Send, outcomes: Mapping[str, Outcome], _lines: Mapping[str, str], _settings: Settings
    ) -> Sequence[Webhook]:
        """Build the statuses of a send, submitted and then the outcome, for the URL that the request gave."""
        (outcome,) = outcomes.values()
        if outcome is Outcome.UNREPORTED or send.callback_url is None:
            return []
        status, code, detail = _FAILURES.get(outcome, ("delivered", None, ""))
        error = {"error": {"error": {"type": f"{_PAGE}#{status}", "title": code, "detail": detail}}} if code else {}
        return [self._report(send, "submitted", None, {}), self._report(send, status, code, error)]

    def _report(self, send: Send, status: str, code: str | None, more: Mapping[str, Any]) -> Webhook:
        (recipient,) = send.recipients
        payload = {
            "message_uuid": send.id,
            "to": recipient.removeprefix("+"),
            "from": send.sender.removeprefix("+"),
            "timestamp": send.at.isoformat(),
            "status": status,
            "channel": "mms",
            **more,
        }
        return Webhook(
            self.name,
            "report",
            str(send.callback_url),
            send.id,
            send.sender,
            payload,
            recipient=recipient,
            status=status,
            code=code,
        )

    def sign(self, webhook: Webhook, _attempt: int, now: datetime) -> SignedRequest:
        """A new token for each attempt."""
        body = to_compact_json(webhook.payload)
        claims = {
            "iat": int(now.timestamp()),
            "jti": self._uuid(),
            "iss": "Vonage",
            "api_key": self.account.api_key,
            "payload_hash": hashlib.sha256(body).hexdigest(),
        }
        token = jwt.encode(claims, self.account.signature_secret, "HS256")
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        return SignedRequest(webhook.url, headers, body)

    def _uuid(self) -> str:
        digits = self.new_id()
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _kind(url: str) -> str:
    """The type of a file in a message."""
    kind = content_type(url)
    family = "vcard" if kind in ("text/vcard", "text/x-vcard") else kind.partition("/")[0]
    return family if family in _FILES else "file"


def _read_object(content: bytes) -> dict[str, Any]:
    """Read a request's body. Raises Refused."""
    try:
        body = json.loads(content)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Refused(_problem(422, "1020", "The body is not JSON."))
    return body


def _read_participants(body: Mapping[str, Any]) -> list[str]:
    """Read the other recipients of a group text. Raises Refused."""
    named = parse_text_list((body.get("mms") or {}).get("participants", []))
    if named is None or body.get("to") in named or body.get("from") in named:
        raise Refused(_problem(422, "1020", "mms.participants are the others"))
    if named and body.get("channel") != "mms":
        raise Refused(_problem(422, "1020", "Groups are MMS"))
    return named


def _read_content(body: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    """Read the text and the files of a request. Raises Refused."""
    kind = str(body.get("message_type"))
    content = body.get(kind)
    if kind == "text":
        if not isinstance(content, str) or not 0 < len(content) <= MAX_TEXT:
            raise Refused(_problem(422, "1020", "Invalid content"))
        return content, ()
    files = _list_files(kind, content)
    if not files or not all(map(_is_file, files)):
        raise Refused(_problem(422, "1020", "Invalid content"))
    if body.get("channel") != "mms":
        raise Refused(_problem(422, "1020", "Files are MMS"))
    captions = [file["caption"] for file in files if file.get("caption")]
    return "\n".join(captions), tuple(file["url"] for file in files)


def _list_files(kind: str, content: object) -> list[Any]:
    """List the files of a request: one, named by its type, or several as `content`. Empty when there are none."""
    if kind in _FILES and isinstance(content, dict):
        return [{"type": kind, **content}]
    return content if kind == "content" and isinstance(content, list) else []


def _is_file(file: object) -> bool:
    """Whether this is a file of a request: its type, its address, and perhaps a caption."""
    if not isinstance(file, dict) or file.get("type") not in _FILES:
        return False
    url, caption = file.get("url"), file.get("caption", "")
    return (
        isinstance(url, str)
        and url.startswith(("http://", "https://"))
        and isinstance(caption, str)
        and len(caption) <= MAX_CAPTION
    )


_PAGE = "https://developer.vonage.com/api-errors/messages"


def _problem(status: int, code: str, detail: str) -> Answer:
    """An error in RFC 7807's shape."""
    return Answer(status, {"type": f"{_PAGE}#{code}", "title": code, "detail": detail})
