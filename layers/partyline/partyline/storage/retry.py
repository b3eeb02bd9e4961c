"""Repeat attempts at the table: when, how often, and after which wait."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from partyline import deadline
from partyline.errors import Conflict

Result = TypeVar("Result")


def is_conflict(error: Exception) -> bool:
    """Return whether a write was not made. An attempt that reads again may succeed."""
    return isinstance(error, Conflict)


def is_race(error: Exception) -> bool:
    """Return whether another transaction was writing the same items. The same write may then succeed."""
    return isinstance(error, Conflict) and not error.failed


@dataclass(slots=True)
class RetryPolicy:
    """How to repeat an attempt: with jittered pauses that double, so that many writers of one item spread out.

    `tries` counts all attempts. Pauses are in seconds: `first_pause` limits the first one and `longest_pause` each of
    them. `fixed_share` is the share of a pause without jitter. With `reserve`, a pause is made only when the invocation
    has that many seconds left after it.

    `sleep` and `uniform` are attributes, so that a test can replace them.
    """

    tries: int
    first_pause: float
    longest_pause: float
    fixed_share: float = 0.0
    reserve: float | None = None
    sleep: Callable[[float], None] = time.sleep
    uniform: Callable[[float, float], float] = random.uniform

    def run(self, attempt: Callable[[], Result], *, can_retry: Callable[[Exception], bool] = is_conflict) -> Result:
        """Return what the first attempt that succeeds returns.

        Raises the error of the last attempt. Raises an error that `can_retry` denies at once.
        """
        for number in range(self.tries - 1):
            try:
                return attempt()
            except Exception as error:
                longest = min(self.first_pause * 2**number, self.longest_pause)
                if not can_retry(error) or not self._has_time(longest):
                    raise
            fixed = longest * self.fixed_share
            self.sleep(fixed + self.uniform(0, longest - fixed))
        return attempt()

    def _has_time(self, pause: float) -> bool:
        return self.reserve is None or deadline.seconds_left() >= pause + self.reserve


# A change that reads again in each attempt, or a transaction that conflicts with another one.
STANDARD = RetryPolicy(tries=8, first_pause=0.02, longest_pause=0.4)
# The same where many requests write one conversation at once: of fifty, the last needs about a dozen attempts.
CONTENDED = RetryPolicy(tries=16, first_pause=0.02, longest_pause=0.4)
# A request that DynamoDB refuses as too fast.
THROTTLED = RetryPolicy(tries=8, first_pause=0.05, longest_pause=1.0, fixed_share=0.5, reserve=1.0)
