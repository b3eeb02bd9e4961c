"""Download a file from the carrier that delivered it.

The URL came in an authentic webhook, and is trusted no further than that. Requests go to public addresses only, each
hop of a redirect is checked anew, and the carrier's credentials go to its own hosts over TLS and nowhere else. At most
MAX_BYTES are read, in a limited time.
"""

from __future__ import annotations

import hashlib
import re
from http import HTTPStatus
from urllib.parse import quote, urljoin, urlsplit

from partyline.carriers.base import MediaAccess
from partyline.carriers.limits import MB
from partyline.errors import MediaRefused, MediaUnavailable, RequestError, RequestRefused
from partyline.http_client import HttpRequest, HttpResponse, SendRequest

# Carriers deliver at most 5 MB.
MAX_BYTES = 10 * MB
MAX_REDIRECTS = 3
# Seconds for each request, everything included.
TIMEOUT = 10.0

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_AUTHORIZATION_REQUIRED = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


def download_file(send: SendRequest, access: MediaAccess, url: str, sha256: str | None = None) -> HttpResponse:
    """Return the response with a whole file that is not empty and has the digest `sha256`, where the carrier gave one.

    Raises MediaUnavailable when a later attempt can succeed. Raises MediaRefused when it cannot; `doubtful` marks a
    refusal that may still change.
    """
    response = _follow_redirects(send, access, url)
    if response.status == HTTPStatus.GONE:
        raise MediaRefused("gone")
    if response.status == HTTPStatus.NOT_FOUND:
        # A webhook is sometimes faster than its file.
        raise MediaRefused("gone", doubtful=True)
    if response.status != HTTPStatus.OK:
        raise MediaUnavailable(f"HTTP {response.status}")
    if len(response.body) >= MAX_BYTES:
        raise MediaRefused("too_large")
    if not response.complete:
        raise MediaUnavailable("it broke off")
    if not response.body:
        raise MediaRefused("empty", doubtful=True)
    if sha256 and hashlib.sha256(response.body).hexdigest() != sha256.lower():
        raise MediaRefused("damaged", doubtful=True)
    return response


def _follow_redirects(send: SendRequest, access: MediaAccess, url: str) -> HttpResponse:
    """Return the response at the end of the redirects.

    Credentials are sent at once, or when the carrier's host asks for them, as `access` says.
    """
    sends_credentials, hops = access.at_once, 0
    try:
        url = _quote_url(url)
    except ValueError:
        raise MediaRefused("address") from None
    while True:
        is_carrier_host = access.covers(url)
        headers = {"Authorization": access.authorization} if is_carrier_host and sends_credentials else {}
        response = _get(send, url, headers)
        if response.status in _AUTHORIZATION_REQUIRED and is_carrier_host and not sends_credentials:
            sends_credentials = True
        elif response.status in _REDIRECTS:
            hops += 1
            if hops > MAX_REDIRECTS:
                raise MediaRefused("redirected")
            url = _resolve_redirect(url, response.headers.get("location", ""))
        else:
            return response


def _get(send: SendRequest, url: str, headers: dict[str, str]) -> HttpResponse:
    if "@" in urlsplit(url).netloc:
        # Credentials in a URL are not ours to send.
        raise MediaRefused("address")
    try:
        return send(HttpRequest("GET", url, {"Accept": "*/*", **headers}), timeout=TIMEOUT, max_body=MAX_BYTES)
    except RequestRefused as error:
        raise MediaRefused("address") from error
    except RequestError as error:
        raise MediaUnavailable(str(error)) from error


def _resolve_redirect(url: str, location: str) -> str:
    """Return the target of a redirect. Raises MediaRefused for none, and for one from https to http."""
    try:
        # The bytes of a header are read as Latin-1, whatever they are.
        target = _quote_url(urljoin(url, location), "latin-1")
        was_secure, is_secure = urlsplit(url).scheme == "https", urlsplit(target).scheme == "https"
    except ValueError:
        raise MediaRefused("redirected") from None
    if not location or (was_secure and not is_secure):
        raise MediaRefused("redirected")
    return target


def _quote_url(url: str, encoding: str = "utf-8") -> str:
    """Percent-encode blanks and non-ASCII characters in the path and the query of a URL; the rest stays as it is.

    Raises ValueError for a text that is no URL.
    """

    def quote_part(part: str) -> str:
        return re.sub(r"[^!-~]", lambda found: quote(found[0], encoding=encoding, errors="strict"), part)

    parts = urlsplit(url)
    return parts._replace(path=quote_part(parts.path), query=quote_part(parts.query)).geturl()
