"""An identity provider for tests: it takes the requests of `OidcProvider` and answers as OpenID Connect says."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import jwt

from partyline.auth.oidc_provider import OidcProvider
from partyline.auth.provider_settings import ClientCredentials, Endpoints, FixedSettings
from partyline.http_client import HttpRequest, HttpResponse

ISSUER = "https://id.example/pool"
CLIENT = ClientCredentials("client-1", "s/ecret+1")
ENDPOINTS = Endpoints("https://id.example/authorize", "https://id.example/token")


@dataclass
class Person:
    """A person whom the provider knows."""

    subject: str
    groups: list[str]
    claims: dict[str, Any] = field(default_factory=dict)
    disabled: bool = False
    denied: bool = False


@dataclass
class FakeIdentityProvider:
    """Holds people, codes and refresh tokens. `rotates`: each refresh gives another refresh token."""

    now: datetime
    people: dict[str, Person] = field(default_factory=dict)
    rotates: bool = False
    gives_refresh_tokens: bool = True
    gives_id_token_at_refresh: bool = True
    down: bool = False
    # Claims that replace those of the next ID token.
    forged: dict[str, Any] = field(default_factory=dict)
    requests: list[HttpRequest] = field(default_factory=list)
    _codes: dict[str, dict[str, str]] = field(default_factory=dict)
    _refresh_tokens: dict[str, str] = field(default_factory=dict)

    def build(self) -> OidcProvider:
        """Build our side of it."""
        return OidcProvider(ISSUER, "openid email", FixedSettings(ENDPOINTS, lambda: CLIENT), self.send)

    def sign_in(self, url: str, name: str) -> dict[str, str]:
        """Do what a person does at the authorization endpoint; returns the query of the redirect back."""
        parts = urlsplit(url)
        assert url.startswith(ENDPOINTS.authorize)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        assert query["response_type"] == "code"
        assert (query["client_id"], query["code_challenge_method"]) == (CLIENT.client_id, "S256")
        code = f"code-{len(self._codes)}"
        self._codes[code] = {**query, "name": name}
        return {"code": code, "state": query["state"]}

    def send(self, request: HttpRequest, *, timeout: float, max_body: int) -> HttpResponse:
        """Answer the token endpoint."""
        self.requests.append(request)
        if self.down:
            return HttpResponse(503, b"busy")
        assert (request.method, request.url) == ("POST", ENDPOINTS.token)
        pair = base64.b64decode(request.headers["Authorization"].removeprefix("Basic ")).decode()
        assert pair == "client-1:s%2Fecret%2B1"
        form = dict(parse_qsl(request.body.decode()))
        answer = self._by_code(form) if form["grant_type"] == "authorization_code" else self._by_refresh(form)
        status = 400 if "error" in answer else 200
        return HttpResponse(status, json.dumps(answer).encode())

    def _by_code(self, form: dict[str, str]) -> dict[str, Any]:
        begun = self._codes.pop(form["code"], None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=")
        if begun is None or begun["code_challenge"] != challenge.decode():
            return {"error": "invalid_grant"}
        assert form["redirect_uri"] == begun["redirect_uri"]
        return self._tokens(begun["name"], nonce=begun["nonce"], refresh_token=self._new_refresh_token(begun["name"]))

    def _by_refresh(self, form: dict[str, str]) -> dict[str, Any]:
        name = self._refresh_tokens.get(form["refresh_token"])
        if name is None or self.people[name].disabled:
            return {"error": "invalid_grant"}
        if self.people[name].denied:
            return {"error": "access_denied"}
        if not self.rotates:
            return self._tokens(name)
        del self._refresh_tokens[form["refresh_token"]]
        return self._tokens(name, refresh_token=self._new_refresh_token(name))

    def end_sign_in(self) -> None:
        """End the first sign-in that still goes on."""
        del self._refresh_tokens[next(iter(self._refresh_tokens))]

    def _new_refresh_token(self, name: str) -> str:
        token = f"refresh-{len(self.requests)}"
        self._refresh_tokens[token] = name
        return token

    def _tokens(self, name: str, *, nonce: str | None = None, refresh_token: str | None = None) -> dict[str, Any]:
        person = self.people[name]
        moment = int(self.now.timestamp())
        claims = {
            "iss": ISSUER,
            "aud": CLIENT.client_id,
            "sub": person.subject,
            "iat": moment,
            "exp": moment + 300,
            "cognito:groups": person.groups,
            **person.claims,
            **({"nonce": nonce} if nonce else {}),
            **self.forged,
        }
        self.forged = {}
        answer: dict[str, Any] = {"access_token": "provider-access-token", "token_type": "Bearer"}
        if nonce or self.gives_id_token_at_refresh:
            answer["id_token"] = jwt.encode(claims, "k" * 32, algorithm="HS256")
        if refresh_token and self.gives_refresh_tokens:
            answer["refresh_token"] = refresh_token
        return answer
