"""Lists that leave out entries after reading them, as a search does.

A page reads a limited number of windows of the whole list. Where few entries fit, it is shorter than was asked for, or
empty, with more behind it; the next page begins behind what was read.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from partyline.frozen_classes import replace
from partyline.storage.queries import ListPage, Window

# How many windows a page reads at most.
MAX_WINDOWS = 5

Listed = TypeVar("Listed")


def collect(
    window: Window, read: Callable[[Window], ListPage[Listed]], max_windows: int = MAX_WINDOWS
) -> ListPage[Listed]:
    """Read windows of a list until the page is full, the list ends, or enough were read.

    `read` returns the entries of a window that fit, and as its `ends` the sort keys of the first and the last that it
    read, fitting or not; None where there was none.
    """
    found: list[tuple[str, Listed]] = []
    ends: tuple[str, str] | None = None
    more, place = True, window
    for _ in range(max_windows):
        part = read(place)
        more = part.more
        if part.ends is None:
            break
        if window.backward:
            found, ends = [*part.entries, *found], (part.ends[0], ends[1] if ends else part.ends[1])
        else:
            found, ends = [*found, *part.entries], (ends[0] if ends else part.ends[0], part.ends[1])
        place = replace(place, after=ends[0] if window.backward else ends[1])
        if len(found) >= window.size or not more:
            break
    return _cut(ListPage(found, more, ends), window)


def _cut(page: ListPage[Listed], window: Window) -> ListPage[Listed]:
    """Keep as many entries as the page has; the others are read again for the next one."""
    kept = page.entries[-window.size :] if window.backward else page.entries[: window.size]
    if len(kept) == len(page.entries) or page.ends is None:
        return page
    first, last = page.ends
    return ListPage(kept, more=True, ends=(kept[0][0], last) if window.backward else (first, kept[-1][0]))
