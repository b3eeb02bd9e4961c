"""The product keeps its promises in some hundred histories, and broken products do not.

The histories are played in a process of their own, which is in simulated worlds (tests/simulation/process.py).
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulation.stack import queues

ROOT = Path(__file__).parents[2]
# Together about half a minute of a processor: `make simulate` plays more.
HISTORIES = 150
PARTS = 3
# Within so many histories each mutant is seen; most are within ten.
MUTANTS_WITHIN = 60


def play(*arguments: object) -> tuple[int, str]:
    """The exit code and the output of a run."""
    played = subprocess.run(
        [sys.executable, "-m", "tests.simulation", *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": "layers/partyline"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert not played.stderr, played.stderr
    return played.returncode, played.stdout


@pytest.mark.parametrize("part", range(PARTS))
def test_every_promise_is_kept_in_every_history(part: int) -> None:
    size = HISTORIES // PARTS
    code, output = play("--seed", part * size, "--count", size)
    assert code == 0, output
    # Something happened in them.
    counts = {name: int(number) for number, name in re.findall(r"(\d+) (messages|requests|faults)", output)}
    assert counts["messages"] > size and counts["requests"] > size / 2 and counts["faults"] > 2 * size, output


def test_every_promise_is_kept_whatever_single_thing_goes_wrong() -> None:
    # Every eighth fault; all take as long as the histories above.
    code, output = play("--seed", 2, "--each-fault", 8)
    assert code == 0, output
    assert int(output.split()[0]) > 40, output


def test_every_broken_product_is_seen() -> None:
    code, output = play("--mutants", MUTANTS_WITHIN)
    assert code == 0, output


def test_a_seed_is_always_the_same_history() -> None:
    first, second = (play("--seed", 2, "--log")[1] for _ in range(2))
    assert first.count("\n") > 20
    assert re.sub(r"\d+ seconds", "", first) == re.sub(r"\d+ seconds", "", second)


def test_a_broken_promise_is_printed_with_its_seed_and_what_is_left_of_its_history() -> None:
    code, output = play("--mutant", "copies are not counted", "--seed", 0, "--count", 10)
    assert code == 1
    _, _, shrunk = output.partition("shrunk to what breaks the promise too:\n")
    acts, _, happened = shrunk.partition("\n\nwhat goes wrong:\n")
    # One text is enough for its copies to be taken for two.
    assert len(acts.splitlines()) == 1, output
    assert "a text is recorded exactly once" in happened


def test_the_queues_are_those_of_the_template() -> None:
    outbound = {one.name: one for one in queues()}["OutboundQueue"]
    assert (outbound.is_fifo, outbound.visibility, outbound.dead_letters) == (True, 360.0, "OutboundDeadLetters")
