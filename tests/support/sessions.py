"""A browser and the session endpoint, with a provider of its own: what the tests of sign-in drive."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from partyline.api.session_endpoint import SessionEndpoint
from partyline.auth.sign_in import SignIn
from partyline.auth.user_admission import AdmissionRules
from partyline.storage.table import Table
from tests.support.api_harness import ACCOUNT, BASE, HOST, ROOT, Clock, proxy_event
from tests.support.identity_provider import FakeIdentityProvider, Person
from tests.support.our_openapi import check_answer

ROLES = {"admins": "inbox admin", "staff": "inbox member", "limited": "inbox limited"}
LIVE_URL = "wss://live.example/prod"
GUARD = {"Origin": f"https://{HOST}", "X-Partyline-Session": "1"}


@dataclass(frozen=True)
class Seen:
    """An answer as a browser sees it."""

    status: int
    headers: dict[str, str]
    cookies: list[str]
    text: str

    @property
    def json(self) -> Any:
        """The body, read."""
        return json.loads(self.text)


@dataclass
class SessionWorld:
    """The endpoint on a table, and a provider with two people."""

    table: Table
    clock: Clock = field(default_factory=Clock)
    identity_claim: str = "sub"
    groups_claim: str = "cognito:groups"
    landing: str = "session"
    roles: Mapping[str, str] = field(default_factory=lambda: ROLES)

    def __post_init__(self) -> None:
        self.provider = FakeIdentityProvider(
            self.clock(),
            {"ann": Person("ann", ["admins"], {"name": "Ann"}), "ben": Person("ben", ["limited"])},
        )
        rules = AdmissionRules(self.identity_claim, self.groups_claim, self.roles)
        self.sign_in = SignIn(self.table, ACCOUNT, lambda: ROOT, self.clock, self.provider.build(), rules)
        self.endpoint = SessionEndpoint(self.sign_in, "", LIVE_URL, self.landing, 10)

    def tick(self, **by: float) -> None:
        """Let time pass, for the provider too."""
        self.clock.tick(**by)
        self.provider.now = self.clock()


@dataclass
class Browser:
    """Keeps cookies as a browser does, and says of which page a request is."""

    world: SessionWorld
    cookies: dict[str, str] = field(default_factory=dict)

    def ask(
        self, method: str, path: str, query: dict[str, str] | None = None, headers: dict[str, str] | None = None
    ) -> Seen:
        """Send a request and keep the cookies of the answer."""
        sent = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()), **(headers or {})}
        event = proxy_event(method, path, (query or {}).items(), sent)
        response = self.world.endpoint.serve({**event, "resource": path})
        json.dumps(response)
        cookies = response.get("multiValueHeaders", {}).get("Set-Cookie", [])
        for cookie in cookies:
            pair, *flags = cookie.split("; ")
            name, _, value = pair.partition("=")
            # What the prefix demands, or a browser drops the cookie.
            assert name.startswith("__Host-")
            assert {"Path=/", "Secure", "HttpOnly", "SameSite=Lax"} <= set(flags)
            assert not any(flag.startswith("Domain") for flag in flags)
            self.cookies[name] = value
            if "Max-Age=0" in flags:
                del self.cookies[name]
        assert response["headers"]["Cache-Control"] == "no-store"
        if response["headers"].get("Content-Type") == "application/json":
            check_answer(method, path, response["statusCode"], json.loads(response["body"] or "null"))
        return Seen(response["statusCode"], response["headers"], cookies, response["body"])

    def start(self) -> str:
        """Begin to sign in; returns the provider's URL."""
        answer = self.ask("GET", "/session/start")
        assert (answer.status, answer.text) == (302, "")
        return answer.headers["Location"]

    def come_back(self, query: dict[str, str]) -> Seen:
        """Be sent back by the provider."""
        return self.ask("GET", "/session/return", query)

    def try_to_sign_in(self, name: str) -> Seen:
        """Go all the way, whatever comes of it."""
        return self.come_back(self.world.provider.sign_in(self.start(), name))

    def sign_in(self, name: str) -> None:
        """Sign in as somebody who has access."""
        answer = self.try_to_sign_in(name)
        assert (answer.status, answer.headers["Location"]) == (303, f"{BASE}/session"), answer.text

    def ask_for_token(self) -> Seen:
        """Ask for an access token as a page of our own does."""
        return self.ask("POST", "/session/token", headers=GUARD)

    def token(self) -> str:
        """Get an access token."""
        answer = self.ask_for_token()
        assert answer.status == 200, answer.text
        return str(answer.json["token"])


def query_of(url: str) -> dict[str, str]:
    """The query of a URL."""
    return dict(parse_qsl(urlsplit(url).query))
