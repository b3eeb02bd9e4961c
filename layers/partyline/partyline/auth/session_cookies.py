"""The cookie of a session: how it is made, found in the table, and used to encrypt what the session holds.

The table has the hash of a cookie only. The provider's refresh token is encrypted with a key that is derived from the
cookie, so neither the table nor a backup of it can be used to get tokens of the provider.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets

from nacl.encoding import URLSafeBase64Encoder
from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

_COOKIE = re.compile(r"[A-Za-z0-9_-]{43}")
_BYTES = 32


def new_cookie() -> str:
    """Make the cookie of a new session: 256 random bits."""
    return base64.urlsafe_b64encode(secrets.token_bytes(_BYTES)).rstrip(b"=").decode()


def is_cookie(value: str) -> bool:
    """Whether a value has the form of such a cookie."""
    return _COOKIE.fullmatch(value) is not None


def digest(cookie: str) -> str:
    """Return the hash by which the table names a session."""
    return hashlib.sha256(b"session\n" + cookie.encode()).hexdigest()


def encrypt(cookie: str, text: str) -> str:
    """Encrypt a text so that only the holder of the cookie can read it."""
    return SecretBox(_key(cookie)).encrypt(text.encode(), encoder=URLSafeBase64Encoder).decode()


def decrypt(cookie: str, encrypted: str) -> str | None:
    """Decrypt such a text; return None when it was changed, or belongs to another cookie."""
    try:
        return SecretBox(_key(cookie)).decrypt(encrypted.encode(), encoder=URLSafeBase64Encoder).decode()
    except (CryptoError, ValueError):
        return None


def _key(cookie: str) -> bytes:
    return hashlib.sha256(b"refresh token\n" + cookie.encode()).digest()
