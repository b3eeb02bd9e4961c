"""Results: a ratio of times, taken in turns, and its goal.

A time is that of the processor, user and system together. What else the machine does lengthens both times of a ratio.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table. `goal` is the most that `value` may be; `note` tells where the value comes from."""

    title: str
    goal: float
    value: float
    unit: str = ""
    note: str = ""

    @property
    def is_met(self) -> bool:
        """Whether the goal is met, by the digits that are shown."""
        return round(self.value, 2) <= self.goal


@dataclass(frozen=True, slots=True)
class TimedPair:
    """Times of a function and of its floor, in seconds, taken in turns."""

    function: Sequence[float]
    floor: Sequence[float]

    def build_row(self, title: str, goal: float, more: str = "") -> Row:
        """Build the line: the median of the ratios of each turn. `more` is added to its note."""
        ratios = [one / other for one, other in zip(self.function, self.floor, strict=True)]
        fastest = min(self.function) / min(self.floor)
        note = f"{_describe(self.function)} / {_describe(self.floor)}; of the fastest {fastest:.2f}{more}"
        return Row(title, goal, statistics.median(ratios), note=note)


def _describe(seconds: Sequence[float]) -> str:
    median, least = (f"{one * 1000:.{0 if one >= 0.1 else 1}f}" for one in (statistics.median(seconds), min(seconds)))
    return f"{median} ms ({least})"
