"""How staff begin conversations: scenarios in a real browser, each by the pointer and by the keyboard."""

from __future__ import annotations

import json
from functools import partial

import pytest
from playwright.sync_api import Locator, expect

from local.stack import Stack
from tests.support import browser as browsers
from tests.support.hands import BOTH, By, Hand
from tests.support.inbox_app import AppPage, InboxBrowser
from tests.support.inbox_screens import dialog, open_members, thread_title
from tests.support.offices import FRONT_DESK_LABEL, TELNYX_LABEL, Office, Scene
from tests.support.stack_world import new_number, until

browsers.require()

both = pytest.mark.parametrize("by", BOTH)


def people(app: AppPage) -> Locator:
    return dialog(app).get_by_role("combobox", name="People")


def send(app: AppPage) -> Locator:
    return dialog(app).get_by_role("button", name="Send")


def start_group(hand: Hand) -> None:
    hand.choose(hand.app.page.get_by_role("button", name="New", exact=True), "Group message")
    expect(dialog(hand.app)).to_be_visible()


def copy_group(hand: Hand, scene: Scene) -> None:
    """Open the dialog for a group with the members of the conversation that is open."""
    hand.press(open_members(hand, scene).get_by_role("button", name="New group from this one"))
    expect(dialog(hand.app).get_by_role("heading", name="New group message")).to_be_visible()


@both
def test_1_a_group_is_created_with_its_first_text(stack: Stack, inbox: InboxBrowser, office: Office, by: By) -> None:
    work = new_number()
    bob, kay = office.contact("Bob", {"number": work, "label": "work"}), office.contact("Kay")
    with inbox.page(stack.people.admin) as app:
        hand = Hand(app, by)
        start_group(hand)
        hand.look()
        hand.select(dialog(app).get_by_label("From"), FRONT_DESK_LABEL)
        hand.pick(people(app), bob.name, "work")
        hand.pick(people(app), kay.name, kay.name)
        title = f"12 Elm {bob.name}"
        hand.write(dialog(app).get_by_label("Group name (optional)"), title)
        hand.write(dialog(app).get_by_label("Message"), "Sunday?")
        expect(dialog(app)).to_contain_text("$0.04")
        hand.look()
        hand.press(send(app))

        expect(thread_title(app)).to_contain_text(title)
        expect(app.page.get_by_role("listitem").filter(has_text="Sunday?").last).to_contain_text("delivered")
        expect(app.page.get_by_role("link", name=title)).to_have_count(1)
        hand.look()
    for phone, other in ((work, kay.number), (kay.number, work)):
        [shown] = until(partial(office.world.on_handset, phone))
        assert shown["text"] == "Sunday?"
        assert other in json.dumps(shown)
    assert office.world.on_handset(bob.number) == []


@both
def test_3_a_group_is_as_large_as_its_line_allows(stack: Stack, inbox: InboxBrowser, office: Office, by: By) -> None:
    nine = office.people(*("ABCDEFGHI"))
    scene = office.group("Nine", *nine)
    tenth = office.contact("Tenth")
    with inbox.page(stack.people.admin, scene.address) as app:
        hand = Hand(app, by)
        copy_group(hand, scene)
        expect(dialog(app)).to_contain_text("9 of 9")
        refused = hand.pick(people(app), tenth.name, tenth.name)
        expect(refused).to_contain_text("9 people at most")
        expect(app.page.get_by_role("status").filter(has_text="9 people at most")).to_have_count(1)
        expect(dialog(app)).to_contain_text("9 of 9")
        hand.write(people(app), "")
        hand.write(dialog(app).get_by_label("Message"), "All of you")
        expect(send(app)).to_be_enabled()
        hand.select(dialog(app).get_by_label("From"), TELNYX_LABEL)
        expect(dialog(app).get_by_role("alert").filter(has_text="8 people at most")).to_be_visible()
        expect(send(app)).to_be_disabled()
        hand.look()
        hand.press(dialog(app).get_by_role("button", name=f"Remove {nine[0].name}"))
        expect(send(app)).to_be_enabled()


@both
def test_4_a_group_that_exists_is_opened(stack: Stack, inbox: InboxBrowser, office: Office, by: By) -> None:
    scene = office.group("Same", *office.people("Bob", "Kay"))
    with inbox.page(stack.people.admin, scene.address) as app:
        hand = Hand(app, by)
        copy_group(hand, scene)
        hand.select(dialog(app).get_by_label("From"), FRONT_DESK_LABEL)
        hand.write(dialog(app).get_by_label("Message"), "Are you there?")
        hand.press(send(app))
        expect(app.page.get_by_role("status").filter(has_text="You have this group already.")).to_be_visible()
        expect(dialog(app)).to_have_count(0)
        expect(thread_title(app)).to_contain_text(scene.title)
        expect(app.page.get_by_role("textbox", name="Write a text")).to_have_value("Are you there?")
        app.permit("409 (Conflict)")
    assert office.bodies(scene) == []


@both
def test_13_members_are_locked_and_the_reason_is_there(
    stack: Stack, inbox: InboxBrowser, office: Office, by: By
) -> None:
    scene = office.group("Locked", *office.people("Bob", "Kay", owner=office.identity(stack.people.limited)))
    with inbox.page(stack.people.limited, scene.address) as app:
        hand = Hand(app, by)
        hand.press(app.page.get_by_role("button", name="Show the members"))
        panel = dialog(app)
        expect(panel).to_contain_text("Members cannot change")
        for member in scene.members:
            expect(panel).to_contain_text(member.name)
        expect(panel.get_by_role("button", name="Remove")).to_have_count(0)
        hand.look()
        hand.press(panel.get_by_role("button", name="New group from this one"))
        for member in scene.members:
            expect(dialog(app).get_by_role("button", name=f"Remove {member.name}")).to_be_visible()
        status = app.page.evaluate(
            """async ([api, path]) => {
              const asked = { method: "POST", headers: { "X-Partyline-Session": "1" } };
              const { token } = await (await fetch(`${api}/session/token`, asked)).json();
              const headers = { Authorization: `Bearer ${token}` };
              const body = new URLSearchParams({ "MessagingBinding.Address": "+12065550159" });
              return (await fetch(`${api}/v1${path}/Participants`, { method: "POST", headers, body })).status;
            }""",
            [stack.url, scene.path],
        )
        assert status == 403
        app.permit("403 (Forbidden)")
