"""Bandwidth, Messaging API v2.

Webhooks: a JSON array of events, authenticated by a secret in the path of the callback URL, and by HTTP Basic when
the application in Bandwidth's dashboard has callback credentials. Bandwidth sends those only after a 401 with a
challenge, and gives a callback up on a 401 without one.

Group texts: one request and one message id for all recipients; one report for each recipient, which is the event's
own `to`. `message.owner` of a report contradicts itself in the documentation and is not read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import field
from functools import partial
from http import HTTPStatus
from urllib.parse import quote

from partyline.carriers import carrier_limits, error_codes, mms_parts, schemas, send_outcome, webhook_auth
from partyline.carriers.bandwidth_payloads import (
    BandwidthAccepted,
    BandwidthError,
    BandwidthEvent,
    MessageFailed,
    MessageProgress,
    MessageReceived,
    ReceivedDirection,
)
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
from partyline.domain.receipts import ReceiptStatus
from partyline.errors import WebhookRefused
from partyline.frozen_classes import frozen
from partyline.http_client import HttpRequest, HttpResponse

NAME = "bandwidth"
URL = "https://messaging.bandwidth.com/api/v2"
CHALLENGE = {"WWW-Authenticate": 'Basic realm="partyline"'}

_STATUSES = {
    "message-sending": ReceiptStatus.SENT,
    "message-sent": ReceiptStatus.SENT,
    "message-delivered": ReceiptStatus.DELIVERED,
    "message-read": ReceiptStatus.DELIVERED,
}
# Rich-messaging answers to buttons that we never send.
_USELESS = frozenset({"requested-location-response", "suggestion-response"})
# The description of "delivered" on accounts without delivery receipts for MMS: the text left, and no more is known.
_ONLY_HANDED_OVER = "message delivered to carrier"
_QUEUE_FULL = "max-message-queue-size-exceeded"

# Families of Bandwidth's codes: 47 and 56 come from the recipient's carrier and 9 is unclear, so those texts left us.
_UNDELIVERED_FAMILIES = ("47", "56", "9")
# No delivery receipt came in time: neither delivered nor failed.
_NO_RECEIPT = "9902"
_ERROR_CODES = error_codes.by_carrier_code(
    {
        error_codes.MEDIA_TYPE: (4412, 4712),
        error_codes.SAME_NUMBER: (4401,),
        error_codes.REGION_NOT_ENABLED: (4432,),
        error_codes.SENDER_NOT_OURS: (4302, 4403, 4405, 4407, 4740),
        error_codes.OPTED_OUT: (4475, 4482, 4775),
        error_codes.MEDIA_URL: (4410, 4710),
        error_codes.TOO_MANY_RECIPIENTS: (4435, 4735),
        error_codes.UNREACHABLE: (4420, 4421, 4701, 4702, 4730),
        error_codes.BLOCKED: (4481, 4750, 4753, 4772),
        error_codes.UNKNOWN_HANDSET: (4303, 4404, 4406, 4408, 4434, 4720, 4721),
        error_codes.LANDLINE: (4700,),
        error_codes.FILTERED: (4470, 4770, 4771),
        error_codes.MMS_UNSUPPORTED: (4409,),
        error_codes.TOO_LARGE: (4411, 4711, 4751),
        error_codes.RATE_EXCEEDED: (4780, 4781, 4785),
        error_codes.UNREGISTERED: (4476, 4773, 4774, 4795),
        error_codes.EXPIRED: (4360,),
    }
)
_FIELD_CODES = {"to": error_codes.INVALID_RECIPIENT, "from": error_codes.INVALID_SENDER, "media": error_codes.MEDIA_URL}


@frozen
class BandwidthSettings:
    """One Bandwidth account and application.

    `webhook_token` is the secret part of the callback URL. The webhook credentials are those of the application's
    callbacks; Basic is asked for when both are set.
    """

    account_id: str
    application_id: str
    username: str
    password: str = field(repr=False)
    webhook_token: str = field(repr=False)
    webhook_username: str = ""
    webhook_password: str = field(default="", repr=False)
    url: str = URL


class Bandwidth:
    """Bandwidth as a carrier."""

    name = NAME
    limits = carrier_limits.BANDWIDTH

    required_secrets: tuple[str, ...] = (
        "bandwidth_account_id",
        "bandwidth_application_id",
        "bandwidth_username",
        "bandwidth_password",
        "bandwidth_webhook_token",
    )

    def __init__(self, settings: BandwidthSettings, transport: Transport) -> None:
        self._settings = settings
        self._transport = transport

    @classmethod
    def from_secrets(cls, secrets: Mapping[str, str], urls: Urls, transport: Transport) -> Bandwidth:
        """Build the carrier from a deployment's secrets and base URLs."""
        settings = BandwidthSettings(
            account_id=secrets["bandwidth_account_id"],
            application_id=secrets["bandwidth_application_id"],
            username=secrets["bandwidth_username"],
            password=secrets["bandwidth_password"],
            webhook_token=secrets["bandwidth_webhook_token"],
            webhook_username=secrets.get("bandwidth_webhook_username", ""),
            webhook_password=secrets.get("bandwidth_webhook_password", ""),
            url=choose_url(urls, "bandwidth_url", URL),
        )
        return cls(settings, transport)

    def authenticate(self, request: WebhookRequest, now: float) -> None:  # noqa: ARG002 - nothing here is dated
        """Check the token in the path, then Basic when this deployment has credentials for it.

        Raises WebhookRefused: 403 for the token; 401 with a challenge for absent or wrong credentials.
        """
        settings = self._settings
        if not webhook_auth.secrets_match(request.path, settings.webhook_token):
            raise WebhookRefused(403, "wrong token")
        username, password = settings.webhook_username, settings.webhook_password
        if username and password:
            given = request.headers.get("authorization", "")
            if not webhook_auth.basic_matches(given, username, password):
                raise WebhookRefused(401, "wrong credentials" if given else "no credentials", CHALLENGE)

    def parse(self, request: WebhookRequest) -> list[Event]:
        """Parse one event for each element of the array. A single object counts as an array of one. Never raises."""
        return schemas.parse_events(request.body, _split_events)

    def send(self, text: OutboundText) -> Accepted:
        """POST one message for any number of recipients; `tag` comes back in every report.

        Raises Refused without a request for no recipient (21604) and for more than ten (21653), and else any
        SendError, by the table in send_outcome.
        """
        send_outcome.check_recipients(text, self.limits.recipients)
        response = self._transport(_request(self._settings, text))
        if send_outcome.succeeded(response):
            return Accepted(send_outcome.first_id([send_outcome.read_answer(BandwidthAccepted, response).id]))
        raise send_outcome.to_send_error(response, _read_error(response, text))

    def find(self, text: OutboundText, carrier_message_id: str) -> FoundMessage | None:  # noqa: ARG002 - Carrier's
        """Return None: Bandwidth cannot be asked by tag. Its reports bring the tag back."""
        return None

    def media_access(self) -> MediaAccess:
        """Return Basic credentials, as for its API, for every request. Bandwidth keeps a file for 48 hours."""
        settings = self._settings
        header = webhook_auth.basic_header(settings.username, settings.password)
        return MediaAccess(header, settings.url, ("bandwidth.com",))


def _split_events(document: object) -> Iterable[schemas.Reader]:
    return [partial(_read_event, element) for element in (document if isinstance(document, list) else [document])]


def _read_event(element: object) -> Event:
    kind = schemas.read(BandwidthEvent, element).type
    if kind in _USELESS:
        return IgnoredEvent(kind)
    if kind == "message-received":
        return _read_inbound(element)
    if kind == "message-failed":
        return _read_failure(element)
    if kind in _STATUSES:
        return _read_progress(element, _STATUSES[kind])
    raise schemas.UnreadablePayload("type is not a documented one")


def _read_inbound(element: object) -> Event:
    # Bandwidth warns of loops: a text of our own that comes back is not an inbound one.
    if schemas.read(ReceivedDirection, element).message.direction != "in":
        return IgnoredEvent("message-received, outbound")
    event = schemas.read(MessageReceived, element)
    message = event.message
    line = message.owner or event.to
    if not line:
        raise schemas.UnreadablePayload("neither message.owner nor to is there")
    return InboundText(
        carrier=NAME,
        id=message.id,
        line=line,
        sender=message.sender,
        recipients=tuple(message.to),
        text=message.text,
        media=mms_parts.select_files(map(InboundMedia, message.media), message.text),
        received_at=message.time or event.time,
    )


def _read_progress(element: object, status: ReceiptStatus) -> DeliveryReport:
    event = schemas.read(MessageProgress, element)
    if event.description.strip(" .").lower() == _ONLY_HANDED_OVER:
        status = ReceiptStatus.SENT
    return DeliveryReport(NAME, event.message.id, event.to, status, tag=event.message.tag or None)


def _read_failure(element: object) -> DeliveryReport:
    event = schemas.read(MessageFailed, element)
    status, error_code = _classify_failure(event.error_code)
    return DeliveryReport(
        carrier=NAME,
        id=event.message.id,
        recipient=event.to,
        status=status,
        error_code=error_code,
        carrier_code=event.error_code,
        tag=event.message.tag or None,
    )


def _classify_failure(carrier_code: str | None) -> tuple[ReceiptStatus, int | None]:
    if carrier_code == _NO_RECEIPT:
        return ReceiptStatus.UNKNOWN, None
    known = carrier_code or ""
    left_us = known.startswith(_UNDELIVERED_FAMILIES)
    return (
        ReceiptStatus.UNDELIVERED if left_us else ReceiptStatus.FAILED,
        _ERROR_CODES.get(known, error_codes.UNKNOWN),
    )


def _request(settings: BandwidthSettings, text: OutboundText) -> HttpRequest:
    body = {
        "applicationId": settings.application_id,
        "to": list(text.recipients),
        "from": text.sender,
        "text": text.text,
        "media": list(text.media_urls),
        "tag": text.tag,
    }
    return HttpRequest(
        "POST",
        f"{settings.url}/users/{quote(settings.account_id, safe='')}/messages",
        {
            "Authorization": webhook_auth.basic_header(settings.username, settings.password),
            "Content-Type": "application/json; charset=utf-8",
        },
        json.dumps({name: value for name, value in body.items() if value}).encode(),
    )


def _read_error(response: HttpResponse, text: OutboundText) -> send_outcome.CarrierError:
    answer = send_outcome.read_answer(BandwidthError, response)
    error_code = error_codes.TOO_MANY_RECIPIENTS if answer.type == "forbidden-too-many-recipients" else None
    recipients: dict[str, int] = {}
    for error in answer.field_errors:
        name = re.split(r"\W", error.field_name)[0]
        # The number at fault stands only in the prose. An error that names none is about all recipients.
        named = send_outcome.named_in(error.description, text.recipients) if name == "to" else ()
        recipients |= dict.fromkeys(named, _FIELD_CODES["to"])
        if not named:
            error_code = error_code or _FIELD_CODES.get(name)
    return send_outcome.CarrierError(
        answer.type,
        error_code,
        recipients,
        queue_full=answer.type == _QUEUE_FULL,
        # Bandwidth documents 500 as not sent and not billed; no other 5xx is one of its own.
        not_taken=response.status == HTTPStatus.INTERNAL_SERVER_ERROR,
    )
