"""What tells staff of new messages: notifications, their clicks, sound, title and icon, in a real browser.

Chromium without a profile reaches no push service, so the subscription is a stand-in; what is pushed comes by way of
the browser's debugger, and what shows it is the service worker of the app.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from local.stack import Stack
from tests.support import browser as browsers
from tests.support.inbox_app import AppPage, InboxBrowser
from tests.support.offices import Office, Scene
from tests.support.push_service import PushBrowser, PushService, from_text, listening
from tests.support.stack_world import new_number, until

browsers.require()
pytestmark = pytest.mark.slow

SETTINGS = "/settings/notifications"
ALLOWED: dict[str, Any] = {"permissions": ["notifications"]}

# A push service for the page: it subscribes as one does, and says so.
_PUSH_SERVICE = """
(form) => {
  let held = null;
  const make = () => ({
    endpoint: form.Endpoint,
    options: { applicationServerKey: null },
    toJSON: () => ({ endpoint: form.Endpoint, keys: { p256dh: form.P256dh, auth: form.Auth } }),
    unsubscribe: async () => { held = null; return true; },
  });
  PushManager.prototype.getSubscription = async () => held;
  PushManager.prototype.subscribe = async () => (held ??= make());
  window.isSubscribed = () => held !== null;
}
"""
# The sounds that the page makes, by their beginnings.
_LISTEN = """
window.tones = [];
const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (...given) {
  window.tones.push(this.frequency.value);
  return start.apply(this, given);
};
"""
_WORKER = """
async () => {
  const { active } = await navigator.serviceWorker.getRegistration();
  return active.state === "activated" ? active.scriptURL : null;
}
"""
_SHOWN = """
async () => {
  const registration = await navigator.serviceWorker.getRegistration();
  const shown = (await registration?.getNotifications()) ?? [];
  return shown.map(({ title, body, tag }) => [title, body, tag]);
}
"""


def begin(office: Office, name: str, owner: str = "") -> Scene:
    """A conversation with a contact whose name no other test has."""
    return office.pair(office.contact(name, owner=owner))


def say(office: Office, scene: Scene, text: str) -> None:
    """A text of the only member."""
    office.text(scene, scene.members[0], text)


@contextmanager
def notified(
    inbox: InboxBrowser, stack: Stack, *, text: bool = True, browser: PushBrowser | None = None, fresh: bool = False
) -> Iterator[AppPage]:
    """A page of the admin, who has switched notifications of all messages on, and sees the settings."""
    with inbox.page(stack.people.admin, SETTINGS, fresh=fresh, **ALLOWED) as app:
        form = (browser or PushBrowser(f"https://push.example/{new_number()}")).form()
        app.page.context.add_init_script(f"({_PUSH_SERVICE})({json.dumps(form)})")
        app.page.reload()
        # The list is read when the live connection is there: what is received before is in it, and no news.
        app.go("/")
        entries = app.page.get_by_role("list", name="Conversations")
        expect(entries.or_(app.page.get_by_text("No conversations yet"))).to_be_visible()
        app.go(SETTINGS)
        app.page.get_by_role("radio", name="All").check()
        app.page.get_by_role("switch", name="Notifications").click()
        expect(app.page.get_by_text("Shown also while no page of the inbox is open.")).to_be_visible()
        if text:
            app.page.get_by_role("switch", name="Show the sender and the text").click()
        yield app


def row_of(app: AppPage, scene: Scene) -> Locator:
    """The conversation in the list."""
    return app.page.get_by_role("list", name="Conversations").get_by_role("listitem").filter(has_text=scene.title)


def shown(page: Page) -> list[list[str]]:
    """Title, body and tag of the notifications on the screen."""
    found: list[list[str]] = page.evaluate(_SHOWN)
    return found


def wait_for(page: Page, notification: list[str]) -> None:
    """Wait until a notification is on the screen."""
    seen = until(lambda: shown(page), lambda all_shown: notification in all_shown)
    assert notification in seen


def push(app: AppPage, notice: dict[str, Any]) -> None:
    """Have the browser receive what a push service sends."""
    session = app.page.context.new_cdp_session(app.page)
    found: set[str] = set()

    def note(event: dict[str, Any]) -> None:
        ours = [one for one in event["registrations"] if one["scopeURL"] == app.url and not one["isDeleted"]]
        found.update(one["registrationId"] for one in ours)

    session.on("ServiceWorker.workerRegistrationUpdated", note)
    session.send("ServiceWorker.enable")
    # What the browser tells is heard while it is asked something.
    until(lambda: app.page.evaluate("0") or found)
    [registration] = found
    delivered = {"origin": app.url.removesuffix("/inbox/"), "registrationId": registration, "data": json.dumps(notice)}
    session.send("ServiceWorker.deliverPushMessage", delivered)
    session.detach()


def test_a_text_is_shown_and_its_click_opens_the_conversation(
    stack: Stack, inbox: InboxBrowser, office: Office
) -> None:
    with notified(inbox, stack) as app:
        kay = begin(office, "Kay")
        say(office, kay, "On my way")
        wait_for(app.page, [kay.title, "On my way", kay.sid])
        say(office, kay, "Nearly there")
        wait_for(app.page, [kay.title, "Nearly there", kay.sid])
        # A newer one takes the place of the older one.
        assert [tag for _, _, tag in shown(app.page)].count(kay.sid) == 1
        click(app, kay.sid)
        expect(app.page.get_by_role("list", name="Messages")).to_contain_text("Nearly there")
        assert app.page.url.endswith(f"#/c/{kay.sid}")
        # What has been read leaves the screen.
        until(lambda: shown(app.page), lambda left: not left)
        assert shown(app.page) == []


def click(app: AppPage, tag: str) -> None:
    """Click a notification. Nobody has pressed anything, so the browser brings no page to the front."""
    [worker] = app.page.context.service_workers[-1:]
    worker.evaluate(
        """async (tag) => {
          const [notification] = await self.registration.getNotifications({ tag });
          self.dispatchEvent(new NotificationEvent("notificationclick", { notification }));
        }""",
        tag,
    )


def test_without_the_text_nobody_is_named(stack: Stack, inbox: InboxBrowser, office: Office) -> None:
    with notified(inbox, stack, text=False) as app:
        kay = begin(office, "Kay")
        say(office, kay, "On my way")
        wait_for(app.page, ["New message", "", kay.sid])


def test_what_is_seen_muted_or_said_by_staff_is_not_shown(stack: Stack, inbox: InboxBrowser, office: Office) -> None:
    with notified(inbox, stack) as app:
        seen, muted, last = begin(office, "Seen"), begin(office, "Muted"), begin(office, "Last")
        with inbox.tab(app, f"/c/{muted.sid}") as other:
            other.page.get_by_role("button", name="More").click()
            other.page.get_by_role("menuitem", name="Mute").click()
            other.go(f"/c/{seen.sid}")
            other.page.get_by_label("Write a text").fill("Hello")
            other.press("Enter")
            for silent in (seen, muted):
                say(office, silent, "Not shown")
            expect(other.page.get_by_role("list", name="Messages")).to_contain_text("Not shown")
            expect(row_of(other, muted)).to_contain_text("Not shown")
            say(office, last, "Liked “Hello”")
            say(office, last, "Shown")
            wait_for(app.page, [last.title, "Shown", last.sid])
            assert [title for title, _, _ in shown(app.page)] == [last.title]


def test_mine_are_those_that_are_assigned_or_have_a_contact_of_the_person(
    stack: Stack, inbox: InboxBrowser, office: Office
) -> None:
    ann = office.identity(stack.people.admin)
    with notified(inbox, stack) as app:
        app.page.get_by_role("radio", name="Mine").check()
        theirs, assigned, owned = begin(office, "Theirs"), begin(office, "Assigned"), begin(office, "Owned", owner=ann)
        office.account.made(assigned.path, {"Assignee": ann})
        for one in (theirs, assigned, owned):
            say(office, one, "Hello")
        wait_for(app.page, [assigned.title, "Hello", assigned.sid])
        wait_for(app.page, [owned.title, "Hello", owned.sid])
        assert theirs.sid not in [tag for _, _, tag in shown(app.page)]


def test_what_is_pushed_is_shown_while_no_page_is_in_sight(stack: Stack, inbox: InboxBrowser, office: Office) -> None:
    """From the handset through the carrier, the stream, the push function and its encryption to the worker."""
    kay = begin(office, "Kay")
    service = PushService(b"", time.time(), stack.url.replace("http:", "https:"))
    with listening(service) as base:
        browser = PushBrowser(f"{base}{kay.sid}")
        with notified(inbox, stack, browser=browser) as app:
            service.key = from_text(read_key(app))
            until(lambda: app.page.evaluate(_WORKER), lambda address: str(address).endswith("/sw.js?text"))
            visible = {"type": "message", "conversation_sid": kay.sid, "index": 0, "title": "Visible", "text": "Hello"}
            push(app, visible)
            # The phones are no page of the app.
            app.page.goto(stack.url)
            app.permit("favicon")
            say(office, kay, "Are you there?")
            [notice] = until(lambda: service.notices(browser))
            push(app, notice)
            push(app, {"type": "something newer"})
            app.go(SETTINGS)
            expected = [[kay.title, "Are you there?", kay.sid], ["New message", "", "general"]]
            seen = until(lambda: shown(app.page), lambda all_shown: len(all_shown) >= len(expected))
            assert sorted(seen) == expected


def read_key(app: AppPage) -> str:
    """The key with which browsers subscribe at this stack."""
    read = """async () => {
      const given = { method: "POST", headers: { "X-Partyline-Session": "1" } };
      const { token } = await (await fetch("../session/token", given)).json();
      const headers = { Authorization: `Bearer ${token}` };
      return (await (await fetch("../v1/PushSubscriptions/Key", { headers })).json()).public_key;
    }"""
    return str(app.page.evaluate(read))


def test_who_signs_out_leaves_neither_notifications_nor_a_worker(
    stack: Stack, inbox: InboxBrowser, office: Office
) -> None:
    with notified(inbox, stack, fresh=True) as app:
        kay = begin(office, "Kay")
        say(office, kay, "On my way")
        wait_for(app.page, [kay.title, "On my way", kay.sid])
        app.page.get_by_role("button", name="Account of Ann").click()
        app.page.get_by_role("menuitem", name="Sign out").click()
        expect(app.page.get_by_role("heading", name="Sign in to Partyline")).to_be_visible()
        gone = "async () => (await navigator.serviceWorker.getRegistrations()).length"
        until(lambda: app.page.evaluate(gone), lambda count: count == 0)
        assert app.page.evaluate(gone) == 0
        assert shown(app.page) == []


def test_notifications_can_be_switched_off_by_keyboard(stack: Stack, inbox: InboxBrowser) -> None:
    with notified(inbox, stack) as app:
        app.tab_to("Notifications", role="switch")
        app.press("Space")
        expect(app.page.get_by_role("switch", name="Notifications")).not_to_be_checked()
        expect(app.page.get_by_role("switch", name="Show the sender and the text")).to_be_disabled()
        until(lambda: app.page.evaluate("window.isSubscribed()"), lambda subscribed: not subscribed)
        gone = "async () => (await navigator.serviceWorker.getRegistrations()).length"
        until(lambda: app.page.evaluate(gone), lambda count: count == 0)
        assert app.page.evaluate(gone) == 0
        app.press("Space")
        expect(app.page.get_by_text("Shown also while no page of the inbox is open.")).to_be_visible()


def test_the_settings_say_what_stands_in_the_way(stack: Stack, inbox: InboxBrowser) -> None:
    with inbox.page(stack.people.admin, SETTINGS) as app:
        app.tab_to("Notifications", role="switch")
        # Without a screen to ask on, this browser refuses.
        app.press("Space")
        expect(app.page.get_by_text("This browser blocks notifications of the inbox.")).to_be_visible()
        expect(app.page.get_by_role("switch", name="Notifications")).to_be_disabled()
        app.look()


def test_messages_that_arrive_together_make_one_sound_in_one_tab(
    stack: Stack, inbox: InboxBrowser, office: Office
) -> None:
    with inbox.page(stack.people.admin, SETTINGS) as app:
        app.page.context.add_init_script(_LISTEN)
        app.page.reload()
        # The list is read when the live connection is there: what is received before is in it, and no news.
        app.go("/")
        entries = app.page.get_by_role("list", name="Conversations")
        expect(entries.or_(app.page.get_by_text("No conversations yet"))).to_be_visible()
        app.go(SETTINGS)
        app.page.get_by_role("radio", name="All").check()
        app.page.get_by_role("switch", name="Sound").click()
        # So that one knows it.
        assert len(app.page.evaluate("tones")) == 2
        with inbox.tab(app) as other:
            other.page.get_by_label("Search conversations").click()
            kay = begin(office, "Kay")
            for text in ("One", "Two", "Three"):
                say(office, kay, text)
            expect(row_of(other, kay)).to_contain_text("3 unread messages")
            tones = until(lambda: count_tones(app, other), lambda count: count == 4)
            assert tones == count_tones(app, other) == 4


def count_tones(*tabs: AppPage) -> int:
    """How many tones the tabs have made."""
    return sum(len(tab.page.evaluate("tones")) for tab in tabs)


def test_title_and_icon_say_how_much_is_unread(stack: Stack, inbox: InboxBrowser, office: Office) -> None:
    with inbox.page(stack.people.admin) as app:
        icon = app.page.locator("link[rel=icon]")
        kay = begin(office, "Kay")
        say(office, kay, "On my way")
        expect(row_of(app, kay)).to_contain_text("On my way")
        expect(icon).to_have_attribute("href", "./icons/icon-unread.svg")
        assert app.page.title().startswith("(")
