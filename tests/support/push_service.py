"""A browser's push service, and the browser behind it: they check what they are sent, and read it as a browser does.

The reading is an implementation of its own (RFC 8188, 8291), by `hmac` instead of the library that encrypts.
"""

from __future__ import annotations

import base64
import hmac
import json
import re
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from partyline.http_client import HttpRequest, HttpResponse

_CURVE = ec.SECP256R1()


def to_text(key: bytes) -> str:
    """Bytes in base64url, as browsers write keys."""
    return base64.urlsafe_b64encode(key).rstrip(b"=").decode()


def from_text(text: str) -> bytes:
    """What base64url stands for."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def decrypt(body: bytes, private: ec.EllipticCurvePrivateKey, auth: bytes) -> bytes:
    """Read a body of one record as a browser does; the result has no padding."""
    salt, record_size, length = body[:16], *struct.unpack("!LB", body[16:21])
    sender, sealed = body[21 : 21 + length], body[21 + length :]
    assert len(sealed) <= record_size
    shared = private.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, sender))
    own = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    secret = _expand(_hash(auth, shared), b"WebPush: info\0" + own + sender, 32)
    extracted = _hash(salt, secret)
    key, nonce = (
        _expand(extracted, b"Content-Encoding: aes128gcm\0", 16),
        _expand(extracted, b"Content-Encoding: nonce\0", 12),
    )
    padded = AESGCM(key).decrypt(nonce, sealed, None).rstrip(b"\0")
    assert padded[-1:] == b"\x02"
    return padded[:-1]


def _hash(key: bytes, content: bytes) -> bytes:
    return hmac.digest(key, content, "sha256")


def _expand(key: bytes, info: bytes, length: int) -> bytes:
    return _hash(key, info + b"\x01")[:length]


@dataclass
class PushBrowser:
    """A browser that has subscribed at a push service."""

    endpoint: str = "https://push.example/send/ann"
    private: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(_CURVE))
    auth: bytes = b"0123456789abcdef"

    @property
    def p256dh(self) -> bytes:
        """The public key of the browser."""
        return self.private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def form(self, scope: str = "all") -> dict[str, str]:
        """The form by which the browser asks for notifications."""
        return {
            "Endpoint": self.endpoint,
            "P256dh": to_text(self.p256dh),
            "Auth": to_text(self.auth),
            "Scope": scope,
        }

    def read(self, body: bytes) -> dict[str, Any]:
        """What a notification says."""
        notice: dict[str, Any] = json.loads(decrypt(body, self.private, self.auth))
        return notice


@dataclass
class PushService:
    """A push service: it refuses who does not identify, and remembers what it was sent.

    `key` is the public key that browsers were given when they subscribed. `answers` has the next statuses by endpoint.
    """

    key: bytes
    now: float
    contact: str
    answers: dict[str, list[HttpResponse | Exception]] = field(default_factory=dict)
    sent: list[HttpRequest] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def send(self, request: HttpRequest, *, timeout: float, max_body: int) -> HttpResponse:
        """Answer a request as `HttpClient.send` does."""
        assert (timeout, max_body) == (5, 0)
        problem = self.find_problem(request)
        assert problem is None, problem
        with self._lock:
            self.sent.append(request)
            answer = self.answers[request.url].pop(0) if self.answers.get(request.url) else HttpResponse(201)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def find_problem(self, request: HttpRequest) -> str | None:
        """What a push service has to complain of in a request; None for nothing."""
        headers = request.headers
        if request.method != "POST" or headers.get("Content-Encoding") != "aes128gcm" or len(request.body) > 4096:
            return "not an encrypted message of at most 4 KB"
        if not headers.get("TTL", "").isdecimal() or headers.get("Urgency") not in {
            "very-low",
            "low",
            "normal",
            "high",
        }:
            return "no TTL or urgency"
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,32}", headers.get("Topic", "x")):
            return "no topic"
        return self._find_identification_problem(request)

    def _find_identification_problem(self, request: HttpRequest) -> str | None:
        match = re.fullmatch(r"vapid t=([^,]+), k=([\w-]+)", request.headers.get("Authorization", ""))
        if not match or from_text(match[2]) != self.key:
            return "another key"
        public = ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, self.key)
        parts = urlsplit(request.url)
        # The clock of the test is not that of the machine.
        claims = jwt.decode(
            match[1],
            public,
            algorithms=["ES256"],
            audience=f"{parts.scheme}://{parts.netloc}",
            options={"verify_exp": False},
        )
        if not self.now < claims["exp"] <= self.now + 24 * 3600:
            return "expired, or for too long"
        return None if claims["sub"] == self.contact and claims["sub"].startswith("https://") else "no contact"

    def notices(self, browser: PushBrowser) -> list[dict[str, Any]]:
        """What a browser was sent, as it reads it."""
        return [browser.read(one.body) for one in self.sent if one.url == browser.endpoint]


@contextmanager
def listening(service: PushService) -> Iterator[str]:
    """Let a push service listen on this machine. Yields the beginning of its endpoints."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            url = f"http://{self.headers['Host']}{self.path}"
            request = HttpRequest("POST", url, dict(self.headers.items()), body)
            problem = service.find_problem(request)
            if problem is None:
                service.sent.append(request)
            self.send_response(400 if problem else 201)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/send/"
        finally:
            server.shutdown()
            thread.join()
