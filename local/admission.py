"""Decide which requests the servers on this machine answer: those of programs, and those of their own pages.

A browser that runs here also runs the pages of strangers, and reaches every port of loopback for them. Three headers
distinguish such a request from a program's, and no page can forge them:

* `Host`: the name that the browser resolved. A foreign name that points here (DNS rebinding) is not ours.
* `Origin`: the page that asks. A browser sends it with everything except plain GET and HEAD requests.
* `Sec-Fetch-Site`: the relation of the page to us. It marks a plain GET, such as an image, of another page.

It imports nothing beyond the standard library: the emulator's environment has nothing else of ours.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

# The spellings of loopback. A browser puts an IPv6 address in brackets.
NAMES = ("127.0.0.1", "localhost", "[::1]")
_DEFAULT_PORTS = {"http": "80", "https": "443"}
_ORIGIN = re.compile(r"(https?)://([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::([1-9][0-9]{0,4}))?/?")
# What a browser says of a request of our own page, and of an address that was typed or bookmarked.
_OURS = ("same-origin", "none")

# Header names in lower case, with all the values that came.
Headers = Mapping[str, Sequence[str]]


class BadOrigin(ValueError):
    """A text that is no origin. The message says what one looks like."""


def hosts(port: int) -> frozenset[str]:
    """The values of `Host` that name a server of this machine."""
    bare = NAMES if str(port) == _DEFAULT_PORTS["http"] else ()
    return frozenset((*bare, *(f"{name}:{port}" for name in NAMES)))


def origins(port: int) -> frozenset[str]:
    """The values of `Origin` of the pages of such a server."""
    return frozenset(f"http://{host}" for host in hosts(port))


def refusal(port: int, headers: Headers, permitted: Collection[str]) -> str | None:
    """Why a request is not answered: it was sent to a foreign name, or by a page whose origin is not permitted."""
    named = [host.lower() for host in headers.get("host", ())]
    if len(named) != 1 or named[0] not in hosts(port):
        return f"Ask {NAMES[0]}:{port} or {NAMES[1]}:{port}: no other name is answered."
    if any(origin not in permitted for origin in headers.get("origin", ())):
        return "No page of another origin may ask."
    return None


def is_of_another_page(headers: Headers) -> bool:
    """Whether the browser says that a page of another origin asks, be it without `Origin`."""
    return any(site.lower() not in _OURS for site in headers.get("sec-fetch-site", ()))


def refusal_of_pages(port: int, headers: Headers) -> str | None:
    """Why a server that has no pages does not answer: it speaks to programs, which send no `Origin`."""
    refused = refusal(port, headers, permitted=())
    if refused is None and is_of_another_page(headers):
        return "No page may ask."
    return refused


def parse_origins(text: str) -> tuple[str, ...]:
    """Origins that are separated by commas, as browsers write them. Raises BadOrigin."""
    return tuple(_origin(part.strip()) for part in text.split(",") if part.strip())


def _origin(text: str) -> str:
    match = _ORIGIN.fullmatch(text.lower())
    if match is None:
        raise BadOrigin(f"{text!r} is not an origin: write https://app.example or http://localhost:3000")
    scheme, host, port = match.groups()
    # A browser leaves out the port that goes without saying.
    return f"{scheme}://{host}" if port in {None, _DEFAULT_PORTS[scheme]} else f"{scheme}://{host}:{port}"
