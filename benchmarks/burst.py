"""A burst of group texts through a running `make run`: how many a second are on the handsets.

    make burst ARGS="--texts 150 --write"

Each group has two handsets, and each line two groups. A text before the burst starts the functions. The time is that of
the wall, from the first request until the last handset has the last text, so the machine should do nothing else.
"""

from __future__ import annotations

import argparse
import os
import secrets
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http import HTTPStatus

from benchmarks import report
from local.samples.client import Refused, Stack

LINES = ("+12065550100", "+12065550101", "+12065550110", "+12065550120", "+12065550130")
GROUPS_EACH = 2
# Texts a second, on the handsets.
GOAL = 15
# Requests of the API at once, and seconds between two looks at the handsets.
_AT_ONCE, _PAUSE = 10, 0.2
_PATIENCE = 600
_ATTEMPTS = 5
# What is in .partyline/local.env of a running stack.
VARIABLES = ("PARTYLINE_URL", "PARTYLINE_ACCOUNT_SID", "PARTYLINE_AUTH_TOKEN")


@dataclass(frozen=True, slots=True)
class BurstGroup:
    """A conversation of an agent behind a line and two handsets."""

    sid: str
    line: str
    handsets: tuple[str, str]


@dataclass(frozen=True, slots=True)
class BurstTimes:
    """Seconds until the API had taken all texts, and until they were on all handsets."""

    texts: int
    written: float
    arrived: float

    def describe(self) -> str:
        """Build the table."""
        rate = self.texts / self.arrived
        mark = "" if rate >= GOAL else " **(missed)**"
        return (
            "| measure | goal, at least | measured | of this |\n| --- | --- | --- | --- |\n"
            f"| group texts a second, on all handsets | {GOAL} | {rate:.1f}{mark} | {self.texts} texts to groups of 2 "
            f"handsets: taken by the API in {self.written:.1f} s, on all handsets after {self.arrived:.1f} s |\n\n"
            f"{report.describe_machine()}\n"
        )


def make_group(stack: Stack, line: str) -> BurstGroup:
    """Make a conversation with two handsets that no other one has."""
    first, second = (f"+12068{secrets.randbelow(10**6):06}" for _ in range(2))
    sid = stack.post("Conversations")["sid"]
    agent = {"Identity": "agent", "MessagingBinding.ProjectedAddress": line}
    for member in (agent, *({"MessagingBinding.Address": one} for one in (first, second))):
        stack.post(f"Conversations/{sid}/Participants", member)
    return BurstGroup(sid, line, (first, second))


def say(stack: Stack, group: BurstGroup, text: str) -> None:
    """Send one text, as a client does that repeats what was not answered. Raises Refused."""
    key = secrets.token_hex(16)
    for attempt in range(_ATTEMPTS):
        try:
            stack.post(f"Conversations/{group.sid}/Messages", {"Author": "agent", "Body": text}, key)
        except Refused as refused:
            if refused.status < HTTPStatus.INTERNAL_SERVER_ERROR or attempt == _ATTEMPTS - 1:
                raise
        else:
            return


def send(stack: Stack, groups: Sequence[BurstGroup], each: int) -> BurstTimes:
    """Send texts to groups and wait until they are on the handsets. Raises TimeoutError."""
    wanted = {handset: len(stack.list_texts(handset)) + each for group in groups for handset in group.handsets}

    def write(group: BurstGroup) -> None:
        for number in range(each):
            say(stack, group, f"Text {number}")

    began = time.monotonic()
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        list(pool.map(write, groups))
    written = time.monotonic() - began
    for _ in _look_again(began + _PATIENCE):
        wanted = {handset: number for handset, number in wanted.items() if len(stack.list_texts(handset)) < number}
        if not wanted:
            break
    return BurstTimes(each * len(groups), written, time.monotonic() - began)


def _look_again(end: float) -> Iterator[None]:
    while time.monotonic() < end:
        yield
        time.sleep(_PAUSE)
    raise TimeoutError("not all texts are on the handsets")


def main() -> int:
    """Run the command line; the result is its exit status."""
    parser = argparse.ArgumentParser(prog="make burst", description=__doc__)
    parser.add_argument("--texts", type=int, default=150, help="texts in all")
    parser.add_argument("--write", action="store_true", help="write the table into docs/speed.md")
    options = parser.parse_args()
    stack = Stack(*(os.environ[name] for name in VARIABLES))
    try:
        groups = [make_group(stack, line) for line in LINES for _ in range(GROUPS_EACH)]
        send(stack, groups, 1)
        table = send(stack, groups, max(1, options.texts // len(groups))).describe()
    except (Refused, TimeoutError) as error:
        print(error, file=sys.stderr)
        return 1
    if options.write:
        report.write("burst", table)
    print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
