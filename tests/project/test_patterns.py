"""A5. Every regular expression of the layer and the functions takes steps in proportion to its input, whatever that is.

Steps are counted (tests/support/patterns.py), not seconds. Patterns that are made while a function runs are listed here
with a value; one that is not listed fails the test.
"""

from __future__ import annotations

import ast
import functools
import importlib
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from partyline.domain import sids, tapbacks
from tests.support.patterns import Counted, TooManySteps

ROOT = Path(__file__).parents[2]
LAYER = ROOT / "layers" / "partyline"
_TAKES_A_PATTERN = {"compile", "search", "match", "fullmatch", "split", "findall", "finditer", "sub", "subn"}
# Those that begin at one place; the others may begin anywhere.
_ANCHORED = {"match", "fullmatch"}

_WORK = (ast.FunctionDef, ast.ClassDef)

# By module: the values of patterns that are no literals.
MADE = {
    "domain/sids": [rf"{sids.CONVERSATION}[0-9a-fA-F]{{32}}"],
    "carriers/twilio": ["OtherRecipients([0-9]{0,3})"],
}

# From one size to the next, the steps of one more character stay what they are; where the steps of all
# are quadratic, they double.
TIMES, MOST, SLOW = (1, 2, 4), 1.4, 1.6


def sources() -> Iterator[Path]:
    yield from sorted((LAYER / "partyline").rglob("*.py"))
    yield from sorted((ROOT / "functions").rglob("*.py"))


def name_of(path: Path) -> str:
    return path.relative_to(LAYER / "partyline" if LAYER in path.parents else ROOT).with_suffix("").as_posix()


@functools.cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


@functools.cache
def uses(path: Path) -> tuple[list[tuple[str, str | bytes, int]], int]:
    """The literal patterns of a module with the way each is used and its flags, and how many are no literals."""
    literal: list[tuple[str, str | bytes, int]] = []
    others = 0
    module = tree_of(path)
    constants = {
        id(node) for statement in module.body if not isinstance(statement, _WORK) for node in ast.walk(statement)
    }
    for node in ast.walk(module):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name("re"), attr=how), args=[pattern, *_]) if (
                how in _TAKES_A_PATTERN and id(node) not in constants
            ):
                if isinstance(pattern, ast.Constant) and isinstance(pattern.value, str | bytes):
                    flags = re.IGNORECASE if "IGNORECASE" in ast.unparse(node) else 0
                    literal.append((how, pattern.value, flags))
                else:
                    others += 1
    return literal, others


def compiled(value: Any) -> Iterator[re.Pattern[Any]]:
    """The patterns in a module's constant."""
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, dict):
        yield from compiled(tuple(value.values()))
    elif isinstance(value, tuple | list | set | frozenset):
        for item in value:
            yield from compiled(item)


def patterns() -> Iterator[Any]:
    methods = methods_of_constants(tree_of(path) for path in sources())
    for path in sources():
        name, (literal, _) = name_of(path), uses(path)
        for how, pattern, flags in [*literal, *(("fullmatch", made, 0) for made in MADE.get(name, []))]:
            yield pytest.param(how, re.compile(pattern, flags), id=f"{name}: {pattern!r}")
        if LAYER in path.parents and "re.compile" in path.read_text():
            yield from constant_patterns(name, methods)


def constant_patterns(name: str, methods: Mapping[str, set[str]]) -> Iterator[Any]:
    """Iterate over the patterns in the constants of a module of the layer."""
    module = importlib.import_module("partyline." + name.replace("/", "."))
    for constant, value in vars(module).items():
        known = methods.get(constant)
        how = "match" if known and known <= _ANCHORED else "search"
        for one in compiled(value):
            yield pytest.param(how, one, id=f"{name}: {constant} {one.pattern!r:.60}")


def methods_of_constants(trees: Iterable[ast.Module]) -> dict[str, set[str]]:
    """Return the methods that are called on each constant or, where it is a table, on its members."""
    found: dict[str, set[str]] = {}
    for node in (node for tree in trees for node in ast.walk(tree)):
        match node:
            case ast.Call(func=ast.Attribute(value=owner, attr=method)) if constant_of(owner):
                found.setdefault(constant_of(owner), set()).add(method)
            case ast.For():
                found.setdefault(constant_of(node.iter), set()).update(methods_in_loop(node.target, node))
            case ast.GeneratorExp() | ast.SetComp() | ast.ListComp() | ast.DictComp():
                for loop in node.generators:
                    found.setdefault(constant_of(loop.iter), set()).update(methods_in_loop(loop.target, node))
    return found


def methods_in_loop(target: ast.expr, loop: ast.AST) -> set[str]:
    """Return the methods that are called in a loop on the names of its target."""
    items = {one.id for one in ast.walk(target) if isinstance(one, ast.Name)}
    calls = [one.func for one in ast.walk(loop) if isinstance(one, ast.Call)]
    return {
        call.attr
        for call in calls
        if isinstance(call, ast.Attribute) and isinstance(call.value, ast.Name) and call.value.id in items
    }


def constant_of(node: ast.expr) -> str:
    """The name of a constant of this module or another; '' for anything else."""
    name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
    return name if name.isupper() else ""


def grows(pattern: re.Pattern[Any], how: str) -> tuple[float, str]:
    """By how much the steps of one more character grow at most with the size of the input, and which input it is."""
    counted = Counted(pattern)
    count = counted.match if how in _ANCHORED else counted.search_all
    worst = 0.0, ""
    for texts in zip(*(counted.inputs(times) for times in TIMES), strict=True):
        try:
            steps = [count(text) for text in texts]
        except TooManySteps:
            return float("inf"), texts[-1]
        before, after = ((steps[i + 1] - steps[i]) / (len(texts[i + 1]) - len(texts[i])) for i in (0, 1))
        worst = max(worst, (after / max(before, 1), texts[-1]))
    return worst


@pytest.mark.parametrize(("how", "pattern"), list(patterns()))
def test_a_pattern_takes_steps_in_proportion_to_its_input(how: str, pattern: re.Pattern[Any]) -> None:
    growth, worst = grows(pattern, how)

    assert growth <= MOST, worst


def test_every_pattern_that_is_no_literal_is_listed() -> None:
    found = {name_of(path): others for path in sources() if (others := uses(path)[1])}

    assert found == {name: len(made) for name, made in MADE.items()}


@pytest.mark.parametrize(
    ("how", "pattern"),
    [
        # What the log was masked with once.
        ("sub", r"\+[0-9]{7,15}|[^\s\"@,\\]+@[^\s\"@,\\]+"),
        ("search", r"\s+$"),
        ("search", r"a*b"),
        ("fullmatch", r"(a+)+b"),
        ("fullmatch", r"(a|a)*b"),
        ("fullmatch", r"\s*,?\s*x"),
        ("fullmatch", r".*.*x"),
        ("search", r"<[^>]*>"),
        ("search", r"(?:ab)+c"),
        ("fullmatch", r"(x+)(.*)\1y"),
    ],
)
def test_a_pattern_that_is_slow_is_found(how: str, pattern: str) -> None:
    growth, _ = grows(re.compile(pattern), how)

    assert growth > SLOW


@pytest.mark.parametrize(
    "pattern", [r"a+", r"(?:abc)+", r"[0-9]{9,15}", r"(?<![^\s@])[^\s@]++@[^\s@]+", r"^begin:vcard", r"x(?=y)|z\b"]
)
def test_a_pattern_that_is_not_slow_is_not_found(pattern: str) -> None:
    for how in ("search", "fullmatch"):
        assert grows(re.compile(pattern), how)[0] <= MOST


def test_what_is_counted_is_what_re_finds() -> None:
    """The matcher finds the ends that `re` finds."""
    texts = ["", "a", "aab", "abab c", "x1,22", "Liked “hi”", "a@b.c d@e", "+12065550150", "\n x \n"]
    for source in (
        r"a+b?",
        r"(?:ab)*?",
        r"[^\s@]++@\S+",
        r"x(\d),(\d+)",
        r"(?<!a)b|c$",
        r"\ba",
        r"(?:a|ab)(?:c|bc)?",
        r"(a|x)b?\1",
    ):
        counted = Counted(re.compile(source))
        for text in texts:
            for at in range(len(text) + 1):
                found = re.compile(source).match(text, at)
                counted._steps, counted._most = 0, 10_000
                first = next(counted._sequence(list(counted._tree), 0, text, at), None)
                assert first == (found.end() if found else None), (source, text, at)


def test_tapbacks_are_among_them() -> None:
    """Patterns that are built from tables are looked at as they are built."""
    assert any(value for value in vars(tapbacks).values() if list(compiled(value)))
