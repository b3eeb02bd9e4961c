"""Separate the files of an MMS from its other parts: its layout, and its text and subject once more."""

from __future__ import annotations

from collections.abc import Iterable

from partyline.carriers.base import InboundMedia
from partyline.domain import normalization

# Phones put the layout of an MMS beside its pictures, and its text once more. Where the text is missing, its words may
# be in that part alone (media.text_part).
_LAYOUT_TYPES = frozenset({"application/smil", "application/smil+xml", "application/xml", "text/xml"})
_LAYOUT_SUFFIXES = (".smil", ".xml")
_TEXT_TYPE, _TEXT_SUFFIX = "text/plain", ".txt"
# What phones write where an MMS has no subject, in letters.
_NO_SUBJECT = frozenset({"", "nosubject"})


def add_subject(subject: str, text: str) -> str:
    """Put the subject of an MMS above its text, as phones show it.

    A subject that phones fill in by themselves ("No Subject", or the text once more) is left out.
    """
    if (
        _letters(subject) in _NO_SUBJECT
        or normalization.normalize(subject).casefold() == normalization.normalize(text).casefold()
    ):
        return text
    return f"{subject}\n{text}" if normalization.normalize(text) else subject


def has_only_subject(subject: str, text: str) -> bool:
    """Whether an MMS has a subject and no other words."""
    return not normalization.normalize(text) and bool(normalization.normalize(add_subject(subject, text)))


def select_files(media: Iterable[InboundMedia], text: str) -> tuple[InboundMedia, ...]:
    """Select the media that the sender attached, by content type or suffix.

    Layout parts (SMIL, XML) are left out, and so are the text parts of a message that has its text.
    """
    has_text = bool(normalization.normalize(text))
    return tuple(part for part in media if not (_is_layout(part) or (has_text and _is_text(part))))


def is_text_part(content_type: str | None, url: str) -> bool:
    """Whether a part of an MMS is plain text, as its carrier declares it or by the end of its name."""
    return _media_type(content_type) == _TEXT_TYPE or _path(url).endswith(_TEXT_SUFFIX)


def _is_text(part: InboundMedia) -> bool:
    return is_text_part(part.content_type, part.url)


def _is_layout(part: InboundMedia) -> bool:
    return _media_type(part.content_type) in _LAYOUT_TYPES or _path(part.url).endswith(_LAYOUT_SUFFIXES)


def _letters(text: str) -> str:
    return "".join(
        char for char in normalization.normalize(text).casefold() if not (char.isspace() or char in "()[]<>")
    )


def _media_type(content_type: str | None) -> str:
    return (content_type or "").partition(";")[0].strip().lower()


def _path(url: str) -> str:
    return url.partition("#")[0].partition("?")[0].lower()
