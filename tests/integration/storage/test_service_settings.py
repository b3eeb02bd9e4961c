"""Settings kept in memory: what was answered before they are asked for applies, and one small read confirms them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from partyline.domain.push_subscriptions import NotifyScope, PushSubscription
from partyline.domain.services import Configuration, Service, build_service
from partyline.domain.webhook_configuration import WebhookConfiguration
from partyline.storage import inbox, keys, push_subscriptions, services, webhooks
from partyline.storage.batch_read import BatchRead
from partyline.storage.keys import Key
from partyline.storage.service_settings import MAX_AGE, ConfirmedSettings, ServiceSettings, SettingsCache
from partyline.storage.table import Table, change
from tests.support.aws_requests import AwsRequest, intercepted

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
FIRST, SECOND = "IS" + "1" * 32, "IS" + "2" * 32


@dataclass
class Kept:
    """A process that keeps settings, and the time."""

    table: Table
    now: datetime = NOW
    cache: SettingsCache = field(init=False)

    def __post_init__(self) -> None:
        self.cache = SettingsCache(self.table, lambda: self.now)

    def batch(self) -> ConfirmedSettings:
        return ConfirmedSettings(self.cache, BatchRead(self.table).fetch_settings_version)

    def fetch(self, sid: str = FIRST) -> ServiceSettings:
        """The settings in a batch of their own."""
        return self.batch().fetch(sid)


@pytest.fixture
def kept(table: Table) -> Kept:
    services.create_account(table, FIRST, NOW)
    return Kept(table)


def listen(table: Table, key: Key, url: str) -> None:
    before = webhooks.configuration(table, key)
    webhooks.configure(table, key, before, replace(before, post_url=url, filters=("onMessageAdded",)))


def subscribe(table: Table, service: Service) -> None:
    until = int(NOW.timestamp()) + 1000
    subscription = PushSubscription(
        "WP1", service.sid, "ann", "https://push.example/1", "key", "auth", NotifyScope.ALL, NOW, NOW, until, "SK1"
    )
    assert push_subscriptions.save(table, service, subscription) is None


CHANGES: dict[str, Callable[[Table, Service], object]] = {
    "the account's webhooks": lambda table, _: listen(table, keys.account_webhooks(), "https://a.example/"),
    "the Service's webhooks": lambda table, one: listen(table, keys.service_webhooks(one.sid), "https://b.example/"),
    "the account's settings": lambda table, one: services.configure(
        table, Configuration(FIRST), Configuration(FIRST, default_closed_timer=60)
    ),
    "the Service": lambda table, one: services.update(table, one, replace(one, friendly_name="Elm")),
    "the inbox": lambda table, one: inbox.start(table, one, "2026-11-28T12:00:00Z"),
    "the filled inbox": lambda table, one: inbox.mark_filled(table, one.sid),
    "notifications": subscribe,
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_that_was_answered_is_used_by_the_next_batch(kept: Kept, name: str) -> None:
    before = kept.fetch()
    assert before.service
    assert kept.fetch() is before
    CHANGES[name](kept.table, before.service)
    after = kept.fetch()
    assert after != before
    assert after == Kept(kept.table).fetch()
    assert kept.fetch() is after


def test_settings_that_are_kept_cost_one_small_read_for_a_batch(kept: Kept, requests_made: list[AwsRequest]) -> None:
    kept.fetch()
    assert [one.operation for one in requests_made] == ["TransactGetItems"]
    requests_made.clear()
    batch = kept.batch()
    assert batch.fetch(FIRST) is batch.fetch(FIRST)
    assert batch.fetch_service(FIRST) is batch.fetch(FIRST).service
    assert [one.operation for one in requests_made] == ["BatchGetItem"]


def test_a_batch_uses_one_state_of_the_settings(kept: Kept) -> None:
    batch = kept.batch()
    before = batch.fetch(FIRST)
    listen(kept.table, keys.account_webhooks(), "https://a.example/")
    assert batch.fetch(FIRST) is before
    assert kept.fetch().webhooks.post_url == "https://a.example/"


def test_a_change_of_one_service_does_not_leave_anothers_settings_behind(kept: Kept) -> None:
    service = kept.fetch().service
    assert service
    services.create(kept.table, replace(service, sid=SECOND), [])
    assert kept.fetch(SECOND).webhooks == WebhookConfiguration()
    listen(kept.table, keys.account_webhooks(), "https://a.example/")
    assert kept.fetch(FIRST).webhooks.post_url == "https://a.example/"
    assert kept.fetch(SECOND).webhooks.post_url == "https://a.example/"
    listen(kept.table, keys.service_webhooks(SECOND), "https://b.example/")
    assert [kept.fetch(sid).webhooks.post_url for sid in (FIRST, SECOND)] == [
        "https://a.example/",
        "https://b.example/",
    ]


def test_a_service_is_never_believed_absent(kept: Kept) -> None:
    service = kept.fetch().service
    assert service
    assert kept.fetch(SECOND).service is None
    services.create(kept.table, replace(service, sid=SECOND), [])
    assert kept.fetch(SECOND).service == replace(service, sid=SECOND)
    assert services.remove(kept.table, SECOND)
    assert kept.fetch(SECOND).service is None


def test_writes_without_a_version_are_used_after_a_minute(kept: Kept) -> None:
    """A function of an older version writes so while a stack is upgraded."""
    kept.fetch()
    kept.table.write(change("webhooks", keys.account_webhooks(), {"post_url": "https://a.example/"}))
    assert kept.fetch().webhooks.post_url is None
    kept.now += MAX_AGE
    assert kept.fetch().webhooks.post_url == "https://a.example/"


def test_that_a_service_is_gone_is_kept(kept: Kept, requests_made: list[AwsRequest]) -> None:
    """The account's first Service may be deleted; requests that name none ask for it first."""
    second, roles = build_service("Second", NOW, sid=SECOND)
    services.create(kept.table, second, roles)
    services.configure(kept.table, Configuration(FIRST), Configuration(SECOND))
    assert services.remove(kept.table, FIRST)
    assert kept.fetch().service is None
    requests_made.clear()
    assert kept.fetch().service is None
    assert [one.operation for one in requests_made] == ["BatchGetItem"]


def test_settings_that_are_being_written_are_read_one_by_one_and_not_kept(kept: Kept) -> None:
    """Each live connection that opens writes an item that is read together with the settings."""

    def refuse(request: AwsRequest, send: Callable[[], Any]) -> Any:
        if request.operation != "TransactGetItems":
            return send()
        reasons = [{"Code": "TransactionConflict"}, *[{"Code": "None"}] * 4]
        error: Any = {"Error": {"Code": "TransactionCanceledException"}, "CancellationReasons": reasons}
        raise ClientError(error, request.operation)

    expected = Kept(kept.table).fetch()
    with intercepted(refuse):
        assert kept.fetch() == expected
    assert not kept.cache.is_kept(FIRST)
    assert kept.fetch() == expected
    assert kept.cache.is_kept(FIRST)
