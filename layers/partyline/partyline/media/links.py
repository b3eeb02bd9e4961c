"""Sign and verify links to our own files, for clients without credentials: carriers, and browsers that show a picture.

A link contains the key of the file and its expiry, signed. A presigned URL of S3 does not serve: it ends with the
credentials of the function that made it, after some hours, and a carrier fetches a picture as long as it queues a text.

    media/<expiry, Unix seconds>/<signature>/<key of the file>
"""

from __future__ import annotations

import hashlib
import hmac
import re
from urllib.parse import quote

ROOT = "media"
_PATH = re.compile(r"([0-9]{1,12})/([0-9a-f]{64})/(ME[0-9a-f]{32}/[a-z0-9.]+)")


def build_path(secret: str, key: str, expires: int) -> str:
    """Build the path of a link to a file; `expires` is in Unix seconds."""
    return f"{ROOT}/{expires}/{_sign(secret, key, expires)}/{quote(key)}"


def open_path(secret: str, path: str, now: float) -> str | None:
    """Return the key of the file that the part of a path behind `media/` opens; None for an invalid or expired link."""
    match = _PATH.fullmatch(path)
    if match is None or not secret:
        return None
    expires, signature, key = int(match[1]), match[2], match[3]
    # Both conditions are always evaluated, so that the time taken reveals nothing about either.
    is_authentic = hmac.compare_digest(signature, _sign(secret, key, expires))
    return key if is_authentic and now < expires else None


def _sign(secret: str, key: str, expires: int) -> str:
    return hmac.new(secret.encode(), f"media-link\n{expires}\n{key}".encode(), hashlib.sha256).hexdigest()
