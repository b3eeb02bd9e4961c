"""Notation: what phones and carriers change of a text on its way, without meaning to say anything else. Pure."""

from __future__ import annotations

import unicodedata

# What they put between the characters one sees. U+200D is none of these: it joins emoji.
UNSEEN = {ord(mark): None for mark in "\u200b\u200c\u2060\ufeff"}
# Quotes that a carrier makes straight, dots that it spells out, how an emoji is to be drawn, and the place of a picture
# among the words.
_NOTATION: dict[int, str | None] = {
    **UNSEEN,
    **dict.fromkeys(map(ord, "\ufe0e\ufe0f\ufffc")),
    **dict.fromkeys(map(ord, "\u201c\u201d"), '"'),
    **dict.fromkeys(map(ord, "\u2018\u2019"), "'"),
    ord("\u2026"): "...",
}


def normalize(text: str) -> str:
    """A text without notation that phones and carriers change: how its characters are composed, blanks and line ends,
    marks that nobody sees, curly quotes; an ellipsis becomes three dots. What reads differently stays different."""
    return " ".join(unicodedata.normalize("NFC", text.translate(_NOTATION)).split())
