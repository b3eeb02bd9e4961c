"""Which webhooks receive an event: the configuration in force and the conversation's own, each what it selects."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from partyline.domain.events import Event
from partyline.domain.webhook_configuration import (
    POST_EVENTS,
    ScopedWebhook,
    WebhookConfiguration,
    WebhookMethod,
    WebhookTarget,
    select_configuration,
)
from partyline.webhooks.filters import Endpoint, matches, select_endpoints

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
URL, OTHER, OWN = "https://account.example/", "https://service.example/", "https://own.example/"
ACCOUNT = WebhookConfiguration(post_url=URL, filters=("onMessageAdded",))
NOTHING = WebhookConfiguration()
HOOK = ScopedWebhook("WH1", "CH1", NOW, NOW, WebhookTarget.WEBHOOK, OWN, filters=("onMessageAdded",))
TRIGGER = ScopedWebhook("WH2", "CH1", NOW, NOW, WebhookTarget.TRIGGER, OWN, triggers=("Stop it", "straße"))
STUDIO = ScopedWebhook("WH3", "CH1", NOW, NOW, WebhookTarget.STUDIO, flow_sid="FW1")


def added(body: str | None = "hello", index: int = 0) -> Event:
    return Event("onMessageAdded", {"Index": str(index), **({} if body is None else {"Body": body})})


UPDATED = Event("onMessageUpdated", {"Index": "0", "Body": "stop it"})


# --- precedence


@pytest.mark.parametrize(
    "own",
    [
        WebhookConfiguration(post_url=OTHER, filters=("onMessageAdded",)),
        WebhookConfiguration(post_url=OTHER),
        WebhookConfiguration(pre_url=OTHER, filters=("onMessageAdd",)),
    ],
)
def test_a_service_with_a_webhook_silences_the_accounts(own: WebhookConfiguration) -> None:
    assert select_configuration(ACCOUNT, own) == own


@pytest.mark.parametrize("own", [NOTHING, WebhookConfiguration(method=WebhookMethod.GET, filters=POST_EVENTS)])
def test_a_service_without_one_has_the_accounts(own: WebhookConfiguration) -> None:
    assert select_configuration(ACCOUNT, own) == ACCOUNT


# --- the configuration in force


def test_configuration_receives_the_events_it_selects() -> None:
    assert [*select_endpoints(added(), ACCOUNT, [])] == [Endpoint("service", URL, WebhookMethod.POST)]
    assert [*select_endpoints(UPDATED, ACCOUNT, [])] == []


@pytest.mark.parametrize(
    "silent",
    [
        NOTHING,
        replace(ACCOUNT, post_url=None),
        replace(ACCOUNT, post_url=None, pre_url=URL),
        replace(ACCOUNT, filters=None),
        replace(ACCOUNT, filters=()),
        replace(ACCOUNT, filters=("onMessageAdd",)),
    ],
)
def test_configuration_without_the_event_receives_nothing(silent: WebhookConfiguration) -> None:
    assert [*select_endpoints(added(), silent, [])] == []


def test_configuration_is_called_by_its_method() -> None:
    [endpoint] = select_endpoints(added(), replace(ACCOUNT, method=WebhookMethod.GET), [])
    assert endpoint.method is WebhookMethod.GET


# --- a conversation's own


@pytest.mark.parametrize("type", POST_EVENTS)
def test_webhook_matches_exactly_its_filters(type: str) -> None:
    event = Event(type, {"Index": "0"})
    assert matches(replace(HOOK, filters=(type,)), event)
    assert not matches(replace(HOOK, filters=tuple(name for name in POST_EVENTS if name != type)), event)


@pytest.mark.parametrize("body", ["stop it", "please STOP IT!", "unstop items", "Am Ende der STRASSE"])
def test_trigger_matches_keywords_anywhere_and_in_any_case(body: str) -> None:
    assert matches(TRIGGER, added(body))


@pytest.mark.parametrize("body", ["stop", "stop  it", "", None])
def test_trigger_matches_nothing_else(body: str | None) -> None:
    assert not matches(TRIGGER, added(body))


def test_trigger_matches_new_messages_only() -> None:
    assert not matches(TRIGGER, UPDATED)
    assert not matches(replace(TRIGGER, filters=("onMessageUpdated",)), UPDATED)


def test_a_flow_of_studio_calls_nothing() -> None:
    assert not matches(STUDIO, added())
    assert [*select_endpoints(added("stop it"), NOTHING, [STUDIO, replace(STUDIO, url=OWN, filters=POST_EVENTS)])] == []


def test_every_webhook_is_called_though_two_have_one_url() -> None:
    twin = replace(HOOK, sid="WH4")
    found = [*select_endpoints(added("stop it"), ACCOUNT, [HOOK, TRIGGER, STUDIO, twin])]
    assert [endpoint.name for endpoint in found] == ["service", "WH1", "WH2", "WH4"]
    assert [endpoint.url for endpoint in found] == [URL, OWN, OWN, OWN]


@pytest.mark.parametrize(("index", "is_notified"), [(3, False), (4, False), (5, True)])
def test_messages_from_before_a_webhook_do_not_reach_it(index: int, is_notified: bool) -> None:
    late = [replace(HOOK, since=4), replace(TRIGGER, since=4)]
    assert [endpoint.name for endpoint in select_endpoints(added("stop it", index), NOTHING, late)] == (
        ["WH1", "WH2"] if is_notified else []
    )


def test_changes_of_earlier_messages_are_published() -> None:
    late = replace(HOOK, since=4, filters=("onMessageUpdated",))
    assert [endpoint.name for endpoint in select_endpoints(UPDATED, NOTHING, [late])] == ["WH1"]
