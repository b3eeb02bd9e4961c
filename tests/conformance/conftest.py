"""One fresh world for each test, in process or (`--stack .partyline/local.env`) of a running stack; and the table that
`make conformance` prints."""

from __future__ import annotations

import itertools
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conformance import client as clients
from tests.conformance import forms
from tests.conformance.contract import OPERATIONS, Operation
from tests.conformance.world import FIRST_NUMBER, NUMBERS, World
from tests.integration.api.conftest import api, clock
from tests.integration.conftest import client, dynamodb, table, table_definition

__all__ = ["api", "client", "clock", "dynamodb", "table", "table_definition"]

Held = Callable[..., None]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--stack", type=Path, help="a running stack's variables instead of one in process")
    parser.addoption("--table", action="store_true", help="say of every operation what holds")


@pytest.fixture(scope="session")
def unused() -> Iterator[int]:
    """Numbers that no earlier run against the same stack has used."""
    return itertools.count(FIRST_NUMBER + time.time_ns() // 1_000_000 % NUMBERS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Not measured for coverage: what is walked here is tested for what it does in tests/integration, and measuring
    takes as long again."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.no_cover)


@pytest.fixture
def world(request: pytest.FixtureRequest) -> World:
    """Nothing yet but what is made through the API."""
    variables = request.config.getoption("--stack", None)
    if variables is None:
        return World(clients.in_process(request.getfixturevalue("api")))
    named = dict(line.split("=", 1) for line in variables.read_text().splitlines())
    account_sid, auth_token = named["PARTYLINE_ACCOUNT_SID"], named["PARTYLINE_AUTH_TOKEN"]
    client = clients.over_http(named["PARTYLINE_URL"], account_sid, auth_token)
    return World(client, request.getfixturevalue("unused"))


@pytest.fixture
def held(request: pytest.FixtureRequest, operation: Operation) -> Held:
    """Counts what has been shown of the operation: held("fields", 14)."""

    def count(what: str, times: int = 1) -> None:
        request.node.user_properties.append((operation.id, (what, times)))

    count("tests")
    return count


def pytest_sessionfinish(session: pytest.Session) -> None:
    """What no test has walked is a failure as well, unless only some tests were chosen."""
    if not session.config.getoption("--table", False) or session.exitstatus != pytest.ExitCode.OK:
        return
    stats = session.config.pluginmanager.getplugin("terminalreporter").stats
    if not stats.get("deselected") and not OPERATIONS.keys() <= _counted(stats, "passed").keys():
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    if not config.getoption("--table", False):
        return
    passed = _counted(terminalreporter.stats, "passed")
    failed = _counted(terminalreporter.stats, "failed", "error")
    terminalreporter.section("Conversations v1")
    for operation in sorted(OPERATIONS.values(), key=lambda one: (one.path, one.method)):
        counts = passed[operation.id]
        evidence = ", ".join(f"{number} {what}" for what, number in sorted(counts.items()) if what != "tests")
        refused = ", ".join(forms.refused_on_purpose(operation))
        terminalreporter.write_line(f"{operation.method} {operation.path}", bold=True)
        terminalreporter.write_line(f"    {_state(operation, counts, failed[operation.id])}: {evidence}")
        if refused:
            terminalreporter.write_line(f"    refused on purpose: {refused}")


def _state(operation: Operation, passed: Counter[str], failed: Counter[str]) -> str:
    if failed:
        return "broken"
    return forms.state(operation) if passed else "missing"


def _counted(stats: dict[str, Any], *outcomes: str) -> dict[str, Counter[str]]:
    """What was shown of each operation by the tests that ended so."""
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    for report in (report for outcome in outcomes for report in stats.get(outcome, ())):
        for operation, (what, times) in report.user_properties:
            counted[operation][what] += times
    return counted
