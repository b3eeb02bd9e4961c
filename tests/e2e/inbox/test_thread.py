"""A conversation in a real browser: what comes while it is looked at, places far back, and its states."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from playwright.sync_api import Locator, Route, expect

from local.samples import pictures
from local.stack import Stack
from tests.support import browser as browsers
from tests.support.inbox_app import PHONE, AppPage, InboxBrowser
from tests.support.stack_world import World, new_number, until
from tests.support.staff import Caller

browsers.require()
pytestmark = pytest.mark.slow

LINE = "+12065550100"
MANY = 10_000


@pytest.fixture(scope="module")
def account(world: World) -> Caller:
    return Caller(world, world.basic())


def _group(account: Caller, *numbers: str) -> str:
    """Make a group, and wait until it is active."""
    members = [{"address": number} for number in numbers]
    made = account.create_group(LINE, members, FriendlyName=f"Thread {uuid4().hex[:8]}").body
    assert until(lambda: account.read(f"/Conversations/{made['sid']}")["state"] == "active")
    return str(made["sid"])


def _row(app: AppPage, text: str) -> Locator:
    return app.page.get_by_role("list", name="Messages").get_by_role("listitem").filter(has_text=text)


def test_a_text_appears_is_said_once_and_counts_as_read(
    stack: Stack, world: World, account: Caller, inbox: InboxBrowser
) -> None:
    bob, kay = new_number(), new_number()
    sid = _group(account, bob, kay)
    account.made(f"/Conversations/{sid}/Messages", {"Author": LINE, "Body": "Sunday?"})
    with inbox.page(stack.people.admin, f"/c/{sid}") as app:
        expect(_row(app, "Sunday?")).to_be_visible()
        world.text(kay, LINE, bob, text="At noon")
        expect(_row(app, "At noon")).to_be_visible()
        expect(app.page.get_by_role("status").filter(has_text="At noon")).to_have_count(1)
        expect(app.page.get_by_text("New", exact=True).and_(app.page.locator("p"))).to_have_count(0)
        in_list = app.page.locator(f"[data-conversation={sid}]")
        expect(in_list).to_contain_text("At noon")
        expect(in_list).not_to_contain_text("unread")


def test_what_came_before_is_marked_as_new_while_one_is_there(
    stack: Stack, world: World, account: Caller, inbox: InboxBrowser
) -> None:
    bob, kay = new_number(), new_number()
    sid = _group(account, bob, kay)
    account.made(f"/Conversations/{sid}/Messages", {"Author": LINE, "Body": "Sunday?"})
    with inbox.page(stack.people.admin, f"/c/{sid}") as app:
        expect(_row(app, "Sunday?")).to_be_visible()
        app.go("/")
        world.text(kay, LINE, bob, text="At noon")
        in_list = app.page.locator(f"[data-conversation={sid}]")
        expect(in_list).to_contain_text("1 unread message")
        in_list.click()
        news = app.page.locator(".log-unread")
        expect(news).to_have_text("New")
        expect(in_list).not_to_contain_text("unread")
        world.text(bob, LINE, kay, text="Fine")
        expect(_row(app, "Fine")).to_be_visible()
        expect(news).to_have_count(1)


def test_the_keyboard_goes_from_message_to_message(stack: Stack, account: Caller, inbox: InboxBrowser) -> None:
    sid = _group(account, new_number(), new_number())
    for text in ("One", "Two https://example.com/two", "Three"):
        account.made(f"/Conversations/{sid}/Messages", {"Author": LINE, "Body": text})
    with inbox.page(stack.people.admin, f"/c/{sid}") as app:
        expect(_row(app, "Three")).to_be_visible()
        app.press("Shift+Tab")
        for _ in range(20):
            if app.focused()["role"] == "listitem":
                break
            app.press("Shift+Tab")
        assert re.search(r", \d+:\d\d.*, Three$", app.focused()["name"])
        app.press("ArrowUp")
        expect(_row(app, "Two")).to_be_focused()
        app.press("Tab")
        assert app.focused() == {"role": "link", "name": "https://example.com/two"}
        app.press("Shift+Tab", "Home")
        expect(_row(app, "One")).to_be_focused()
        app.press("Enter")
        expect(app.page.get_by_role("dialog")).to_contain_text("One")
        app.press("Escape")
        expect(_row(app, "One")).to_be_focused()


@pytest.fixture(scope="module")
def eventful(world: World, account: Caller) -> str:
    """A conversation in which everything has happened."""
    bob, kay = new_number(), new_number()
    sid = _group(account, bob, kay)
    path = f"/Conversations/{sid}"
    account.made(f"{path}/Messages", {"Author": LINE, "Body": "Sunday at noon?"})
    world.text(kay, LINE, bob, text="The roof", media=[world.picture(kay, pictures.draw("roof"))])
    world.text(bob, LINE, kay, text="The plan", media=[world.picture(bob, b"%PDF-1.4 plan", "application/pdf")])
    world.text(bob, LINE, kay, text="A page", media=[world.picture(bob, b"<html></html>", "text/html")])
    world.text(kay, LINE, bob, text="Liked “Sunday at noon?”")
    world.text(bob, LINE, kay, text="🎉")
    account.made(path, {"Assignee": "ann"})
    account.made(f"{path}/Notes", {"Author": "ann", "Body": "Ask the owner"})
    world.text(kay, LINE, text="STOP")
    shown = f"{path}/Messages"
    assert until(lambda: len(account.read(shown)["messages"]) >= 6)
    return sid


def test_everything_in_a_thread_is_accessible(stack: Stack, inbox: InboxBrowser, eventful: str) -> None:
    with inbox.page(stack.people.admin, f"/c/{eventful}", height=1600) as app:
        expect(app.page.get_by_role("button", name=re.compile(r"Open .*\.png"))).to_be_visible()
        expect(app.page.locator(".file-chip").filter(has_text=".pdf")).to_be_visible()
        expect(app.page.get_by_text("Files of this kind could do harm and are not kept")).to_be_visible()
        expect(app.page.get_by_role("list", name="Reactions")).to_contain_text("👍")
        expect(_row(app, "Liked")).to_have_count(0)
        expect(app.page.get_by_text("Ask the owner")).to_be_visible()
        expect(app.page.get_by_text("Assigned to you")).to_be_visible()
        app.look()
        app.page.get_by_role("button", name="More").click()
        app.page.get_by_role("menuitem", name="Search in this conversation").click()
        app.page.keyboard.type("plan")
        expect(app.page.get_by_role("search", name="Search in this conversation")).to_contain_text("1 of 1")
        expect(app.page.locator("mark")).to_have_text("plan")
        app.look()
        app.press("Escape")
        expect(app.page.get_by_role("button", name="More")).to_be_focused()


def test_a_picture_is_opened_by_the_keyboard(stack: Stack, inbox: InboxBrowser, eventful: str) -> None:
    with inbox.page(stack.people.admin, f"/c/{eventful}", height=1600) as app:
        row = _row(app, "The roof")
        picture = row.get_by_role("button", name=re.compile(r"Open .*\.png"))
        expect(picture.locator("img")).to_have_js_property("complete", value=True)
        row.focus()
        app.press("Tab", "Enter")
        viewer = app.page.get_by_role("dialog")
        expect(viewer.get_by_role("img")).to_be_visible()
        app.check_accessibility()
        app.press("Escape")
        expect(viewer).to_have_count(0)
        expect(picture).to_be_focused()


def test_a_conversation_that_is_deleted_is_left_politely(stack: Stack, account: Caller, inbox: InboxBrowser) -> None:
    sid = _group(account, new_number(), new_number())
    account.made(f"/Conversations/{sid}/Messages", {"Author": LINE, "Body": "Sunday?"})
    with inbox.page(stack.people.admin, f"/c/{sid}", width=PHONE) as app:
        expect(_row(app, "Sunday?")).to_be_visible()
        account.delete(f"/Conversations/{sid}")
        expect(app.page.get_by_role("heading", name="You do not see this conversation any more")).to_be_visible()
        app.check_accessibility()
        app.page.get_by_role("link", name="Back to the inbox").click()
        expect(app.page.get_by_role("heading", name="Inbox")).to_be_visible()
        app.permit("404 (Not Found)")


# Of ten thousand messages: what the API would answer, which takes hours to make.
_BEGIN = datetime(2026, 10, 1, tzinfo=UTC)


def _message(sid: str, index: int) -> dict[str, Any]:
    at = (_BEGIN + timedelta(minutes=7 * index)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "sid": f"IM{index:032x}",
        "index": index,
        "conversation_sid": sid,
        "participant_sid": None,
        "author": ("dana", "+12065550150", "ann")[index // 2 % 3],
        "written_by": None,
        "body": f"Message {index}." + " More words, so that it wraps." * (7 * index % 5),
        "media": None,
        "attributes": "{}",
        "delivery": None,
        "date_created": at,
        "date_updated": at,
    }


class ManyMessages:
    """Answers for a conversation: at once, or, while it holds them, once they are released."""

    def __init__(self, sid: str) -> None:
        self._sid = sid
        self._held: list[Route] | None = None

    def hold(self) -> None:
        self._held = []

    def release(self) -> None:
        held, self._held = self._held or [], None
        for route in held:
            self.answer(route)

    def answer(self, route: Route) -> None:
        if self._held is not None:
            self._held.append(route)
            return
        query = {name: values[0] for name, values in parse_qs(urlsplit(route.request.url).query).items()}
        indexes = [*range(int(query.get("After", -1)) + 1, min(int(query.get("Before", MANY)), MANY))]
        if query.get("Order") == "desc":
            indexes.reverse()
        size = int(query["PageSize"])
        meta = {"key": "messages", "next_page_url": f"{route.request.url}&Page=1" if indexes[size:] else None}
        route.fulfill(json={"messages": [_message(self._sid, index) for index in indexes[:size]], "meta": meta})


_IN_SIGHT = """
() => {
  const box = document.querySelector(".log").getBoundingClientRect();
  return [...document.querySelectorAll(".log-row")]
    .filter((row) => row.getBoundingClientRect().bottom > box.top && row.getBoundingClientRect().top < box.bottom)
    .map((row) => Number(/Message (\\d+)\\./.exec(row.textContent)?.[1] ?? -1))
    .filter((index) => index >= 0);
}
"""

# Scroll up to where older messages are asked for, and look at each frame until they have come above twelve frames ago.
# What was in sight must have stayed there.
_LOOK = """
async (patience) => {
  const [log, rows] = [document.querySelector(".log"), document.querySelector(".log-rows")];
  const frame = () => new Promise(requestAnimationFrame);
  log.scrollTop = 450;
  await frame();
  await frame();
  const row = [...rows.children].find((one) => one.getBoundingClientRect().top > log.getBoundingClientRect().top);
  const top = () => rows.querySelector(`[data-key="${row.dataset.key}"]`)?.getBoundingClientRect().top ?? 10_000;
  const [start, height] = [top(), rows.offsetHeight];
  const end = performance.now() + patience;
  const look = async () => {
    let [worst, after, most] = [0, 0, 0];
    while (after < 12) {
      await frame();
      if (performance.now() > end) throw new Error("no older messages");
      worst = Math.max(worst, Math.abs(top() - start));
      most = Math.max(most, rows.children.length);
      if (rows.offsetHeight > height + 500) after += 1;
    }
    return { worst, most };
  };
  window.looked = look();
}
"""


def test_ten_thousand_messages_are_read_without_a_jump(stack: Stack, account: Caller, inbox: InboxBrowser) -> None:
    sid = str(account.made("/Conversations", {"FriendlyName": "Many"})["sid"])
    with inbox.page(stack.people.admin) as app:
        answers, messages = ManyMessages(sid), f"**/Conversations/{sid}/Messages?*"
        app.page.route(messages, answers.answer)
        app.page.route(f"**/Conversations/{sid}/ReadState", lambda route: route.fulfill(json={}))
        app.go(f"/c/{sid}")
        expect(_row(app, f"Message {MANY - 1}.")).to_be_visible()
        for _ in range(3):
            # However slow the frames are, nothing comes before what is in sight has been noted.
            answers.hold()
            with app.page.expect_request(messages):
                app.page.evaluate(_LOOK, browsers.PATIENCE_MS)
            answers.release()
            shift = app.page.evaluate("looked")
            assert shift["worst"] <= 1
            assert shift["most"] <= 40

        app.go(f"/c/{sid}/{MANY - 3_000}")
        expect(_row(app, f"Message {MANY - 3_000}.")).to_be_in_viewport()
        shown = app.page.evaluate(_IN_SIGHT)
        assert shown == [*range(shown[0], shown[-1] + 1)]
        app.page.get_by_role("button", name="To the newest message").click()
        expect(_row(app, f"Message {MANY - 1}.")).to_be_in_viewport()
        expect(app.page).to_have_url(f"{inbox.url}#/c/{sid}")
