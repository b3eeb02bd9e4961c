"""Segments: the units in which carriers count and charge plain texts. Pure.

A text in the alphabet of GSM 03.38 fits 160 characters into one segment, or 153 into each of several. Characters of its
extension table count twice. Any other character makes the text UCS-2: 70 and 67 units of 16 bits. A segment never
splits an escaped character or the two halves of an emoji. Source: 3GPP TS 23.038, 23.040.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from partyline.frozen_classes import frozen

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = frozenset("\f^{}\\[~]|€")
_PLAIN = frozenset(one for one in _BASIC.union(_EXTENSION) if one.isascii() and one != "\f")
_LAST_IN_ONE_UNIT = 0xFFFF


class Encoding(StrEnum):
    """How a text is written on the air."""

    GSM_7 = "GSM-7"
    UCS_2 = "UCS-2"


@frozen
class Segmented:
    """The encoding of a text, its length in units (septets, or 16 bits) and its number of segments."""

    encoding: Encoding
    units: int
    segments: int


def count_segments(text: str) -> Segmented:
    """Count the segments of a plain text; an empty text has none."""
    if _BASIC.union(_EXTENSION).issuperset(text):
        widths = [2 if character in _EXTENSION else 1 for character in text]
        return Segmented(Encoding.GSM_7, sum(widths), _segments(widths, 160, 153))
    widths = [2 if ord(character) > _LAST_IN_ONE_UNIT else 1 for character in text]
    return Segmented(Encoding.UCS_2, sum(widths), _segments(widths, 70, 67))


def max_segments(text: str) -> int:
    """Count the segments of a plain text at the carrier that needs most.

    Some carriers use GSM 03.38 only for texts in ASCII, and UCS-2 for all others.
    """
    if _PLAIN.issuperset(text):
        return count_segments(text).segments
    return _segments([2 if ord(character) > _LAST_IN_ONE_UNIT else 1 for character in text], 70, 67)


def _segments(widths: Iterable[int], alone: int, joined: int) -> int:
    widths = list(widths)
    if sum(widths) <= alone:
        return 1 if widths else 0
    segments, room = 1, joined
    for width in widths:
        if width > room:
            segments, room = segments + 1, joined
        room -= width
    return segments
