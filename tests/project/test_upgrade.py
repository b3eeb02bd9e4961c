"""An upgrade of a stack loses nothing: what version 0.1.0 had is there under the same name and of the same type.

CloudFormation replaces a resource whose logical id has changed: a renamed queue loses its messages, and a renamed
secret loses what was filled in. Alarms, dashboards and log queries of a deployment use metric names and log event
codes. tests/support/stack_0_1_0.json was taken from version 0.1.0. It is never changed.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from local.expansion import Loader
from local.intrinsics import Intrinsics

ROOT = Path(__file__).parents[2]
FACTS: dict[str, Any] = json.loads((ROOT / "tests" / "support" / "stack_0_1_0.json").read_text())
TEMPLATE: dict[str, Any] = yaml.load((ROOT / "template.yaml").read_text(), Loader)
LOG_METHODS = {"debug", "info", "warning", "error", "exception"}


def sources() -> Iterator[ast.Module]:
    for folder in (ROOT / "layers" / "partyline" / "partyline", ROOT / "functions"):
        for path in folder.rglob("*.py"):
            yield ast.parse(path.read_text())


NODES = [node for tree in sources() for node in ast.walk(tree)]
# Every text in the code as a whole: an enum's values and a table's names are among them.
TEXTS = {node.value for node in NODES if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def logged_first_arguments() -> Iterator[ast.expr]:
    """What the logger is called with: the event code."""
    for node in NODES:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in LOG_METHODS:
            owner = node.func.value
            if isinstance(owner, ast.Name) and owner.id == "logger" and node.args:
                yield node.args[0]


def counted_first_arguments() -> Iterator[ast.expr]:
    """What is counted: the metric's name."""
    for node in NODES:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "count" and node.args:
            yield node.args[0]


def patterns(arguments: Iterable[ast.expr]) -> set[str]:
    """Regular expressions of the names that arguments can be, with a group for each part known at run time only."""
    found = set()
    for argument in arguments:
        for node in ast.walk(argument):
            if isinstance(node, ast.JoinedStr):
                found.add("".join(_pattern(part) for part in node.values))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(re.escape(node.value))
    return found


def _pattern(part: ast.expr) -> str:
    return re.escape(str(part.value)) if isinstance(part, ast.Constant) else r"(\w+)"


def can_be(name: str, patterns: set[str]) -> bool:
    """Whether a name is one of these, its variable parts being texts of the code."""
    matches = [match for match in (re.fullmatch(pattern, name) for pattern in patterns) if match]
    return any(all(TEXTS & {part, part.lower()} for part in match.groups()) for match in matches)


LOGGED = patterns(logged_first_arguments())
COUNTED = patterns(counted_first_arguments())


@pytest.mark.parametrize("section", ["Parameters", "Resources"])
def test_template_keeps_logical_ids_and_types(section: str) -> None:
    today = {name: entry["Type"] for name, entry in TEMPLATE[section].items()}
    facts: dict[str, str] = FACTS[section.lower()]

    assert {name: today.get(name) for name in facts} == facts


@pytest.mark.parametrize("parameters", [{}, {"PublicUrl": "https://texts.example.com"}])
def test_template_keeps_outputs(parameters: dict[str, str]) -> None:
    """With the parameters that version 0.1.0 had."""
    resolve = Intrinsics(TEMPLATE, parameters).resolve
    today = {name: resolve(entry["Value"]) for name, entry in TEMPLATE["Outputs"].items()}
    facts = {name: resolve(value) for name, value in FACTS["outputs"].items()}

    assert {name: today.get(name) for name in facts} == facts


@pytest.mark.parametrize("function", sorted(FACTS["event_sources"]))
def test_template_keeps_event_sources(function: str) -> None:
    """A renamed source is a mapping that is deleted and made anew, which begins where the stream is by then."""
    today = TEMPLATE["Resources"][function]["Properties"].get("Events", {})
    for source, facts in FACTS["event_sources"][function].items():
        now = {"Type": today[source]["Type"], **today[source]["Properties"]}
        # More may be relayed than before, but nothing less.
        patterns = facts.get("FilterCriteria", {}).get("Filters", [])
        assert all(pattern in now["FilterCriteria"]["Filters"] for pattern in patterns)
        kept = {name: value for name, value in facts.items() if name != "FilterCriteria"}
        assert {name: now.get(name) for name in kept} == kept


@pytest.mark.parametrize("code", FACTS["log_codes"])
def test_log_event_code_is_still_logged(code: str) -> None:
    assert can_be(code, LOGGED)


@pytest.mark.parametrize("metric", FACTS["metrics"])
def test_metric_is_still_counted(metric: str) -> None:
    # A function that counts by outcome takes the name from a table.
    assert can_be(metric, COUNTED) or metric in TEXTS


def test_name_that_was_never_logged_or_counted_is_not_found() -> None:
    assert not can_be("callback.exploded", LOGGED)
    assert not can_be("MediaExploded", COUNTED)
