"""The activation function, and what the other functions that ask pre-action webhooks are given for it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from types import ModuleType
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from twilio.request_validator import RequestValidator

from partyline.domain import sids
from partyline.domain.conversations import Conversation, ConversationState
from partyline.domain.events import Cause, Source
from partyline.domain.lines import AutoCreation, Line
from partyline.domain.participants import Participant
from partyline.domain.unrouted import UnroutedReason
from partyline.domain.webhook_configuration import PRE_EVENTS, WebhookConfiguration
from partyline.http_client import HttpRequest, HttpResponse
from partyline.lifecycle.activation import Activator
from partyline.storage import conversations, keys, lines, memberships, queries, webhooks
from partyline.storage.queries import Window
from partyline.storage.table import Table
from tests.integration.functions.conftest import ACCOUNT_SID, SECRETS, Context, event, granted

Load = Callable[[str], ModuleType]
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
URL = "https://hooks.example.com/pre"


@pytest.fixture
def hooked(table: Table) -> Table:
    """The table, where the account has a pre-action webhook."""
    configured = WebhookConfiguration(pre_url=URL, filters=PRE_EVENTS)
    webhooks.configure(table, keys.account_webhooks(), WebhookConfiguration(), configured)
    return table


def made(table: Table, number: int) -> dict[str, Any]:
    """A new conversation of two handsets, and the event that it is to be activated."""
    sid = sids.derive(sids.CONVERSATION, str(number))
    conversation = Conversation(sid, "IS1", NOW, NOW, ConversationState.INITIALIZING, notify_webhooks=True)
    addresses = (f"+1206555{number}1", f"+1206555{number}2")
    people = [Participant(sids.new(sids.PARTICIPANT), sid, NOW, NOW, address=address) for address in addresses]
    own = Participant(sids.new(sids.PARTICIPANT), sid, NOW, NOW, projected_address="+12065550100")
    memberships.NewConversation(conversation, [*people, own], NOW, cause=Cause(Source.API)).store(table)
    sample = event("activation/conversation")
    sample["Records"][0]["body"] = json.dumps({"conversation_sid": sid})
    return sample


def state(table: Table, number: int) -> ConversationState:
    found = conversations.fetch(table, sids.derive(sids.CONVERSATION, str(number)))
    assert found
    return found.state


def answering(app: ModuleType, status: int) -> list[tuple[str, dict[str, str], dict[str, str]]]:
    """Have every webhook answer so; URL, form and headers of each call."""
    asked: list[tuple[str, dict[str, str], dict[str, str]]] = []

    def send(request: HttpRequest, *, timeout: float, max_body: int) -> HttpResponse:
        asked.append((request.url, dict(parse_qsl(request.body.decode())), dict(request.headers)))
        return HttpResponse(status, b"")

    pre_webhook = replace(app.PRE_WEBHOOK, request=send)
    consult = pre_webhook.consult_all if app.__name__.startswith("activation") else pre_webhook.consult
    if "WEBHOOKS" in vars(app):
        vars(app)["WEBHOOKS"] = replace(app.WEBHOOKS, recorder=replace(app.WEBHOOKS.recorder, consult=consult))
    elif "ACTIVATOR" in vars(app):
        vars(app)["ACTIVATOR"] = replace(app.ACTIVATOR, consult_all=consult)
    else:
        vars(app)["API"] = replace(app.API, ask=consult)
    return asked


def test_it_activates_and_closes_and_nothing_is_permitted_that_is_not_needed(
    function: Load, hooked: Table, called: set[str]
) -> None:
    app = function("activation")
    events = [made(hooked, 200), made(hooked, 300)]
    called.clear()
    for sample, status in zip(events, (200, 403), strict=True):
        asked = answering(app, status)
        app.handler(sample, Context())
        app.handler(sample, Context())
        assert len(asked) == 3
        for url, form, headers in asked:
            assert form["AccountSid"] == ACCOUNT_SID
            assert RequestValidator(SECRETS["auth_token"]).validate(url, form, headers["X-Twilio-Signature"])
    assert called == granted("activation")
    assert [state(hooked, number) for number in (200, 300)] == [ConversationState.ACTIVE, ConversationState.CLOSED]


def test_what_is_gone_needs_no_activation(function: Load, table: Table) -> None:
    function("activation").handler(event("activation/conversation"), Context())


def test_an_activation_that_fails_says_so_and_its_message_comes_again(
    function: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = function("activation")

    def fail(activator: Any, sid: str) -> None:
        raise RuntimeError("not now")

    monkeypatch.setattr(Activator, "activate", fail)
    sample = event("activation/conversation")
    failed = {"batchItemFailures": [{"itemIdentifier": sample["Records"][0]["messageId"]}]}
    assert app.handler(sample, Context()) == failed


# --- the other two


def test_the_api_asks_and_counts_and_counts_nothing_where_nothing_is_asked(
    function: Load, hooked: Table, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KEYS_SECRET_ARN", "carriers")
    monkeypatch.setenv("GROUP_LIMIT", "10")
    app = function("conversations")
    asked = answering(app, 403)
    sample = event("conversations/create-conversation")
    quiet = {name: value for name, value in sample["headers"].items() if "webhook" not in name.lower()}
    form = urlencode({"FriendlyName": "Elm"})
    assert app.handler({**sample, "headers": quiet, "body": form}, Context())["statusCode"] == 201
    assert "_aws" not in capsys.readouterr().out
    with_webhooks = {**quiet, "X-Twilio-Webhook-Enabled": "true"}
    answer = app.handler({**sample, "headers": with_webhooks, "body": form}, Context())
    assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (403, 50056)
    [counted] = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "_aws" in line]
    assert (counted["PreWebhookAsked"], counted["PreWebhookRejected"]) == ([1.0], [1.0])
    [(url, parameters, headers)] = asked
    assert RequestValidator(SECRETS["auth_token"]).validate(url, parameters, headers["X-Twilio-Signature"])


def test_a_carrier_is_thanked_for_a_text_that_a_webhook_rejects(function: Load, hooked: Table) -> None:
    line = Line(sids.new(sids.LINE), "+12065550100", "bandwidth", NOW, NOW, AutoCreation.GROUPS)
    lines.register(hooked, line)
    app = function("inbound")
    asked = answering(app, 403)
    sample = event("inbound/bandwidth-group-text")
    assert [app.handler(sample, Context())["statusCode"] for _ in range(2)] == [200, 200]
    [kept] = [one for _, one in queries.unrouted(hooked, Window(5)).entries]
    assert kept.reason is UnroutedReason.REJECTED
    [(url, parameters, headers)] = asked
    assert RequestValidator(SECRETS["auth_token"]).validate(url, parameters, headers["X-Twilio-Signature"])
