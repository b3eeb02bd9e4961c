"""What administrators change in the settings, in a real browser."""

from __future__ import annotations

import json
from http import HTTPStatus
from urllib.parse import quote

import pytest
from playwright.sync_api import Locator, Page, expect

from local.stack import Stack
from tests.support import browser as browsers
from tests.support.inbox_app import PHONE, AppPage, InboxBrowser
from tests.support.offices import Office
from tests.support.stack_world import new_id, new_number, until

browsers.require()
pytestmark = pytest.mark.slow

LINE = "+12065550100"


def format_number(number: str) -> str:
    """A number as the app shows it."""
    return f"({number[2:5]}) {number[5:8]}-{number[8:]}"


def row(page: Page, text: str) -> Locator:
    """The row of a list with a text in it."""
    return page.get_by_role("main").get_by_role("listitem").filter(has_text=text)


def said(app: AppPage, text: str) -> None:
    """Wait until the app has said something, and take it away."""
    toast = app.page.locator(".toast").filter(has_text=text)
    expect(toast).to_be_visible()
    toast.get_by_role("button", name="Close").click()


def test_snippets_are_created_changed_and_deleted(stack: Stack, inbox: InboxBrowser, office: Office) -> None:
    name, other = f"a{new_id()}"[:30], f"b{new_id()}"[:30]
    taken = office.account.made("/Snippets", {"Name": other, "Body": "taken"})["sid"]
    with inbox.page(stack.people.admin, "/settings/snippets") as app:
        app.tab_to("New snippet", role="button")
        app.press("Enter")
        dialog = app.page.get_by_role("dialog", name="New snippet")
        expect(dialog.get_by_label("Name")).to_be_focused()
        app.page.keyboard.type("two words")
        app.press("Tab")
        app.page.keyboard.type("See you there.")
        app.press("Tab", "ArrowRight")
        dialog.get_by_role("button", name="Save").click()
        expect(dialog.get_by_role("alert")).to_have_text(
            ["Use 1 to 40 letters, digits, underscores, dots and hyphens."]
        )
        app.check_accessibility()
        dialog.get_by_label("Name").fill(other)
        app.press("Enter")
        expect(dialog.get_by_role("alert")).to_have_text(["There is a snippet of this name."])
        app.permit("409 (Conflict)")
        dialog.get_by_label("Name").fill(name)
        app.press("Enter")
        expect(app.page.get_by_role("button", name="New snippet")).to_be_focused()
        said(app, f"{name} is saved")
        app.tab_to(f"Actions for {name}", role="button")
        app.press("Enter")
        expect(app.page.get_by_role("menuitem", name="Change")).to_be_focused()
        app.press("Enter")
        app.page.get_by_role("dialog", name="Change the snippet").get_by_label("Text").fill("Until then.")
        app.page.get_by_role("button", name="Save").click()
        said(app, f"{name} is saved")
        expect(row(app.page, f"/{name}")).to_contain_text("Until then.")
        row(app.page, f"/{name}").get_by_role("button").click()
        app.page.get_by_role("menuitem", name="Delete").click()
        app.page.get_by_role("dialog", name=f"Delete {name}?").get_by_role("button", name="Delete").click()
        said(app, f"{name} is deleted")
        expect(row(app.page, f"/{name}")).to_have_count(0)
    office.account.delete(f"/Snippets/{taken}")


def test_a_line_is_given_to_a_person(stack: Stack, inbox: InboxBrowser, office: Office) -> None:
    number = new_number()
    # Who has signed in has a name.
    inbox.session(stack.people.limited)
    office.account.made("/Lines", {"Address": number, "Carrier": "bandwidth"})
    with inbox.page(stack.people.admin, "/settings/lines") as app:
        expect(row(app.page, format_number(number))).to_contain_text("Nobody")
        app.tab_to(f"Change {format_number(number)}", role="button")
        app.press("Enter")
        dialog = app.page.get_by_role("dialog", name=f"Line {format_number(number)}")
        expect(dialog.get_by_label("Name among colleagues")).to_be_focused()
        app.page.keyboard.type("Night desk")
        app.press("Escape")
        app.page.get_by_role("button", name="Keep writing").press("Enter")
        app.tab_to("Ben", role="checkbox")
        app.press("Space")
        dialog.get_by_label("A text, each part").fill("cheap")
        expect(dialog.get_by_role("alert").filter(has_text="Write a number")).to_be_visible()
        expect(dialog.get_by_role("button", name="Save")).to_be_disabled()
        app.check_accessibility()
        dialog.get_by_label("A text, each part").fill("0.0079")
        dialog.get_by_label("A text without a conversation").select_option("all")
        dialog.get_by_label("To HELP").fill("Call us.")
        dialog.get_by_role("button", name="Save").click()
        expect(app.page.get_by_role("button", name="Change Night desk")).to_be_focused()
        said(app, "The line is saved")
        expect(row(app.page, "Night desk")).to_contain_text("1 person")
    line = office.account.read(f"/Lines/{quote(number)}")
    shown = {name: line[name] for name in ("label", "users", "sms_price", "auto_creation", "replies")}
    assert shown == {
        "label": "Night desk",
        "users": ["ben"],
        "sms_price": "0.0079",
        "auto_creation": "all",
        "replies": {"help": "Call us."},
    }
    office.account.delete(f"/Lines/{quote(number)}")


def test_an_opt_out_is_entered_and_taken_back_with_a_reason(stack: Stack, inbox: InboxBrowser, office: Office) -> None:
    number = new_number()
    shown = format_number(number)
    with inbox.page(stack.people.admin, "/settings/opt-outs") as app:
        app.tab_to("Enter an opt-out", role="button")
        app.press("Enter")
        dialog = app.page.get_by_role("dialog", name="Enter an opt-out")
        expect(dialog.get_by_label("Phone number")).to_be_focused()
        app.page.keyboard.type("nonsense")
        app.press("Enter")
        expect(dialog.get_by_role("alert").filter(has_text="not a phone number")).to_be_visible()
        app.permit("400 (Bad Request)")
        app.check_accessibility()
        dialog.get_by_label("Phone number").fill(shown)
        dialog.get_by_label("Reason").fill("asked on the telephone")
        app.press("Enter")
        said(app, f"{shown} is opted out")
        app.page.get_by_label("Search opt-outs by number").fill(shown)
        expect(app.page.get_by_role("main").locator("li")).to_have_count(1)
        row(app.page, shown).get_by_role("button").click()
        app.page.get_by_role("menuitem", name="Opt in again").click()
        dialog = app.page.get_by_role("dialog", name=f"Opt in {shown} again?")
        expect(dialog.get_by_role("button", name="Opt in again")).to_be_disabled()
        dialog.get_by_label("Reason").fill("signed form")
        app.press("Enter")
        said(app, f"{shown} is opted in again")
        expect(app.page.get_by_role("heading", name="Nothing found")).to_be_visible()
        app.page.get_by_role("radio", name="Opted in again").click()
        row(app.page, shown).get_by_role("button").click()
        app.page.get_by_role("menuitem", name="History").click()
        events = app.page.get_by_role("dialog", name=f"History of {shown}").get_by_role("listitem")
        expect(events).to_have_count(2)
        expect(events.first).to_contain_text("signed form")
        expect(events.first).to_contain_text("by Ann")
        app.check_accessibility()


def test_an_unrouted_text_is_routed_once_its_cause_is_gone(stack: Stack, inbox: InboxBrowser, office: Office) -> None:
    sender, text = new_number(), f"Is the key under the mat? {new_id()}"
    office.world.text(sender, LINE, text=text)
    until(lambda: any(one["body"] == text for one in office.world.unrouted()))
    with inbox.page(stack.people.admin, "/settings/unrouted") as app:
        entry = row(app.page, text)
        expect(entry).to_contain_text("The line begins no conversation with such a text.")
        app.tab_to(f"Route again: the text of {format_number(sender)}", role="button")
        app.press("Enter")
        said(app, "Still unrouted.")
        group = office.world.api.conversations.create()
        binding = {"messaging_binding_address": sender, "messaging_binding_proxy_address": LINE}
        group.participants.create(**binding)
        entry.get_by_role("button", name=f"Route again: the text of {format_number(sender)}").click()
        expect(entry).to_have_count(0)
        app.page.get_by_role("button", name="Open").click()
        expect(app.page.get_by_role("list", name="Messages").get_by_text(text)).to_be_visible()


def test_an_unrouted_text_is_deleted(stack: Stack, inbox: InboxBrowser, office: Office) -> None:
    sender, text = new_number(), f"wrong number {new_id()}"
    office.world.text(sender, LINE, text=text)
    until(lambda: any(one["body"] == text for one in office.world.unrouted()))
    with inbox.page(stack.people.admin, "/settings/unrouted", width=PHONE) as app:
        row(app.page, text).get_by_role("button", name=f"Delete the text of {format_number(sender)}").click()
        app.page.get_by_role("dialog").get_by_role("button", name="Delete").click()
        said(app, "The text is deleted")
        expect(row(app.page, text)).to_have_count(0)
    assert all(one["body"] != text for one in office.world.unrouted())


def test_a_person_is_removed(stack: Stack, inbox: InboxBrowser, office: Office) -> None:
    name = f"cleo {new_id()}"
    office.account.made("/Users", {"Identity": name})
    with inbox.page(stack.people.admin, "/settings/people") as app:
        expect(row(app.page, "You").get_by_role("button")).to_have_count(0)
        app.tab_to(f"Actions for {name}", role="button")
        app.press("Enter")
        expect(app.page.get_by_role("menuitem", name="Sign out everywhere")).to_be_focused()
        app.press("ArrowDown", "Enter")
        dialog = app.page.get_by_role("dialog", name=f"Remove {name}?")
        app.check_accessibility()
        dialog.get_by_role("button", name="Remove").click()
        said(app, f"{name} is removed")
        expect(row(app.page, name)).to_have_count(0)
    assert office.account.get(f"/Users/{quote(name)}").status == HTTPStatus.NOT_FOUND


def test_groups_are_locked_and_texts_searched_by_a_switch(stack: Stack, inbox: InboxBrowser, office: Office) -> None:
    service = office.account.read("/Configuration")["default_chat_service_sid"]

    def is_locked() -> bool:
        return bool(office.account.read(f"/Services/{service}/Configuration")["lock_groups"])

    before = is_locked()
    with inbox.page(stack.people.admin, "/settings/workspace") as app:
        switch = app.page.get_by_role("switch", name="Lock the members of groups")
        expect(switch).to_have_attribute("aria-checked", json.dumps(before))
        app.tab_to("Lock the members of groups", role="switch")
        app.press("Space")
        expect(switch).to_have_attribute("aria-checked", json.dumps(not before))
        until(is_locked, lambda locked: locked != before)
        app.press("Space")
        expect(switch).to_have_attribute("aria-checked", json.dumps(before))
        assert until(is_locked, lambda locked: locked == before) == before
