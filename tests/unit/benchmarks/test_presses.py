"""Interaction to Next Paint, by its definition: https://web.dev/articles/inp."""

from __future__ import annotations

import pytest

from benchmarks.presses import Presses


def test_an_interaction_lasts_as_long_as_its_longest_event() -> None:
    presses = Presses(made=1)
    presses.add("typing", [(7, 24), (7, 48), (7, 16)])

    assert presses.find_longest() == 48


@pytest.mark.parametrize(("made", "longest"), [(1, 160), (49, 160), (50, 120), (99, 120), (100, 80), (1000, 40)])
def test_one_of_each_fifty_interactions_is_left_out(made: int, longest: float) -> None:
    presses = Presses(made)
    presses.add("opening", [(1, 160), (2, 40)])
    presses.add("typing", [(3, 120), (4, 80)])

    assert presses.find_longest() == longest


def test_where_all_were_too_short_to_be_told_none_took_long() -> None:
    assert Presses(made=3).find_longest() == 0
