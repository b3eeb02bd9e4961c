"""Identities: the name of a user in an app, unique in its Service. Pure."""

from __future__ import annotations

import unicodedata

from partyline.domain import sids
from partyline.domain.participants import SYSTEM
from partyline.errors import RuleViolation

# In bytes of UTF-8: an identity is part of keys of the table, which are counted in bytes.
MAX_IDENTITY = 256
# These end lines or change the direction of the text around them: an identity would not be shown as what it is.
_INVISIBLE = frozenset({"Cc", "Cs", "Zl", "Zp"})
_BIDIRECTIONAL = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def check_identity(identity: str) -> str:
    """Return an identity that can be one: visible, not too long, not reserved, and not like a user's SID.

    A user's SID names users in paths. Raises RuleViolation.
    """
    if not identity:
        raise RuleViolation("identity_missing")
    if not is_visible(identity):
        raise RuleViolation(
            "invalid_parameter", name="Identity", problem="it has control characters, or such that change its direction"
        )
    if is_too_long(identity):
        raise RuleViolation("identity_too_long", limit=MAX_IDENTITY)
    if sids.matches(sids.USER, identity):
        raise RuleViolation("identity_like_sid")
    if identity.lower() == SYSTEM:
        raise RuleViolation("identity_reserved", identity=identity)
    return identity


def is_visible(identity: str) -> bool:
    """Whether an identity is shown as what it is: without control characters, and without such for direction."""
    return not any(letter in _BIDIRECTIONAL or unicodedata.category(letter) in _INVISIBLE for letter in identity)


def is_too_long(identity: str) -> bool:
    """Whether an identity is longer than a key of the table can hold."""
    return len(identity.encode("utf-8", "surrogatepass")) > MAX_IDENTITY
