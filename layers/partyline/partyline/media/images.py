"""Images made smaller, so that a carrier takes them. Pillow is loaded for this alone, and here alone."""

from __future__ import annotations

from io import BytesIO

# What an image may unfold to. A file of a few kilobytes can claim more than any machine has.
MAX_PIXELS = 40_000_000
# The longest side, in pixels, and the quality, from what looks best to what is still recognisable.
_SIDES = (2048, 1600, 1280, 1024, 800, 640, 480, 320)
_QUALITIES = (85, 70, 50)
JPEG = "image/jpeg"


def scaled(content: bytes, most: int) -> bytes | None:
    """An image as a JPEG of at most `most` bytes; None when it cannot be: an animation, larger than MAX_PIXELS, or none
    that can be read. The way it is to be held is kept, everything else that was noted in it (place, camera) is not."""
    from PIL import Image, ImageOps  # noqa: PLC0415  (a fifth of a second of a cold start, for the few that need it)

    try:
        with Image.open(BytesIO(content), formats=("JPEG", "PNG", "WEBP", "GIF")) as opened:
            if opened.width * opened.height > MAX_PIXELS or getattr(opened, "n_frames", 1) > 1:
                return None
            opened.draft("RGB", (_SIDES[0], _SIDES[0]))
            upright = ImageOps.exif_transpose(opened)
            image = Image.new("RGB", upright.size, "white")
            image.paste(
                upright, mask=upright.convert("RGBA").getchannel("A") if upright.has_transparency_data else None
            )
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    for side in _SIDES:
        smaller = ImageOps.contain(image, (side, side)) if max(image.size) > side else image
        for quality in _QUALITIES:
            written = BytesIO()
            smaller.save(written, "JPEG", quality=quality, optimize=True)
            if written.tell() <= most:
                return written.getvalue()
    return None
