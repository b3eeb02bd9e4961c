"""Typed reading of single parameters: of queries, and of the one form that is no model (see form_model).

Every function returns None for a parameter that is not given, and refuses one that is wrong.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeVar

from partyline import refusals
from partyline.api.request import Parameters
from partyline.errors import ApiError

# The longest name of most things, and of roles, API keys and push credentials.
MAX_NAME, MAX_SHORT_NAME = 256, 64
MAX_CONVERSATION_ATTRIBUTES, MAX_ATTRIBUTES = 16 * 1024, 4 * 1024

# A plus that was not encoded has become a blank on its way.
_LOST_PLUS = re.compile(r"^ (?=[0-9]+$)")

Choice = TypeVar("Choice", bound=StrEnum)


def read_text(given: Parameters, name: str, limit: int = MAX_NAME) -> str | None:
    """Read a text of limited length, which may be empty. Raises ApiError 20001."""
    value = given.get(name)
    if value is not None and len(value) > limit:
        raise refusals.invalid_parameter(name, f"it is longer than {limit} characters")
    return value


def apply_change(given: str | None, before: str | None) -> str | None:
    """Return a text after a form: unchanged when it is not given, None when it is empty."""
    return before if given is None else given or None


def restore_plus(value: str) -> str:
    """Restore the plus of an address: ` 12065550100` is what an unencoded `+12065550100` becomes."""
    return _LOST_PLUS.sub("+", value)


def read_choice(
    given: Parameters, name: str, kind: type[Choice], refusal: Callable[[Sequence[str]], ApiError] | None = None
) -> Choice | None:
    """Read a value of an enumeration, in upper or lower case.

    Raises ApiError 20001, or what `refusal` makes of the values.
    """
    value = given.get(name)
    if value is None:
        return None
    try:
        return kind(value.lower())
    except ValueError:
        if refusal:
            raise refusal(list(kind)) from None
        raise refusals.invalid_parameter(name, f"use {', '.join(kind)}") from None


def read_integer(given: Parameters, name: str, minimum: int = 0) -> int | None:
    """Read a whole number of at most nine digits. Raises ApiError 20001."""
    value = given.get(name)
    if value is None:
        return None
    if not re.fullmatch(r"-?[0-9]{1,9}", value) or int(value) < minimum:
        raise refusals.invalid_parameter(name, f"it is not a whole number of at least {minimum}")
    return int(value)


def parse_json(value: str) -> Any:
    """Parse a JSON text.

    Raises ValueError, also for what other parsers refuse: NaN, unpaired surrogates, endless nesting.
    """
    try:
        parsed = json.loads(value, parse_constant=_refuse_constant)
        json.dumps(parsed, ensure_ascii=False).encode()
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return parsed


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def parse_moment(value: str) -> datetime | None:
    """Parse a date or time in ISO 8601, UTC by default; None for anything else."""
    try:
        parsed = datetime.fromisoformat(value.strip())
        return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
