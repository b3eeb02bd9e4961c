"""API Gateway's mapping templates (Velocity), as far as the template's preflight uses them.

It imports nothing beyond the standard library: the emulator's environment has nothing else of ours.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

_DIRECTIVE = re.compile(r"#(set|if|end)\b")
_HEADER = "context.responseOverride.header."
_PARAMETER = re.compile(r'\$input\.params\("([^"]*)"\)')
_CONTAINS = re.compile(r"\$(\w+)\.contains\((.*)\)")
_EQUALS = re.compile(r"(.+?)\s*==\s*(.+)")
_VARIABLE = re.compile(r"\$(\w+)")


def read_header_overrides(template: str, headers: Mapping[str, str]) -> dict[str, str]:
    """Return the response headers that a template sets for a request. Raises ValueError for what is not known here."""
    variables: dict[str, Any] = {}
    overridden: dict[str, str] = {}
    active = [True]
    position = 0
    while found := _DIRECTIVE.search(template, position):
        if found[1] == "end":
            active.pop()
            position = found.end()
            continue
        inner, position = _read_parentheses(template, found.end())
        if found[1] == "if":
            active.append(active[-1] and bool(_evaluate(inner, variables, headers)))
        elif active[-1]:
            target, _, expression = inner.partition("=")
            name, value = target.strip().removeprefix("$"), _evaluate(expression.strip(), variables, headers)
            if name.startswith(_HEADER):
                overridden[name.removeprefix(_HEADER)] = value
            else:
                variables[name] = value
    if active != [True]:
        raise ValueError("an #if has no #end")
    return overridden


def _read_parentheses(text: str, start: int) -> tuple[str, int]:
    """Return what stands between the parentheses that open at `start`, and where they end."""
    if text[start : start + 1] != "(":
        raise ValueError(f"no ( at {start}")
    depth, is_text = 0, False
    for position in range(start, len(text)):
        character = text[position]
        if character == '"':
            is_text = not is_text
        elif not is_text and character in "()":
            depth += 1 if character == "(" else -1
            if depth == 0:
                return text[start + 1 : position], position + 1
    raise ValueError(f"no ) for the ( at {start}")


def _evaluate(expression: str, variables: Mapping[str, Any], headers: Mapping[str, str]) -> Any:
    if expression[:1] in {'"', "["} and "==" not in expression:
        return json.loads(expression)
    if found := _PARAMETER.fullmatch(expression):
        # By the letters that were sent.
        return headers.get(found[1], "")
    if found := _CONTAINS.fullmatch(expression):
        return _evaluate(found[2], variables, headers) in variables[found[1]]
    if found := _EQUALS.fullmatch(expression):
        left, right = (_evaluate(side, variables, headers) for side in found.groups())
        return left == right
    if found := _VARIABLE.fullmatch(expression):
        return variables[found[1]]
    raise ValueError(f"not known here: {expression}")
