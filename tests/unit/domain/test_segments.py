"""Segments as networks count them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partyline.domain.segments import Encoding, Segmented, count_segments

GSM, UCS = Encoding.GSM_7, Encoding.UCS_2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Segmented(GSM, 0, 0)),
        ("a" * 160, Segmented(GSM, 160, 1)),
        ("a" * 161, Segmented(GSM, 161, 2)),
        ("a" * 306, Segmented(GSM, 306, 2)),
        ("a" * 307, Segmented(GSM, 307, 3)),
        ("€" * 80, Segmented(GSM, 160, 1)),
        # 152 and half of a character that counts twice: the 77th begins the second segment.
        ("€" * 81, Segmented(GSM, 162, 2)),
        ("€" * 153, Segmented(GSM, 306, 3)),
        ("é" * 160, Segmented(GSM, 160, 1)),
        ("ç", Segmented(UCS, 1, 1)),
        ("ш" * 70, Segmented(UCS, 70, 1)),
        ("ш" * 71, Segmented(UCS, 71, 2)),
        ("😀" * 35, Segmented(UCS, 70, 1)),
        ("😀" * 36, Segmented(UCS, 72, 2)),
        # 33 emojis are 66 of 67 units: the 34th is not cut in two.
        ("😀" * 67, Segmented(UCS, 134, 3)),
        ("It’s", Segmented(UCS, 4, 1)),
        ("`", Segmented(UCS, 1, 1)),
        ("a\nb{c}", Segmented(GSM, 8, 1)),
    ],
)
def test_segments(text: str, expected: Segmented) -> None:
    assert count_segments(text) == expected


@given(st.text(max_size=400))
def test_segments_hold_the_text_and_one_more_would_be_empty(text: str) -> None:
    counted = count_segments(text)
    alone, joined = (160, 153) if counted.encoding is GSM else (70, 67)
    if counted.segments <= 1:
        assert counted.units <= alone
    else:
        # What belongs together may leave one unit of a segment empty.
        assert counted.units <= counted.segments * joined
        assert counted.units > (counted.segments - 1) * (joined - 1)
