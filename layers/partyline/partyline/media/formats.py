"""The file formats that carriers accept and phones send: their suffixes, and the bytes that they begin with."""

from __future__ import annotations

import re

BINARY = "application/octet-stream"
PLAIN = "text/plain"
SMIL = "application/smil"
EXECUTABLE = "application/x-executable"
ZIP = "application/zip"
OFFICE = "application/vnd.openxmlformats-officedocument"
EXTENSIONS = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/gif": "gif",
    "image/webp": "webp",
    "image/bmp": "bmp",
    "image/tiff": "tif",
    "image/heic": "heic",
    "image/heif": "heif",
    "image/avif": "avif",
    "image/jp2": "jp2",
    "image/jxl": "jxl",
    "image/vnd.adobe.photoshop": "psd",
    "image/x-icon": "ico",
    "audio/aac": "aac",
    "audio/aiff": "aif",
    "audio/amr": "amr",
    "audio/amr-wb": "awb",
    "audio/basic": "au",
    "audio/flac": "flac",
    "audio/midi": "mid",
    "audio/mpeg": "mp3",
    "audio/mp4": "m4a",
    "audio/ogg": "ogg",
    "audio/qcelp": "qcp",
    "audio/wav": "wav",
    "audio/webm": "weba",
    "audio/x-caf": "caf",
    "audio/x-ms-wma": "wma",
    "audio/3gpp": "3ga",
    "video/mp4": "mp4",
    "video/mpeg": "mpg",
    "video/ogg": "ogv",
    "video/3gpp": "3gp",
    "video/3gpp2": "3g2",
    "audio/3gpp2": "3g2",
    "video/quicktime": "mov",
    "video/webm": "webm",
    "video/x-flv": "flv",
    "video/x-matroska": "mkv",
    "video/x-ms-wmv": "wmv",
    "video/x-msvideo": "avi",
    "application/pdf": "pdf",
    "application/rtf": "rtf",
    "application/json": "json",
    "application/msword": "doc",
    "application/vnd.ms-excel": "xls",
    "application/vnd.ms-outlook": "msg",
    "application/vnd.ms-powerpoint": "ppt",
    f"{OFFICE}.wordprocessingml.document": "docx",
    f"{OFFICE}.spreadsheetml.sheet": "xlsx",
    f"{OFFICE}.presentationml.presentation": "pptx",
    "application/vnd.oasis.opendocument.text": "odt",
    "application/vnd.oasis.opendocument.spreadsheet": "ods",
    "application/vnd.oasis.opendocument.presentation": "odp",
    "application/epub+zip": "epub",
    "application/vnd.apple.pkpass": "pkpass",
    ZIP: "zip",
    "application/gzip": "gz",
    "application/vnd.rar": "rar",
    "application/x-7z-compressed": "7z",
    "application/x-tar": "tar",
    "application/x-xz": "xz",
    "text/vcard": "vcf",
    "text/calendar": "ics",
    "text/csv": "csv",
    "text/markdown": "md",
    "text/tab-separated-values": "tsv",
    PLAIN: "txt",
}
# Other names of the same types that phones and carriers use.
ALIASES = {
    "application/vcard": "text/vcard",
    "application/x-zip-compressed": ZIP,
    "audio/m4a": "audio/mp4",
    "audio/mp3": "audio/mpeg",
    "audio/vnd.wave": "audio/wav",
    "audio/x-aac": "audio/aac",
    "audio/x-aiff": "audio/aiff",
    "audio/x-m4a": "audio/mp4",
    "audio/x-wav": "audio/wav",
    "image/jpg": "image/jpeg",
    "image/pjpeg": "image/jpeg",
    "image/vnd.microsoft.icon": "image/x-icon",
    "text/directory": "text/vcard",
    "text/rtf": "application/rtf",
    "text/x-vcalendar": "text/calendar",
    "text/x-vcard": "text/vcard",
    "video/avi": "video/x-msvideo",
}
BEGINNINGS = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"8BPS\0\1", "image/vnd.adobe.photoshop"),
    (b"\0\0\1\0", "image/x-icon"),
    (b"\0\0\0\x0cjP  ", "image/jp2"),
    (b"\0\0\0\x0cJXL ", "image/jxl"),
    (b"\xff\x0a", "image/jxl"),
    (b"#!AMR-WB", "audio/amr-wb"),
    (b"#!AMR", "audio/amr"),
    (b".snd", "audio/basic"),
    (b"caff\0", "audio/x-caf"),
    (b"fLaC", "audio/flac"),
    (b"ID3\2", "audio/mpeg"),
    (b"ID3\3", "audio/mpeg"),
    (b"ID3\4", "audio/mpeg"),
    (b"MThd", "audio/midi"),
    (b"FLV\1", "video/x-flv"),
    (b"\0\0\1\xba", "video/mpeg"),
    (b"\0\0\1\xb3", "video/mpeg"),
    (b"%PDF-", "application/pdf"),
    (b"{\\rtf", "application/rtf"),
    (b"\x1f\x8b\x08", "application/gzip"),
    (b"PK\5\6", ZIP),
    (b"\xfd7zXZ\0", "application/x-xz"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"\x7fELF", EXECUTABLE),
    (b"\xca\xfe\xba\xbe", EXECUTABLE),
    (b"\xca\xfe\xba\xbf", EXECUTABLE),
    (b"\xfe\xed\xfa\xce", EXECUTABLE),
    (b"\xfe\xed\xfa\xcf", EXECUTABLE),
    (b"\xce\xfa\xed\xfe", EXECUTABLE),
    (b"\xcf\xfa\xed\xfe", EXECUTABLE),
    (b"\0asm", EXECUTABLE),
    (b"dex\n", EXECUTABLE),
    (b"L\0\0\0\1\x14\2\0", EXECUTABLE),  # a shortcut of Windows
    (b"ITSF", EXECUTABLE),  # a help file of Windows, which runs scripts
    (b"Cr24", EXECUTABLE),  # an extension of a browser
    (b"!<arch>\n", EXECUTABLE),
    (b"\xed\xab\xee\xdb", EXECUTABLE),
    (b"#!", EXECUTABLE),
)
# Types by suffix.
TYPES = {suffix: kind for kind, suffix in reversed(EXTENSIONS.items())}

# Types whose mark is not at the very beginning, or is longer than a fixed beginning.
PATTERNS = tuple(
    (re.compile(pattern, re.DOTALL), kind)
    for pattern, kind in (
        (rb"MZ.{0,61}\0", EXECUTABLE),  # its header contains a 32-bit offset within the file, which has zero bytes
        (rb"BM.{4}\0{4}", "image/bmp"),  # two letters alone may begin a sentence
        (rb"RIFF.{4}WEBP", "image/webp"),
        (rb"RIFF.{4}WAVE", "audio/wav"),
        (rb"RIFF.{4}AVI ", "video/x-msvideo"),
        (rb"RIFF.{4}QLCM", "audio/qcelp"),
        (rb"FORM.{4}AIF[FC]", "audio/aiff"),
        # MPEG audio without tags: eleven bits of synchronisation, a version, layer II or III; AAC has the layer 0.
        (rb"\xff[\xe2-\xe5\xf2-\xf5\xfa-\xfd]", "audio/mpeg"),
        (rb"\xff[\xf0\xf1\xf8\xf9][\x00-\x33\x40-\x73\x80-\xb3\xc0-\xf3]", "audio/aac"),
        (rb".{257}ustar", "application/x-tar"),
    )
)
# The brands of ISO base media files, in the first box.
BRANDS = (
    (re.compile(rb"hei[cxms]|hev[cxms]"), "image/heic"),
    (re.compile(rb"mif1|msf1"), "image/heif"),
    (re.compile(rb"avi[fs]"), "image/avif"),
    (re.compile(rb"M4[AB] "), "audio/mp4"),
    (re.compile(rb"qt  "), "video/quicktime"),
    (re.compile(rb"3g2."), "video/3gpp2"),
    (re.compile(rb"3g[eps]."), "video/3gpp"),
)
# Types of archives by the names in them: documents, and archives that a machine runs.
IN_ARCHIVES = (
    (re.compile(r"meta-inf/manifest\.mf|androidmanifest\.xml|classes\.dex|.*/vbaproject\.bin"), EXECUTABLE),
    (re.compile(r"word/.*"), f"{OFFICE}.wordprocessingml.document"),
    (re.compile(r"xl/.*"), f"{OFFICE}.spreadsheetml.sheet"),
    (re.compile(r"ppt/.*"), f"{OFFICE}.presentationml.presentation"),
    (re.compile(r"pass\.json"), "application/vnd.apple.pkpass"),
)
# Some archives contain their type as the first file, uncompressed.
STATED = re.compile(rb"mimetype(application/[a-z0-9.+-]{1,60})")
# Older office documents share one container; its first bytes do not distinguish them.
COMPOUNDS = frozenset(
    {
        "application/msword",
        "application/vnd.ms-excel",
        "application/vnd.ms-outlook",
        "application/vnd.ms-powerpoint",
    }
)
TEXTS = (
    (re.compile(r"^begin:vcard"), "text/vcard"),
    (re.compile(r"^begin:vcalendar"), "text/calendar"),
    (re.compile(r"<smil"), SMIL),
    (re.compile(r"<svg"), "image/svg+xml"),
    (re.compile(r"<(!doctype html|html|head|body|script|iframe|img|a\s|div|style|title|table|h1)"), "text/html"),
    (re.compile(r"^<(\?xml|!)"), "application/xml"),
)
# Texts that cannot be distinguished by their content.
ALIKE = frozenset({PLAIN, "text/csv", "text/markdown", "text/tab-separated-values", "application/json"})
