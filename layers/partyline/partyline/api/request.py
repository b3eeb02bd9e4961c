"""The request that the API works with, read from an event of an API Gateway REST proxy."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from partyline import refusals
from partyline.domain import idempotency_keys
from partyline.event_headers import read_headers
from partyline.frozen_classes import frozen

# Ten participants with 4 KB of attributes each fit several times over, even when every byte is percent-encoded.
MAX_BODY = 256 * 1024
# As much as comes through API Gateway and Lambda: 6 MB, in which bytes are written in base64.
MAX_UPLOAD = 4 * 1024 * 1024
_MAX_FIELDS = 1000
_FORM = "application/x-www-form-urlencoded"


@frozen
class Parameters:
    """The parameters of a query or a form: each name with all its values, in the order given."""

    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def from_pairs(cls, pairs: Iterable[tuple[str, str]]) -> Parameters:
        """Build parameters from names and values, repeated or not."""
        values: dict[str, tuple[str, ...]] = {}
        for name, value in pairs:
            values[name] = (*values.get(name, ()), value)
        return cls(values)

    def get(self, name: str) -> str | None:
        """Return the value of a parameter, the last one if it is repeated; None when it is not given."""
        return self.values[name][-1] if name in self.values else None

    def all(self, name: str) -> tuple[str, ...]:
        """Return every value of a repeatable parameter."""
        return self.values.get(name, ())

    def with_value(self, name: str, value: str) -> Parameters:
        """Return the parameters with one value of a name."""
        return Parameters({**self.values, name: (value,)})

    def pairs(self) -> list[tuple[str, str]]:
        """Return names and values, repeated names together."""
        return [(name, value) for name, values in self.values.items() for value in values]


@frozen
class Upload:
    """A body that is a file, or a form with files, with its headers."""

    content: bytes
    content_type: str
    disposition: str = ""


@frozen
class Request:
    """An authenticated request.

    `segments` is its path, each part decoded: `+` is a plus there, never a space. `upload` is a body that is not a form
    of parameters. `webhooks_enabled` says whether webhooks hear of it (X-Twilio-Webhook-Enabled). `idempotency_key` is
    the header Idempotency-Key as it was sent.
    """

    method: str
    segments: tuple[str, ...]
    query: Parameters
    form: Parameters
    base_url: str
    upload: Upload | None = None
    webhooks_enabled: bool = False
    idempotency_key: str | None = None

    @property
    def path(self) -> str:
        """Return the path, encoded."""
        return "".join(f"/{quote(segment, safe='+')}" for segment in self.segments)

    @property
    def resource(self) -> str:
        """Return the path without the version, as Twilio names one that was not found."""
        return "/" + self.path.lstrip("/").partition("/")[2]


def parse_request(event: Mapping[str, Any], public_url: str = "") -> Request:
    """Parse the request of an event.

    `public_url` is the base URL of clients; empty, it is API Gateway's own. Raises ApiError 20001 (400; 413 for a body
    beyond MAX_BODY, or a file beyond MAX_UPLOAD), and 20404 for a path that is not UTF-8.
    """
    method = str(event["httpMethod"]).upper()
    base_url = public_url or gateway_url(event)
    _check_text(str(event["path"]), *(value for values in _raw_query(event).values() for value in values))
    segments = _parse_path(str(event["path"]), base_url)
    # The resources that take files.
    uploads = method == "POST" and (segments[-1] == "Media" or segments[-2:] == ("Contacts", "Imports"))
    body = _decode_body(event, MAX_UPLOAD if uploads else MAX_BODY)
    headers = read_headers(event)
    content_type = str(headers.get("content-type", ""))
    return Request(
        method=method,
        segments=segments,
        query=_parse_query(event),
        form=_parse_form(body, content_type) if method == "POST" and not uploads else Parameters(),
        base_url=base_url,
        upload=Upload(body, content_type, str(headers.get("content-disposition", ""))) if uploads else None,
        webhooks_enabled=str(headers.get("x-twilio-webhook-enabled", "")).strip().lower() == "true",
        idempotency_key=headers.get(idempotency_keys.HEADER.lower()),
    )


def gateway_url(event: Mapping[str, Any]) -> str:
    """Return the gateway's URL, with the stage or base path that the event's path leaves out."""
    context = event["requestContext"]
    return f"https://{context['domainName']}{str(context['path']).removesuffix(str(event['path']))}"


def _parse_path(path: str, base_url: str) -> tuple[str, ...]:
    # A custom domain with a base path leaves that path in the event.
    prefix = urlsplit(base_url).path
    if prefix and path.startswith(f"{prefix}/"):
        path = path.removeprefix(prefix)
    try:
        # Split before decoding, so that %2F stays within its segment.
        return tuple(unquote(segment, errors="strict") for segment in path.strip("/").split("/"))
    except UnicodeDecodeError:
        raise refusals.not_found(path) from None


def _parse_query(event: Mapping[str, Any]) -> Parameters:
    """Read the query, which the gateway has decoded."""
    return Parameters(_raw_query(event))


def _raw_query(event: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    given = event.get("multiValueQueryStringParameters") or {}
    return {str(name): tuple(str(value) for value in values) for name, values in given.items() if values}


def _check_text(*given: str) -> None:
    """Refuse half a surrogate pair: events can hold one, and it can be neither stored nor sent."""
    try:
        "".join(given).encode()
    except UnicodeEncodeError:
        raise refusals.invalid_parameter("path or query", "it is not UTF-8") from None


def _decode_body(event: Mapping[str, Any], limit: int) -> bytes:
    raw = str(event.get("body") or "").encode("utf-8", "surrogatepass")
    try:
        body = base64.b64decode(raw, validate=True) if event.get("isBase64Encoded") else raw
    except binascii.Error:
        raise refusals.invalid_parameter("body", "it is not base64") from None
    if len(body) > limit:
        raise refusals.media_too_large(limit) if limit == MAX_UPLOAD else refusals.too_large(limit)
    return body


def _parse_form(body: bytes, content_type: str) -> Parameters:
    kind = content_type.partition(";")[0].strip().lower()
    if body and kind not in ("", _FORM):
        raise refusals.invalid_parameter("Content-Type", f"send parameters as {_FORM}")
    try:
        # Tolerant of stray separators, as every client of a form is; not of what is no text.
        pairs = parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=_MAX_FIELDS)
    except UnicodeDecodeError:
        raise refusals.invalid_parameter("body", "it is not UTF-8") from None
    except ValueError:
        raise refusals.invalid_parameter("body", f"it has more than {_MAX_FIELDS} parameters") from None
    return Parameters.from_pairs(pairs)
