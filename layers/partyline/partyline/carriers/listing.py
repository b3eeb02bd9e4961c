"""Ask carriers for the texts that came to a number of ours: those whose webhook did not arrive are found so.

A carrier that lists no texts, or only without their words, has no listing (docs/carriers.md says which).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from http import HTTPStatus
from typing import Protocol

from partyline.carriers import schemas, send_outcome
from partyline.carriers.base import Transport
from partyline.errors import ListingRefused, ListingUnavailable, SendError
from partyline.frozen_classes import frozen
from partyline.http_client import HttpRequest, HttpResponse

# Answers that may be others in a minute, besides every 5xx.
_PASSING = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})
_UNREADABLE = "the carrier's answer cannot be read"


@frozen
class ListedText:
    """A text that a carrier has received for a number of ours.

    - `id`: as its webhook has it.
    - `received_at`: when the carrier received it.
    - `roster_unknown`: others may have got it too, and the carrier does not say who.
    """

    id: str
    received_at: datetime
    roster_unknown: bool = False


class InboundListing(Protocol):
    """The texts that came to the numbers of one carrier, as it remembers them."""

    @property
    def is_newest_first(self) -> bool:
        """Whether its pages begin with the latest text, or else with the earliest."""

    def iterate_pages(self, line: str, day: date) -> Iterator[list[ListedText]]:
        """Iterate over the texts that came to a number on a day of UTC, a page for each request.

        Raises ListingError.
        """

    def rebuild_webhook(self, text_id: str) -> bytes | None:
        """Return the body of a text's webhook, as far as its carrier remembers it; None for no text that came in.

        Raises ListingError.
        """


def ask(transport: Transport, request: HttpRequest) -> schemas.JsonObject | None:
    """Make a request that changes nothing; return the JSON object of its answer, None for a 404.

    Raises ListingError.
    """
    try:
        response = transport(request)
    except SendError as error:
        raise ListingUnavailable(f"the carrier did not answer: {error}") from error
    if send_outcome.succeeded(response):
        return _read_object(response)
    if response.status == HTTPStatus.NOT_FOUND:
        return None
    if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR or response.status in _PASSING:
        raise ListingUnavailable(f"the carrier answered {_describe(response)}")
    raise ListingRefused(f"the carrier refused: {_describe(response)}")


def require(answer: schemas.JsonObject | None) -> schemas.JsonObject:
    """Return the answer to a request for a list, which is never absent. Raises ListingRefused."""
    if answer is None:
        raise ListingRefused(f"the carrier refused: HTTP {HTTPStatus.NOT_FOUND.value}")
    return answer


def read(model: type[schemas.Model], value: object) -> schemas.Model:
    """Read a part of an answer by its model. Raises ListingUnavailable."""
    try:
        return schemas.read(model, value)
    except schemas.UnreadablePayload as error:
        raise ListingUnavailable(f"{_UNREADABLE}: {error}") from error


def _read_object(response: HttpResponse) -> schemas.JsonObject:
    try:
        answer = schemas.load_json(response.body)
    except schemas.UnreadablePayload as error:
        raise ListingUnavailable(f"{_UNREADABLE}: {error}") from error
    if not isinstance(answer, dict):
        raise ListingUnavailable(f"{_UNREADABLE}: no object")
    return answer


def _describe(response: HttpResponse) -> str:
    """Describe an error answer by its status and the carrier's code, without content."""
    answer = send_outcome.load_answer(response)
    errors = schemas.only_objects(answer.get("errors"))
    code = schemas.parse_code(answer.get("code") or (errors[0].get("code") if errors else None))
    return f"HTTP {response.status}" + (f", code {code[:20]}" if code else "")
