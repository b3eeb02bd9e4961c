"""What a file is, by its own first bytes. What its sender, or its name, says of it is not believed.

The formats are those that carriers take and phones send. What a browser would run (HTML, SVG, scripts) and what a
machine would run is recognised to be refused.
"""

from __future__ import annotations

import re

BINARY = "application/octet-stream"
PLAIN = "text/plain"
SMIL = "application/smil"
# What is never kept: opened from our address it would act in our name, or on somebody's machine.
DANGEROUS = frozenset({"text/html", "image/svg+xml", "application/xml", "application/x-executable"})

_EXTENSIONS = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/gif": "gif",
    "image/webp": "webp",
    "image/bmp": "bmp",
    "image/tiff": "tif",
    "image/heic": "heic",
    "image/avif": "avif",
    "audio/amr": "amr",
    "audio/mpeg": "mp3",
    "audio/mp4": "m4a",
    "audio/ogg": "ogg",
    "audio/wav": "wav",
    "audio/3gpp": "3ga",
    "video/mp4": "mp4",
    "video/3gpp": "3gp",
    "video/quicktime": "mov",
    "video/webm": "webm",
    "application/pdf": "pdf",
    "text/vcard": "vcf",
    "text/calendar": "ics",
    PLAIN: "txt",
}
_BEGINNINGS = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"BM", "image/bmp"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"#!AMR", "audio/amr"),
    (b"ID3", "audio/mpeg"),
    (b"OggS", "audio/ogg"),
    (b"\x1a\x45\xdf\xa3", "video/webm"),
    (b"%PDF-", "application/pdf"),
    (b"MZ", "application/x-executable"),
    (b"\x7fELF", "application/x-executable"),
    (b"\xca\xfe\xba\xbe", "application/x-executable"),
    (b"\xcf\xfa\xed\xfe", "application/x-executable"),
    (b"#!", "application/x-executable"),
)
# The brand of an ISO base media file, in its first box.
_BRANDS = (
    (re.compile(rb"hei[cxms]|hev[cxms]|mif1|msf1"), "image/heic"),
    (re.compile(rb"avi[fs]"), "image/avif"),
    (re.compile(rb"M4[AB] "), "audio/mp4"),
    (re.compile(rb"qt  "), "video/quicktime"),
    (re.compile(rb"3g[ep2s]."), "video/3gpp"),
)
_RIFF = {b"WEBP": "image/webp", b"WAVE": "audio/wav"}
# MPEG audio without tags: eleven bits of synchronisation, a version, layer III.
_MPEG_FRAME = re.compile(rb"\xff[\xe2\xe3\xf2\xf3\xfa\xfb]")
_CONTROLS = frozenset(range(32)) - {*b"\t\n\f\r\x1b"}
# Markup is recognised within this many characters: browsers look no further.
_HEAD = 1024
_TEXTS = (
    (re.compile(r"^begin:vcard"), "text/vcard"),
    (re.compile(r"^begin:vcalendar"), "text/calendar"),
    (re.compile(r"<smil"), SMIL),
    (re.compile(r"<svg"), "image/svg+xml"),
    (re.compile(r"<(!doctype html|html|head|body|script|iframe|img|a\s|div|style|title|table|h1)"), "text/html"),
    (re.compile(r"^<(\?xml|!)"), "application/xml"),
)


def content_type(content: bytes, declared: str | None = None) -> str:
    """The type of a file. `declared` decides only between kinds of text that look alike, and between sound and picture
    in containers that may have either; what nothing is known of is BINARY."""
    said = (declared or "").partition(";")[0].strip().lower()
    for beginning, kind in _BEGINNINGS:
        if content.startswith(beginning):
            return kind
    if content[:4] == b"RIFF" and content[8:12] in _RIFF:
        return _RIFF[content[8:12]]
    if content[4:8] == b"ftyp":
        return _of_brand(content[8:12], said)
    if _MPEG_FRAME.match(content):
        return "audio/mpeg"
    return _of_text(content)


def extension(kind: str) -> str:
    """What the name of a file of this type ends in: "jpg"; "bin" for one that nothing is known of."""
    return _EXTENSIONS.get(kind, "bin")


def _of_brand(brand: bytes, said: str) -> str:
    kind = next((kind for pattern, kind in _BRANDS if pattern.match(brand)), "video/mp4")
    sound = kind.replace("video/", "audio/")
    return sound if said == sound and sound in _EXTENSIONS else kind


def _of_text(content: bytes) -> str:
    wide = content[:2] in (b"\xff\xfe", b"\xfe\xff")
    try:
        # UTF-16 says so in its first two bytes, and a browser reads markup in it.
        text = content.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError:
        return BINARY
    if not text or (not wide and _CONTROLS & {*content[:_HEAD]}):
        return BINARY
    head = text[:_HEAD].lstrip().lower()
    return next((kind for pattern, kind in _TEXTS if pattern.search(head)), PLAIN)
