"""Turn a carrier's HTTP answer to a send into its outcome.

| answer                           | outcome     | why                                                         |
|----------------------------------|-------------|-------------------------------------------------------------|
| 2xx with an id                   | Accepted    | (made by the carrier's module)                              |
| 2xx without one that can be read | Ambiguous   | it took the text, but which reports belong to it is unknown |
| 429, or a code for a full queue  | Throttled   |                                                             |
| 501, 503                         | Unavailable | nothing was begun                                           |
| 5xx that says so (`not_taken`)   | Unavailable | the carrier documents it                                    |
| other 5xx, 408                   | Ambiguous   | it broke off, or something before it, after passing it on   |
| anything else                    | Refused     | redirects too: none is documented and none is followed      |
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import field
from http import HTTPStatus

from partyline.carriers import error_codes, schemas
from partyline.carriers.base import (
    OutboundText,
)
from partyline.errors import Ambiguous, Refused, SendError, Throttled, Unavailable
from partyline.frozen_classes import frozen
from partyline.http_client import HttpResponse

# Of all 5xx these alone say by themselves that the text was not taken. After any other the carrier may have it, so a
# second request could send the text twice.
_NOT_BEGUN = frozenset({HTTPStatus.NOT_IMPLEMENTED, HTTPStatus.SERVICE_UNAVAILABLE})

# A longer wait is no throttle but a misread header (a date or a Unix time, for example).
_LONGEST_WAIT = 86_400.0


@frozen
class CarrierError:
    """What an error answer says.

    carrier_code  the carrier's own code
    error_code    Twilio's code for what holds for the whole request
    recipients    Twilio's code of each recipient that the answer names
    queue_full    whether a later try can help, although the status is not 429
    not_taken     whether the carrier promises that it did not take the text when it answers so with a 5xx
    """

    carrier_code: str | None = None
    error_code: int | None = None
    recipients: Mapping[str, int] = field(default_factory=dict)
    queue_full: bool = False
    not_taken: bool = False


def check_recipients(text: OutboundText, most: int) -> None:
    """Refuse a text without recipients (Twilio's 21604) or with too many (Twilio's 21653) before any request is made.

    Members that the request only names count too. Raises Refused.
    """
    if not text.recipients:
        raise Refused("no recipient", error_code=error_codes.NO_RECIPIENT)
    if len(text.recipients) + len(text.others) > most:
        raise Refused(f"more than {most} recipients", error_code=error_codes.TOO_MANY_RECIPIENTS)


def named_in(prose: str, recipients: tuple[str, ...]) -> tuple[str, ...]:
    """Return the recipients whose number stands in a carrier's prose. Whole numbers are compared, not prefixes."""
    numbers = set(re.findall(r"\+?\w+", prose))
    return tuple(one for one in recipients if one in numbers)


def succeeded(response: HttpResponse) -> bool:
    """Whether the carrier answered 2xx."""
    return HTTPStatus.OK <= response.status < HTTPStatus.MULTIPLE_CHOICES


def load_answer(response: HttpResponse) -> schemas.JsonObject:
    """Decode the JSON object of an answer; an empty one when there is none."""
    try:
        answer = schemas.load_json(response.body)
    except schemas.UnreadablePayload:
        return {}
    return answer if isinstance(answer, dict) else {}


def read_answer(model: type[schemas.Model], response: HttpResponse) -> schemas.Model:
    """Read an answer by its model, of which each field is optional or lenient."""
    return schemas.read(model, load_answer(response))


def first_id(candidates: Iterable[object]) -> str:
    """Return the first id that is one.

    Raises Ambiguous when there is none: the carrier accepted the text, but its reports cannot be recognised.
    """
    for candidate in candidates:
        if isinstance(candidate, str) and candidate:
            return candidate
    raise Ambiguous("the text was accepted with an answer that cannot be read")


def to_send_error(response: HttpResponse, error: CarrierError) -> SendError:
    """Make the error for an answer that is not 2xx, by the table above. Its text has the status and the carrier's code,
    and no content."""
    status, carrier_code = response.status, error.carrier_code
    message = f"HTTP {status}" + (f", code {carrier_code}" if carrier_code else "")
    if status == HTTPStatus.TOO_MANY_REQUESTS or error.queue_full:
        error_code = error.error_code or error_codes.QUEUE_OVERFLOW
        return Throttled(message, error_code=error_code, carrier_code=carrier_code, retry_after=_retry_after(response))
    error_code = error.error_code or error_codes.UNKNOWN
    if _is_not_taken(status, error):
        return Unavailable(message, error_code=error_code, carrier_code=carrier_code)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT:
        return Ambiguous(message, error_code=error_code, carrier_code=carrier_code)
    return Refused(message, error_code=error_code, carrier_code=carrier_code, recipients=error.recipients)


def _is_not_taken(status: int, error: CarrierError) -> bool:
    """Whether the carrier says that it broke off before it took the text."""
    return status in _NOT_BEGUN or (status >= HTTPStatus.INTERNAL_SERVER_ERROR and error.not_taken)


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
