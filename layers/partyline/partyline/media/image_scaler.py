"""The program that scales one image: it reads a file from standard input and writes a JPEG to standard output.

It is a process of its own, since decoders are written in C and their input comes from a stranger. Its time and memory
are limited whatever the input is (partyline.media.images), and its environment has nothing of ours. Only this module
loads Pillow.

    python image_scaler.py <max. bytes> <seconds of a processor> <megabytes of memory>
"""

from __future__ import annotations

import contextlib
import resource
import sys
from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image
    from PIL.ImageFile import ImageFile

# The exit code for an image that cannot be scaled to that size. Any other code but 0 comes from outside.
UNSCALABLE = 3

_MB = 1024 * 1024
# The longest side in pixels, and the quality: from the best to the worst that is still recognisable.
_SIDES = (2048, 1600, 1280, 1024, 800, 640, 480, 320)
_QUALITIES = (85, 70, 50)
# Image.Transpose by the orientation in Exif.
_TURNS = {2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}
_ORIENTATION = 0x0112


def scale(content: bytes, max_bytes: int) -> bytes | None:
    """Return an image as a JPEG of at most `max_bytes`; None when it cannot be scaled.

    The orientation is applied; other metadata (place, camera) is dropped.
    """
    try:
        with _open(content) as opened:
            return _shrink(_flatten(opened), max_bytes)
    except Exception:  # noqa: BLE001  (a decoder raises anything on hostile bytes, also IndexError and struct.error)
        return None


def _open(content: bytes) -> ImageFile:
    from PIL import Image  # noqa: PLC0415  (after the limits are set)

    return Image.open(BytesIO(content), formats=("JPEG", "PNG", "WEBP", "GIF"))


def _flatten(opened: ImageFile) -> Image.Image:
    """Return the image upright, as RGB on white. It is reduced first, so that each copy is small."""
    from PIL import Image  # noqa: PLC0415

    longest = _SIDES[0]
    factor = max(max(opened.size) // longest, 1)
    opened.draft(None, (max(opened.width // factor, 1), max(opened.height // factor, 1)))
    kind = "RGBA" if opened.has_transparency_data else "RGB"
    shown = opened if opened.mode == kind else opened.convert(kind)
    # Only the orientation is read: other metadata may not be writable again.
    turn = _TURNS.get(opened.getexif().get(_ORIENTATION, 1))
    shown.thumbnail((longest, longest))
    if turn is not None:
        shown = shown.transpose(Image.Transpose(turn))
    flat = Image.new("RGB", shown.size, "white")
    flat.paste(shown, mask=shown if kind == "RGBA" else None)
    return flat


def _shrink(image: Image.Image, max_bytes: int) -> bytes | None:
    from PIL import ImageOps  # noqa: PLC0415

    for side in _SIDES:
        resized = ImageOps.contain(image, (side, side)) if max(image.size) > side else image
        for quality in _QUALITIES:
            written = BytesIO()
            resized.save(written, "JPEG", quality=quality, optimize=True)
            if written.tell() <= max_bytes:
                return written.getvalue()
    return None


def _limit_process(max_bytes: int, seconds: int, megabytes: int) -> None:
    """Limit this process. Its parent ends it in time; these limits hold even when the parent is gone."""
    # The limit on files would cut the bytecode of Pillow, and no later program could import it.
    sys.dont_write_bytecode = True
    for kind, limit in (
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_AS, megabytes * _MB),
        (resource.RLIMIT_FSIZE, max_bytes),
        (resource.RLIMIT_CORE, 0),
    ):
        # macOS rejects RLIMIT_AS; it is a development machine, not Lambda.
        with contextlib.suppress(*([ValueError, OSError] if sys.platform == "darwin" else [])):
            resource.setrlimit(kind, (limit, limit))


def main() -> int:
    """Scale the image at standard input. Returns the exit code."""
    max_bytes, seconds, megabytes = (int(argument) for argument in sys.argv[1:])
    _limit_process(max_bytes, seconds, megabytes)
    scaled = scale(sys.stdin.buffer.read(), max_bytes)
    if scaled is None:
        return UNSCALABLE
    sys.stdout.buffer.write(scaled)
    sys.stdout.buffer.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
