"""The table of a run, and its place in docs/speed.md."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from benchmarks.results import Row
from local.environments import ROOT
from tests.support.capacity.pages import fill

PAGE = ROOT / "docs" / "speed.md"
PARTS = ("speed", "burst", "latency", "presses")


def build_table(rows: Iterable[Row], python: str = platform.python_version()) -> str:
    """Build the table, with when, where and with which Python it was measured."""
    cells = [(row.title, f"{row.goal:g}{row.unit}", _describe(row), row.note) for row in rows]
    return f"{_build_table(('measure', 'goal, at most', 'measured', 'of this'), cells)}\n{describe_machine(python)}\n"


def describe_machine(python: str = platform.python_version()) -> str:
    """Tell when, where and with which Python this is measured."""
    day = datetime.now(UTC).date()
    load = f"load {os.getloadavg()[0]:.1f}"
    machine = f"{platform.system()} on {platform.machine()}, {os.cpu_count()} processors, {load}"
    return f"Measured on {day} with Python {python}: {machine}."


def write(part: str, content: str) -> None:
    """Write a part of the page."""
    page = PAGE.read_text()
    kept = {name: _read_part(page, name) for name in PARTS}
    PAGE.write_text(fill(page, kept | {part: content}))


def _read_part(page: str, name: str) -> str:
    content = page.partition(f"<!-- counted: {name} -->")[2].partition("<!-- end -->")[0]
    return content.strip("\n") + "\n"


def _describe(row: Row) -> str:
    value = f"{row.value:.2f}".rstrip("0").rstrip(".") if row.unit == "" else f"{row.value:.0f}"
    return f"{value}{row.unit}{'' if row.is_met else ' **(missed)**'}"


def _build_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)
