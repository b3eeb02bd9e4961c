"""What a text is, apart from what phones and carriers change in it."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partyline.domain.normalization import normalize


@pytest.mark.parametrize(
    ("sent", "normalized"),
    [
        ("See you\r\n at  six", "See you at six"),
        ("\u201cIt\u2019s\u201d here\u2026", '"It\'s" here...'),
        ("a\u200bb \ufeff\ufffc", "ab"),
        ("e\u0301t\u00e9", "\u00e9t\u00e9"),
        ("\x1c \x1f\tplain\x00", "plain\x00"),
    ],
)
def test_what_phones_and_carriers_change_is_taken_out(sent: str, normalized: str) -> None:
    assert normalize(sent) == normalized


@given(st.text(st.characters(codec="ascii")))
def test_of_a_text_in_ascii_only_blanks_change(text: str) -> None:
    # The mark changes nothing, but takes the way of other texts.
    assert normalize(text) == normalize(text + "\u200b") == normalize(unicodedata.normalize("NFD", text))


@given(st.text())
def test_a_normalized_text_stays_as_it_is(text: str) -> None:
    assert normalize(normalize(text)) == normalize(text)
