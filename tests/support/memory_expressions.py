"""The expressions of DynamoDB that the project uses: conditions, conditions of keys, and updates.

An expression is compiled once, into a function of an item and of the request's names and values. Attributes are at the
top of an item: the project uses no paths into one, and such a path raises NotImplementedError.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, partial
from typing import Any

Value = Mapping[str, Any]
Item = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Scope:
    """What an expression is about: an item, and the names (`#`) and values (`:`) of its request."""

    item: Item
    names: Mapping[str, str]
    values: Mapping[str, Value]

    def attribute(self, name: str) -> str:
        return self.names[name] if name.startswith("#") else name


class WrongExpression(Exception):
    """Raised for what DynamoDB refuses with a ValidationException."""


Operand = Callable[[Scope], Value | None]
Condition = Callable[[Scope], bool]

_TOKEN = re.compile(r"\s*([#:]?[A-Za-z_]\w*|<=|>=|<>|[=<>(),+\-.\[])")
_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_ORDERED = frozenset("SNB")


def comparable(value: Value) -> tuple[str, Any]:
    """A value's type, and what to compare it by: numbers by what they are, not by how they are written."""
    ((kind, content),) = value.items()
    if kind == "N":
        return kind, Decimal(content)
    if kind in ("SS", "NS", "BS"):
        return kind, frozenset(content)
    if kind == "L":
        return kind, tuple(comparable(one) for one in content)
    if kind == "M":
        return kind, {name: comparable(one) for name, one in content.items()}
    return kind, content


class _Reader:
    """The tokens of an expression, one after the other."""

    def __init__(self, text: str) -> None:
        self._tokens: list[str] = []
        at = 0
        while text[at:].strip():
            found = _TOKEN.match(text, at)
            if not found:
                raise WrongExpression(f"cannot read {text[at:]!r}")
            self._tokens.append(found.group(1))
            at = found.end()
        self._tokens.append("")
        self._at = 0

    @property
    def token(self) -> str:
        return self._tokens[self._at]

    @property
    def word(self) -> str:
        return self.token.upper()

    def take(self, expected: str = "") -> str:
        token = self.token
        if not token or (expected and token.upper() != expected):
            raise WrongExpression(f"{expected or 'more'} expected, not {token!r}")
        if token in (".", "["):
            raise NotImplementedError("a path into an attribute")
        self._at += 1
        return token

    def has(self, word: str) -> bool:
        """Take a token if it is this one."""
        if self.word != word:
            return False
        self._at += 1
        return True

    def listed(self, read: Callable[[], Any]) -> list[Any]:
        """Read what is separated by commas."""
        found = [read()]
        while self.has(","):
            found.append(read())
        return found

    def arguments(self, read: Callable[[], Any]) -> list[Any]:
        self.take("(")
        found = self.listed(read)
        self.take(")")
        return found


# --- conditions


@cache
def compile_condition(text: str) -> Condition:
    """Compile a condition. Raises WrongExpression."""
    reader = _Reader(text)
    condition = _any_of(reader)
    if reader.token:
        raise WrongExpression(f"{reader.token!r} is too much")
    return condition


def _any_of(reader: _Reader) -> Condition:
    parts = [_all_of(reader)]
    while reader.has("OR"):
        parts.append(_all_of(reader))
    return parts[0] if len(parts) == 1 else lambda scope: any(part(scope) for part in parts)


def _all_of(reader: _Reader) -> Condition:
    parts = [_one(reader)]
    while reader.has("AND"):
        parts.append(_one(reader))
    return parts[0] if len(parts) == 1 else lambda scope: all(part(scope) for part in parts)


def _one(reader: _Reader) -> Condition:
    if reader.has("NOT"):
        denied = _one(reader)
        return lambda scope: not denied(scope)
    if reader.has("("):
        inner = _any_of(reader)
        reader.take(")")
        return inner
    if reader.token in _FUNCTIONS:
        make = _FUNCTIONS[reader.take()]
        return make(*reader.arguments(lambda: _operand(reader)))
    return _comparison(reader)


def _comparison(reader: _Reader) -> Condition:
    left = _operand(reader)
    if reader.has("BETWEEN"):
        low = _operand(reader)
        reader.take("AND")
        high = _operand(reader)
        return lambda scope: _compare(scope, operator.ge, left, low) and _compare(scope, operator.le, left, high)
    if reader.has("IN"):
        others = reader.arguments(lambda: _operand(reader))
        return lambda scope: any(_equal(left(scope), other(scope)) for other in others)
    sign = reader.take()
    right = _operand(reader)
    if sign == "=":
        return lambda scope: _equal(left(scope), right(scope))
    if sign == "<>":
        return lambda scope: not _equal(left(scope), right(scope))
    if sign not in _COMPARISONS:
        raise WrongExpression(f"{sign!r} compares nothing")
    return lambda scope: _compare(scope, _COMPARISONS[sign], left, right)


def _operand(reader: _Reader) -> Operand:
    token = reader.take()
    if token == "size":
        (of,) = reader.arguments(lambda: _operand(reader))
        return lambda scope: _size(of(scope))
    return _named(token)


def _named(token: str) -> Operand:
    """An attribute of the item, or a value of the request."""
    if token.startswith(":"):
        return lambda scope: scope.values[token]
    return lambda scope: scope.item.get(scope.attribute(token))


def _size(value: Value | None) -> Value | None:
    if value is None:
        return None
    ((kind, content),) = value.items()
    return {"N": str(len(content.encode() if kind == "S" else content))}


def _equal(left: Value | None, right: Value | None) -> bool:
    return left is not None and right is not None and (left == right or comparable(left) == comparable(right))


def _compare(scope: Scope, sign: Callable[[Any, Any], bool], left: Operand, right: Operand) -> bool:
    one, other = left(scope), right(scope)
    if one is None or other is None:
        return False
    (kind, first), (other_kind, second) = comparable(one), comparable(other)
    return kind == other_kind and kind in _ORDERED and sign(first, second)


def _begins(value: Operand, prefix: Operand) -> Condition:
    def holds(scope: Scope) -> bool:
        found, wanted = value(scope), prefix(scope)
        return bool(found and wanted and "S" in found and found["S"].startswith(wanted["S"]))

    return holds


def _contains(value: Operand, part: Operand) -> Condition:
    def holds(scope: Scope) -> bool:
        found, wanted = value(scope), part(scope)
        if not found or not wanted:
            return False
        ((kind, content),) = found.items()
        if kind == "L":
            return any(_equal(one, wanted) for one in content)
        return kind in ("S", "SS") and wanted.get("S", object()) in content

    return holds


_FUNCTIONS: Mapping[str, Callable[..., Condition]] = {
    "attribute_exists": lambda of: lambda scope: of(scope) is not None,
    "attribute_not_exists": lambda of: lambda scope: of(scope) is None,
    "begins_with": _begins,
    "contains": _contains,
}


# --- updates

# Gives the new value of an attribute; None removes it.
_Action = tuple[str, Operand]


@cache
def compile_update(text: str) -> Callable[[Scope], dict[str, Value]]:
    """Compile an update into a function that returns the whole new item. Raises WrongExpression, as that function."""
    reader = _Reader(text)
    actions: list[_Action] = []
    while reader.token:
        read = _CLAUSES.get(reader.take().upper())
        if read is None:
            raise WrongExpression("SET, REMOVE or ADD expected")
        actions += reader.listed(partial(read, reader))

    def apply(scope: Scope) -> dict[str, Value]:
        names = [scope.attribute(name) for name, _ in actions]
        if len({*names}) < len(names) or {"PK", "SK"} & {*names}:
            raise WrongExpression("an attribute twice, or one of the key")
        changed = {name: value(scope) for name, (_, value) in zip(names, actions, strict=True)}
        after = {**scope.item, **{name: value for name, value in changed.items() if value is not None}}
        return {name: value for name, value in after.items() if changed.get(name, value) is not None}

    return apply


def _read_set(reader: _Reader) -> _Action:
    name = reader.take()
    reader.take("=")
    first = _set_operand(reader)
    if reader.token not in ("+", "-"):
        return name, _present(first)
    sign = 1 if reader.take() == "+" else -1
    second = _set_operand(reader)
    return name, lambda scope: _sum(_present(first)(scope), _present(second)(scope), sign)


def _set_operand(reader: _Reader) -> Operand:
    token = reader.take()
    if token == "if_not_exists":
        existing, default = reader.arguments(lambda: _set_operand(reader))
        return lambda scope: found if (found := existing(scope)) is not None else default(scope)
    if token == "list_append":
        first, second = reader.arguments(lambda: _set_operand(reader))
        return lambda scope: {"L": [*_present(first)(scope)["L"], *_present(second)(scope)["L"]]}
    return _named(token)


def _read_remove(reader: _Reader) -> _Action:
    return reader.take(), lambda _: None


def _read_add(reader: _Reader) -> _Action:
    name, amount = reader.take(), _named(reader.take())
    found = _named(name)
    return name, lambda scope: _sum(found(scope) or {"N": "0"}, _present(amount)(scope), 1)


_CLAUSES = {"SET": _read_set, "REMOVE": _read_remove, "ADD": _read_add}


def _present(operand: Operand) -> Callable[[Scope], Value]:
    def value(scope: Scope) -> Value:
        found = operand(scope)
        if found is None:
            raise WrongExpression("an attribute that the item does not have")
        return found

    return value


def _sum(first: Value, second: Value, sign: int) -> Value:
    if "N" not in first or "N" not in second:
        raise WrongExpression("only numbers can be added")
    return {"N": str(Decimal(first["N"]) + sign * Decimal(second["N"]))}
