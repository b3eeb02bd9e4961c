"""Twilio's signature of a webhook, as its request validator checks it (https://www.twilio.com/docs/usage/security)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping

HEADER = "X-Twilio-Signature"


def sign(auth_token: str, url: str, parameters: Mapping[str, str]) -> str:
    """The value of HEADER: HMAC-SHA1 in base 64 of the URL as it is called, followed by the names and values of the
    form, sorted by name. A GET has no form: its parameters are in the URL."""
    signed = url + "".join(f"{name}{value}" for name, value in sorted(parameters.items()))
    return base64.b64encode(hmac.new(auth_token.encode(), signed.encode(), hashlib.sha1).digest()).decode()
