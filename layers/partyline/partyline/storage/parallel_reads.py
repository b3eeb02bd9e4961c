"""Reads that do not depend on each other, such as those of a list's shards: together they take as long as one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Found = TypeVar("Found")

# How many reads are under way at a time. A client keeps as many connections.
AT_ONCE = 8


def read_all(reads: Sequence[Callable[[], Found]]) -> list[Found]:
    """Make some reads side by side; return what each returns, in their order.

    Where reads fail, raises the error of the one that comes first in this order, when none is under way any more.
    """
    if len(reads) == 1:
        return [reads[0]()]
    with ThreadPoolExecutor(max(1, min(AT_ONCE, len(reads)))) as pool:
        return list(pool.map(lambda read: read(), reads))
