from __future__ import annotations

import json
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from partyline.auth import sign_in_attempts
from partyline.auth.oidc_provider import DENIED, ENDED, OidcProvider
from partyline.auth.provider_settings import Endpoints, FixedSettings
from partyline.errors import ProviderFailed, RequestFailed, SignInRefused
from partyline.http_client import HttpRequest, HttpResponse
from tests.support.identity_provider import CLIENT, ISSUER, FakeIdentityProvider, Person

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
RETURN = "https://api.example/session/return"
ATTEMPT, _ = sign_in_attempts.begin("root", NOW, bytes)


def answering(status: int, body: bytes) -> OidcProvider:
    def send(request: HttpRequest, *, timeout: float, max_body: int) -> HttpResponse:
        return HttpResponse(status, body[:max_body], complete=len(body) <= max_body)

    settings = FixedSettings(Endpoints("https://id.example/a?prompt=consent", "https://id.example/t"), lambda: CLIENT)
    return OidcProvider(ISSUER, "openid", settings, send)


def test_the_query_of_an_authorization_endpoint_stays() -> None:
    url = answering(200, b"").build_authorize_url(ATTEMPT, RETURN)
    query = parse_qs(urlsplit(url).query)
    assert query["prompt"] == ["consent"]
    assert query["redirect_uri"] == [RETURN]
    assert query["code_challenge"] == [ATTEMPT.challenge]
    assert ATTEMPT.verifier not in url


def test_the_exchange_is_the_request_that_the_standard_has() -> None:
    fake = FakeIdentityProvider(NOW, {"ann": Person("ann", ["admins"])})
    provider = fake.build()
    code = fake.sign_in(provider.build_authorize_url(ATTEMPT, RETURN), "ann")["code"]
    answer = provider.exchange_code(code, ATTEMPT, RETURN, NOW)
    assert answer.claims
    assert answer.claims.groups("cognito:groups") == {"admins"}
    [request] = fake.requests
    assert parse_qs(request.body.decode()) == {
        "grant_type": ["authorization_code"],
        "code": [code],
        "redirect_uri": [RETURN],
        "code_verifier": [ATTEMPT.verifier],
    }
    assert CLIENT.secret.encode() not in request.body


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        ("invalid_grant", ENDED),
        ("interaction_required", ENDED),
        ("login_required", ENDED),
        ("consent_required", ENDED),
        ("access_denied", DENIED),
    ],
)
def test_an_error_is_of_the_sign_in_or_of_the_person(error: str, reason: str) -> None:
    with pytest.raises(SignInRefused, match=reason):
        answering(400, json.dumps({"error": error}).encode()).refresh("r", "ann", NOW)


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (401, b'{"error": "invalid_client"}', "status_401"),
        (400, b'{"error": "unauthorized_client"}', "status_400"),
        (400, b'{"error": ["invalid_grant"]}', "status_400"),
        (429, b"{}", "status_429"),
        (503, b"<html>", "answer_503"),
        (200, b"[]", "answer_200"),
        (200, b"\xff", "answer_200"),
        (200, b"[" * 200_000, "answer_200"),
        (200, b'{"id_token": "' + b"x" * 300_000 + b'"}', "answer_200"),
        (200, b'{"id_token": 1}', "no_id_token"),
        (200, b'{"access_token": "a"}', "no_id_token"),
        (200, b'{"id_token": "a.b.c"}', "form"),
    ],
)
def test_an_error_of_the_client_or_the_provider_says_nothing_of_the_person(
    status: int, body: bytes, reason: str
) -> None:
    with pytest.raises(ProviderFailed, match=f"^{reason}$"):
        answering(status, body).exchange_code("code", ATTEMPT, RETURN, NOW)


def test_a_provider_that_does_not_answer_says_nothing_either() -> None:
    def send(request: HttpRequest, *, timeout: float, max_body: int) -> HttpResponse:
        raise RequestFailed("no connection", sent=False)

    settings = FixedSettings(Endpoints("https://id.example/a", "https://id.example/t"), lambda: CLIENT)
    with pytest.raises(ProviderFailed, match="no_answer"):
        OidcProvider(ISSUER, "openid", settings, send).refresh("r", "ann", NOW)


@pytest.mark.parametrize("given", ["", 1, None, "x" * 20_000])
def test_a_refresh_token_that_cannot_be_stored_is_none(given: object) -> None:
    fake = FakeIdentityProvider(NOW, {"ann": Person("ann", ["admins"])})
    provider = fake.build()
    code = fake.sign_in(provider.build_authorize_url(ATTEMPT, RETURN), "ann")["code"]
    whole = json.loads(fake.send(_exchange(provider, code), timeout=1, max_body=1).body)
    body = json.dumps({**whole, "refresh_token": given}).encode()
    assert answering(200, body).exchange_code("code", ATTEMPT, RETURN, NOW).refresh_token is None


def _exchange(provider: OidcProvider, code: str) -> HttpRequest:
    """The request by which a code is exchanged."""
    sent: list[HttpRequest] = []

    def send(request: HttpRequest, *, timeout: float, max_body: int) -> HttpResponse:
        sent.append(request)
        raise RequestFailed("kept")

    with pytest.raises(ProviderFailed):
        OidcProvider(provider.issuer, provider.scopes, provider.settings, send).exchange_code(
            code, ATTEMPT, RETURN, NOW
        )
    return sent[0]
