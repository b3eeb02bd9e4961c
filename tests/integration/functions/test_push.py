"""Notifications from the stream to the push service: what the relay queues, and what the function does and may do."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any

import boto3
import pytest

from partyline.domain import sids
from partyline.domain.conversations import Conversation
from partyline.domain.messages import Message
from partyline.domain.participants import Participant
from partyline.domain.permissions import INBOX_MEMBER
from partyline.domain.push_subscriptions import NotifyScope, PushSubscription
from partyline.domain.services import ApiKey, User, build_service
from partyline.http_client import HttpResponse
from partyline.queues import queue_messages
from partyline.queues.queue_messages import PushJob
from partyline.storage import api_keys, codec, keys, memberships, push_subscriptions, services, users
from partyline.storage.table import Table, change, put
from partyline.web_push import push_sender
from tests.integration.functions.conftest import Context, event, granted
from tests.integration.functions.test_inbox import numbered, told
from tests.support.push_service import PushBrowser, PushService, to_text

Load = Callable[[str], ModuleType]
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SERVICE: str = json.loads(event("push/message")["Records"][0]["body"])["service_sid"]
A = "+12065550150"
KEY = "SK" + "1" * 32


@pytest.fixture
def service(client: Any, table: Table) -> str:
    """A Service with the person ann, who has an access token."""
    made, roles = build_service("Sales", NOW, sid=SERVICE)
    services.create(table, made, roles)
    role = next(role.sid for role in roles if role.friendly_name == INBOX_MEMBER)
    assert users.create(table, User(sids.user(SERVICE, "ann"), SERVICE, "ann", NOW, NOW, role_sid=role))
    table.write(api_keys.build_write(ApiKey(KEY, NOW, NOW)))
    return SERVICE


@pytest.fixture
def push_key(client: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    """The key pair of the stack."""
    made = boto3.client("kms").create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")
    sid: str = made["KeyMetadata"]["KeyId"]
    return sid


def subscribe(table: Table, browser: PushBrowser, now: datetime) -> PushSubscription:
    subscription = PushSubscription(
        sid=push_subscriptions.sid_of(browser.endpoint),
        service_sid=SERVICE,
        identity="ann",
        endpoint=browser.endpoint,
        p256dh=to_text(browser.p256dh),
        auth=to_text(browser.auth),
        scope=NotifyScope.ALL,
        created=now,
        confirmed=now,
        until=int((now + timedelta(days=7)).timestamp()),
        key_sid=KEY,
    )
    service = services.fetch(table, SERVICE)
    assert service
    assert push_subscriptions.save(table, service, subscription) is None
    return subscription


def store_text(table: Table) -> PushJob:
    group = Conversation(sids.new(sids.CONVERSATION), SERVICE, NOW, NOW, active_at=NOW)
    handset = Participant(sids.new(sids.PARTICIPANT), group.sid, NOW, NOW, address=A)
    sid = memberships.NewConversation(group, [handset], NOW).store(table).sid
    message = Message(sids.message(0), sid, 0, NOW, NOW, A, "On my way", handset.sid)
    table.write(put("message", keys.message(sid, message.sid), codec.encode(message)))
    return PushJob(SERVICE, sid, message.sid)


def waiting(url: str) -> list[PushJob]:
    found = boto3.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    return [queue_messages.decode(PushJob, message["Body"]) for message in found]


def sample_of(job: PushJob) -> dict[str, Any]:
    sample = event("push/message")
    sample["Records"][0]["body"] = queue_messages.encode(job)
    return sample


# --- what the relay queues


def test_nothing_is_queued_where_nobody_has_notifications(function: Load, service: str) -> None:
    relay = function("relay")
    relay.handler(numbered(told(service), told(service), told(service)), Context())
    assert waiting(relay.variable("PUSH_QUEUE_URL")) == []


def test_new_messages_are_queued_where_somebody_has(function: Load, service: str, table: Table) -> None:
    relay = function("relay")
    subscribe(table, PushBrowser(), relay.bootstrap.now())
    kinds = ("onMessageAdded", "onMessageUpdated", "onParticipantAdded")
    relay.handler(numbered(*(told(service, kind) for kind in kinds), told("IS" + "9" * 32)), Context())
    (job,) = waiting(relay.variable("PUSH_QUEUE_URL"))
    assert (job.service_sid, job.subscriptions, job.tries) == (service, (), 0)
    assert sids.matches(sids.CONVERSATION, job.conversation_sid)
    assert sids.matches(sids.MESSAGE, job.message_sid)


def test_nothing_is_queued_any_more_when_the_last_one_has_ended(function: Load, service: str, table: Table) -> None:
    relay = function("relay")
    subscribe(table, PushBrowser(), relay.bootstrap.now() - timedelta(days=8))
    relay.handler(numbered(told(service)), Context())
    assert waiting(relay.variable("PUSH_QUEUE_URL")) == []


# --- what its function does


@pytest.fixture
def app(function: Load, push_key: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The push function, on the day of the texts."""
    monkeypatch.setenv("PUSH_KEY_ID", push_key)
    monkeypatch.setenv("PUBLIC_URL", "http://127.0.0.1:8080")
    loaded = function("push")
    monkeypatch.setattr(loaded.bootstrap, "now", lambda: NOW)
    object.__setattr__(loaded.IDENTIFICATION, "clock", lambda: NOW)
    return loaded


def test_its_function_does_what_it_may_and_may_do_nothing_else(
    app: ModuleType, table: Table, service: str, called: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    browser, job = PushBrowser(), store_text(table)
    subscribe(table, browser, NOW)
    push_service = PushService(app.IDENTIFICATION.key.read_public(), NOW.timestamp(), "https://127.0.0.1:8080")
    push_service.answers[browser.endpoint] = [HttpResponse(201), HttpResponse(410)]
    monkeypatch.setattr(app.HTTP, "send", push_service.send)
    called.clear()
    for _ in range(2):
        assert app.handler(sample_of(job), Context()) == {"batchItemFailures": []}
    assert called == granted("push")
    assert [one["text"] for one in push_service.notices(browser)] == ["On my way"] * 2
    assert push_subscriptions.fetch(table, push_subscriptions.sid_of(browser.endpoint)) is None


def test_browsers_that_were_not_reached_go_back_into_the_queue(
    app: ModuleType, table: Table, service: str, monkeypatch: pytest.MonkeyPatch, logged: Callable[[], str]
) -> None:
    browser, job = PushBrowser(), store_text(table)
    subscription = subscribe(table, browser, NOW)
    push_service = PushService(app.IDENTIFICATION.key.read_public(), NOW.timestamp(), "https://127.0.0.1:8080")
    push_service.answers[browser.endpoint] = [HttpResponse(503)]
    monkeypatch.setattr(app.HTTP, "send", push_service.send)
    monkeypatch.setattr(push_sender, "_FIRST_BACKOFF", 0)
    assert app.handler(sample_of(job), Context()) == {"batchItemFailures": []}
    (left,) = waiting(app.variable("PUSH_QUEUE_URL"))
    assert left == PushJob(SERVICE, job.conversation_sid, job.message_sid, (subscription.sid,), 1)
    line = json.loads(logged().splitlines()[-1])
    assert (line["message"], line["outcomes"]) == ("push.sent", {"retried": 1})
    # The address of a browser is a secret, and what was written is nobody's business.
    for secret in (browser.endpoint, subscription.auth, subscription.p256dh, "On my way", A):
        assert secret not in logged()


def test_a_message_of_which_nobody_is_told_is_done(app: ModuleType, table: Table, service: str) -> None:
    assert app.handler(event("push/message"), Context()) == {"batchItemFailures": []}
    assert app.handler(sample_of(store_text(table)), Context()) == {"batchItemFailures": []}
    assert waiting(app.variable("PUSH_QUEUE_URL")) == []


def test_a_private_address_is_not_asked(app: ModuleType, table: Table, service: str) -> None:
    """The policy of the function's own client."""
    job = store_text(table)
    subscribe(table, PushBrowser("https://127.0.0.1:9/send/ann"), NOW)
    assert app.handler(sample_of(job), Context()) == {"batchItemFailures": []}
    assert waiting(app.variable("PUSH_QUEUE_URL")) == []


def test_a_key_that_cannot_sign_leaves_the_message_in_the_queue(
    app: ModuleType, table: Table, service: str, push_key: str
) -> None:
    job = store_text(table)
    subscribe(table, PushBrowser(), NOW)
    boto3.client("kms").disable_key(KeyId=push_key)
    table.write(change("service", keys.service(SERVICE), {"friendly_name": "x"}))
    object.__setattr__(app.IDENTIFICATION.key, "_key_id", "gone")
    answer = app.handler(sample_of(job), Context())
    assert len(answer["batchItemFailures"]) == 1
