"""Parts of a list that is read whole, and the windows on it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from partyline.api.pagination import Entry, PagePart, slice_entries
from partyline.storage.queries import Window

KEYS = st.lists(st.text(min_size=1), unique=True).map(sorted)


def entries(keys: list[str]) -> list[Entry]:
    return [(key, {}) for key in keys]


@given(KEYS, st.integers(1, 5))
def test_windows_one_behind_the_other_show_everything_once(keys: list[str], size: int) -> None:
    seen: list[str] = []
    part = slice_entries(entries(keys), Window(size))
    seen += [key for key, _ in part.entries]
    while part.more:
        part = slice_entries(entries(keys), Window(size, seen[-1]))
        assert part.entries
        seen += [key for key, _ in part.entries]
    assert seen == keys


@given(KEYS, st.integers(1, 5), st.text(min_size=1))
def test_a_backward_window_shows_what_lies_right_before_its_entry(keys: list[str], size: int, key: str) -> None:
    before = [other for other in keys if other < key]
    part = slice_entries(entries(keys), Window(size, key, backward=True))
    assert part == PagePart(entries(before[-size:]), len(before) > size)
