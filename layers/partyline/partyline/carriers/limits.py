"""What a carrier can carry: plain figures, so that a caller is told before anything is sent."""

from __future__ import annotations

from dataclasses import dataclass

KB, MB = 1024, 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one text, each with its source in the carrier's module.

    recipients    the most recipients of one text, our other own numbers included
    text          the most characters of a text
    media         the most media of one text
    group_media   the same of a group text
    media_bytes   the most bytes of all its media together
    image_bytes   what all its images together are scaled down to, so that every handset's network takes them
    one_by_one    whether a group text is one request for each member, which names the others; `recipients` then counts
                  the members of the group
    """

    recipients: int
    text: int
    media: int
    group_media: int
    media_bytes: int
    image_bytes: int
    one_by_one: bool = False
