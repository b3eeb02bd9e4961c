"""The key pair by which push services know this deployment. KMS made it with the stack, and the private half never
leaves KMS.

Browsers are given the public half when they subscribe. From then on their push service takes messages for them only
from who signs with the private one.
"""

from __future__ import annotations

from functools import cache
from typing import Any

# The length of a point of P-256, uncompressed. KMS answers with it behind a name of the curve (RFC 5480).
_POINT_BYTES = 65


class ServerKey:
    """The key pair, by its ID at KMS. The public half is read once in the life of a process: it never changes."""

    def __init__(self, kms: Any, key_id: str) -> None:
        self._kms = kms
        self._key_id = key_id
        self.read_public = cache(self._read_public)

    def _read_public(self) -> bytes:
        encoded: bytes = self._kms.get_public_key(KeyId=self._key_id)["PublicKey"]
        return encoded[-_POINT_BYTES:]

    def sign(self, message: bytes) -> bytes:
        """Sign a message of at most 4 KB. Returns the signature in DER, as KMS does."""
        signed: bytes = self._kms.sign(
            KeyId=self._key_id, Message=message, MessageType="RAW", SigningAlgorithm="ECDSA_SHA_256"
        )["Signature"]
        return signed
