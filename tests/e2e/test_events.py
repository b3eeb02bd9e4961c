"""Every sample event runs through its built function, under Lambda's own runtime interface emulator."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from local.events import Function, complaint, running, samples, signed_now
from local.stack import Stack

NOT_AUTHENTIC = ("bandwidth-wrong-token", "twilio-tampered")


@pytest.fixture(scope="module")
def function(stack: Stack) -> Iterator[Callable[[str], Function]]:
    """Give a running function by name, started once."""
    started: dict[str, Function] = {}
    with ExitStack() as exits:

        def get(name: str) -> Function:
            if name not in started:
                started[name] = exits.enter_context(running(stack, name))
            return started[name]

        yield get


@pytest.mark.parametrize("path", samples(), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_sample_event_runs_through_its_built_function(path: Path, function: Callable[[str], Function]) -> None:
    name = path.parent.name

    answer = function(name).invoke(signed_now(json.loads(path.read_text())))

    assert complaint(name, answer) is None
    if name == "inbound":
        assert answer["statusCode"] == (403 if path.stem in NOT_AUTHENTIC else 200)
