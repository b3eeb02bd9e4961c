"""From a carrier's HTTP answer to the outcome of a send.

| answer                           | outcome     | why                                                          |
|----------------------------------|-------------|--------------------------------------------------------------|
| 2xx with an id                   | Accepted    | (made by the carrier's module)                               |
| 2xx without one that can be read | Ambiguous   | it took the text, but which reports belong to it is unknown  |
| 429, or a code for a full queue  | Throttled   |                                                              |
| 408, 502, 504                    | Ambiguous   | something gave up waiting for the one that may have the text |
| other 5xx                        | Unavailable |                                                              |
| anything else                    | Refused     | redirects too: none is documented and none is followed       |
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus

from partyline.carriers import codes, payloads
from partyline.carriers.port import HttpResponse, OutboundText
from partyline.errors import Ambiguous, Refused, SendError, Throttled, Unavailable

# Answers of whatever stands between us and the carrier's application, which waited for it in vain. The application may
# have the text, so a second request could text everybody twice.
_GAVE_UP_WAITING = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT})

# A longer wait is no throttle but a misread header (a date or a Unix time, for example).
_LONGEST_WAIT = 86_400.0


@dataclass(frozen=True, slots=True)
class Complaint:
    """What an error answer says in the carrier's own terms: its code, Twilio's code for it, whom it is about."""

    carrier_code: str | None = None
    error_code: int | None = None
    recipients: tuple[str, ...] = ()
    queue_full: bool = False


def check_recipients(text: OutboundText, most: int) -> None:
    """Refuse, before any request, a text without recipients (Twilio's 21604) or with too many (Twilio's 21653)."""
    if not text.recipients:
        raise Refused("no recipient", error_code=codes.NO_RECIPIENT)
    if len(text.recipients) > most:
        raise Refused(f"more than {most} recipients", error_code=codes.TOO_MANY_RECIPIENTS)


def succeeded(response: HttpResponse) -> bool:
    """Whether the carrier answered 2xx."""
    return HTTPStatus.OK <= response.status < HTTPStatus.MULTIPLE_CHOICES


def document(response: HttpResponse) -> payloads.Object:
    """The JSON object of an answer; empty when there is none."""
    try:
        return payloads.mapping(payloads.load(response.body), "answer")
    except payloads.Unreadable:
        return {}


def objects(value: object) -> list[payloads.Object]:
    """The objects of a list in an answer; empty when it is no list."""
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def first_id(candidates: Iterable[object]) -> str:
    """The first id that is one. Raises Ambiguous: the carrier said yes, but not to what."""
    for candidate in candidates:
        if isinstance(candidate, str) and candidate:
            return candidate
    raise Ambiguous("the text was accepted with an answer that cannot be read")


def error(response: HttpResponse, complaint: Complaint) -> SendError:
    """The error for an answer that is not 2xx. Its text holds the status and the carrier's code, no content."""
    status, carrier_code = response.status, complaint.carrier_code
    told = f"HTTP {status}" + (f", code {carrier_code}" if carrier_code else "")
    if status == HTTPStatus.TOO_MANY_REQUESTS or complaint.queue_full:
        error_code = complaint.error_code or codes.QUEUE_OVERFLOW
        return Throttled(told, error_code=error_code, carrier_code=carrier_code, retry_after=_retry_after(response))
    error_code = complaint.error_code or codes.UNKNOWN
    if status in _GAVE_UP_WAITING:
        return Ambiguous(told, error_code=error_code, carrier_code=carrier_code)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Unavailable(told, error_code=error_code, carrier_code=carrier_code)
    return Refused(told, error_code=error_code, carrier_code=carrier_code, recipients=complaint.recipients)


def _retry_after(response: HttpResponse) -> float | None:
    """Seconds to wait, from Retry-After (RFC 9110; its date form is left aside) or Telnyx' x-ratelimit-reset."""
    for name in ("retry-after", "x-ratelimit-reset"):
        try:
            seconds = float(response.headers.get(name, ""))
        except ValueError:
            continue
        if 0 <= seconds <= _LONGEST_WAIT:
            return seconds
    return None
