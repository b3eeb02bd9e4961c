"""Read and raise the level of the table's stored format (partyline.storage.format_level)."""

from __future__ import annotations

from partyline.storage import format_keys, format_level
from partyline.storage.table import Condition, Table, Write, put


def fetch_level(table: Table) -> int:
    """Read the level. Raises UnknownFormat for one of a later release."""
    return format_level.parse_level(table.get(format_keys.format_level()))


def build_level_write() -> Write:
    """Build the write of the newest level; it holds unless the table has a later one."""
    return _put_level(format_level.NEWEST, "<=")


def raise_level(table: Table, level: int = format_level.NEWEST) -> bool:
    """Raise the level; return False when it was as high already. It is written at once, and used within a minute."""
    return table.written(_put_level(level, "<"))


def _put_level(level: int, than: str) -> Write:
    is_lower = Condition(
        f"attribute_not_exists(#level) OR #level {than} :level", {"#level": "level"}, {":level": level}
    )
    return put("format", format_keys.format_level(), {"level": level}, is_lower)
