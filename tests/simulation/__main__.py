"""Play histories: `python -m tests.simulation --minutes 2`, or `--seed 17` for one of them.

Prints the first history that breaks a promise, shrunk, and ends with 1. With `--mutants` each mutant has to break its
promise within so many histories.
"""

from __future__ import annotations

import argparse
import gc
import itertools
import os
import sys
import time
from collections import Counter
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.simulation import scheduler

if TYPE_CHECKING:
    from tests.simulation.histories import History, Outcome

# How long this takes: the histories have a time of their own, and replace that of the module.
_elapsed, _used = time.perf_counter, time.process_time


def main() -> int:
    """Play what is asked for; return the exit code."""
    given = _read_arguments()
    if os.environ.get("PYTHONHASHSEED") != "0":
        # The order of a set of texts is a part of a history.
        os.environ["PYTHONHASHSEED"] = "0"
        os.execv(sys.executable, [sys.executable, "-m", "tests.simulation", *sys.argv[1:]])
    # Only now, in the process that stays: from here on it is in simulated worlds.
    scheduler.replace_threads()
    from tests.simulation import process  # noqa: PLC0415

    process.install()
    gc.freeze()
    if given.each_fault:
        return _play_each_fault(given)
    return _find_mutants(given) if given.mutants else _play(given)


def _read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument(
        "--seed", type=int, help="of the first history; without --minutes and --count it is the only one"
    )
    parser.add_argument("--count", type=int, help="how many histories")
    parser.add_argument("--minutes", type=float, help="for how long")
    parser.add_argument("--rate", type=float, default=1.0, help="how much goes wrong; 1 is usual")
    parser.add_argument("--log", action="store_true", help="print what happens in each history")
    parser.add_argument("--keep-on", action="store_true", help="go on after a broken promise, and shrink nothing")
    parser.add_argument(
        "--each-fault", type=int, metavar="EVERY", help="play one history with each single fault, or every so many"
    )
    parser.add_argument("--mutant", default="", help="play a product that is broken: its name in mutants.py")
    parser.add_argument("--mutants", type=int, metavar="MOST", help="find each mutant within so many histories")
    return parser.parse_args()


def _play(given: argparse.Namespace) -> int:
    from tests.simulation.histories import History, run  # noqa: PLC0415
    from tests.simulation.mutants import MUTANTS  # noqa: PLC0415

    begun, used, broken = _elapsed(), _used(), 0
    first = int(begun * 1000) % 1_000_000_000 if given.seed is None else given.seed
    most = given.count or (sys.maxsize if given.minutes else 1)
    until = begun + 60 * given.minutes if given.minutes else float("inf")
    totals: Counter[str] = Counter()
    mutant = next((one.in_force() for one in MUTANTS if one.name == given.mutant), nullcontext())
    with mutant:
        for number in itertools.count(1):
            history = History(first + number - 1, given.rate)
            outcome = run(history)
            totals.update(outcome.counts)
            if given.log:
                _print_lines(outcome.log)
            if outcome.broken:
                broken += 1
                _print_lines([f"seed {history.seed}", *outcome.broken])
                if not given.keep_on:
                    _print_shrunk(history, outcome)
                    return 1
            if number >= most or _elapsed() >= until:
                break
    counted = ", ".join(f"{count} {name}" for name, count in totals.items())
    _print_lines(
        [
            f"{number} histories from seed {first}; {broken} of them broke a promise",
            f"{counted}; {_used() - used:.0f} seconds of a processor",
        ]
    )
    return 1 if broken else 0


def _play_each_fault(given: argparse.Namespace) -> int:
    from tests.simulation.histories import History, run  # noqa: PLC0415

    calm = History(given.seed or 0, rate=0.0)
    possible = run(calm).possible[:: given.each_fault]
    broken = 0
    for fault in possible:
        outcome = run(replace(calm, forced=fault))
        if outcome.broken:
            broken += 1
            _print_lines([f"seed {calm.seed}, {fault}", *outcome.broken])
    _print_lines([f"{len(possible)} faults, one at a time, in history {calm.seed}; {broken} of them broke a promise"])
    return 1 if broken else 0


def _print_shrunk(history: History, outcome: Outcome) -> None:
    from tests.simulation.shrinking import shrink  # noqa: PLC0415

    smaller, shrunk = shrink(history, outcome)
    _print_lines(["", f"seed {history.seed}, shrunk to what breaks the promise too:", *map(str, smaller.acts())])
    _print_lines(["", "what goes wrong:", *shrunk.faults])
    _print_lines(["", "what happens, by seconds:", *shrunk.log])


def _find_mutants(given: argparse.Namespace) -> int:
    from tests.simulation.histories import History, run  # noqa: PLC0415
    from tests.simulation.mutants import MUTANTS  # noqa: PLC0415

    missed = 0
    for mutant in MUTANTS:
        seen = None
        with mutant.in_force():
            for seed in range(given.mutants):
                if any(broken.startswith(mutant.promise) for broken in run(History(seed, given.rate)).broken):
                    seen = seed
                    break
        missed += seen is None
        _print_lines([f"{mutant.name}: " + ("not seen" if seen is None else f"seen in history {seen}")])
    return 1 if missed else 0


def _print_lines(lines: list[str]) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
