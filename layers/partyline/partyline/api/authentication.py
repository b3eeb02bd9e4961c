"""HTTP Basic with the account SID and its auth token: who may call the API."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping
from typing import Any

from partyline import refusals


def authenticate(event: Mapping[str, Any], account_sid: str, auth_token: str) -> None:
    """Return when a request's credentials are the account's. Raises ApiError 20003; it does not say what was wrong."""
    user, password = _credentials(event)
    # Both are always compared, so that the time taken says nothing of either.
    right = hmac.compare_digest(user, account_sid.encode()) & hmac.compare_digest(password, auth_token.encode())
    if not (right and auth_token):
        raise refusals.unauthenticated()


def _credentials(event: Mapping[str, Any]) -> tuple[bytes, bytes]:
    headers = event.get("headers") or {}
    given = next((str(value) for name, value in headers.items() if name.lower() == "authorization"), "")
    scheme, _, encoded = given.partition(" ")
    if scheme.lower() != "basic":
        return b"", b""
    try:
        user, _, password = base64.b64decode(encoded.strip(), validate=True).partition(b":")
    except (binascii.Error, ValueError):
        return b"", b""
    return user, password
