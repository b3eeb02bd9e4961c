"""List the names in a ZIP archive from its directory, without unpacking anything."""

from __future__ import annotations

import struct

# Enough names to know what an archive is: the names that make it a document come early.
_MAX_ENTRIES = 1000
_END, _ENTRY = b"PK\5\6", b"PK\1\2"
# The directory ends at the end of the file, followed by a comment of at most this many bytes.
_MAX_COMMENT = 65_535
_END_SIZE, _ENTRY_SIZE = 22, 46
_MAX_NAME = 255


def list_names(content: bytes) -> list[str]:
    """Return the names in an archive's directory, in its order and in lower case; [] when it has no directory."""
    end = content.rfind(_END, max(len(content) - _MAX_COMMENT - _END_SIZE, 0))
    if end < 0 or end + _END_SIZE > len(content):
        return []
    (position,) = struct.unpack_from("<I", content, end + 16)
    names: list[str] = []
    while len(names) < _MAX_ENTRIES and content.startswith(_ENTRY, position):
        if position + _ENTRY_SIZE > len(content):
            break
        name_length, extra, comment = struct.unpack_from("<HHH", content, position + 28)
        start = position + _ENTRY_SIZE
        names.append(content[start : start + min(name_length, _MAX_NAME)].decode("utf-8", "replace").lower())
        position = start + name_length + extra + comment
    return names
