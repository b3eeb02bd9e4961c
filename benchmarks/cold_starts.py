"""Measure cold starts over TLS beside that of the least function, and memory."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.measures import HANDLER, KNOWN, POST, Bench
from benchmarks.processes import ProgramFile
from benchmarks.results import Row, TimedPair

# A function with 512 MB has this share of a processor once it has started; while it starts, it has a whole one.
SHARE = 0.29
MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class ColdStart:
    """Seconds to load a program and to make its first call, and the most memory that it had then."""

    loaded: float
    first: float
    memory: int

    @property
    def felt(self) -> float:
        """The seconds that this takes in Lambda."""
        return self.loaded + self.first / SHARE


def measure_cold(bench: Bench, starts: int) -> Iterator[Row]:
    """Start each program in turns."""
    programs: tuple[tuple[ProgramFile, str, Any], ...] = (
        (bench.hello, KNOWN, {}),
        (bench.function(KNOWN), KNOWN, bench.event(KNOWN)),
        (bench.function(POST), POST, bench.event(POST)),
        (bench.handler, HANDLER, bench.event(KNOWN)),
    )
    # The first start of each compiles its modules, and is not counted.
    turns = [[_start(bench, *one) for one in programs] for _ in range(starts + 1)][1:]
    hello, inbound, api, handler = zip(*turns, strict=True)
    yield _compare("inbound, cold: first text / least function", 1.15, inbound, hello)
    yield _compare("API, cold: first POST Message / least function", 1.3, api, hello)
    yield _compare("inbound, cold: first text / FastAPI handler", 1.0, inbound, handler)
    if memory := statistics.median(start.memory for start in inbound):
        yield Row("memory of inbound after its first text", 45, memory / MIB, " MiB")


def _start(bench: Bench, file: ProgramFile, scene: str, event: Any) -> ColdStart:
    with bench.launcher.running(file, tls=True) as program:
        return ColdStart(program.loaded, bench.call(program, scene, event), program.read_most_memory())


def _compare(title: str, goal: float, function: Sequence[ColdStart], floor: Sequence[ColdStart]) -> Row:
    loaded, first = (
        statistics.median(times) * 1000 for times in ([one.loaded for one in function], [one.first for one in function])
    )
    more = f"; loaded in {loaded:.0f} ms, first call {first:.0f} ms"
    return TimedPair([one.felt for one in function], [one.felt for one in floor]).build_row(title, goal, more)
