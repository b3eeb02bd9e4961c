"""Sign webhook requests as Twilio does.

The scheme is the one that Twilio's request validators check (https://www.twilio.com/docs/usage/security).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping

HEADER = "X-Twilio-Signature"


def sign(auth_token: str, url: str, parameters: Mapping[str, str]) -> str:
    """Compute the value of HEADER for a request.

    The value is the base 64 of an HMAC-SHA1 over the URL as it is called, followed by the names and values of the form,
    sorted by name. A GET request has no form: its parameters are part of the URL, and `parameters` is empty.
    """
    signed = url + "".join(f"{name}{value}" for name, value in sorted(parameters.items()))
    return base64.b64encode(hmac.new(auth_token.encode(), signed.encode(), hashlib.sha1).digest()).decode()
