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
from dataclasses import field
from functools import partial
from urllib.parse import quote

from nacl.exceptions import CryptoError
from nacl.signing import VerifyKey

from partyline.carriers import carrier_limits, error_codes, mms_parts, schemas, send_outcome, webhook_auth
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
    Urls,
    WebhookRequest,
    choose_url,
)
from partyline.carriers.telnyx_payloads import (
    ReceivedPayload,
    Receiver,
    ReportedRecipient,
    TelnyxErrors,
    TelnyxMessage,
    TelnyxWebhook,
    WebhookData,
)
from partyline.domain.opt_outs import Keyword
from partyline.domain.receipts import ReceiptStatus
from partyline.errors import WebhookRefused
from partyline.frozen_classes import frozen, replace
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
# The keyword that the messaging profile took a text for, and has answered, by Telnyx's word.
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


@frozen
class TelnyxSettings:
    """One Telnyx account: its API key, and the public key (base64) that its webhooks are signed with."""

    api_key: str = field(repr=False)
    public_key: str
    url: str = URL


class Telnyx:
    """Telnyx as a carrier."""

    name = NAME
    limits = carrier_limits.TELNYX

    required_secrets: tuple[str, ...] = (
        "telnyx_api_key",
        "telnyx_public_key",
    )

    def __init__(self, settings: TelnyxSettings, transport: Transport) -> None:
        self._settings = settings
        self._transport = transport

    @classmethod
    def from_secrets(cls, secrets: Mapping[str, str], urls: Urls, transport: Transport) -> Telnyx:
        """Build the carrier from a deployment's secrets and base URLs."""
        settings = TelnyxSettings(
            api_key=secrets["telnyx_api_key"],
            public_key=secrets["telnyx_public_key"],
            url=choose_url(urls, "telnyx_url", URL),
        )
        return cls(settings, transport)

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
        """Parse one inbound text, or one report for each recipient that the event names. Never raises."""
        return schemas.parse_events(request.body, partial(_split_events, request.tag))

    def send(self, text: OutboundText) -> Accepted:
        """POST a group MMS for several recipients, a plain message for one.

        Recipients whose status in the answer is a failure already are in `refused`. Raises Refused without a request
        for no recipient (21604) and for more than eight (21653), and else any SendError, by the table in send_outcome.
        """
        send_outcome.check_recipients(text, self.limits.recipients)
        response = self._transport(_request(self._settings, text))
        if not send_outcome.succeeded(response):
            raise send_outcome.to_send_error(response, _read_error(response, text))
        sent = schemas.read(TelnyxMessage, _data(response))
        return Accepted(send_outcome.first_id([sent.group_message_id, sent.id]), _find_failed(sent))

    def media_access(self) -> MediaAccess:
        """Return the API key for servers that require it.

        One page of Telnyx's says that they do, others that its URLs are signed.
        """
        return MediaAccess(f"Bearer {self._settings.api_key}", self._settings.url, ("telnyx.com",), at_once=False)

    def find(self, text: OutboundText, carrier_message_id: str) -> FoundMessage | None:
        """Ask for a text whose id a report has brought: GET /messages/group/{id}, or /messages/{id} for one recipient.

        Raises Unavailable, Ambiguous, Throttled or Refused when Telnyx does not say.
        """
        if not carrier_message_id:
            return None
        response = self._transport(self._build_find_request(text, carrier_message_id))
        if not send_outcome.succeeded(response):
            raise send_outcome.to_send_error(response, _read_error(response, text))
        data = send_outcome.load_answer(response).get("data")
        messages = schemas.only_objects(data if isinstance(data, list) else [data])
        readers = (reader for one in messages for reader in _report_readers(schemas.read(TelnyxMessage, one), text.tag))
        reports = tuple(replace(report, id=carrier_message_id) for report in _select_reports(readers))
        return FoundMessage(Accepted(carrier_message_id), reports) if reports else None

    def _build_find_request(self, text: OutboundText, carrier_message_id: str) -> HttpRequest:
        is_group = len(text.recipients) > 1
        path = f"group/{quote(carrier_message_id, safe='')}" if is_group else quote(carrier_message_id)
        headers = {"Authorization": f"Bearer {self._settings.api_key}"}
        return HttpRequest("GET", f"{self._settings.url}/messages/{path}", headers)


def _split_events(tag: str | None, document: object) -> Iterable[schemas.Reader]:
    data = schemas.read(TelnyxWebhook, document).data
    kind = data.event_type
    if not kind and data.record_type not in _RECORDS_OF_MESSAGES:
        # No event of a message: a click on a shortened link, for example.
        return [partial(IgnoredEvent, data.record_type)]
    if kind == "message.received":
        return [partial(_read_inbound, data)]
    if kind in _REPORTS:
        message = schemas.read(TelnyxMessage, data.payload)
        if not message.to:
            raise schemas.UnreadablePayload("to is empty")
        return _report_readers(message, tag)
    if not kind or kind.startswith("message."):
        raise schemas.UnreadablePayload("event_type is not a documented one")
    return [partial(IgnoredEvent, kind)]


def _read_inbound(data: WebhookData) -> InboundText:
    payload = schemas.read(ReceivedPayload, data.payload)
    receivers = _find_receivers(payload.to)
    media = (
        InboundMedia(file.url, file.content_type or None, file.sha256 or file.hash_sha256 or None)
        for file in payload.media
    )
    return InboundText(
        carrier=NAME,
        id=payload.id,
        line=receivers[0] if receivers else "",
        sender=payload.sender,
        # In Telnyx' own example `cc` repeats our number: the core makes a set of these.
        recipients=(*(receiver.phone_number for receiver in payload.to), *payload.cc),
        text=mms_parts.add_subject(payload.subject, payload.text),
        media=mms_parts.select_files(media, payload.text),
        keyword_handled_by_carrier=_KEYWORDS.get(payload.autoresponse_type.upper()),
        other_lines=receivers[1:],
        received_at=payload.received_at or data.occurred_at,
        only_subject=mms_parts.has_only_subject(payload.subject, payload.text),
    )


def _find_receivers(to: Sequence[Receiver]) -> tuple[str, ...]:
    """Return the numbers that this copy came to: those whose webhook this is, where `to` says so.

    Returns () where it says so of none of several, which may be other members too.
    """
    marked = (receiver.phone_number for receiver in to if receiver.status == _OUR_WEBHOOK)
    return tuple(dict.fromkeys(marked)) or ((to[0].phone_number,) if len(to) == 1 else ())


def _report_readers(message: TelnyxMessage, tag: str | None) -> list[schemas.Reader]:
    """Make a reader for each recipient that a message names, so that one that cannot be read spoils no other."""
    errors = _read_errors(message, message.addresses)
    return [partial(_read_report, message, entry, tag, errors) for entry in message.to]


def _read_report(message: TelnyxMessage, entry: object, tag: str | None, errors: _Errors) -> DeliveryReport:
    recipient = schemas.read(ReportedRecipient, entry)
    status = _STATUSES.get(recipient.status)
    if status is None:
        raise schemas.UnreadablePayload("status is not a documented one")
    message_id = message.group_message_id or message.id
    if message.group_message_id is None or not message_id:
        raise schemas.UnreadablePayload("the message has no id")
    carrier_code = errors.code(recipient.phone_number) if status in _FAILURES else None
    return DeliveryReport(
        carrier=NAME,
        id=message_id,
        recipient=recipient.phone_number,
        status=status,
        error_code=_to_error_code(carrier_code) if status in _FAILURES else None,
        carrier_code=carrier_code,
        tag=tag,
    )


# The addresses that a JSON pointer can name, by the list of a message that they stand in: to, cc.
_AddressLists = Mapping[str, Sequence[str | None]]


@frozen
class _Errors:
    """The codes of a message: by the address that a pointer names, and the one that holds for all others."""

    by_address: Mapping[str, str]
    shared: str | None

    def code(self, address: str) -> str | None:
        """Return the code of one recipient."""
        return self.by_address.get(address) or self.shared


def _read_errors(holder: TelnyxErrors, addresses: _AddressLists) -> _Errors:
    """Assign errors to recipients.

    An error without a pointer to an address holds for every recipient. A block without one does not while there are
    pointers.
    """
    by_address: dict[str, str] = {}
    shared: list[str] = []
    for code, pointer in ((error.code, error.source.pointer) for error in holder.errors if error.code):
        address, is_of_one = _resolve_pointer(pointer, addresses)
        if address:
            # Of several codes the first counts; but a block has to be known.
            by_address[address] = code if code == _BLOCKED else by_address.get(address, code)
        elif not is_of_one:
            shared.append(code)
    return _Errors(by_address, _first_shared(shared, has_pointers=any(one.source.pointer for one in holder.errors)))


def _first_shared(codes: Iterable[str], *, has_pointers: bool) -> str | None:
    return next((code for code in codes if code != _BLOCKED or not has_pointers), None)


def _resolve_pointer(pointer: str, addresses: _AddressLists) -> tuple[str | None, bool]:
    """Return the address that a pointer names, if it does, and whether it points at one entry of a list at all."""
    named = _POINTER.fullmatch(pointer)
    if not named:
        return None, False
    return _address_at(addresses.get(named[1], ()), named[2]), bool(named[2])


def _address_at(addresses: Sequence[str | None], index: str | None) -> str | None:
    """Return the address at an index; without an index the only address there is."""
    if index is None:
        return addresses[0] if len(addresses) == 1 else None
    return addresses[int(index)] if int(index) < len(addresses) else None


def _request(settings: TelnyxSettings, text: OutboundText) -> HttpRequest:
    group = len(text.recipients) > 1
    body: dict[str, object] = {
        "from": text.sender,
        "to": list(text.recipients) if group else text.recipients[0],
        "text": text.text,
        "media_urls": list(text.media_urls),
        "webhook_url": text.callback_url,
    }
    given = {name: value for name, value in body.items() if value}
    if text.callback_url:
        # Without this the reports go to the profile's URL, which knows nothing of our tag.
        given["use_profile_webhooks"] = False
    return HttpRequest(
        "POST",
        f"{settings.url}/messages/group_mms" if group else f"{settings.url}/messages",
        {"Authorization": f"Bearer {settings.api_key}", "Content-Type": "application/json"},
        json.dumps(given).encode(),
    )


def _data(response: HttpResponse) -> schemas.JsonObject:
    data = send_outcome.load_answer(response).get("data")
    return data if isinstance(data, dict) else {}


def _find_failed(sent: TelnyxMessage) -> dict[str, int]:
    """Return the recipients whose status in an answer is a failure already, with Twilio's code of each."""
    reports = _select_reports(_report_readers(sent, tag=None))
    return {one.recipient: one.error_code or error_codes.UNKNOWN for one in reports if one.status in _FAILURES}


def _select_reports(readers: Iterable[schemas.Reader]) -> list[DeliveryReport]:
    """Read the entries of an answer, without those that cannot be read."""
    events = [schemas.attempt(reader, "") for reader in readers]
    return [event for event in events if isinstance(event, DeliveryReport)]


def _read_error(response: HttpResponse, text: OutboundText) -> send_outcome.CarrierError:
    """Read an error answer. Its pointers name the recipients of the request."""
    answer = send_outcome.read_answer(TelnyxErrors, response)
    errors = _read_errors(answer, {"to": text.recipients})
    recipients = {address: _to_error_code(code) for address, code in errors.by_address.items()}
    shared = errors.shared
    if len(text.recipients) == 1:
        shared = errors.code(text.recipients[0])
        # A block without a pointer is that of the only recipient. In a group it is unknown whose it is.
        recipients |= dict.fromkeys(text.recipients, error_codes.OPTED_OUT) if shared == _BLOCKED else {}
    codes = [error.code for error in answer.errors if error.code]
    return send_outcome.CarrierError(
        carrier_code=next(iter(codes), None),
        error_code=_ERROR_CODES.get(shared or ""),
        recipients=recipients,
        queue_full=_QUEUE_FULL in codes,
    )


def _to_error_code(carrier_code: str | None) -> int:
    return _ERROR_CODES.get(carrier_code or "", error_codes.UNKNOWN)
