"""Reading what carriers write: JSON checked field by field, and the parts of an MMS that are no content.

A reader raises Unreadable at the first field that is not what the carrier documents; `events` turns that into a
Malformed event that keeps the webhook as it came, so that one bad part never costs its neighbours.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from partyline.carriers.base import Event, InboundMedia, MalformedWebhook, WebhookRequest
from partyline.domain import normalization

Object = Mapping[str, Any]
# Reads one part of a webhook; raises Unreadable.
Reader = Callable[[], Event]

# What phones put beside the pictures of an MMS: its layout, and its text once more. Where the text is missing its words
# may be in that part alone (media.text_part).
_LAYOUT_TYPES = frozenset({"application/smil", "application/smil+xml", "application/xml", "text/xml"})
_LAYOUT_SUFFIXES = (".smil", ".xml")
_TEXT_TYPE, _TEXT_SUFFIX = "text/plain", ".txt"
# What phones write where an MMS has no subject, in letters.
_NO_SUBJECT = frozenset({"", "nosubject"})

# The query parameter of our callback URL that holds our tag, for carriers that echo nothing but the URL itself.
TAG_PARAMETER = "send"


class UnreadablePayload(ValueError):
    """A payload that is not what its carrier documents. Its text names the field and never repeats the content."""


def load(body: bytes) -> object:
    """Decode JSON. Raises Unreadable, also for nesting that no carrier sends."""
    try:
        document: object = json.loads(body)
    except (ValueError, RecursionError):
        raise UnreadablePayload("not JSON") from None
    return document


def events(body: bytes, split: Callable[[object], Iterable[Reader]]) -> list[Event]:
    """The events of a JSON webhook, in its order: `split` makes a reader for each part. Never raises."""
    raw = body.decode("utf-8", "backslashreplace")
    try:
        readers = list(split(load(body)))
    except UnreadablePayload as why:
        return [MalformedWebhook(str(why), raw)]
    return [attempt(reader, raw) for reader in readers]


def attempt(reader: Reader, raw: str) -> Event:
    """What the reader reads; Malformed with `raw` when it cannot."""
    try:
        return reader()
    except UnreadablePayload as why:
        return MalformedWebhook(str(why), raw)


def mapping(value: object, name: str) -> Object:
    """A JSON object. Raises Unreadable."""
    if not isinstance(value, dict):
        raise UnreadablePayload(f"{name} is not an object")
    return value


def items(holder: Object, name: str) -> list[Any]:
    """A list that may be absent or null (both mean empty). Raises Unreadable."""
    value = holder.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise UnreadablePayload(f"{name} is not a list")
    return value


def optional(holder: Object, name: str) -> str:
    """A string that may be absent or null (both mean empty). Raises Unreadable."""
    value = holder.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise UnreadablePayload(f"{name} is not a string")
    return _whole(value)


def string(holder: Object, name: str) -> str:
    """A string that has to be there. Raises Unreadable."""
    value = optional(holder, name)
    if not value:
        raise UnreadablePayload(f"{name} is missing")
    return value


def address(holder: Object, name: str) -> str:
    """An address, written as a string or as {"phone_number": ...}. Raises Unreadable."""
    value = holder.get(name)
    return string(value, "phone_number") if isinstance(value, dict) else string(holder, name)


def addresses(holder: Object, name: str) -> tuple[str, ...]:
    """A list of addresses, absent and null being empty. Raises Unreadable: a roster less one is another thread."""
    return tuple(address({name: entry}, name) for entry in items(holder, name))


def code(value: object) -> str | None:
    """A carrier's own code, which is a number in some payloads and a string in others; None when there is none."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return _whole(value) if isinstance(value, str) and value else None


def moment(*written: object) -> datetime | None:
    """The first of a carrier's times (ISO 8601, UTC without a zone) that can be read; None when none can, so that no
    text is lost for its time."""
    return next((found for found in map(_moment, written) if found), None)


def _moment(written: object) -> datetime | None:
    if not isinstance(written, str):
        return None
    try:
        found = datetime.fromisoformat(written)
        return found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def tag(request: WebhookRequest) -> str | None:
    """Our own tag, as the callback URL that we gave to the carrier brings it back."""
    return request.query.get(TAG_PARAMETER) or None


def headed(subject: str, text: str) -> str:
    """A text with the subject of its MMS above it, as phones show it. A subject that phones fill in by themselves
    ("No Subject", or the text once more) is left out."""
    if (
        _letters(subject) in _NO_SUBJECT
        or normalization.normalize(subject).casefold() == normalization.normalize(text).casefold()
    ):
        return text
    return f"{subject}\n{text}" if normalization.normalize(text) else subject


def is_only_subject(subject: str, text: str) -> bool:
    """Whether a text has a subject and no other words."""
    return not normalization.normalize(text) and bool(normalization.normalize(headed(subject, text)))


def content(media: Iterable[InboundMedia], text: str) -> tuple[InboundMedia, ...]:
    """The media that somebody meant to send: layout parts (SMIL, XML) are left out, and text parts of a message that
    has its text, by content type or suffix."""
    return tuple(part for part in media if not _wraps(part, has_text=bool(normalization.normalize(text))))


def is_text_part(content_type: str | None, url: str) -> bool:
    """Whether a part of an MMS is plain text, as its carrier declares it or by the end of its name."""
    return _kind(content_type) == _TEXT_TYPE or _path(url).endswith(_TEXT_SUFFIX)


def _letters(text: str) -> str:
    return "".join(one for one in normalization.normalize(text).casefold() if not (one.isspace() or one in "()[]<>"))


def _whole(text: str) -> str:
    # JSON can spell half a surrogate pair; nothing that stores or sends UTF-8 can.
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _wraps(part: InboundMedia, *, has_text: bool) -> bool:
    repeats = has_text and is_text_part(part.content_type, part.url)
    return repeats or _kind(part.content_type) in _LAYOUT_TYPES or _path(part.url).endswith(_LAYOUT_SUFFIXES)


def _kind(content_type: str | None) -> str:
    return (content_type or "").partition(";")[0].strip().lower()


def _path(url: str) -> str:
    return url.partition("#")[0].partition("?")[0].lower()
