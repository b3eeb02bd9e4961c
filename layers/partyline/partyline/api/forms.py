"""Typed reading of single parameters, for forms that are not models (see form_model).

Every function returns None for a parameter that is not given, and refuses one that is wrong.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Literal, TypeVar, overload

from partyline import refusals
from partyline.api.request import Parameters
from partyline.domain import sids, timers
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


@overload
def read_friendly_name(given: Parameters, limit: int, *, required: Literal[True]) -> str: ...


@overload
def read_friendly_name(given: Parameters, limit: int, *, required: Literal[False]) -> str | None: ...


def read_friendly_name(given: Parameters, limit: int, *, required: bool) -> str | None:
    """Read FriendlyName where it has codes of its own.

    It may be empty unless it is required. Raises ApiError 50000, 50003.
    """
    name = given.get("FriendlyName")
    if required and not name:
        raise refusals.friendly_name_missing()
    if name and len(name) > limit:
        raise refusals.friendly_name_too_long(limit)
    return name


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


def read_sid(given: Parameters, name: str, prefix: str) -> str | None:
    """Read a SID of one kind; an empty one is None. Raises ApiError 20001."""
    value = given.get(name)
    if not value:
        return None
    if not sids.matches(prefix, value):
        raise refusals.invalid_parameter(name, f"it is not {prefix} and 32 hexadecimal digits")
    return value


def read_boolean(given: Parameters, name: str) -> bool | None:
    """Read true or false, in upper or lower case. Raises ApiError 20001."""
    value = given.get(name)
    if value is None:
        return None
    if value.lower() not in ("true", "false"):
        raise refusals.invalid_parameter(name, "use true or false")
    return value.lower() == "true"


def read_timer(given: Parameters, name: str, minimum: int, before: int | None) -> int | None:
    """Read a timer, an ISO 8601 duration, in seconds.

    PT0S is None; a timer that is not given stays as it was. Raises ApiError 50375, 50376, 50379, 50380.
    """
    value = given.get(name)
    if value is None:
        return before
    length = timers.parse_duration(value)
    if length is None:
        raise refusals.timer_invalid(name)
    if 0 < length < minimum:
        raise refusals.timer_too_short(name, minimum)
    return length or None


def read_attributes(given: Parameters, limit: int) -> str | None:
    """Read a JSON text of limited size, as it was written. Raises ApiError 50303, 50304."""
    value = given.get("Attributes")
    if value is None:
        return None
    if len(value.encode()) > limit:
        raise refusals.attributes_too_long(limit)
    try:
        parse_json(value)
    except ValueError:
        raise refusals.attributes_invalid() from None
    return value


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


def read_date_created(given: Parameters) -> datetime | None:
    """Read DateCreated, which imports of old messages set. Raises ApiError 50308."""
    return _read_date(given, "DateCreated", refusals.date_created_invalid)


def read_date_updated(given: Parameters) -> datetime | None:
    """Read DateUpdated. Raises ApiError 50309."""
    return _read_date(given, "DateUpdated", refusals.date_updated_invalid)


def _read_date(given: Parameters, name: str, refusal: Callable[[], ApiError]) -> datetime | None:
    value = given.get(name)
    if value is None:
        return None
    parsed = parse_moment(value)
    if parsed is None:
        raise refusal()
    return parsed


def parse_moment(value: str) -> datetime | None:
    """Parse a date or time in ISO 8601, UTC by default; None for anything else."""
    try:
        parsed = datetime.fromisoformat(value.strip())
        return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
