"""Single keys, which do what staff do often, and the line that says that news do not arrive."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, expect

from local.stack import Stack
from tests.support import browser as browsers
from tests.support.inbox_app import PHONE, AppPage, InboxBrowser
from tests.support.offices import Office, Scene
from tests.support.stack_world import until

browsers.require()
pytestmark = pytest.mark.slow


def begin(office: Office) -> Scene:
    """A conversation that is the first of the list, with a text that is not read."""
    scene = office.pair(office.contact("Key"))
    office.text(scene, scene.members[0], "Hello")
    until(lambda: office.bodies(scene))
    return scene


def row_of(app: AppPage, scene: Scene) -> Locator:
    """The link of a conversation in the list."""
    rows = app.page.get_by_role("list", name="Conversations").get_by_role("listitem")
    return rows.filter(has_text=scene.title).get_by_role("link")


def heading(app: AppPage, scene: Scene) -> Locator:
    """The title above the messages."""
    return app.page.get_by_role("heading", name=scene.title)


def test_keys_go_through_the_list_and_work_on_a_conversation(stack: Stack, inbox: InboxBrowser, office: Office) -> None:
    older, newer = begin(office), begin(office)
    with inbox.page(stack.people.admin) as app:
        expect(row_of(app, newer)).to_contain_text("Hello")
        expect(row_of(app, older)).to_contain_text("Hello")
        row_of(app, newer).focus()
        app.press("j")
        expect(row_of(app, older)).to_be_focused()
        app.press("k")
        expect(row_of(app, newer)).to_be_focused()
        app.press("Enter")
        expect(heading(app, newer)).to_be_visible()
        # Whoever opens a conversation can write at once.
        field = app.page.get_by_role("textbox", name="Write a text")
        expect(field).to_be_focused()
        app.press("Escape")
        expect(row_of(app, newer)).to_be_focused()

        app.press("a")
        expect(row_of(app, newer)).to_contain_text("Assigned to Ann")
        app.press("r")
        expect(field).to_be_focused()
        # While one writes, letters are letters.
        app.press("e", "a", "/")
        expect(field).to_have_value("ea/")
        for _ in "ea/":
            app.press("Backspace")
        app.press("Escape", "e")
        expect(app.page.get_by_role("button", name="Reopen")).to_be_visible()
        until(lambda: office.account.read(newer.path)["state"], lambda state: state == "inactive")
        app.press("e")
        expect(app.page.get_by_role("button", name="Done").first).to_be_visible()
        app.press("u")
        expect(heading(app, newer)).to_have_count(0)
        expect(row_of(app, newer)).to_contain_text("1 unread message")


def test_keys_lead_everywhere(stack: Stack, inbox: InboxBrowser) -> None:
    with inbox.page(stack.people.admin) as app:
        app.press("/")
        assert app.focused()["name"] == "Search conversations"
        app.page.get_by_role("link", name="Inbox").focus()
        app.press("g", "c")
        expect(app.page.get_by_role("heading", name="Contacts", level=1)).to_be_visible()
        app.press("g", "s")
        expect(app.page.get_by_role("heading", name="Settings", level=1)).to_be_visible()
        app.press("g", "i")
        expect(app.page.get_by_role("heading", name="Inbox", level=1)).to_be_visible()
        app.press("?")
        keys = app.page.get_by_role("dialog", name="Keys")
        expect(keys).to_contain_text("New group message")
        app.check_accessibility()
        app.press("n")
        app.press("Escape")
        expect(keys).to_have_count(0)
        app.press("n")
        expect(app.page.get_by_role("dialog", name="New group message")).to_be_visible()
        app.press("Escape")
        expect(app.page.get_by_role("dialog")).to_have_count(0)


def test_keys_can_be_switched_off(stack: Stack, inbox: InboxBrowser) -> None:
    with inbox.page(stack.people.admin, "/settings/preferences") as app:
        switch = app.page.get_by_role("switch", name="Single keys as shortcuts")
        switch.focus()
        app.press("Space")
        expect(switch).not_to_be_checked()
        app.press("?", "g", "i", "n")
        expect(app.page.get_by_role("dialog")).to_have_count(0)
        assert app.page.url.endswith("/settings/preferences")
        app.press("Space", "?")
        expect(app.page.get_by_role("dialog", name="Keys")).to_be_visible()


def test_a_break_of_the_network_is_said_and_moves_nothing(stack: Stack, inbox: InboxBrowser) -> None:
    with inbox.page(stack.people.admin, width=PHONE) as app:
        title = app.page.get_by_role("heading", name="Inbox", level=1)
        before = title.bounding_box()
        app.page.context.set_offline(True)
        expect(app.page.get_by_text("Messages are sent when you are back.")).to_be_visible()
        assert title.bounding_box() == before
        app.check_accessibility(".connection")
        app.page.context.set_offline(False)
        expect(app.page.get_by_text("Offline since")).to_have_count(0)
        assert title.bounding_box() == before
        app.permit("ERR_INTERNET_DISCONNECTED", "WebSocket")
