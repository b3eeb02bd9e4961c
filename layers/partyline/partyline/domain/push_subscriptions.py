"""Push subscriptions: the browsers of people that show notifications, and what these say. Pure.

A browser is reached through the push service of its maker (RFC 8030): by an address of that service, and with two keys
by which nobody but the browser can read what it is sent (RFC 8291).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from datetime import datetime, timedelta
from enum import StrEnum

from partyline.frozen_classes import frozen

# A browser whose person does not come back for so long gets nothing more. Whoever can no longer sign in gets nothing
# after that either, even where nobody has told us.
LIFE = timedelta(days=7)
# The most browsers of a person; with one more, the one that was confirmed least recently is forgotten.
MAX_PER_PERSON = 10
MAX_ENDPOINT = 1024
AUTH_BYTES = 16
_KEY = re.compile(r"[A-Za-z0-9_-]{1,200}={0,2}")

# NIST P-256: the field, and the constant of the curve. Its coefficient is -3.
_PRIME = 2**256 - 2**224 + 2**192 + 2**96 - 1
_CONSTANT = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B


class NotifyScope(StrEnum):
    """Of which conversations a browser shows notifications.

    - MINE: those that are assigned to the person, that have a contact of theirs, and in which they take part.
    - ALL: every one that the person sees.
    """

    MINE = "mine"
    ALL = "all"


@frozen
class PushSubscription:
    """A browser that shows notifications, and the access token by which it was last confirmed.

    - `endpoint`: the address at its push service, a secret. `p256dh`, `auth`: the browser's keys, in base64url.
    - `confirmed`, `until`: when the browser last asked for it, and until when it is in force, in Unix seconds.
    - `key_sid`, `issued`, `session`: of the access token: its API key, when it was made, and its session of sign-in.
    """

    sid: str
    service_sid: str
    identity: str
    endpoint: str
    p256dh: str
    auth: str
    scope: NotifyScope
    created: datetime
    confirmed: datetime
    until: int
    key_sid: str
    issued: int = 0
    session: str | None = None


def decode_key(text: str) -> bytes | None:
    """Decode base64url, with or without padding; None for any other text."""
    if not _KEY.fullmatch(text):
        return None
    digits = text.rstrip("=")
    try:
        return base64.urlsafe_b64decode(digits + "=" * (-len(digits) % 4))
    except binascii.Error:
        return None


def encode_key(key: bytes) -> str:
    """Encode as base64url without padding."""
    return base64.urlsafe_b64encode(key).rstrip(b"=").decode()


def is_public_key(key: bytes) -> bool:
    """Whether bytes are a point of the curve P-256, uncompressed: another one makes no secret with ours."""
    if len(key) != 65 or key[0] != 4:
        return False
    x, y = int.from_bytes(key[1:33]), int.from_bytes(key[33:])
    return x < _PRIME and y < _PRIME and (y * y - x * x * x + 3 * x - _CONSTANT) % _PRIME == 0


def build_topic(subscription_sid: str, conversation_sid: str) -> str:
    """Build what makes a newer notification of a conversation replace an older one that was not delivered yet.

    It is another one for each browser, so that a push service learns nothing of who is in a conversation.
    """
    digest = hashlib.sha256(f"{subscription_sid}\n{conversation_sid}".encode()).digest()
    return encode_key(digest[:24])
