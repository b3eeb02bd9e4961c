"""Send group texts at Twilio through its Conversations API, the only way it has.

Each thread has one conversation there. Its unique name follows from the thread, so nothing is stored here. It is made
when the first text goes into the thread, and reused from then on; other members are another thread, with another
conversation. Making it sends no message. A conversation that Twilio already has of these numbers (error 50438 names it)
is taken over.

A text is a message there, whose author is our own number. Reports name participants by Twilio's SIDs, so each send
begins with a list of the participants. Source: Twilio, Conversations API v1, "Group Texting".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from urllib.parse import quote, urlencode

from partyline.carriers import carrier_limits, error_codes, schemas, send_outcome, webhook_auth
from partyline.carriers.base import (
    Accepted,
    DeliveryReport,
    FoundMessage,
    OutboundMedia,
    OutboundText,
    Transport,
)
from partyline.domain import threads
from partyline.domain.receipts import ReceiptStatus
from partyline.errors import Ambiguous, NotReady, SendError, Unavailable
from partyline.frozen_classes import frozen
from partyline.http_client import HttpRequest, HttpResponse

URL = "https://conversations.twilio.com"
MEDIA_URL = "https://mcs.us1.twilio.com"
MAX_RECIPIENTS = carrier_limits.TWILIO.recipients
# Twilio's receipts of a message in a conversation.
STATUSES: Mapping[str, ReceiptStatus] = {
    "sent": ReceiptStatus.SENT,
    "delivered": ReceiptStatus.DELIVERED,
    "read": ReceiptStatus.DELIVERED,
    "undelivered": ReceiptStatus.UNDELIVERED,
    "failed": ReceiptStatus.FAILED,
}
FAILURES = frozenset({ReceiptStatus.UNDELIVERED, ReceiptStatus.FAILED})

_NAME_TAKEN, _CLOSED, _INITIALIZING, _SET_TAKEN = 50353, 50377, 50386, 50438
_TOO_FAST = 20429
# The member of a message's attributes that has our tag.
_TAG = "partyline"
_FORM = "application/x-www-form-urlencoded"


@frozen
class Groups:
    """The Conversations API of one account."""

    account_sid: str
    auth_token: str
    messaging_service_sid: str
    url: str
    media_url: str
    transport: Transport

    def send(self, text: OutboundText) -> Accepted:
        """Write one message into the thread's conversation.

        Raises NotReady while the conversation is being made, and else any SendError, by the table in send_outcome.
        """
        path, names = self._open(text)
        missing = {*text.recipients} - text.own - {*names.values()}
        if missing:
            if path == _conversation_path(text):
                self._delete_incomplete(path)
            raise NotReady("the group is being made")
        media = [("MediaSid", self._upload(path, one)) for one in text.media]
        form = [
            ("Author", text.sender),
            ("Body", text.text),
            ("Attributes", json.dumps({_TAG: text.tag})),
            *media,
        ]
        response = self._request_message("POST", f"{path}/Messages", form)
        if send_outcome.succeeded(response):
            return Accepted(send_outcome.first_id([send_outcome.load_answer(response).get("sid")]), names=names)
        code = _code(response)
        if code == _CLOSED:
            # It keeps its name for ever: the record is ours, so it may go.
            self._request_safely("DELETE", path)
            raise NotReady("the group was closed and is made anew")
        if code == _INITIALIZING or response.status == HTTPStatus.NOT_FOUND:
            raise NotReady("the group is being made")
        raise _read_error(response, text)

    def find(self, text: OutboundText) -> FoundMessage | None:
        """Find the message with our tag among the last hundred of its conversation, with its receipts.

        Raises SendError.
        """
        path, names = self._open(text)
        listed = self._request_message("GET", f"{path}/Messages?Order=desc&PageSize=100")
        found = next((one for one in _entries(listed, "messages") if _tag(one) == text.tag), None)
        if found is None or not isinstance(found.get("sid"), str):
            return None
        sid = str(found["sid"])
        asked = self._request_message("GET", f"{path}/Messages/{quote(sid)}/Receipts?PageSize=50")
        receipts = _entries(asked, "delivery_receipts")
        reports = (_read_receipt(one, sid, names, text.tag) for one in receipts)
        return FoundMessage(Accepted(sid, names=names), tuple(report for report in reports if report))

    def _open(self, text: OutboundText) -> tuple[str, dict[str, str]]:
        """Return the path of the thread's conversation, and its recipients by Twilio's names.

        No message is sent by this, so an error is Unavailable at the worst.
        """
        path = _conversation_path(text)
        listed = self._request_safely("GET", f"{path}/Participants?PageSize=100")
        if listed.status == HTTPStatus.NOT_FOUND:
            path = self._make(text)
            listed = self._request_safely("GET", f"{path}/Participants?PageSize=100")
        return path, self._names(listed)

    def _names(self, response: HttpResponse) -> dict[str, str]:
        """Read the addresses in a list of participants, by their SIDs. Raises SendError when it is no list."""
        names: dict[str, str] = {}
        for one in _entries(response, "participants"):
            binding = one.get("messaging_binding")
            address = binding.get("address") if isinstance(binding, dict) else None
            if isinstance(address, str) and isinstance(one.get("sid"), str):
                names[str(one["sid"])] = address
        return names

    def _make(self, text: OutboundText) -> str:
        """Make the thread's conversation, or find the one that Twilio has of these numbers. Returns its path."""
        ours = text.own | {text.sender}
        members = [
            {"messaging_binding": {"projected_address" if one in ours else "address": one}}
            for one in sorted({text.sender, *text.recipients})
        ]
        form = [
            ("UniqueName", _name(text)),
            ("MessagingServiceSid", self.messaging_service_sid),
            *(("Participant", json.dumps(member)) for member in members),
        ]
        response = self._request_safely("POST", "ConversationWithParticipants", form)
        if send_outcome.succeeded(response):
            raise NotReady("the group is being made")
        code = _code(response)
        owner = re.search(r"CH[0-9a-f]{32}", str(send_outcome.load_answer(response).get("message")))
        if code == _SET_TAKEN and owner:
            return self._take_over(owner[0], text)
        if code == _NAME_TAKEN:
            raise NotReady("the group was made at the same moment")
        raise _read_error(response, text)

    def _take_over(self, sid: str, text: OutboundText) -> str:
        """Give a conversation our name, unless it has another one. Returns its path."""
        path = f"Conversations/{sid}"
        known = self._request_safely("GET", path)
        if send_outcome.succeeded(known) and not send_outcome.load_answer(known).get("unique_name"):
            self._request_safely("POST", path, [("UniqueName", _name(text))])
        return path

    def _delete_incomplete(self, path: str) -> None:
        """Delete a conversation of ours that has lost members. One that is being made has them in a moment."""
        known = self._request_safely("GET", path)
        if send_outcome.load_answer(known).get("state") in ("active", "inactive", "closed"):
            self._request_safely("DELETE", path)

    def _upload(self, path: str, media: OutboundMedia) -> str:
        """Upload a picture to Twilio. Returns its SID there."""
        known = self._request_safely("GET", path)
        if not send_outcome.succeeded(known):
            raise _read_error(known)
        service = str(send_outcome.load_answer(known).get("chat_service_sid"))
        url = f"{self.media_url}/v1/Services/{quote(service, safe='')}/Media"
        headers = {**self._headers(), "Content-Type": media.content_type}
        response = self._send_safely(HttpRequest("POST", url, headers, media.read()))
        sid = send_outcome.load_answer(response).get("sid")
        if not send_outcome.succeeded(response):
            raise _read_error(response)
        if not isinstance(sid, str):
            raise Unavailable("the upload has no SID")
        return sid

    def _request_safely(self, method: str, path: str, form: Iterable[tuple[str, str]] = ()) -> HttpResponse:
        """Make a request that sends no message. One without an answer may be made again."""
        return self._send_safely(self._build_request(method, path, form))

    def _send_safely(self, request: HttpRequest) -> HttpResponse:
        try:
            response = self.transport(request)
        except Ambiguous as error:
            raise Unavailable(f"no answer while the group was looked for: {error}") from error
        if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR or response.status == HTTPStatus.REQUEST_TIMEOUT:
            raise Unavailable(f"HTTP {response.status} while the group was looked for")
        return response

    def _request_message(self, method: str, path: str, form: Iterable[tuple[str, str]] = ()) -> HttpResponse:
        return self.transport(self._build_request(method, path, form))

    def _build_request(self, method: str, path: str, form: Iterable[tuple[str, str]]) -> HttpRequest:
        body = urlencode([pair for pair in form if pair[1]], errors="replace").encode("ascii")
        headers = {**self._headers(), **({"Content-Type": _FORM, "X-Twilio-Webhook-Enabled": "true"} if body else {})}
        return HttpRequest(method, f"{self.url}/v1/{path}", headers, body)

    def _headers(self) -> dict[str, str]:
        return {"Authorization": webhook_auth.basic_header(self.account_sid, self.auth_token)}


def _name(text: OutboundText) -> str:
    """Return the unique name of a thread's conversation."""
    return f"partyline-{threads.digest(threads.build_key([text.sender, *text.recipients]))}"


def _conversation_path(text: OutboundText) -> str:
    return f"Conversations/{_name(text)}"


def _entries(response: HttpResponse, name: str) -> Sequence[schemas.JsonObject]:
    """Return the entries of a list. Raises SendError when the answer is an error."""
    if not send_outcome.succeeded(response):
        raise _read_error(response)
    return schemas.only_objects(send_outcome.load_answer(response).get(name))


def _tag(message: schemas.JsonObject) -> str | None:
    try:
        attributes = json.loads(str(message.get("attributes")))
    except ValueError:
        return None
    tag = attributes.get(_TAG) if isinstance(attributes, dict) else None
    return tag if isinstance(tag, str) else None


def _read_receipt(receipt: schemas.JsonObject, sid: str, names: Mapping[str, str], tag: str) -> DeliveryReport | None:
    recipient, status = names.get(str(receipt.get("participant_sid"))), STATUSES.get(str(receipt.get("status")))
    if recipient is None or status is None:
        return None
    carrier_code = schemas.parse_code(receipt.get("error_code")) if status in FAILURES else None
    error_code = parse_error_code(carrier_code) or error_codes.UNKNOWN if status in FAILURES else None
    return DeliveryReport("twilio", sid, recipient, status, error_code, carrier_code, tag)


def _code(response: HttpResponse) -> int | None:
    return parse_error_code(schemas.parse_code(send_outcome.load_answer(response).get("code")))


def parse_error_code(written: str | None) -> int | None:
    """Parse a Twilio code, written as a number in answers and as a string in forms; None for what is none."""
    return int(written) if written and re.fullmatch("[0-9]{5}", written) else None


def _read_error(response: HttpResponse, text: OutboundText | None = None) -> SendError:
    """Make the error of an answer. A recipient whose number stands in its message gets its code."""
    code = _code(response)
    message = str(send_outcome.load_answer(response).get("message"))
    recipients = dict.fromkeys(send_outcome.named_in(message, text.recipients), code) if code and text else {}
    error = send_outcome.CarrierError(
        carrier_code=str(code) if code else None,
        error_code=error_codes.QUEUE_OVERFLOW if code == _TOO_FAST else None if recipients else code,
        recipients=recipients,
        queue_full=code == _TOO_FAST,
    )
    return send_outcome.to_send_error(response, error)
