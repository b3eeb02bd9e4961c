"""Reads that are made side by side."""

from __future__ import annotations

import threading
from functools import partial

import pytest

from partyline.storage.parallel_reads import AT_ONCE, read_all


def test_reads_are_under_way_together_and_answers_are_in_their_order() -> None:
    # Nobody passes it alone.
    barrier = threading.Barrier(AT_ONCE)

    def read(number: int) -> int:
        barrier.wait(timeout=30)
        return number

    assert read_all([partial(read, number) for number in range(AT_ONCE)]) == [*range(AT_ONCE)]


@pytest.mark.parametrize("count", [0, 1, 3 * AT_ONCE])
def test_there_may_be_any_number_of_reads(count: int) -> None:
    assert read_all([partial(int, number) for number in range(count)]) == [*range(count)]


def test_one_read_needs_no_other_thread() -> None:
    assert read_all([threading.current_thread]) == [threading.current_thread()]


@pytest.mark.parametrize("before", [0, 2])
def test_error_of_a_read_is_raised(before: int) -> None:
    def one() -> int:
        return 1

    def fail() -> int:
        raise LookupError("no such shard")

    with pytest.raises(LookupError, match="no such shard"):
        read_all([*[one] * before, fail])
