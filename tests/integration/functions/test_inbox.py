"""The inbox from the stream to its list: what the relay queues for it, and what its function does and may do."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

import boto3
import pytest

from partyline.domain import sids
from partyline.domain.conversations import Conversation
from partyline.domain.messages import Message
from partyline.domain.participants import Participant
from partyline.domain.services import build_service
from partyline.queues import queue_messages
from partyline.queues.queue_messages import InboxJob, InboxJobKind
from partyline.storage import codec, inbox, inbox_keys, keys, memberships, service_settings, services, text_index
from partyline.storage.attribute_values import to_dynamo
from partyline.storage.table import Table, change, put
from tests.integration.functions.conftest import Context, event, granted

Load = Callable[[str], ModuleType]
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SERVICE: str = json.loads(event("inbox/conversation")["Records"][0]["body"])["service_sid"]
A, B = "+12065550150", "+12065550151"


def waiting(url: str) -> list[InboxJob]:
    """Take what is in a queue of the inbox."""
    sqs = boto3.client("sqs")
    found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    for message in found:
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return [queue_messages.decode(InboxJob, message["Body"]) for message in found]


@pytest.fixture
def service(client: Any, table: Table) -> str:
    """A Service that uses its inbox."""
    made, _ = build_service("Sales", NOW, sid=SERVICE)
    services.create(table, made, [])
    assert inbox.start(table, made, "2026-11-22T12:00:00.000000Z")
    assert not inbox.start(table, made, "2026-11-23T12:00:00.000000Z")
    return SERVICE


def store_conversation(table: Table, *natives: str) -> str:
    group = Conversation(sids.new(sids.CONVERSATION), SERVICE, NOW, NOW, active_at=NOW)
    members = [Participant(sids.new(sids.PARTICIPANT), group.sid, NOW, NOW, address=one) for one in natives]
    return memberships.NewConversation(group, members, NOW).store(table).sid


def told(service_sid: str, kind: str = "onMessageAdded") -> dict[str, Any]:
    """The record of an event batch in a Service."""
    (record,) = event("relay/message-told")["Records"]
    record["dynamodb"]["NewImage"]["service_sid"]["S"] = service_sid
    record["dynamodb"]["NewImage"]["events"]["L"][0]["M"]["type"]["S"] = kind
    return dict(record)


def numbered(*records: dict[str, Any]) -> dict[str, Any]:
    """A batch of records."""
    batch = [copy.deepcopy(record) for record in records]
    for number, one in enumerate(batch, start=1):
        one["dynamodb"]["SequenceNumber"] = str(number)
    return {"Records": batch}


def record_of(name: str, item: dict[str, Any], image: str = "NewImage") -> dict[str, Any]:
    plain = to_dynamo(item)
    return {"eventName": name, "dynamodb": {"Keys": {"PK": plain["PK"], "SK": plain["SK"]}, image: plain}}


# --- what the relay queues


def test_a_batch_refreshes_a_conversation_once_and_only_where_the_inbox_is_used(function: Load, service: str) -> None:
    relay = function("relay")
    relay.handler(numbered(told(service), told(service), told("IS" + "9" * 32)), Context())
    (job,) = waiting(relay.variable("INBOX_QUEUE_URL"))
    assert (job.kind, job.service_sid) == (InboxJobKind.CONVERSATION, service)
    assert sids.matches(sids.CONVERSATION, job.subject)


def test_what_the_inbox_tells_of_itself_refreshes_nothing(function: Load, service: str) -> None:
    relay = function("relay")
    relay.handler(numbered(told(service, "onInboxEntryUpdated"), told(service, "onInboxEntryRemoved")), Context())
    assert waiting(relay.variable("INBOX_QUEUE_URL")) == []


@pytest.mark.parametrize(("name", "image"), [("INSERT", "NewImage"), ("MODIFY", "NewImage"), ("REMOVE", "OldImage")])
def test_a_number_whose_contact_changes_refreshes_its_conversations(
    function: Load, service: str, name: str, image: str
) -> None:
    relay = function("relay")
    claim = {"PK": f"CN#{service}#{A}", "SK": "CN", "number": A, "contact_sid": "CT1", "service_sid": service}
    elsewhere = {**claim, "PK": f"CN#IS9#{A}", "service_sid": "IS9"}
    relay.handler(numbered(record_of(name, claim, image), record_of(name, elsewhere, image)), Context())
    assert waiting(relay.variable("INBOX_QUEUE_URL")) == [InboxJob(InboxJobKind.NUMBER, service, A)]


def test_the_first_use_fills_the_inbox(
    function: Load, table: Table, service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    relay, app = function("relay"), function("inbox")
    [message] = relay.relay(
        *relay.build_readers([]), record_of("INSERT", table.get(inbox_keys.start(service)) or {})
    ).messages
    # By then the index has what was created a moment before.
    assert message.delay == relay.FILL_DELAY > 0
    monkeypatch.setattr(relay, "FILL_DELAY", None)
    started = table.get(inbox_keys.start(service))
    assert started
    first = store_conversation(table, A)
    relay.handler(numbered(record_of("INSERT", started)), Context())
    (job,) = waiting(relay.variable("INBOX_QUEUE_URL"))
    assert job == InboxJob(InboxJobKind.SERVICE, service)
    app.handler(event("inbox/service"), Context())
    assert inbox.load(table, first).entry
    filled = services.fetch(table, service)
    assert filled and filled.inbox_filled


def test_an_order_to_repair_refreshes_one_conversation(function: Load, table: Table, service: str) -> None:
    relay, sid = function("relay"), sids.new(sids.CONVERSATION)
    inbox.order_repair(table, service, sid, NOW)
    [order] = table.query(inbox_keys.partition(sid)).items
    relay.handler(numbered(record_of("INSERT", order)), Context())
    assert waiting(relay.variable("INBOX_QUEUE_URL")) == [InboxJob(InboxJobKind.CONVERSATION, service, sid)]


def test_texts_are_indexed_only_where_they_are_searched(function: Load, table: Table, service: str) -> None:
    relay = function("relay")
    table.write(change("service", keys.service(service), {"text_search": True}))
    relay.handler(numbered(told(service), told(service), told("IS" + "9" * 32)), Context())
    conversation, message = sorted(waiting(relay.variable("INBOX_QUEUE_URL")), key=lambda job: job.kind)
    assert message == InboxJob(InboxJobKind.MESSAGE, service, message.subject)
    sid, _, message_sid = message.subject.partition("/")
    assert (sid, sids.matches(sids.MESSAGE, message_sid)) == (conversation.subject, True)


@pytest.mark.parametrize(("on", "times"), [(True, 1), (False, 2)])
def test_the_switch_of_the_search_fills_or_removes_the_index(
    function: Load, table: Table, service: str, on: bool, times: int
) -> None:
    relay = function("relay")
    table.write(text_index.build_order(service, NOW, on=on))
    [order] = table.query(keys.service(service).pk, begins="TEXTS#").items
    queued = relay.relay(*relay.build_readers([]), record_of("INSERT", order)).messages
    assert [queue_messages.decode(InboxJob, one.body) for one in queued] == [
        InboxJob(InboxJobKind.TEXTS, service)
    ] * times
    # Jobs that were under way have ended by then.
    assert [one.delay for one in queued] == [relay.FILL_DELAY, relay.SECOND_REMOVAL_DELAY][:times]


# --- what its function does


def test_its_function_does_what_it_may_and_may_do_nothing_else(
    function: Load, table: Table, service: str, called: set[str]
) -> None:
    app = function("inbox")
    sample = event("inbox/conversation")
    sid = store_conversation(table, A, B)
    sample["Records"][0]["body"] = queue_messages.encode(InboxJob(InboxJobKind.CONVERSATION, service, sid))
    called.clear()
    app.handler(sample, Context())
    assert inbox.load(table, sid).entry
    # A member leaves: a pointer and a term are deleted.
    chat = Participant(sids.new(sids.PARTICIPANT), sid, NOW, NOW, identity="ann")
    conversation = keys.conversation(sid)
    table.write(put("member", keys.participant(sid, chat.sid), {**vars_of(chat)}))
    app.handler(sample, Context())
    assert "@ann" in inbox.load(table, sid).pointers
    table.delete_all([keys.participant(sid, chat.sid)])
    called.discard("BatchWriteItem")
    app.handler(sample, Context())
    assert "@ann" not in inbox.load(table, sid).pointers
    table.write(change("conversation", conversation, {"friendly_name": "Elm"}))
    called.discard("UpdateItem")
    app.handler(event("inbox/service"), Context())
    assert called == granted("inbox")


def vars_of(member: Participant) -> dict[str, Any]:
    return {
        "sid": member.sid,
        "conversation_sid": member.conversation_sid,
        "created": "2026-11-22T12:00:00.000000Z",
        "updated": "2026-11-22T12:00:00.000000Z",
        "identity": member.identity,
    }


def test_a_long_job_goes_on_where_there_was_no_more_time(
    function: Load, table: Table, service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = function("inbox")
    made = [store_conversation(table, f"+1206555{number}") for number in range(2000, 2030)]
    url, sample = app.variable("INBOX_QUEUE_URL"), event("inbox/service")
    rounds = 0

    def build_short_time_check(*_: object) -> Callable[[], bool]:
        looks = iter(range(8))
        return lambda: next(looks, None) is not None

    monkeypatch.setattr(app.bootstrap, "build_time_check", build_short_time_check)
    while True:
        rounds += 1
        assert app.handler(sample, Context()) == {"batchItemFailures": []}
        left = waiting(url)
        if not left:
            break
        (job,) = left
        assert job.after
        sample["Records"][0]["body"] = queue_messages.encode(job)
    assert rounds == 4
    assert all(inbox.load(table, sid).entry for sid in made)


def test_the_index_needs_no_further_permission(function: Load, table: Table, service: str, called: set[str]) -> None:
    app, sample = function("inbox"), event("inbox/conversation")
    table.write(change("service", keys.service(service), {"text_search": True}))
    sid = store_conversation(table, A, B)
    message = Message(sids.message(0), sid, 0, NOW, NOW, "agent", "the roof leaks")

    def run() -> list[str]:
        job = InboxJob(InboxJobKind.MESSAGE, service, f"{sid}/{message.sid}")
        sample["Records"][0]["body"] = queue_messages.encode(job)
        called.clear()
        assert app.handler(sample, Context()) == {"batchItemFailures": []}
        assert called <= granted("inbox")
        indexed = text_index.fetch(table, sid, message.sid)
        return [*indexed.words] if indexed else []

    for body, words in (("the roof leaks", ["the", "roof", "leaks"]), ("the cellar", ["the", "cellar"])):
        changed = replace(message, body=body)
        table.write(put("message", keys.message(sid, message.sid), codec.encode(changed)))
        assert run() == words
    table.delete_all([keys.message(sid, message.sid)])
    assert run() == []
    off = change("service", keys.service(service), {"text_search": False})
    # A change of a setting, as the API makes it: this process keeps those that it has read.
    table.transact([off, service_settings.build_version_write()])
    sample["Records"][0]["body"] = queue_messages.encode(InboxJob(InboxJobKind.TEXTS, service))
    called.clear()
    assert app.handler(sample, Context()) == {"batchItemFailures": []}
    assert called <= granted("inbox")
    assert text_index.fetch(table, sid, message.sid) is None
