"""The level of the stored format is kept until it may have been raised."""

from __future__ import annotations

import pytest

from partyline.errors import UnknownFormat
from partyline.storage.format_level import FIRST, NEWEST, FormatLevel


class Stored:
    """The level's item, and how often it was read."""

    def __init__(self, level: int | None) -> None:
        self.level, self.reads = level, 0

    def read(self) -> dict[str, int] | None:
        self.reads += 1
        return None if self.level is None else {"level": self.level}


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds since some moment, to be changed."""
    now = [1000.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    return now


def test_a_table_without_a_level_has_the_first_one(clock: list[float]) -> None:
    assert FormatLevel().find(Stored(None).read) == FIRST


def test_a_raised_level_is_found_within_a_minute(clock: list[float]) -> None:
    stored, level = Stored(FIRST), FormatLevel()
    assert (level.find(stored.read), level.find(stored.read), stored.reads) == (FIRST, FIRST, 1)

    stored.level = NEWEST
    clock[0] += 60
    assert (level.find(stored.read), stored.reads) == (NEWEST, 2)


def test_the_newest_level_is_never_read_again(clock: list[float]) -> None:
    stored, level = Stored(NEWEST), FormatLevel()
    level.find(stored.read)
    clock[0] += 1e6

    assert (level.find(stored.read), stored.reads) == (NEWEST, 1)


def test_what_was_read_meanwhile_counts(clock: list[float]) -> None:
    """An earlier answer may come later: the level never falls."""
    stored, level = Stored(None), FormatLevel()
    level.note({"level": NEWEST})
    level.note(None)

    assert (level.find(stored.read), stored.reads) == (NEWEST, 0)


def test_a_level_of_a_later_release_is_refused(clock: list[float]) -> None:
    with pytest.raises(UnknownFormat, match=f"level {NEWEST + 1}"):
        FormatLevel().find(Stored(NEWEST + 1).read)
