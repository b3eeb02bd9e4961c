"""Twilio, Programmable Messaging.

Webhooks: a form, signed with HMAC-SHA1 over the public URL and the form's parameters. One URL serves inbound texts
and status callbacks; MessageStatus distinguishes them.

Group texts: received, with the other members in OtherRecipients0, OtherRecipients1, ... (observed, not documented).
Sending takes one To only, so they are sent through Twilio's own Conversations (twilio_groups). Of the webhooks of these
only the reports are read, one for each participant. Their onMessageAdded repeats a text that came here with its roster.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from functools import partial
from urllib.parse import parse_qs, parse_qsl, quote, urlencode, urlsplit

from partyline.carriers import (
    carrier_limits,
    error_codes,
    mms_parts,
    schemas,
    send_outcome,
    twilio_groups,
    webhook_auth,
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
from partyline.carriers.twilio_payloads import ConversationDelivery, InboundForm, StatusCallback, TwilioMessageForm
from partyline.domain.opt_outs import Keyword
from partyline.domain.receipts import ReceiptStatus
from partyline.errors import WebhookRefused
from partyline.frozen_classes import frozen
from partyline.http_client import HttpRequest

NAME = "twilio"
URL = "https://api.twilio.com"

Pairs = list[tuple[str, str]]

_RECEIVED = frozenset({"received", "receiving"})
_USELESS = frozenset({"partially_delivered"})
# How many files a text has at most.
_MOST_MEDIA = 10
_STATUSES = {
    "accepted": ReceiptStatus.QUEUED,
    "scheduled": ReceiptStatus.QUEUED,
    "queued": ReceiptStatus.QUEUED,
    "sending": ReceiptStatus.QUEUED,
    "sent": ReceiptStatus.SENT,
    "delivered": ReceiptStatus.DELIVERED,
    "read": ReceiptStatus.DELIVERED,
    "undelivered": ReceiptStatus.UNDELIVERED,
    "failed": ReceiptStatus.FAILED,
    "canceled": ReceiptStatus.FAILED,
}
_FAILURES = frozenset({ReceiptStatus.UNDELIVERED, ReceiptStatus.FAILED})
_TOO_FAST = 20429
_QUEUE_FULL = frozenset({_TOO_FAST, error_codes.SENDER_QUEUE_FULL, error_codes.QUEUE_OVERFLOW})
# Twilio's default keywords (its help pages on opt-outs; REVOKE and OPTOUT since May 2025).
_KEYWORDS = {
    **dict.fromkeys(("STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"), Keyword.STOP),
    **dict.fromkeys(("START", "UNSTOP"), Keyword.START),
    **dict.fromkeys(("HELP", "INFO"), Keyword.HELP),
}
_ABOUT_THE_RECIPIENT = frozenset(
    {
        error_codes.INVALID_RECIPIENT,
        error_codes.SAME_NUMBER,
        error_codes.REGION_NOT_ENABLED,
        error_codes.OPTED_OUT,
        error_codes.NO_ROUTE,
        error_codes.NOT_MOBILE,
    }
)


@frozen
class TwilioSettings:
    """One Twilio account; its token signs webhooks and authenticates requests. `messaging_service_sid` is what its
    group texts go by, where an account has several campaigns. `answers_keywords` is whether Twilio
    looks after STOP, START and HELP, as it does unless its support has switched that off."""

    account_sid: str
    auth_token: str = field(repr=False)
    answers_keywords: bool = True
    messaging_service_sid: str = ""
    url: str = URL
    conversations_url: str = twilio_groups.URL
    media_url: str = twilio_groups.MEDIA_URL


class Twilio:
    """Twilio as a carrier."""

    name = NAME
    limits = carrier_limits.TWILIO

    required_secrets: tuple[str, ...] = (
        "twilio_account_sid",
        "twilio_auth_token",
    )

    def __init__(self, settings: TwilioSettings, transport: Transport) -> None:
        self._settings = settings
        self._transport = transport
        self._groups = twilio_groups.Groups(
            settings.account_sid,
            settings.auth_token,
            settings.messaging_service_sid,
            settings.conversations_url,
            settings.media_url,
            transport,
        )

    @classmethod
    def from_secrets(cls, secrets: Mapping[str, str], urls: Urls, transport: Transport) -> Twilio:
        """Build the carrier from a deployment's secrets and base URLs."""
        settings = TwilioSettings(
            account_sid=secrets["twilio_account_sid"],
            auth_token=secrets["twilio_auth_token"],
            answers_keywords=secrets.get("twilio_answers_keywords", "yes").lower() != "no",
            messaging_service_sid=secrets.get("twilio_messaging_service_sid", ""),
            url=choose_url(urls, "twilio_url", URL),
            conversations_url=choose_url(urls, "twilio_conversations_url", twilio_groups.URL),
            media_url=choose_url(urls, "twilio_media_url", twilio_groups.MEDIA_URL),
        )
        return cls(settings, transport)

    def authenticate(self, request: WebhookRequest, now: float) -> None:  # noqa: ARG002 - nothing here is dated
        """Check X-Twilio-Signature as Twilio's security page describes; a repeat is stopped by the message's id.

        Raises WebhookRefused with 403.
        """
        token = self._settings.auth_token
        given = request.headers.get("x-twilio-signature", "")
        if not token or not any(
            webhook_auth.secrets_match(given, sign(token, *one)) for one in _signed_candidates(request)
        ):
            raise WebhookRefused(403, "wrong signature")

    def parse(self, request: WebhookRequest) -> list[Event]:
        """Parse the one inbound text or report of a form. Never raises."""
        parameters = build_form(request.body)
        reader = partial(_read_event, parameters, request.tag, answers_keywords=self._settings.answers_keywords)
        return [schemas.attempt(reader, schemas.decode_raw(request.body))]

    def send(self, text: OutboundText) -> Accepted:
        """POST one message to the only recipient; to several, into the conversation of their thread.

        Raises Refused without a request for no recipient (21604) and for more than nine (21653), and else any
        SendError, by the table in send_outcome.
        """
        send_outcome.check_recipients(text, self.limits.recipients)
        if len(text.recipients) > 1:
            return self._groups.send(text)
        response = self._transport(_request(self._settings, text))
        answer = send_outcome.load_answer(response)
        if not send_outcome.succeeded(response):
            raise send_outcome.to_send_error(response, _read_error(answer, text))
        status = _STATUSES.get(str(answer.get("status")), ReceiptStatus.QUEUED)
        error_code, _ = _failure_codes(status, answer.get("error_code"))
        refused = {text.recipients[0]: error_code} if error_code else {}
        return Accepted(send_outcome.first_id([answer.get("sid")]), refused)

    def media_access(self) -> MediaAccess:
        """Return Basic credentials, as for its API. The answer redirects to a host that requires none."""
        settings = self._settings
        header = webhook_auth.basic_header(settings.account_sid, settings.auth_token)
        return MediaAccess(header, settings.url, ("twilio.com",))

    def find(self, text: OutboundText, carrier_message_id: str) -> FoundMessage | None:
        """Find a text whose id a report had, with its state: GET .../Messages/{sid}.json.

        A group text is found by our tag, in the conversation of its thread. Raises SendError.
        """
        if len(text.recipients) > 1:
            return self._groups.find(text)
        if not carrier_message_id:
            return None
        headers = {"Authorization": webhook_auth.basic_header(self._settings.account_sid, self._settings.auth_token)}
        account, sid = (quote(part, safe="") for part in (self._settings.account_sid, carrier_message_id))
        url = f"{self._settings.url}/2010-04-01/Accounts/{account}/Messages/{sid}.json"
        response = self._transport(HttpRequest("GET", url, headers, b""))
        answer = send_outcome.load_answer(response)
        if not send_outcome.succeeded(response):
            raise send_outcome.to_send_error(response, _read_error(answer, text))
        status = _STATUSES.get(str(answer.get("status")))
        if status is None:
            return None
        error_code, carrier_code = _failure_codes(status, answer.get("error_code"))
        report = DeliveryReport(
            NAME, carrier_message_id, text.recipients[0], status, error_code, carrier_code, text.tag
        )
        return FoundMessage(Accepted(carrier_message_id), (report,))


def build_form(body: bytes) -> Pairs:
    """Parse the parameters of a form, in their order. Empty ones are included: they are signed too."""
    return parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)


def sign(token: str, url: str, parameters: Iterable[tuple[str, str]]) -> str:
    """Sign as Twilio does: HMAC-SHA1 over the URL and each distinct name and value, sorted, without separators."""
    signed = url + "".join(name + value for name, value in sorted(set(parameters)))
    digest = hmac.new(token.encode(), signed.encode("utf-8", "backslashreplace"), hashlib.sha1).digest()
    return base64.b64encode(digest).decode("ascii")


def _signed_candidates(request: WebhookRequest) -> Iterator[tuple[str, Pairs]]:
    """Yield what Twilio may have signed: the URL with and without its port, and the form.

    A URL that has the hash of the body was signed without the form.
    """
    parameters = build_form(request.body)
    try:
        parts = urlsplit(request.url)
        port = parts.port
    except ValueError:
        return
    hashes = parse_qs(parts.query).get("bodySHA256")
    if hashes:
        if not webhook_auth.secrets_match(hashlib.sha256(request.body).hexdigest(), hashes[0]):
            return
        parameters = []
    host = parts.netloc if port is None else parts.netloc.removesuffix(f":{port}")
    default = 443 if parts.scheme == "https" else 80
    # Replaced in the text, because taking a URL apart and together again can change what was signed.
    for netloc in dict.fromkeys((parts.netloc, host, f"{host}:{port or default}")):
        yield request.url.replace(f"//{parts.netloc}", f"//{netloc}", 1), parameters


def _read_event(parameters: Pairs, tag: str | None, *, answers_keywords: bool) -> Event:
    fields = dict(reversed(parameters))  # the first of a repeated name counts
    if event := fields.get("EventType"):
        return _read_conversation_delivery(fields) if event == "onDeliveryUpdated" else IgnoredEvent(event)
    status = fields.get("MessageStatus") or fields.get("SmsStatus") or ""
    if status in _USELESS:
        return IgnoredEvent(status)
    if status and status not in _RECEIVED:
        return _read_status(fields, status, tag)
    return _read_inbound(parameters, fields, answers_keywords=answers_keywords)


def _handled_keyword(form: InboundForm, *, answers_keywords: bool) -> Keyword | None:
    """Return the keyword that Twilio has answered.

    With Advanced Opt-Out it says which, and that always counts. Without, its default keywords are single words, in any
    case.
    """
    given = form.opt_out_type or (form.body if answers_keywords else "")
    return _KEYWORDS.get(given.strip().upper())


def _read_inbound(parameters: Pairs, fields: Mapping[str, str], *, answers_keywords: bool) -> InboundText:
    form = schemas.read(InboundForm, fields)
    others = tuple(value for _, value in _numbered(parameters, "OtherRecipients"))
    media = (
        InboundMedia(url, fields.get(f"MediaContentType{index}") or None)
        for index, url in _media_urls(parameters, form.num_media)
    )
    return InboundText(
        carrier=NAME,
        id=_sid(form),
        line=form.to,
        sender=form.sender,
        recipients=(form.to, *others),
        text=form.body,
        media=mms_parts.select_files(media, form.body),
        # A text-only MMS is what a group text looks like, so without others its roster may have been lost.
        keyword_handled_by_carrier=_handled_keyword(form, answers_keywords=answers_keywords),
        roster_missing=form.sid.startswith("MM") and not others and form.num_media in ("", "0"),
    )


def _read_status(fields: Mapping[str, str], reported: str, tag: str | None) -> DeliveryReport:
    form = schemas.read(StatusCallback, fields)
    status = _STATUSES.get(reported)
    if status is None:
        raise schemas.UnreadablePayload("MessageStatus is not a documented one")
    error_code, carrier_code = _failure_codes(status, form.error_code)
    return DeliveryReport(NAME, _sid(form), form.to, status, error_code, carrier_code, tag)


def _read_conversation_delivery(fields: Mapping[str, str]) -> DeliveryReport:
    """Read what became of a message in a conversation at one participant, by Twilio's SID of the participant."""
    form = schemas.read(ConversationDelivery, fields)
    status = twilio_groups.STATUSES.get(form.status)
    if status is None:
        raise schemas.UnreadablePayload("Status is not a documented one")
    error_code, carrier_code = _failure_codes(status, form.error_code)
    return DeliveryReport(NAME, form.message_sid, form.participant_sid, status, error_code, carrier_code)


def _failure_codes(status: ReceiptStatus, given: object) -> tuple[int | None, str | None]:
    """Return Twilio's code as ours and as the carrier's; nothing for a text that has not failed."""
    if status not in _FAILURES:
        return None, None
    carrier_code = schemas.parse_code(given)
    return twilio_groups.parse_error_code(carrier_code) or error_codes.UNKNOWN, carrier_code


def _sid(form: TwilioMessageForm) -> str:
    if not form.sid:
        raise schemas.UnreadablePayload("MessageSid is missing")
    return form.sid


def _media_urls(parameters: Pairs, num_media: str) -> Pairs:
    """Return the addresses of the files, with their numbers; '' for one that is counted or typed, and has none."""
    urls = _numbered(parameters, "MediaUrl")
    known = {index for index, _ in urls}
    typed = [(index, "") for index, _ in _numbered(parameters, "MediaContentType") if index not in known]
    counted = int(num_media) if re.fullmatch("[0-9]{1,2}", num_media) else 0
    missing = min(counted, _MOST_MEDIA) - len(urls) - len(typed)
    return [*urls, *typed, *[("", "")] * missing]


def _numbered(parameters: Pairs, name: str) -> Pairs:
    """Return the values of name, name0, name1, ... in order of their numbers, with these.

    Gaps and repeats are allowed. Empty values are left out.
    """
    found = [
        (matched[1], value)
        for parameter, value in parameters
        if value and (matched := re.fullmatch(name + "([0-9]{0,3})", parameter))
    ]
    return sorted(found, key=lambda pair: int(pair[0] or -1))


def _request(settings: TwilioSettings, text: OutboundText) -> HttpRequest:
    parameters = [
        ("To", text.recipients[0]),
        ("From", text.sender),
        ("Body", text.text),
        *(("MediaUrl", url) for url in text.media_urls),
        ("StatusCallback", text.callback_url),
    ]
    return HttpRequest(
        "POST",
        f"{settings.url}/2010-04-01/Accounts/{quote(settings.account_sid, safe='')}/Messages.json",
        {
            "Authorization": webhook_auth.basic_header(settings.account_sid, settings.auth_token),
            "Content-Type": "application/x-www-form-urlencoded",
        },
        urlencode([pair for pair in parameters if pair[1]], errors="replace").encode("ascii"),
    )


def _read_error(answer: schemas.JsonObject, text: OutboundText) -> send_outcome.CarrierError:
    """Read {"code", "message", "more_info", "status"}. Twilio's codes are ours, but for its API's own 20429."""
    carrier_code = schemas.parse_code(answer.get("code"))
    code = twilio_groups.parse_error_code(carrier_code)
    return send_outcome.CarrierError(
        carrier_code=carrier_code,
        error_code=error_codes.QUEUE_OVERFLOW if code == _TOO_FAST else code,
        recipients=dict.fromkeys(text.recipients, code) if code in _ABOUT_THE_RECIPIENT else {},
        queue_full=code in _QUEUE_FULL,
    )
