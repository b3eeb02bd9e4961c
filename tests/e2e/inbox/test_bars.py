"""How much the app asks for and shows, in a real browser: counts, which are the same on every machine.

Times are measured too, and are in the log (`-o log_cli=true -o log_cli_level=INFO`): they belong to a machine, so no
test depends on them.
"""

from __future__ import annotations

import logging
import os
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Page, Request, expect

from local.stack import Stack
from tests.support import browser as browsers
from tests.support.inbox_app import AppPage, InboxBrowser
from tests.support.inbox_screens import entry, field, rows, thread_title
from tests.support.large_inboxes import CONVERSATIONS, MESSAGES, LargeInbox
from tests.support.offices import Office, Scene

browsers.require()

LOG = logging.getLogger(__name__)

MOST_ROWS = 40
BREAK_MS = 300_000 if os.environ.get("PARTYLINE_LARGE") else 0
TABS = 25 if os.environ.get("PARTYLINE_LARGE") else 4


class Requests:
    """The requests of a page to the API."""

    def __init__(self, page: Page) -> None:
        self.made: list[str] = []
        page.on("request", self._note)

    def _note(self, request: Request) -> None:
        if found := re.search(r"/v1(/[^?]*)", request.url):
            self.made.append(f"{request.method} {found[1]}")

    def take(self) -> list[str]:
        """What was requested since the last call."""
        taken, self.made = self.made, []
        return taken


# Playwright's own wait for an idle network may never end after a page was loaded again.
QUIET = """
() => new Promise((done) => {
  let before = -1;
  const look = () => {
    const answered = performance.getEntriesByType("resource").length;
    if (answered === before) return done();
    before = answered;
    setTimeout(look, 1000);
  };
  look();
})
"""


def wait_for_quiet(app: AppPage) -> None:
    """Wait until nothing has been answered for a second."""
    app.page.evaluate(QUIET)


def reads(requests: list[str]) -> list[str]:
    """Those that ask for something. What one has looked at is told to the server besides."""
    return [one for one in requests if one.startswith("GET ")]


@pytest.fixture(scope="module")
def scene(office: Office) -> Scene:
    """A group with a text, which is not the only one."""
    office.group("Other", *office.people("Lee", "Dana"))
    made = office.group("Bars", *office.people("Bob", "Kay"))
    office.write(made, "Sunday?")
    office.shown(made.members[0], 1)
    return made


@pytest.fixture
def app(stack: Stack, inbox: InboxBrowser) -> Iterator[AppPage]:
    with inbox.page(stack.people.admin) as opened:
        expect(opened.page.locator("[data-conversation]").first).to_be_visible()
        wait_for_quiet(opened)
        yield opened


def test_few_requests_show_the_inbox_and_a_thread_and_none_a_new_text(
    app: AppPage, office: Office, scene: Scene
) -> None:
    requests = Requests(app.page)
    app.page.reload()
    expect(entry(app, scene)).to_be_visible()
    wait_for_quiet(app)
    painted = requests.take()
    entry(app, scene).click()
    expect(rows(app, "Sunday?")).to_be_visible()
    expect(field(app)).to_be_visible()
    wait_for_quiet(app)
    opened = requests.take()
    # What one looks at is read, which is told to the server.
    app.page.locator("[data-conversation]").filter(has_not_text=scene.title).first.click()
    expect(thread_title(app)).not_to_contain_text(scene.title)
    wait_for_quiet(app)
    requests.take()
    office.text(scene, scene.members[0], "At noon")
    expect(entry(app, scene)).to_contain_text("At noon")
    wait_for_quiet(app)
    heard = requests.take()
    assert len(painted) <= 3, painted
    assert len(reads(opened)) <= 3, opened
    assert reads(heard) == []


SCROLL = """
([selector, frames]) => new Promise((done) => {
  const list = document.querySelector(selector);
  const deltas = [];
  let most = 0;
  let before = performance.now();
  const step = (now) => {
    deltas.push(now - before);
    before = now;
    most = Math.max(most, list.querySelectorAll("li").length);
    list.scrollTop += selector === ".log" ? -120 : 120;
    if (deltas.length < frames) requestAnimationFrame(step);
    else done({ most, deltas: deltas.sort((a, b) => a - b) });
  };
  requestAnimationFrame(step);
})
"""


def report(name: str, found: dict[str, Any]) -> None:
    deltas = found["deltas"]
    p50, p95 = deltas[len(deltas) // 2], deltas[len(deltas) * 95 // 100]
    LOG.info("%s: frames p50 %.1f, p95 %.1f, longest %.1f ms; rows %s", name, p50, p95, deltas[-1], found["most"])


def test_a_long_list_shows_few_rows(app: AppPage, office: Office, scene: Scene) -> None:
    LargeInbox(office, scene, app.page.context)
    app.page.reload()
    expect(app.page.locator("[data-conversation]").first).to_contain_text(scene.title)
    found = app.page.evaluate(SCROLL, ["[data-conversation-list]", 300])
    report(f"list of {CONVERSATIONS:,}", found)
    assert found["most"] <= MOST_ROWS
    app.page.locator("[data-conversation]").first.focus()
    app.press("End")
    expect(app.page.locator("[data-conversation]:focus")).to_be_in_viewport()


def test_tabs_share_one_connection(stack: Stack, inbox: InboxBrowser, office: Office, scene: Scene) -> None:
    sockets: list[str] = []
    with inbox.page(stack.people.admin) as first, ExitStack() as opened:
        first.page.context.on("page", lambda page: page.on("websocket", lambda one: sockets.append(one.url)))
        tabs = [opened.enter_context(inbox.tab(first, scene.address)) for _ in range(TABS)]
        # Several tabs renew the session at once: one is told to wait.
        for tab in tabs:
            opened.callback(tab.permit, "409 (Conflict)")
        for tab in tabs:
            expect(field(tab)).to_be_visible()
        office.text(scene, scene.members[0], "To all tabs")
        for tab in tabs:
            expect(rows(tab, "To all tabs")).to_be_visible()
        # The one of the first tab, which was there before.
        assert sockets == []
        # Another tab takes over from the one that had it.
        first.page.goto("about:blank")
        office.text(scene, scene.members[1], "Once more")
        for tab in tabs:
            expect(rows(tab, "Once more")).to_be_visible()
        assert len(sockets) == 1


def test_a_break_leaves_nothing_behind(stack: Stack, inbox: InboxBrowser, office: Office) -> None:
    bob, kay = office.people("Bob", "Kay")
    scene = office.group("Break", bob, kay)
    office.write(scene, "Sunday?")
    office.shown(bob, 1)
    [message] = office.account.read(f"{scene.path}/Messages")["messages"]
    with inbox.page(stack.people.admin, scene.address) as app:
        expect(rows(app, "Sunday?")).to_be_visible()
        app.page.context.set_offline(True)
        expect(app.page.get_by_text("Offline since")).to_be_visible()
        office.text(scene, bob, "Yes")
        office.text(scene, kay, "Me too")
        office.account.made(f"{scene.path}/Messages/{message['sid']}", {"Body": "Sunday at noon?"})
        office.account.made(scene.path, {"FriendlyName": "Broken"})
        office.account.made(f"{scene.path}/Notes", {"Body": "Noon it is"})
        app.page.wait_for_timeout(BREAK_MS)
        began = time.monotonic()
        app.page.context.set_offline(False)
        for text in ("Sunday at noon?", "Yes", "Me too", "Noon it is"):
            expect(rows(app, text)).to_be_visible()
        expect(thread_title(app)).to_contain_text("Broken")
        expect(entry(app, scene)).to_contain_text("Broken")
        expect(rows(app, "Sunday?")).to_have_count(0)
        LOG.info("after a break of %d s all is there in %.1f s", BREAK_MS / 1000, time.monotonic() - began)
        app.permit("ERR_INTERNET_DISCONNECTED")


def test_the_first_paint_and_the_answer_to_a_press(app: AppPage, office: Office, scene: Scene) -> None:
    """Largest contentful paint, the longest interaction, and frames."""
    LargeInbox(office, scene, app.page.context)
    session = app.page.context.new_cdp_session(app.page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    app.page.reload()
    expect(app.page.locator("[data-conversation]").first).to_be_visible()
    app.page.evaluate(
        """() => {
          window.longest = 0;
          new PerformanceObserver((list) => {
            const lasted = list.getEntries().filter((one) => one.interactionId).map(({ duration }) => duration);
            window.longest = Math.max(window.longest, ...lasted);
          }).observe({ type: "event", durationThreshold: 16, buffered: true });
        }"""
    )
    entry(app, scene).click()
    expect(rows(app, f"{MESSAGES - 1}:")).to_be_visible()
    field(app).press_sequentially("Sunday at noon?")
    paint = app.page.evaluate(
        """() => new Promise((done) => new PerformanceObserver((list) => done(list.getEntries().at(-1).startTime))
          .observe({ type: "largest-contentful-paint", buffered: true }))"""
    )
    longest = app.page.evaluate("window.longest")
    session.send("Emulation.setCPUThrottlingRate", {"rate": 1})
    found = app.page.evaluate(SCROLL, [".log", 300])
    report(f"thread of {MESSAGES:,}", found)
    assert found["most"] <= MOST_ROWS
    LOG.info("processor 4x slower: largest contentful paint %.0f ms, longest interaction %.0f ms", paint, longest)
    assert paint > 0
