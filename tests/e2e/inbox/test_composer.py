"""The place to write, in a real browser: who gets a text and what it costs, files, snippets, later, and every state in
which nothing can be written."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import FilePayload, Locator, expect

from local.stack import Stack
from tests.support import browser as browsers
from tests.support.inbox_app import AppPage, InboxBrowser
from tests.support.offices import FRONT_DESK_LABEL, Office
from tests.support.stack_world import World, new_number, until
from tests.support.staff import Caller, StaffMember

browsers.require()
pytestmark = pytest.mark.slow

# Of Bandwidth, which takes 3.5 MB of files; of Telnyx, which takes eight recipients.
LINE, OTHER_LINE, TELNYX = "+12065550100", "+12065550120", "+12065550110"
OTHER_LABEL = "Line 0120"
_FIELD = "Write a text"


@pytest.fixture(scope="module")
def account(office: Office) -> Caller:
    """The account. One more line than the office's has a label and prices here."""
    office.account.made(f"/Lines/{OTHER_LINE}", {"SmsPrice": "0.004", "MmsPrice": "0.02", "Label": OTHER_LABEL})
    return office.account


def _group(account: Caller, *numbers: str, lines: Iterable[str] = (LINE,)) -> str:
    """Make a group, and wait until it is active."""
    first, *others = lines
    members = [{"address": number} for number in numbers]
    made = account.create_group(first, members, FriendlyName=f"Group {uuid4().hex[:8]}").body
    path = f"/Conversations/{made['sid']}"
    assert until(lambda: account.read(path)["state"] == "active")
    for line in others:
        account.made(f"{path}/Participants", {"MessagingBinding.ProjectedAddress": line})
    return str(made["sid"])


def _pair(account: Caller, number: str) -> str:
    """Make a conversation with one handset behind a line."""
    sid = account.made("/Conversations", {"FriendlyName": f"Pair {uuid4().hex[:8]}"})["sid"]
    binding = {"MessagingBinding.Address": number, "MessagingBinding.ProxyAddress": LINE}
    account.made(f"/Conversations/{sid}/Participants", binding)
    return str(sid)


def _field(app: AppPage) -> Locator:
    return app.page.get_by_label(_FIELD, exact=True)


def _write(app: AppPage, text: str) -> None:
    """Write as a person does: in the field, which has the focus when a thread is opened."""
    expect(_field(app)).to_be_focused()
    app.page.keyboard.type(text)


def _stored_drafts(app: AppPage) -> list[list[Any]]:
    """The drafts that the browser has stored, each with its text and its number of files, in the order of their texts.

    That takes a moment after the last keystroke, and a slow hand has a part stored first.
    """
    read = """
    async () => {
      const result = (request) => new Promise((resolve) => { request.onsuccess = () => resolve(request.result); });
      const [{ name }] = (await indexedDB.databases()).filter((one) => one.name.startsWith("partyline"));
      const database = await result(indexedDB.open(name));
      const drafts = await result(database.transaction("drafts").objectStore("drafts").getAll());
      database.close();
      return drafts.map(({ body, files }) => [body, files.length]).sort();
    }
    """
    stored: list[list[Any]] = app.page.evaluate(read)
    return stored


def _show(number: str) -> str:
    return f"({number[2:5]}) {number[5:8]}-{number[8:]}"


def _png(size: int) -> bytes:
    """A picture of a few pixels, and some bytes more."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", 2, 2, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + b"\x30\x60\xc0" * 2 for _ in range(2)))
    padding = chunk(b"tEXt", b"Comment\0" + b" " * size)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + padding + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def test_a_text_says_what_it_costs_and_is_sent_from_the_keyboard(
    stack: Stack, world: World, account: Caller, inbox: InboxBrowser
) -> None:
    bob, kay = new_number(), new_number()
    with inbox.page(stack.people.admin, f"/c/{_group(account, bob, kay)}") as app:
        previews: list[str] = []
        app.page.on("request", lambda request: previews.append(request.url) if "/Preview" in request.url else None)
        expect(_field(app)).to_be_visible()
        assert previews == []
        _write(app, "Sunday at noon?")
        expect(app.page.get_by_text("2 texts × $0.02 = $0.04")).to_be_visible()
        app.press("Enter")
        expect(_field(app)).to_be_focused()
        expect(_field(app)).to_have_value("")
        expect(app.page.get_by_role("list", name="Messages").get_by_text("Sunday at noon?")).to_be_visible()
        # What is written next has as many segments, so nothing new is to be asked.
        _write(app, "Two")
        app.press("Shift+Enter")
        app.page.keyboard.type("lines")
        expect(_field(app)).to_have_value("Two\nlines")
        assert len(previews) == 1
        assert until(lambda: (LINE, "Sunday at noon?") in world.read_by(bob))
        assert until(lambda: (LINE, "Sunday at noon?") in world.read_by(kay))


def test_what_is_written_is_there_again_after_a_switch_and_a_reload(
    stack: Stack, account: Caller, inbox: InboxBrowser
) -> None:
    one, other = _group(account, new_number(), new_number()), _group(account, new_number(), new_number())
    with inbox.page(stack.people.admin, f"/c/{one}") as app:
        _write(app, "For the first")
        app.go(f"/c/{other}")
        expect(_field(app)).to_have_value("")
        _write(app, "For the second")
        app.go(f"/c/{one}")
        expect(_field(app)).to_have_value("For the first")
        app.go(f"/c/{other}")
        expect(_field(app)).to_have_value("For the second")
        assert until(lambda: _stored_drafts(app) == [["For the first", 0], ["For the second", 0]])
        app.page.reload()
        expect(_field(app)).to_have_value("For the second")
        app.go(f"/c/{one}")
        expect(_field(app)).to_have_value("For the first")


def test_a_note_goes_to_no_phone_and_has_a_draft_of_its_own(
    stack: Stack, world: World, account: Caller, inbox: InboxBrowser
) -> None:
    bob, kay = new_number(), new_number()
    group = _group(account, bob, kay)
    with inbox.page(stack.people.admin, f"/c/{group}") as app:
        _write(app, "A text")
        app.page.get_by_role("button", name="Note", exact=True).click()
        note = app.page.get_by_label("Write a note. Only your colleagues see it.", exact=True)
        expect(note).to_be_focused()
        expect(note).to_have_value("")
        app.page.keyboard.type("They want a discount")
        app.press("Enter")
        expect(note).to_have_value("")
        expect(app.page.get_by_text("They want a discount")).to_be_visible()
        app.page.get_by_role("button", name="Text", exact=True).click()
        expect(_field(app)).to_have_value("A text")
    assert world.read_by(bob) == []
    assert [note["body"] for note in account.read(f"/Conversations/{group}/Notes")["notes"]] == ["They want a discount"]


def test_no_key_is_lost_between_a_text_and_a_note(stack: Stack, account: Caller, inbox: InboxBrowser) -> None:
    group = _group(account, new_number(), new_number())
    with inbox.page(stack.people.admin, f"/c/{group}") as app:
        expect(_field(app)).to_be_focused()
        # Between the press and the keys nothing is waited for. "a" and "u" are keys of the app, too.
        app.page.get_by_role("button", name="Note", exact=True).click()
        app.page.keyboard.type("a unit is free")
        expect(app.page.get_by_label("Write a note. Only your colleagues see it.", exact=True)).to_have_value(
            "a unit is free"
        )
        app.page.get_by_role("button", name="Text", exact=True).click()
        app.page.keyboard.type("a unit is free now")
        expect(_field(app)).to_have_value("a unit is free now")


def test_files_are_staged_refused_in_words_and_sent(
    stack: Stack, world: World, account: Caller, inbox: InboxBrowser
) -> None:
    bob, kay = new_number(), new_number()
    with inbox.page(stack.people.admin, f"/c/{_group(account, bob, kay)}") as app:
        uploads: list[str] = []
        app.page.on("request", lambda request: uploads.append(request.url) if "/v1/Media" in request.url else None)
        files = app.page.locator("input[type=file]")
        page: FilePayload = {"name": "page.html", "mimeType": "text/html", "buffer": b"<h1>Hello</h1>"}
        large: FilePayload = {"name": "video.mp4", "mimeType": "video/mp4", "buffer": b"\0" * 5_000_000}
        files.set_input_files([page, large])
        expect(app.page.get_by_text("page.html cannot be sent")).to_be_visible()
        expect(app.page.get_by_text("video.mp4 is too large: 5.0 MB, and at most 4.2 MB can be sent.")).to_be_visible()

        roof: FilePayload = {"name": "roof.png", "mimeType": "image/png", "buffer": _png(1000)}
        plan: FilePayload = {
            "name": "plan.pdf",
            "mimeType": "application/pdf",
            "buffer": b"%PDF-1.7\n" + b" " * 4_000_000,
        }
        files.set_input_files([roof, plan])
        staged = app.page.get_by_role("list", name="Files")
        expect(staged.get_by_role("listitem")).to_have_count(2)
        expect(app.page.get_by_text("These files are too large together")).to_be_visible()
        expect(app.page.get_by_role("button", name="Send", exact=True)).to_be_disabled()
        staged.get_by_role("button", name="Remove plan.pdf").click()
        expect(app.page.get_by_text("2 texts × $0.02 = $0.04")).to_be_visible()
        assert uploads == []
        app.page.get_by_role("button", name="Send", exact=True).click()
        expect(staged).to_have_count(0)
        shown = [until(partial(world.on_handset, handset)) for handset in (bob, kay)]
    assert [[len(one["media"]) for one in texts] for texts in shown] == [[1], [1]]
    assert len(uploads) >= 1


def test_a_pasted_and_a_dropped_file_are_staged(stack: Stack, account: Caller, inbox: InboxBrowser) -> None:
    make = """
    const transfer = new DataTransfer();
    transfer.items.add(new File(["content"], name, { type }));
    """
    with inbox.page(stack.people.admin, f"/c/{_group(account, new_number(), new_number())}") as app:
        expect(_field(app)).to_be_focused()
        app.page.evaluate(
            f"""([name, type]) => {{ {make}
            document.activeElement.dispatchEvent(
              new ClipboardEvent("paste", {{ clipboardData: transfer, bubbles: true, cancelable: true }}));
            }}""",
            ["pasted.png", "image/png"],
        )
        dropped = app.page.evaluate(
            f"""([name, type]) => {{ {make}
            const event = (kind) =>
              new DragEvent(kind, {{ dataTransfer: transfer, bubbles: true, cancelable: true }});
            const header = document.querySelector(".thread-head");
            header.dispatchEvent(event("dragover"));
            return !header.dispatchEvent(event("drop"));
            }}""",
            ["dropped.pdf", "application/pdf"],
        )
        assert dropped
        staged = app.page.get_by_role("list", name="Files")
        expect(staged.get_by_role("listitem")).to_have_text(["pasted.png1 KB", "dropped.pdf1 KB"])
        assert until(lambda: ["", 2] in _stored_drafts(app))
        app.page.reload()
        expect(staged.get_by_role("listitem")).to_have_count(2)
        app.permit("ERR_FILE_NOT_FOUND")


def test_who_opted_out_is_named_and_sending_without_them_is_asked_once(
    stack: Stack, world: World, account: Caller, inbox: InboxBrowser
) -> None:
    bob, kay, lee = new_number(), new_number(), new_number()
    group = _group(account, bob, kay, lee)
    with inbox.page(stack.people.admin, f"/c/{group}") as app:
        expect(_field(app)).to_be_visible()
        world.text(kay, LINE, bob, lee, text="STOP")
        expect(app.page.get_by_text(f"{_show(kay)} opted out (STOP) and gets nothing.")).to_be_visible()
        _write(app, "Hello you two")
        app.press("Enter")
        asked = app.page.get_by_role("dialog", name="Send this text?")
        expect(asked).to_contain_text(f"another thread, one without {_show(kay)}")
        app.press("Escape")
        expect(_field(app)).to_be_focused()
        expect(_field(app)).to_have_value("Hello you two")
        app.press("Enter")
        expect(asked.get_by_role("button", name="Send anyway")).to_be_focused()
        app.press("Enter")
        expect(asked).to_have_count(0)
        expect(_field(app)).to_have_value("")
        _write(app, "And again")
        app.press("Enter")
        expect(_field(app)).to_have_value("")
        assert until(lambda: (LINE, "And again") in world.read_by(bob))

        app.page.get_by_role("button", name=f"New group without {_show(kay)}").click()
        new = app.page.get_by_role("dialog", name="New group message")
        expect(new.get_by_role("button", name=f"Remove {_show(bob)}")).to_be_visible()
        expect(new.get_by_role("button", name=f"Remove {_show(kay)}")).to_have_count(0)
        app.press("Escape")
        # The group does not hear of it: what is known of it here is asked for anew.
        world.text(kay, LINE, text="START")
        app.page.reload()
        expect(_field(app)).to_be_visible()
        expect(app.page.get_by_text("gets nothing")).to_have_count(0)
    assert (LINE, "Hello you two") not in world.read_by(kay)


def test_a_contact_who_wants_no_messages_is_named(stack: Stack, account: Caller, inbox: InboxBrowser) -> None:
    kay = new_number()
    group = _group(account, new_number(), kay)
    numbers = f'[{{"number": "{kay}", "label": "mobile", "primary": true}}]'
    contact = account.made("/Contacts", {"FriendlyName": "Kay Ortiz", "Numbers": numbers})["sid"]
    with inbox.page(stack.people.admin, f"/c/{group}") as app:
        expect(_field(app)).to_be_visible()
        account.made(f"/Contacts/{contact}", {"DoNotDisturb": "true"})
        expect(app.page.get_by_text("does not want messages and gets nothing.")).to_be_visible()


def test_where_nobody_is_left_nothing_is_written_and_nothing_asked(
    stack: Stack, world: World, account: Caller, inbox: InboxBrowser
) -> None:
    bob = new_number()
    pair = _pair(account, bob)
    world.text(bob, LINE, text="STOP")
    activity = f"/Conversations/{pair}/Activity"
    assert until(lambda: any(one["kind"] == "opted_out" for one in account.read(activity)["activity"]))
    with inbox.page(stack.people.admin, f"/c/{pair}") as app:
        expect(app.page.get_by_text(f"Nobody would get a text: {_show(bob)} opted out (STOP).")).to_be_visible()
        requests: list[str] = []
        app.page.on("request", lambda request: requests.append(request.url))
        expect(_field(app)).to_have_count(0)
        app.page.keyboard.type("Hello?")
        app.press("Enter")
        assert [url for url in requests if "/Messages" in url] == []
        app.check_accessibility(".thread")


def test_a_closed_conversation_leads_to_a_new_one(stack: Stack, account: Caller, inbox: InboxBrowser) -> None:
    bob = new_number()
    group = _group(account, bob, new_number())
    with inbox.page(stack.people.admin, f"/c/{group}") as app:
        expect(_field(app)).to_be_visible()
        account.made(f"/Conversations/{group}", {"State": "closed"})
        expect(app.page.get_by_text("This conversation is closed.")).to_be_visible()
        expect(_field(app)).to_have_count(0)
        app.tab_to("New group from this one", role="button")
        app.press("Enter")
        new = app.page.get_by_role("dialog", name="New group message")
        expect(new.get_by_role("button", name=f"Remove {_show(bob)}")).to_be_visible()


def test_a_line_of_others_is_for_reading(stack: Stack, account: Caller, inbox: InboxBrowser) -> None:
    line = new_number()
    account.made("/Lines", {"Address": line, "Carrier": "bandwidth", "Users": "someone else"})
    sid = account.create_group(line, [{"address": new_number()}, {"address": new_number()}]).body["sid"]
    with inbox.page(stack.people.admin, f"/c/{sid}") as app:
        expect(app.page.get_by_text(f"you are not among the users of {_show(line)}")).to_be_visible()
        expect(_field(app)).to_have_count(0)
        app.page.get_by_role("button", name="Write a note").click()
        expect(app.page.get_by_label("Write a note. Only your colleagues see it.", exact=True)).to_be_focused()


def test_a_group_that_is_too_large_for_its_carrier_is_for_reading(
    stack: Stack, world: World, account: Caller, inbox: InboxBrowser
) -> None:
    sender, *others = [new_number() for _ in range(9)]
    world.text(sender, TELNYX, *others, text="All nine of us")
    group = until(lambda: world.owner(TELNYX, sender, *others))
    with inbox.page(stack.people.admin, f"/c/{group}") as app:
        expect(app.page.get_by_text("Telnyx takes 8 people at most, and these are 9.")).to_be_visible()
        expect(app.page.get_by_text("All nine of us").first).to_be_visible()
        expect(_field(app)).to_have_count(0)


def test_whoever_writes_is_asked_when_a_colleague_has_answered(
    stack: Stack, world: World, account: Caller, inbox: InboxBrowser
) -> None:
    bob = new_number()
    group = _group(account, bob, new_number())
    cleo = StaffMember(world, "cleo", "inbox member")
    with inbox.page(stack.people.admin, f"/c/{group}") as app:
        _write(app, "It is ready")
        cleo.made(f"/Conversations/{group}/Messages", {"Author": LINE, "Body": "It is ready at six"})
        expect(app.page.get_by_role("list", name="Messages").get_by_text("It is ready at six")).to_be_visible()
        app.press("Enter")
        expect(app.page.get_by_role("dialog", name="Send this text?")).to_contain_text("wrote here while you were")
        app.press("Escape")
        expect(_field(app)).to_be_focused()
        app.press("Enter")
        app.page.get_by_role("button", name="Send anyway").click()
        expect(_field(app)).to_have_value("")
        assert until(lambda: (LINE, "It is ready") in world.read_by(bob))


def test_a_line_is_chosen_where_there_are_several(
    stack: Stack, world: World, account: Caller, inbox: InboxBrowser
) -> None:
    bob = new_number()
    group = _group(account, bob, new_number(), lines=(LINE, OTHER_LINE))
    with inbox.page(stack.people.admin, f"/c/{group}") as app:
        app.page.get_by_role("button", name=f"From {FRONT_DESK_LABEL}").click()
        app.page.get_by_role("menuitemradio", name=OTHER_LABEL).click()
        _field(app).click()
        _write(app, "From the other one")
        app.press("Enter")
        expect(app.page.get_by_role("button", name=f"From {OTHER_LABEL}")).to_be_visible()
        assert until(lambda: (OTHER_LINE, "From the other one") in world.read_by(bob))


def test_snippets_are_inserted_by_a_slash(stack: Stack, account: Caller, inbox: InboxBrowser) -> None:
    name = f"hours-{uuid4().hex[:8]}"
    account.made("/Snippets", {"Name": name, "Body": "We are here from 8 to 5."})
    with inbox.page(stack.people.admin, f"/c/{_group(account, new_number(), new_number())}") as app:
        _write(app, "Hello! /")
        expect(app.page.get_by_role("listbox", name="Snippets")).to_be_visible()
        app.check_accessibility(".thread")
        app.page.keyboard.type(name[:-1])
        expect(app.page.get_by_role("option")).to_have_count(1)
        app.press("Enter")
        expect(_field(app)).to_have_value("Hello! We are here from 8 to 5.")
        app.press("Control+z")
        expect(_field(app)).to_have_value(f"Hello! /{name[:-1]}")
        # What is undone is selected, so there is no list. Escape leaves the slash alone: the next Enter sends.
        app.press("End")
        app.page.keyboard.type(name[-1])
        expect(app.page.get_by_role("listbox", name="Snippets")).to_be_visible()
        app.press("Escape")
        expect(app.page.get_by_role("listbox", name="Snippets")).to_have_count(0)
        app.press("Enter")
        expect(_field(app)).to_have_value("")


def test_a_text_is_sent_later_changed_and_sent_now(
    stack: Stack, world: World, account: Caller, inbox: InboxBrowser
) -> None:
    bob = new_number()
    with inbox.page(stack.people.admin, f"/c/{_group(account, bob, new_number())}") as app:
        _write(app, "See you at nine")
        app.tab_to("Send later", role="button")
        app.press("Enter")
        expect(app.page.get_by_role("menuitem", name="Tomorrow")).to_be_focused()
        app.press("Enter")
        expect(_field(app)).to_have_value("")
        app.page.get_by_role("button", name="1 text waits to be sent: Tomorrow").click()
        scheduled = app.page.get_by_role("dialog", name="Scheduled texts")
        expect(scheduled.get_by_text("See you at nine")).to_be_visible()
        scheduled.get_by_role("button", name="Change").click()
        change = app.page.get_by_role("dialog", name="Change")
        change.get_by_label("Text").fill("See you at ten")
        change.get_by_label("Date and time").fill("2020-01-01T09:00")
        change.get_by_role("button", name="Save").click()
        expect(change.get_by_text("at least two minutes ahead")).to_be_visible()
        at = app.page.evaluate("new Date(Date.now() + 3 * 86400e3).toISOString().slice(0, 11) + '10:00'")
        change.get_by_label("Date and time").fill(at)
        change.get_by_role("button", name="Save").click()
        expect(scheduled.get_by_text("See you at ten")).to_be_visible()
        assert world.read_by(bob) == []
        scheduled.get_by_role("button", name="Send now").click()
        expect(scheduled.get_by_text("No text waits to be sent.")).to_be_visible()
        assert until(lambda: (LINE, "See you at ten") in world.read_by(bob))


@pytest.mark.parametrize(("width", "height"), [(900, 600), (640, 400), (320, 256)])
def test_a_page_that_is_zoomed_in_has_everything_in_its_window(
    stack: Stack, account: Caller, inbox: InboxBrowser, width: int, height: int
) -> None:
    group = _group(account, new_number(), new_number())
    with inbox.page(stack.people.admin, width=width, height=height) as app:
        expect(app.page.get_by_role("button", name="New", exact=True)).to_be_in_viewport(ratio=1)
        app.check_widths()
        app.check_accessibility()
        app.go(f"/c/{group}")
        _write(app, "A text")
        app.check_widths()
        expect(app.page.get_by_role("button", name="Show the members")).to_be_in_viewport(ratio=1)
        for button in ("Done", "More", "Send"):
            expect(app.page.get_by_role("button", name=button, exact=True).last).to_be_in_viewport(ratio=1)
        app.check_accessibility()


def test_the_place_to_write_is_accessible(stack: Stack, world: World, account: Caller, inbox: InboxBrowser) -> None:
    kay = new_number()
    group = _group(account, new_number(), kay, new_number(), lines=(LINE, OTHER_LINE))
    world.text(kay, LINE, text="STOP")
    world.text(kay, OTHER_LINE, text="STOP")
    assert until(lambda: len(account.read(f"/OptOuts?Address={kay.replace('+', '%2B')}")["opt_outs"]) == 2)
    with inbox.page(stack.people.admin, f"/c/{group}") as app:
        roof: FilePayload = {"name": "roof.png", "mimeType": "image/png", "buffer": _png(10)}
        app.page.locator("input[type=file]").set_input_files([roof])
        _field(app).fill("The roof is done. " * 85)
        expect(app.page.get_by_text("70 characters left")).to_be_visible()
        expect(app.page.get_by_text("gets nothing")).to_be_visible()
        app.look(".thread")
        app.page.get_by_role("button", name="Send", exact=True).click()
        expect(app.page.get_by_role("dialog", name="Send this text?")).to_be_visible()
        app.look(".thread")
        app.press("Escape")
        app.page.get_by_role("button", name="Send later").click()
        app.look(".thread")
        app.page.get_by_role("menuitem", name="Choose a time").click()
        expect(app.page.get_by_role("dialog", name="Send later")).to_be_visible()
        app.look(".thread")
        app.press("Escape")
        app.page.get_by_role("button", name="Send later").click()
        app.page.get_by_role("menuitem", name="Scheduled texts").click()
        expect(app.page.get_by_text("No text waits to be sent.")).to_be_visible()
        app.look(".thread")
        app.press("Escape")
        app.page.get_by_role("button", name="Note", exact=True).click()
        expect(app.page.get_by_label("Write a note. Only your colleagues see it.", exact=True)).to_be_visible()
        app.look(".thread")
