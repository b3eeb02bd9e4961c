"""Pages in a real browser: the page of phones, and what a stranger's page can do to a Partyline that runs beside it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from local import loopback
from local.stack import Stack
from tests.support import browser as browsers
from tests.support.stack_world import PATIENCE, World, new_number, until

browsers.require()

PATIENCE_MS = PATIENCE * 1000


@pytest.fixture(scope="module")
def browser(stack: Stack) -> Iterator[Browser]:
    with browsers.browsing() as running:
        yield running


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of a browser that remembers nothing."""
    context = browser.new_context()
    try:
        yield context.new_page()
    finally:
        context.close()


# --- the page of phones


def test_phones_page_shows_a_text_that_is_typed_on_a_phone(page: Page, stack: Stack, world: World) -> None:
    said = f"typed in a browser {new_number()}"
    page.goto(stack.url)
    expect(page.locator("#live")).to_have_text("live")
    phone, other = (page.get_by_label(f"Phone 206-555-015{last}", exact=True) for last in (0, 1))
    phone.get_by_role("button", name="New text").click()
    # A group of its own: its conversation is new, and the agent lists the newest.
    for number in ("206-555-0111", "206-555-0151"):
        phone.get_by_role("group", name="Suggestions").get_by_role("button", name=number).click()
    phone.get_by_placeholder("Text message").fill(said)
    phone.get_by_placeholder("Text message").press("Enter")

    expect(phone.locator(".bubble.mine", has_text=said)).to_be_visible()
    expect(phone.locator(".bubble.mine", has_text=said).locator(".status")).to_have_text(
        "delivered", timeout=PATIENCE_MS
    )
    expect(other.get_by_role("list", name="Threads")).to_contain_text(said)
    agent = page.get_by_label("Agent", exact=True)
    row = agent.get_by_role("list", name="Conversations").get_by_role("button").filter(has_text=said)
    expect(row).to_be_visible(timeout=PATIENCE_MS)
    row.click()
    expect(agent.locator(".bubble", has_text=said)).to_be_visible(timeout=PATIENCE_MS)
    owner = until(lambda: world.owner("+12065550150", "+12065550151", "+12065550111"))
    assert owner is not None
    assert said in [body for _, _, body in until(lambda: world.messages(owner))]


@pytest.mark.parametrize("typed", ["555", "12345", "206-555", "Ann"])
def test_phones_page_adds_no_phone_for_what_is_no_number(page: Page, stack: Stack, typed: str) -> None:
    page.goto(stack.url)
    page.get_by_label("Number of a phone to add").fill(typed)
    page.get_by_role("button", name="Add phone").click()
    expect(page.get_by_role("alert").filter(has_text=typed)).to_contain_text("is no phone number")
    expect(page.locator(".phone")).to_have_count(3)


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
    [`${front}/agent/v1/Conversations`, {}],
    [`${front}/agent/token`, { method: "POST" }],
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
  const images = [`${emulator}/?${queue("image")}`, `${front}/agent/v1/Conversations`, `${front}/lines`];
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
