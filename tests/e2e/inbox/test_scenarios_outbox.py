"""Each text is sent exactly once, whatever becomes of the network: scenarios in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Error, Route, expect

from local.stack import Stack
from tests.support import browser as browsers
from tests.support.hands import BOTH, By, Hand
from tests.support.inbox_app import AppPage, InboxBrowser
from tests.support.inbox_screens import field, rows, send
from tests.support.offices import Office

browsers.require()

both = pytest.mark.parametrize("by", BOTH)

# What Chromium says of requests that a test cuts.
# It says so too where two requests for a token meet, of which one is told to wait.
CUT = ("net::ERR_FAILED", "net::ERR_INTERNET_DISCONNECTED", "WebSocket connection", "409 (Conflict)")


def is_post_of_message(route: Route) -> bool:
    return route.request.method == "POST" and route.request.url.endswith("/Messages")


class LostAnswers:
    """Requests for messages of which the API does everything, and the browser learns nothing."""

    def __init__(self, app: AppPage, most: int) -> None:
        self.lost = 0
        self._most = most
        app.page.context.route("**/Messages", self._handle)

    def _handle(self, route: Route) -> None:
        if not is_post_of_message(route) or self.lost >= self._most:
            route.fallback()
            return
        self.lost += 1
        try:
            route.fetch()
            route.abort()
        except Error:
            # The page went away meanwhile.
            return


@contextmanager
def no_sending(app: AppPage) -> Iterator[None]:
    """Within it no message comes to the API."""

    def cut(route: Route) -> None:
        if is_post_of_message(route):
            route.abort()
        else:
            route.fallback()

    app.page.context.route("**/Messages", cut)
    yield
    app.page.context.unroute("**/Messages", cut)


@both
def test_14_a_text_whose_answer_is_lost_is_sent_once(stack: Stack, inbox: InboxBrowser, office: Office, by: By) -> None:
    kay, bob = office.people("Kay", "Bob")
    scene = office.group("Lost", kay, bob)
    with inbox.page(stack.people.admin, scene.address) as app:
        answers = LostAnswers(app, 1)
        send(Hand(app, by), "Sunday?")
        expect(rows(app, "Sunday?")).to_contain_text("delivered")
        expect(rows(app, "Sunday?")).to_have_count(1)
        assert answers.lost == 1
        app.permit(*CUT)
        # The next one comes behind it, so that a second copy would have come before.
        send(Hand(app, by), "At noon")
        expect(rows(app, "At noon")).to_contain_text("delivered")
    assert office.bodies(scene) == ["Sunday?", "At noon"]
    for phone in (kay, bob):
        assert office.shown(phone, 2) == ["Sunday?", "At noon"]


@both
def test_14_also_when_the_page_is_loaded_again(stack: Stack, inbox: InboxBrowser, office: Office, by: By) -> None:
    kay, bob = office.people("Kay", "Bob")
    scene = office.group("Reload", kay, bob)
    with inbox.page(stack.people.admin, scene.address) as app:
        answers = LostAnswers(app, 1)
        with app.page.expect_event("requestfailed", lambda request: request.url.endswith("/Messages")):
            send(Hand(app, by), "Sunday?")
        app.page.reload()
        expect(rows(app, "Sunday?")).to_contain_text("delivered")
        expect(rows(app, "Sunday?")).to_have_count(1)
        send(Hand(app, by), "At noon")
        expect(rows(app, "At noon")).to_contain_text("delivered")
        assert answers.lost == 1
        app.permit(*CUT)
    assert office.bodies(scene) == ["Sunday?", "At noon"]
    assert office.shown(bob, 2) == ["Sunday?", "At noon"]


@both
def test_14_also_in_two_tabs(stack: Stack, inbox: InboxBrowser, office: Office, by: By) -> None:
    kay, bob = office.people("Kay", "Bob")
    scene = office.group("Tabs", kay, bob)
    with inbox.page(stack.people.admin, scene.address) as app:
        LostAnswers(app, 2)
        with inbox.tab(app, scene.address) as second:
            expect(field(second)).to_be_visible()
            app.page.bring_to_front()
            send(Hand(app, by), "From one")
            second.page.bring_to_front()
            send(Hand(second, by), "From the other")
            for tab in (app, second):
                expect(rows(tab, "From the other")).to_contain_text("delivered")
                for text in ("From one", "From the other"):
                    expect(rows(tab, text)).to_have_count(1)
            second.permit(*CUT)
        app.permit(*CUT)
    assert office.bodies(scene) == ["From one", "From the other"]
    assert office.shown(kay, 2) == ["From one", "From the other"]


@both
def test_15_what_is_written_offline_is_sent_later_in_order(
    stack: Stack, inbox: InboxBrowser, office: Office, by: By
) -> None:
    kay, bob = office.people("Kay", "Bob")
    scene = office.group("Offline", kay, bob)
    with inbox.page(stack.people.admin, scene.address) as app:
        hand = Hand(app, by)
        expect(field(app)).to_be_visible()
        app.page.context.set_offline(True)
        for text in ("First", "Second"):
            send(hand, text)
            expect(rows(app, text)).to_contain_text("waiting for the network")
        expect(app.page.get_by_role("status").filter(has_text="Offline since")).to_be_visible()
        hand.look()
        for text in ("One", "Two", "Three"):
            office.text(scene, kay, text)
            office.world.settle()
        assert "First" not in office.bodies(scene)

        with no_sending(app):
            app.page.context.set_offline(False)
            app.page.reload()
            for text in ("One", "Two", "Three", "First", "Second"):
                expect(rows(app, text)).to_have_count(1)
        expect(rows(app, "Second")).to_contain_text("delivered")
        for text in ("First", "Second"):
            expect(rows(app, text)).to_have_count(1)
        app.permit(*CUT)
    assert office.bodies(scene) == ["One", "Two", "Three", "First", "Second"]
    assert office.shown(kay, 2) == ["First", "Second"]
