"""The parts of the app's screens, as tests name them."""

from __future__ import annotations

from playwright.sync_api import Locator, expect

from tests.support.hands import Hand
from tests.support.inbox_app import AppPage
from tests.support.offices import Scene


def dialog(app: AppPage) -> Locator:
    """The dialog that is open."""
    return app.page.get_by_role("dialog")


def field(app: AppPage) -> Locator:
    """Where texts are written."""
    return app.page.get_by_role("textbox", name="Write a text")


def entry(app: AppPage, scene: Scene) -> Locator:
    """The row of a conversation in the list."""
    return app.page.locator(f'[data-conversation="{scene.sid}"]')


def thread_title(app: AppPage) -> Locator:
    """The heading above a thread."""
    return app.page.get_by_role("region", name="Conversation", exact=True).locator("header").get_by_role("heading")


def rows(app: AppPage, text: str) -> Locator:
    """What stands in the thread with a text: a message, a note, or an event."""
    return app.page.get_by_role("list", name="Messages").locator("li").filter(has_text=text)


def said(app: AppPage, text: str) -> Locator:
    """What a screen reader was told."""
    return app.page.get_by_role("status").filter(has_text=text)


def send(hand: Hand, text: str) -> None:
    """Send a text: by the button, or by Enter."""
    hand.write(field(hand.app), text)
    if hand.by == "pointer":
        hand.app.page.get_by_role("button", name="Send", exact=True).click()
    else:
        hand.app.press("Enter")


def open_details(hand: Hand, text: str) -> Locator:
    """Open the details of a message."""
    row = rows(hand.app, text).last
    if hand.by == "pointer":
        row.locator(".bubble").click()
    else:
        hand.press(row)
    shown = dialog(hand.app)
    expect(shown.get_by_role("heading", name="Message")).to_be_visible()
    return shown


def open_members(hand: Hand, scene: Scene) -> Locator:
    """Open the members of the conversation that is open."""
    hand.press(hand.app.page.get_by_role("button", name="Show the members"))
    shown = dialog(hand.app)
    if scene.members:
        expect(shown).to_contain_text(scene.members[-1].name)
    return shown


def close_dialog(hand: Hand) -> None:
    """Close the dialog: by its cross, or by Escape."""
    if hand.by == "pointer":
        dialog(hand.app).get_by_role("button", name="Close").click()
    else:
        hand.app.press("Escape")
    expect(dialog(hand.app)).to_have_count(0)
