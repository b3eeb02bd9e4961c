"""RFC 8292: who we are to push services."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from partyline.web_push.vapid import PushIdentification
from tests.support.push_service import from_text

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


class LocalKey:
    """A key pair in memory, that counts its signatures."""

    def __init__(self) -> None:
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.signed = 0

    def read_public(self) -> bytes:
        return self.private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def sign(self, message: bytes) -> bytes:
        self.signed += 1
        return self.private.sign(message, ec.ECDSA(SHA256()))


class Hours:
    """A clock that is moved by hours."""

    def __init__(self) -> None:
        self.moment = NOW

    def __call__(self) -> datetime:
        return self.moment


def test_a_push_service_can_check_who_we_are() -> None:
    key, clock = LocalKey(), Hours()
    identification = PushIdentification(key, "https://texts.example/prod", clock)
    # Signatures have halves of any length: some begin with zeros.
    for number in range(64):
        header = identification.authorize(f"https://push{number}.example:8443/send/x?y=1")
        scheme, _, rest = header.partition(" ")
        token, public = (part.partition("=")[2] for part in rest.split(", "))
        assert (scheme, from_text(public)) == ("vapid", key.read_public())
        claims = jwt.decode(
            token,
            key.private.public_key(),
            algorithms=["ES256"],
            audience=f"https://push{number}.example:8443",
            options={"verify_exp": False},
        )
        assert claims == {
            "aud": f"https://push{number}.example:8443",
            "exp": int((NOW + timedelta(hours=23)).timestamp()),
            "sub": "https://texts.example/prod",
        }
        assert jwt.get_unverified_header(token) == {"typ": "JWT", "alg": "ES256"}


def test_one_signature_is_used_for_half_a_day_at_one_push_service() -> None:
    key, clock = LocalKey(), Hours()
    identification = PushIdentification(key, "https://texts.example", clock)
    first = identification.authorize("https://a.example/send/1")
    assert identification.authorize("https://a.example/send/2") == first
    assert identification.authorize("https://b.example/send/1") != first
    clock.moment += timedelta(hours=12)
    assert identification.authorize("https://a.example/send/3") == first
    assert key.signed == 2
    clock.moment += timedelta(seconds=1)
    assert identification.authorize("https://a.example/send/3") != first
    assert key.signed == 3
