"""Links to our own files for whoever has no credentials here: carriers, and browsers that show a picture.

A link holds the file's key and when it ends, signed. It is not a presigned URL of S3, which ends with the credentials
of the function that made it, after some hours at most: a carrier may fetch a picture as long as it queues a text.

    media/<when it ends, Unix seconds>/<signature>/<key of the file>
"""

from __future__ import annotations

import hashlib
import hmac
import re
from urllib.parse import quote

ROOT = "media"
_PATH = re.compile(r"([0-9]{1,12})/([0-9a-f]{64})/(ME[0-9a-f]{32}/[a-z0-9.]+)")


def build_path(secret: str, key: str, expires: int) -> str:
    """The path of a link to a file; `expires` is in Unix seconds."""
    return f"{ROOT}/{expires}/{_signature(secret, key, expires)}/{quote(key)}"


def open_path(secret: str, given: str, now: float) -> str | None:
    """The key that the part of a path behind `media/` opens; None when it is none of ours, or has ended."""
    match = _PATH.fullmatch(given)
    if match is None or not secret:
        return None
    expires, signature, key = int(match[1]), match[2], match[3]
    # Both are always asked, so that the time taken says nothing of either.
    right = hmac.compare_digest(signature, _signature(secret, key, expires))
    return key if right and now < expires else None


def _signature(secret: str, key: str, expires: int) -> str:
    return hmac.new(secret.encode(), f"media-link\n{expires}\n{key}".encode(), hashlib.sha256).hexdigest()
