"""Whether the files of a message fit a carrier, and how small its images have to be made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from partyline.carriers.limits import KB, Limits
from partyline.domain.attachments import Media
from partyline.media.images import SCALABLE

# What an image needs at the least, in bytes, so that one still recognises what is on it.
_SMALLEST = 32 * KB


@dataclass(frozen=True, slots=True)
class LimitViolation:
    """Why the files do not fit: `media` is the one that is too large, None when there are too many; `limit` is a number
    of bytes, or of files."""

    limit: int
    media: Media | None = None


def first_violation(limits: Limits, media: Sequence[Media], *, group: bool) -> LimitViolation | None:
    """The first thing that a carrier could not carry, also with all images made smaller; None when it fits."""
    most = limits.group_media if group else limits.media
    if len(media) > most:
        return LimitViolation(most)
    room = limits.media_bytes
    for one in media:
        size = one.size or 0
        room -= min(size, _SMALLEST) if _is_scalable(one) else size
        if room < 0:
            return LimitViolation(limits.media_bytes, one)
    return None


def select_fitting(limits: Limits, media: Sequence[Media], *, group: bool) -> list[Media]:
    """As many of the files as fit, in their order: what came in by one carrier may be too much for another."""
    kept: list[Media] = []
    for one in media:
        if first_violation(limits, [*kept, one], group=group) is None:
            kept.append(one)
    return kept


def plan_image_sizes(limits: Limits, media: Sequence[Media]) -> Mapping[str, int]:
    """How many bytes each image that is too large may have, by SID: those that are small enough stay as they are and
    leave their room to the others."""
    images = sorted((one for one in media if _is_scalable(one)), key=lambda one: one.size or 0)
    others = sum(one.size or 0 for one in media if not _is_scalable(one))
    room = min(limits.image_bytes, limits.media_bytes - others)
    scaled: dict[str, int] = {}
    for number, image in enumerate(images):
        share = max(room, 0) // (len(images) - number)
        if (image.size or 0) > share:
            scaled[image.sid] = share
            room -= share
        else:
            room -= image.size or 0
    return scaled


def _is_scalable(one: Media) -> bool:
    """Whether an image can be made smaller, as far as is known."""
    return one.content_type in SCALABLE and one.scalable is not False
