"""The shape of a carrier's limits, by which a text is checked before it is sent. The figures are in its own module."""

from __future__ import annotations

from partyline.domain import long_texts, segments
from partyline.frozen_classes import frozen

KB, MB = 1024, 1024 * 1024


@frozen
class Limits:
    """The limits of one text, each with its source in the carrier's module.

    recipients    the most recipients of one text, our other own numbers included
    text          the most characters of a text, which longer ones are cut into. In units of UTF-16: carriers do not say
                  how they count an emoji, and none counts more
    segments      the most segments of a plain text, where there is such a limit
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
    segments: int | None = None

    def cuts(self, words: str, *, plain: bool) -> tuple[int, ...]:
        """Where a text is cut that is too long; `plain` is one that goes to one recipient, without others."""

        def fits(part: str) -> bool:
            if len(part.encode("utf-16-le", "surrogatepass")) > 2 * self.text:
                return False
            return not plain or self.segments is None or segments.max_segments(part) <= self.segments

        return long_texts.find_cuts(words, fits, self.text)
