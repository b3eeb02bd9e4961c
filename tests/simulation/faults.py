"""What goes wrong in a history, and how long each call takes: all of it follows from the seed.

Each decision is a number drawn by its name: of the seed, the task and the count of its calls. So a decision does not
depend on what other tasks do, and a history stays much the same when a part of it is taken out (shrinking.py). A fault
has the name of its decision, and can be left out by it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

_SPAN = float(2**64)


@dataclass
class Faults:
    """The faults of one history.

    `rate` scales how often anything goes wrong. `without` names faults that do not happen. `happened` are those that
    did. After `calm_down` nothing goes wrong any more. `forced` is one that happens in any case, at rate 0 the only
    one. `possible` are all that could have happened.
    """

    seed: int
    rate: float
    without: frozenset[str] = frozenset()
    happened: list[str] = field(default_factory=list)
    is_calm: bool = False
    forced: str = ""
    possible: list[str] = field(default_factory=list)

    def number(self, name: str) -> float:
        """A number from 0 to 1 that belongs to a name."""
        digest = hashlib.blake2b(f"{self.seed}/{name}".encode(), digest_size=8).digest()
        return int.from_bytes(digest) / _SPAN

    def happens(self, name: str, chances: Mapping[str, float]) -> str:
        """Which of some faults happens, '' for none. `chances` are those at the rate 1."""
        if self.is_calm:
            return ""
        number = self.number(f"fault/{name}")
        for kind, chance in chances.items():
            fault = f"{name}: {kind}"
            self.possible.append(fault)
            number -= chance * self.rate
            if (number < 0 and fault not in self.without) or fault == self.forced:
                self.happened.append(fault)
                return kind
            if number < 0:
                return ""
        return ""

    def latency(self, name: str) -> float:
        """How many seconds a way over the network takes: mostly milliseconds, now and then a second."""
        number = self.number(f"time/{name}")
        if self.is_calm or number < 0.9:
            return 0.001 + number * 0.01
        if number < 0.99:
            return 0.02 + (number - 0.9) * 3
        return 0.3 + (number - 0.99) * 200

    def calm_down(self) -> None:
        self.is_calm = True
