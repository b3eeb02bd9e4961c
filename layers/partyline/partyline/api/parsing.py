"""Parse single values of parameters: addresses, dates."""

from __future__ import annotations

import re
from datetime import UTC, datetime

# A plus that was not encoded has become a blank on its way.
_LOST_PLUS = re.compile(r"^ (?=[0-9]+$)")


def restore_plus(value: str) -> str:
    """Restore the plus of an address: ` 12065550100` is what an unencoded `+12065550100` becomes."""
    return _LOST_PLUS.sub("+", value)


def parse_zoned_moment(value: str) -> datetime | None:
    """Parse a time in ISO 8601 that says its zone; None for anything else."""
    try:
        parsed = datetime.fromisoformat(value.strip())
        return None if parsed.tzinfo is None else parsed.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def parse_moment(value: str) -> datetime | None:
    """Parse a date or time in ISO 8601, UTC by default; None for anything else."""
    try:
        parsed = datetime.fromisoformat(value.strip())
        return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
