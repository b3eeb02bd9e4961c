"""Long texts: the cuts that split a text into parts which its carrier accepts. Pure.

Phones send long texts as MMS, so people write texts that are too long for one request to a carrier. A part ends before
a blank. A word is cut only when it does not fit into a part of its own, and then between two visible characters.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

Fits = Callable[[str], bool]

_JOINER = "\u200d"
# In code points: no visible character has nearly as many.
_LONGEST = 64


def find_cuts(words: str, fits: Fits, max_length: int) -> tuple[int, ...]:
    """Find the cuts of a text: the end of each part except the last.

    Empty for a text that fits as a whole. A text that is too long only by trailing blanks has one cut, at its end.

    `fits` is whether a carrier accepts a text as one part. A text that begins with an unfit text must be unfit too, and
    so must a text of more than `max_length` characters.
    """
    if fits(words):
        return ()
    cuts: list[int] = []
    start, end = 0, len(words.rstrip())
    # The length is compared first, since a slice copies the text.
    while end - start > max_length or not fits(words[start:end]):
        start = _find_end(words, start, fits, max_length)
        cuts.append(start)
    return tuple(cuts) or (len(words),)


def split_parts(words: str, cuts: tuple[int, ...]) -> tuple[str, ...]:
    """Split a text at its cuts. Blanks at the cuts are removed, and so are parts of blanks only."""
    if not cuts:
        return (words,)
    pieces = (words[start:end].rstrip() for start, end in zip((0, *cuts), (*cuts, len(words)), strict=True))
    return tuple(piece for piece in pieces if piece) or ("",)


def _find_end(words: str, start: int, fits: Fits, max_length: int) -> int:
    """Find the end of the part that begins at `start`, with the blanks behind it."""
    longest = _find_longest(words, start, fits, max_length)
    blank = next((place for place in range(longest, start, -1) if _ends_word(words, place)), None)
    if blank is not None and fits(_word(words, _behind_blanks(words, blank), max_length)):
        return _behind_blanks(words, blank)
    return _behind_blanks(words, _between_characters(words, start, longest))


def _behind_blanks(words: str, place: int) -> int:
    while place < len(words) and words[place].isspace():
        place += 1
    return place


def _word(words: str, start: int, max_length: int) -> str:
    """Return the word that begins at `start`, or so much of it that it cannot fit."""
    end = start
    while end < len(words) and end <= start + max_length and not words[end].isspace():
        end += 1
    return words[start:end]


def _find_longest(words: str, start: int, fits: Fits, max_length: int) -> int:
    """Find the end of the longest text from `start` that fits. One character always fits."""
    low, high = start + 1, min(start + max_length, len(words))
    while low < high:
        middle = (low + high + 1) // 2
        if fits(words[start:middle]):
            low = middle
        else:
            high = middle - 1
    return low


def _ends_word(words: str, place: int) -> bool:
    return not words[place - 1].isspace() and (place == len(words) or words[place].isspace())


def _between_characters(words: str, start: int, end: int) -> int:
    """Return the last position up to `end` that is not within a visible character."""
    places = range(end, max(start, end - _LONGEST), -1)
    return next((place for place in places if not _is_within(words, place)), end)


def _is_within(words: str, place: int) -> bool:
    if place >= len(words):
        return False
    after = words[place]
    is_mark = unicodedata.category(after).startswith("M") or _is_skin_tone(after)
    return is_mark or _JOINER in (after, words[place - 1]) or _is_within_flag(words, place)


def _is_skin_tone(character: str) -> bool:
    return "\U0001f3fb" <= character <= "\U0001f3ff"


def _is_flag_letter(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _is_within_flag(words: str, place: int) -> bool:
    """Whether a position is between the two letters of a flag: an odd number of letters precedes it."""
    if not _is_flag_letter(words[place]):
        return False
    first = place
    while first and _is_flag_letter(words[first - 1]):
        first -= 1
    return (place - first) % 2 == 1
