"""A file of ours for whoever has a link to it."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from partyline.media import links
from partyline.media.bucket import Bucket
from partyline.observability import count, logger

# What comes through Lambda: 6 MB, in which bytes are written in base64. The few files that are larger are S3's to give.
MAX_BYTES = 4 * 1024 * 1024
# How long that takes, in seconds.
_REDIRECT_LIFE = 300
# A browser shows a picture, and neither guesses what else it may be nor runs anything of it.
_SAFELY = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'; sandbox"}
_NO_SUCH_LINK = '{"code":20404,"message":"This link has ended, or is none of ours","status":404}'


@dataclass(frozen=True, slots=True)
class LinkEndpoint:
    """What serving works with: the files, and what links are signed with."""

    bucket: Bucket
    root: Callable[[], str]
    clock: Callable[[], datetime]


def serve_link(desk: LinkEndpoint, method: str, path: str) -> dict[str, Any]:
    """The response of API Gateway to a GET or HEAD of what follows `/media/`. Nothing is read for a link that is not
    good. Raises what the storage raises."""
    key = links.open_path(desk.root(), path, desk.clock().timestamp())
    stored = desk.bucket.look(key) if key else None
    if key is None or stored is None:
        logger.info("link.refused", signed=key is not None)
        count("LinkRefused")
        return {"statusCode": 404, "headers": {"Content-Type": "application/json", **_SAFELY}, "body": _NO_SUCH_LINK}
    count("LinkServed")
    headers = {
        "Content-Type": stored.content_type,
        "Content-Disposition": stored.disposition,
        "Cache-Control": "private, max-age=3600",
        **_SAFELY,
    }
    if method == "HEAD":
        return {"statusCode": 200, "headers": headers, "body": ""}
    if stored.size > MAX_BYTES:
        # S3's link is for a GET, and good for nothing else.
        location = desk.bucket.link(key, stored, _REDIRECT_LIFE)
        return {"statusCode": 307, "headers": {**_SAFELY, "Location": location}, "body": ""}
    content = base64.b64encode(desk.bucket.read(key)).decode()
    return {"statusCode": 200, "headers": headers, "body": content, "isBase64Encoded": True}
