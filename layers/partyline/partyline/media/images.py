"""Images made smaller, so that a carrier takes them.

An image is a stranger's, and its decoder is written in C. So its headers are read first (partyline.media.image_headers)
and tell what decoding would cost; what is within the limits is decoded by a process of its own
(partyline.media.image_scaler), which ends in time and memory whatever the image is made of.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile

from partyline.errors import ImageUnscalable
from partyline.media import image_headers, image_scaler
from partyline.media.image_headers import ImageHeader, UnreadableImage

# What an image may unfold to, in pixels: a file of a few kilobytes can claim more than any machine has. A JPEG unfolds
# to a part of its size, others to all of it at once.
_MAX_PIXELS = 16_000_000
_MAX_PIXELS_JPEG = 40_000_000
# What a decoder may hold of it besides, in bytes: a progressive JPEG is held whole.
_MAX_BUFFERED = 250_000_000
# Passes over the whole image: programs that save bytes make a dozen.
_MAX_SCANS = 32
# Exif is one segment of a JPEG at the most, by its own standard.
_MAX_EXIF = 65_535
JPEG = "image/jpeg"
# What can be made smaller, by type.
SCALABLE = frozenset({JPEG, "image/png", "image/webp", "image/gif"})

# Seconds that one image may take. The costliest within the limits takes two of a whole processor; a function with the
# least memory has a third of one.
SECONDS = 20
# Megabytes that the process may ask for. The costliest image within the limits takes 350; the function that waits for
# it takes 110 of its 512.
_MEGABYTES = 384


def is_scalable(content: bytes) -> bool:
    """Whether an image can be made smaller, as far as its headers tell: it does not move, and is not beyond the limits
    above."""
    try:
        return _fits(image_headers.read_header(content))
    except UnreadableImage:
        return False


def scale_image(content: bytes, most: int) -> bytes:
    """An image as a JPEG of at most `most` bytes, upright. Raises ImageUnscalable; what ends too late, or not well, is
    `broken`."""
    if not is_scalable(content):
        raise ImageUnscalable("limits")
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as made:
        given.write(content)
        given.seek(0)
        process = subprocess.Popen(  # noqa: S603  (our own program, and a number)
            _command(most), stdin=given, stdout=made, stderr=subprocess.DEVNULL, env=_env()
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
        made.seek(0)
        small = made.read(most + 1)
    if code != 0 or not small or len(small) > most:
        raise ImageUnscalable("crash", broken=True)
    return small


def _fits(header: ImageHeader) -> bool:
    limit = _MAX_PIXELS_JPEG if header.kind == "jpeg" else _MAX_PIXELS
    return (
        not header.is_animated
        and header.pixels <= limit
        and header.buffered <= _MAX_BUFFERED
        and header.scans <= _MAX_SCANS
        and header.exif <= _MAX_EXIF
    )


def _command(most: int) -> list[str]:
    # Without the site module, which finds nothing that our own path does not name: it starts in half the time.
    return [sys.executable, "-P", "-S", image_scaler.__file__, str(most), str(SECONDS), str(_MEGABYTES)]


def _env() -> dict[str, str]:
    """Where its modules are, and what Lambda's interpreter needs to start: none of our credentials."""
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH", "PYTHONHOME") if name in os.environ}
    # Another locale may map an archive of all of them, which would count as its memory.
    plain = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0"}
    return {**kept, **plain, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
