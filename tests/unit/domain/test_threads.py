"""Threads: keys of sets of people."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from partyline.domain import threads
from partyline.domain.addresses import canonicalize
from tests.support.seeded import build_text, from_seed

NUMBERS = st.integers(min_value=2_000_000_000, max_value=9_999_999_999).map(lambda n: f"+1{n}")


def build_member(chance: random.Random) -> str:
    """Anybody: a number, a short code, an e-mail address or any text."""
    number = chance.choice(
        (f"+1{chance.randrange(2_000_000_000, 9_999_999_999)}", str(chance.randrange(100, 99_999_999)))
    )
    address = f"{build_text(chance, 6)}@{chance.choice(('example.com', 'b.example', 'EXAMPLE.com'))}"
    return canonicalize(chance.choice((number, number, address, build_text(chance))))


def build_roster(chance: random.Random) -> list[str]:
    return [build_member(chance) for _ in range(chance.randrange(1, 13))]


def build_rosters(chance: random.Random) -> tuple[list[str], list[str]]:
    """Two rosters: the same people in another order, all but one of them the same, or different ones."""
    one = build_roster(chance)
    other = chance.choice(
        (one, one, [*one[1:], build_member(chance)], [*one, build_member(chance)], build_roster(chance))
    )
    return one, chance.sample(other, len(other))


ROSTERS = from_seed(build_roster)


def notations(number: str) -> list[str]:
    """The same +1 number as people and carriers write it."""
    digits = number.removeprefix("+1")
    area, exchange, line = digits[:3], digits[3:6], digits[6:]
    return [number, digits, f"1{digits}", f"({area}) {exchange}-{line}", f"tel:{number}", f" {area}.{exchange}.{line} "]


@given(st.lists(NUMBERS, min_size=1, max_size=10), st.randoms(use_true_random=False))
def test_order_repeats_notation_and_sender_never_change_a_key(roster: list[str], chance: random.Random) -> None:
    rewritten = [chance.choice(notations(number)) for number in roster + chance.choices(roster, k=3)]
    chance.shuffle(rewritten)
    assert threads.build_key(canonicalize(number) for number in rewritten) == threads.build_key(roster)


@given(from_seed(build_rosters))
def test_different_sets_never_share_a_key(rosters: tuple[list[str], list[str]]) -> None:
    one, other = rosters
    assert (threads.build_key(one) == threads.build_key(other)) == (set(one) == set(other))
    assert (threads.digest(threads.build_key(one)) == threads.digest(threads.build_key(other))) == (
        set(one) == set(other)
    )


@given(ROSTERS)
def test_a_key_names_its_members(roster: list[str]) -> None:
    assert set(threads.members_of(threads.build_key(roster))) == set(roster)


def test_empty_key_has_no_members() -> None:
    assert threads.members_of(threads.build_key([])) == ()


def test_two_parties_are_a_pair_and_three_a_group() -> None:
    assert threads.is_pair("+12065550100,+12065550150")
    assert not threads.is_pair("+12065550100,+12065550150,+12065550151")
