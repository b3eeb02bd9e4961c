"""The names of what is in a ZIP archive, read from its directory without unpacking anything."""

from __future__ import annotations

import struct

# As many as tell what an archive is: documents name what makes them documents early.
_MAX_ENTRIES = 1000
_END, _ENTRY = b"PK\5\6", b"PK\1\2"
# The end of the directory is at the end of the file, behind it a comment of at most this many bytes.
_MAX_COMMENT = 65_535
_END_SIZE, _ENTRY_SIZE = 22, 46
_MAX_NAME = 255


def list_names(content: bytes) -> list[str]:
    """The names in an archive's directory, in its order and in small letters; none where it has no directory."""
    end = content.rfind(_END, max(len(content) - _MAX_COMMENT - _END_SIZE, 0))
    if end < 0 or end + _END_SIZE > len(content):
        return []
    (position,) = struct.unpack_from("<I", content, end + 16)
    found: list[str] = []
    while len(found) < _MAX_ENTRIES and content.startswith(_ENTRY, position):
        if position + _ENTRY_SIZE > len(content):
            break
        name, extra, comment = struct.unpack_from("<HHH", content, position + 28)
        start = position + _ENTRY_SIZE
        found.append(content[start : start + min(name, _MAX_NAME)].decode("utf-8", "replace").lower())
        position = start + name + extra + comment
    return found
