"""The kind of file that an address names."""

from __future__ import annotations

import mimetypes
from urllib.parse import urlsplit


def content_type(url: str) -> str:
    """The content type that the end of an address suggests."""
    return mimetypes.guess_type(urlsplit(url).path)[0] or "application/octet-stream"
