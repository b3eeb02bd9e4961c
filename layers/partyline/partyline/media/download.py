"""Fetching a file from the carrier that brought it.

The URL came in an authentic webhook, and is not trusted further than that: only public servers are asked, each hop of a
redirect is checked anew, and the carrier's credentials go to its own hosts over TLS and nowhere else. At most MAX_BYTES
are read, in a bounded time.
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

# Carriers deliver 5 MB at most.
MAX_BYTES = 10 * MB
MAX_REDIRECTS = 3
# Seconds for each request, everything included.
TIMEOUT = 10.0

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_ASKING = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


def download_file(send: SendRequest, access: MediaAccess, url: str, sha256: str | None = None) -> HttpResponse:
    """A carrier's file, of the digest that the carrier told, where it did: whole, and not empty.

    Raises MediaRefused where asking again cannot help, or hardly, and MediaUnavailable where it can.
    """
    answer = _followed(send, access, url)
    if answer.status == HTTPStatus.GONE:
        raise MediaRefused("gone")
    if answer.status == HTTPStatus.NOT_FOUND:
        # Now and then a webhook is faster than the file.
        raise MediaRefused("gone", doubtful=True)
    if answer.status != HTTPStatus.OK:
        raise MediaUnavailable(f"HTTP {answer.status}")
    if len(answer.body) >= MAX_BYTES:
        raise MediaRefused("too_large")
    if not answer.complete:
        raise MediaUnavailable("it broke off")
    if not answer.body:
        raise MediaRefused("empty", doubtful=True)
    if sha256 and hashlib.sha256(answer.body).hexdigest() != sha256.lower():
        raise MediaRefused("damaged", doubtful=True)
    return answer


def _followed(send: SendRequest, access: MediaAccess, url: str) -> HttpResponse:
    """The answer at the end of redirects."""
    told, hops = access.at_once, 0
    try:
        url = _quoted(url)
    except ValueError:
        raise MediaRefused("address") from None
    while True:
        ours = access.covers(url)
        answer = _ask(send, url, {"Authorization": access.authorization} if ours and told else {})
        if answer.status in _ASKING and ours and not told:
            told = True
        elif answer.status in _REDIRECTS:
            hops += 1
            if hops > MAX_REDIRECTS:
                raise MediaRefused("redirected")
            url = _next(url, answer.headers.get("location", ""))
        else:
            return answer


def _ask(send: SendRequest, url: str, headers: dict[str, str]) -> HttpResponse:
    if "@" in urlsplit(url).netloc:
        # Credentials that somebody put there are nobody's to send.
        raise MediaRefused("address")
    try:
        return send(HttpRequest("GET", url, {"Accept": "*/*", **headers}), timeout=TIMEOUT, max_body=MAX_BYTES)
    except RequestRefused as error:
        raise MediaRefused("address") from error
    except RequestError as error:
        raise MediaUnavailable(str(error)) from error


def _next(url: str, location: str) -> str:
    try:
        # A header's bytes are read as Latin-1, whatever they are.
        target = _quoted(urljoin(url, location), "latin-1")
        secure, before = urlsplit(target).scheme == "https", urlsplit(url).scheme == "https"
    except ValueError:
        raise MediaRefused("redirected") from None
    if not location or (before and not secure):
        raise MediaRefused("redirected")
    return target


def _quoted(url: str, encoding: str = "utf-8") -> str:
    """A URL whose path and query are as servers take them: spaces and what is not ASCII in percent. All else stays as
    it is, also what is in percent already. Raises ValueError for what is no URL."""

    def plain(part: str) -> str:
        return re.sub(r"[^!-~]", lambda found: quote(found[0], encoding=encoding, errors="strict"), part)

    parts = urlsplit(url)
    return parts._replace(path=plain(parts.path), query=plain(parts.query)).geturl()
