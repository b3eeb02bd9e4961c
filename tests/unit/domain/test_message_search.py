"""Search in texts: beginnings of all the words, in any order and any writing."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partyline.domain import contact_search
from partyline.domain.message_search import parse_query
from partyline.domain.messages import Message

NOW = datetime(2026, 11, 28, tzinfo=UTC)
texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=60)


def has_match(query: str, body: str | None) -> bool:
    parsed = parse_query(query)
    assert parsed
    return parsed.has_match(Message("IM1", "CH1", 0, NOW, NOW, "agent", body))


BODY = "Can’t make it: the Café on Elm_Street (+1 206-555-0150) is CLOSED, see https://example.com/a?b=Zoë"


@pytest.mark.parametrize(
    "query",
    ["can", "make it", "it make", "CAFE", "café", "elm", "street", "0150", "206 555", "close clos", "zoe", "ｅｌｍ",
     "  elm!  ", "example.com"],
)  # fmt: skip
def test_a_text_is_found_by_beginnings_of_all_the_words(query: str) -> None:
    assert has_match(query, BODY)


@pytest.mark.parametrize("query", ["lm", "closed oak", "cafes", "150", "2065550150", "closed today"])
def test_other_words_do_not_find_it(query: str) -> None:
    assert not has_match(query, BODY)


def test_a_message_without_words_is_not_found() -> None:
    assert not has_match("a", None)
    assert not has_match("a", "")


@pytest.mark.parametrize("query", ["", " ", "?!", "_", "\U0001f600"])
def test_a_query_without_a_letter_or_digit_looks_for_nothing(query: str) -> None:
    assert parse_query(query) is None


@given(texts, st.data())
def test_every_beginning_of_every_word_finds_its_text(body: str, data: st.DataObject) -> None:
    words = contact_search.list_words(body)
    if words:
        chosen = data.draw(st.lists(st.sampled_from(words), min_size=1, max_size=9))
        beginnings = [word[: data.draw(st.integers(1, len(word)))] for word in chosen]
        assert has_match(" ".join(beginnings), body)


@given(st.text(st.characters(max_codepoint=127)))
def test_plain_letters_are_folded_as_all_others_are(text: str) -> None:
    # The letter behind it takes the text the longer way.
    assert contact_search.fold(text) == contact_search.fold(text + "ö")[:-1]
