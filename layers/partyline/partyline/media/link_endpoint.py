"""Answer GET and HEAD requests for a signed link to a file."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import datetime
from typing import Any

from partyline.frozen_classes import frozen
from partyline.media import links
from partyline.media.bucket import Bucket, StoredObject
from partyline.observability import count, logger

# A Lambda response has at most 6 MB, and base64 takes a third more. S3 serves the few larger files.
MAX_BYTES = 4 * 1024 * 1024
# How long S3 serves such a file, in seconds.
_REDIRECT_LIFE = 300
# A browser shows a picture, guesses no other type and runs nothing in it.
_SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
}
_NO_SUCH_LINK = '{"code":20404,"message":"This link has ended, or is none of ours","status":404}'


@frozen
class LinkEndpoint:
    """Serves the files of a bucket to the holders of links. `root` returns the key that links are signed with."""

    bucket: Bucket
    root: Callable[[], str]
    clock: Callable[[], datetime]

    def serve(self, method: str, path: str) -> dict[str, Any]:
        """Return the API Gateway response to a GET or HEAD of `path`, the part of the URL behind `/media/`.

        Reads nothing for a link that is not valid. Raises the errors of the bucket.
        """
        key = links.open_path(self.root(), path, self.clock().timestamp())
        stored = self.bucket.describe(key) if key else None
        if key is None or stored is None:
            logger.info("link.refused", signed=key is not None)
            count("LinkRefused")
            headers = {"Content-Type": "application/json", **_SECURITY_HEADERS}
            return {"statusCode": 404, "headers": headers, "body": _NO_SUCH_LINK}
        count("LinkServed")
        if method == "HEAD":
            return {"statusCode": 200, "headers": _file_headers(stored), "body": ""}
        if stored.size > MAX_BYTES:
            # A presigned URL is valid for GET only.
            location = self.bucket.presign(key, stored, _REDIRECT_LIFE)
            return {"statusCode": 307, "headers": {**_SECURITY_HEADERS, "Location": location}, "body": ""}
        content = base64.b64encode(self.bucket.read(key)).decode()
        return {"statusCode": 200, "headers": _file_headers(stored), "body": content, "isBase64Encoded": True}


def _file_headers(stored: StoredObject) -> dict[str, str]:
    return {
        "Content-Type": stored.content_type,
        "Content-Disposition": stored.disposition,
        "Cache-Control": "private, max-age=3600",
        **_SECURITY_HEADERS,
    }
