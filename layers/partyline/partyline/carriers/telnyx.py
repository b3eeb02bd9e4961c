"""Telnyx, API v2.

Webhooks: one JSON object, signed with the account's Ed25519 key over "{timestamp}|{raw body}". Telnyx waits two
seconds, repeats at random and promises no order.

Group texts: POST /messages/group_mms, at most eight recipients, one id for all of them. Reports of a group share that
id (`group_message_id`), and each names the recipients that it is about. The documentation writes addresses both as
strings and as objects; both are read.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from urllib.parse import quote

from nacl.exceptions import CryptoError
from nacl.signing import VerifyKey

from partyline.carriers import error_codes, schemas, send_outcome, webhook_auth
from partyline.carriers.base import (
    Accepted,
    DeliveryReport,
    Event,
    FoundMessage,
    IgnoredEvent,
    InboundMedia,
    InboundText,
    MediaAccess,
    OutboundText,
    Transport,
    WebhookRequest,
)
from partyline.carriers.limits import KB, MB, Limits
from partyline.domain.opt_outs import Keyword
from partyline.domain.receipts import ReceiptStatus
from partyline.errors import WebhookRefused
from partyline.http_client import HttpRequest, HttpResponse

NAME = "telnyx"
URL = "https://api.telnyx.com/v2"
# How far a webhook's clock may be from ours, both ways, as in Telnyx' own libraries.
TOLERANCE_SECONDS = 300

_OUR_WEBHOOK = "webhook_delivered"
# What a record of a message is called, or one that does not say what it is.
_RECORDS_OF_MESSAGES = frozenset({"event", "message", ""})
_REPORTS = frozenset({"message.sent", "message.finalized"})
_STATUSES = {
    "queued": ReceiptStatus.QUEUED,
    "sending": ReceiptStatus.QUEUED,
    "sent": ReceiptStatus.SENT,
    "delivered": ReceiptStatus.DELIVERED,
    # Telnyx says `unknown` of recipients on other networks in a group: usual, and no failure.
    "unknown": ReceiptStatus.UNKNOWN,
    "delivery_unconfirmed": ReceiptStatus.UNKNOWN,
    "dlr_timeout": ReceiptStatus.UNKNOWN,
    "delivery_failed": ReceiptStatus.UNDELIVERED,
    "sending_failed": ReceiptStatus.FAILED,
    "expired": ReceiptStatus.FAILED,
    "gw_timeout": ReceiptStatus.FAILED,
}
_FAILURES = frozenset({ReceiptStatus.UNDELIVERED, ReceiptStatus.FAILED})
_QUEUE_FULL = "40318"
_BLOCKED = "40300"
# Where an error points: at one of a list of addresses, or at the list. In a webhook the document is the whole event.
_POINTER = re.compile(r"#?(?:/data(?:/payload)?)?/(to|cc)(?:/([0-9]{1,3})(?:/.*)?)?")
# What the messaging profile took a text for, and has answered.
_KEYWORDS = {
    **dict.fromkeys(("STOP", "OPT_OUT"), Keyword.STOP),
    **dict.fromkeys(("START", "OPT_IN"), Keyword.START),
    **dict.fromkeys(("HELP", "INFO"), Keyword.HELP),
}
_ERROR_CODES = error_codes.by_carrier_code(
    {
        error_codes.INVALID_RECIPIENT: (40310,),
        error_codes.REGION_NOT_ENABLED: (40309, 40331),
        error_codes.SENDER_NOT_OURS: (40305, 40308),
        error_codes.OPTED_OUT: (40300,),
        error_codes.QUEUE_OVERFLOW: (10011, 40318),
        error_codes.UNREACHABLE: (40006, 40008),
        error_codes.BLOCKED: (40004,),
        error_codes.UNKNOWN_HANDSET: (40012,),
        error_codes.LANDLINE: (40001,),
        error_codes.FILTERED: (40002, 40003),
        error_codes.MMS_UNSUPPORTED: (40301,),
        error_codes.TOO_LARGE: (40302, 40317),
        error_codes.RATE_EXCEEDED: (40011, 40016, 40018),
        error_codes.UNREGISTERED: (40010,),
        error_codes.EXPIRED: (40005, 40014),
    }
)


@dataclass(frozen=True, slots=True)
class TelnyxSettings:
    """One Telnyx account: its API key, and the public key (base64) that its webhooks are signed with."""

    api_key: str = field(repr=False)
    public_key: str
    url: str = URL


class Telnyx:
    """Telnyx behind the carrier port."""

    name = NAME
    # Media: 10 URLs, under 1 MB together; 600 KB pass every network. A plain text has ten segments at the most: 1530
    # characters, or 670 with one that is not plain ASCII; of MMS no limit is told.
    limits = Limits(
        recipients=8, text=1600, media=10, group_media=10, media_bytes=MB, image_bytes=600 * KB, segments=10
    )

    def __init__(self, settings: TelnyxSettings, transport: Transport) -> None:
        self._settings = settings
        self._transport = transport

    def authenticate(self, request: WebhookRequest, now: float) -> None:
        """Check the signature over the raw body, then its time.

        Raises WebhookRefused: 401 without a signature, 403 with a wrong or an old one.
        """
        signature = request.headers.get("telnyx-signature-ed25519", "")
        timestamp = request.headers.get("telnyx-timestamp", "")
        if not signature or not timestamp:
            raise WebhookRefused(401, "not signed")
        try:
            key = VerifyKey(base64.b64decode(self._settings.public_key, validate=True))
            key.verify(timestamp.encode() + b"|" + request.body, base64.b64decode(signature, validate=True))
        except (CryptoError, ValueError, TypeError):
            raise WebhookRefused(403, "wrong signature") from None
        moment = int(timestamp) if re.fullmatch("[0-9]{1,15}", timestamp) else None
        if not webhook_auth.is_recent(moment, now, TOLERANCE_SECONDS):
            raise WebhookRefused(403, "signed too long ago, or in the future")

    def parse(self, request: WebhookRequest) -> list[Event]:
        """One inbound text, or one report for each recipient that the event names. Never raises."""
        return schemas.events(request.body, partial(_readers, schemas.tag(request)))

    def send(self, text: OutboundText) -> Accepted:
        """POST a group MMS for several recipients, a plain message for one.

        Recipients whose status in the answer is a failure already are in `refused`. Raises Refused without a request
        for no recipient (21604) and for more than eight (21653), and else any SendError, by the table in answers.
        """
        send_outcome.check_recipients(text, self.limits.recipients)
        response = self._transport(_request(self._settings, text))
        if not send_outcome.succeeded(response):
            raise send_outcome.to_send_error(response, _complaint(response, text))
        data = send_outcome.document(response).get("data")
        sent = data if isinstance(data, dict) else {}
        return Accepted(send_outcome.first_id([sent.get("group_message_id"), sent.get("id")]), _already_failed(sent))

    def media_access(self) -> MediaAccess:
        """The API key where it is asked for: one page of Telnyx's says that it is, others that its URLs are signed."""
        return MediaAccess(f"Bearer {self._settings.api_key}", self._settings.url, ("telnyx.com",), at_once=False)

    def find(self, text: OutboundText, carrier_message_id: str) -> FoundMessage | None:
        """A text whose id a report has told, and its state for each recipient: GET /messages/group/{id}; for only one
        GET /messages/{id}. Raises Unavailable, Ambiguous, Throttled or Refused when Telnyx does not say."""
        if not carrier_message_id:
            return None
        what = f"group/{quote(carrier_message_id, safe='')}" if len(text.recipients) > 1 else quote(carrier_message_id)
        headers = {"Authorization": f"Bearer {self._settings.api_key}"}
        response = self._transport(HttpRequest("GET", f"{self._settings.url}/messages/{what}", headers, b""))
        if not send_outcome.succeeded(response):
            raise send_outcome.to_send_error(response, _complaint(response, text))
        data = send_outcome.document(response).get("data")
        found = send_outcome.objects(data if isinstance(data, list) else [data])
        told = [(one, _read_errors(one, _addressees(one))) for one in found]
        readers = (
            partial(_report, one, entry, text.tag, errors)
            for one, errors in told
            for entry in send_outcome.objects(one.get("to"))
        )
        read = (schemas.attempt(reader, "") for reader in readers)
        reports = tuple(replace(event, id=carrier_message_id) for event in read if isinstance(event, DeliveryReport))
        return FoundMessage(Accepted(carrier_message_id), reports) if reports else None


def _readers(tag: str | None, document: object) -> Iterable[schemas.Reader]:
    data = schemas.mapping(schemas.mapping(document, "webhook").get("data"), "data")
    other = schemas.optional(data, "record_type")
    if data.get("event_type") is None and other not in _RECORDS_OF_MESSAGES:
        # No event of a message: a click on a shortened link, for example.
        return [partial(IgnoredEvent, other)]
    kind = schemas.string(data, "event_type")
    if kind == "message.received":
        return [partial(_inbound, schemas.mapping(data.get("payload"), "payload"), data.get("occurred_at"))]
    if kind in _REPORTS:
        payload = schemas.mapping(data.get("payload"), "payload")
        entries = schemas.items(payload, "to")
        if not entries:
            raise schemas.UnreadablePayload("to is empty")
        errors = _read_errors(payload, _addressees(payload))
        return [partial(_report, payload, entry, tag, errors) for entry in entries]
    if kind.startswith("message."):
        raise schemas.UnreadablePayload("event_type is not a documented one")
    return [partial(IgnoredEvent, kind)]


def _inbound(payload: schemas.Object, occurred_at: object) -> InboundText:
    to = schemas.addresses(payload, "to")
    if not to:
        raise schemas.UnreadablePayload("to is empty")
    receivers = _receivers(payload, to)
    subject, text = schemas.optional(payload, "subject"), schemas.optional(payload, "text")
    media = [schemas.mapping(part, "media") for part in schemas.items(payload, "media")]
    return InboundText(
        carrier=NAME,
        id=schemas.string(payload, "id"),
        line=receivers[0] if receivers else "",
        sender=schemas.address(payload, "from"),
        # In Telnyx' own example `cc` repeats our number: the core makes a set of these.
        recipients=to + schemas.addresses(payload, "cc"),
        text=schemas.headed(subject, text),
        media=schemas.content(
            (
                InboundMedia(
                    schemas.optional(part, "url"),
                    schemas.optional(part, "content_type") or None,
                    schemas.optional(part, "sha256") or schemas.optional(part, "hash_sha256") or None,
                )
                for part in media
            ),
            text,
        ),
        answered=_KEYWORDS.get(schemas.optional(payload, "autoresponse_type").upper()),
        other_lines=receivers[1:],
        received_at=schemas.moment(payload.get("received_at"), occurred_at),
        only_subject=schemas.is_only_subject(subject, text),
    )


def _receivers(payload: schemas.Object, to: tuple[str, ...]) -> tuple[str, ...]:
    """The numbers that this copy came to: those whose webhook this is, where `to` says so; () where it says nothing of
    several, which may be other members too."""
    entries = zip(schemas.items(payload, "to"), to, strict=True)
    marked = (address for entry, address in entries if isinstance(entry, dict) and entry.get("status") == _OUR_WEBHOOK)
    return tuple(dict.fromkeys(marked)) or (to if len(to) == 1 else ())


def _report(payload: schemas.Object, entry: object, tag: str | None, errors: _Errors) -> DeliveryReport:
    recipient = schemas.mapping(entry, "to")
    status = _STATUSES.get(schemas.string(recipient, "status"))
    if status is None:
        raise schemas.UnreadablePayload("status is not a documented one")
    address = schemas.string(recipient, "phone_number")
    carrier_code = errors.code(address) if status in _FAILURES else None
    return DeliveryReport(
        carrier=NAME,
        id=schemas.optional(payload, "group_message_id") or schemas.string(payload, "id"),
        recipient=address,
        status=status,
        error_code=_error_code(carrier_code) if status in _FAILURES else None,
        carrier_code=carrier_code,
        tag=tag,
    )


# The addresses that a JSON pointer can name, by the list of a message that they stand in: to, cc.
_Addressees = Mapping[str, Sequence[str | None]]


@dataclass(frozen=True, slots=True)
class _Errors:
    """The codes in `errors`: by the address that a pointer names, and the one that holds for everybody else."""

    by_address: Mapping[str, str]
    shared: str | None

    def code(self, address: str) -> str | None:
        """The code of one recipient."""
        return self.by_address.get(address) or self.shared


def _read_errors(holder: schemas.Object, addressees: _Addressees) -> _Errors:
    """From "errors": [{"code", "title", "detail", "source": {"pointer"}}], in reports and in answers alike. An error
    without a pointer to an address holds for every recipient. A block without one does not while there are pointers.
    """
    by_address: dict[str, str] = {}
    shared: list[str] = []
    pointers: list[str] = []
    for error in send_outcome.objects(holder.get("errors")):
        code, pointer = schemas.code(error.get("code")), _pointer(error)
        pointers += [pointer] if pointer else []
        named = _POINTER.fullmatch(pointer)
        address = _address_at(addressees.get(named[1], ()), named[2]) if named else None
        if code and address:
            # Of several codes the first counts; but a block has to be known.
            by_address[address] = code if code == _BLOCKED else by_address.get(address, code)
        elif code and not (named and named[2]):
            shared.append(code)
    return _Errors(by_address, next((code for code in shared if code != _BLOCKED or not pointers), None))


def _pointer(error: schemas.Object) -> str:
    source = error.get("source")
    return str(source.get("pointer") or "") if isinstance(source, dict) else ""


def _address_at(addresses: Sequence[str | None], index: str | None) -> str | None:
    """The address at an index; without one the only address there is."""
    if index is None:
        return addresses[0] if len(addresses) == 1 else None
    return addresses[int(index)] if int(index) < len(addresses) else None


def _addressees(message: schemas.Object) -> _Addressees:
    """The addresses that pointers in a message's own errors can name: strings or objects."""
    return {name: [_number(entry) for entry in _list(message.get(name))] for name in ("to", "cc")}


def _number(entry: object) -> str | None:
    number = entry.get("phone_number") if isinstance(entry, dict) else entry
    return number if isinstance(number, str) else None


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _request(settings: TelnyxSettings, text: OutboundText) -> HttpRequest:
    group = len(text.recipients) > 1
    body: dict[str, object] = {
        "from": text.sender,
        "to": list(text.recipients) if group else text.recipients[0],
        "text": text.text,
        "media_urls": list(text.media_urls),
        "webhook_url": text.callback_url,
    }
    wanted = {name: value for name, value in body.items() if value}
    if text.callback_url:
        # Without this the reports go to the profile's URL, which knows nothing of our tag.
        wanted["use_profile_webhooks"] = False
    return HttpRequest(
        "POST",
        f"{settings.url}/messages/group_mms" if group else f"{settings.url}/messages",
        {"Authorization": f"Bearer {settings.api_key}", "Content-Type": "application/json"},
        json.dumps(wanted).encode(),
    )


def _already_failed(sent: schemas.Object) -> dict[str, int]:
    errors = _read_errors(sent, _addressees(sent))
    return {
        entry["phone_number"]: _error_code(errors.code(entry["phone_number"]))
        for entry in send_outcome.objects(sent.get("to"))
        if isinstance(entry.get("phone_number"), str) and _STATUSES.get(str(entry.get("status"))) in _FAILURES
    }


def _complaint(response: HttpResponse, text: OutboundText) -> send_outcome.CarrierError:
    """From an error answer. Its pointers name the recipients of the request."""
    answer = send_outcome.document(response)
    errors = _read_errors(answer, {"to": text.recipients})
    recipients = {address: _error_code(code) for address, code in errors.by_address.items()}
    shared = errors.shared
    if len(text.recipients) == 1:
        shared = errors.code(text.recipients[0])
        # A block without a pointer is that of the only recipient. In a group it is unknown whose it is.
        recipients |= dict.fromkeys(text.recipients, error_codes.OPTED_OUT) if shared == _BLOCKED else {}
    found = [schemas.code(error.get("code")) for error in send_outcome.objects(answer.get("errors"))]
    return send_outcome.CarrierError(
        carrier_code=next((code for code in found if code), None),
        error_code=_ERROR_CODES.get(shared or ""),
        recipients=recipients,
        queue_full=_QUEUE_FULL in found,
    )


def _error_code(carrier_code: str | None) -> int:
    return _ERROR_CODES.get(carrier_code or "", error_codes.UNKNOWN)
