"""The exit status of several runs of pytest."""

from __future__ import annotations

import pytest

from local.test_runs import combine


@pytest.mark.parametrize(
    ("statuses", "combined"),
    [
        ((0, 0), 0),
        ((1, 0), 1),
        ((0, 2), 2),
        ((0, 5), 0),
        ((5, 0), 0),
        ((5, 1), 1),
        ((5, 5), 5),
        ((2, 1), 2),
        ((-9, 0), -9),
        ((0, 0, 1), 1),
        ((5, 0, 5), 0),
    ],
)
def test_combine_takes_the_first_failure(statuses: tuple[int, int], combined: int) -> None:
    assert combine(statuses) == combined
