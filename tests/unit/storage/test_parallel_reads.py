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


def test_the_error_is_that_of_the_first_in_order_and_comes_when_no_read_is_under_way() -> None:
    all_begun, soon, late = threading.Barrier(3), threading.Event(), threading.Event()
    ended = []

    def fail_late() -> None:
        all_begun.wait(timeout=30)
        soon.wait(timeout=30)
        late.set()
        raise LookupError("first in order")

    def fail_soon() -> None:
        all_begun.wait(timeout=30)
        soon.set()
        raise ValueError("first in time")

    def end_last() -> None:
        all_begun.wait(timeout=30)
        late.wait(timeout=30)
        ended.append(True)

    with pytest.raises(LookupError, match="first in order"):
        read_all([fail_late, fail_soon, end_last])
    assert ended == [True]
