"""Read an ID token of OpenID Connect, and what it says of a person.

The signature is not checked. The token comes straight from the provider's token endpoint over TLS, and OpenID Connect
Core 1.0, section 3.1.3.7, item 6, permits TLS to stand for the signature there. So nothing else may read an ID token
by this module, least of all one that a browser has sent.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import jwt

from partyline.auth.tokens import parse_time
from partyline.errors import IdTokenInvalid
from partyline.frozen_classes import frozen

# How far the provider's clock may be from ours, and how old an ID token may be that was just asked for. In seconds.
_SKEW = 120
_MAX_AGE = 600
# OpenID Connect Core, section 2.
_MAX_SUBJECT = 255
_MAX_TOKEN = 32 * 1024
_MAX_GROUPS = 1000
# The claim that counts only when another one says that it was verified.
_EMAIL = "email"


@frozen
class Claims:
    """The checked claims of an ID token. `subject` is the provider's name of the person, unique and never reused."""

    subject: str
    values: Mapping[str, Any]

    def email(self) -> str | None:
        """Return the e-mail address in lower case, if the provider has verified it."""
        address, verified = self.values.get(_EMAIL), self.values.get("email_verified")
        # Some providers write the flag as text.
        if not isinstance(address, str) or verified not in (True, "true"):
            return None
        return address.strip().lower() or None

    def text(self, name: str) -> str | None:
        """Return a claim that is a text; None for any other value. `email` counts only when it is verified."""
        if name == _EMAIL:
            return self.email()
        value = self.values.get(name)
        return value if isinstance(value, str) and value else None

    def groups(self, name: str) -> frozenset[str]:
        """Return the groups that a claim names: a list of texts, or one text."""
        value = self.values.get(name)
        if isinstance(value, list) and name != _EMAIL:
            return frozenset(entry for entry in value[:_MAX_GROUPS] if isinstance(entry, str) and entry)
        group = self.text(name)
        return frozenset([group] if group else ())


def read_id_token(encoded: str, *, issuer: str, client_id: str, now: datetime, nonce: str | None) -> Claims:
    """Check the claims of an ID token as OpenID Connect Core, sections 3.1.3.7 and 12.2, requires.

    `nonce` is that of the sign-in. None is for a token that a refresh gave, which need not have one. Raises
    IdTokenInvalid.
    """
    values = _parse(encoded)
    if values.get("iss") != issuer:
        raise IdTokenInvalid("iss")
    _check_audience(values, client_id)
    _check_times(values, now.timestamp())
    if nonce is not None and not _equal(values.get("nonce"), nonce):
        raise IdTokenInvalid("nonce")
    subject = values.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= _MAX_SUBJECT:
        raise IdTokenInvalid("sub")
    return Claims(subject, values)


def _parse(encoded: str) -> Mapping[str, Any]:
    if len(encoded) > _MAX_TOKEN:
        raise IdTokenInvalid("size")
    try:
        values: Mapping[str, Any] = jwt.decode(encoded, options={"verify_signature": False})
        # JSON can hold half a surrogate pair, which can be neither stored nor compared.
        json.dumps(values, ensure_ascii=False).encode()
    except (jwt.InvalidTokenError, ValueError, RecursionError):
        raise IdTokenInvalid("form") from None
    return values


def _check_audience(values: Mapping[str, Any], client_id: str) -> None:
    given = values.get("aud")
    audiences = given if isinstance(given, list) else [given]
    if client_id not in audiences:
        raise IdTokenInvalid("aud")
    # With several audiences the token names the one that it was made for; with one it may.
    authorized = values.get("azp", client_id if len(audiences) == 1 else None)
    if authorized != client_id:
        raise IdTokenInvalid("azp")


def _check_times(values: Mapping[str, Any], moment: float) -> None:
    expires, issued = parse_time(values.get("exp")), parse_time(values.get("iat"))
    if expires is None or expires + _SKEW <= moment:
        raise IdTokenInvalid("exp")
    if issued is None or not moment - _MAX_AGE <= issued <= moment + _SKEW:
        raise IdTokenInvalid("iat")


def _equal(given: Any, expected: str) -> bool:
    return isinstance(given, str) and hmac.compare_digest(given.encode("utf-8", "surrogatepass"), expected.encode())
