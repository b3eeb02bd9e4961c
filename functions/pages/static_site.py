"""Serve the files of a built web app: each in the best form that the browser takes, with the headers that protect it.

What can be served is a table, which the build makes (inbox/build/site.ts): a path that is not in it is not found. The
standard library only: the function that uses this has no layer.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

Response = dict[str, Any]

# Best first: of two forms that a browser takes equally, the smaller one is sent.
_CODINGS = ("br", "gzip", "identity")
_YEAR = 31_536_000
_INDEX = "index.html"
_PLAIN = {"Content-Type": "text/plain; charset=utf-8"}
# The app needs nothing of a device but its clipboard and its loudspeaker.
_UNUSED_FEATURES = (
    *("accelerometer", "camera", "display-capture", "geolocation", "gyroscope", "hid", "magnetometer", "microphone"),
    *("midi", "payment", "serial", "usb", "xr-spatial-tracking"),
)


@dataclass(frozen=True, slots=True)
class SiteFile:
    """A file of the app: its type, a digest of its content, and where each of its forms is, by its coding.

    The content of an `immutable` one never changes: its name has a hash of it.
    """

    type: str
    digest: str
    immutable: bool
    forms: Mapping[str, Path]

    def etag(self, coding: str) -> str:
        """Return the strong ETag of a form: two forms are different bytes, so each has one of its own."""
        return f'"{self.digest}-{coding}"'

    def cache_control(self) -> str:
        """Return how long a browser may keep the file. Of one that can change it asks every time whether it has."""
        return f"public, max-age={_YEAR}, immutable" if self.immutable else "no-cache"


def read_files(directory: Path) -> dict[str, SiteFile]:
    """Read the table of a built site. Raises FileNotFoundError, which says what to do, when nothing is built."""
    table = directory / "files.json"
    if not table.is_file():
        raise FileNotFoundError(f"{table} is missing: `make build` builds the inbox")
    return {
        name: SiteFile(
            entry["type"],
            entry["digest"],
            entry["immutable"],
            {coding: directory / form for coding, form in entry["forms"].items()},
        )
        for name, entry in json.loads(table.read_text()).items()
    }


def build_headers(*, media_origin: str, live_url: str) -> dict[str, str]:
    """Build the headers of every answer.

    A page of ours can load what is its own, show files of messages, which come from `media_origin` too, and listen at
    `live_url`. Nothing else: no script of another origin, no inline script or style, no text that becomes HTML.
    """
    live = urlsplit(live_url)
    policy = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": f"'self' blob: {media_origin}",
        "media-src": f"'self' blob: {media_origin}",
        "connect-src": f"'self' {live.scheme}://{live.netloc}",
        "font-src": "'self'",
        "manifest-src": "'self'",
        "worker-src": "'self'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
        # The address of a service worker is the only value of a trusted type that the app makes.
        "trusted-types": "service-worker",
    }
    return {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": ", ".join(f"{feature}=()" for feature in _UNUSED_FEATURES),
        "Referrer-Policy": "no-referrer",
        "Strict-Transport-Security": f"max-age={_YEAR}",
        "X-Content-Type-Options": "nosniff",
    }


@dataclass(frozen=True, slots=True)
class StaticSite:
    """Answers GET and HEAD requests for the files below /inbox/, each answer with `headers`."""

    files: Mapping[str, SiteFile]
    headers: Mapping[str, str]

    def serve(self, event: Mapping[str, Any]) -> Response:
        """Return the API Gateway response to a request."""
        name = (event.get("pathParameters") or {}).get("proxy", "")
        if not name and not str(event["path"]).endswith("/"):
            # Relative, so that the stage or the mapping of a custom domain stays in front of it.
            return self._answer(308, {"Location": "inbox/", **_PLAIN, "Cache-Control": "no-cache"})
        file = self.files.get(name or _INDEX)
        if file is None:
            return self._answer(
                404, {**_PLAIN, "Cache-Control": "no-store"}, b"" if _is_head(event) else b"Not found\n"
            )
        return self._send(event, file)

    def _send(self, event: Mapping[str, Any], file: SiteFile) -> Response:
        coding = choose_coding(", ".join(_header_values(event, "accept-encoding")), file.forms)
        etag = file.etag(coding)
        # The type is in a 304 too: API Gateway would give that one of its own, and a browser may keep it.
        headers = {"Cache-Control": file.cache_control(), "Content-Type": file.type, "ETag": etag}
        headers["Vary"] = "Accept-Encoding"
        if is_current(", ".join(_header_values(event, "if-none-match")), etag):
            return self._answer(304, headers)
        if coding != "identity":
            headers["Content-Encoding"] = coding
        return self._answer(200, headers, b"" if _is_head(event) else _read(file.forms[coding]))

    def _answer(self, status: int, headers: Mapping[str, str], body: bytes = b"") -> Response:
        return {
            "statusCode": status,
            "headers": {**self.headers, **headers},
            "body": base64.b64encode(body).decode(),
            "isBase64Encoded": True,
        }


def choose_coding(accepted: str, available: Iterable[str]) -> str:
    """Choose a form by the Accept-Encoding header (RFC 9110, 12.5.3). A form without a coding is always acceptable."""
    weights = dict(_parse_codings(accepted))
    rest = weights.get("*", 0.0)
    offered = {
        coding: weights.get(coding, rest if coding != "identity" else max(rest, 0.001))
        for coding in _CODINGS
        if coding in available
    }
    best = max(offered, key=lambda coding: offered[coding])
    return best if offered[best] > 0 else "identity"


def _parse_codings(header: str) -> Iterator[tuple[str, float]]:
    for part in header.lower().split(","):
        coding, *parameters = (text.strip() for text in part.split(";"))
        weight = next((text[2:] for text in parameters if text.startswith("q=")), "1")
        try:
            yield coding, float(weight)
        except ValueError:
            yield coding, 0.0


def is_current(if_none_match: str, etag: str) -> bool:
    """Whether the browser has this form already, by its If-None-Match header (RFC 9110, 13.1.2)."""
    tags = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return etag in tags or "*" in tags


def _header_values(event: Mapping[str, Any], name: str) -> list[str]:
    """Return the values of a header, which can be repeated. HTTP/2 writes the names in lower case."""
    several = event.get("multiValueHeaders") or {key: [value] for key, value in (event.get("headers") or {}).items()}
    return [str(value) for key, values in several.items() if key.lower() == name for value in values or ()]


def _is_head(event: Mapping[str, Any]) -> bool:
    return str(event["httpMethod"]).upper() == "HEAD"


@cache
def _read(path: Path) -> bytes:
    return path.read_bytes()
