"""Measure warm functions beside their floors: in turns, call by call, so that both meet the same machine."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.processes import Call, Launcher, Program, ProgramFile, StandIn
from benchmarks.results import Row, TimedPair
from benchmarks.scenes import Scene
from local.environments import ROOT

FLOORS = ROOT / "benchmarks" / "floors"
# Calls before those that are measured: connections are open then, and settings known.
WARM_UP = 5


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
        """Return what a warm program asks of AWS for a call: the least, as it now and then confirms what it knows."""
        asked = []
        for _ in range(WARM_UP):
            self.call(program, scene, event)
            asked.append(self.stand_in.list_calls())
        return min(asked, key=len)

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
        self.call(handler, HANDLER, first)
        written = self.stand_in.list_calls()[-1].parameters["TransactItems"]
        self.stand_in.keep([Scene(HANDLER, "", {}, [one["Put"]["Item"] for one in written])])
        calls = self.learn_calls(handler, HANDLER, self.event(KNOWN))
        if [call.operation for call in calls] != ["GetItem", "TransactWriteItems"]:
            raise RuntimeError(f"the handler did not record the text: {calls}")

    def _take_turns(self, one: tuple[Program, str, Any], other: tuple[Program, str, Any], turns: int) -> TimedPair:
        """Call two programs in turns, each in its scene and with its event."""
        for _ in range(WARM_UP):
            self.call(*one)
            self.call(*other)
        timed = [(self.call(*one), self.call(*other)) for _ in range(turns)]
        return TimedPair([first for first, _ in timed], [second for _, second in timed])

    def call(self, program: Program, scene: str, event: Any) -> float:
        """Call a program in a scene; return the seconds it took. Raises RuntimeError for an answer that is wrong."""
        self.stand_in.set_up(scene)
        seconds, answer = program.call(event)
        check_answer(scene, answer)
        return seconds


def check_answer(scene: str, answer: Any) -> None:
    """Raise RuntimeError for an answer that a function must not give."""
    if answer and (answer.get("statusCode", 200) >= 400 or answer.get("batchItemFailures")):
        raise RuntimeError(f"{scene}: {answer}")
