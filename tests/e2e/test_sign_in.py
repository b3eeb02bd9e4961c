"""Staff sign in through the emulator's Cognito and the front, over HTTP, and use the API with the token they get."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urljoin

import pytest
import urllib3

from local.people import Person
from local.stack import Stack
from tests.support import browser as browsers
from tests.support.stack_world import World

_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
_FIELD = re.compile(r'<(?:input|button)[^>]* name="(username|password|challenge)"')
_SESSION = "__Host-partyline"


@dataclass
class Visitor:
    """A browser without scripts: it keeps cookies, follows redirects and fills in forms."""

    base: str
    cookies: dict[str, str] = field(default_factory=dict)
    http: urllib3.PoolManager = field(default_factory=urllib3.PoolManager)

    def ask(self, method: str, url: str, body: str | None = None, **headers: str) -> urllib3.BaseHTTPResponse:
        sent = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()), **headers}
        answer = self.http.request(method, urljoin(self.base, url), body=body, headers=sent, redirect=False)
        for cookie in answer.headers.getlist("Set-Cookie"):
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
            if "Max-Age=0" in cookie:
                del self.cookies[name]
        return answer

    def sign_in(self, person: Person) -> urllib3.BaseHTTPResponse:
        """Go through the provider's forms; returns the answer that brings the person to us, or what came instead."""
        answer = self.ask("GET", "/session/start")
        known = {"username": person.name, "password": person.password, "challenge": "PASSWORD"}
        for _ in range(8):
            if location := answer.headers.get("Location"):
                if "/session/return" in location:
                    return self.ask("GET", location)
                answer = self.ask("GET", location)
            else:
                page = answer.data.decode()
                form = {name: html.unescape(value) for name, value in _HIDDEN.findall(page)}
                form |= {name: known[name] for name in _FIELD.findall(page)}
                kind = {"Content-Type": "application/x-www-form-urlencoded"}
                answer = self.ask("POST", "/login", urlencode(form), **kind)
        raise AssertionError(f"the forms do not end: {answer.data.decode()}")

    def token(self, origin: str | None = None) -> tuple[int, dict[str, Any]]:
        """Ask for an access token as a page does."""
        guard = {"Origin": origin or self.base, "X-Partyline-Session": "1"}
        answer = self.ask("POST", "/session/token", **guard)
        return answer.status, json.loads(answer.data)


@pytest.fixture
def visitor(world: World) -> Visitor:
    return Visitor(world.url)


@contextmanager
def in_group(stack: Stack, person: Person, group: str) -> Iterator[None]:
    """Put a person into another group of the pool for a while, as an administrator does."""
    cognito, pool = stack.client("cognito-idp"), stack.output("UserPoolId")

    def move(leave: str, enter: str) -> None:
        known = {"UserPoolId": pool, "Username": person.name}
        cognito.admin_remove_user_from_group(**known, GroupName=leave)
        cognito.admin_add_user_to_group(**known, GroupName=enter)

    move(person.group, group)
    try:
        yield
    finally:
        move(group, person.group)


def read_user(world: World, token: str, identity: str) -> int:
    """Read a user with an access token; returns the status."""
    answer = world.request("GET", f"/v1/Users/{identity}", Authorization=f"Bearer {token}")
    return answer.status


def test_staff_sign_in_through_cognito_and_lose_a_role_with_the_next_token(
    stack: Stack, world: World, visitor: Visitor
) -> None:
    assert visitor.sign_in(stack.people.admin).status == 303
    assert set(visitor.cookies) == {_SESSION}
    status, given = visitor.token()
    assert (status, given["identity"], given["role"]) == (200, "ann", "inbox admin")
    assert read_user(world, given["token"], "ann") == 200
    session = json.loads(visitor.ask("GET", "/session").data)
    assert session["live_url"] == stack.live_url
    with in_group(stack, stack.people.admin, "limited"):
        assert visitor.token()[1]["role"] == "inbox limited"
    assert visitor.token()[1]["role"] == "inbox admin"


def test_a_page_of_another_origin_gets_no_token(stack: Stack, visitor: Visitor) -> None:
    assert visitor.sign_in(stack.people.limited).status == 303
    guard = {"Origin": "https://evil.example", "X-Partyline-Session": "1"}
    assert visitor.ask("POST", "/session/token", **guard).status == 403
    assert visitor.token()[1]["identity"] == "ben"


def test_a_replayed_redirect_is_refused(stack: Stack, visitor: Visitor) -> None:
    first = visitor.ask("GET", "/session/start")
    thief = Visitor(visitor.base, dict(visitor.cookies))
    assert first.status == 302
    visitor.cookies.clear()
    assert visitor.sign_in(stack.people.admin).status == 303
    # The state of one attempt and the cookie of another.
    assert thief.ask("GET", "/session/return?code=made-up&state=made-up").status == 400
    assert _SESSION not in thief.cookies


@pytest.mark.skipif(browsers.EXECUTABLE is None, reason="no browser is on PATH")
def test_a_browser_keeps_the_cookies_and_a_script_cannot_read_them(stack: Stack, world: World) -> None:
    """Chromium takes `__Host-` cookies over plain HTTP from this machine, which it trusts."""
    person = stack.people.admin
    ask = "fetch('/session/token', {method: 'POST', headers: {'X-Partyline-Session': '1'}}).then(found => found.json())"
    with browsers.browsing() as browser, browsers.new_context(browser) as context:
        page = context.new_page()
        page.goto(f"{world.url}/session/start")
        page.fill("input[name=username]", person.name)
        page.click("button[type=submit]")
        page.fill("input[name=password]", person.password)
        page.click("button[type=submit]")
        page.wait_for_url(f"{world.url}/inbox/")
        page.goto(f"{world.url}/session")
        assert json.loads(page.inner_text("body"))["user"]["identity"] == "ann"
        assert read_user(world, page.evaluate(ask)["token"], "ann") == 200
        assert page.evaluate("document.cookie") == ""
