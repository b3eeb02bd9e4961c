"""Bandwidth's messaging API, version 2, and its callbacks."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from local.carrier.base import Answer, Call, Clock, NewId, Refused, Send, SignedRequest, Webhook
from local.carrier.network import Text, is_number
from local.carrier.segments import segments
from local.carrier.settings import Settings
from local.carrier.special_numbers import Outcome
from local.carrier.wire_values import basic_header, find_repeated, parse_text_list, secrets_match, to_compact_json
from local.config import BandwidthAccount

MAX_RECIPIENTS = 10
MAX_TEXT = 2048
MAX_TAG = 1024
MAX_MEDIA = 10

_NOT_E164 = "'{}' must be replaced with a valid E164 formatted telephone number"
_FAILURES = {
    Outcome.UNREACHABLE: (4702, "destination-subscriber-unavailable"),
    Outcome.LANDLINE: (4700, "invalid-service-type"),
    Outcome.OPTED_OUT: (4775, "destination-rejected-due-to-user-opt-out"),
}


@dataclass(frozen=True, slots=True)
class Bandwidth:
    """One Bandwidth account. Its callbacks carry a secret in their path and, once challenged, HTTP Basic."""

    account: BandwidthAccount
    public_url: str
    clock: Clock
    new_id: NewId

    name = "bandwidth"
    gives_up_unchallenged = True

    @property
    def challenge(self) -> str | None:
        """Credentials for a callback that was answered 401 with WWW-Authenticate."""
        if not self.account.webhook_username:
            return None
        return basic_header(self.account.webhook_username, self.account.webhook_password)

    def read(self, call: Call, lines: Mapping[str, str]) -> Send:
        """Parse `POST /users/{accountId}/messages`."""
        if not secrets_match(
            call.headers.get("authorization", ""), basic_header(self.account.username, self.account.password)
        ):
            raise Refused(_problem(401, "unauthorized", "Authentication Failed"))
        if call.args["account"] != self.account.account_id:
            raise Refused(_problem(403, "forbidden", "Access Denied"))
        kind = call.headers.get("content-type", "")
        if kind.split(";")[0].strip().lower() != "application/json":
            text = f"Content type '{kind}' not supported. Please use 'application/json'"
            raise Refused(_problem(415, "unsupported-content-type", text))
        try:
            body = json.loads(call.body)
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise Refused(_invalid())
        errors = self._errors(body, lines)
        if errors:
            raise Refused(_invalid(*errors))
        return Send(
            carrier=self.name,
            id=self._message_id(),
            sender=body["from"],
            recipients=tuple(parse_text_list(body["to"]) or ()),
            text=body.get("text") or "",
            at=self.clock(),
            media=tuple(parse_text_list(body.get("media")) or ()),
            tag=body.get("tag"),
        )

    def _errors(self, body: dict[str, Any], lines: Mapping[str, str]) -> list[tuple[str, str]]:
        errors = []
        if body.get("applicationId") != self.account.application_id:
            errors.append(("applicationId", "The application is not known to this account"))
        sender = body.get("from")
        if not is_number(sender):
            errors.append(("from", _NOT_E164.format(sender or "")))
        elif lines.get(str(sender)) != self.name:
            errors.append(("from", f"'{sender}' is not a telephone number of this account"))
        return errors + _recipient_errors(sender, parse_text_list(body.get("to"))) + _content_errors(body)

    def refuse_opted_out(self, _send: Send, _outcomes: Mapping[str, Outcome], _settings: Settings) -> Answer | None:
        """Nothing: Bandwidth takes it, and the carrier behind it rejects it later."""
        return None

    def accepted(self, send: Send) -> Answer:
        """202 with the message: one id, whatever the number of recipients."""
        message: dict[str, Any] = {
            "id": send.id,
            "owner": send.sender,
            "applicationId": self.account.application_id,
            "time": _time(send.at),
            "segmentCount": _segment_count(send),
            "direction": "out",
            "to": list(send.recipients),
            "from": send.sender,
            "text": send.text,
        }
        if send.media:
            message["media"] = list(send.media)
        if send.tag is not None:
            message["tag"] = send.tag
        return Answer(202, message)

    def throttled(self) -> Answer:
        """429: the queue, not the request rate, has overflowed."""
        return _problem(
            429,
            "max-message-queue-size-exceeded",
            "The queue of this account is full: 60 messages per minute leave it, and it holds 900 (15 minutes).",
        )

    def not_found(self, path: str) -> Answer:
        """404, in the shape of the web server behind the API."""
        at = self.clock().strftime("%Y-%m-%dT%H:%M:%S.000+0000")
        return Answer(404, {"timestamp": at, "status": 404, "error": "Not Found", "message": "Not Found", "path": path})

    def arrival(self, text: Text, line: str, _settings: Settings) -> Webhook:
        """A message-received event for one own number."""
        message: dict[str, Any] = {
            "id": self._message_id(),
            "time": _time(text.at),
            "to": list(text.recipients),
            "from": text.sender,
            "text": text.body,
            "applicationId": self.account.application_id,
            "owner": line,
            "direction": "in",
            "segmentCount": 1 if text.is_mms else segments(text.body),
        }
        if text.media:
            message["media"] = list(text.media)
        event = {
            "type": "message-received",
            "time": _time(text.at),
            "description": "Incoming message received",
            "to": line,
            "message": message,
        }
        return Webhook(self.name, "text", self._url, message["id"], line, [event], text_id=text.id)

    def reports(
        self, send: Send, outcomes: Mapping[str, Outcome], _lines: Mapping[str, str], _settings: Settings
    ) -> Sequence[Webhook]:
        """One message-delivered or message-failed event per recipient."""
        return [
            self._report(send, number, outcome)
            for number, outcome in outcomes.items()
            if outcome is not Outcome.UNREPORTED
        ]

    def _report(self, send: Send, recipient: str, outcome: Outcome) -> Webhook:
        code, description = _FAILURES.get(outcome, (None, "ok"))
        status = "message-delivered" if code is None else "message-failed"
        now = self.clock()
        event: dict[str, Any] = {"type": status, "time": _time(now), "description": description, "to": recipient}
        if code is not None:
            event["errorCode"] = code
        event["message"] = {
            "id": send.id,
            "time": _time(send.at),
            "to": list(send.recipients),
            "from": send.sender,
            "text": "",
            "applicationId": self.account.application_id,
            "owner": send.sender,
            "direction": "out",
            "segmentCount": _segment_count(send),
        }
        if send.tag is not None:
            event["message"]["tag"] = send.tag
        error = None if code is None else str(code)
        return Webhook(
            self.name,
            "report",
            self._url,
            send.id,
            send.sender,
            [event],
            recipient=recipient,
            status=status,
            code=error,
        )

    def sign(self, webhook: Webhook, _attempt: int, _now: datetime) -> SignedRequest:
        """The same bytes in every attempt, first without credentials."""
        headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "BandwidthAPI/v2"}
        return SignedRequest(webhook.url, headers, to_compact_json(webhook.payload))

    @property
    def _url(self) -> str:
        return f"{self.public_url}/carriers/bandwidth/{self.account.webhook_token}"

    def _message_id(self) -> str:
        return f"{int(self.clock().timestamp() * 1000)}{self.new_id()[:16]}"


def _recipient_errors(sender: object, recipients: list[str] | None) -> list[tuple[str, str]]:
    if not recipients:
        return [("to", f"must have between 1 and {MAX_RECIPIENTS} telephone numbers")]
    errors = [("to", _NOT_E164.format(number)) for number in recipients if not is_number(number)]
    errors += [("to", f"'{number}' is given more than once") for number in find_repeated(recipients)]
    if len(recipients) > MAX_RECIPIENTS:
        errors.append(("to", f"must not have more than {MAX_RECIPIENTS} telephone numbers"))
    if sender in recipients:
        errors.append(("to", "must not contain the number in 'from'"))
    return errors


def _content_errors(body: dict[str, Any]) -> list[tuple[str, str]]:
    errors = []
    text, media = body.get("text"), body.get("media")
    if not _is_string(text, MAX_TEXT):
        errors.append(("text", f"must be a string of at most {MAX_TEXT} characters"))
    if media is not None and parse_text_list(media) is None:
        errors.append(("media", "must be an array of addresses"))
    elif len(media or ()) > MAX_MEDIA:
        errors.append(("media", f"must not have more than {MAX_MEDIA} addresses"))
    if not text and not media:
        errors.append(("text", "must not be empty when there is no media"))
    if not _is_string(body.get("tag"), MAX_TAG):
        errors.append(("tag", f"must be a string of at most {MAX_TAG} characters"))
    return errors


def _is_string(value: object, most: int) -> bool:
    """Whether a value is absent, or a string of at most so many characters."""
    return value is None or (isinstance(value, str) and len(value) <= most)


def _problem(status: int, kind: str, description: str) -> Answer:
    return Answer(status, {"type": kind, "description": description})


def _invalid(*errors: tuple[str, str]) -> Answer:
    body: dict[str, Any] = {"type": "request-validation", "description": "Your request could not be accepted."}
    if errors:
        body["fieldErrors"] = [{"fieldName": name, "description": description} for name, description in errors]
    return Answer(400, body)


def _segment_count(send: Send) -> int:
    return 1 if send.is_group or send.media else segments(send.text)


def _time(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
