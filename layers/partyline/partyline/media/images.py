"""Images made smaller, so that a carrier takes them. Pillow is loaded for this alone, and here alone."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image
    from PIL.ImageFile import ImageFile

# What an image may unfold to, in pixels: a file of a few kilobytes can claim more than any machine has. A JPEG unfolds
# to a part of its size, others to all of it at once. The most memory that was measured at these limits, with all that
# the outbound function loads, is 423 MB (a progressive JPEG in four colours) and 392 MB (a WebP that can be seen
# through); template.yaml gives functions no less than 512.
_MAX_PIXELS = 16_000_000
_MAX_PIXELS_JPEG = 40_000_000
# The longest side, in pixels, and the quality, from what looks best to what is still recognisable.
_SIDES = (2048, 1600, 1280, 1024, 800, 640, 480, 320)
_QUALITIES = (85, 70, 50)
# By what Exif notes of how the image is to be held: Image.Transpose.
_TURNS = {2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}
_ORIENTATION = 0x0112
JPEG = "image/jpeg"
# What can be made smaller, by type.
SCALABLE = frozenset({JPEG, "image/png", "image/webp", "image/gif"})


def is_scalable(content: bytes) -> bool:
    """Whether an image can be made smaller, as far as its headers tell: it does not move, and is not beyond the limits
    above."""
    try:
        with _opened(content) as opened:
            return _fits(opened)
    except Exception:  # noqa: BLE001  (as below)
        return False


def scaled(content: bytes, most: int) -> bytes | None:
    """An image as a JPEG of at most `most` bytes; None when it cannot be: an animation, beyond the limits above, or
    none that can be read. The way it is to be held is kept, everything else that was noted in it (place, camera) is
    not."""
    try:
        with _opened(content) as opened:
            return _small(_flat(opened), most) if _fits(opened) else None
    except Exception:  # noqa: BLE001  (of hostile bytes a decoder raises anything, also IndexError and struct.error)
        return None


def _opened(content: bytes) -> ImageFile:
    from PIL import Image  # noqa: PLC0415  (a fifth of a second of a cold start, for the few that need it)

    return Image.open(BytesIO(content), formats=("JPEG", "PNG", "WEBP", "GIF"))


def _fits(opened: ImageFile) -> bool:
    limit = _MAX_PIXELS_JPEG if opened.format == "JPEG" else _MAX_PIXELS
    # Not n_frames, for which a GIF is read to its end.
    return opened.width * opened.height <= limit and not getattr(opened, "is_animated", False)


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
