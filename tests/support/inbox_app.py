"""The inbox in a real browser: sign in once for each person, open its pages at a width and in a theme, and check them.

with inbox_browser(stack, sessions) as inbox:
    with inbox.page(stack.people.admin, width=PHONE, theme="dark") as app:
        app.page.get_by_role("link", name="Contacts").click()
        app.check_accessibility()

At the end of `inbox.page` nothing may be in the console: an error, a warning, or what the policy for contents refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, StorageState, expect

from local import inbox as built
from local.people import Person
from local.stack import Stack
from tests.support import browser as browsers

WIDE, PHONE = 1280, 390
# The wide window at 200 % zoom has half as many of a style sheet's pixels.
ZOOMED = WIDE // 2
_HEIGHTS = {WIDE: 800, PHONE: 844, ZOOMED: 400}

Theme = Literal["light", "dark"]
# What browsers have stored of the people who have signed in, by their names.
Sessions: TypeAlias = dict[str, StorageState]

# WCAG 2.0 to 2.2, A and AA, and what axe calls best practice.
_RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice")
_CONTRAST = ("color-contrast",)

_LOOKS: tuple[tuple[int, Theme, tuple[str, ...]], ...] = (
    (PHONE, "dark", _RULES),
    (PHONE, "light", _CONTRAST),
    (ZOOMED, "light", _RULES),
    (WIDE, "dark", _CONTRAST),
    (WIDE, "light", _RULES),
)

# A color that is still changing is not the one that people read. What goes on forever has no end to go to.
_END_ANIMATIONS = """
for (const one of document.getAnimations()) {
  if (Number.isFinite(one.effect.getComputedTiming().endTime)) one.finish();
}
"""


@dataclass
class AppPage:
    """A page of the app, with what its console said."""

    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)

    def listen(self) -> None:
        """Note what the console says from now on."""
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda error: self.complaints.append(f"uncaught: {error}"))

    def _note(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(f"{message.type}: {message.text} ({message.location.get('url', '')})")

    def permit(self, *parts: str) -> None:
        """Take out of the complaints those that a test has provoked: each has one of these parts."""
        self.complaints = [one for one in self.complaints if not any(part in one for part in parts)]

    def go(self, address: str = "/") -> None:
        """Go to an address inside the app, as routes.ts has them."""
        self.page.goto(f"{self.url}#{address}")

    def tab_to(self, name: str, *, role: str | None = None, most: int = 100) -> None:
        """Press Tab until a control has the focus, by its accessible name (and role)."""
        for _ in range(most):
            self.page.keyboard.press("Tab")
            focused = self.focused()
            if focused["name"] == name and role in {None, focused["role"]}:
                return
        raise AssertionError(f"{most} times Tab, and {name!r} never had the focus")

    def press(self, *keys: str) -> None:
        """Press keys, one after the other, such as "ArrowDown" or "Control+Enter"."""
        for key in keys:
            self.page.keyboard.press(key)

    def focused(self) -> dict[str, str]:
        """The role and the accessible name of what has the focus, as assistive technology reads them."""
        session = self.page.context.new_cdp_session(self.page)
        try:
            element = session.send("Runtime.evaluate", {"expression": "document.activeElement"})["result"]
            known = {"objectId": element["objectId"], "fetchRelatives": False}
            [found] = session.send("Accessibility.getPartialAXTree", known)["nodes"]
        finally:
            session.detach()
        return {part: str(found.get(part, {}).get("value", "")) for part in ("role", "name")}

    def check_accessibility(self, within: str | None = None) -> None:
        """Fail when axe finds a violation, on the whole page or within a selector."""
        violations = find_violations(self.page, within)
        assert violations == [], "\n".join(violations)

    def look(self, within: str | None = None) -> None:
        """Check what is shown at both widths, zoomed, and in both themes, and leave it as it was.

        Colors are all that a theme changes, so of the other combinations contrast alone is checked.
        """
        before = self.page.viewport_size
        for width, theme, rules in _LOOKS:
            self.page.set_viewport_size({"width": width, "height": _HEIGHTS[width]})
            self.page.emulate_media(color_scheme=theme)
            self.page.evaluate(_END_ANIMATIONS)
            violations = find_violations(self.page, within, rules)
            assert violations == [], f"at {width} in {theme}:\n" + "\n".join(violations)
            self.check_widths()
        if before:
            self.page.set_viewport_size(before)

    def check_widths(self) -> None:
        """Fail when the page is wider than the window."""
        widths = "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
        scrolled, shown = self.page.evaluate(widths)
        assert scrolled <= shown, f"{scrolled} pixels of content in {shown}"


def find_violations(page: Page, within: str | None = None, rules: Sequence[str] = _RULES) -> list[str]:
    """Run axe in a page, past its policy for contents; a line for each violation, with the elements.

    `rules` are names of rules, or tags.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate((built.APP / "node_modules" / "axe-core" / "axe.min.js").read_text())
    run = "([within, rules]) => axe.run(within ?? document, { runOnly: rules, resultTypes: ['violations'] })"
    found: dict[str, Any] = page.evaluate(run, [within, list(rules)])
    return [
        f"{one['id']} ({one['impact']}): {node['html'][:200]} {node['failureSummary']}"
        for one in found["violations"]
        for node in one["nodes"]
    ]


@dataclass
class InboxBrowser:
    """A browser, with the sessions of the people who have signed in."""

    browser: Browser
    base: str
    sessions: Sessions = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Where the app is."""
        return f"{self.base}/inbox/"

    def session(self, person: Person, *, fresh: bool = False) -> StorageState:
        """The stored session of a person, who signs in when asked for the first time.

        A `fresh` one is for a test that ends its session.
        """
        if fresh or person.name not in self.sessions:
            with self._context() as context:
                sign_in(context.new_page(), self.base, person)
                state = context.storage_state()
            if fresh:
                return state
            self.sessions[person.name] = state
        return self.sessions[person.name]

    @contextmanager
    def page(
        self,
        person: Person | None,
        address: str = "/",
        *,
        width: int = WIDE,
        height: int | None = None,
        theme: Theme = "light",
        fresh: bool = False,
        **more: Any,
    ) -> Iterator[AppPage]:
        """A page of a browser of its own in which a person, or nobody, is signed in. `more` is Playwright's.

        At its end there must be no complaints; a test that provokes one permits it. A test that ends its session takes
        a `fresh` one.
        """
        session = self.session(person, fresh=fresh) if person else None
        viewport = {"width": width, "height": height or _HEIGHTS.get(width, 800)}
        with self._context(storage_state=session, viewport=viewport, color_scheme=theme, **more) as context:
            app = AppPage(context.new_page(), self.url)
            app.listen()
            app.go(address)
            if person:
                expect(app.page.get_by_role("navigation").first).to_be_visible()
            yield app
            if person is None:
                # Chromium complains of the answers that nobody is signed in.
                app.permit(f"401 (Unauthorized) ({self.base}/session)", f"({self.base}/session/token)")
            self._check_complaints(app)

    @contextmanager
    def tab(self, app: AppPage, address: str = "/") -> Iterator[AppPage]:
        """Another tab of the same browser, so of the same session."""
        other = AppPage(app.page.context.new_page(), self.url)
        other.listen()
        other.go(address)
        yield other
        other.page.close()
        self._check_complaints(other)

    def _check_complaints(self, app: AppPage) -> None:
        # A page that was left while it asked for its token holds the session for a moment: the next one asks again.
        app.permit(f"409 (Conflict) ({self.base}/session/token)")
        assert app.complaints == [], "\n".join(app.complaints)

    @contextmanager
    def _context(self, **options: Any) -> Iterator[BrowserContext]:
        with browsers.new_context(self.browser, **options) as context:
            yield context


@contextmanager
def inbox_browser(stack: Stack, sessions: Sessions) -> Iterator[InboxBrowser]:
    """A running browser for the inbox of a stack. Who signs in is added to `sessions`."""
    built.install()  # axe comes from there
    with browsers.browsing() as running:
        yield InboxBrowser(running, stack.url, sessions)


def sign_in(page: Page, base: str, person: Person) -> None:
    """Sign in as a person does: from the app, through the provider's forms, back to the app."""
    page.goto(f"{base}/inbox/")
    page.get_by_role("link", name="Sign in").click()
    page.fill("input[name=username]", person.name)
    page.click("button[type=submit]")
    page.fill("input[name=password]", person.password)
    page.click("button[type=submit]")
    page.wait_for_url(f"{base}/inbox/")
