"""Contacts in the inbox: the list, a card and its changes, merges and the import, in a real browser."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from local.stack import Stack
from tests.support import browser as browsers
from tests.support.hands import BOTH, By, Hand
from tests.support.inbox_app import PHONE, AppPage, InboxBrowser
from tests.support.inbox_screens import thread_title
from tests.support.offices import Known, Office
from tests.support.stack_world import new_number

browsers.require()
pytestmark = pytest.mark.slow

both = pytest.mark.parametrize("by", BOTH)


def card(app: AppPage) -> Locator:
    return app.page.get_by_role("article")


def title(app: AppPage, name: str) -> Locator:
    return card(app).get_by_role("heading", name=name, exact=True)


def dialog(app: AppPage) -> Locator:
    return app.page.get_by_role("dialog").first


def address(contact: Known) -> str:
    return f"/contacts/{contact.sid}"


def search(hand: Hand, text: str) -> None:
    hand.write(hand.app.page.get_by_role("searchbox", name="Search contacts"), text)


@both
def test_a_contact_is_created_found_and_changed(stack: Stack, inbox: InboxBrowser, office: Office, by: By) -> None:
    name, number = office.contact("Seed").name.replace("Seed", "Rosa"), new_number()
    with inbox.page(stack.people.admin, "/contacts") as app:
        hand = Hand(app, by)
        hand.look()
        hand.press(app.page.get_by_role("button", name="New", exact=True))
        # One writes at once.
        assert app.focused()["name"] == "Name"
        hand.look()
        hand.write(dialog(app).get_by_role("textbox", name="Name", exact=True), name)
        hand.write(dialog(app).get_by_role("textbox", name="Number 1", exact=True), f"({number[2:5]}) {number[5:]}")
        hand.write(dialog(app).get_by_role("textbox", name="Label"), "mobile")
        hand.press(dialog(app).get_by_role("button", name="Save"))
        expect(title(app, name)).to_be_visible()
        expect(card(app)).to_contain_text("Created by")
        hand.look()

        hand.press(card(app).get_by_role("button", name="Edit"))
        hand.switch(dialog(app).get_by_role("switch", name="Do not disturb"))
        hand.write(dialog(app).get_by_role("textbox", name="Reason"), "asked by phone")
        hand.press(dialog(app).get_by_role("button", name="Save"))
        expect(card(app)).to_contain_text("Does not want messages: asked by phone")
        expect(card(app).get_by_role("button", name="Text", exact=True)).to_be_disabled()
        # The focus is where it came from.
        assert app.focused()["name"] == "Edit"

        search(hand, name.split()[1][:5])
        expect(app.page.locator(".contact-row").filter(has_text=name)).to_be_visible()
        search(hand, number[-6:])
        expect(app.page.locator(".contact-row")).to_have_count(1)
        search(hand, "nobody is called so")
        expect(app.page.get_by_role("heading", name="Nothing found")).to_be_visible()
        hand.look()


def test_the_list_is_walked_by_keys(stack: Stack, inbox: InboxBrowser, office: Office) -> None:
    family = office.contact("Anna").name.split()[1]
    for name in ("Bela", "Cara"):
        made = json.dumps([{"number": new_number()}])
        office.account.made("/Contacts", {"FriendlyName": f"{name} {family}", "Numbers": made})
    with inbox.page(stack.people.admin, "/contacts") as app:
        hand = Hand(app, "keyboard")
        search(hand, family)
        rows = app.page.locator(".contact-row")
        expect(rows).to_have_count(3)
        hand.reach(rows.nth(0))
        for key, row in (("ArrowDown", 1), ("End", 2), ("ArrowUp", 1), ("Home", 0), ("j", 1), ("k", 0)):
            app.press(key)
            expect(rows.nth(row)).to_be_focused()
        app.press("ArrowDown", "Enter")
        expect(title(app, f"Bela {family}")).to_be_visible()
        # The list is one stop of the tabs, and keeps its place.
        expect(rows.nth(1)).to_be_focused()


@both
def test_who_changes_what_somebody_else_has_changed_goes_on_with_both(
    stack: Stack, inbox: InboxBrowser, office: Office, by: By
) -> None:
    rosa = office.contact("Rosa")
    with inbox.page(stack.people.admin, address(rosa)) as app:
        hand = Hand(app, by)
        hand.press(card(app).get_by_role("button", name="Edit"))
        written = f"{rosa.name} Lund"
        hand.write(dialog(app).get_by_role("textbox", name="Name", exact=True), written)
        office.account.made(f"/Contacts/{rosa.sid}", {"Owner": office.identity(stack.people.limited)})
        hand.press(dialog(app).get_by_role("button", name="Save"))
        conflict = dialog(app).get_by_role("alert")
        expect(conflict).to_contain_text("changed meanwhile by the API")
        # Who has not signed in yet has no name beside the one of the sign-in.
        expect(conflict).to_contain_text(re.compile("Owner: Nobody → ben", re.IGNORECASE))
        hand.look()
        hand.press(dialog(app).get_by_role("button", name="Take these changes over"))
        expect(dialog(app).get_by_role("textbox", name="Name", exact=True)).to_have_value(written)
        hand.press(dialog(app).get_by_role("button", name="Save"))
        expect(title(app, written)).to_be_visible()
        expect(card(app).locator(".contact-facts")).to_contain_text("ben", ignore_case=True)
        app.permit("409 (Conflict)")


@both
def test_a_number_of_somebody_else_leads_to_them(stack: Stack, inbox: InboxBrowser, office: Office, by: By) -> None:
    rosa, kay = office.people("Rosa", "Kay")
    with inbox.page(stack.people.admin, address(rosa)) as app:
        hand = Hand(app, by)
        hand.press(card(app).get_by_role("button", name="Edit"))
        hand.press(dialog(app).get_by_role("button", name="Add a number"))
        hand.write(dialog(app).get_by_role("textbox", name="Number 2", exact=True), kay.number)
        hand.press(dialog(app).get_by_role("button", name="Save"))
        hand.press(dialog(app).get_by_role("alert").get_by_role("link", name=kay.name))
        expect(app.page.get_by_role("dialog")).to_have_count(0)
        expect(title(app, kay.name)).to_be_visible()
        app.permit("409 (Conflict)")


def test_a_dialog_asks_before_it_discards(stack: Stack, inbox: InboxBrowser, office: Office) -> None:
    rosa = office.contact("Rosa")
    with inbox.page(stack.people.admin, address(rosa)) as app:
        card(app).get_by_role("button", name="Edit").click()
        app.press("Escape")
        expect(app.page.get_by_role("dialog")).to_have_count(0)
        card(app).get_by_role("button", name="Edit").click()
        expect(dialog(app).get_by_role("textbox", name="Name", exact=True)).to_be_focused()
        app.page.keyboard.type(" and more")
        # As often as one likes: a browser itself lets nobody refuse the second one.
        for _ in range(2):
            app.press("Escape")
            question = app.page.get_by_role("dialog", name="Discard what you have written?")
            expect(question).to_be_visible()
            app.check_accessibility()
            app.press("Escape")
            expect(question).to_have_count(0)
            assert app.focused()["name"] == "Name"
        app.press("Escape")
        app.tab_to("Discard", role="button")
        app.press("Enter")
        expect(app.page.get_by_role("dialog")).to_have_count(0)
        assert app.focused()["name"] == "Edit"
        expect(title(app, rosa.name)).to_be_visible()


@both
def test_two_contacts_of_one_person_are_merged(stack: Stack, inbox: InboxBrowser, office: Office, by: By) -> None:
    rosa, twin = office.people("Rosa", "Rosalind")
    with inbox.page(stack.people.admin, address(rosa)) as app:
        hand = Hand(app, by)
        hand.choose(card(app).get_by_role("button", name="More"), "Merge")
        hand.write(dialog(app).get_by_role("searchbox"), twin.number[-7:])
        hand.press(dialog(app).get_by_role("button", name=twin.name))
        expect(dialog(app)).to_contain_text(f"{twin.name} is merged into {rosa.name}.")
        hand.look()
        hand.press(dialog(app).get_by_role("button", name="Merge", exact=True))
        expect(card(app)).to_contain_text("Merged by")
        expect(card(app).get_by_role("region", name="Numbers").get_by_role("listitem")).to_have_count(2)
        app.go(address(twin))
        hand.press(card(app).get_by_role("link", name="Show that one"))
        expect(title(app, rosa.name)).to_be_visible()
        app.permit("404 (Not Found)")


@both
def test_a_deleted_contact_is_gone_and_its_conversation_is_not(
    stack: Stack, inbox: InboxBrowser, office: Office, by: By
) -> None:
    scene = office.group("Kept", *office.people("Rosa", "Kay"))
    rosa = scene.members[0]
    with inbox.page(stack.people.admin, address(rosa)) as app:
        hand = Hand(app, by)
        expect(card(app).get_by_role("link", name=scene.title)).to_be_visible()
        hand.choose(card(app).get_by_role("button", name="More"), "Delete")
        expect(dialog(app)).to_contain_text("Conversations go on with the number.")
        hand.look()
        hand.press(dialog(app).get_by_role("button", name="Delete"))
        expect(app.page.get_by_role("heading", name="Choose a contact")).to_be_visible()
        app.go(scene.address)
        expect(thread_title(app)).to_contain_text(scene.title)


def test_limited_people_have_their_own_contacts(stack: Stack, inbox: InboxBrowser, office: Office) -> None:
    ben = office.identity(stack.people.limited)
    own, other = office.contact("Rosa", owner=ben), office.contact("Kay")
    with inbox.page(stack.people.limited, "/contacts") as app:
        search(Hand(app, "pointer"), own.number[-7:])
        expect(app.page.locator(".contact-row")).to_have_count(1)
        for name in ("New", "More", "Mine"):
            expect(app.page.get_by_role("button", name=name, exact=True)).to_have_count(0)
        app.page.locator(".contact-row").click()
        card(app).get_by_role("button", name="Edit").click()
        expect(dialog(app)).to_contain_text("Numbers and owner are changed by people who manage contacts.")
        expect(dialog(app).get_by_role("textbox", name="Number 1")).to_have_count(0)
        app.look()
        dialog(app).get_by_role("textbox", name="Name").fill(f"{own.name} Lund")
        dialog(app).get_by_role("button", name="Save").click()
        expect(title(app, f"{own.name} Lund")).to_be_visible()
        app.go(address(other))
        expect(app.page.get_by_role("heading", name="Not found")).to_be_visible()
        app.permit("404 (Not Found)")


def test_a_phone_shows_the_list_or_one(stack: Stack, inbox: InboxBrowser, office: Office) -> None:
    rosa = office.contact("Rosa")
    with inbox.page(stack.people.admin, "/contacts", width=PHONE) as app:
        search(Hand(app, "pointer"), rosa.number[-7:])
        app.page.locator(".contact-row").filter(has_text=rosa.name).click()
        expect(title(app, rosa.name)).to_be_visible()
        expect(title(app, rosa.name)).to_be_focused()
        expect(app.page.get_by_role("searchbox")).to_be_hidden()
        app.check_widths()
        card(app).get_by_role("link", name="Back").click()
        expect(app.page.get_by_role("searchbox")).to_be_visible()


def test_contacts_are_exported(stack: Stack, inbox: InboxBrowser, office: Office) -> None:
    rosa = office.contact("Rosa")
    with inbox.page(stack.people.admin, "/contacts") as app:
        app.page.get_by_role("button", name="More").click()
        with app.page.expect_download() as download:
            app.page.get_by_role("menuitem", name="Export contacts").click()
        assert download.value.suggested_filename == "contacts.csv"
        assert rosa.name in Path(download.value.path()).read_text()


@both
def test_a_file_is_imported_after_a_look_at_its_rows(stack: Stack, inbox: InboxBrowser, office: Office, by: By) -> None:
    kay = office.contact("Kay")
    family, number = office.contact("Seed").name.split()[1], new_number()
    rows = ["name,number", f"Rosa {family},{number}", "Nobody,12", f"Kay,{kay.number}", f"Twin,{number}"]
    with inbox.page(stack.people.admin, "/contacts") as app:
        hand = Hand(app, by)
        hand.choose(app.page.get_by_role("button", name="More"), "Import contacts")
        hand.look()
        choose(app, hand, "\n".join(rows).encode("utf-16"))
        expect(app.page.get_by_role("alert")).to_contain_text("not in UTF-8")
        choose(app, hand, "\n".join(rows).encode())
        expect(app.page.get_by_role("status").filter(has_text="Nothing has been created yet.")).to_be_visible()
        rejected = app.page.get_by_role("region", name="Rejected")
        expect(rejected).to_contain_text("A number in it is no phone number")
        expect(rejected.get_by_role("link", name="belongs to a contact already")).to_be_visible()
        expect(rejected).to_contain_text("Row 1 has")
        hand.look()

        # Whoever leaves finds it again, also after a reload.
        hand.press(app.page.get_by_role("link", name="Back"))
        app.page.reload()
        hand.press(app.page.get_by_role("link", name="An import of yours is not finished"))
        hand.press(app.page.get_by_role("button", name="Create 1 contact"))
        expect(app.page.get_by_role("status").filter(has_text="Done.")).to_be_visible()
        with app.page.expect_download() as download:
            hand.press(rejected.get_by_role("button", name="Download"))
        assert "Nobody,12" in Path(download.value.path()).read_text()
        hand.press(app.page.get_by_role("link", name="Back"))
        expect(app.page.get_by_role("link", name="An import of yours is not finished")).to_have_count(0)
        search(hand, family)
        expect(app.page.locator(".contact-row").filter(has_text=f"Rosa {family}")).to_be_visible()


def choose(app: AppPage, hand: Hand, content: bytes) -> None:
    """Choose a file in the browser's own dialog."""
    with app.page.expect_file_chooser() as chooser:
        hand.press(app.page.get_by_role("button", name="Choose a file"))
    chooser.value.set_files({"name": "people.csv", "mimeType": "text/csv", "buffer": content})
