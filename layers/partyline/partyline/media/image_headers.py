"""What an image says of itself, read without decoding it: its size in pixels, and what decoding it would cost.

A file is walked from block to block, once and forwards. Its work grows with the file at most, and ends early where a
file has more blocks than any real one.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

# More than any camera or program writes. A file can hold millions of blocks that say nothing.
_MAX_BLOCKS = 20_000
# A GIF's data come in blocks of at most 255 bytes; this many hold more than is ever kept of a file.
_MAX_SUB_BLOCKS = 200_000

_PNG = b"\x89PNG\r\n\x1a\n"
# Where what its first chunk says begins, behind a length and a name.
_FIRST_CHUNK = len(_PNG) + 8
# In a JPEG's compressed data: the next byte that is neither a stuffed one, nor a restart, nor filling.
_MARKER = re.compile(rb"\xff([^\x00\xff\xd0-\xd7])")
_SOI, _EOI, _SOS, _APP1 = 0xD8, 0xD9, 0xDA, 0xE1
# Frames that decoders take: baseline, extended, progressive. The others are arithmetic or lossless.
_FRAMES = frozenset({0xC0, 0xC1, 0xC2})
_OTHER_FRAMES = frozenset({0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF})
_PROGRESSIVE = 0xC2
_EXIF = b"Exif\0\0"


class UnreadableImage(ValueError):
    """No image of a known form, or one that no real program would have written."""


@dataclass(frozen=True, slots=True)
class ImageHeader:
    """An image by its headers. `buffered` is how many bytes a decoder holds of it besides its pixels; `scans` are the
    passes over the whole image that a JPEG asks for; `exif` is the size of the camera's notes in bytes."""

    kind: str
    width: int
    height: int
    is_animated: bool = False
    scans: int = 1
    buffered: int = 0
    exif: int = 0

    @property
    def pixels(self) -> int:
        """The number of its pixels."""
        return self.width * self.height


def read_header(content: bytes) -> ImageHeader:
    """The header of an image. Raises Unreadable."""
    try:
        header = _read(content)
    except (struct.error, IndexError):
        raise UnreadableImage("it ends too early") from None
    if not header.pixels:
        raise UnreadableImage("it has no pixels")
    return header


def _read(content: bytes) -> ImageHeader:
    if content.startswith(b"\xff\xd8\xff"):
        return _jpeg(content)
    if content.startswith(_PNG):
        return _png(content)
    if content.startswith((b"GIF87a", b"GIF89a")):
        return _gif(content)
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return _webp(content)
    raise UnreadableImage("it is no image that is known")


def _jpeg(content: bytes) -> ImageHeader:
    frame: tuple[int, int, int, int] | None = None
    scans = exif = 0
    for marker, start, end in _segments(content):
        if marker in _FRAMES and frame is None:
            frame = (marker, *_frame(content, start))
        elif marker in _FRAMES or marker in _OTHER_FRAMES:
            raise UnreadableImage("its frame is of no known kind, or there are several")
        elif marker == _APP1 and content.startswith(_EXIF, start):
            exif += end - start
        elif marker == _SOS:
            scans += 1
    if frame is None or not scans:
        raise UnreadableImage("it has no frame, or nothing in it")
    kind, width, height, coefficients = frame
    # Where the whole image is gone over several times, all of it is held.
    buffered = coefficients if kind == _PROGRESSIVE or scans > 1 else 0
    return ImageHeader("jpeg", width, height, scans=scans, buffered=buffered, exif=exif)


def _segments(content: bytes) -> Iterator[tuple[int, int, int]]:
    """The marker of each segment, and where what it says begins and ends."""
    found, blocks = _MARKER.search(content, 2), 0
    while found and found[1][0] != _EOI:
        blocks += 1
        if blocks > _MAX_BLOCKS or found[1][0] == _SOI:
            raise UnreadableImage("it has too many segments")
        start = found.end() + 2
        (length,) = struct.unpack_from(">H", content, found.end())
        if length < 2:
            raise UnreadableImage("a segment has no length")
        end = start - 2 + length
        yield found[1][0], start, end
        found = _MARKER.search(content, end)


def _frame(content: bytes, start: int) -> tuple[int, int, int]:
    """Width, height and the bytes of all coefficients: two for each, in whole blocks of eight by eight."""
    height, width, components = struct.unpack_from(">HHB", content, start + 1)
    sampling = [content[start + 7 + 3 * number] for number in range(components)]
    across, down = [one >> 4 for one in sampling], [one & 15 for one in sampling]
    if not all((*across, *down)) or not components:
        raise UnreadableImage("its components have no size")
    mcus = -(-width // (8 * max(across))) * -(-height // (8 * max(down)))
    return width, height, mcus * sum(a * d for a, d in zip(across, down, strict=True)) * 64 * 2


def _png(content: bytes) -> ImageHeader:
    (length, kind, width, height) = struct.unpack_from(">I4sII", content, len(_PNG))
    if kind != b"IHDR" or length != 13:
        raise UnreadableImage("it does not begin with its header")
    is_animated, exif = False, 0
    for name, start, size in _chunks(content, len(_PNG), ">I4s", tail=4):
        if name == b"IHDR" and start != _FIRST_CHUNK:
            # Decoders go by the last one.
            raise UnreadableImage("it has several headers")
        if name == b"acTL":
            is_animated |= struct.unpack_from(">I", content, start)[0] > 1
        elif name == b"eXIf":
            exif += size
        elif name == b"IEND":
            break
    return ImageHeader("png", width, height, is_animated, exif=exif)


def _webp(content: bytes) -> ImageHeader:
    width = height = exif = 0
    is_animated = False
    for name, start, size in _chunks(content, 12, "<4sI"):
        across = down = 0
        if name == b"VP8X":
            is_animated |= bool(content[start] & 2)
            across = int.from_bytes(content[start + 4 : start + 7], "little") + 1
            down = int.from_bytes(content[start + 7 : start + 10], "little") + 1
        elif name == b"VP8 ":
            across, down = (side & 0x3FFF for side in struct.unpack_from("<HH", content, start + 6))
        elif name == b"VP8L":
            (bits,) = struct.unpack_from("<I", content, start + 1)
            across, down = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        elif name in (b"ANIM", b"ANMF"):
            is_animated = True
        elif name == b"EXIF":
            exif += size
        width, height = max(width, across), max(height, down)
    return ImageHeader("webp", width, height, is_animated, exif=exif)


def _chunks(content: bytes, position: int, form: str, tail: int = 0) -> Iterator[tuple[bytes, int, int]]:
    """Name, beginning and size of each chunk, whose headers have this form, in whichever order; `tail` bytes follow
    each. WebP's are of even size."""
    head, blocks = struct.calcsize(form), 0
    while position + head <= len(content):
        blocks += 1
        if blocks > _MAX_BLOCKS:
            raise UnreadableImage("it has too many chunks")
        one, other = struct.unpack_from(form, content, position)
        name, size = (one, other) if isinstance(one, bytes) else (other, one)
        yield name, position + head, size
        position += head + size + (tail or size % 2)


def _gif(content: bytes) -> ImageHeader:
    width, height, flags = struct.unpack_from("<HHB", content, 6)
    position, frames, blocks = 13 + _colours(flags), 0, 0
    while position < len(content) and content[position] != 0x3B and frames <= 1:
        blocks += 1
        if blocks > _MAX_BLOCKS:
            raise UnreadableImage("it has too many blocks")
        if content[position] == 0x2C:
            left, top, across, down, flags = struct.unpack_from("<HHHHB", content, position + 1)
            width, height = max(width, left + across), max(height, top + down)
            frames += 1
            position = _after_sub_blocks(content, position + 11 + _colours(flags))
        elif content[position] == 0x21:
            position = _after_sub_blocks(content, position + 2)
        else:
            # Filling, as decoders take it.
            raise UnreadableImage("a block is of no known kind")
    return ImageHeader("gif", width, height, is_animated=frames > 1)


def _colours(flags: int) -> int:
    """The bytes of a table of colours."""
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _after_sub_blocks(content: bytes, position: int) -> int:
    """Where what follows some data begins. Raises IndexError where they do not end."""
    for _ in range(_MAX_SUB_BLOCKS):
        size = content[position]
        position += size + 1
        if not size:
            return position
    raise UnreadableImage("it has too many blocks")
