"""The way of a browser to the provider and back: one attempt to sign in, and the cookie that remembers it.

The cookie holds a random seed, the attempt's end, and a signature. State, nonce and PKCE verifier are derived from the
seed with the deployment's key root, so that nothing is stored before a person is known, and the cookie alone tells
nobody the verifier.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable
from datetime import datetime, timedelta

from partyline.frozen_classes import frozen

LIFE = timedelta(minutes=10)
_COOKIE = re.compile(r"([A-Za-z0-9_-]{43})\.([0-9]{10})\.([A-Za-z0-9_-]{43})")
_SEED_BYTES = 32


@frozen
class SignInAttempt:
    """One attempt to sign in.

    `state` ties the provider's redirect to the browser, `nonce` the ID token to the attempt, and `verifier` the code to
    us (RFC 7636). `digest` names the attempt where its use is recorded; `expires` is in Unix seconds.
    """

    state: str
    nonce: str
    verifier: str
    digest: str
    expires: int

    @property
    def challenge(self) -> str:
        """The PKCE challenge of the verifier, by the method S256."""
        return _encode(hashlib.sha256(self.verifier.encode()).digest())

    def has_state(self, given: str) -> bool:
        """Whether the provider's redirect belongs to this attempt."""
        return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), self.state.encode())


def begin(root: str, now: datetime, random: Callable[[int], bytes]) -> tuple[SignInAttempt, str]:
    """Begin an attempt. Returns it, and the value of its cookie."""
    signed = f"{_encode(random(_SEED_BYTES))}.{int((now + LIFE).timestamp()):010}"
    return _derive(root, signed), f"{signed}.{_mac(root, 'cookie', signed)}"


def read_cookie(root: str, cookie: str, now: datetime) -> SignInAttempt | None:
    """Return the attempt of a cookie that we made; None when it is another value, or the attempt has expired."""
    found = _COOKIE.fullmatch(cookie)
    if not (root and found):
        return None
    signed = f"{found[1]}.{found[2]}"
    if not hmac.compare_digest(found[3], _mac(root, "cookie", signed)) or int(found[2]) <= now.timestamp():
        return None
    return _derive(root, signed)


def _derive(root: str, signed: str) -> SignInAttempt:
    return SignInAttempt(
        state=_mac(root, "state", signed),
        nonce=_mac(root, "nonce", signed),
        verifier=_mac(root, "verifier", signed),
        digest=hashlib.sha256(signed.encode()).hexdigest(),
        expires=int(signed.partition(".")[2]),
    )


def _mac(root: str, purpose: str, signed: str) -> str:
    """Derive 43 letters, digits, hyphens and underscores, as many as a PKCE verifier needs."""
    return _encode(hmac.new(root.encode(), f"sign-in {purpose}\n{signed}".encode(), hashlib.sha256).digest())


def _encode(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
