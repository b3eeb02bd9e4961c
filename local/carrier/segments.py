"""Count the parts that a plain text is cut into on the air."""

from __future__ import annotations

from math import ceil


def segments(text: str) -> int:
    """Parts of a text: 160 characters fit in one, or 70 when a character lies outside the basic alphabet."""
    alone, joined = (160, 153) if text.isascii() else (70, 67)
    return 1 if len(text) <= alone else ceil(len(text) / joined)
