"""Copies: which texts are copies of one another, and how many messages they make."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partyline.domain import threads
from partyline.domain.copies import Copies, hash_content


def test_copies_of_one_content_have_one_fingerprint_however_a_carrier_writes_it() -> None:
    composed, decomposed = "Café  at\r\n9 ", "Cafe\u0301 at 9"
    assert hash_content(composed, 0) == hash_content(decomposed, 0)
    assert hash_content("ok", 0) != hash_content("ok", 1)


@pytest.mark.parametrize(
    ("sent", "heard"),
    [
        ("Liked “hi”", 'Liked "hi"'),
        ("it’s ok", "it's ok"),
        ("wait…", "wait..."),
        ("\u200a\u200b👍\u200b to \u200a“hi”\u200a \u200a", '👍 to "hi"'),
        ("❤️", "❤"),
    ],
)
def test_copies_through_carriers_of_different_notation_have_one_fingerprint(sent: str, heard: str) -> None:
    assert hash_content(sent, 0) == hash_content(heard, 0)


@pytest.mark.parametrize(
    ("one", "other"),
    [("ok", "Ok"), ("x²", "x2"), ("①", "1"), ("½", "1/2"), ("👨\u200d👩", "👨👩"), ("ok", "ok.")],
)
def test_what_reads_differently_has_another_fingerprint(one: str, other: str) -> None:
    assert hash_content(one, 0) != hash_content(other, 0)


def deliver(copies: Sequence[tuple[str | tuple[str, ...], str]]) -> int:
    """How many messages come of (own number or numbers, carrier id) deliveries of one content, with carrier ids
    recorded once."""
    seen, received, messages = Copies({}), set(), 0
    for line, carrier_id in copies:
        if carrier_id in received:
            continue
        received.add(carrier_id)
        after = seen.with_copy_at(*([line] if isinstance(line, str) else line))
        messages += after.logical() > seen.logical()
        seen = after
    return messages


OWN = ["P", "Q", "R", "S"]


@given(lines=st.integers(1, 3), sent=st.integers(1, 6), data=st.data())
def test_any_interleaving_of_copies_and_retries_yields_exactly_the_messages_sent(
    lines: int, sent: int, data: st.DataObject
) -> None:
    """GIVEN a person who sends the same text `sent` times into a group with one to three own numbers
    WHEN every copy comes, in any order, each any number of times
    THEN there are exactly as many messages as texts."""
    copies = [(line, f"{line}{number}") for line in OWN[:lines] for number in range(sent)]
    repeats = data.draw(st.lists(st.sampled_from(copies), max_size=10))
    assert deliver(data.draw(st.permutations(copies + repeats))) == sent


@given(lines=st.integers(2, 3), sent=st.integers(1, 5), data=st.data())
def test_nothing_is_lost_while_each_text_reaches_one_own_number(lines: int, sent: int, data: st.DataObject) -> None:
    """GIVEN one own number that gets every copy WHEN the others miss any of theirs THEN nothing is lost or doubled."""
    whole = [(OWN[0], f"{OWN[0]}{number}") for number in range(sent)]
    others = [(line, f"{line}{number}") for line in OWN[1:lines] for number in range(sent)]
    missed = data.draw(st.sets(st.sampled_from(others)))
    assert deliver(data.draw(st.permutations(whole + [copy for copy in others if copy not in missed]))) == sent


@given(lines=st.integers(2, 3), sent=st.integers(1, 5), data=st.data())
def test_echoes_of_our_own_sends_are_never_messages(lines: int, sent: int, data: st.DataObject) -> None:
    """GIVEN our own sends from P, each counted at P when it is recorded
    WHEN the carrier brings each back to our other numbers afterwards, in any order and any number of times
    THEN there are no messages but those we sent."""
    pending: Counter[str] = Counter()
    seen, received, messages = Copies({}), set(), 0
    to_send = sent
    while to_send or sum(pending.values()):
        choices = ["send"] * bool(to_send) + [line for line in OWN[1:lines] if pending[line]]
        choice = data.draw(st.sampled_from(choices))
        if choice == "send":
            seen = seen.with_copy_at(OWN[0])
            to_send -= 1
            pending.update(OWN[1:lines])
            continue
        number = pending[choice]
        pending[choice] -= 1
        for carrier_id in [f"{choice}-{to_send}-{number}"] * data.draw(st.integers(1, 2)):
            if carrier_id in received:
                continue
            received.add(carrier_id)
            after = seen.with_copy_at(choice)
            messages += after.logical() > seen.logical()
            seen = after
    assert messages == 0
    assert seen.logical() == sent


def naming(data: st.DataObject, line: str, lines: list[str]) -> tuple[str, ...]:
    """How a carrier names the number of a copy: it, or several of which it is one."""
    others = [other for other in lines if other != line]
    return (line, *data.draw(st.sets(st.sampled_from(others)))) if others else (line,)


@given(lines=st.integers(1, 4), sent=st.integers(1, 5), data=st.data())
def test_nothing_is_doubled_however_vaguely_a_carrier_names_the_numbers(
    lines: int, sent: int, data: st.DataObject
) -> None:
    """C8. GIVEN copies of which the carrier names several numbers, each time others
    WHEN any of them come, in any order and repeated
    THEN there are no more messages than texts."""
    own = OWN[:lines]
    copies = [(naming(data, line, own), f"{line}{number}") for line in own for number in range(sent)]
    come = data.draw(st.lists(st.sampled_from(copies), max_size=3 * len(copies)))
    assert deliver(come) <= sent
    assert deliver(data.draw(st.permutations(copies))) <= sent


@given(lines=st.integers(2, 4), sent=st.integers(1, 5), data=st.data())
def test_missing_copy_of_a_carrier_with_full_rosters_loses_nothing(lines: int, sent: int, data: st.DataObject) -> None:
    """C8. GIVEN a carrier that names all its numbers in each copy, and a number at another carrier that it never names
    WHEN every copy comes but one of its own
    THEN there are exactly as many messages as texts, in whatever order they come."""
    own = tuple(OWN[:lines])
    copies: list[tuple[str | tuple[str, ...], str]] = [
        (own, f"{line}{number}") for line in own for number in range(sent)
    ]
    elsewhere = [("elsewhere", f"elsewhere{number}") for number in range(data.draw(st.integers(0, sent)))]
    missed = data.draw(st.sampled_from([None, *copies]))
    come = [copy for copy in copies if copy != missed] + elsewhere
    assert deliver(data.draw(st.permutations(come))) == sent


@given(lines=st.integers(2, 4), sent=st.integers(1, 5), data=st.data())
def test_echoes_that_name_all_our_other_numbers_are_never_messages(lines: int, sent: int, data: st.DataObject) -> None:
    """C8. GIVEN texts of our own WHEN a carrier brings them back, naming all our other numbers THEN nothing is new."""
    seen = Copies({"sender": sent})
    for _ in range(data.draw(st.integers(0, sent * lines))):
        seen = seen.with_copy_at(*OWN[:lines])
    assert seen.logical() == sent


@given(st.lists(st.tuples(st.sets(st.sampled_from(["P", "Q", "R", "S"]), min_size=1), st.integers(1, 4)), max_size=6))
def test_the_count_is_the_fewest_messages_of_which_each_number_sees_one(counts: list[tuple[set[str], int]]) -> None:
    """C8: as an assignment of copies to numbers would find it, tried out."""
    seen: dict[str, int] = {}
    for lines, number in counts:
        seen[threads.build_key(lines)] = seen.get(threads.build_key(lines), 0) + number

    def fits(most: int) -> bool:
        """Whether every copy finds a number of its own that has room, by augmenting paths."""
        copies = [(place, number) for place, count in seen.items() for number in range(count)]
        taken: dict[tuple[str, int], tuple[str, int]] = {}

        def place(copy: tuple[str, int], tried: set[tuple[str, int]]) -> bool:
            for room in ((line, slot) for line in threads.members_of(copy[0]) for slot in range(most)):
                if room not in tried:
                    tried.add(room)
                    if room not in taken or place(taken[room], tried):
                        taken[room] = copy
                        return True
            return False

        return all(place(copy, set()) for copy in copies)

    fewest = Copies(seen).logical()
    assert fits(fewest)
    assert fewest == 0 or not fits(fewest - 1)


@pytest.mark.parametrize("numbers", [24, 60])
def test_however_many_sets_a_carrier_names_they_are_counted_at_once(numbers: int) -> None:
    """C8. GIVEN a large group of own numbers, and copies that each name some others of them
    WHEN they are counted
    THEN the work grows with the sets, not with all that can be made of them."""
    own = [f"+1206555{number:04}" for number in range(numbers)]
    chain = {threads.build_key([one, other]): 3 for one, other in itertools.pairwise(own)}
    star = {threads.build_key([own[0], one]): 1 for one in own[1:]}
    assert Copies(chain).logical() == 3
    assert Copies(star).logical() == 1
    # One number has seen fifty of its own besides.
    assert Copies({**dict.fromkeys(star, 4), own[1]: 50}).logical() == 50
    assert Copies(dict.fromkeys(star, 4)).logical() == math.ceil(4 * (numbers - 1) / numbers)
