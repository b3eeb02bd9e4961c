"""Group texts at Twilio: its Conversations API, the only way it has to send one.

Each thread has one conversation there, found by a unique name that follows from the thread, so nothing has to be
remembered here. It is made when the first text goes into the thread, and reused ever after; other members are another
thread, with another conversation. Making it texts nobody. A conversation that Twilio already has of these numbers
(50438 names it) is taken over.

A text is a message there, written by our own number. Reports name participants by Twilio's SIDs of them, so each text
begins with reading who is who. Source: Twilio, Conversations API v1, "Group Texting".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import quote, urlencode

from partyline.carriers import error_codes, schemas, send_outcome, webhook_auth
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
from partyline.http_client import HttpRequest, HttpResponse

URL = "https://conversations.twilio.com"
MEDIA_URL = "https://mcs.us1.twilio.com"
# Ten people in all (error 50436).
MAX_RECIPIENTS = 9
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
# Where our tag is kept, in a message's attributes.
_TAG = "partyline"
_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Groups:
    """The Conversations API of one account."""

    account_sid: str
    auth_token: str
    messaging_service_sid: str
    url: str
    media_url: str
    transport: Transport

    def send(self, text: OutboundText) -> Accepted:
        """Write one message into the thread's conversation. Raises NotReady while that is being made, and else any
        SendError, by the table in answers."""
        place, names = self._open(text)
        missing = {*text.recipients} - text.own - {*names.values()}
        if missing:
            if place == _place(text):
                self._mend(place)
            raise NotReady("the group is being made")
        media = [("MediaSid", self._upload(place, one)) for one in text.media]
        form = [
            ("Author", text.sender),
            ("Body", text.text),
            ("Attributes", json.dumps({_TAG: text.tag})),
            *media,
        ]
        response = self._ask("POST", f"{place}/Messages", form)
        if send_outcome.succeeded(response):
            return Accepted(send_outcome.first_id([send_outcome.load_answer(response).get("sid")]), names=names)
        code = _code(response)
        if code == _CLOSED:
            # It keeps its name for ever: the record is ours, so it may go.
            self._prepare("DELETE", place)
            raise NotReady("the group was closed and is made anew")
        if code == _INITIALIZING or response.status == HTTPStatus.NOT_FOUND:
            raise NotReady("the group is being made")
        raise _error(response, text)

    def find(self, text: OutboundText) -> FoundMessage | None:
        """The message with our tag and what became of it, if it is among the last hundred of its conversation. Raises
        SendError."""
        place, names = self._open(text)
        listed = self._ask("GET", f"{place}/Messages?Order=desc&PageSize=100")
        found = next((one for one in _entries(listed, "messages") if _tag(one) == text.tag), None)
        if found is None or not isinstance(found.get("sid"), str):
            return None
        sid = str(found["sid"])
        asked = self._ask("GET", f"{place}/Messages/{quote(sid)}/Receipts?PageSize=50")
        receipts = _entries(asked, "delivery_receipts")
        told = (_receipt(one, sid, names, text.tag) for one in receipts)
        return FoundMessage(Accepted(sid, names=names), tuple(report for report in told if report))

    def _open(self, text: OutboundText) -> tuple[str, dict[str, str]]:
        """The path of the thread's conversation, and its recipients by Twilio's names. Nobody is texted by this, so
        whatever goes wrong is Unavailable at the worst."""
        place = _place(text)
        listed = self._prepare("GET", f"{place}/Participants?PageSize=100")
        if listed.status == HTTPStatus.NOT_FOUND:
            place = self._make(text)
            listed = self._prepare("GET", f"{place}/Participants?PageSize=100")
        return place, self._names(listed)

    def _names(self, response: HttpResponse) -> dict[str, str]:
        """The addresses in a list of participants, by their SIDs. Raises SendError when it is none."""
        names: dict[str, str] = {}
        for one in _entries(response, "participants"):
            binding = one.get("messaging_binding")
            address = binding.get("address") if isinstance(binding, dict) else None
            if isinstance(address, str) and isinstance(one.get("sid"), str):
                names[str(one["sid"])] = address
        return names

    def _make(self, text: OutboundText) -> str:
        """Make the thread's conversation, or find the one that Twilio has of these numbers; its path."""
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
        response = self._prepare("POST", "ConversationWithParticipants", form)
        if send_outcome.succeeded(response):
            raise NotReady("the group is being made")
        code = _code(response)
        owner = re.search(r"CH[0-9a-f]{32}", str(send_outcome.load_answer(response).get("message")))
        if code == _SET_TAKEN and owner:
            return self._take_over(owner[0], text)
        if code == _NAME_TAKEN:
            raise NotReady("the group was made at the same moment")
        raise _error(response, text)

    def _take_over(self, sid: str, text: OutboundText) -> str:
        """Give a conversation our name, unless it has one of somebody else's."""
        place = f"Conversations/{sid}"
        known = self._prepare("GET", place)
        if send_outcome.succeeded(known) and not send_outcome.load_answer(known).get("unique_name"):
            self._prepare("POST", place, [("UniqueName", _name(text))])
        return place

    def _mend(self, place: str) -> None:
        """Remove a conversation of ours that has lost members; one that is being made has them in a moment."""
        known = self._prepare("GET", place)
        if send_outcome.load_answer(known).get("state") in ("active", "inactive", "closed"):
            self._prepare("DELETE", place)

    def _upload(self, place: str, media: OutboundMedia) -> str:
        """Hand a picture to Twilio; its SID there."""
        known = self._prepare("GET", place)
        if not send_outcome.succeeded(known):
            raise _error(known)
        service = str(send_outcome.load_answer(known).get("chat_service_sid"))
        url = f"{self.media_url}/v1/Services/{quote(service, safe='')}/Media"
        headers = {**self._headers(), "Content-Type": media.content_type}
        response = self._safely(HttpRequest("POST", url, headers, media.read()))
        sid = send_outcome.load_answer(response).get("sid")
        if not send_outcome.succeeded(response) or not isinstance(sid, str):
            raise _error(response) if not send_outcome.succeeded(response) else Unavailable("the upload has no SID")
        return sid

    def _prepare(self, method: str, path: str, form: Iterable[tuple[str, str]] = ()) -> HttpResponse:
        """A request that texts nobody: one without an answer may simply be made again."""
        return self._safely(self._request(method, path, form))

    def _safely(self, request: HttpRequest) -> HttpResponse:
        try:
            response = self.transport(request)
        except Ambiguous as error:
            raise Unavailable(f"no answer while the group was looked for: {error}") from error
        if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR or response.status == HTTPStatus.REQUEST_TIMEOUT:
            raise Unavailable(f"HTTP {response.status} while the group was looked for")
        return response

    def _ask(self, method: str, path: str, form: Iterable[tuple[str, str]] = ()) -> HttpResponse:
        return self.transport(self._request(method, path, form))

    def _request(self, method: str, path: str, form: Iterable[tuple[str, str]]) -> HttpRequest:
        body = urlencode([pair for pair in form if pair[1]], errors="replace").encode("ascii")
        headers = {**self._headers(), **({"Content-Type": _FORM, "X-Twilio-Webhook-Enabled": "true"} if body else {})}
        return HttpRequest(method, f"{self.url}/v1/{path}", headers, body)

    def _headers(self) -> dict[str, str]:
        return {"Authorization": webhook_auth.basic_header(self.account_sid, self.auth_token)}


def _name(text: OutboundText) -> str:
    """The unique name of a thread's conversation."""
    return f"partyline-{threads.digest(threads.build_key([text.sender, *text.recipients]))}"


def _place(text: OutboundText) -> str:
    return f"Conversations/{_name(text)}"


def _entries(response: HttpResponse, name: str) -> Sequence[schemas.JsonObject]:
    """The entries of a list. Raises SendError when the answer is none."""
    if not send_outcome.succeeded(response):
        raise _error(response)
    return schemas.only_objects(send_outcome.load_answer(response).get(name))


def _tag(message: schemas.JsonObject) -> str | None:
    try:
        attributes = json.loads(str(message.get("attributes")))
    except ValueError:
        return None
    tag = attributes.get(_TAG) if isinstance(attributes, dict) else None
    return tag if isinstance(tag, str) else None


def _receipt(receipt: schemas.JsonObject, sid: str, names: Mapping[str, str], tag: str) -> DeliveryReport | None:
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


def _error(response: HttpResponse, text: OutboundText | None = None) -> SendError:
    """The error of an answer. A recipient of the text whose number stands in its message fails for it."""
    code = _code(response)
    message = str(send_outcome.load_answer(response).get("message"))
    recipients = dict.fromkeys(send_outcome.named_in(message, text.recipients), code) if code and text else {}
    complaint = send_outcome.CarrierError(
        carrier_code=str(code) if code else None,
        error_code=error_codes.QUEUE_OVERFLOW if code == _TOO_FAST else None if recipients else code,
        recipients=recipients,
        queue_full=code == _TOO_FAST,
    )
    return send_outcome.to_send_error(response, complaint)
