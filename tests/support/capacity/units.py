"""The sizes of items and DynamoDB's units, by its documentation. Pure.

Items are in DynamoDB's own form: {"name": {"S": "Bob"}}. None stands for an item that does not exist.

What moto answers as consumed capacity is of no use: it says 1 for every request.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

RawItem = Mapping[str, Any]

WRITE_UNIT = 1024
READ_UNIT = 4096
# The bytes of a list or a map besides its content.
_CONTAINER = 3


@dataclass(frozen=True, slots=True)
class TableIndex:
    """An index: its name and its key attributes. It holds all attributes of its items."""

    name: str
    keys: tuple[str, ...]

    def project(self, item: RawItem | None) -> RawItem | None:
        """Return what the index has of an item; None for an item without its keys."""
        return item if item is not None and all(key in item for key in self.keys) else None


def measure(item: RawItem | None) -> int:
    """Return the size of an item in bytes."""
    return sum(_measure_text(name) + _measure_value(value) for name, value in (item or {}).items())


def _measure_value(value: Mapping[str, Any]) -> int:
    [(kind, content)] = value.items()
    match kind:
        case "S":
            return _measure_text(content)
        case "N":
            return _measure_number(content)
        case "BOOL" | "NULL":
            return 1
        case "L":
            return _CONTAINER + sum(1 + _measure_value(one) for one in content)
        case "M":
            return _CONTAINER + sum(1 + _measure_text(name) + _measure_value(one) for name, one in content.items())
    raise ValueError(f"values of type {kind} are not measured")


def _measure_text(text: str) -> int:
    return len(text.encode())


def _measure_number(number: str) -> int:
    """A byte for two significant digits, and one more; a sign takes another."""
    digits = number.lstrip("-").replace(".", "").strip("0")
    return math.ceil(len(digits) / 2) + 1 + number.startswith("-")


def count_write(before: RawItem | None, after: RawItem | None) -> int:
    """Return the units of a write: those of the larger of the two items. A transaction takes twice as many."""
    return max(1, math.ceil(max(measure(before), measure(after)) / WRITE_UNIT))


def count_index_writes(index: TableIndex, before: RawItem | None, after: RawItem | None) -> int:
    """Return the units that a write takes in an index, alone or in a transaction.

    None, where the index has nothing of the item or nothing new; two writes, where its place changes.
    """
    old, new = index.project(before), index.project(after)
    if old == new:
        return 0
    if old is not None and new is not None and any(old[key] != new[key] for key in index.keys):
        return count_write(old, None) + count_write(None, new)
    return count_write(old, new)


def count_read(items: Iterable[RawItem | None], *, consistent: bool) -> float:
    """Return the units of reading some items one by one. One that does not exist takes the least there is."""
    units = sum(max(1, math.ceil(measure(item) / READ_UNIT)) for item in items)
    return units if consistent else units / 2


def count_query(items: Sequence[RawItem], *, consistent: bool) -> float:
    """Return the units of a query that examines some items: their sizes together, rounded up once."""
    units = max(1, math.ceil(sum(map(measure, items)) / READ_UNIT))
    return units if consistent else units / 2
