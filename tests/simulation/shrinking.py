"""Shrink a history that breaks a promise: leave out what it breaks the promise without.

First what people and programs do, then what goes wrong: halves of it, then single ones, until nothing more can go.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from tests.simulation.histories import History, Outcome, run

Part = TypeVar("Part")

# How many histories are played at most.
MOST = 150


def promise_of(outcome: Outcome) -> str:
    """The first promise that a history broke, '' for none."""
    return outcome.broken[0].partition(":")[0] if outcome.broken else ""


class _Shrinker:
    def __init__(self, history: History, outcome: Outcome) -> None:
        self.history, self.outcome, self.promise = history, outcome, promise_of(outcome)
        self._left = MOST

    def try_(self, history: History) -> bool:
        """Play a smaller history; keep it if it breaks the promise too."""
        if not self._left:
            return False
        self._left -= 1
        outcome = run(history)
        if not any(broken.startswith(self.promise) for broken in outcome.broken):
            return False
        self.history, self.outcome = history, outcome
        return True

    def leave_out(self, parts: Sequence[Part], without: Callable[[Sequence[Part]], History]) -> None:
        """Leave out as many of some parts as can be."""
        size = max(1, len(parts) // 2)
        while True:
            for start in range(0, len(parts), size):
                self.try_(without(parts[start : start + size]))
            if size == 1:
                return
            size //= 2


def shrink(history: History, outcome: Outcome) -> tuple[History, Outcome]:
    """Return the smallest history that was found to break the same promise, and what became of it."""
    shrinker = _Shrinker(history, outcome)
    numbers = [act.number for act in history.acts()]
    shrinker.leave_out(
        numbers, lambda out: replace(shrinker.history, without_acts=shrinker.history.without_acts | {*out})
    )
    shrinker.leave_out(
        list(shrinker.outcome.faults),
        lambda out: replace(shrinker.history, without_faults=shrinker.history.without_faults | {*out}),
    )
    return shrinker.history, shrinker.outcome
