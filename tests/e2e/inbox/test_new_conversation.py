"""The dialog for a new conversation: the field for people, what stands against it, and the ways out of it.

What staff do with it from the beginning to the end is in test_scenarios_start.py.
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Route, expect

from local.stack import Stack
from tests.support import browser as browsers
from tests.support.hands import BOTH, By, Hand
from tests.support.inbox_app import AppPage, InboxBrowser
from tests.support.offices import FRONT_DESK_LABEL, Office
from tests.support.stack_world import new_number

browsers.require()
pytestmark = pytest.mark.slow

both = pytest.mark.parametrize("by", BOTH)


def dialog(app: AppPage) -> Locator:
    return app.page.get_by_role("dialog").first


def people(app: AppPage) -> Locator:
    return dialog(app).get_by_role("combobox", name="People")


def send(app: AppPage) -> Locator:
    return dialog(app).get_by_role("button", name="Send")


def choices(app: AppPage) -> Locator:
    return dialog(app).get_by_role("listbox").get_by_role("option")


def start(hand: Hand, item: str) -> None:
    hand.choose(hand.app.page.get_by_role("button", name="New", exact=True), item)
    expect(dialog(hand.app)).to_be_visible()


def spoken(app: AppPage, text: str) -> Locator:
    return app.page.get_by_role("status").filter(has_text=text)


@pytest.mark.parametrize("pause", [0, 10, 30])
def test_no_key_is_lost_however_quickly_one_types(stack: Stack, inbox: InboxBrowser, pause: int) -> None:
    with inbox.page(stack.people.admin) as app:
        start(Hand(app, "keyboard"), "Group message")
        # One writes at once.
        expect(people(app)).to_be_focused()
        text = "Bob Miller (206) 555-0150"
        app.page.keyboard.type(text, delay=pause)
        expect(people(app)).to_have_value(text)


def test_people_are_added_and_taken_out_by_keys(stack: Stack, inbox: InboxBrowser, office: Office) -> None:
    bob, kay = office.people("Bob", "Kay")
    bare = new_number()
    shown = f"({bare[2:5]}) {bare[5:8]}-{bare[8:]}"
    with inbox.page(stack.people.admin) as app:
        hand = Hand(app, "keyboard")
        start(hand, "Group message")
        hand.pick(people(app), bob.name, bob.name)
        expect(spoken(app, f"{bob.name} added")).to_have_count(1)
        expect(dialog(app)).to_contain_text("Add a second person")
        hand.pick(people(app), kay.name, kay.name)
        hand.pick(people(app), bare, shown)
        expect(dialog(app)).to_contain_text("3 of 9")
        expect(people(app)).to_have_value("")
        # What is there already says so, and is not added.
        hand.pick(people(app), bob.name, "Added already")
        expect(spoken(app, "Added already")).to_have_count(1)
        hand.write(people(app), "")
        app.press("Backspace")
        expect(dialog(app)).to_contain_text("2 of 9")
        expect(spoken(app, f"{shown} removed")).to_have_count(1)
        hand.press(dialog(app).get_by_role("button", name=f"Remove {bob.name}"))
        expect(dialog(app)).to_contain_text("1 of 9")
        expect(people(app)).to_be_focused()


def test_who_cannot_be_added_has_the_reason_beside_the_name(stack: Stack, inbox: InboxBrowser, office: Office) -> None:
    kay = office.contact("Kay")
    office.account.made(f"/Contacts/{kay.sid}", {"DoNotDisturb": "true"})
    with inbox.page(stack.people.admin) as app:
        hand = Hand(app, "pointer")
        start(hand, "Group message")
        hand.write(people(app), kay.name)
        expect(choices(app)).to_contain_text("Does not want messages")
        hand.look()
        hand.write(people(app), "+44 20 7183 8750")
        expect(choices(app)).to_have_count(1)
        expect(choices(app)).to_contain_text("US and Canada only")
        choices(app).click(force=True)
        expect(spoken(app, "US and Canada only")).to_have_count(1)
        expect(dialog(app)).to_contain_text("0 of 9")
        hand.write(people(app), "nobody is called so")
        expect(dialog(app)).to_contain_text("No contact is called so.")
        hand.look()


def test_limited_people_add_their_own_contacts_only(stack: Stack, inbox: InboxBrowser, office: Office) -> None:
    own, other = office.contact("Rosa", owner=office.identity(stack.people.limited)), office.contact("Kay")
    with inbox.page(stack.people.limited) as app:
        hand = Hand(app, "pointer")
        start(hand, "Group message")
        hand.write(people(app), other.number)
        expect(choices(app)).to_contain_text("You can text your own contacts only")
        hand.pick(people(app), own.name, own.name)
        expect(dialog(app)).to_contain_text("1 of 9")


@both
def test_it_asks_before_it_discards_and_the_focus_returns(
    stack: Stack, inbox: InboxBrowser, office: Office, by: By
) -> None:
    bob = office.contact("Bob")
    with inbox.page(stack.people.admin) as app:
        hand = Hand(app, by)
        new = app.page.get_by_role("button", name="New", exact=True)
        start(hand, "Group message")
        app.press("Escape")
        expect(app.page.get_by_role("dialog")).to_have_count(0)
        expect(new).to_be_focused()

        start(hand, "Group message")
        hand.write(people(app), bob.name)
        expect(choices(app)).to_have_count(1)
        # Escape closes the list first, and leaves what was typed.
        app.press("Escape")
        expect(choices(app)).to_have_count(0)
        expect(people(app)).to_have_value(bob.name)
        hand.pick(people(app), bob.name, bob.name)
        expect(dialog(app).get_by_role("button", name=f"Remove {bob.name}")).to_be_visible()
        app.press("Escape")
        question = app.page.get_by_role("dialog", name="Discard what you have written?")
        expect(question).to_be_visible()
        hand.look()
        hand.press(question.get_by_role("button", name="Keep writing"))
        expect(dialog(app).get_by_role("button", name=f"Remove {bob.name}")).to_be_visible()
        hand.press(dialog(app).get_by_role("button", name="Cancel"))
        hand.press(question.get_by_role("button", name="Discard"))
        expect(app.page.get_by_role("dialog")).to_have_count(0)
        expect(new).to_be_focused()


@both
def test_a_pair_that_exists_is_opened_with_the_text(stack: Stack, inbox: InboxBrowser, office: Office, by: By) -> None:
    scene = office.pair(office.contact("Kay"))
    [kay] = scene.members
    with inbox.page(stack.people.admin, f"/contacts/{kay.sid}") as app:
        hand = Hand(app, by)
        hand.press(app.page.get_by_role("article").get_by_role("button", name="Text", exact=True))
        # Kay is there already, so one writes the text at once.
        message = dialog(app).get_by_role("textbox", name="Message")
        expect(message).to_be_focused()
        expect(dialog(app).get_by_label("From")).to_be_visible()
        hand.select(dialog(app).get_by_label("From"), FRONT_DESK_LABEL)
        hand.write(message, "Are you there?")
        expect(dialog(app)).to_contain_text("There is a conversation with exactly these people.")
        hand.look()
        hand.press(send(app))
        expect(spoken(app, "You have a conversation with this person already.")).to_be_visible()
        expect(app.page.get_by_role("textbox", name="Write a text")).to_have_value("Are you there?")
        app.permit("409 (Conflict)")
    assert office.bodies(scene) == []


def test_the_first_text_is_shown_before_anything_is_read(stack: Stack, inbox: InboxBrowser, office: Office) -> None:
    bob, kay = office.people("Bob", "Kay")
    with inbox.page(stack.people.admin) as app:
        hand = Hand(app, "pointer")
        start(hand, "Group message")
        for one in (bob, kay):
            hand.pick(people(app), one.name, one.name)
        hand.write(dialog(app).get_by_role("textbox", name="Message"), "Sunday?")
        # Nothing that a thread reads has an answer.
        reads = re.compile(r"/Conversations/CH\w+/(Participants|Activity|Messages\?)")
        app.page.route(reads, lambda route: None if route.request.method == "GET" else route.fallback())
        send(app).click()
        expect(app.page.get_by_role("list", name="Messages").get_by_text("Sunday?")).to_be_visible()
        app.page.unroute_all(behavior="ignoreErrors")
        assert office.shown(kay, 1) == ["Sunday?"]


@both
def test_a_message_to_one_person_is_sent(stack: Stack, inbox: InboxBrowser, office: Office, by: By) -> None:
    kay = office.contact("Kay")
    text = f"Hello {kay.name}"
    with inbox.page(stack.people.admin) as app:
        hand = Hand(app, by)
        start(hand, "To one person")
        hand.pick(dialog(app).get_by_role("combobox", name="To"), kay.name, kay.name)
        hand.write(dialog(app).get_by_role("textbox", name="Message"), text)
        hand.press(send(app))
        thread = app.page.get_by_role("region", name="Conversation", exact=True)
        expect(thread.get_by_role("listitem").filter(has_text=text)).to_contain_text("delivered")
    assert [shown["text"] for shown in office.world.on_handset(kay.number)] == [text]


def test_a_refusal_is_in_words_and_nothing_is_lost(stack: Stack, inbox: InboxBrowser, office: Office) -> None:
    bob, kay = office.people("Bob", "Kay")
    with inbox.page(stack.people.admin) as app:
        hand = Hand(app, "pointer")
        start(hand, "Group message")
        for one in (bob, kay):
            hand.pick(people(app), one.name, one.name)
        message = dialog(app).get_by_role("textbox", name="Message")
        hand.write(message, "Sunday?")
        refusals = [
            (400, {"code": 50436, "message": "", "details": {"limit": 1, "carrier": "telnyx"}}, "1 people at most"),
            (400, {"code": 50407, "message": "", "details": {"address": kay.number}}, f"{kay.name} cannot be in"),
            (403, {"code": 50107, "message": "", "details": {"line": "+12065550100"}}, "among the users of this line"),
        ]
        for status, body, words in refusals:
            refuse(app, status, body)
            send(app).click()
            expect(dialog(app).get_by_role("alert").filter(has_text=words)).to_be_visible()
        hand.look()
        expect(message).to_have_value("Sunday?")
        app.permit("400 (Bad Request)", "403 (Forbidden)")


def refuse(app: AppPage, status: int, body: dict[str, object]) -> None:
    """Have the API refuse to create."""

    def answer(route: Route) -> None:
        route.fulfill(status=status, json=body)

    app.page.unroute("**/v1/ConversationWithParticipants")
    app.page.route("**/v1/ConversationWithParticipants", answer)
