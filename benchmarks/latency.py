"""How long a text takes through a running `make run`, one at a time, and how much memory its functions have then.

    make latency ARGS="--texts 60 --write"

Texts go both ways in a group of two handsets. The time is that of the wall, so the machine should do nothing else.
Whether a text has arrived is looked at every few milliseconds.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from benchmarks import report
from benchmarks.burst import LINES, VARIABLES, BurstGroup, make_group, say
from local.samples.client import Refused, Stack

# Texts that start the functions and are not counted, and seconds.
_FIRST, _PAUSE, _PATIENCE = 3, 0.01, 60
_FUNCTION = "AWS_LAMBDA_FUNCTION_NAME=partyline-"

Times = dict[str, list[float]]


def measure(stack: Stack, group: BurstGroup, texts: int) -> Times:
    """Send texts one after the other; return the seconds of each, by what was waited for. Raises TimeoutError."""
    times: Times = {}
    for number in range(_FIRST + texts):
        seconds = _time_message(stack, group, f"Out {number}") | _time_text(stack, group, f"In {number}")
        if number >= _FIRST:
            for title, one in seconds.items():
                times.setdefault(title, []).append(one)
    return times


def _time_message(stack: Stack, group: BurstGroup, text: str) -> dict[str, float]:
    began = time.monotonic()
    say(stack, group, text)
    answered = time.monotonic() - began
    for handset in group.handsets:
        _wait(partial(_is_shown, stack, handset, text))
    arrived = time.monotonic() - began
    return {"a message to a group: answered by the API": answered, "a message to a group: on both handsets": arrived}


def _time_text(stack: Stack, group: BurstGroup, text: str) -> dict[str, float]:
    sender, other = group.handsets
    began = time.monotonic()
    stack.text(sender, [group.line, other], text)
    _wait(partial(_is_newest, stack, group.sid, text))
    return {"a text of a handset: read by the API": time.monotonic() - began}


def _wait(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + _PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("a text has not arrived")
        time.sleep(_PAUSE)


def _is_shown(stack: Stack, handset: str, text: str) -> bool:
    return any(one["text"].endswith(text) for one in stack.list_texts(handset)[-3:])


def _is_newest(stack: Stack, conversation: str, text: str) -> bool:
    query = {"Order": "desc", "PageSize": "1"}
    return any(one["body"] == text for one in stack.get(f"Conversations/{conversation}/Messages", query)["messages"])


def read_memory() -> dict[str, float]:
    """The memory of each function in MiB, of its largest process; of those that this machine can tell."""
    found: dict[str, float] = {}
    for name, resident in _read_processes():
        found[name] = max(resident, found.get(name, 0))
    return found


def _read_processes() -> Iterator[tuple[str, float]]:
    for process in Path("/proc").glob("[0-9]*"):
        try:
            variables = (process / "environ").read_text(errors="replace").split("\0")
            status = (process / "status").read_text()
        except OSError:
            continue
        for name in (one.removeprefix(_FUNCTION) for one in variables if one.startswith(_FUNCTION)):
            resident = status.partition("VmRSS:")[2].split(maxsplit=1)[0]
            yield name.partition("Function")[0].lower(), int(resident) / 1024


def build_table(times: Times, memory: dict[str, float]) -> str:
    """Build the tables of times and of memory."""
    lines = ["| measure | p50 | p95 |", "| --- | --- | --- |"]
    for title, seconds in times.items():
        late = statistics.quantiles(seconds, n=20, method="inclusive")[-1]
        lines.append(f"| {title} | {statistics.median(seconds) * 1000:.0f} ms | {late * 1000:.0f} ms |")
    lines += ["", "| function | memory of its process |", "| --- | --- |"]
    lines += [f"| `{name}` | {size:.0f} MiB |" for name, size in sorted(memory.items())]
    return "\n".join([*lines, "", report.describe_machine(), ""])


def main() -> int:
    """Run the command line; the result is its exit status."""
    parser = argparse.ArgumentParser(prog="make latency", description=__doc__)
    parser.add_argument("--texts", type=int, default=60, help="texts in each direction")
    parser.add_argument("--write", action="store_true", help="write the tables into docs/speed.md")
    options = parser.parse_args()
    stack = Stack(*(os.environ[name] for name in VARIABLES))
    try:
        times = measure(stack, make_group(stack, LINES[0]), max(2, options.texts))
    except (Refused, TimeoutError) as error:
        print(error, file=sys.stderr)
        return 1
    table = build_table(times, read_memory())
    if options.write:
        report.write("latency", table)
    print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
