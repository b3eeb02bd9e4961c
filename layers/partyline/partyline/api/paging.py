"""Lists, a page at a time: Twilio's envelope, and page tokens that only the list that gave them out takes back.

A token says behind (or before) which entry a page begins, so pages hold still while entries are added, and reading one
costs the same however far down the list it is. It carries a code over the list's path and filters: one that was made
up, altered, or given out by another list is refused.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from partyline import refusals
from partyline.api import fields
from partyline.api.calls import Answer, Call

DEFAULT_SIZE = 50
MAXIMUM, SMALL_MAXIMUM = 100, 50
_PAGING = ("PageSize", "Page", "PageToken")
_CODE_SIZE = 16
_AFTER, _BEFORE = "a", "b"

Entry = tuple[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page begins: behind the entry with this key, or, going backward, before it."""

    key: str
    backward: bool = False


@dataclass(frozen=True, slots=True)
class Window:
    """The part of a list that is asked for: at most `size` entries from a cursor on, or from the list's beginning."""

    size: int
    cursor: Cursor | None = None

    @property
    def backward(self) -> bool:
        """Whether the entries before the cursor are wanted."""
        return self.cursor is not None and self.cursor.backward

    @property
    def key(self) -> str | None:
        """The key of the cursor's entry."""
        return self.cursor.key if self.cursor else None


@dataclass(frozen=True, slots=True)
class Part:
    """Entries in the list's order, each with its key. `more`: the list goes on in the direction of reading."""

    entries: Sequence[Entry]
    more: bool = False


def listing(call: Call, name: str, read: Callable[[Window], Part], maximum: int = MAXIMUM) -> Answer:
    """A page of a list as an answer. `name` is the list's key in it; `read` reads the part that a window shows.

    A PageSize beyond the maximum is lowered to it: SDKs send a caller's `limit` as PageSize. Raises ApiError 20001.
    """
    size = min(fields.integer(call.request.query, "PageSize", minimum=1) or DEFAULT_SIZE, maximum)
    number = fields.integer(call.request.query, "Page") or 0
    token = call.request.query.get("PageToken")
    window = Window(size, _cursor(call, token) if token else None)
    part = read(window)
    before, after = _neighbours(window, part)
    url = _url(call, size, number, token)
    meta = {
        "page": number,
        "page_size": size,
        "first_page_url": _url(call, size, 0, None),
        "previous_page_url": _url(call, size, max(number - 1, 0), _token(call, before)) if before else None,
        "url": url,
        "next_page_url": _url(call, size, number + 1, _token(call, after)) if after else None,
        "key": name,
    }
    return Answer(200, {name: [entry for _, entry in part.entries], "meta": meta})


def part_of(entries: Sequence[Entry], window: Window) -> Part:
    """The part of a whole list, in the order of its keys, that a window shows."""
    if window.backward:
        wanted = [entry for entry in entries if entry[0] < (window.key or "")]
        return Part(wanted[-window.size :], len(wanted) > window.size)
    wanted = [entry for entry in entries if entry[0] > (window.key or "")]
    return Part(wanted[: window.size], len(wanted) > window.size)


def _neighbours(window: Window, part: Part) -> tuple[Cursor | None, Cursor | None]:
    """The cursors of the pages before and after."""
    if not part.entries:
        return None, None
    first, last = part.entries[0][0], part.entries[-1][0]
    has_previous = part.more if window.backward else window.cursor is not None
    has_next = window.backward or part.more
    return Cursor(first, backward=True) if has_previous else None, Cursor(last) if has_next else None


def _url(call: Call, size: int, number: int, token: str | None) -> str:
    query = [*_filters(call), ("PageSize", str(size)), ("Page", str(number))]
    if token:
        query.append(("PageToken", token))
    return f"{call.request.base_url}{call.request.path}?{urlencode(query)}"


def _filters(call: Call) -> list[tuple[str, str]]:
    return [(name, value) for name, value in call.request.query.pairs() if name not in _PAGING]


def _token(call: Call, cursor: Cursor) -> str:
    content = f"{_BEFORE if cursor.backward else _AFTER}{cursor.key}".encode()
    this_list = f"{call.request.path}?{urlencode(sorted(_filters(call)))}".encode()
    code = hmac.new(call.desk.auth_token().encode(), b"page\n" + this_list + b"\n" + content, hashlib.sha256).digest()
    return base64.urlsafe_b64encode(code[:_CODE_SIZE] + content).rstrip(b"=").decode()


def _cursor(call: Call, token: str) -> Cursor:
    """The cursor of a token of this list. Raises ApiError 20001."""
    try:
        content = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))[_CODE_SIZE:].decode()
    except (binascii.Error, ValueError):
        raise refusals.page_token_invalid() from None
    cursor = Cursor(content[1:], backward=content.startswith(_BEFORE))
    if not hmac.compare_digest(_token(call, cursor).encode(), token.encode()):
        raise refusals.page_token_invalid()
    return cursor
