"""Identify this deployment to push services (RFC 8292, VAPID): by a JWT for each of them, signed with ES256.

One is used for half a day and is valid for a whole one, the most that RFC 8292 permits, so KMS signs seldom.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import field
from datetime import datetime, timedelta
from typing import Protocol
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from partyline.domain.push_subscriptions import encode_key
from partyline.frozen_classes import frozen

# Less than the 24 hours of RFC 8292, for push services whose clock is behind.
_LIFE = timedelta(hours=23)
_USE = timedelta(hours=12)
# Of each half of a signature, in bytes.
_HALF = 32


class SigningKey(Protocol):
    """A key pair of P-256; ServerKey is one."""

    @property
    def read_public(self) -> Callable[[], bytes]:
        """Return the function that reads the public half, an uncompressed point."""

    def sign(self, message: bytes) -> bytes:
        """Sign a message with ECDSA and SHA-256. Returns the signature in DER."""


@frozen
class PushIdentification:
    """Builds the Authorization header for push services.

    `contact` is the URL at which an operator of one learns whose messages they are.
    """

    key: SigningKey
    contact: str
    clock: Callable[[], datetime]
    _issued: dict[str, tuple[datetime, str]] = field(default_factory=dict)

    def authorize(self, endpoint: str) -> str:
        """Build the header for an endpoint. Signs once for each push service and half a day."""
        parts = urlsplit(endpoint)
        audience, now = f"{parts.scheme}://{parts.netloc}", self.clock()
        issued, header = self._issued.get(audience, (None, ""))
        if issued is None or now - issued > _USE:
            header = f"vapid t={self._issue(audience, now)}, k={encode_key(self.key.read_public())}"
            self._issued[audience] = (now, header)
        return header

    def _issue(self, audience: str, now: datetime) -> str:
        claims = {"aud": audience, "exp": int((now + _LIFE).timestamp()), "sub": self.contact}
        signed = f"{_encode({'typ': 'JWT', 'alg': 'ES256'})}.{_encode(claims)}"
        r, s = decode_dss_signature(self.key.sign(signed.encode()))
        return f"{signed}.{encode_key(r.to_bytes(_HALF) + s.to_bytes(_HALF))}"


def _encode(part: dict[str, object] | dict[str, str]) -> str:
    return encode_key(json.dumps(part, separators=(",", ":")).encode())
