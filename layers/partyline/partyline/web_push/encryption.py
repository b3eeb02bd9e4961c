"""Encrypt a notification for one browser (RFC 8291), as one record of the content encoding aes128gcm (RFC 8188).

The push service sees neither what it says nor how long it is: every record has the same size.

`cryptography` is in a layer of its own, which only the push function has (decision 0104).
"""

from __future__ import annotations

import secrets
import struct

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from partyline.domain.push_notices import MAX_NOTICE
from partyline.frozen_classes import frozen

CONTENT_ENCODING = "aes128gcm"
_CURVE = ec.SECP256R1()
_RECORD_SIZE = 4096
_SALT_BYTES, _SECRET_BYTES, _KEY_BYTES, _NONCE_BYTES = 16, 32, 16, 12
# Ends the content of the last record; zeros follow.
_DELIMITER = b"\x02"


@frozen
class BrowserKeys:
    """The keys of a subscription: the browser's public key, a point of P-256, and its authentication secret."""

    p256dh: bytes
    auth: bytes


def encrypt(content: bytes, browser: BrowserKeys) -> bytes:
    """Encrypt a content of at most MAX_NOTICE bytes with a new key pair and salt. Returns the body of the request."""
    padded = content + _DELIMITER + bytes(MAX_NOTICE - len(content))
    return encrypt_record(padded, browser, ec.generate_private_key(_CURVE), secrets.token_bytes(_SALT_BYTES))


def encrypt_record(padded: bytes, browser: BrowserKeys, own: ec.EllipticCurvePrivateKey, salt: bytes) -> bytes:
    """Encrypt a record that has its delimiter and padding. A key pair with a salt is used once."""
    public = own.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    shared = own.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, browser.p256dh))
    secret = _derive(shared, browser.auth, b"WebPush: info\0" + browser.p256dh + public, _SECRET_BYTES)
    key = _derive(secret, salt, b"Content-Encoding: aes128gcm\0", _KEY_BYTES)
    nonce = _derive(secret, salt, b"Content-Encoding: nonce\0", _NONCE_BYTES)
    header = salt + struct.pack("!LB", _RECORD_SIZE, len(public)) + public
    return header + AESGCM(key).encrypt(nonce, padded, None)


def _derive(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt, info).derive(secret)
