"""Convert dataclasses to plain JSON values and back, for stored items and queue bodies.

Stored values outlive a deployment, so the plain form is a contract:

- a time is text in UTC, always with microseconds: such texts sort as their times do;
- an enum is its value, a tuple is a list, a set of texts is a sorted list;
- an attribute that was renamed in the code keeps its first name there (STORED_NAMES).

Reading accepts what an earlier version wrote: unknown names are ignored, and missing ones get the field's default.
pydantic reads by the annotations of the dataclasses (decision 0049).
"""

from __future__ import annotations

import dataclasses
import functools
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Final, Optional, TypeVar

from pydantic import ConfigDict, TypeAdapter

Kind = TypeVar("Kind")

# The stored name of each attribute that has another name in the code. No stored class uses both names.
STORED_NAMES: Final = {
    "notify_webhooks": "told",
    "initial_state": "begins",
    "confirms_opt_out": "confirms",
    "channel": "how",
    "keyword_handled_by_carrier": "answered",
}


def format_time(moment: datetime) -> str:
    """Format a time as text that sorts."""
    # Not strftime: it does not pad years before 1000.
    in_utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return in_utc.isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def parse_time(text: str) -> datetime:
    """Parse the text of a time that `format_time` has made."""
    # Not strptime, which takes thirty times as long.
    return datetime.fromisoformat(text)


def dump(value: Any, *, without_none: bool = False) -> dict[str, Any]:
    """Convert a dataclass to plain values; `without_none` leaves out the fields that are None."""
    # mypy checks whether instances are hashable. The cache needs only a hashable class.
    names = _list_fields(type(value))  # type: ignore[arg-type]
    return {
        stored: part if type(part) in _PLAIN else _plain(part, without_none=without_none)
        for name, stored in names
        if (part := getattr(value, name)) is not None or not without_none
    }


@functools.cache
def _list_fields(kind: type[Any]) -> tuple[tuple[str, str], ...]:
    """List the fields of a dataclass, each with its stored name."""
    return tuple((field.name, STORED_NAMES.get(field.name, field.name)) for field in dataclasses.fields(kind))


# Most values are of these types, and stay as they are. An enum of texts has a type of its own.
_PLAIN = frozenset({str, int, bool, type(None)})


def _plain(value: Any, *, without_none: bool) -> Any:
    if isinstance(value, datetime):
        return format_time(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple):
        return [_plain(part, without_none=without_none) for part in value]
    if isinstance(value, frozenset):
        return sorted(value)
    if dataclasses.is_dataclass(value):
        return dump(value, without_none=without_none)
    return value


def load(kind: type[Kind], plain: object) -> Kind:
    """Build a dataclass from plain values.

    Raises ValueError when a value does not match its field's annotation, or a field without a default is missing.
    """
    # mypy checks whether instances are hashable. The cache needs only a hashable class.
    value: Kind = _adapter(kind).validate_python(plain)  # type: ignore[arg-type]
    return value


def prepare_loading(*kinds: type[Any]) -> None:
    """Build now what the first `load` of each of these classes would build: a few milliseconds of a processor each."""
    for kind in kinds:
        # As in `load`.
        _adapter(kind)  # type: ignore[arg-type]


_CONFIG = ConfigDict(alias_generator=lambda name: STORED_NAMES.get(name, name))


@functools.cache
def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    """Build the adapter of a class, once and on first use, since this takes a few milliseconds."""
    # pydantic accepts a configuration for a standard dataclass only from what contains it, here Optional.
    return TypeAdapter(Optional[kind], config=_CONFIG)  # noqa: UP045  (a type that is a value)
