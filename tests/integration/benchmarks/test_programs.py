"""What `make bench` compares does the same work: a function in a scene, and the calls that it makes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import program
from benchmarks.measures import FLOORS, KNOWN, Bench
from benchmarks.processes import Launcher, ProgramFile, StandIn, running_stand_in
from benchmarks.scenes import Scene, building


@pytest.fixture(scope="module")
def scenes() -> tuple[dict[str, Scene], dict[str, dict[str, str]]]:
    with building() as builder:
        known, new, *_ = builder.run.groups
        builder.play_inbound(known, new)
        return {scene.name: scene for scene in builder.recorder.scenes}, {"inbound": builder.stack.variables("inbound")}


@pytest.fixture(scope="module")
def stand_in() -> Iterator[StandIn]:
    with running_stand_in() as started:
        yield started


@pytest.fixture
def bench(scenes: tuple[dict[str, Scene], dict[str, dict[str, str]]], stand_in: StandIn) -> Bench:
    stand_in.keep(scenes[0].values())
    # The environment of development has what these programs need.
    return Bench(Launcher(Path(sys.executable), stand_in), stand_in, *scenes)


@pytest.fixture
def floors(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the floors are, which find the stand-in from this process."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", bench.stand_in.url)
    monkeypatch.setenv("TABLE_NAME", "partyline")
    # What is loaded takes this name.
    monkeypatch.setitem(sys.modules, "app", sys)
    return FLOORS


# A function whose time-outs do not judge a busy machine.
PATIENT = """
from benchmarks.program import load
from partyline.aws import connections

_open, _timeouts = connections.ConnectionPool, connections.Timeouts(120, 120)
connections.ConnectionPool = lambda endpoint, _, **more: _open(endpoint, _timeouts, **more)
handler = load({path!r})
"""


@pytest.fixture
def patient_function(bench: Bench, tmp_path: Path) -> ProgramFile:
    function = bench.function(KNOWN)
    (tmp_path / "patient.py").write_text(PATIENT.format(path=str(function.path)))
    return replace(function, path=tmp_path / "patient.py")


def test_the_raw_calls_are_those_of_the_function(bench: Bench, floors: Path, patient_function: ProgramFile) -> None:
    raw = program.load(floors / "raw_calls.py")
    with bench.launcher.running(patient_function, tls=True) as function:
        for scene in bench.scenes:
            calls = bench.learn_calls(function, scene, bench.event(scene))
            bench.stand_in.set_up(scene)
            raw({"calls": [(call.service, call.operation, call.parameters) for call in calls]}, None)

            assert bench.stand_in.list_calls() == calls != []
            # A text that came before writes nothing; each call finds the scene as it was.
            assert ("TransactWriteItems" in {call.operation for call in calls}) == (scene != "repeat")


def test_the_least_function_reads_one_item(bench: Bench, floors: Path) -> None:
    bench.stand_in.set_up(KNOWN)

    assert program.load(floors / "hello.py")({}, None) == {"found": False}
    assert [call.operation for call in bench.stand_in.list_calls()] == ["GetItem"]
