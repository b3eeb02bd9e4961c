"""How long a press takes in the inbox of a running `make run`, on a processor four times slower.

    make presses ARGS=--write

It makes conversations first: a list of 200, and five threads of 50 messages. Then a person opens each of the five,
types a text and sends it, and opens menus. What counts is Interaction to Next Paint (https://web.dev/articles/inp): of
an interaction the longest event, from the press to the frame that shows what it did; of all interactions the longest,
but for one in fifty. The browser is a whole Chromium without a screen: one that is headless presents no frame by
itself.
"""

from __future__ import annotations

import argparse
import os
import secrets
import statistics
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Page, sync_playwright

from benchmarks import report
from benchmarks.burst import VARIABLES
from benchmarks.results import Row
from local.people import Person
from local.samples.client import Stack
from tests.support import browser as browsers
from tests.support.inbox_app import sign_in

LINE = "+12065550110"
LIST, THREADS, MESSAGES = 200, 5, 50
TEXT = "Sunday at noon would suit me."
SLOWER = 4
# Milliseconds. That of the first paint counts without what is painted later.
INTERACTION_GOAL, PAINT_GOAL = 100, 1_500
# Milliseconds that a button is held, between two keys, and after what is followed by requests.
_HELD, _KEY, _MOMENT = 80, 90, 2_500
_RUNS = 3
# Seconds after the conversations are made.
_SETTLED = 30

_OBSERVE = """() => {
  window.presses = [];
  new PerformanceObserver((list) => {
    for (const { interactionId, duration } of list.getEntries())
      if (interactionId) window.presses.push([interactionId, duration]);
  }).observe({ type: "event", durationThreshold: 16, buffered: true });
  window.paint = 0;
  new PerformanceObserver((list) => { window.paint = list.getEntries().at(-1).startTime; })
    .observe({ type: "largest-contentful-paint", buffered: true });
}"""


@dataclass(slots=True)
class Presses:
    """The longest event of each interaction in milliseconds, by its kind. One of less than 16 ms is not told."""

    made: int = 0
    lasted: dict[str, dict[int, float]] = field(default_factory=dict)

    def add(self, kind: str, events: Sequence[tuple[int, float]]) -> None:
        """Add events, each with its interaction."""
        known = self.lasted.setdefault(kind, {})
        for interaction, duration in events:
            known[interaction] = max(duration, known.get(interaction, 0))

    def find_longest(self) -> float:
        """Interaction to Next Paint: the longest, but for one of each fifty."""
        all_of_them = sorted((one for known in self.lasted.values() for one in known.values()), reverse=True)
        return all_of_them[min(self.made // 50, len(all_of_them) - 1)] if all_of_them else 0

    def describe(self) -> str:
        """The longest of each kind."""
        worst = {kind: max(known.values(), default=0) for kind, known in self.lasted.items()}
        return f"{self.made} interactions; the longest of each kind: " + ", ".join(
            f"{kind} {longest:.0f} ms" for kind, longest in worst.items()
        )


def fill(stack: Stack) -> list[str]:
    """Make conversations; return the names of those with a long thread."""
    run = secrets.token_hex(2)
    names = [f"Thread {run} {number}" for number in range(THREADS)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: _make(stack, f"Short {run} {number}", 1), range(LIST - THREADS)))
        list(pool.map(lambda name: _make(stack, name, MESSAGES), names))
    return names


def _make(stack: Stack, name: str, messages: int) -> None:
    sid = stack.post("Conversations", {"FriendlyName": name})["sid"]
    agent = {"Identity": "agent", "MessagingBinding.ProjectedAddress": LINE}
    stack.post(f"Conversations/{sid}/Participants", agent)
    # Before there is anyone to send them to.
    for number in range(messages):
        stack.post(f"Conversations/{sid}/Messages", {"Author": "agent", "Body": f"Text {number} of many"})
    stack.post(
        f"Conversations/{sid}/Participants", {"MessagingBinding.Address": f"+12068{secrets.randbelow(10**6):06}"}
    )


@contextmanager
def opened(environment: Mapping[str, str]) -> Iterator[Page]:
    """The inbox in a browser, with a slow processor, in which a person has signed in."""
    person = Person(environment["INBOX_ADMIN_USER"], "admins", environment["INBOX_ADMIN_PASSWORD"])
    arguments = ["--ozone-platform=headless", "--no-sandbox", "--no-proxy-server", "--disable-dev-shm-usage"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browsers.EXECUTABLE, headless=False, args=arguments)
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        sign_in(page, environment["PARTYLINE_URL"], person)
        page.locator("[data-conversation]").first.wait_for()
        page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
        page.reload()
        page.locator("[data-conversation]").first.wait_for()
        page.wait_for_timeout(_MOMENT)
        page.evaluate(_OBSERVE)
        yield page
        browser.close()


def press(page: Page, names: Sequence[str]) -> tuple[Presses, float]:
    """Press what a person presses; return how long that took, and when the largest paint was, in milliseconds."""
    presses = Presses()
    text = page.get_by_role("textbox", name="Write a text")

    def note(kind: str) -> None:
        page.wait_for_timeout(_MOMENT)
        presses.add(kind, page.evaluate("window.presses.splice(0)"))

    paint: float = page.evaluate("window.paint")
    for name in names:
        page.locator("[data-conversation]").filter(has_text=name).click(delay=_HELD)
        note("opening")
        text.press_sequentially(TEXT, delay=_KEY)
        note("typing")
        page.keyboard.press("Enter")
        note("sending")
    page.get_by_role("button", name="More").click(delay=_HELD)
    note("menus")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="New", exact=True).click(delay=_HELD)
    note("menus")
    page.get_by_role("menuitem", name="Group message").click(delay=_HELD)
    note("menus")
    presses.made = page.evaluate("performance.interactionCount")
    return presses, paint


def build_rows(runs: Sequence[tuple[Presses, float]]) -> list[Row]:
    """The medians of what was measured, beside their goals."""
    title = f"of a processor {SLOWER} times slower"
    interactions = [presses.find_longest() for presses, _ in runs]
    each = ", ".join(f"{one:.0f}" for one in interactions)
    last = f"of {len(runs)} runs: {each} ms; in the last one {runs[-1][0].describe()}"
    paint = statistics.median(paint for _, paint in runs)
    return [
        Row(f"interaction to next paint, {title}", INTERACTION_GOAL, statistics.median(interactions), " ms", last),
        Row(f"largest contentful paint, {title}", PAINT_GOAL, paint, " ms", f"a list of {LIST}"),
    ]


def main() -> int:
    """Run the command line; the result is its exit status."""
    parser = argparse.ArgumentParser(prog="make presses", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the table into docs/speed.md")
    options = parser.parse_args()
    if browsers.EXECUTABLE is None:
        print("no browser: no Chromium is on PATH", file=sys.stderr)
        return 1
    environment: Any = os.environ
    names = fill(Stack(*(environment[name] for name in VARIABLES)))
    # What follows from it is done by then.
    time.sleep(_SETTLED)
    with suppress(PermissionError):
        # The stack is in the way of the browser, and would not be on a person's machine.
        os.nice(-10)
    runs = []
    for _ in range(_RUNS):
        with opened(environment) as page:
            runs.append(press(page, names))
    table = report.build_table(build_rows(runs))
    if options.write:
        report.write("presses", table)
    print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
