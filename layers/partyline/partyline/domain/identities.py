"""Identities: the name of a user in an app, unique in its Service. Pure."""

from __future__ import annotations

import unicodedata

from partyline.domain import sids
from partyline.domain.participants import SYSTEM
from partyline.errors import RuleViolation

# In bytes of UTF-8: an identity is part of table keys, whose limit is in bytes.
MAX_IDENTITY = 256
# What a refusal says of a parameter that is an identity.
RULE = f"it is an identity: visible, at most {MAX_IDENTITY} bytes, neither the SID of a user nor {SYSTEM}"
# These end lines or change the direction of the text around them, so the identity would be displayed as another one.
_INVISIBLE = frozenset({"Cc", "Cs", "Zl", "Zp"})
_BIDIRECTIONAL = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def check_identity(identity: str) -> str:
    """Return the identity if it is valid: visible, not too long, not reserved, and not like a user's SID.

    Paths name users by identity or by SID. Raises RuleViolation.
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


def is_valid(identity: str) -> bool:
    """Whether `check_identity` accepts an identity."""
    try:
        check_identity(identity)
    except RuleViolation:
        return False
    return True


def is_visible(identity: str) -> bool:
    """Whether an identity has no control characters and no characters that change the text direction."""
    return not any(letter in _BIDIRECTIONAL or unicodedata.category(letter) in _INVISIBLE for letter in identity)


def is_too_long(identity: str) -> bool:
    """Whether an identity is too long for a table key."""
    return len(identity.encode("utf-8", "surrogatepass")) > MAX_IDENTITY
