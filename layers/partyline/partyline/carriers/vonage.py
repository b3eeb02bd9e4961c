"""Vonage, Messages API v1.

Webhooks: JSON, with a JWT in Authorization that is signed by the account's signature secret (HS256) and holds the hash
of the body. One URL serves inbound texts and statuses; `status` distinguishes them. Numbers have no plus.

Group texts: MMS only, one request for each member, which names the others in `mms.participants`; each is charged and
has an id of its own. How an inbound one names the others is not documented: it is read where outbound ones have it.

Files: one is `{message_type: image, image: {url, caption}}`, several are `{message_type: content, content: [{type, url,
caption}, ...]}`. A text that comes in has its first file in the one form, and all or the others in the other.
Source: Vonage, "Understanding MMS Messaging"; "MMS Group Messaging"; "Opt-Out Assist"; Messages API 1.17; its Java SDK.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import field
from functools import partial

import jwt

from partyline.carriers import carrier_limits, error_codes, mms_parts, schemas, send_outcome, webhook_auth
from partyline.carriers.base import (
    Accepted,
    DeliveryReport,
    Event,
    FoundMessage,
    InboundMedia,
    InboundText,
    MediaAccess,
    OutboundText,
    Transport,
    Urls,
    WebhookRequest,
    choose_url,
)
from partyline.carriers.vonage_payloads import (
    InboundMessage,
    MessageStatus,
    VonageAccepted,
    VonageFault,
    VonageFile,
    VonageWebhook,
)
from partyline.domain import normalization
from partyline.domain.opt_outs import Keyword
from partyline.domain.receipts import ReceiptStatus
from partyline.errors import WebhookRefused
from partyline.frozen_classes import frozen
from partyline.http_client import HttpRequest, HttpResponse

NAME = "vonage"
URL = "https://api.nexmo.com"
# How far a webhook's clock may be from ours, both ways.
TOLERANCE_SECONDS = 300

_STATUSES = {
    "submitted": ReceiptStatus.SENT,
    "delivered": ReceiptStatus.DELIVERED,
    "read": ReceiptStatus.DELIVERED,
    "undeliverable": ReceiptStatus.UNDELIVERED,
    "rejected": ReceiptStatus.FAILED,
    # Opt-Out Assist's pages have it; the API's own list has not.
    "failed": ReceiptStatus.FAILED,
}
_FAILURES = frozenset({ReceiptStatus.UNDELIVERED, ReceiptStatus.FAILED})
_ERROR_CODES = error_codes.by_carrier_code(
    {
        error_codes.INVALID_SENDER: (1120,),
        error_codes.INVALID_RECIPIENT: (1170,),
        error_codes.UNREACHABLE: (1180, 1190, 1260),
        error_codes.FILTERED: (1210,),
        error_codes.UNKNOWN_HANDSET: (1230, 1250),
        error_codes.BLOCKED: (1050, 1280),
        error_codes.OPTED_OUT: (1240,),
        error_codes.RATE_EXCEEDED: (1000,),
        error_codes.TOO_LARGE: (1090,),
    }
)
_ABOUT_THE_RECIPIENT = frozenset({error_codes.OPTED_OUT, error_codes.INVALID_RECIPIENT, error_codes.UNKNOWN_HANDSET})
# How Vonage describes an opt-out in words, whatever the code.
_OPTED_OUT = re.compile(r"opted[ -]?out|unsubscribed|requested not to receive")
# The parts of a message that are files, by their type.
_FILES = ("image", "audio", "video", "vcard", "file")
_SEVERAL_FILES = "content"
_MESSAGE_TYPES = frozenset({"text", *_FILES, _SEVERAL_FILES})
_KEYWORDS = {
    **dict.fromkeys(("STOP", "END", "QUIT", "CANCEL", "UNSUBSCRIBE"), Keyword.STOP),
    "START": Keyword.START,
    "HELP": Keyword.HELP,
}


@frozen
class VonageSettings:
    """One Vonage account: its API key and secret, and the secret that its webhooks are signed with. `answers_keywords`
    is whether Opt-Out Assist is on."""

    api_key: str
    api_secret: str = field(repr=False)
    signature_secret: str = field(repr=False)
    answers_keywords: bool = False
    url: str = URL


class Vonage:
    """Vonage as a carrier."""

    name = NAME
    limits = carrier_limits.VONAGE

    required_secrets: tuple[str, ...] = (
        "vonage_api_key",
        "vonage_api_secret",
        "vonage_signature_secret",
    )

    def __init__(self, settings: VonageSettings, transport: Transport) -> None:
        self._settings = settings
        self._transport = transport

    @classmethod
    def from_secrets(cls, secrets: Mapping[str, str], urls: Urls, transport: Transport) -> Vonage:
        """Build the carrier from a deployment's secrets and base URLs."""
        settings = VonageSettings(
            api_key=secrets["vonage_api_key"],
            api_secret=secrets["vonage_api_secret"],
            signature_secret=secrets["vonage_signature_secret"],
            answers_keywords=secrets.get("vonage_answers_keywords", "no").lower() == "yes",
            url=choose_url(urls, "vonage_url", URL),
        )
        return cls(settings, transport)

    def authenticate(self, request: WebhookRequest, now: float) -> None:
        """Check the token's signature, the hash of the body in it, and its time.

        Raises WebhookRefused: 401 without a token, 403 with a wrong or an old one.
        """
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise WebhookRefused(401, "not signed")
        try:
            claims = jwt.decode(
                token.strip(),
                self._settings.signature_secret,
                algorithms=["HS256"],
                options={"verify_exp": False, "verify_iat": False, "verify_aud": False, "require": ["iat"]},
            )
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
            raise WebhookRefused(403, "wrong signature") from None
        if not webhook_auth.secrets_match(str(claims.get("payload_hash")), hashlib.sha256(request.body).hexdigest()):
            raise WebhookRefused(403, "signed for another body")
        if not webhook_auth.is_recent(claims["iat"], now, TOLERANCE_SECONDS):
            raise WebhookRefused(403, "signed too long ago, or in the future")

    def parse(self, request: WebhookRequest) -> list[Event]:
        """Parse the one inbound text or status of a webhook. Never raises."""
        return schemas.parse_events(request.body, partial(_split_events, request.tag, self._settings))

    def send(self, text: OutboundText) -> Accepted:
        """POST one message to the only recipient, as MMS with the names of the others where there are any.

        Raises Refused without a request for no recipient (21604) and for more than nine people besides the sender
        (21653), and else any SendError, by the table in send_outcome.
        """
        send_outcome.check_recipients(text, self.limits.recipients)
        response = self._transport(_request(self._settings, text))
        if send_outcome.succeeded(response):
            return Accepted(send_outcome.first_id([send_outcome.read_answer(VonageAccepted, response).message_uuid]))
        raise send_outcome.to_send_error(response, _read_error(response, text))

    def media_access(self) -> MediaAccess:
        """Return Basic credentials, as for its API."""
        settings = self._settings
        header = webhook_auth.basic_header(settings.api_key, settings.api_secret)
        return MediaAccess(header, settings.url, ("nexmo.com", "vonage.com"))

    def find(
        self,
        text: OutboundText,  # noqa: ARG002 - the port's
        carrier_message_id: str,  # noqa: ARG002 - the port's
    ) -> FoundMessage | None:
        """Return None: the Messages API cannot be asked. Its statuses bring our tag back."""
        return None


def _split_events(tag: str | None, settings: VonageSettings, document: object) -> Iterable[schemas.Reader]:
    if schemas.read(VonageWebhook, document).status is not None:
        return [partial(_read_report, document, tag)]
    return [partial(_read_inbound, document, answers_keywords=settings.answers_keywords)]


def _read_inbound(document: object, *, answers_keywords: bool) -> InboundText:
    message = schemas.read(InboundMessage, document)
    if message.message_type and message.message_type not in _MESSAGE_TYPES:
        raise schemas.UnreadablePayload("message_type is not a documented one")
    line = _to_address(message.to)
    text = message.text if normalization.normalize(message.text) else "\n".join(_captions(message.files))
    files = map(InboundMedia, dict.fromkeys(file.url for file in message.files))
    return InboundText(
        carrier=NAME,
        id=message.message_uuid,
        line=line,
        sender=_to_address(message.sender),
        recipients=(line, *map(_to_address, message.mms.participants)),
        text=text,
        media=mms_parts.select_files(files, text),
        keyword_handled_by_carrier=_KEYWORDS.get(text.strip().upper()) if answers_keywords else None,
        received_at=message.timestamp,
    )


def _captions(files: Iterable[VonageFile]) -> Iterable[str]:
    """Return what is said below files, each once: the same caption can stand below a file in both of its forms."""
    captions = [file.caption for file in files]
    if None in captions:
        raise schemas.UnreadablePayload("caption is not a string")
    return dict.fromkeys(caption for caption in captions if caption)


def _read_report(document: object, tag: str | None) -> DeliveryReport:
    message = schemas.read(MessageStatus, document)
    status = _STATUSES.get(message.status)
    if status is None:
        raise schemas.UnreadablePayload("status is not a documented one")
    failed = status in _FAILURES
    carrier_code, error_code = _read_fault(message.error) if failed else (None, None)
    return DeliveryReport(
        carrier=NAME,
        id=message.message_uuid,
        recipient=_to_address(message.to),
        status=status,
        error_code=(error_code or error_codes.UNKNOWN) if failed else None,
        carrier_code=carrier_code,
        tag=tag,
    )


def _read_fault(given: object) -> tuple[str | None, int | None]:
    """Read Vonage's code and Twilio's; (None, None) for what is no fault.

    The code is what `type` ends in where that is a number (".../messages#1170"). Where it is a word ("#rejected"), the
    title has the number, and a word is all there is only without one.
    """
    if not isinstance(given, dict):
        return None, None
    fault = schemas.read(VonageFault, given)
    if isinstance(fault.error, dict):
        fault = schemas.read(VonageFault, fault.error)
    title, fragment = fault.title or "", (fault.type or "").partition("#")[2]
    carrier_code = next((code for code in (fragment, title) if re.fullmatch("[0-9]{1,6}", code)), fragment) or None
    # Opt-Out Assist says so in words.
    if _OPTED_OUT.search(f"{title} {fault.detail}".lower()):
        return carrier_code, error_codes.OPTED_OUT
    return carrier_code, _ERROR_CODES.get(carrier_code or "")


def _to_address(given: str) -> str:
    """Add the plus that Vonage leaves out: a long number is E.164."""
    return f"+{given}" if re.fullmatch("[0-9]{9,15}", given) else given


def _request(settings: VonageSettings, text: OutboundText) -> HttpRequest:
    (recipient,) = text.recipients
    body: dict[str, object] = {
        "channel": "mms" if text.others or text.media else "sms",
        "from": text.sender.removeprefix("+"),
        "to": recipient.removeprefix("+"),
        **_content(text),
    }
    if text.others:
        body["mms"] = {"participants": [other.removeprefix("+") for other in text.others]}
    if text.callback_url:
        body["webhook_url"] = text.callback_url
    return HttpRequest(
        "POST",
        f"{settings.url}/v1/messages",
        {
            "Authorization": webhook_auth.basic_header(settings.api_key, settings.api_secret),
            "Content-Type": "application/json",
        },
        json.dumps(body).encode(),
    )


def _content(text: OutboundText) -> dict[str, object]:
    """Build the content of a message: a text, one file, or several with the text as the caption of the first."""
    if not text.media:
        return {"message_type": "text", "text": text.text}
    captions = [{"caption": text.text} if text.text else {}, *({} for _ in text.media[1:])]
    files = [
        (_kind(media.content_type), {"url": media.url, **caption})
        for media, caption in zip(text.media, captions, strict=True)
    ]
    if len(files) == 1:
        ((kind, file),) = files
        return {"message_type": kind, kind: file}
    return {"message_type": _SEVERAL_FILES, _SEVERAL_FILES: [{"type": kind, **file} for kind, file in files]}


def _kind(content_type: str) -> str:
    """Return Vonage's word for files of a type."""
    if content_type == "text/vcard":
        return "vcard"
    family = content_type.partition("/")[0]
    return family if family in {"image", "audio", "video"} else "file"


def _read_error(response: HttpResponse, text: OutboundText) -> send_outcome.CarrierError:
    carrier_code, error_code = _read_fault(send_outcome.load_answer(response))
    is_about_recipient = error_code in _ABOUT_THE_RECIPIENT
    recipients = dict.fromkeys(text.recipients, error_code or error_codes.UNKNOWN) if is_about_recipient else {}
    return send_outcome.CarrierError(carrier_code, error_code, recipients)
