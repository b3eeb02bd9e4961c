"""The settings, in a real browser: one's own, and those of administrators."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from playwright.sync_api import expect

from local.stack import Stack
from tests.support import browser as browsers
from tests.support.inbox_app import PHONE, AppPage, InboxBrowser
from tests.support.stack_world import World, until

browsers.require()

OWN = ["Profile", "Appearance and keys", "Notifications", "Snippets"]
ADMINISTRATION = ["People", "Roles", "Conversations", "Lines", "Opt-outs", "Unrouted texts"]


def ask(world: World, method: str, path: str, **form: str) -> Any:
    """Ask the API as the account."""
    headers = {"Authorization": world.basic(), "Content_Type": "application/x-www-form-urlencoded"}
    answer = world.request(method, f"/v1/{path}", urlencode(form).encode() if form else None, **headers)
    assert answer.status < 300, answer.data
    return json.loads(answer.data) if answer.data else None


def said(app: AppPage, text: str) -> None:
    """Wait until the app has said something, and take it away."""
    toast = app.page.locator(".toast").filter(has_text=text)
    expect(toast).to_be_visible()
    toast.get_by_role("button", name="Close").click()


def test_every_section_is_accessible(stack: Stack, inbox: InboxBrowser) -> None:
    with inbox.page(stack.people.admin, "/settings") as app:
        sections = app.page.get_by_role("navigation", name="Sections of the settings")
        for name in (*OWN, *ADMINISTRATION):
            sections.get_by_role("link", name=name).click()
            expect(app.page.get_by_role("heading", name=name, level=1)).to_be_visible()
            expect(app.page.get_by_role("main").locator("[aria-busy=true]")).to_have_count(0)
            app.look()
        # On a phone there is the list of them, or one.
        app.page.set_viewport_size({"width": PHONE, "height": 844})
        app.page.get_by_role("link", name="Back").click()
        expect(sections.get_by_role("link", name="Profile")).to_be_visible()


def test_a_limited_person_has_their_own_settings_only(stack: Stack, inbox: InboxBrowser) -> None:
    with inbox.page(stack.people.limited, "/settings") as app:
        links = app.page.get_by_role("navigation", name="Sections of the settings").get_by_role("link")
        expect(links).to_have_text(OWN)
        app.go("/settings/lines")
        expect(app.page.get_by_role("heading", name="This is for administrators")).to_be_visible()
        app.check_accessibility()


def test_the_theme_is_chosen_by_keys_and_holds_in_all_tabs_and_after_a_reload(
    stack: Stack, inbox: InboxBrowser
) -> None:
    theme = "document.documentElement.dataset.theme ?? null"
    with inbox.page(stack.people.admin, "/settings/preferences") as app:
        app.tab_to("As the system", role="radio")
        with inbox.tab(app) as other:
            app.page.bring_to_front()
            app.press("ArrowRight", "ArrowRight")
            assert app.page.evaluate(theme) == "dark"
            assert until(lambda: other.page.evaluate(theme)) == "dark"
        app.check_accessibility()
        app.page.reload()
        expect(app.page.get_by_role("radio", name="Dark")).to_be_checked()
        # Chosen before anything is shown: the page waits for the app.
        assert app.page.locator("script[blocking=render]").count() == 1
        app.page.get_by_role("radio", name="As the system").click()
        assert app.page.evaluate(theme) is None


def test_keys_are_switched_off(stack: Stack, inbox: InboxBrowser) -> None:
    with inbox.page(stack.people.admin, "/settings/preferences") as app:
        switch = app.page.get_by_role("switch", name="Single keys as shortcuts")
        app.tab_to("Single keys as shortcuts", role="switch")
        app.press("Space")
        expect(switch).to_have_attribute("aria-checked", "false")
        app.press("g", "i", "?")
        expect(switch).to_be_visible()
        app.press("Space", "g", "i")
        expect(app.page.get_by_role("heading", name="Inbox", level=1)).to_be_visible()


def test_a_person_changes_their_name(stack: Stack, world: World, inbox: InboxBrowser) -> None:
    before = ask(world, "GET", "Users/ben")["friendly_name"]
    with inbox.page(stack.people.limited, "/settings/profile") as app:
        app.tab_to("Your name", role="textbox")
        app.press("Control+a")
        app.page.keyboard.type("Ben Miller")
        app.press("Enter")
        said(app, "Your name is saved")
        expect(app.page.get_by_role("button", name="Account of Ben Miller")).to_be_visible()
    assert ask(world, "GET", "Users/ben")["friendly_name"] == "Ben Miller"
    ask(world, "POST", "Users/ben", FriendlyName=before)
