"""Long texts in parts: where a text is cut so that its carrier takes each part. Pure.

Phones turn long texts into MMS, so people write texts that no carrier takes back in one request. A part ends before a
blank, and no word is cut that fits into a part; a longer one is cut between two characters as one sees them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

Fits = Callable[[str], bool]

_JOINER = "\u200d"
# Far more than any character as one sees it is made of.
_LONGEST = 64


def find_cuts(words: str, fits: Fits, most: int) -> tuple[int, ...]:
    """The places where a text is cut: the end of each part but the last. Empty for a text that fits whole; a text that
    only trailing blanks make too long has its own end as the one cut.

    `fits` says whether a text fits; what begins with a text that does not fit does not fit either, and neither does a
    text of more than `most` characters.
    """
    if fits(words):
        return ()
    found: list[int] = []
    start, end = 0, len(words.rstrip())
    # What is too long in any case is not copied to be looked at.
    while end - start > most or not fits(words[start:end]):
        start = _end(words, start, fits, most)
        found.append(start)
    return tuple(found) or (len(words),)


def split_parts(words: str, cuts: tuple[int, ...]) -> tuple[str, ...]:
    """The parts of a text that is cut there, without the blanks at the cuts, and none that is nothing but blanks."""
    if not cuts:
        return (words,)
    pieces = (words[start:end].rstrip() for start, end in zip((0, *cuts), (*cuts, len(words)), strict=True))
    return tuple(piece for piece in pieces if piece) or ("",)


def _end(words: str, start: int, fits: Fits, most: int) -> int:
    """Where the part that begins there ends, with the blanks behind it."""
    longest = _longest(words, start, fits, most)
    blank = next((place for place in range(longest, start, -1) if _ends_word(words, place)), None)
    if blank is not None and fits(_word(words, _behind_blanks(words, blank), most)):
        return _behind_blanks(words, blank)
    return _behind_blanks(words, _between_characters(words, start, longest))


def _behind_blanks(words: str, place: int) -> int:
    while place < len(words) and words[place].isspace():
        place += 1
    return place


def _word(words: str, start: int, most: int) -> str:
    """The word that begins there, or what is enough of it to be too much."""
    end = start
    while end < len(words) and end <= start + most and not words[end].isspace():
        end += 1
    return words[start:end]


def _longest(words: str, start: int, fits: Fits, most: int) -> int:
    """Where the longest beginning that fits ends. One character always fits."""
    low, high = start + 1, min(start + most, len(words))
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
    """The last place up to `end` that does not part what is seen as one character."""
    places = range(end, max(start, end - _LONGEST), -1)
    return next((place for place in places if not _is_within(words, place)), end)


def _is_within(words: str, place: int) -> bool:
    if place >= len(words):
        return False
    after = words[place]
    is_mark = unicodedata.category(after).startswith("M") or _is_skin_tone(after)
    return is_mark or _JOINER in (after, words[place - 1]) or _parts_flag(words, place)


def _is_skin_tone(character: str) -> bool:
    return "\U0001f3fb" <= character <= "\U0001f3ff"


def _is_flag_letter(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _parts_flag(words: str, place: int) -> bool:
    """Whether it is between the two letters of a flag: an odd number of them stands before it."""
    if not _is_flag_letter(words[place]):
        return False
    first = place
    while first and _is_flag_letter(words[first - 1]):
        first -= 1
    return (place - first) % 2 == 1
