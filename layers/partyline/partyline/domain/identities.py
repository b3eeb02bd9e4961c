"""What an identity may be: the name of a person in an app, unique in its Service. Pure."""

from __future__ import annotations

import unicodedata

from partyline import refusals
from partyline.domain import sids
from partyline.domain.participants import SYSTEM

# In bytes of UTF-8: an identity is part of keys of the table, which are counted in bytes.
MAX_IDENTITY = 256
# They end lines and turn the text around them, so what is shown of an identity would not be the identity.
_INVISIBLE = frozenset({"Cc", "Cs", "Zl", "Zp"})
_BIDIRECTIONAL = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def check_identity(identity: str) -> str:
    """The identity, when it can be one. Raises ApiError 20001 control characters, 50203 reserved, 50204 empty, 50206
    like a user's SID (which names users in paths), 50207 too long."""
    if not identity:
        raise refusals.identity_missing()
    if not is_visible(identity):
        raise refusals.invalid_parameter("Identity", "it has control characters, or such that change its direction")
    if is_too_long(identity):
        raise refusals.identity_too_long(MAX_IDENTITY)
    if sids.matches(sids.USER, identity):
        raise refusals.identity_like_sid()
    if identity.lower() == SYSTEM:
        raise refusals.identity_reserved(identity)
    return identity


def is_visible(identity: str) -> bool:
    """Whether an identity shows as what it is: no control characters, and none that change the direction of text."""
    return not any(letter in _BIDIRECTIONAL or unicodedata.category(letter) in _INVISIBLE for letter in identity)


def is_too_long(identity: str) -> bool:
    """Whether no key can hold it. Only for a text without half surrogate pairs, which no encoding has."""
    return len(identity.encode("utf-8", "surrogatepass")) > MAX_IDENTITY
