"""Texts go both ways while everything breaks: none is lost, none is sent twice, and each side's stay in order.

The run is decided by a seed: where it fails, the same seed plays the same faults. PARTYLINE_LARGE=1 plays 200 texts
each way and 1,000 faults instead.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from playwright.sync_api import BrowserContext, Error, Route, expect

from local.stack import Stack
from tests.support import browser as browsers
from tests.support import inbox_screens as screens
from tests.support.inbox_app import AppPage, InboxBrowser
from tests.support.offices import Office, Scene
from tests.support.stack_world import until

browsers.require()

SEED = int(os.environ.get("PARTYLINE_SEED", "16"))
TEXTS, FAULTS = (200, 1_000) if os.environ.get("PARTYLINE_LARGE") else (20, 60)

# A text is safe when it is stored, or when the thread has it.
IS_SAFE = """
async (text) => {
  for (const { name } of await indexedDB.databases()) {
    const database = await new Promise((done, fail) => {
      const asked = indexedDB.open(name);
      asked.onsuccess = () => done(asked.result);
      asked.onerror = () => fail(asked.error);
    });
    const entries = await new Promise((done, fail) => {
      const asked = database.transaction("entries").objectStore("entries").getAll();
      asked.onsuccess = () => done(asked.result);
      asked.onerror = () => fail(asked.error);
    });
    database.close();
    if (entries.some(({ body }) => body === text)) return true;
  }
  const shown = [...document.querySelectorAll("[data-index]:not(:has([data-outgoing]))")];
  return shown.some((row) => row.textContent.includes(text));
}
"""

# The texts of the thread in order, wherever it is scrolled to.
READ = """
async (mark) => {
  const log = document.querySelector(".log");
  const found = new Map();
  const frame = () => new Promise(requestAnimationFrame);
  log.scrollTop = 0;
  for (let before = -1; ; before = log.scrollTop) {
    for (let count = 0; count < 4; count += 1) await frame();
    for (const row of log.querySelectorAll(".log-row")) {
      const bubble = row.querySelector(".bubble");
      if (bubble?.textContent.startsWith(mark)) found.set(Number(row.dataset.index), bubble.textContent);
    }
    if (log.scrollTop === before && log.scrollTop + log.clientHeight >= log.scrollHeight - 2) break;
    log.scrollTop += log.clientHeight / 2;
  }
  return [...found].sort(([one], [other]) => one - other).map(([, text]) => text);
}
"""


@dataclass
class Network:
    """What happens to the next requests for messages."""

    context: BrowserContext
    fates: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.context.route("**/Messages", self._handle)

    def _handle(self, route: Route) -> None:
        fate = self.fates.pop(0) if route.request.method == "POST" and self.fates else "well"
        try:
            if fate == "lost answer":
                route.fetch()
                route.abort()
            elif fate == "lost request":
                route.abort()
            elif fate in {"401", "500", "503"}:
                route.fulfill(status=int(fate), content_type="application/json", body='{"code":0,"message":"a fault"}')
            else:
                route.fallback()
        except Error:
            # The tab was closed meanwhile: the answer has nobody to go to.
            return


@dataclass
class Run:
    """Two tabs of a person, and what happens to them."""

    inbox: InboxBrowser
    scene: Scene
    first: AppPage
    chance: random.Random
    network: Network
    tabs: list[AppPage] = field(default_factory=list)
    is_offline: bool = False

    def open_tab(self) -> AppPage:
        self.come_online()
        page = self.first.page.context.new_page()
        tab = AppPage(page, self.inbox.url)
        tab.go(self.scene.address)
        expect(screens.field(tab)).to_be_visible()
        return tab

    def write(self, text: str) -> None:
        tab = self.chance.choice(self.tabs)
        tab.page.bring_to_front()
        box = screens.field(tab)
        box.fill(text)
        box.press("Enter")
        # Whoever closes a tab within the milliseconds until then has not seen the field empty for a moment.
        until(lambda: tab.page.evaluate(IS_SAFE, text))

    def break_something(self) -> None:
        names = ("lost answer", "lost request", "401", "500", "503", "offline", "online", "reload", "kill")
        fault = self.chance.choices(names, (6, 6, 2, 3, 3, 2, 4, 1, 1))[0]
        special: dict[str, Callable[[], None]] = {
            "offline": self.go_offline,
            "online": self.come_online,
            "reload": self.reload,
            "kill": self.kill,
        }
        if fault in special:
            special[fault]()
        else:
            self.network.fates.append(fault)

    def go_offline(self) -> None:
        self.first.page.context.set_offline(True)
        self.is_offline = True

    def come_online(self) -> None:
        if self.is_offline:
            self.first.page.context.set_offline(False)
        self.is_offline = False

    def reload(self) -> None:
        self.come_online()
        tab = self.chance.choice(self.tabs)
        tab.page.reload()
        expect(screens.field(tab)).to_be_visible()

    def kill(self) -> None:
        # A tab that is closed is asked nothing: its requests end where they are.
        ended = self.tabs.pop(self.chance.randrange(len(self.tabs)))
        ended.page.close(run_before_unload=False)
        self.tabs.append(self.open_tab())


def test_no_text_is_lost_or_doubled_whatever_breaks(stack: Stack, inbox: InboxBrowser, office: Office) -> None:
    kay, bob = office.people("Kay", "Bob")
    scene = office.group("Faults", kay, bob)
    chance = random.Random(SEED)
    ours, theirs = [f"ours {place:03}" for place in range(TEXTS)], [f"theirs {place:03}" for place in range(TEXTS)]
    steps = ["ours"] * TEXTS + ["theirs"] * TEXTS + ["fault"] * FAULTS
    chance.shuffle(steps)
    waiting = {"ours": iter(ours), "theirs": iter(theirs)}
    with inbox.page(stack.people.admin) as app:
        run = Run(inbox, scene, app, chance, Network(app.page.context))
        run.tabs = [run.open_tab(), run.open_tab()]
        for step in steps:
            if step == "fault":
                run.break_something()
            elif step == "ours":
                run.write(next(waiting["ours"]))
            else:
                # A phone's next text is not on its way before the last one is there: a network keeps no order.
                office.text(scene, kay, next(waiting["theirs"]))
                office.world.settle()
        run.network.fates.clear()
        # Who comes back is tried at once, and not after the pause that many failures have made long.
        run.go_offline()
        run.come_online()
        tab = run.tabs[0]
        tab.page.bring_to_front()
        assert until(lambda: tab.page.evaluate(READ, "ours"), lambda seen: len(seen) == TEXTS) == ours
        assert until(lambda: tab.page.evaluate(READ, "theirs"), lambda seen: len(seen) == TEXTS) == theirs
        expect(tab.page.locator("[data-outgoing]")).to_have_count(0)
        app.complaints.clear()
        for one in run.tabs:
            one.page.close()
    recorded = office.bodies(scene)
    assert [body for body in recorded if body.startswith("ours")] == ours
    assert [body for body in recorded if body.startswith("theirs")] == theirs
    for phone in (kay, bob):
        assert office.shown(phone, TEXTS) == ours
