"""Normalization: removes differences that phones and carriers add to a text in transit. Pure."""

from __future__ import annotations

import unicodedata

# Invisible characters that they insert. U+200D is none of these: it joins emoji.
UNSEEN = {ord(mark): None for mark in "\u200b\u200c\u2060\ufeff"}
# Curly quotes that a carrier makes straight, ellipses that it spells out, variation selectors of emoji, and the
# placeholder of a picture among the words.
_NOTATION: dict[int, str | None] = {
    **UNSEEN,
    **dict.fromkeys(map(ord, "\ufe0e\ufe0f\ufffc")),
    **dict.fromkeys(map(ord, "\u201c\u201d"), '"'),
    **dict.fromkeys(map(ord, "\u2018\u2019"), "'"),
    ord("\u2026"): "...",
}


def normalize(text: str) -> str:
    """Normalize the notation of a text that phones and carriers change.

    It covers the composition of characters, blanks and line ends, invisible characters, curly quotes and ellipses.
    Texts that read differently stay different.
    """
    if text.isascii():
        # It has blanks only of all that.
        return " ".join(text.split())
    return " ".join(unicodedata.normalize("NFC", text.translate(_NOTATION)).split())
