"""The program that makes one image smaller: a file in at its standard input, a JPEG out at its standard output.

It is a process of its own, since decoders are written in C and their input is a stranger's: it has an end in time and
memory that no input can put off (partyline.media.images), and nothing of ours in its environment. Pillow is loaded
here alone.

    python image_scaler.py <bytes at the most> <seconds of a processor> <megabytes of memory>
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

# What it ends with where an image cannot be made that small. Whatever else is not 0 is an end that came from outside.
UNSCALABLE = 3

_MB = 1024 * 1024
# The longest side, in pixels, and the quality, from what looks best to what is still recognisable.
_SIDES = (2048, 1600, 1280, 1024, 800, 640, 480, 320)
_QUALITIES = (85, 70, 50)
# By what Exif notes of how the image is to be held: Image.Transpose.
_TURNS = {2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}
_ORIENTATION = 0x0112


def scale(content: bytes, most: int) -> bytes | None:
    """An image as a JPEG of at most `most` bytes; None when it cannot be. The way it is to be held is kept, everything
    else that was noted in it (place, camera) is not."""
    try:
        with _opened(content) as opened:
            return _small(_flat(opened), most)
    except Exception:  # noqa: BLE001  (of hostile bytes a decoder raises anything, also IndexError and struct.error)
        return None


def _opened(content: bytes) -> ImageFile:
    from PIL import Image  # noqa: PLC0415  (after the limits are set)

    return Image.open(BytesIO(content), formats=("JPEG", "PNG", "WEBP", "GIF"))


def _flat(opened: ImageFile) -> Image.Image:
    """The image upright, in plain colours on white. It is made smaller first, so that what copies it copies little."""
    from PIL import Image  # noqa: PLC0415

    longest = _SIDES[0]
    factor = max(max(opened.size) // longest, 1)
    opened.draft(None, (max(opened.width // factor, 1), max(opened.height // factor, 1)))
    kind = "RGBA" if opened.has_transparency_data else "RGB"
    shown = opened if opened.mode == kind else opened.convert(kind)
    # The note alone: what else is in there may be none that could be written again.
    turn = _TURNS.get(opened.getexif().get(_ORIENTATION, 1))
    shown.thumbnail((longest, longest))
    if turn is not None:
        shown = shown.transpose(Image.Transpose(turn))
    flat = Image.new("RGB", shown.size, "white")
    flat.paste(shown, mask=shown if kind == "RGBA" else None)
    return flat


def _small(image: Image.Image, most: int) -> bytes | None:
    from PIL import ImageOps  # noqa: PLC0415

    for side in _SIDES:
        smaller = ImageOps.contain(image, (side, side)) if max(image.size) > side else image
        for quality in _QUALITIES:
            written = BytesIO()
            smaller.save(written, "JPEG", quality=quality, optimize=True)
            if written.tell() <= most:
                return written.getvalue()
    return None


def _limit(most: int, seconds: int, megabytes: int) -> None:
    """Bind this process for good: its parent ends it in time, and these hold also when the parent is gone."""
    for kind, limit in (
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_AS, megabytes * _MB),
        (resource.RLIMIT_FSIZE, most),
        (resource.RLIMIT_CORE, 0),
    ):
        # macOS knows no limit of RLIMIT_AS, and says so: there is a developer's machine, not Lambda.
        with contextlib.suppress(*([ValueError, OSError] if sys.platform == "darwin" else [])):
            resource.setrlimit(kind, (limit, limit))


def main() -> int:
    """Make the image at standard input smaller. Its exit code says how that ended."""
    most, seconds, megabytes = (int(given) for given in sys.argv[1:])
    _limit(most, seconds, megabytes)
    small = scale(sys.stdin.buffer.read(), most)
    if small is None:
        return UNSCALABLE
    sys.stdout.buffer.write(small)
    sys.stdout.buffer.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
