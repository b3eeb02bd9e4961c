from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from partyline.auth.provider_settings import (
    ClientCredentials,
    DiscoveredSettings,
    Endpoints,
    FixedSettings,
    UserPoolClient,
    check_endpoints,
)
from partyline.errors import ProviderFailed, RequestTimedOut
from partyline.http_client import HttpRequest, HttpResponse

ISSUER = "https://id.example/tenant"
DOCUMENT = {
    "issuer": ISSUER,
    "authorization_endpoint": "https://id.example/authorize",
    "token_endpoint": "https://id.example/token",
}
FOUND = Endpoints("https://id.example/authorize", "https://id.example/token")


def read_client() -> ClientCredentials:
    return ClientCredentials("client", "secret")


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


class Server:
    """Answers each request for the discovery document alike."""

    def __init__(self, status: int = 200, body: bytes = json.dumps(DOCUMENT).encode()) -> None:
        self.asked: list[str] = []
        self._answer = HttpResponse(status, body)

    def send(self, request: HttpRequest, *, timeout: float, max_body: int) -> HttpResponse:
        self.asked.append(request.url)
        return self._answer


def test_endpoints_are_discovered_once_in_five_minutes() -> None:
    server, clock = Server(), Clock()
    settings = DiscoveredSettings(ISSUER, read_client, server.send, clock)
    assert settings.endpoints() == settings.endpoints() == FOUND
    assert server.asked == [f"{ISSUER}/.well-known/openid-configuration"]
    clock.seconds = 300
    assert settings.endpoints() == FOUND
    assert len(server.asked) == 2


def test_the_slash_at_an_issuers_end_is_part_of_its_name_only() -> None:
    document = {**DOCUMENT, "issuer": f"{ISSUER}/"}
    server = Server(body=json.dumps(document).encode())
    assert DiscoveredSettings(f"{ISSUER}/", read_client, server.send, Clock()).endpoints() == FOUND
    assert server.asked == [f"{ISSUER}/.well-known/openid-configuration"]


@pytest.mark.parametrize(
    ("status", "document", "reason"),
    [
        (404, DOCUMENT, "discovery"),
        (200, {**DOCUMENT, "issuer": "https://evil.example"}, "discovery"),
        (200, {name: value for name, value in DOCUMENT.items() if name != "issuer"}, "discovery"),
        (200, [], "discovery"),
        (200, {**DOCUMENT, "token_endpoint": "http://id.example/token"}, "no_tls"),
        (200, {**DOCUMENT, "token_endpoint": None}, "no_tls"),
        (200, {"issuer": ISSUER}, "no_tls"),
    ],
)
def test_a_document_that_cannot_be_used_is_refused_and_asked_for_again(
    status: int, document: object, reason: str
) -> None:
    server = Server(status, json.dumps(document).encode())
    settings = DiscoveredSettings(ISSUER, read_client, server.send, Clock())
    for _ in range(2):
        with pytest.raises(ProviderFailed, match=reason):
            settings.endpoints()
    assert len(server.asked) == 2


@pytest.mark.parametrize("body", [b"", b"<html>", b"[" * 100_000, b"\xff"])
def test_an_answer_that_is_no_document_is_refused(body: bytes) -> None:
    with pytest.raises(ProviderFailed):
        DiscoveredSettings(ISSUER, read_client, Server(body=body).send, Clock()).endpoints()


def test_a_provider_that_does_not_answer_is_no_error_of_ours() -> None:
    def send(request: HttpRequest, *, timeout: float, max_body: int) -> HttpResponse:
        raise RequestTimedOut("no answer in time")

    with pytest.raises(ProviderFailed, match="no_discovery"):
        DiscoveredSettings(ISSUER, read_client, send, Clock()).endpoints()


@pytest.mark.parametrize("url", ["https://id.example/x?y=z", "http://127.0.0.1:4566/x", "http://[::1]:4566/x"])
def test_tls_or_this_machine_is_safe(url: str) -> None:
    assert check_endpoints(Endpoints(url, url)) == (url, url)


@pytest.mark.parametrize(
    "url",
    ["", "x", "http://id.example/x", "http://10.0.0.1/x", "http://localhost/x", "ftp://127.0.0.1/x", "https:///x",
     "http://127.0.0.1.evil.example/x", "https://[::1"],
)  # fmt: skip
def test_every_other_endpoint_is_refused(url: str) -> None:
    with pytest.raises(ProviderFailed, match="no_tls"):
        FixedSettings(Endpoints("https://id.example/x", url), read_client).endpoints()


class Cognito:
    """Cognito with one pool, as boto3 shows it."""

    def __init__(self, *clients: str, fails: bool = False) -> None:
        self.calls = 0
        self._clients, self._fails = clients, fails

    def list_user_pool_clients(self, **given: Any) -> dict[str, Any]:
        self.calls += 1
        assert given["UserPoolId"] == "pool-1"
        if self._fails:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": ""}}, "ListUserPoolClients")
        return {"UserPoolClients": [{"ClientId": client} for client in self._clients]}

    def describe_user_pool_client(self, **given: Any) -> dict[str, Any]:
        return {"UserPoolClient": {"ClientId": given["ClientId"], "ClientSecret": f"secret {self.calls}"}}


def test_the_only_client_of_a_pool_is_found_and_read_again_after_five_minutes() -> None:
    cognito, clock = Cognito("client-1"), Clock()
    client = UserPoolClient(cognito, "pool-1", clock)
    assert client.read() == client.read() == ("client-1", "secret 1")
    clock.seconds = 300
    assert client.read() == ("client-1", "secret 2")


@pytest.mark.parametrize("cognito", [Cognito(), Cognito("client-1", "client-2"), Cognito("client-1", fails=True)])
def test_a_pool_without_one_client_signs_nobody_in(cognito: Cognito) -> None:
    with pytest.raises(ProviderFailed, match="pool"):
        UserPoolClient(cognito, "pool-1", Clock()).read()
