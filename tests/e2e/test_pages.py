"""Pages in a real browser: the page of phones, and what a stranger's page can do to a Partyline that runs beside it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, FilePayload, Locator, Page, expect

from local import inbox, loopback
from local.stack import Stack
from tests.support import browser as browsers
from tests.support.inbox_app import find_violations
from tests.support.stack_world import PATIENCE, World, new_number, until

browsers.require()

PATIENCE_MS = PATIENCE * 1000
# The smallest GIF.
PIXEL = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b")


@pytest.fixture(scope="module")
def browser(stack: Stack) -> Iterator[Browser]:
    with browsers.browsing() as running:
        yield running


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of a browser that remembers nothing."""
    with browsers.new_context(browser) as context:
        yield context.new_page()


# --- the page of phones

# Every element that one can use or read, and that is not all in the window with nothing in front of it. What a list
# scrolls may be behind its edge.
_OBSCURED = """
() => [...document.querySelectorAll("a, button, input, textarea, h1, h2, h3, .hint, .status")].filter((node) => {
  const { left, right, top, bottom, width } = node.getBoundingClientRect();
  if (!width || node.closest("[hidden], .to, .log, .thread-list")) return false;
  if (left < 0 || top < 0 || right > innerWidth || bottom > innerHeight) return true;
  const front = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
  return !node.contains(front);
}).map((node) => node.outerHTML)
"""
_WIDTHS = {360: 1, 390: 1, 640: 2, 1024: 3, 1280: 3, 1920: 3}
NO_LINE = "None of these numbers is one of your lines"
LINES = {"bandwidth": "206-555-0100", "telnyx": "206-555-0110", "vonage": "206-555-0130"}


@dataclass(frozen=True)
class PhonesPage:
    """The page of phones, with phones that no other test uses."""

    page: Page
    numbers: tuple[str, ...]

    def phone(self, place: int) -> Locator:
        return self.page.get_by_label(f"Phone {pretty(self.numbers[place])}", exact=True)

    def open_new_text(self, place: int, *to: str) -> Locator:
        """Open a new text on a phone, choose who gets it, and return the field of its words."""
        phone = self.phone(place)
        phone.get_by_role("button", name="New text").click()
        for number in to:
            phone.get_by_role("button", name=number).click()
        return phone.get_by_placeholder("Text message")


@pytest.fixture
def open_phones(page: Page, stack: Stack) -> Callable[..., PhonesPage]:
    """Opens the page with some phones, in a window of a width."""

    def opened(*, phones: int = 3, width: int = 1280) -> PhonesPage:
        numbers = tuple(new_number() for _ in range(phones))
        remembered = json.dumps(json.dumps(numbers))
        page.set_viewport_size({"width": width, "height": 720})
        page.add_init_script(f"localStorage.setItem('partyline-phones', {remembered})")
        page.goto(stack.url)
        expect(page.locator("#live")).to_have_text("live")
        return PhonesPage(page, numbers)

    return opened


def pretty(number: str) -> str:
    """A number as the page shows it."""
    return f"{number[2:5]}-{number[5:8]}-{number[8:]}"


def test_phones_page_shows_a_text_that_is_typed_on_a_phone(page: Page, stack: Stack, world: World) -> None:
    said = f"typed in a browser {new_number()}"
    page.goto(stack.url)
    expect(page.locator("#live")).to_have_text("live")
    phone, other = (page.get_by_label(f"Phone 206-555-015{last}", exact=True) for last in (0, 1))
    phone.get_by_role("button", name="New text").click()
    phone.get_by_role("group", name="Your lines").get_by_role("button", name="206-555-0111").click()
    phone.get_by_role("group", name="Other phones").get_by_role("button", name="206-555-0151").click()
    phone.get_by_placeholder("Text message").fill(said)
    phone.get_by_placeholder("Text message").press("Enter")

    expect(phone.locator(".bubble.mine", has_text=said)).to_be_visible()
    expect(phone.locator(".bubble.mine", has_text=said).locator(".status")).to_have_text(
        "delivered", timeout=PATIENCE_MS
    )
    expect(other.get_by_role("list", name="Threads")).to_contain_text(said)
    owner = until(lambda: world.owner("+12065550150", "+12065550151", "+12065550111"))
    assert owner is not None
    assert said in [body for _, _, body in until(lambda: world.messages(owner))]


def test_phones_page_shows_an_answer_of_staff(open_phones: Callable[..., PhonesPage], world: World) -> None:
    opened = open_phones(phones=2)
    staff = f"staff {opened.numbers[0]}"
    members = [
        {"identity": staff, "messaging_binding": {"projected_address": "+12065550110"}},
        *({"messaging_binding": {"address": number}} for number in opened.numbers),
    ]
    made = world.api.conversation_with_participants.create(participant=[json.dumps(one) for one in members])
    until(lambda: world.api.conversations(made.sid).fetch().state, lambda state: state == "active")

    world.api.conversations(made.sid).messages.create(author=staff, body="Sunday at noon?")

    for place in range(2):
        row = opened.phone(place).get_by_role("list", name="Threads").get_by_role("button")
        expect(row).to_contain_text("Sunday at noon?", timeout=PATIENCE_MS)
        row.click()
        theirs = opened.phone(place).locator(".bubble.theirs", has_text="Sunday at noon?")
        expect(theirs.locator(".author")).to_have_text(LINES["telnyx"])


@pytest.mark.parametrize("typed", ["555", "12345", "206-555", "Ann"])
def test_phones_page_adds_no_phone_for_what_is_no_number(page: Page, stack: Stack, typed: str) -> None:
    page.goto(stack.url)
    page.get_by_label("Number of a phone to add").fill(typed)
    page.get_by_role("button", name="Add phone").click()
    expect(page.get_by_role("alert").filter(has_text=typed)).to_contain_text("is no phone number")
    expect(page.locator(".phone")).to_have_count(3)


def test_phones_page_adds_phones_and_puts_them_away(open_phones: Callable[..., PhonesPage]) -> None:
    opened = open_phones(phones=1)
    page, field = opened.page, opened.page.get_by_label("Number of a phone to add")
    field.fill(LINES["telnyx"])
    field.press("Enter")
    expect(page.get_by_role("alert").filter(has_text=LINES["telnyx"])).to_contain_text("is one of your lines")
    added = pretty(new_number())
    field.fill(added)
    field.press("Enter")
    expect(page.locator(".phone:visible")).to_have_count(2)
    expect(page.get_by_role("alert").filter(visible=True)).to_have_count(0)

    page.get_by_role("button", name=f"Put phone {added} away").click()

    expect(page.locator(".phone")).to_have_count(1)
    expect(field).to_be_focused()


def test_phones_page_links_to_the_inbox(page: Page, stack: Stack) -> None:
    page.goto(stack.url)
    # The phones stay where they are.
    with page.expect_popup() as opened:
        page.get_by_role("link", name="Inbox").click()
    expect(opened.value.get_by_role("link", name="Sign in")).to_be_visible(timeout=PATIENCE_MS)
    assert opened.value.url.startswith(f"{stack.url}/inbox/")
    assert page.url == f"{stack.url}/"


def test_phones_page_warns_of_texts_that_reach_no_line(open_phones: Callable[..., PhonesPage]) -> None:
    opened = open_phones()
    phone = opened.phone(0)
    box = opened.open_new_text(0)
    hint = phone.get_by_role("status")
    expect(hint).to_have_text("")
    phone.get_by_role("button", name=pretty(opened.numbers[1])).click()
    expect(hint).to_contain_text(NO_LINE)
    phone.get_by_label("Add a recipient's number").fill("425-555-0100")
    phone.get_by_role("button", name="Add", exact=True).click()
    expect(hint).to_contain_text(NO_LINE)
    phone.get_by_role("button", name=LINES["telnyx"]).click()
    expect(hint).to_have_text("")
    for number in (pretty(opened.numbers[1]), "425-555-0100"):
        phone.get_by_role("button", name=number).click()
    expect(hint).to_contain_text("Unrouted texts")
    phone.get_by_role("button", name=LINES["telnyx"]).click()
    phone.get_by_role("button", name=pretty(opened.numbers[1])).click()
    box.fill("Between us")
    box.press("Enter")

    expect(phone.locator(".bubble.mine", has_text="Between us")).to_be_visible()
    expect(phone.get_by_text(NO_LINE)).to_be_visible()
    # Nobody of ours reports on it.
    expect(phone.locator(".status")).to_have_count(0)


def test_phones_page_sends_files_and_shows_pictures(open_phones: Callable[..., PhonesPage]) -> None:
    opened = open_phones(phones=2)
    opened.open_new_text(0, pretty(opened.numbers[1]))
    phone, other = opened.phone(0), opened.phone(1)
    files: list[FilePayload] = [
        {"name": "roof.gif", "mimeType": "image/gif", "buffer": PIXEL},
        {"name": "no.gif", "mimeType": "image/gif", "buffer": PIXEL},
        {"name": "plan.txt", "mimeType": "text/plain", "buffer": b"first floor"},
    ]
    phone.locator("input[type=file]").set_input_files(files)
    phone.get_by_role("button", name="Leave out no.gif").click()
    phone.get_by_role("button", name="Send").click()

    other.get_by_role("list", name="Threads").get_by_role("button").click()
    theirs = other.locator(".bubble.theirs")
    expect(theirs.get_by_role("img")).to_have_js_property("naturalWidth", 1)
    expect(theirs.get_by_role("link")).to_have_count(2)
    expect(theirs.get_by_role("link", name=".txt")).to_have_attribute("rel", "noreferrer noopener")


def test_phones_page_says_what_became_of_a_text_at_each_line(
    open_phones: Callable[..., PhonesPage], world: World
) -> None:
    opened = open_phones(phones=1)
    world.network(drop_copies=["+12065550130"])
    try:
        box = opened.open_new_text(0, *LINES.values())
        box.fill("To all of you")
        box.press("Enter")
        status = opened.phone(0).locator(".bubble.mine .status")
        expect(status).to_have_text(
            [f"delivered to {LINES['bandwidth']}, {LINES['telnyx']}", f"lost on the way to {LINES['vonage']}"],
            timeout=PATIENCE_MS,
        )
    finally:
        world.network(drop_copies=[])


@pytest.mark.parametrize(("width", "shown"), _WIDTHS.items())
def test_phones_page_covers_and_loses_nothing_at_any_width(
    open_phones: Callable[..., PhonesPage], width: int, shown: int
) -> None:
    opened = open_phones(width=width)
    page = opened.page
    expect(page.locator(".phone:visible")).to_have_count(shown)
    for place, number in enumerate(opened.numbers):
        if shown < len(opened.numbers):
            page.get_by_role("navigation").get_by_role("button", name=pretty(number)).click()
        box = opened.open_new_text(place, pretty(opened.numbers[place - 1]))
        assert page.evaluate(_OBSCURED) == []
        box.fill("hello")
        box.press("Enter")
        expect(opened.phone(place).get_by_text(NO_LINE)).to_be_visible()
        assert page.evaluate(_OBSCURED) == []
    expect(page.locator(".phone:visible")).to_have_count(shown)
    scrolled = "() => [document.documentElement, document.querySelector('main')].map((one) => one.scrollWidth)"
    assert max(page.evaluate(scrolled)) <= width


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_phones_page_is_accessible(
    open_phones: Callable[..., PhonesPage], width: int, theme: Literal["light", "dark"]
) -> None:
    inbox.install()  # axe comes from there
    opened = open_phones(width=width)
    page, phone = opened.page, opened.phone(0)
    page.emulate_media(color_scheme=theme)
    page.get_by_label("Number of a phone to add").fill("Ann")
    page.get_by_role("button", name="Add phone").click()
    expect(page.get_by_role("alert").filter(has_text="Ann")).to_be_visible()
    assert find_violations(page) == []

    box = opened.open_new_text(0, pretty(opened.numbers[1]))
    assert find_violations(page) == []
    box.fill("hello")
    box.press("Enter")
    expect(phone.locator(".bubble.mine", has_text="hello")).to_be_visible()
    assert find_violations(page) == []

    phone.get_by_role("button", name="Back to all threads").click()
    opened.open_new_text(0, *LINES.values())
    phone.get_by_placeholder("Text message").fill("hello")
    phone.get_by_placeholder("Text message").press("Enter")
    expect(phone.locator(".status")).to_have_count(1)
    assert find_violations(page) == []
    phone.get_by_role("button", name="Back to all threads").click()
    assert find_violations(page) == []


def test_phones_page_counts_what_is_unread_on_a_phone_that_is_not_shown(
    open_phones: Callable[..., PhonesPage], world: World
) -> None:
    opened = open_phones(phones=2, width=390)
    first, second = opened.numbers
    switch = opened.page.get_by_role("navigation").get_by_role("button", name=pretty(second))
    world.text(first, second, text="Are you there?")
    expect(switch).to_have_accessible_name(f"{pretty(second)} 1 unread")

    switch.click()
    opened.phone(1).get_by_role("list", name="Threads").get_by_role("button").click()

    expect(switch).to_have_accessible_name(pretty(second))
    expect(opened.phone(0)).to_be_hidden()


def test_phones_page_is_used_by_keyboard(open_phones: Callable[..., PhonesPage], world: World) -> None:
    opened = open_phones(phones=2)
    phone, keys = opened.phone(0), opened.page.keyboard
    phone.get_by_role("button", name="New text").press("Enter")
    expect(phone.get_by_role("button", name=LINES["bandwidth"])).to_be_focused()
    keys.press("Space")
    expect(phone.get_by_role("button", name=LINES["bandwidth"])).to_be_focused()
    expect(phone.get_by_role("button", name=LINES["bandwidth"])).to_have_attribute("aria-pressed", "true")
    phone.get_by_role("button", name=pretty(opened.numbers[1])).press("Space")
    phone.get_by_placeholder("Text message").press_sequentially("By keyboard")
    keys.press("Enter")
    expect(phone.locator(".bubble.mine", has_text="By keyboard")).to_be_visible()
    expect(phone.get_by_placeholder("Text message")).to_be_focused()

    phone.get_by_role("button", name="Back to all threads").press("Enter")
    row = phone.get_by_role("list", name="Threads").get_by_role("button")
    expect(row).to_be_focused()
    # A text that comes in does not take the focus away.
    world.text(opened.numbers[1], opened.numbers[0], "+12065550100", text="Heard you")
    expect(row).to_contain_text("Heard you")
    expect(row).to_be_focused()
    phone.get_by_role("button", name="New text").press("Enter")
    phone.get_by_role("button", name="Back to all threads").press("Enter")
    expect(phone.get_by_role("button", name="New text")).to_be_focused()


# --- a stranger's page

_ATTACKS = """
async ({ emulator, front, carrier, live, frontLive, mark }) => {
  const outcomes = [];
  const attempt = async (name, work) => {
    try { outcomes.push([name, await work()]); } catch (error) { outcomes.push([name, "failed"]); }
  };
  const text = { "Content-Type": "text/plain" };
  const form = "application/x-www-form-urlencoded";
  const queue = (name) => `Action=CreateQueue&QueueName=${mark}-${name}`;
  const sms = JSON.stringify({ to: ["+12065550100"], text: mark });
  const asked = [
    [`${emulator}/`, { method: "POST", headers: { "Content-Type": form }, body: queue("fetch") }],
    [`${emulator}/?${queue("get")}`, {}],
    [`${emulator}/_ministack/health`, {}],
    [`${emulator}/2015-03-31/functions`, {}],
    [`${emulator}/2015-03-31/functions/`, { method: "POST", headers: text, body: "{}" }],
    [`${front}/handsets`, {}],
    [`${front}/network/sends`, {}],
    [`${front}/network`, { method: "DELETE" }],
    [`${front}/handsets/%2B12065550150/messages`, { method: "POST", headers: text, body: sms }],
    [`${front}/page/main.js`, {}],
    [`${front}/v1/Conversations`, { headers: { Authorization: "Basic eDp5" } }],
    [`${front}/carriers/telnyx`, { method: "POST", headers: text, body: "{}" }],
    [`${carrier}/telnyx/messages`, { method: "POST", headers: text, body: "{}" }],
  ];
  for (const [url, options] of asked) {
    for (const mode of ["cors", "no-cors"]) {
      await attempt(`${mode} ${url}`, async () => {
        const answer = await fetch(url, { ...options, mode });
        return answer.type === "opaque" ? "opaque" : `read ${answer.status}: ${await answer.text()}`;
      });
    }
  }
  const images = [`${emulator}/?${queue("image")}`, `${front}/page/icon.svg`, `${front}/lines`];
  for (const url of images) {
    await attempt(`image ${url}`, () => new Promise((resolve, reject) => {
      const image = new Image();
      image.onload = () => resolve("shown");
      image.onerror = reject;
      image.src = url;
    }));
  }
  const forms = [[`${emulator}/`, queue("form")], [`${front}/handsets/%2B12065550150/messages`, `x=${sms}`]];
  for (const [action, fields] of forms) {
    await attempt(`form ${action}`, () => new Promise((resolve) => {
      const frame = document.createElement("iframe");
      frame.name = `frame${outcomes.length}`;
      document.body.append(frame);
      const sent = document.createElement("form");
      Object.assign(sent, { method: "POST", action, target: frame.name });
      for (const [name, value] of new URLSearchParams(fields)) {
        const input = document.createElement("input");
        Object.assign(input, { name, value });
        sent.append(input);
      }
      document.body.append(sent);
      frame.onload = () => resolve("sent");
      sent.submit();
    }));
  }
  for (const url of [live, frontLive]) {
    await attempt(`socket ${url}`, () => new Promise((resolve, reject) => {
      const socket = new WebSocket(url);
      socket.onopen = () => resolve("read: open");
      socket.onerror = reject;
    }));
  }
  return outcomes;
}
"""


@dataclass(frozen=True)
class Stranger:
    """A foreign page, on this machine at a port of its own."""

    port: int


@pytest.fixture(scope="module")
def stranger() -> Iterator[Stranger]:
    with _serving(b"<!doctype html><title>a stranger's</title><body></body>") as port:
        yield Stranger(port)


@pytest.mark.parametrize("host", ["127.0.0.1", "evil.localhost"])
def test_a_strangers_page_reads_and_changes_nothing(
    page: Page, stack: Stack, world: World, stranger: Stranger, host: str
) -> None:
    """A4."""
    mark = f"stolen{new_number().strip('+')}"
    functions = stack.client("lambda").list_functions()["Functions"]
    handset = new_number()
    world.text(handset, new_number(), text="of our own")
    answered: list[tuple[str, int]] = []
    page.on("response", lambda response: answered.append((response.url, response.status)))
    page.goto(f"http://{host}:{stranger.port}/")
    answered.clear()

    outcomes = page.evaluate(_ATTACKS, {**_targets(stack, world), "mark": mark})

    assert len(outcomes) > 30
    assert [one for one in outcomes if one[1].startswith(("read", "shown"))] == []
    # As an image the API is asked without a word of the page, and wants credentials.
    assert {status for url, status in answered if url != f"{stack.url}/v1/Conversations"} == {403}
    assert {status for _, status in answered} <= {401, 403}
    assert _queues(stack, mark) == []
    assert stack.client("lambda").list_functions()["Functions"] == functions
    assert [text for _, text in world.read_by("+12065550150") if mark in text] == []
    assert world.read_by(handset) == [(handset, "of our own")]
    # What was tried would have worked: a program may ask for the same.
    status, _ = loopback.request(f"{stack.emulator.endpoint}/?Action=CreateQueue&QueueName={mark}-program")
    assert (status, len(_queues(stack, mark))) == (200, 1)


def test_a_name_that_points_here_reads_nothing(page: Page, stack: Stack, world: World) -> None:
    """A8. The page was loaded from its own server, and its name then points to this machine."""
    for url, path in (
        (stack.url, "/handsets"),
        (stack.url, "/network"),
        (stack.emulator.endpoint, "/_ministack/health"),
    ):
        origin = url.replace("127.0.0.1", browsers.REBOUND)
        page.route(f"{origin}/", lambda route: route.fulfill(body="<!doctype html>", content_type="text/html"))
        page.goto(f"{origin}/")
        status, body = page.evaluate(
            "async (path) => { const answer = await fetch(path); return [answer.status, await answer.text()]; }", path
        )
        assert (status, browsers.REBOUND in body) == (403, False)
        assert body.startswith("Ask 127.0.0.1:")
        posted = page.evaluate("async (path) => (await fetch(path, { method: 'POST', body: '{}' })).status", path)
        assert posted == 403


def _targets(stack: Stack, world: World) -> dict[str, str]:
    return {
        "emulator": stack.emulator.endpoint,
        "front": stack.url,
        "carrier": stack.carrier_url,
        "live": stack.deployment.live_url,
        "frontLive": stack.live_url,
    }


def _queues(stack: Stack, mark: str) -> list[str]:
    listed: list[str] = stack.client("sqs").list_queues(QueueNamePrefix=mark).get("QueueUrls", [])
    return listed


@contextmanager
def _serving(content: bytes) -> Iterator[int]:
    """A server of one page; its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *arguments: Any) -> None:
            pass

    with ThreadingHTTPServer((loopback.HOST, 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()
