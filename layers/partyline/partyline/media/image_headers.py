"""Read the headers of an image without decoding it: its size in pixels, and what decoding it would cost.

A file is walked from block to block, once and forwards. The work is at most proportional to the file, and ends early in
a file that has more blocks than any real one.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Sequence

from partyline.frozen_classes import frozen

# More blocks than any camera or program writes. A file can contain millions of empty ones.
_MAX_BLOCKS = 20_000
# The data of a GIF comes in blocks of at most 255 bytes; this many hold more than is ever stored of a file.
_MAX_SUB_BLOCKS = 200_000

_PNG = b"\x89PNG\r\n\x1a\n"
# Where the data of the first chunk begins, behind its length and its name.
_FIRST_CHUNK = len(_PNG) + 8
# In the compressed data of a JPEG: the next marker that is neither a stuffed byte, nor a restart, nor padding.
_MARKER = re.compile(rb"\xff([^\x00\xff\xd0-\xd7])")
_SOI, _EOI, _SOS, _APP1 = 0xD8, 0xD9, 0xDA, 0xE1
# Frames that decoders support: baseline, extended, progressive. The others are arithmetic or lossless.
_FRAMES = frozenset({0xC0, 0xC1, 0xC2})
_OTHER_FRAMES = frozenset({0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF})
_PROGRESSIVE = 0xC2
_EXIF = b"Exif\0\0"


class UnreadableImage(ValueError):
    """The file is no image of a known format, or none that a real program would have written."""


@frozen
class ImageHeader:
    """An image by its headers.

    `buffered` is how many bytes a decoder holds besides the pixels. `scans` is how many passes over the whole image a
    JPEG takes. `exif` is the size of the camera's metadata in bytes.
    """

    kind: str
    width: int
    height: int
    is_animated: bool = False
    scans: int = 1
    buffered: int = 0
    exif: int = 0

    @property
    def pixels(self) -> int:
        """How many pixels it has."""
        return self.width * self.height


def read_header(content: bytes) -> ImageHeader:
    """Read the header of an image. Raises UnreadableImage."""
    try:
        header = _read(content)
    except (struct.error, IndexError):
        raise UnreadableImage("it ends too early") from None
    if not header.pixels:
        raise UnreadableImage("it has no pixels")
    return header


def _read(content: bytes) -> ImageHeader:
    if content.startswith(b"\xff\xd8\xff"):
        return _read_jpeg(content)
    if content.startswith(_PNG):
        return _read_png(content)
    if content.startswith((b"GIF87a", b"GIF89a")):
        return _read_gif(content)
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return _read_webp(content)
    raise UnreadableImage("it is no image that is known")


def _read_jpeg(content: bytes) -> ImageHeader:
    segments = list(_segments(content))
    kind, start = _find_frame(segments)
    width, height, coefficients = _read_frame(content, start)
    scans = sum(marker == _SOS for marker, _, _ in segments)
    # A decoder that goes over the whole image several times holds all of it.
    buffered = coefficients if kind == _PROGRESSIVE or scans > 1 else 0
    exif = sum(end - start for marker, start, end in segments if marker == _APP1 and content.startswith(_EXIF, start))
    return ImageHeader("jpeg", width, height, scans=scans, buffered=buffered, exif=exif)


def _find_frame(segments: Sequence[tuple[int, int, int]]) -> tuple[int, int]:
    """Return the marker and the start of the only frame of a JPEG with at least one scan."""
    markers = {marker for marker, _, _ in segments}
    frames = [(marker, start) for marker, start, _ in segments if marker in _FRAMES]
    if len(frames) > 1 or _OTHER_FRAMES & markers:
        raise UnreadableImage("its frame is of no known kind, or there are several")
    if not frames or _SOS not in markers:
        raise UnreadableImage("it has no frame, or nothing in it")
    return frames[0]


def _segments(content: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield the marker of each segment, and where its data begins and ends."""
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


def _read_frame(content: bytes, start: int) -> tuple[int, int, int]:
    """Return width, height and the bytes of all coefficients: two bytes each, in whole blocks of eight by eight."""
    height, width, components = struct.unpack_from(">HHB", content, start + 1)
    sampling = [content[start + 7 + 3 * number] for number in range(components)]
    across, down = [one >> 4 for one in sampling], [one & 15 for one in sampling]
    if not all((*across, *down)) or not components:
        raise UnreadableImage("its components have no size")
    mcus = -(-width // (8 * max(across))) * -(-height // (8 * max(down)))
    return width, height, mcus * sum(a * d for a, d in zip(across, down, strict=True)) * 64 * 2


def _read_png(content: bytes) -> ImageHeader:
    (length, kind, width, height) = struct.unpack_from(">I4sII", content, len(_PNG))
    if kind != b"IHDR" or length != 13:
        raise UnreadableImage("it does not begin with its header")
    is_animated, exif = False, 0
    for name, start, size in _chunks(content, len(_PNG), ">I4s", tail=4):
        if name == b"IHDR" and start != _FIRST_CHUNK:
            # Decoders use the last one.
            raise UnreadableImage("it has several headers")
        if name == b"acTL":
            is_animated |= struct.unpack_from(">I", content, start)[0] > 1
        elif name == b"eXIf":
            exif += size
        elif name == b"IEND":
            break
    return ImageHeader("png", width, height, is_animated, exif=exif)


def _read_webp(content: bytes) -> ImageHeader:
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
    """Yield name, start and size of each chunk.

    `form` is the struct of a chunk's header: its name and its size, in either order. `tail` bytes follow each chunk;
    without a tail a chunk is padded to an even size, as in WebP.
    """
    head, blocks = struct.calcsize(form), 0
    while position + head <= len(content):
        blocks += 1
        if blocks > _MAX_BLOCKS:
            raise UnreadableImage("it has too many chunks")
        one, other = struct.unpack_from(form, content, position)
        name, size = (one, other) if isinstance(one, bytes) else (other, one)
        yield name, position + head, size
        position += head + size + (tail or size % 2)


def _read_gif(content: bytes) -> ImageHeader:
    width, height, flags = struct.unpack_from("<HHB", content, 6)
    position, frames, blocks = 13 + _colour_table_size(flags), 0, 0
    while position < len(content) and content[position] != 0x3B and frames <= 1:
        blocks += 1
        if blocks > _MAX_BLOCKS:
            raise UnreadableImage("it has too many blocks")
        if content[position] == 0x2C:
            left, top, across, down, flags = struct.unpack_from("<HHHHB", content, position + 1)
            width, height = max(width, left + across), max(height, top + down)
            frames += 1
            position = _skip_sub_blocks(content, position + 11 + _colour_table_size(flags))
        elif content[position] == 0x21:
            position = _skip_sub_blocks(content, position + 2)
        else:
            # Decoders skip such bytes as padding.
            raise UnreadableImage("a block is of no known kind")
    return ImageHeader("gif", width, height, is_animated=frames > 1)


def _colour_table_size(flags: int) -> int:
    """Return the size of a colour table in bytes."""
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _skip_sub_blocks(content: bytes, position: int) -> int:
    """Return where the sub-blocks end. Raises IndexError when they do not."""
    for _ in range(_MAX_SUB_BLOCKS):
        size = content[position]
        position += size + 1
        if not size:
            return position
    raise UnreadableImage("it has too many blocks")
