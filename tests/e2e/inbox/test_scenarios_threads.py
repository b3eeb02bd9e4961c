"""What happens in conversations: scenarios in a real browser, each by the pointer and by the keyboard."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from playwright.sync_api import WebSocket, expect

from local.carrier.special_numbers import NEVER_DELIVERED, NO_REPORT
from local.stack import Stack
from tests.support import browser as browsers
from tests.support.hands import BOTH, By, Hand
from tests.support.inbox_app import InboxBrowser
from tests.support.inbox_screens import (
    close_dialog,
    dialog,
    entry,
    field,
    open_details,
    open_members,
    rows,
    said,
    send,
    thread_title,
)
from tests.support.offices import FRONT_DESK, FRONT_DESK_LABEL, Known, Office
from tests.support.stack_world import new_number, until

browsers.require()

both = pytest.mark.parametrize("by", BOTH)


@both
def test_5_a_reply_is_first_unread_and_read_in_all_tabs(
    stack: Stack, inbox: InboxBrowser, office: Office, by: By
) -> None:
    kay, bob = office.people("Kay", "Bob")
    scene, other = office.group("12 Elm", kay, bob), office.group("Other", bob, office.contact("Lee"))
    with inbox.page(stack.people.admin, scene.address) as app, inbox.tab(app, other.address) as second:
        app.page.bring_to_front()
        hand = Hand(app, by)
        # What is there when the thread is read is no news.
        expect(app.page.get_by_role("heading", name="No messages yet")).to_be_visible()
        office.text(scene, kay, "At noon")
        expect(rows(app, "At noon")).to_contain_text(kay.name)
        expect(rows(app, "At noon").locator("time")).to_have_text(re.compile(r"\d:\d\d"))
        expect(said(app, "At noon")).to_have_count(1)

        hand.press(entry(app, other))
        expect(thread_title(app)).to_contain_text(other.title)
        office.text(scene, kay, "Or at one")
        for tab in (app, second):
            expect(entry(tab, scene)).to_contain_text("1 unread message")
            expect(tab.page).to_have_title(re.compile(r"^\(\d+\) "))
        expect(app.page.locator("[data-conversation]").first).to_contain_text("Or at one")
        hand.look()

        hand.press(entry(app, scene))
        expect(rows(app, "Or at one")).to_be_visible()
        for tab in (app, second):
            expect(entry(tab, scene)).not_to_contain_text("unread")
        hand.choose(app.page.get_by_role("button", name="More"), "Mark as unread")
        for tab in (app, second):
            expect(entry(tab, scene)).to_contain_text("1 unread message")


@both
def test_6_details_say_what_became_of_a_text(stack: Stack, inbox: InboxBrowser, office: Office, by: By) -> None:
    reached = office.contact("Bob")
    silent, lost = Known("", "No report", NO_REPORT), Known("", "Lost", NEVER_DELIVERED)
    scene = office.group("Details", reached, silent, lost)
    with inbox.page(stack.people.admin, scene.address) as app:
        hand = Hand(app, by)
        send(hand, "Sunday?")
        expect(rows(app, "Sunday?").last).to_contain_text("1 of 3 delivered")
        shown = open_details(hand, "Sunday?")
        for who, status in (
            (reached.name, "delivered"),
            ("(206) 555-0193", "sent"),
            ("(206) 555-0190", "could not be reached"),
        ):
            receipt = shown.get_by_role("listitem").filter(has_text=who)
            expect(receipt).to_contain_text(status)
            expect(receipt.locator("time")).to_have_text(re.compile(r"\d:\d\d"))
        hand.look()
        close_dialog(hand)
        if by == "keyboard":
            assert "Sunday?" in app.focused()["name"]


@both
def test_7_a_member_is_shown_as_changed_or_deleted_and_gets_texts(
    stack: Stack, inbox: InboxBrowser, office: Office, by: By
) -> None:
    bob, kay = office.people("Bob", "Kay")
    scene = office.group("Changed", bob, kay)
    with inbox.page(stack.people.admin, scene.address) as app:
        hand = Hand(app, by)
        office.account.made(f"/Contacts/{bob.sid}", {"Numbers": json.dumps([{"number": new_number()}])})
        app.page.reload()
        member = open_members(hand, scene).get_by_role("listitem").filter(has_text=bob.name)
        expect(member).to_contain_text("Updated")
        expect(member).to_contain_text("Texts go on to this number")
        hand.look()
        close_dialog(hand)
        send(hand, "Still you")
        expect(rows(app, "Still you").last).to_contain_text("delivered")

        office.account.delete(f"/Contacts/{bob.sid}")
        app.page.reload()
        member = open_members(hand, scene).get_by_role("listitem").filter(has_text="Deleted")
        expect(member).to_have_count(1)
        close_dialog(hand)
        send(hand, "And now")
        expect(rows(app, "And now").last).to_contain_text("delivered")
    assert office.shown(bob, 2) == ["Still you", "And now"]


def events_in(frames: list[str], sid: str) -> list[Any]:
    return [frame for frame in frames if sid in frame]


@both
def test_8_a_limited_person_sees_what_is_theirs_alone(
    stack: Stack, inbox: InboxBrowser, office: Office, by: By
) -> None:
    ben = office.identity(stack.people.limited)
    kay, bob, lee = office.contact("Kay", owner=ben), office.contact("Bob"), office.contact("Lee")
    theirs, others = office.group("Theirs", kay, bob), office.group("Others", bob, lee)
    frames: list[str] = []

    def listen(socket: WebSocket) -> None:
        socket.on("framereceived", lambda frame: frames.append(str(frame)))

    with inbox.page(stack.people.limited) as app:
        hand = Hand(app, by)
        app.page.on("websocket", listen)
        app.page.reload()
        expect(entry(app, theirs)).to_be_visible()
        expect(entry(app, others)).to_have_count(0)
        # It is on a socket that this one is heard, so the other one would be too.
        office.text(others, bob, "Not for ben")
        office.text(theirs, kay, "For ben")
        expect(entry(app, theirs)).to_contain_text("For ben")
        assert events_in(frames, theirs.sid)
        assert not events_in(frames, others.sid)

        app.go(others.address)
        expect(app.page.get_by_role("heading", name="Not found")).to_be_visible()
        hand.look()
        app.permit("404 (Not Found)")

        hand.choose(app.page.get_by_role("button", name="New", exact=True), "Group message")
        people = dialog(app).get_by_role("combobox", name="People")
        hand.write(people, bob.name)
        expect(dialog(app)).to_contain_text("No contact is called so")
        hand.pick(people, kay.name, kay.name)
        refused = hand.pick(people, bob.number, bob.number[-4:])
        expect(refused).to_contain_text("You can text your own contacts only")
        expect(dialog(app).get_by_role("button", name="Send")).to_be_disabled()
        hand.press(dialog(app).get_by_role("button", name="Cancel"))

        app.go(theirs.address)
        expect(rows(app, "For ben")).to_be_visible()
        office.account.made(f"/Contacts/{kay.sid}", {"Owner": office.identity(stack.people.admin)})
        expect(entry(app, theirs)).to_have_count(0)
        expect(rows(app, "For ben")).to_have_count(0)
        app.permit("404 (Not Found)")


@both
def test_9_two_people_write_as_one_line(stack: Stack, inbox: InboxBrowser, office: Office, by: By) -> None:
    ben = office.identity(stack.people.limited)
    kay, bob = office.contact("Kay", owner=ben), office.contact("Bob")
    scene = office.group("Both", kay, bob)
    with (
        inbox.page(stack.people.admin, scene.address) as anns,
        inbox.page(stack.people.limited, scene.address) as bens,
    ):
        expect(field(bens)).to_be_visible()
        # What is typed is heard by those who are there.
        expect(field(anns)).to_be_visible()

        def is_typing() -> bool:
            anns.page.keyboard.type(".")
            return bens.page.get_by_text("Ann is typing…").is_visible()

        field(anns).focus()
        assert until(is_typing)
        send(Hand(anns, by), "From ann")
        expect(rows(bens, "From ann")).to_contain_text(f"Ann via {FRONT_DESK_LABEL}")
        send(Hand(bens, by), "From ben")
        expect(rows(anns, "From ben")).to_contain_text(f"Ben via {FRONT_DESK_LABEL}")
        expect(rows(bens, "From ben")).to_contain_text(f"You via {FRONT_DESK_LABEL}")
        for app in (anns, bens):
            expect(rows(app, "From ")).to_have_count(2)
    assert office.shown(kay, 2) == office.shown(bob, 2) == ["From ann", "From ben"]


@both
def test_10_who_opted_out_is_shown_and_left_out(stack: Stack, inbox: InboxBrowser, office: Office, by: By) -> None:
    kay, bob, lee = office.people("Kay", "Bob", "Lee")
    scene = office.group("Stop", kay, bob, lee)
    office.write(scene, "Sunday?")
    office.shown(kay, 1)
    with inbox.page(stack.people.admin, scene.address) as app:
        hand = Hand(app, by)
        expect(rows(app, "Sunday?")).to_be_visible()
        office.text(scene, kay, "STOP")
        expect(rows(app, f"{kay.name} opted out (STOP)")).to_be_visible()
        expect(app.page.get_by_role("note")).to_contain_text(f"{kay.name} opted out (STOP) and gets nothing")
        # Her confirmation, to her alone.
        assert len(office.shown(kay, 2)) == 2
        hand.look()

        send(hand, "Bring cake")
        asked = dialog(app)
        expect(asked).to_contain_text(f"one without {kay.name}")
        hand.look()
        hand.press(asked.get_by_role("button", name="Send anyway"))
        expect(rows(app, "Bring cake").last).to_contain_text("2 of 3 delivered")
        shown = open_details(hand, "Bring cake")
        expect(shown.get_by_role("listitem").filter(has_text=kay.name)).to_contain_text("opted out (STOP)")
        expect(shown.get_by_role("listitem").filter(has_text=bob.name)).to_contain_text("delivered")
        close_dialog(hand)
        assert "Bring cake" in office.shown(bob, 2)
        assert len(office.shown(kay, 2)) == 2

        office.text(scene, kay, "START")
        expect(rows(app, f"{kay.name} opted in again (START)")).to_be_visible()
        expect(app.page.get_by_role("note")).to_have_count(0)


@both
def test_11_who_wants_no_messages_is_left_out(stack: Stack, inbox: InboxBrowser, office: Office, by: By) -> None:
    kay, bob, lee = office.people("Kay", "Bob", "Lee")
    scene = office.group("Quiet", kay, bob, lee)
    with inbox.page(stack.people.admin, f"/contacts/{kay.sid}") as app:
        hand = Hand(app, by)
        hand.press(app.page.get_by_role("button", name="Edit", exact=True))
        hand.switch(dialog(app).get_by_role("switch", name="Do not disturb"))
        hand.write(dialog(app).get_by_label("Reason"), "asked by phone")
        hand.look()
        hand.press(dialog(app).get_by_role("button", name="Save"))
        expect(app.page.get_by_text("asked by phone").first).to_be_visible()
        hand.look()

        app.go(scene.address)
        expect(app.page.get_by_role("note")).to_contain_text(f"{kay.name} does not want messages")
        send(hand, "Bring cake")
        hand.press(dialog(app).get_by_role("button", name="Send anyway"))
        expect(rows(app, "Bring cake").last).to_contain_text("2 of 3 delivered")
        hand.press(app.page.get_by_role("button", name=f"New group without {kay.name}"))
        for other in (bob, lee):
            expect(dialog(app).get_by_role("button", name=f"Remove {other.name}")).to_be_visible()
        expect(dialog(app).get_by_role("button", name=f"Remove {kay.name}")).to_have_count(0)
    assert office.shown(bob, 1) == ["Bring cake"]
    assert office.world.on_handset(kay.number) == []


@both
def test_12_where_nobody_is_left_nothing_can_be_sent(stack: Stack, inbox: InboxBrowser, office: Office, by: By) -> None:
    kay = office.contact("Kay")
    scene = office.pair(kay)
    office.write(scene, "Sunday?")
    office.shown(kay, 1)
    sent: list[str] = []
    with inbox.page(stack.people.admin, scene.address) as app:
        hand = Hand(app, by)
        app.page.on("request", lambda one: sent.append(one.url) if one.method == "POST" else None)
        expect(field(app)).to_be_visible()
        sent.clear()
        office.world.text(kay.number, FRONT_DESK, text="STOP")
        expect(app.page.get_by_role("note")).to_contain_text(f"Nobody would get a text: {kay.name} opted out (STOP).")
        expect(field(app)).to_have_count(0)
        hand.look()
        hand.press(app.page.get_by_role("button", name="Write a note"))
        expect(app.page.get_by_role("textbox", name="Write a note")).to_be_focused()
        assert [one for one in sent if "/Messages" in one] == []
