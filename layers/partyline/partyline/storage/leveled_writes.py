"""Writes whose form depends on the level of the stored format (partyline.storage.format_level)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from partyline.frozen_classes import frozen
from partyline.storage.table import Write


@frozen
class LeveledWrite(Write):
    """A write that the table makes in another form from a level on; either may be of several writes."""

    level: int
    build_older: Callable[[], Sequence[Write]]
    build_newer: Callable[[], Sequence[Write]]

    def build_parts(self, find_level: Callable[[], int]) -> Sequence[Write]:
        """Return what is written at the level that `find_level` returns."""
        writes = self.build_newer() if find_level() >= self.level else self.build_older()
        return [part for write in writes for part in write.build_parts(find_level)]


def write_by_level(
    label: str, level: int, older: Callable[[], Sequence[Write]], newer: Callable[[], Sequence[Write]]
) -> Write:
    """Build a write in two forms: what `newer` returns from a level on, until then what `older` returns."""
    return LeveledWrite(label, "", {}, level, older, newer)
