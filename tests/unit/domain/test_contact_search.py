"""Search in contacts: words in any writing, ends of numbers, and each contact once."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partyline.domain import contact_search
from partyline.domain.contact_search import MAX_WORDS, parse_query
from partyline.domain.contacts import Contact, ContactNumber

NOW = datetime(2026, 11, 28, tzinfo=UTC)
names = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=40)


def contact(name: str, *numbers: str) -> Contact:
    return Contact("CT1", "IS1", name, NOW, NOW, tuple(ContactNumber(number) for number in numbers))


BOB = contact("Bob Müller-Lüdenscheid", "+12065550150", "+442079460018")


@pytest.mark.parametrize(
    "query",
    ["bob", "BO", "mull", "muller bob", "Müll", "lud", "150", "0150", "+1 (206) 555-0150", "2065550150", "0018",
     "bob 0150", "150 mul", "ｂｏｂ"],
)  # fmt: skip
def test_a_contact_is_found_by_words_and_by_ends_of_numbers(query: str) -> None:
    assert parse_query(query).has_match(contact_search.list_terms(BOB))


@pytest.mark.parametrize("query", ["ob", "bobby", "kay", "206", "15", "0151", "bob 0151", "", "!!!", "555-01"])
def test_other_queries_do_not_find_it(query: str) -> None:
    assert not parse_query(query).has_match(contact_search.list_terms(BOB))


def test_digits_may_begin_a_word_of_the_name() -> None:
    assert parse_query("123").has_match(contact_search.list_terms(contact("123 Cleaning")))
    assert parse_query("24").has_match(contact_search.list_terms(contact("24 Hours")))


@given(names, st.data())
def test_every_beginning_of_a_word_finds_its_contact_once(name: str, data: st.DataObject) -> None:
    words = contact_search.split_words(name)
    terms = contact_search.list_terms(contact(name, "+12065550150"))
    assert len(words) <= MAX_WORDS
    if words:
        word = data.draw(st.sampled_from(words))
        query = parse_query(word[: data.draw(st.integers(1, len(word)))])
        # What is folded twice is folded once.
        assert query.has_match(terms), (word, query)
        assert sum(query.is_first_match(term, terms) for term in terms) == 1


@given(names, names)
def test_the_order_of_names_is_that_of_their_letters(one: str, other: str) -> None:
    first, second = contact_search.sort_name(one), contact_search.sort_name(other)
    assert (contact_search.fold(one) == contact_search.fold(other)) <= (first == second)
    assert len(first.encode()) <= 4 * contact_search.MAX_SORTED


def test_the_longest_part_of_a_query_is_read() -> None:
    assert parse_query("a miller").lead == ("wmiller",)
    assert parse_query("j 5550150").lead == ("w5550150", "n0510555")
