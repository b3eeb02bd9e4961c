"""Decide whether the files of a message fit a carrier, and how small its images have to be scaled. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from partyline.carriers.limits import KB, Limits
from partyline.domain.media import Media
from partyline.frozen_classes import frozen
from partyline.media.images import SCALABLE

# The smallest size to which an image is scaled, in bytes: below it, its content cannot be recognised.
_SMALLEST = 32 * KB


@frozen
class LimitViolation:
    """Why the files do not fit.

    `media` is the file that is too large, None when there are too many files; `limit` is in bytes, or in files.
    """

    limit: int
    media: Media | None = None


def first_violation(limits: Limits, media: Sequence[Media], *, group: bool) -> LimitViolation | None:
    """Return the first limit that the files exceed even with all images scaled; None when they fit."""
    max_files = limits.group_media if group else limits.media
    if len(media) > max_files:
        return LimitViolation(max_files)
    room = limits.media_bytes
    for file in media:
        room -= min(_size(file), _SMALLEST) if _is_scalable(file) else _size(file)
        if room < 0:
            return LimitViolation(limits.media_bytes, file)
    return None


def select_fitting(limits: Limits, media: Sequence[Media], *, group: bool) -> list[Media]:
    """Return as many of the files as fit, in order.

    Files that one carrier delivered may be too large for another carrier.
    """
    fitting: list[Media] = []
    for file in media:
        if first_violation(limits, [*fitting, file], group=group) is None:
            fitting.append(file)
    return fitting


def plan_image_sizes(limits: Limits, media: Sequence[Media]) -> Mapping[str, int]:
    """Return how many bytes each image that is too large may have, by SID.

    Smaller images stay as they are and leave their room to the others.
    """
    images = sorted((file for file in media if _is_scalable(file)), key=_size)
    fixed = sum(_size(file) for file in media if not _is_scalable(file))
    room = min(limits.image_bytes, limits.media_bytes - fixed)
    max_bytes: dict[str, int] = {}
    for number, image in enumerate(images):
        share = max(room, 0) // (len(images) - number)
        if _size(image) > share:
            max_bytes[image.sid] = share
        room -= min(_size(image), share)
    return max_bytes


def _size(file: Media) -> int:
    return file.size or 0


def _is_scalable(file: Media) -> bool:
    """Whether an image can be scaled, as far as is known."""
    return file.content_type in SCALABLE and file.scalable is not False
