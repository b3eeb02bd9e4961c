"""What is measured, its goals, and how: two programs in turns, call by call, so that both meet the same machine.

A time is that of the processor, user and system together, and a result is a ratio of two times: what else the machine
does lengthens both.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from benchmarks.processes import Call, Launcher, Program, ProgramFile, StandIn
from benchmarks.scenes import Scene
from local.environments import ROOT
from tests.support.capacity import flows
from tests.support.capacity.template import StackTemplate

FLOORS = ROOT / "benchmarks" / "floors"
# A function with 512 MB has this share of a processor once it has started; while it starts, it has a whole one.
SHARE = 0.29
MIB = 1024 * 1024
# Calls before those that are measured: connections are open then, and settings known.
WARM_UP = 5
_TABLE = "DynamoDB"


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

    def build_row(self, title: str, goal: float) -> Row:
        """Build the line: the median of the ratios of each turn."""
        ratios = [one / other for one, other in zip(self.function, self.floor, strict=True)]
        fastest = min(self.function) / min(self.floor)
        note = f"{_describe(self.function)} / {_describe(self.floor)}; of the fastest {fastest:.2f}"
        return Row(title, goal, statistics.median(ratios), note=note)


def _describe(seconds: Sequence[float]) -> str:
    median, least = (f"{one * 1000:.{0 if one >= 0.1 else 1}f}" for one in (statistics.median(seconds), min(seconds)))
    return f"{median} ms ({least})"


# --- warm calls

# The scenes that are compared with the calls that they make, and their goals.
WARM = {
    "known": ("inbound text, known thread", 0.6),
    "new": ("inbound text that makes a thread", 0.6),
    "stop": ("inbound STOP", 0.6),
    "repeat": ("inbound text, repeated", 0.6),
    "report": ("delivery report", 0.6),
    "post": ("API: POST Message to 3 handsets", 0.6),
    "send": ("outbound send to 3 handsets, with the carrier", 0.6),
    "messages": ("API: page of 50 messages", 0.8),
    "conversations": ("API: page of 50 conversations", 0.8),
}
KNOWN, POST = "known", "post"
# The scene of the handler that one would write: it has a layout of its own.
HANDLER = "handler"


@dataclass
class Bench:
    """Measures functions in scenes. `variables` are those of each function."""

    launcher: Launcher
    stand_in: StandIn
    scenes: Mapping[str, Scene]
    variables: Mapping[str, Mapping[str, str]]
    calls: dict[str, list[Call]] = field(default_factory=dict)

    @property
    def raw_calls(self) -> ProgramFile:
        """The floor that makes the calls of a function."""
        return ProgramFile(FLOORS / "raw_calls.py", {})

    @property
    def handler(self) -> ProgramFile:
        """The handler that one would write."""
        secrets = json.loads((ROOT / "local" / "sample_secrets.json").read_text())
        variables = {"TABLE_NAME": "partyline", "WEBHOOK_TOKEN": secrets["bandwidth_webhook_token"]}
        return ProgramFile(FLOORS / "fastapi_inbound.py", variables)

    @property
    def hello(self) -> ProgramFile:
        """The least function."""
        return ProgramFile(FLOORS / "hello.py", {"TABLE_NAME": "partyline"})

    def function(self, scene: str) -> ProgramFile:
        """Return the function of a scene."""
        name = self.scenes[scene].function
        return ProgramFile(ROOT / "functions" / name / "app.py", self.variables[name])

    def event(self, scene: str) -> Any:
        """Return the event of a scene, with the stand-in's addresses."""
        return json.loads(self.launcher.place(json.dumps(self.scenes[scene].event)))

    def measure_warm(self, turns: int) -> Iterator[Row]:
        """Compare each warm function with the calls that it makes."""
        with ExitStack() as stack:
            floor = stack.enter_context(self.launcher.running(self.raw_calls))
            functions: dict[Path, Program] = {}
            for scene, (title, goal) in WARM.items():
                file, event = self.function(scene), self.event(scene)
                if file.path not in functions:
                    functions[file.path] = stack.enter_context(self.launcher.running(file))
                function = functions[file.path]
                self.calls[scene] = self.learn_calls(function, scene, event)
                raw = {"calls": [(call.service, call.operation, call.parameters) for call in self.calls[scene]]}
                pair = self._take_turns((function, scene, event), (floor, scene, raw), turns)
                yield pair.build_row(f"{title} / the same calls raw", goal)

    def learn_calls(self, program: Program, scene: str, event: Any) -> list[Call]:
        """Return what a warm program asks of AWS for a call."""
        for _ in range(WARM_UP):
            self._call(program, scene, event)
        return self.stand_in.list_calls()

    def measure_handler(self, turns: int) -> Row:
        """Compare a warm text into a known thread with the handler that one would write."""
        with self.launcher.running(self.handler) as handler, self.launcher.running(self.function(KNOWN)) as function:
            self.prepare_handler(handler)
            event = self.event(KNOWN)
            pair = self._take_turns((function, KNOWN, event), (handler, HANDLER, event), turns)
            return pair.build_row("inbound text, known thread / FastAPI handler", 0.8)

    def prepare_handler(self, handler: Program) -> None:
        """Keep the scene in which the handler knows the thread: a text has come, with another id."""
        self.stand_in.keep([Scene(HANDLER, "", {}, [])])
        first = json.loads(json.dumps(self.event(KNOWN)).replace("16000000", "17000000"))
        self._call(handler, HANDLER, first)
        written = self.stand_in.list_calls()[-1].parameters["TransactItems"]
        self.stand_in.keep([Scene(HANDLER, "", {}, [one["Put"]["Item"] for one in written])])
        calls = self.learn_calls(handler, HANDLER, self.event(KNOWN))
        if [call.operation for call in calls] != ["GetItem", "TransactWriteItems"]:
            raise RuntimeError(f"the handler did not record the text: {calls}")

    def _take_turns(self, one: tuple[Program, str, Any], other: tuple[Program, str, Any], turns: int) -> TimedPair:
        """Call two programs in turns, each in its scene and with its event."""
        for _ in range(WARM_UP):
            self._call(*one)
            self._call(*other)
        timed = [(self._call(*one), self._call(*other)) for _ in range(turns)]
        return TimedPair([first for first, _ in timed], [second for _, second in timed])

    def _call(self, program: Program, scene: str, event: Any) -> float:
        self.stand_in.set_up(scene)
        seconds, answer = program.call(event)
        check_answer(scene, answer)
        return seconds

    # --- cold starts

    def measure_cold(self, starts: int) -> Iterator[Row]:
        """Compare cold functions with the least one, over TLS, and tell the memory of inbound."""
        programs: tuple[tuple[ProgramFile, str, Any], ...] = (
            (self.hello, KNOWN, {}),
            (self.function(KNOWN), KNOWN, self.event(KNOWN)),
            (self.function(POST), POST, self.event(POST)),
            (self.handler, HANDLER, self.event(KNOWN)),
        )
        # The first start of each compiles its modules, and is not counted.
        all_starts = [[self._start(*one) for one in programs] for _ in range(starts + 1)][1:]
        floor, inbound, api, written = ([start[0] for start in column] for column in zip(*all_starts, strict=True))
        memory = statistics.median(start[1][1] for start in all_starts) / MIB
        yield TimedPair(inbound, floor).build_row("inbound, cold: first text / least function", 1.15)
        yield TimedPair(api, floor).build_row("API, cold: first POST Message / least function", 1.3)
        yield TimedPair(inbound, written).build_row("inbound, cold: first text / FastAPI handler", 1.0)
        if memory:
            yield Row("memory of inbound after its first text", 45, memory, " MiB")

    def _start(self, file: ProgramFile, scene: str, event: Any) -> tuple[float, int]:
        """Start a program and call it once: the seconds that this takes in Lambda, and its memory."""
        with self.launcher.running(file, tls=True) as program:
            first = self._call(program, scene, event)
            return program.loaded + first / SHARE, program.read_most_memory()

    # --- round trips

    def count_trips(self) -> Iterator[Row]:
        """Count the requests to the table."""
        known = sum(call.service == _TABLE for call in self.calls[KNOWN])
        yield Row("round trips: inbound text, known thread", 2, known)
        for size in (1, 8):
            yield count_send(size)
        yield from count_report()


def count_send(size: int) -> Row:
    """Count the requests that send a text: those of outbound, and of the relay before it and after it."""
    parts = _count(replace(flows.GROUP_SEND, steps=flows.GROUP_SEND.steps[:1], webhook=False, size=size))
    title = f"round trips: outbound and relay, a text to {size} handset{'s' if size > 1 else ''}, nobody listens"
    note = f"outbound {parts['outbound']:g}, relay {parts['relay']:g}"
    return Row(title, 7, parts["outbound"] + parts["relay"], note=note)


def count_report() -> Iterable[Row]:
    """Count the requests that a delivery report makes, and its relay, where nobody listens."""
    [report] = [flow for flow in flows.FLOWS if flow.name == "report"]
    parts = _count(replace(report, webhook=False))
    yield Row("round trips: delivery report", 1, parts["inbound"])
    yield Row("round trips: relay of a delivery report, nobody listens", 0, parts["relay"])


def _count(flow: flows.Flow) -> dict[str, float]:
    return {name: used.trips for name, used in flows.count(StackTemplate({}), flow, 1).parts.items()}


def check_answer(scene: str, answer: Any) -> None:
    """Raise RuntimeError for an answer that a function must not give."""
    if answer and (answer.get("statusCode", 200) >= 400 or answer.get("batchItemFailures")):
        raise RuntimeError(f"{scene}: {answer}")
