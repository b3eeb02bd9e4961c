"""Scale images so that a carrier accepts them.

An image comes from a stranger, and its decoder is written in C. So its headers are read first
(partyline.media.image_headers) to know what decoding costs. An image within the limits is decoded in a process of its
own (partyline.media.image_scaler), which is limited in time and memory whatever the image contains.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile

from partyline.errors import ImageUnscalable
from partyline.media import image_headers, image_scaler
from partyline.media.image_headers import ImageHeader, UnreadableImage

# The largest image, in pixels: a file of a few kilobytes can claim more than any machine has. A JPEG is decoded at a
# fraction of its size, other formats at full size.
_MAX_PIXELS = 16_000_000
_MAX_PIXELS_JPEG = 40_000_000
# What a decoder may hold besides the pixels, in bytes: it holds all of a progressive JPEG.
_MAX_BUFFERED = 250_000_000
# Passes over the whole image: programs that save bytes write a dozen.
_MAX_SCANS = 32
# By its own standard, Exif is at most one segment of a JPEG.
_MAX_EXIF = 65_535
JPEG = "image/jpeg"
# Types that can be scaled.
SCALABLE = frozenset({JPEG, "image/png", "image/webp", "image/gif"})

# Seconds that one image may take. The most expensive image within the limits takes two seconds of a whole processor; a
# function with the least memory has a third of one.
SECONDS = 20
# Megabytes that the process may allocate. The most expensive image within the limits takes 350; the function that waits
# for it takes 110 of its 512.
_MEGABYTES = 384


def is_scalable(content: bytes) -> bool:
    """Whether an image can be scaled, by its headers: it is not animated and within the limits above."""
    try:
        return _fits(image_headers.read_header(content))
    except UnreadableImage:
        return False


def scale_image(content: bytes, max_bytes: int) -> bytes:
    """Return an image as an upright JPEG of at most `max_bytes`.

    Raises ImageUnscalable, with `broken` set when the process ended too late or crashed.
    """
    if not is_scalable(content):
        raise ImageUnscalable("limits")
    with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as target:
        source.write(content)
        source.seek(0)
        process = subprocess.Popen(  # noqa: S603  (our own program, and a number)
            _build_command(max_bytes), stdin=source, stdout=target, stderr=subprocess.DEVNULL, env=_build_env()
        )
        try:
            code = process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            raise ImageUnscalable("time", broken=True) from None
        finally:
            process.kill()
            process.wait()
        if code == image_scaler.UNSCALABLE:
            raise ImageUnscalable("image")
        target.seek(0)
        scaled = target.read(max_bytes + 1)
    if code != 0 or not scaled or len(scaled) > max_bytes:
        raise ImageUnscalable("crash", broken=True)
    return scaled


def _fits(header: ImageHeader) -> bool:
    limit = _MAX_PIXELS_JPEG if header.kind == "jpeg" else _MAX_PIXELS
    return (
        not header.is_animated
        and header.pixels <= limit
        and header.buffered <= _MAX_BUFFERED
        and header.scans <= _MAX_SCANS
        and header.exif <= _MAX_EXIF
    )


def _build_command(max_bytes: int) -> list[str]:
    # Without the site module, which adds nothing to our own path, it starts in half the time.
    return [sys.executable, "-P", "-S", image_scaler.__file__, str(max_bytes), str(SECONDS), str(_MEGABYTES)]


def _build_env() -> dict[str, str]:
    """Build an environment with the module path and what Lambda's interpreter needs: without our credentials."""
    inherited = {name: os.environ[name] for name in ("LD_LIBRARY_PATH", "PYTHONHOME") if name in os.environ}
    # Another locale may map the archive of all locales, which counts as memory of the process.
    locale = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0"}
    return {**inherited, **locale, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
