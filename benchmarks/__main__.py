"""Measure, and print the table; or write it into docs/speed.md.

python -m benchmarks [--write] [--turns N] [--starts N] [--python PATH]
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks import report
from benchmarks.cold_starts import measure_cold
from benchmarks.interpreter import find_deployed, read_version
from benchmarks.measures import KNOWN, Bench
from benchmarks.processes import Launcher, running_stand_in
from benchmarks.results import Row
from benchmarks.round_trips import count_trips
from benchmarks.scenes import build_scenes
from local.environments import SetupError, ensure
from local.expansion import read_source
from tests.support import moto_table


def measure(python: Path, turns: int, starts: int) -> Iterator[Row]:
    """Measure everything, by the interpreter of an environment."""
    scenes, variables = build_scenes()
    with running_stand_in() as stand_in:
        stand_in.keep(scenes)
        bench = Bench(Launcher(python, stand_in), stand_in, {scene.name: scene for scene in scenes}, variables)
        warm = [bench.measure_handler(turns), *bench.measure_warm(turns)]
        yield from measure_cold(bench, starts)
        yield from warm
    yield from count_trips(bench.calls[KNOWN])


def main() -> int:
    """Run the command line; the result is its exit status."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the table into docs/speed.md")
    parser.add_argument("--turns", type=int, default=80, help="calls of each warm program")
    parser.add_argument("--starts", type=int, default=15, help="cold starts of each program")
    runtime = read_source()["Parameters"]["Runtime"]["Default"]
    parser.add_argument(
        "--python", type=Path, default=None, help=f"the interpreter; without it {runtime}, if it is here"
    )
    options = parser.parse_args()
    moto_table.install()
    try:
        python = ensure("bench", str(options.python or find_deployed(runtime))) / "bin" / "python"
        table = report.build_table(measure(python, options.turns, options.starts), read_version(python) or "unknown")
    except SetupError as error:
        print(f"partyline: {error}", file=sys.stderr)
        return 1
    if options.write:
        report.write("speed", table)
    print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
