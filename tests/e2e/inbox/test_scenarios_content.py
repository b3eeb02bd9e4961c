"""What stands in conversations beside texts: scenarios in a real browser, each by the pointer and by the keyboard."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, expect

from local.stack import Stack
from tests.e2e.test_media import png
from tests.support import browser as browsers
from tests.support.hands import BOTH, By, Hand
from tests.support.inbox_app import AppPage, InboxBrowser
from tests.support.inbox_screens import dialog, entry, field, rows, said, send
from tests.support.offices import FRONT_DESK, Office, Scene
from tests.support.stack_world import new_number, until

browsers.require()

both = pytest.mark.parametrize("by", BOTH)

# A file, as a browser hands it over when one pastes or drops it.
TRANSFER = """
(target, [event, name, type, bytes]) => {
  const transfer = new DataTransfer();
  transfer.items.add(new File([new Uint8Array(bytes)], name, { type }));
  const made = event === "paste"
    ? new ClipboardEvent("paste", { clipboardData: transfer, bubbles: true, cancelable: true })
    : new DragEvent(event, { dataTransfer: transfer, bubbles: true, cancelable: true });
  target.dispatchEvent(made);
}
"""


def give(target: Locator, event: str, name: str, kind: str, content: bytes) -> None:
    target.evaluate(TRANSFER, [event, name, kind, list(content)])


def staged(app: AppPage) -> Locator:
    return app.page.get_by_role("list", name="Files").get_by_role("listitem")


def choose_file(hand: Hand, name: str, kind: str, content: bytes) -> None:
    with hand.app.page.expect_file_chooser() as chooser:
        hand.press(hand.app.page.get_by_role("button", name="Add files"))
    chooser.value.set_files({"name": name, "mimeType": kind, "buffer": content})


@both
def test_16_files_are_staged_sent_and_shown(stack: Stack, inbox: InboxBrowser, office: Office, by: By) -> None:
    kay = office.contact("Kay")
    scene = office.pair(kay)
    uploads: list[str] = []
    with inbox.page(stack.people.admin, scene.address) as app:
        hand = Hand(app, by)
        app.page.on("request", lambda one: uploads.append(one.url) if "/v1/Media?" in one.url else None)
        give(field(app), "paste", "plan.png", "image/png", png())
        give(field(app), "drop", "notes.pdf", "application/pdf", b"%PDF-1.4 notes")
        expect(staged(app)).to_have_count(2)
        choose_file(hand, "large.png", "image/png", bytes(5_000_000))
        expect(said(app, "large.png is too large")).to_be_visible()
        choose_file(hand, "page.html", "text/html", b"<b>x</b>")
        expect(said(app, "page.html cannot be sent")).to_be_visible()
        expect(staged(app)).to_have_count(2)
        hand.look()
        assert uploads == []
        hand.press(app.page.get_by_role("button", name="Remove notes.pdf"))
        expect(staged(app)).to_have_count(1)
        send(hand, "The plan")
        expect(rows(app, "The plan")).to_contain_text("delivered")
        expect(app.page.get_by_role("button", name="Open plan.png")).to_be_visible()
        expect(staged(app)).to_have_count(0)
        [shown] = office.world.on_handset(kay.number)
        assert (shown["text"], len(shown["media"])) == ("The plan", 1)

        good = office.world.picture(kay.number, png())
        gone = office.world.picture(kay.number, png(), behaves="gone")
        office.world.text(kay.number, FRONT_DESK, text="Mine", media=[good])
        office.world.text(kay.number, FRONT_DESK, text="Broken", media=[gone])
        picture = rows(app, "Mine").get_by_role("button", name="Open")
        expect(picture.locator("img")).to_have_js_property("naturalWidth", 8)
        expect(rows(app, "Broken")).to_contain_text("The carrier does not have this file any more")
        hand.look()
        hand.press(picture)
        expect(dialog(app).locator("img").first).to_be_visible()
        hand.look()
        app.press("Escape")
        expect(dialog(app)).to_have_count(0)


def test_17_a_tapback_is_a_reaction_only_where_it_is_certain(stack: Stack, inbox: InboxBrowser, office: Office) -> None:
    bob, kay = office.people("Bob", "Kay")
    scene = office.group("Tapback", bob, kay)
    with inbox.page(stack.people.admin, scene.address) as app:
        hand = Hand(app, "pointer")
        send(hand, "Sunday?")
        expect(rows(app, "Sunday?").last).to_contain_text("delivered")
        office.text(scene, bob, "Liked “Sunday?”")
        expect(rows(app, "Sunday?").last).to_contain_text("👍")
        expect(rows(app, "Liked")).to_have_count(0)
        expect(entry(app, scene)).not_to_contain_text("unread")
        # Of two pictures neither is certain.
        for _ in range(2):
            office.account.made(f"{scene.path}/Messages", {"Author": scene.line, "Body": "A picture"})
        office.text(scene, bob, "Liked an image")
        expect(rows(app, "Liked an image")).to_be_visible()
        hand.look()


@both
def test_18_a_closed_conversation_is_read_only(stack: Stack, inbox: InboxBrowser, office: Office, by: By) -> None:
    scene = office.group("Closed", *office.people("Bob", "Kay"))
    office.write(scene, "Sunday?")
    with inbox.page(stack.people.admin, scene.address) as app:
        hand = Hand(app, by)
        expect(field(app)).to_be_visible()
        office.account.made(scene.path, {"State": "closed"})
        expect(app.page.get_by_role("note")).to_contain_text("This conversation is closed.")
        expect(field(app)).to_have_count(0)
        expect(rows(app, "Sunday?")).to_be_visible()
        hand.look()
        hand.press(app.page.get_by_role("note").get_by_role("button", name="New group from this one"))
        for member in scene.members:
            expect(dialog(app).get_by_role("button", name=f"Remove {member.name}")).to_be_visible()


@both
def test_18_a_group_above_the_carriers_limit_says_so(stack: Stack, inbox: InboxBrowser, office: Office, by: By) -> None:
    first, *others = (new_number() for _ in range(11))
    office.world.text(first, FRONT_DESK, *others, text="Hello everyone")
    sid = until(lambda: office.world.owner(FRONT_DESK, first, *others))
    assert sid
    scene = Scene(sid, "", ())
    with inbox.page(stack.people.admin, scene.address) as app:
        hand = Hand(app, by)
        expect(rows(app, "Hello everyone")).to_be_visible()
        expect(app.page.get_by_role("note")).to_contain_text("Bandwidth takes 10 people at most, and these are 11")
        expect(field(app)).to_have_count(0)
        hand.look()


@both
def test_22_a_note_is_for_colleagues_alone(stack: Stack, inbox: InboxBrowser, office: Office, by: By) -> None:
    kay = office.contact("Kay", owner=office.identity(stack.people.limited))
    scene = office.pair(kay)
    with (
        inbox.page(stack.people.admin, scene.address) as anns,
        inbox.page(stack.people.limited, scene.address) as bens,
    ):
        expect(field(bens)).to_be_visible()
        hand = Hand(anns, by)
        hand.press(anns.page.get_by_role("button", name="Note", exact=True))
        hand.write(anns.page.get_by_role("textbox", name="Write a note"), "She prefers mornings")
        hand.look()
        hand.press(anns.page.get_by_role("button", name="Save the note"))
        expect(rows(anns, "She prefers mornings")).to_contain_text("Your note")
        expect(rows(bens, "She prefers mornings")).to_contain_text("Note by Ann")
        assert "typing" not in bens.page.locator(".typing").inner_text()
        hand.look()
        hand.press(anns.page.get_by_role("button", name="Text", exact=True))
        send(hand, "Monday?")
        expect(rows(anns, "Monday?")).to_contain_text("delivered")
    assert office.shown(kay, 1) == ["Monday?"]


@both
def test_23_names_numbers_and_words_are_found(stack: Stack, inbox: InboxBrowser, office: Office, by: By) -> None:
    kay, bob = office.people("Kay", "Bob")
    scene, other = office.group("Findable", kay, bob), office.group("Hidden", *office.people("Lee", "Dana"))
    for text in ("The key is under the mat", "Thank you", "The key box has code 12"):
        office.write(scene, text)
    with inbox.page(stack.people.admin) as app:
        hand = Hand(app, by)
        search = app.page.get_by_role("searchbox", name="Search conversations")
        for sought in (scene.title, kay.name, kay.number[-4:]):
            hand.write(search, sought)
            expect(entry(app, scene)).to_be_visible()
            expect(entry(app, other)).to_have_count(0)
        hand.look()
        hand.press(entry(app, scene))
        hand.choose(app.page.get_by_role("button", name="More"), "Search in this conversation")
        bar = app.page.get_by_role("search", name="Search in this conversation")
        hand.write(bar.get_by_role("searchbox"), "key")
        expect(bar).to_contain_text("1 of 2")
        expect(rows(app, "The key box").locator("mark")).to_have_text("key")
        hand.look()
        hand.press(bar.get_by_role("button", name="Older hit"))
        expect(bar).to_contain_text("2 of 2")
        hand.write(bar.get_by_role("searchbox"), "nowhere")
        expect(bar).to_contain_text("Nothing found")
        hand.press(bar.get_by_role("button", name="Close the search"))
        expect(bar).to_have_count(0)
