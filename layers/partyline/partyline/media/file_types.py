"""Detect the type of a file by its bytes; its declared type and name count only where the bytes are inconclusive.

The formats are those that carriers accept and phones send. Files that a browser runs (HTML, SVG, scripts) and files
that a machine runs are recognised so that they can be refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import PurePosixPath

from partyline.media import archives, formats

BINARY = formats.BINARY
PLAIN = formats.PLAIN
SMIL = formats.SMIL
# Types that are never stored: opened from our address, they would act in our name or run on a machine.
DANGEROUS = frozenset({"text/html", "image/svg+xml", "application/xml", formats.EXECUTABLE})

_CONTROLS = frozenset(range(32)) - {*b"\t\n\f\r\x1b"}
# Markup is recognised within this many characters; browsers look no further.
_HEAD = 1024
# Declared types that are trusted where the bytes are inconclusive: pictures, sound, films and documents of any kind.
_TRUSTED = re.compile(r"(image|audio|video|font|model)/[a-z0-9][a-z0-9.+-]{0,60}|application/vnd\.[a-z0-9.+-]{1,60}")
# A stream may begin with any bytes. Any other file of a known type begins as that type does, or is not of that type.
_STREAMS = ("audio/", "video/")
_UNTRUSTED = re.compile(r"xml|html|script|flash|macro|java|android|package|install|executable|apple\.mpegurl")


def detect_type(content: bytes, declared: str | None = None, name: str = "") -> str:
    """Return the type of a file by its bytes, BINARY where nothing is known.

    The `declared` type and the suffix of `name` decide between types that look alike, and where the bytes are
    inconclusive, unless the type is one that is run.
    """
    hint = _find_hint(declared, name)
    kind = _detect_binary(content, hint)
    if kind is None:
        kind = _detect_text(content, hint)
    return kind or _trust_hint(hint)


def extension_for(kind: str) -> str:
    """Return the suffix of a type, such as "jpg"; "bin" for an unknown type."""
    return formats.EXTENSIONS.get(kind, "bin")


def is_known(kind: str) -> bool:
    """Whether phones and carriers know a type; others are only declared."""
    return kind in formats.EXTENSIONS


def is_shown(kind: str) -> bool:
    """Whether a browser may show a type: pictures, sound, films and PDF. Others are only saved."""
    return kind == "application/pdf" or kind.startswith(("image/", "audio/", "video/"))


def stated_type(declared: str | None) -> str:
    """Return a declared type without its parameters; '' where it says nothing."""
    kind = (declared or "").partition(";")[0].strip().lower()
    return "" if kind in (BINARY, "binary/octet-stream") else formats.ALIASES.get(kind, kind)


def _find_hint(declared: str | None, name: str) -> str:
    """Return the declared type, or the type of the name's suffix; '' where neither says anything."""
    stated = stated_type(declared)
    if stated in ("", PLAIN):
        suffix = PurePosixPath(name).suffix[1:].lower()
        return formats.TYPES.get(suffix) or stated
    return stated


def _trust_hint(hint: str) -> str:
    """Return the hint for a file whose bytes are inconclusive, where it may be right."""
    may_be_right = hint.startswith(_STREAMS) or hint not in formats.EXTENSIONS
    return hint if may_be_right and _TRUSTED.fullmatch(hint) and not _UNTRUSTED.search(hint) else BINARY


def _detect_binary(content: bytes, hint: str) -> str | None:
    """Return the type of a file that is no text; None where its beginning is inconclusive."""
    begins = next((kind for beginning, kind in formats.BEGINNINGS if content.startswith(beginning)), None)
    matches = begins or next((kind for pattern, kind in formats.PATTERNS if pattern.match(content)), None)
    detect = next((detect for place, mark, detect in _CONTAINERS if content.startswith(mark, place)), None)
    return matches or (detect(content, hint) if detect else None)


def _detect_iso_media(content: bytes, hint: str) -> str:
    brand = content[8:12]
    kind = next((kind for pattern, kind in formats.BRANDS if pattern.match(brand)), "video/mp4")
    if kind == "image/heif":
        # This brand has many codecs; the compatible brands name the one that is used.
        others = content[16 : min(int.from_bytes(content[:4]), 256)]
        return next((one for mark, one in ((b"heic", "image/heic"), (b"avif", "image/avif")) if mark in others), kind)
    return _prefer_audio(kind, hint)


def _detect_matroska(content: bytes, hint: str) -> str:
    return _prefer_audio("video/x-matroska" if b"matroska" in content[:64] else "video/webm", hint)


def _detect_ogg(content: bytes, _hint: str) -> str:
    return "video/ogg" if b"\x80theora" in content[:64] else "audio/ogg"


def _detect_windows_media(_content: bytes, hint: str) -> str:
    return hint if hint == "audio/x-ms-wma" else "video/x-ms-wmv"


def _detect_compound(_content: bytes, hint: str) -> str:
    return hint if hint in formats.COMPOUNDS else BINARY


def _prefer_audio(kind: str, hint: str) -> str:
    """Return the audio type of a container that may also have video, where the hint names it."""
    audio = kind.replace("video/", "audio/")
    return audio if hint == audio and audio in formats.EXTENSIONS else kind


def _detect_archive(content: bytes, _hint: str) -> str:
    stated = formats.STATED.match(content, 30)
    names = archives.list_names(content)
    kinds = {kind for pattern, kind in formats.IN_ARCHIVES if any(pattern.fullmatch(name) for name in names)}
    if formats.EXECUTABLE in kinds:
        return formats.EXECUTABLE
    if stated and (kind := stated[1].decode()) in formats.EXTENSIONS:
        return kind
    is_document = "[content_types].xml" in names or "application/vnd.apple.pkpass" in kinds
    return next(iter(sorted(kinds)), formats.ZIP) if is_document else formats.ZIP


def _detect_text(content: bytes, hint: str) -> str | None:
    """Return the type of a text; None for a file that is no text."""
    # UTF-16 begins with a byte order mark, and a browser reads markup in it.
    is_utf16 = content[:2] in (b"\xff\xfe", b"\xfe\xff")
    text, has_known_charset = _decode(content, is_utf16=is_utf16)
    if not text or (not is_utf16 and _CONTROLS & {*content[:_HEAD]}):
        return None
    head = text[:_HEAD].lstrip().lower()
    markup = next((kind for pattern, kind in formats.TEXTS if pattern.search(head)), None)
    if markup or hint in formats.ALIKE:
        return markup or hint
    return PLAIN if has_known_charset else None


def _decode(content: bytes, *, is_utf16: bool) -> tuple[str, bool]:
    """Return the text of a file, and whether it is in a charset that we know."""
    try:
        return content.decode("utf-16" if is_utf16 else "utf-8-sig"), True
    except UnicodeDecodeError:
        # It may be in an older charset, in which the letters of markup are the same.
        return content[: 4 * _HEAD].decode("utf-16" if is_utf16 else "latin-1", "replace"), False


# Containers of several types: the place of the mark, the mark, and the function that returns the type.
_CONTAINERS: tuple[tuple[int, bytes, Callable[[bytes, str], str]], ...] = (
    (4, b"ftyp", _detect_iso_media),
    (0, b"PK\3\4", _detect_archive),
    (0, b"\x1a\x45\xdf\xa3", _detect_matroska),
    (0, b"OggS", _detect_ogg),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", _detect_windows_media),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", _detect_compound),
)
