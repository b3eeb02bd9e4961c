"""Lists, a page at a time: Twilio's envelope, and page tokens that only their own list accepts.

A token names the entry after (or before) which a page begins. So pages stay the same while entries are added, and
reading one costs the same however far down the list it is. A token is encrypted with a key of its list's path and
filters: one that is made up, altered or of another list is refused, and none shows the key of an entry, which may be
one that its reader cannot see.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, TypeVar
from urllib.parse import urlencode

from nacl.exceptions import CryptoError
from nacl.secret import SecretBox
from pydantic import Field

from partyline import refusals
from partyline.api.context import ApiResponse, Call
from partyline.api.field_types import whole_number
from partyline.api.form_model import Clearable, Form
from partyline.frozen_classes import frozen
from partyline.storage.queries import ListPage, Window

DEFAULT_PAGE_SIZE = 50
MAX_PAGE_SIZE, SMALL_MAX_PAGE_SIZE = 100, 50
# Bytes of entries in an answer; Lambda takes 6 MB. A page of very large entries is shorter than was asked for.
MAX_ANSWER_BYTES = 5 * 1024 * 1024
_AFTER, _BEFORE = "a", "b"

Entry = tuple[str, Mapping[str, object]]
Listed = TypeVar("Listed")


class PageQuery(Form):
    """Which page of a list is shown, and how large it is."""

    page_size: Annotated[int, whole_number(minimum=1)] = Field(
        DEFAULT_PAGE_SIZE,
        description="How many entries a page has.",
        json_schema_extra={"minimum": 1, "maximum": MAX_PAGE_SIZE},
    )
    page: Annotated[int, whole_number()] = Field(
        0, description="The number of the page, as `meta` shows it. PageToken says where it begins."
    )
    page_token: Clearable[str] = Field(None, description="The token of a page, from the URLs in `meta`.")


_PAGING_PARAMETERS = frozenset({"PageSize", "Page", "PageToken"})


@frozen
class PagePart:
    """Entries in the list's order, each with its key.

    `more` says that the list goes on in the direction of reading. `ends` are the keys of the first and the last item
    that were read, where some of these are not entries.
    """

    entries: Sequence[Entry]
    more: bool = False
    ends: tuple[str, str] | None = None


def to_page_part(page: ListPage[Listed], show: Callable[[Listed], Mapping[str, object]]) -> PagePart:
    """Turn a page of the storage into what is answered."""
    return PagePart([(key, show(entry)) for key, entry in page.entries], page.more, page.ends)


def build_list_response(
    call: Call, name: str, read: Callable[[Window], PagePart], maximum: int = MAX_PAGE_SIZE
) -> ApiResponse:
    """Build the answer of a list.

    `name` is the list's key in it; `read` reads the part that a window shows. A PageSize beyond the maximum is lowered
    to it: SDKs send a caller's `limit` as PageSize. Raises ApiError 20001.
    """
    query = PageQuery.parse(call.request.query)
    size, number, token = min(query.page_size, maximum), query.page, query.page_token
    window = _parse_token(call, size, token) if token else Window(size)
    part = _limit_bytes(read(window), window)
    before, after = _neighbour_tokens(call, window, part)
    url = _build_url(call, size, number, token)
    meta = {
        "page": number,
        "page_size": size,
        "first_page_url": _build_url(call, size, 0, None),
        "previous_page_url": _build_url(call, size, max(number - 1, 0), before) if before else None,
        "url": url,
        "next_page_url": _build_url(call, size, number + 1, after) if after else None,
        "key": name,
    }
    return ApiResponse(200, {name: [entry for _, entry in part.entries], "meta": meta})


def _limit_bytes(part: PagePart, window: Window) -> PagePart:
    """Keep as many entries, in the direction of reading, as an answer holds."""
    room = MAX_ANSWER_BYTES
    fitting: list[Entry] = []
    for entry in reversed(part.entries) if window.backward else part.entries:
        room -= encoded_size(json.dumps(entry[1], ensure_ascii=False))
        if room < 0 and fitting:
            return PagePart(fitting[::-1] if window.backward else fitting, more=True)
        fitting.append(entry)
    return part


def encoded_size(body: str) -> int:
    """Return the bytes that a body has in a function's answer, where it is a JSON text."""
    return len(json.dumps(body))


def slice_entries(entries: Sequence[Entry], window: Window) -> PagePart:
    """Return the part of a whole list, in the order of its keys, that a window shows."""
    if window.backward:
        shown = [entry for entry in entries if entry[0] < (window.after or "")]
        return PagePart(shown[-window.size :], len(shown) > window.size)
    shown = [entry for entry in entries if entry[0] > (window.after or "")]
    return PagePart(shown[: window.size], len(shown) > window.size)


def _neighbour_tokens(call: Call, window: Window, part: PagePart) -> tuple[str | None, str | None]:
    """Build the tokens of the pages before and after."""
    ends = part.ends or ((part.entries[0][0], part.entries[-1][0]) if part.entries else None)
    if ends is None:
        return None, None
    first, last = ends
    has_previous = part.more if window.backward else window.after is not None
    has_next = window.backward or part.more
    return (
        _build_token(call, first, backward=True) if has_previous else None,
        _build_token(call, last, backward=False) if has_next else None,
    )


def _build_url(call: Call, size: int, number: int, token: str | None) -> str:
    query = [*_list_filters(call), ("PageSize", str(size)), ("Page", str(number))]
    if token:
        query.append(("PageToken", token))
    return f"{call.request.base_url}{call.request.path}?{urlencode(query)}"


def _list_filters(call: Call) -> list[tuple[str, str]]:
    return [(name, value) for name, value in call.request.query.pairs() if name not in _PAGING_PARAMETERS]


def _build_token(call: Call, key: str, *, backward: bool) -> str:
    content, secret = f"{_BEFORE if backward else _AFTER}{key}".encode(), _list_secret(call)
    # From the content, so that a place has one token.
    nonce = hmac.new(secret, content, hashlib.sha256).digest()[: SecretBox.NONCE_SIZE]
    return base64.urlsafe_b64encode(SecretBox(secret).encrypt(content, nonce)).rstrip(b"=").decode()


def _list_secret(call: Call) -> bytes:
    """Derive the secret of the tokens of one list."""
    this_list = f"{call.request.path}?{urlencode(sorted(_list_filters(call)))}".encode()
    return hmac.new(call.context.auth_token().encode(), b"page\n" + this_list, hashlib.sha256).digest()


def _parse_token(call: Call, size: int, token: str) -> Window:
    """Return the window that a token of this list opens. Raises ApiError 20001."""
    try:
        encrypted = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        content = SecretBox(_list_secret(call)).decrypt(encrypted).decode()
    except (binascii.Error, CryptoError, ValueError):
        raise refusals.page_token_invalid() from None
    window = Window(size, content[1:], content.startswith(_BEFORE))
    # Other spellings of the same bytes are refused too.
    if _build_token(call, content[1:], backward=window.backward) != token:
        raise refusals.page_token_invalid()
    return window
