"""What a file is, by its own first bytes. What its sender, or its name, says of it counts only where they do not tell.

The formats are those that carriers take and phones send. What a browser would run (HTML, SVG, scripts) and what a
machine would run is recognised to be refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import PurePosixPath

from partyline.media import archives, formats

BINARY = formats.BINARY
PLAIN = formats.PLAIN
SMIL = formats.SMIL
# What is never kept: opened from our address it would act in our name, or on somebody's machine.
DANGEROUS = frozenset({"text/html", "image/svg+xml", "application/xml", formats.EXECUTABLE})

_CONTROLS = frozenset(range(32)) - {*b"\t\n\f\r\x1b"}
# Markup is recognised within this many characters: browsers look no further.
_HEAD = 1024
# A type that may be taken on trust where the bytes tell none: a picture, sound, film or document, of whatever kind.
_TRUSTED = re.compile(r"(image|audio|video|font|model)/[a-z0-9][a-z0-9.+-]{0,60}|application/vnd\.[a-z0-9.+-]{1,60}")
# A stream may begin anywhere; other files of a known type begin as that type does, or are none.
_STREAMS = ("audio/", "video/")
_UNTRUSTED = re.compile(r"xml|html|script|flash|macro|java|android|package|install|executable|apple\.mpegurl")


def detect_type(content: bytes, declared: str | None = None, name: str = "") -> str:
    """The type of a file, by its bytes. What is `declared` of it, and the suffix of its `name`, decide between kinds
    that look alike, and where the bytes tell nothing, unless it would be one that is run; what nothing is known of is
    BINARY."""
    said = _said(declared, name)
    kind = _of_bytes(content, said)
    if kind is None:
        kind = _of_text(content, said)
    return kind or _trusted(said)


def extension_for(kind: str) -> str:
    """What the name of a file of this type ends in: "jpg"; "bin" for one that nothing is known of."""
    return formats.EXTENSIONS.get(kind, "bin")


def is_known(kind: str) -> bool:
    """Whether it is a type that phones and carriers know, not one that was only declared."""
    return kind in formats.EXTENSIONS


def is_shown(kind: str) -> bool:
    """Whether a browser may show a file of this type: a picture, sound, film or PDF. Others are only saved."""
    return kind == "application/pdf" or kind.startswith(("image/", "audio/", "video/"))


def stated_type(declared: str | None) -> str:
    """What a declared type says, without its parameters; '' where it says nothing."""
    said = (declared or "").partition(";")[0].strip().lower()
    return "" if said in (BINARY, "binary/octet-stream") else formats.ALIASES.get(said, said)


def _said(declared: str | None, name: str) -> str:
    """The type that was declared, or else that the name ends in; '' for none that says anything."""
    said = stated_type(declared)
    if said in ("", PLAIN):
        suffix = PurePosixPath(name).suffix[1:].lower()
        return formats.TYPES.get(suffix) or said
    return said


def _trusted(said: str) -> str:
    """What is said of a file of which the bytes tell nothing, where it may be so."""
    is_open = said.startswith(_STREAMS) or said not in formats.EXTENSIONS
    return said if is_open and _TRUSTED.fullmatch(said) and not _UNTRUSTED.search(said) else BINARY


def _of_bytes(content: bytes, said: str) -> str | None:
    """The type of a file that is no text; None where the beginning does not tell."""
    begins = next((kind for beginning, kind in formats.BEGINNINGS if content.startswith(beginning)), None)
    matches = begins or next((kind for pattern, kind in formats.PATTERNS if pattern.match(content)), None)
    reader = next((read for place, mark, read in _CONTAINERS if content.startswith(mark, place)), None)
    return matches or (reader(content, said) if reader else None)


def _of_brand(content: bytes, said: str) -> str:
    brand = content[8:12]
    kind = next((kind for pattern, kind in formats.BRANDS if pattern.match(brand)), "video/mp4")
    if kind == "image/heif":
        # A brand of many codecs: the others that it is compatible with say which.
        others = content[16 : min(int.from_bytes(content[:4]), 256)]
        return next((one for mark, one in ((b"heic", "image/heic"), (b"avif", "image/avif")) if mark in others), kind)
    return _sound(kind, said)


def _of_matroska(content: bytes, said: str) -> str:
    return _sound("video/x-matroska" if b"matroska" in content[:64] else "video/webm", said)


def _of_ogg(content: bytes, _said: str) -> str:
    return "video/ogg" if b"\x80theora" in content[:64] else "audio/ogg"


def _of_windows_media(_content: bytes, said: str) -> str:
    return said if said == "audio/x-ms-wma" else "video/x-ms-wmv"


def _of_compound(_content: bytes, said: str) -> str:
    return said if said in formats.COMPOUNDS else BINARY


def _sound(kind: str, said: str) -> str:
    """Sound in a container that may have pictures too, where it is said to be sound."""
    sound = kind.replace("video/", "audio/")
    return sound if said == sound and sound in formats.EXTENSIONS else kind


def _of_archive(content: bytes, _said: str) -> str:
    stated = formats.STATED.match(content, 30)
    named = archives.list_names(content)
    kinds = {kind for pattern, kind in formats.IN_ARCHIVES if any(pattern.fullmatch(name) for name in named)}
    if formats.EXECUTABLE in kinds:
        return formats.EXECUTABLE
    if stated and (kind := stated[1].decode()) in formats.EXTENSIONS:
        return kind
    is_document = "[content_types].xml" in named or "application/vnd.apple.pkpass" in kinds
    return next(iter(sorted(kinds)), formats.ZIP) if is_document else formats.ZIP


def _of_text(content: bytes, said: str) -> str | None:
    """The type of a text; None for what is none."""
    wide = content[:2] in (b"\xff\xfe", b"\xfe\xff")
    try:
        # UTF-16 says so in its first two bytes, and a browser reads markup in it.
        text, is_known = content.decode("utf-16" if wide else "utf-8-sig"), True
    except UnicodeDecodeError:
        # Of some older charset, in which every letter of markup is the same.
        text, is_known = content[: 4 * _HEAD].decode("utf-16" if wide else "latin-1", "replace"), False
    if not text or (not wide and _CONTROLS & {*content[:_HEAD]}):
        return None
    head = text[:_HEAD].lstrip().lower()
    marked = next((kind for pattern, kind in formats.TEXTS if pattern.search(head)), None)
    if marked or said in formats.ALIKE:
        return marked or said
    return PLAIN if is_known else None


# What holds files of several types: where its mark is, the mark, and who tells which of them it is.
_CONTAINERS: tuple[tuple[int, bytes, Callable[[bytes, str], str]], ...] = (
    (4, b"ftyp", _of_brand),
    (0, b"PK\3\4", _of_archive),
    (0, b"\x1a\x45\xdf\xa3", _of_matroska),
    (0, b"OggS", _of_ogg),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", _of_windows_media),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", _of_compound),
)
