"""The text part of an MMS that has no text: some gateways and phones put the words there, and nowhere else.

What is declared to be plain text is read as that, in its own charset, and may hold what looks like markup: it is never
shown as anything else. A text part that is really a card, a layout or bytes stays the file that it is.
"""

from __future__ import annotations

import codecs
import re
import time
from collections.abc import Iterator
from dataclasses import replace

from partyline.carriers import mms_parts
from partyline.carriers.base import Carrier, InboundMedia, InboundText, MediaAccess
from partyline.domain import normalization
from partyline.domain.messages import MAX_INBOUND_BODY
from partyline.errors import MediaRefused, MediaUnavailable, RequestTimedOut
from partyline.http_client import HttpRequest, HttpResponse, SendRequest
from partyline.media import download, file_types
from partyline.observability import logger

# How long a webhook waits for the words of its text, in seconds, everything included. The narrowest carrier waits two
# for its answer; one that comes later costs a repeat, which changes nothing.
PATIENCE = 1.5
# In bytes, and how many parts: far beyond a text, so that no webhook fetches a large file.
MAX_BYTES = 64 * 1024
MAX_PARTS = 10

# Texts that are files. Other bytes are told by the characters that no text holds: "BM" also begins sentences.
_FILES = frozenset({"text/vcard", "text/calendar", file_types.SMIL})
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_CHARSET = re.compile(r";\s*charset\s*=\s*[\"']?([\w.:+-]{1,40})", re.IGNORECASE | re.ASCII)
# The charsets of MMS, by Python's names. Its other codecs do more than look characters up.
_CODECS = frozenset(
    {
        *("ascii", "utf-8", "utf-16", "utf-16-be", "utf-16-le", "utf-32", "utf-32-be", "utf-32-le"),
        *(f"iso8859-{number}" for number in range(1, 17)),
        *(f"cp125{number}" for number in range(9)),
        *("koi8-r", "koi8-u", "mac-roman", "tis-620", "cp437", "cp850"),
        *("big5", "gb2312", "gbk", "gb18030", "euc_jp", "euc_kr", "cp949", "shift_jis", "iso2022_jp", "iso2022_kr"),
    }
)
# Two-byte Unicode as MMS calls it, and Latin-1 as everybody writes it: with the quotes of Windows.
_OTHER_NAMES = {
    **dict.fromkeys(("iso-10646-ucs-2", "ucs-2", "ucs2"), "utf-16-be"),
    **dict.fromkeys(("iso-8859-1", "latin-1", "latin1"), "cp1252"),
}
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def fetch_words(ask: SendRequest, carrier: Carrier, text: InboundText, until: float) -> InboundText:
    """A text with the words of its text parts, where it has none of its own, or a subject only; else as it came.

    The parts are fetched until a moment of time.monotonic, the same for all texts of a webhook. One that cannot be had
    by then, or is too long for a text, leaves all of them files, which are read when they are collected. Never raises.
    """
    parts = [part for part in text.media if part.url and mms_parts.is_text_part(part.content_type, part.url)]
    has_words = bool(normalization.normalize(text.text)) and not text.only_subject
    if has_words or not 0 < len(parts) <= MAX_PARTS:
        return text
    bounded = _bounded(ask, until)
    try:
        read = {part.url: _read(bounded, carrier.media_access(), part) for part in parts}
    except (MediaRefused, MediaUnavailable) as error:
        logger.warning("text_part.late", carrier=text.carrier, carrier_message_id=text.id, reason=str(error))
        return text
    words = "\n".join(filter(None, read.values()))
    whole = mms_parts.add_subject(text.text, words) if text.only_subject else words
    if not is_within_limit(whole):
        return text
    media = tuple(part for part in text.media if read.get(part.url) is None)
    return replace(text, text=whole, media=media, only_subject=text.only_subject and not words)


def decode_text(content: bytes, *declared: str | None) -> str | None:
    """The words of a text part: '' for one of blanks, None for what is no text. `declared` are the content types that
    it was given; the first charset among them that fits counts, unless the bytes themselves tell another."""
    if file_types.detect_type(content) in _FILES:
        return None
    for charset in _charsets(content, declared):
        try:
            text = content.decode(charset).rstrip("\0")
        except UnicodeError:
            continue
        if not _CONTROLS.search(text):
            return text.replace("\r\n", "\n").strip("\n") if normalization.normalize(text) else ""
    return None


def is_within_limit(words: str) -> bool:
    """Whether words are no longer than a text may be."""
    return len(words.encode()) <= MAX_INBOUND_BODY


def _charsets(content: bytes, declared: tuple[str | None, ...]) -> Iterator[str]:
    yield from (charset for mark, charset in _MARKS if content.startswith(mark))
    for kind in declared:
        if found := _CHARSET.search(kind or ""):
            yield from _codec(found[1].lower())
    yield "utf-8"
    # Two-byte Unicode that does not say so: every other byte of Latin letters is zero.
    if b"\0" in content[:2]:
        yield "utf-16-be" if content.startswith(b"\0") else "utf-16-le"
    yield from ("cp1252", "latin-1")


def _codec(name: str) -> Iterator[str]:
    try:
        codec = codecs.lookup(_OTHER_NAMES.get(name, name)).name
    except (LookupError, ValueError):
        return
    if codec in _CODECS:
        yield codec


def _read(ask: SendRequest, access: MediaAccess, part: InboundMedia) -> str | None:
    answer = download.download_file(ask, access, part.url, part.sha256)
    return decode_text(answer.body, answer.headers.get("content-type"), part.content_type)


def _bounded(ask: SendRequest, deadline: float) -> SendRequest:
    """Requests that end at a moment, all together, and read no more than a text part may have."""

    def send(request: HttpRequest, *, timeout: float, max_body: int) -> HttpResponse:
        left = deadline - time.monotonic()
        if left <= 0:
            raise RequestTimedOut("no time is left")
        return ask(request, timeout=min(timeout, left), max_body=min(max_body, MAX_BYTES))

    return send
