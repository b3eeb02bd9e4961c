"""What an identity may be: the name of a person in an app, unique in its Service. Pure."""

from __future__ import annotations

from partyline import refusals, sids
from partyline.model import SYSTEM

MAX_IDENTITY = 256


def check(identity: str) -> str:
    """The identity, when it can be one. Raises ApiError 50203 reserved, 50204 empty, 50206 like a user's SID (which
    names users in paths), 50207 too long."""
    if not identity:
        raise refusals.identity_missing()
    if len(identity) > MAX_IDENTITY:
        raise refusals.identity_too_long(MAX_IDENTITY)
    if sids.matches(sids.USER, identity):
        raise refusals.identity_like_sid()
    if identity.lower() == SYSTEM:
        raise refusals.identity_reserved(identity)
    return identity
