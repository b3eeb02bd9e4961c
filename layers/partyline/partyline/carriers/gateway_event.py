"""Parse the webhooks of carriers out of API Gateway's proxy events."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from partyline.carriers.base import TAG_PARAMETER, WebhookRequest

PREFIX = "/carriers/"


def carrier_of(event: Mapping[str, Any]) -> str:
    """Return the name of the carrier that an event came from.

    Its route is /carriers/{carrier}, or one that names the carrier and has more behind it (Bandwidth's). What a custom
    domain puts before the route is no part of it.
    """
    named = str(event["resource"]).removeprefix(PREFIX).partition("/")[0]
    return _path_parameter(event, "carrier") if named == "{carrier}" else named


def parse_event(event: Mapping[str, Any], public_url: str) -> WebhookRequest:
    """Parse a REST API proxy event into the webhook that it holds.

    `public_url` is the base URL that the carrier was given; '' means API Gateway's own. It is never taken from the Host
    header, which is the sender's to choose.
    """
    # Not the event's path: behind a custom domain that begins with what the domain maps.
    token = _path_parameter(event, "token")
    path = PREFIX + carrier_of(event) + (f"/{token}" if token else "")
    query = {name: values for name, values in (event.get("multiValueQueryStringParameters") or {}).items() if values}
    suffix = f"?{urlencode(query, doseq=True)}" if query else ""
    return WebhookRequest(
        url=f"{public_url or _own_url(event)}{path}{suffix}",
        path=token,
        headers={name.lower(): str(value) for name, value in (event.get("headers") or {}).items()},
        query={name: values[-1] for name, values in query.items()},
        body=_decode_body(event),
    )


def _path_parameter(event: Mapping[str, Any], name: str) -> str:
    return str((event.get("pathParameters") or {}).get(name, ""))


def callback_url(public_url: str, carrier: str, tag: str) -> str:
    """Build the URL for the reports of one text. Reports bring its tag back (WebhookRequest.tag)."""
    return f"{public_url}{PREFIX}{carrier}?{urlencode({TAG_PARAMETER: tag})}"


def _own_url(event: Mapping[str, Any]) -> str:
    # An authorizer's event may lack these; the one carrier that has an authorizer signs no URL.
    context = event["requestContext"]
    return f"https://{context.get('domainName', '')}/{context.get('stage', '')}"


def _decode_body(event: Mapping[str, Any]) -> bytes:
    body = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return str(body).encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(body)
    except binascii.Error:
        # No gateway does this. What follows is an authentication of nothing.
        return b""
