"""The index of texts: the words that a text is found by, and what a query looks for."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partyline.domain.messages import Message
from partyline.domain.text_index import (
    MAX_EXCERPT,
    MAX_WORD,
    MAX_WORDS,
    MIN_WORD,
    TextQuery,
    list_index_words,
    parse_text_query,
)

NOW = datetime(2026, 11, 28, tzinfo=UTC)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)


def parse(text: str) -> TextQuery:
    found = parse_text_query(text)
    assert found
    return found


def has_match(query: str, body: str | None) -> bool:
    return parse(query).has_match(Message("IM1", "CH1", 0, NOW, NOW, "agent", body))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("", ()),
        ("It is on: no. 12", ()),
        ("The ROOF, the roof!", ("the", "roof")),
        ("Café on Elm_Street #204", ("cafe", "elm", "street", "204")),
        ("x" * MAX_WORD + " " + "y" * (MAX_WORD + 1), ("x" * MAX_WORD,)),
    ],
)
def test_words_of_a_text(body: str, words: tuple[str, ...]) -> None:
    assert list_index_words(body) == words


def test_a_text_has_so_many_words_in_the_index() -> None:
    assert list_index_words(" ".join(f"w{number:03}" for number in range(100)))[-1] == f"w{MAX_WORDS - 1:03}"


@given(texts)
def test_every_word_of_the_index_finds_its_text_and_has_a_place_in_a_key(body: str) -> None:
    for word in list_index_words(body):
        assert MIN_WORD <= len(word) <= MAX_WORD
        assert "#" not in word
        assert parse(word).lead == word
        assert has_match(word, body)


@given(texts, texts)
def test_an_excerpt_is_a_part_of_the_text(body: str, query: str) -> None:
    parsed = parse_text_query(query) or parse("roof")
    excerpt = parsed.cut_excerpt(body)
    assert excerpt in body
    assert len(excerpt) <= MAX_EXCERPT


def test_an_excerpt_is_around_the_first_word_that_is_found() -> None:
    body = "a " * 300 + "the Roof leaks" + " b" * 300
    excerpt = parse("leaks roof").cut_excerpt(body)
    assert "the Roof leaks" in excerpt
    assert len(excerpt) == MAX_EXCERPT


@pytest.mark.parametrize(("query", "lead"), [("a leaking roof", "leaking"), ("roof " + "x" * 40, "roof")])
def test_the_longest_indexed_word_leads(query: str, lead: str) -> None:
    assert parse(query).lead == lead


@pytest.mark.parametrize("query", ["", "a of", "?!", "x" * 33])
def test_a_query_needs_an_indexed_word(query: str) -> None:
    assert parse_text_query(query) is None


@pytest.mark.parametrize(
    ("query", "found"),
    [("roof", True), ("the ROOF", True), ("roo", False), ("roof at", True), ("roof is", False), ("roof oak", False)],
)
def test_a_text_has_all_whole_words(query: str, found: bool) -> None:
    assert has_match(query, "At the roof.") is found
    assert not has_match(query, None)
