"""Read the text part of an MMS without text: some gateways and phones put the words there, and nowhere else.

A part that is declared to be plain text is read in its own charset. It may contain what looks like markup: it is never
shown as anything but text. A text part that is really a card, a layout or binary data stays a file.
"""

from __future__ import annotations

import codecs
import re
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from partyline.carriers import mms_parts
from partyline.carriers.base import Carrier, InboundMedia, InboundText, MediaAccess
from partyline.domain import normalization
from partyline.domain.media import MediaReference
from partyline.domain.messages import MAX_INBOUND_BODY
from partyline.errors import MediaRefused, MediaUnavailable, RequestTimedOut
from partyline.frozen_classes import frozen, replace
from partyline.http_client import HttpRequest, HttpResponse, SendRequest
from partyline.media import download, file_types
from partyline.observability import logger

# How long a webhook waits for the words of its text, in seconds, everything included. The shortest timeout of a carrier
# is two seconds; a later answer costs a repeat of the webhook, which changes nothing.
PATIENCE = 1.5
# The longest text part in bytes, and the most parts: far more than a text has, so that no webhook fetches a large file.
MAX_BYTES = 64 * 1024
MAX_PARTS = 10

# Texts that stay files. Other files are known by characters that no text contains: their first bytes can be the start
# of a sentence ("BM" is a bitmap's).
_FILES = frozenset({"text/vcard", "text/calendar", file_types.SMIL})
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_CHARSET = re.compile(r";\s*charset\s*=\s*[\"']?([\w.:+-]{1,40})", re.IGNORECASE | re.ASCII)
# The charsets of MMS, by Python's names. Other codecs of Python do more than look characters up.
_CODECS = frozenset(
    {
        *("ascii", "utf-8", "utf-16", "utf-16-be", "utf-16-le", "utf-32", "utf-32-be", "utf-32-le"),
        *(f"iso8859-{number}" for number in range(1, 17)),
        *(f"cp125{number}" for number in range(9)),
        *("koi8-r", "koi8-u", "mac-roman", "tis-620", "cp437", "cp850"),
        *("big5", "gb2312", "gbk", "gb18030", "euc_jp", "euc_kr", "cp949", "shift_jis", "iso2022_jp", "iso2022_kr"),
    }
)
# Two-byte Unicode as MMS calls it, and Latin-1 as it is written in practice: with the quotes of Windows.
_OTHER_NAMES = {
    **dict.fromkeys(("iso-10646-ucs-2", "ucs-2", "ucs2"), "utf-16-be"),
    **dict.fromkeys(("iso-8859-1", "latin-1", "latin1"), "cp1252"),
}
_BYTE_ORDER_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


@frozen
class CompletedText:
    """A message whose body came from one of its files.

    `unanswered` is set when the words were a keyword whose answer is withheld (opt_outs.is_answer_allowed).
    """

    unanswered: bool


# Makes the words of a text part the body of its message; None when the message is gone or the part was finished before.
CompleteText = Callable[[MediaReference, str, datetime], CompletedText | None]


def fetch_words(send: SendRequest, carrier: Carrier, text: InboundText, until: float) -> InboundText:
    """Return a text with the words of its text parts, if it has no words or only a subject; else unchanged.

    The parts are fetched until a moment of time.monotonic, the same for all texts of a webhook. When one of them is not
    there by then, or the words are too long, all of them stay files, which are read when they are ingested.

    Never raises.
    """
    parts = _find_text_parts(text)
    if not 0 < len(parts) <= MAX_PARTS:
        return text
    bounded = _bounded(send, until)
    try:
        words_by_url = {part.url: _read(bounded, carrier.media_access(), part) for part in parts}
    except (MediaRefused, MediaUnavailable) as error:
        logger.warning("text_part.late", carrier=text.carrier, carrier_message_id=text.id, reason=str(error))
        return text
    return _with_words(text, words_by_url)


def _find_text_parts(text: InboundText) -> list[InboundMedia]:
    """Return the text parts of a text without words of its own."""
    if normalization.normalize(text.text) and not text.only_subject:
        return []
    return [part for part in text.media if part.url and mms_parts.is_text_part(part.content_type, part.url)]


def _with_words(text: InboundText, words_by_url: Mapping[str, str | None]) -> InboundText:
    """Return a text with the words of its parts. A part whose words are None is no text and stays a file."""
    words = "\n".join(filter(None, words_by_url.values()))
    body = mms_parts.add_subject(text.text, words) if text.only_subject else words
    if not is_within_limit(body):
        return text
    media = tuple(part for part in text.media if words_by_url.get(part.url) is None)
    return replace(text, text=body, media=media, only_subject=text.only_subject and not words)


def decode_text(content: bytes, *declared: str | None) -> str | None:
    """Return the words of a text part: '' when it is blank, None when it is no text.

    `declared` are its content types, from the webhook and the response. The first charset among them that fits is used,
    unless a byte order mark names another.
    """
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
    """Yield the charsets to try, the most likely first."""
    yield from (charset for mark, charset in _BYTE_ORDER_MARKS if content.startswith(mark))
    for kind in declared:
        if found := _CHARSET.search(kind or ""):
            yield from _find_codec(found[1].lower())
    yield "utf-8"
    # Two-byte Unicode without a mark: every other byte of Latin letters is zero.
    if b"\0" in content[:2]:
        yield "utf-16-be" if content.startswith(b"\0") else "utf-16-le"
    yield from ("cp1252", "latin-1")


def _find_codec(name: str) -> Iterator[str]:
    try:
        codec = codecs.lookup(_OTHER_NAMES.get(name, name)).name
    except (LookupError, ValueError):
        return
    if codec in _CODECS:
        yield codec


def _read(send: SendRequest, access: MediaAccess, part: InboundMedia) -> str | None:
    answer = download.download_file(send, access, part.url, part.sha256)
    return decode_text(answer.body, answer.headers.get("content-type"), part.content_type)


def _bounded(send: SendRequest, deadline: float) -> SendRequest:
    """Wrap `send`: all its requests end before one deadline, and read no more than a text part may have."""

    def send_in_time(request: HttpRequest, *, timeout: float, max_body: int) -> HttpResponse:
        seconds_left = deadline - time.monotonic()
        if seconds_left <= 0:
            raise RequestTimedOut("no time is left")
        return send(request, timeout=min(timeout, seconds_left), max_body=min(max_body, MAX_BYTES))

    return send_in_time
