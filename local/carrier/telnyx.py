"""Telnyx's messaging API, version 2, and its webhooks."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from nacl.signing import SigningKey

from local.carrier.base import Answer, Call, Clock, NewId, Refused, Send, SignedRequest, Webhook
from local.carrier.keywords import keyword
from local.carrier.media import content_type
from local.carrier.network import Text, is_number
from local.carrier.segments import segments
from local.carrier.settings import Settings
from local.carrier.special_numbers import Outcome, outcome_at
from local.carrier.wire_values import parse_text_list, secrets_match, to_compact_json
from local.config import TelnyxAccount

MAX_GROUP = 8
MAX_MEDIA = 10
# Of a plain text.
MAX_PARTS = 10
MESSAGES, GROUP_MMS, GROUP = "messages", "group_mms", "group"

_PROFILE = "40019000-0000-4000-8000-000000000000"
_DOCS = "https://developers.telnyx.com/docs/overview/errors/"

_STATUSES = {
    Outcome.DELIVERED: "delivered",
    Outcome.UNREACHABLE: "delivery_failed",
    Outcome.LANDLINE: "delivery_failed",
    Outcome.OPTED_OUT: "sending_failed",
    Outcome.UNREPORTED: "sent",
}
_FAILURES = {
    Outcome.UNREACHABLE: ("40008", "Undeliverable", "The recipient's carrier could not deliver the message."),
    Outcome.LANDLINE: (
        "40001",
        "Not routable",
        "The destination number is a landline or cannot be reached by text.",
    ),
    Outcome.OPTED_OUT: (
        "40300",
        "Blocked due to STOP message",
        "The recipient has opted out of this messaging profile.",
    ),
}


@dataclass(frozen=True, slots=True)
class Telnyx:
    """One Telnyx account. Its webhooks are signed with Ed25519 over the time of the attempt and the body."""

    account: TelnyxAccount
    public_url: str
    clock: Clock
    new_id: NewId

    name = "telnyx"
    challenge = None
    gives_up_unchallenged = False

    def authorise(self, call: Call) -> None:
        """Check the API key. Raises Refused."""
        if not secrets_match(call.headers.get("authorization", ""), f"Bearer {self.account.api_key}"):
            raise Refused(
                _error(401, "10009", "Authentication failed", "Could not find any usable credentials in the request.")
            )

    def read(self, call: Call, lines: Mapping[str, str]) -> Send:
        """Parse `POST /messages` (one recipient) or `POST /messages/group_mms` (several)."""
        self.authorise(call)
        body = _read_object(call.body)
        group = call.operation == GROUP_MMS
        sender = self._read_sender(body, lines)
        recipients = parse_text_list(body.get("to"))
        self._check_recipients(sender, recipients, group=group)
        text, media = _read_content(body, group=group)
        tags = parse_text_list(body.get("tags") or [])
        return Send(
            carrier=self.name,
            id=self._uuid(),
            sender=sender,
            recipients=tuple(recipients or ()),
            text=text,
            at=self.clock(),
            media=media,
            tag=tags[0] if tags and not group else None,
            callback_url=body.get("webhook_url") or None,
        )

    def _read_sender(self, body: Mapping[str, Any], lines: Mapping[str, str]) -> str:
        sender = body.get("from")
        if sender is None or body.get("to") is None:
            missing = "from" if sender is None else "to"
            raise Refused(
                _error(422, "10004", "Missing required parameter", f"'{missing}' is required.", f"/{missing}")
            )
        if not isinstance(sender, str) or lines.get(sender) != self.name:
            detail = "The 'from' address should be a number that belongs to the sending messaging profile."
            raise Refused(_error(400, "40305", "Invalid 'from' address", detail, "/from"))
        return sender

    def _check_recipients(self, sender: str, recipients: list[str] | None, *, group: bool) -> None:
        def refuse(detail: str, pointer: str = "/to") -> Refused:
            return Refused(_error(400, "40310", "Invalid 'to' address", detail, pointer))

        if not recipients:
            raise refuse("The 'to' address should be one number or an array of numbers.")
        if not group and len(recipients) != 1:
            raise refuse("Destination number array must have a length of exactly 1.")
        if len(recipients) > MAX_GROUP:
            raise refuse(f"A group message has at most {MAX_GROUP} recipients.")
        for place, number in enumerate(recipients):
            if not is_number(number):
                raise refuse(f"'{number}' is not a valid phone number.", f"/to/{place}")
            if number in recipients[:place]:
                raise refuse(f"'{number}' is given more than once.", f"/to/{place}")
            if number == sender:
                raise refuse(f"Source and destination cannot be the same number: {number}", f"/to/{place}")

    def refuse_opted_out(self, send: Send, outcomes: Mapping[str, Outcome], settings: Settings) -> Answer | None:
        """Refuse a single recipient by the profile's block rule. In a group the report has it, or each failed recipient
        has an error."""
        if send.is_group:
            errors = _errors(outcomes) if settings.telnyx_group_blocks == "refused" else []
            return Answer(400, {"errors": errors}) if errors else None
        detail = (
            f"Messages cannot be sent from '{send.sender}' to '{send.recipients[0]}' due to an existing block rule."
        )
        return _error(409, "40300", "Blocked due to STOP message", detail, "/to/0/phone_number")

    def accepted(self, send: Send) -> Answer:
        """Answer 200 with the message, queued to all recipients."""
        data = self._message(send, dict.fromkeys(send.recipients, "queued"))
        return Answer(200, {"data": {**data, "wait_seconds": 0.5}})

    def group(self, call: Call, sends: Sequence[Send]) -> Answer:
        """Answer `GET /messages/group/{id}` with the status of a group text, one message per recipient."""
        self.authorise(call)
        for send in sends:
            if send.id == call.args["id"] and send.is_group:
                return Answer(
                    200, {"data": [self._message(send, {to: _STATUSES[outcome_at(to)]}) for to in send.recipients]}
                )
        return self.not_found("")

    def throttled(self) -> Answer:
        """429, with the limit in the headers."""
        answer = _error(429, "10011", "Too many requests", "The rate limit of this number has been exceeded.")
        headers = {"x-ratelimit-limit": "15", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1"}
        return Answer(answer.status, answer.body, headers)

    def not_found(self, _path: str) -> Answer:
        """404."""
        return _error(404, "10005", "Resource not found", "The requested resource or URL could not be found.")

    def arrival(self, text: Text, line: str, settings: Settings) -> Webhook:
        """A message.received event for one own number: it alone in `to`, and in a group all members in `cc`."""
        cc: list[Any] = list(text.recipients) if text.is_group else []
        if settings.telnyx_cc == "objects":
            cc = [{**_party(number), "status": "webhook_delivered" if number == line else "delivered"} for number in cc]
        payload = {
            "autoresponse_type": keyword(text.body) if settings.answers_keywords else None,
            "cc": cc,
            "completed_at": None,
            "cost": None,
            "direction": "inbound",
            "encoding": "GSM-7" if text.body.isascii() else "UCS-2",
            "errors": [],
            "from": _party(text.sender),
            "id": self._uuid(),
            "is_spam": False,
            "media": _media(text.media),
            "messaging_profile_id": _PROFILE,
            "parts": 1 if text.is_mms else segments(text.body),
            "received_at": _time(text.at),
            "record_type": "message",
            "sent_at": None,
            "subject": text.subject,
            "tags": [],
            "text": text.body,
            "to": [{**_party(line), "carrier": "Telnyx", "status": "webhook_delivered"}],
            "type": "MMS" if text.is_mms else "SMS",
            "valid_until": None,
            "webhook_failover_url": None,
            "webhook_url": self._profile_url,
        }
        event = self._event("message.received", payload, text.at)
        return Webhook(self.name, "text", self._profile_url, str(payload["id"]), line, event, text.id, at=text.at)

    def reports(
        self, send: Send, outcomes: Mapping[str, Outcome], lines: Mapping[str, str], settings: Settings
    ) -> Sequence[Webhook]:
        """message.sent per recipient that it left for, then message.finalized per recipient, or one for all of them; at
        last the clicks on what was delivered."""
        reported = {number: outcome for number, outcome in outcomes.items() if outcome is not Outcome.UNREPORTED}
        statuses = {number: _STATUSES[outcome] for number, outcome in reported.items()}
        if send.is_group:
            others = self._list_elsewhere(_list_delivered(reported), lines)
            statuses |= dict.fromkeys(others, settings.telnyx_group_status)
        sent = [
            self._report(send, number, "message.sent", "sent", None)
            for number, outcome in reported.items()
            if outcome is not Outcome.OPTED_OUT
        ]
        finalized = self._finalized(send, reported, statuses)
        if settings.telnyx_group_reports == "all" and len(statuses) > 1:
            finalized = [self._whole_report(send, statuses, outcomes)]
        return [*sent, *finalized, *(self._clicks(send, reported) if settings.telnyx_clicks else ())]

    def _list_elsewhere(self, numbers: Sequence[str], lines: Mapping[str, str]) -> list[str]:
        return [number for number in numbers if lines.get(number) != self.name]

    def _finalized(self, send: Send, outcomes: Mapping[str, Outcome], statuses: Mapping[str, str]) -> list[Webhook]:
        return [
            self._report(send, number, "message.finalized", statuses[number], _FAILURES.get(outcome))
            for number, outcome in outcomes.items()
        ]

    def _clicks(self, send: Send, outcomes: Mapping[str, Outcome]) -> list[Webhook]:
        """Each recipient that has the text opens every link in it."""
        links = re.findall(r"https?://\S+", send.text)
        return [self._click(send, number, link) for number in _list_delivered(outcomes) for link in links]

    def _click(self, send: Send, recipient: str, link: str) -> Webhook:
        """A recipient opened a link that Telnyx has shortened: no event of a message, and without an id of its own."""
        click = {
            "record_type": "link_clicked",
            "url": link,
            "to": recipient.removeprefix("+"),
            "message_id": send.id,
            "time_clicked": _time(self.clock()),
        }
        return Webhook(self.name, "report", self._profile_url, send.id, send.sender, click, recipient=recipient)

    def _whole_report(self, send: Send, statuses: Mapping[str, str], outcomes: Mapping[str, Outcome]) -> Webhook:
        """One message.finalized with all recipients in `to`; its errors point at those that did not get it."""
        now = self.clock()
        payload = self._message(send, statuses)
        payload["errors"] = _errors({number: outcomes[number] for number in statuses})
        payload["sent_at"] = payload["completed_at"] = _time(now)
        event = self._event("message.finalized", payload, now)
        return Webhook(self.name, "report", send.callback_url or self._profile_url, send.id, send.sender, event)

    def _report(
        self, send: Send, recipient: str, event: str, status: str, failure: tuple[str, str, str] | None
    ) -> Webhook:
        now = self.clock()
        payload = self._message(send, {recipient: status})
        if failure:
            payload["errors"] = [_pointing(_problem(*failure), 0)]
        payload["sent_at"] = _time(now)
        payload["completed_at"] = _time(now) if event == "message.finalized" else None
        return Webhook(
            self.name,
            "report",
            send.callback_url or self._profile_url,
            send.id,
            send.sender,
            self._event(event, payload, now),
            recipient=recipient,
            status=status,
            code=failure[0] if failure else None,
        )

    def _message(self, send: Send, statuses: Mapping[str, str]) -> dict[str, Any]:
        message: dict[str, Any] = {
            "cc": [],
            "completed_at": None,
            "cost": {"amount": "0.0040", "currency": "USD"},
            "direction": "outbound",
            "encoding": "GSM-7" if send.text.isascii() else "UCS-2",
            "errors": [],
            "from": {**_party(send.sender), "carrier": "Telnyx"},
            "id": send.id,
            "media": _media(send.media),
            "messaging_profile_id": _PROFILE,
            "parts": 1 if send.is_group or send.media else segments(send.text),
            "received_at": _time(send.at),
            "record_type": "message",
            "sent_at": None,
            "subject": "",
            "tags": [send.tag] if send.tag else [],
            "text": send.text,
            "to": [{**_party(number), "status": status} for number, status in statuses.items()],
            "type": "MMS" if send.is_group or send.media else "SMS",
            "valid_until": None,
            "webhook_failover_url": None,
            "webhook_url": send.callback_url or self._profile_url,
        }
        if send.is_group:
            message["group_message_id"] = send.id
        return message

    def _event(self, event: str, payload: dict[str, Any], at: datetime) -> dict[str, Any]:
        return {
            "event_type": event,
            "id": self._uuid(),
            "occurred_at": _time(at),
            "payload": payload,
            "record_type": "event",
        }

    def sign(self, webhook: Webhook, attempt: int, now: datetime) -> SignedRequest:
        """An attempt, counted in `meta` and signed for its own second."""
        meta = {"meta": {"attempt": attempt, "delivered_to": webhook.url}} if "event_type" in webhook.payload else {}
        body = to_compact_json({"data": webhook.payload, **meta})
        timestamp = str(int(now.timestamp()))
        key = SigningKey(bytes.fromhex(self.account.signing_seed))
        signature = key.sign(f"{timestamp}|".encode() + body).signature
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "telnyx-webhooks",
            "telnyx-signature-ed25519": base64.b64encode(signature).decode(),
            "telnyx-timestamp": timestamp,
        }
        return SignedRequest(webhook.url, headers, body)

    @property
    def _profile_url(self) -> str:
        return f"{self.public_url}/carriers/telnyx"

    def _uuid(self) -> str:
        return str(UUID(hex=self.new_id()))


def _list_delivered(outcomes: Mapping[str, Outcome]) -> list[str]:
    return [number for number, outcome in outcomes.items() if outcome is Outcome.DELIVERED]


def _read_object(content: bytes) -> dict[str, Any]:
    """Read a request's body. Raises Refused."""
    try:
        body = json.loads(content)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Refused(_error(400, "10015", "Bad Request", "The request body is not a JSON object."))
    return body


def _read_content(body: Mapping[str, Any], *, group: bool) -> tuple[str, tuple[str, ...]]:
    """Read the text and the addresses of the files. Raises Refused."""
    media = parse_text_list(body.get("media_urls") or [])
    if media is None or len(media) > MAX_MEDIA:
        raise Refused(_error(400, "40317", "Invalid MMS content", f"At most {MAX_MEDIA} media_urls.", "/media_urls"))
    return _read_words(body, is_plain=not group and not media, is_required=not media), tuple(media)


def _read_words(body: Mapping[str, Any], *, is_plain: bool, is_required: bool) -> str:
    """Read the words; only a plain text has a limit of parts. Raises Refused."""
    text = body.get("text") or ""
    if not isinstance(text, str) or (is_required and not text):
        detail = "A message has a 'text', 'media_urls', or both."
        raise Refused(_error(400, "40304", "Invalid combination of message content arguments", detail, "/text"))
    if is_plain and segments(text) > MAX_PARTS:
        raise Refused(_error(400, "40302", "Message too large", f"At most {MAX_PARTS} parts.", "/text"))
    return text


def _party(number: str) -> dict[str, Any]:
    return {"carrier": "Simulated Wireless", "line_type": "Wireless", "phone_number": number}


def _media(urls: Sequence[str]) -> list[dict[str, Any]]:
    return [{"url": url or None, "content_type": content_type(url), "sha256": None, "size": None} for url in urls]


def _problem(code: str, title: str, detail: str) -> dict[str, Any]:
    return {"code": code, "title": title, "detail": detail, "meta": {"url": _DOCS + code}}


def _pointing(problem: dict[str, Any], place: int) -> dict[str, Any]:
    return {**problem, "source": {"pointer": f"/to/{place}/phone_number"}}


def _errors(outcomes: Mapping[str, Outcome]) -> list[dict[str, Any]]:
    """Build an error for each recipient that cannot be reached, the last first: only the pointers name them."""
    failed = [(place, _FAILURES[outcome]) for place, outcome in enumerate(outcomes.values()) if outcome in _FAILURES]
    return [_pointing(_problem(*failure), place) for place, failure in reversed(failed)]


def _error(status: int, code: str, title: str, detail: str, pointer: str | None = None) -> Answer:
    error = _problem(code, title, detail)
    if pointer:
        error["source"] = {"pointer": pointer}
    return Answer(status, {"errors": [error]})


def _time(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds")
