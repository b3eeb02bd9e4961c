"""CloudFormation's conditions and functions, as far as the template uses them in what is looked at here.

The emulator resolves a template by itself when it deploys. This is for what is read of a template besides.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_NO_VALUE = object()


class Intrinsics:
    """Resolves values of a template for some parameters; the others have their defaults.

    A reference to a resource, or to a pseudo parameter, stays as it is.
    """

    def __init__(self, template: Mapping[str, Any], parameters: Mapping[str, str]) -> None:
        declared = template["Parameters"]
        self._parameters = {name: parameters.get(name, entry.get("Default")) for name, entry in declared.items()}
        self._conditions = template.get("Conditions", {})

    def resolve(self, value: Any) -> Any:
        """Return a value without the functions that depend on parameters only."""
        if isinstance(value, list):
            return [item for item in map(self.resolve, value) if item is not _NO_VALUE]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            [(name, given)] = value.items()
            if function := self._function(name):
                return function(given)
        resolved = {key: self.resolve(item) for key, item in value.items()}
        return {key: item for key, item in resolved.items() if item is not _NO_VALUE}

    def holds(self, condition: Any) -> bool:
        """Whether a condition holds, by its name or its expression."""
        if isinstance(condition, str):
            return self.holds(self._conditions[condition])
        [(name, given)] = condition.items()
        match name:
            case "Fn::Equals":
                # Values of parameters are texts, also those of numbers.
                left, right = map(self.resolve, given)
                return str(left) == str(right)
            case "Fn::Not":
                return not self.holds(given[0])
            case "Fn::And":
                return all(map(self.holds, given))
            case "Fn::Or":
                return any(map(self.holds, given))
            case "Condition":
                return self.holds(given)
        raise ValueError(f"no condition function {name}")

    def _function(self, name: str) -> Any:
        return {
            "Ref": self._ref,
            "Fn::If": lambda given: self.resolve(given[1] if self.holds(given[0]) else given[2]),
            "Fn::Join": self._join,
            "Fn::Select": self._select,
            "Fn::Split": self._split,
            "Fn::Sub": self._sub,
        }.get(name)

    def _ref(self, name: str) -> Any:
        return _NO_VALUE if name == "AWS::NoValue" else self._parameters.get(name, {"Ref": name})

    def _select(self, given: Any) -> Any:
        values = self.resolve(given[1])
        return values[int(given[0])] if isinstance(values, list) else {"Fn::Select": [given[0], values]}

    def _split(self, given: Any) -> Any:
        text = self.resolve(given[1])
        return text.split(given[0]) if isinstance(text, str) else {"Fn::Split": [given[0], text]}

    def _join(self, given: Any) -> Any:
        parts = self.resolve(given[1])
        return given[0].join(parts) if all(isinstance(part, str) for part in parts) else {"Fn::Join": [given[0], parts]}

    def _sub(self, given: Any) -> Any:
        text, names = (given, {}) if isinstance(given, str) else given
        known = {**self._parameters, **{name: self.resolve(value) for name, value in names.items()}}
        if not set(re.findall(r"\$\{([\w.:]+)\}", text)) <= set(known):
            return {"Fn::Sub": given}
        return re.sub(r"\$\{(\w+)\}", lambda found: str(known[found[1]]), text)
