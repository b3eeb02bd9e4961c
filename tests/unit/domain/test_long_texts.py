"""C7. Long texts in parts: nothing is lost, and each part fits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partyline.carriers.registry import LIMITS
from partyline.domain import long_texts, segments

JOINER = "\u200d"
FAMILY = f"\U0001f468{JOINER}\U0001f469{JOINER}\U0001f467"
THUMB, FLAG, E_ACUTE = "\U0001f44d\U0001f3fd", "\U0001f1eb\U0001f1f7", "e\u0301"
WORDS = st.lists(
    st.one_of(
        st.text(min_size=1, max_size=30),
        st.sampled_from([" ", "\n", "  \n", "hello", "x" * 50, FAMILY * 3, THUMB * 9, FLAG * 9, E_ACUTE * 20]),
    ),
    max_size=60,
).map("".join)


def cut(words: str, most: int) -> tuple[str, ...]:
    return long_texts.split_parts(words, long_texts.find_cuts(words, lambda part: len(part) <= most, most))


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("", ("",)),
        ("one two", ("one two",)),
        ("one two three", ("one two", "three")),
        ("one two  \n three", ("one two", "three")),
        ("one twothree four", ("one", "twothree", "four")),
        ("a longerthanthat b", ("a longer", "thanthat", "b")),
        ("longerthanthat", ("longerth", "anthat")),
        ("12345678" + " " * 50, ("12345678",)),
        ("1" + " " * 50 + "2", ("1", "2")),
        (" " * 20 + "word", ("word",)),
        (" " * 20, ("",)),
    ],
)
def test_a_part_ends_before_a_blank_where_there_is_one(words: str, expected: tuple[str, ...]) -> None:
    assert cut(words, 8) == expected


@pytest.mark.parametrize("one", [FAMILY, THUMB, FLAG, E_ACUTE, "\u2764\ufe0f"])
@pytest.mark.parametrize("before", range(8))
def test_what_is_seen_as_one_character_is_not_parted(one: str, before: int) -> None:
    words = "x" * before + one * 12
    for part in cut(words, 9):
        assert part.replace("x", "") == one * part.count(one)


def test_a_character_that_is_longer_than_a_part_is_parted_all_the_same() -> None:
    words = "e" + "\u0301" * 100
    assert "".join(cut(words, 8)) == words


@given(WORDS, st.integers(1, 60))
def test_the_parts_are_the_words(words: str, most: int) -> None:
    cuts = long_texts.find_cuts(words, lambda part: len(part) <= most, most)
    parts = long_texts.split_parts(words, cuts)
    assert list(cuts) == sorted({*cuts} - {0})
    assert all(len(part) <= most for part in parts)
    assert all(parts) or not words.strip()
    # Only blanks are left out, and only between two parts and around them all.
    rest = words
    for part in parts:
        rest = rest.lstrip() if not rest.startswith(part) else rest
        assert rest.startswith(part)
        rest = rest[len(part) :]
    assert rest.strip() == ""
    assert "".join("".join(parts).split()) == "".join(words.split())


@given(WORDS)
def test_a_text_that_fits_is_left_as_it_is(words: str) -> None:
    assert long_texts.split_parts(words, long_texts.find_cuts(words, lambda _: True, 10)) == (words,)


@given(words=WORDS.map(lambda words: words * 40), plain=st.booleans(), carrier=st.sampled_from(sorted(LIMITS)))
def test_each_part_is_within_the_limits_of_its_carrier(words: str, plain: bool, carrier: str) -> None:
    limits = LIMITS[carrier]
    parts = long_texts.split_parts(words, limits.cuts(words, plain=plain))
    assert all(len(part.encode("utf-16-le", "surrogatepass")) <= 2 * limits.text for part in parts)
    if plain and limits.segments:
        assert all(segments.max_segments(part) <= limits.segments for part in parts)


@pytest.mark.parametrize(
    ("carrier", "fits"), [("bandwidth", 2048), ("twilio", 1600), ("vonage", 1000), ("telnyx", 1530)]
)
def test_a_text_is_cut_where_its_carrier_takes_no_more(carrier: str, fits: int) -> None:
    limits = LIMITS[carrier]
    assert limits.cuts("x" * fits, plain=True) == ()
    assert limits.cuts("x" * (fits + 1), plain=True) == (fits,)


def test_telnyx_takes_ten_segments_of_a_plain_text_and_more_of_a_group_text() -> None:
    telnyx = LIMITS["telnyx"]
    for letter in ("é", "ж"):
        assert telnyx.cuts(letter * 671, plain=True) == (670,)
        assert telnyx.cuts(letter * 1600, plain=False) == ()
    assert telnyx.cuts("\U0001f600" * 336, plain=True) == (330,)
    assert telnyx.cuts("[" * 766, plain=True) == (760,)


def test_an_emoji_counts_as_two_characters() -> None:
    assert LIMITS["vonage"].cuts("\U0001f600" * 501, plain=True) == (500,)
