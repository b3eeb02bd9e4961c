from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from partyline.carriers import registry
from partyline.carriers.base import (
    Carrier,
    OutboundText,
    WebhookRequest,
)
from partyline.carriers.registry import CARRIERS, build_carrier
from partyline.errors import SendError, WebhookRefused
from partyline.http_client import HttpRequest, HttpResponse
from tests.support.carrier_contract import SECRETS


def never(request: HttpRequest) -> HttpResponse:
    raise AssertionError(request.url)


def asked_url(name: str, urls: dict[str, str]) -> str:
    asked: list[str] = []

    def transport(request: HttpRequest) -> HttpResponse:
        asked.append(request.url)
        return HttpResponse(500, b"")

    carrier: Carrier = build_carrier(name, SECRETS, transport, urls)
    with pytest.raises(SendError):
        carrier.send(OutboundText("+12065550100", ("+12065550101",), "Hey"))
    return asked[0]


def test_every_carrier_is_registered_under_its_own_name() -> None:
    assert {name: build_carrier(name, SECRETS, never).limits.recipients for name in CARRIERS} == {
        "bandwidth": 10,
        "telnyx": 8,
        "twilio": 9,
        "vonage": 9,
    }
    assert all(build_carrier(name, SECRETS, never).name == name for name in CARRIERS)


@pytest.mark.parametrize(
    ("name", "urls", "url"),
    [
        ("bandwidth", {}, "https://messaging.bandwidth.com/api/v2/users/5500001/messages"),
        ("telnyx", {}, "https://api.telnyx.com/v2/messages"),
        ("twilio", {}, "https://api.twilio.com/2010-04-01/Accounts/AC0/Messages.json"),
        ("vonage", {}, "https://api.nexmo.com/v1/messages"),
        ("bandwidth", {"bandwidth_url": "http://127.0.0.1:9/bw/"}, "http://127.0.0.1:9/bw/users/5500001/messages"),
        ("telnyx", {"telnyx_url": "http://127.0.0.1:9"}, "http://127.0.0.1:9/messages"),
        (
            "twilio",
            {"twilio_url": "", "telnyx_url": "x"},
            "https://api.twilio.com/2010-04-01/Accounts/AC0/Messages.json",
        ),
    ],
)
def test_base_urls_can_be_set(name: str, urls: dict[str, str], url: str) -> None:
    assert asked_url(name, urls) == url


def test_only_carriers_of_which_there_are_secrets_are_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def record(name: str) -> Any:
        asked.append(name)
        return CARRIERS[name]()

    monkeypatch.setattr(registry, "CARRIERS", {name: partial(record, name) for name in CARRIERS})
    given = {name: value for name, value in SECRETS.items() if name.startswith("telnyx_")}
    registry.load_complete(given | {"twilio_auth_token": "", "other_key": "x"})
    assert asked == ["telnyx"]


@pytest.mark.parametrize("name", ["", "pigeon", "Twilio"])
def test_unknown_carrier_is_named(name: str) -> None:
    with pytest.raises(LookupError):
        build_carrier(name, SECRETS, never)


@pytest.mark.parametrize("secret", sorted(SECRETS))
@pytest.mark.parametrize("value", [None, ""])
def test_missing_secret_is_named_and_no_secret_is_shown(secret: str, value: str | None) -> None:
    secrets = {name: given for name, given in SECRETS.items() if name != secret}
    if value is not None:
        secrets[secret] = value
    with pytest.raises(LookupError, match=secret) as raised:
        build_carrier(secret.partition("_")[0], secrets, never)
    assert not any(given in str(raised.value) for given in ("t0ken", "KEY123", "12345", "v0nage", "s1gned"))


@pytest.mark.parametrize(
    ("extra", "asked"),
    [
        ({}, False),
        ({"bandwidth_webhook_username": "hook"}, False),
        ({"bandwidth_webhook_username": "hook", "bandwidth_webhook_password": ""}, False),
        ({"bandwidth_webhook_username": "hook", "bandwidth_webhook_password": "pass"}, True),
    ],
)
def test_basic_is_asked_for_when_both_webhook_credentials_are_set(extra: dict[str, str], asked: bool) -> None:
    carrier = build_carrier("bandwidth", SECRETS | extra, never)
    request = WebhookRequest("https://example.com/t0ken", "t0ken", {}, {}, b"[]")
    if not asked:
        carrier.authenticate(request, 0)
        return
    with pytest.raises(WebhookRefused) as refused:
        carrier.authenticate(request, 0)
    assert refused.value.status == 401
