"""Functions that can start from a snapshot of their memory (SnapStart).

Lambda takes it once for a version, after the module of the function is imported, and starts many copies of it, hours or
weeks later. So what a copy must have by itself cannot be in it: random numbers, answers that age, open connections.
"""

from __future__ import annotations

import ast
import random
import re
import secrets
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

import pytest

from partyline.auth import session_cookies, sign_in_attempts
from partyline.domain import sids
from partyline.errors import Conflict
from partyline.storage.retry import RetryPolicy
from tests.integration.conftest import resources
from tests.support.aws_requests import intercepted

ROOT = Path(__file__).parents[3]
LAYER = ROOT / "layers" / "partyline" / "partyline"
SNAPPED = sorted(
    name.removesuffix("Function").lower()
    for name, entry in resources().items()
    if "SnapStart" in entry.get("Properties", {})
)
NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)

Load = Callable[[str], ModuleType]


class RuntimeHooks(ModuleType):
    """The runtime's module `snapshot_restore_py`, and Lambda itself: it restores a snapshot."""

    def __init__(self) -> None:
        super().__init__("snapshot_restore_py")
        self.registered: list[Callable[[], Any]] = []

    def register_after_restore(self, function: Callable[[], Any]) -> None:
        self.registered.append(function)

    def restore(self, state: Any) -> None:
        """Put the memory back as it was: what of it counts here is the state of the random numbers."""
        random.setstate(state)
        for function in self.registered:
            function()


@pytest.fixture
def hooks(monkeypatch: pytest.MonkeyPatch) -> Iterator[RuntimeHooks]:
    given, state = RuntimeHooks(), random.getstate()
    monkeypatch.setitem(sys.modules, given.__name__, given)
    yield given
    random.setstate(state)


def refuse(*given: Any, **named: Any) -> NoReturn:
    raise AssertionError(f"asked while a function was imported: {given} {named}")


@pytest.mark.parametrize("name", SNAPPED)
def test_import_asks_nobody_so_that_no_answer_and_no_connection_is_in_a_snapshot(
    name: str, function: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEYS_SECRET_ARN", "carriers")
    monkeypatch.setenv("AWS_LAMBDA_INITIALIZATION_TYPE", "snap-start")
    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)

    with intercepted(refuse):
        assert function(name).handler


@pytest.mark.parametrize("name", SNAPPED)
def test_a_copy_of_a_snapshot_reads_its_secrets_when_its_memory_is_restored(
    name: str, function: Load, hooks: RuntimeHooks, logged: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setenv("KEYS_SECRET_ARN", "carriers")
    monkeypatch.setenv("AWS_LAMBDA_INITIALIZATION_TYPE", "snap-start")
    monkeypatch.setattr("partyline.settings.secret", asked.append)
    monkeypatch.setattr("partyline.bootstrap.secret", asked.append)
    function(name)
    taken = random.getstate()
    assert asked == []
    hooks.restore(taken)
    assert asked
    assert hooks.registered


@pytest.mark.parametrize("name", SNAPPED)
def test_copies_of_a_snapshot_draw_random_numbers_of_their_own(
    name: str, function: Load, hooks: RuntimeHooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEYS_SECRET_ARN", "carriers")
    function(name)
    taken = random.getstate()
    pauses: list[float] = []
    for _ in range(2):
        hooks.restore(taken)
        with suppress(Conflict):
            RetryPolicy(tries=2, first_pause=1, longest_pause=1, sleep=pauses.append).run(fail)

    assert len(set(pauses)) == 2


def fail() -> NoReturn:
    raise Conflict({})


def test_what_must_be_unique_does_not_come_from_what_a_snapshot_has(hooks: RuntimeHooks) -> None:
    taken = random.getstate()

    def make() -> set[str]:
        hooks.restore(taken)
        attempt, cookie = sign_in_attempts.begin("root", NOW, secrets.token_bytes)
        without_time = sids.new(sids.CONVERSATION)[14:]
        encrypted = session_cookies.encrypt("cookie", "text")
        return {without_time, sids.message(1), session_cookies.new_cookie(), cookie, attempt.state, encrypted}

    assert not make() & make()


def test_no_module_reads_the_clock_when_it_is_imported() -> None:
    """In a snapshot it would have stopped."""
    clocks = re.compile(r"(time\.(time|time_ns|monotonic)|(datetime|date)\.(now|today|utcnow)|bootstrap\.now)\b")
    paths = [*LAYER.rglob("*.py"), *(ROOT / "functions").glob("*/*.py")]
    called = [
        (path.name, ast.unparse(call)) for path in paths for call in called_at_import(ast.parse(path.read_text()))
    ]

    assert ("app.py", "bootstrap.prepare_snapshot()") in called
    assert [(name, call) for name, call in called if clocks.match(call)] == []


def called_at_import(node: ast.AST) -> Iterator[ast.Call]:
    """The calls outside of functions."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(child, ast.Call):
            yield child
        yield from called_at_import(child)
