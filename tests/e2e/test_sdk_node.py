"""Twilio's SDK for Node as it comes from npm, through HTTP; nothing but its base URL is changed.

The scenarios are those of test_sdk_python.py, in node/scenarios.cjs, which is run once for all tests here.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from local import node
from local.stack import Stack
from tests.e2e import test_sdk_python

SCRIPT = Path(__file__).parent / "node" / "scenarios.cjs"
SCENARIOS = [name.removeprefix("test_") for name in vars(test_sdk_python) if name.startswith("test_")]


@pytest.fixture(scope="module")
def errors(stack: Stack) -> dict[str, str | None]:
    """What went wrong in each scenario that was run, by its name; None where nothing did."""
    ran = subprocess.run(
        [node.NODE, SCRIPT],
        env={**os.environ, **stack.variables(), "NODE_PATH": str(node.install_modules())},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    outcomes = [json.loads(line) for line in ran.stdout.splitlines()]
    return {scenario["name"]: scenario["error"] for scenario in outcomes}


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenario(name: str, errors: dict[str, str | None]) -> None:
    assert name in errors, "node/scenarios.cjs has no scenario of this name"
    assert errors[name] is None, errors[name]


def test_the_scenarios_are_those_of_python(errors: dict[str, str | None]) -> None:
    assert sorted(errors) == sorted(SCENARIOS)
