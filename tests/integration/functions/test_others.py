"""The functions behind the queues and before the gateway, each with its sample events."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from types import ModuleType
from typing import Any

import boto3
import pytest

from partyline.domain import sids
from partyline.domain.catch_ups import plan_catch_up
from partyline.domain.contact_imports import ContactImport, ImportState
from partyline.domain.contacts import Contact, ContactAction, ContactChange, erase
from partyline.domain.lines import AutoCreation, Line
from partyline.domain.sends import SendReference, SendState
from partyline.domain.services import build_service
from partyline.domain.webhook_configuration import WebhookConfiguration
from partyline.http_client import HttpRequest, HttpResponse
from partyline.media.bucket import original_key
from partyline.outbound.reconciler import Reconciler
from partyline.outbound.send_attempt import NextStep, SendAttempt
from partyline.outbound.sender import Sender
from partyline.queues import queue_messages
from partyline.queues.queue_messages import Callback, Cut, Push, Removed, RemovedKind
from partyline.storage import (
    catch_ups,
    connections,
    contact_imports,
    contact_keys,
    contacts,
    keys,
    lines,
    opt_outs,
    services,
    webhooks,
)
from partyline.storage.attribute_values import to_dynamo
from partyline.storage.connections import Connection
from partyline.storage.table import Table
from partyline.webhooks import delivery
from tests.integration.functions.conftest import SECRETS, Context, event, granted

Load = Callable[[str], ModuleType]


def waiting(url: str) -> list[dict[str, Any]]:
    """What is in a queue."""
    found = boto3.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["All"])
    return [dict(message) for message in found.get("Messages", [])]


# --- relay


def test_the_relay_queues_a_recorded_message_in_its_conversations_order(
    function: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    relay = function("relay")
    relay.handler(event("relay/message-recorded"), Context())
    (queued,) = waiting(relay.variable("OUTBOUND_QUEUE_URL"))
    assert queued["Body"] == event("outbound/send")["Records"][0]["body"]
    assert (
        queued["Attributes"]["MessageGroupId"] == event("outbound/send")["Records"][0]["attributes"]["MessageGroupId"]
    )


def test_relay_queues_a_call_for_each_webhook_grouped_by_url_and_conversation(function: Load, table: Table) -> None:
    relay = function("relay")
    sample = event("relay/message-told")
    subject = sample["Records"][0]["dynamodb"]["NewImage"]["subject"]["S"]
    listening = WebhookConfiguration(post_url="https://hooks.example.com/", filters=("onMessageAdded",))
    webhooks.configure(table, keys.account_webhooks(), WebhookConfiguration(), listening)
    for _ in range(2):
        relay.handler(sample, Context())
    (queued,) = waiting(relay.variable("CALLBACKS_QUEUE_URL"))
    callback = queue_messages.decode(Callback, queued["Body"])
    assert (callback.url, callback.parameters["ConversationSid"]) == ("https://hooks.example.com/", subject)
    assert queued["Attributes"]["MessageGroupId"] == delivery.message_group(callback.url, subject)
    assert queued["Attributes"]["MessageDeduplicationId"] == callback.token
    assert waiting(relay.variable("LIVE_QUEUE_URL")) == []


def test_the_relay_queues_what_happened_once_for_those_who_listen_live(function: Load, table: Table) -> None:
    relay = function("relay")
    sample = event("relay/message-told")
    image = sample["Records"][0]["dynamodb"]["NewImage"]
    until = int(datetime(2027, 1, 1, tzinfo=UTC).timestamp())
    listener = Connection("c-1", image["service_sid"]["S"], "ann", "SK1", until)
    assert connections.register(table, listener, datetime(2026, 11, 22, tzinfo=UTC))
    for _ in range(2):
        relay.handler(sample, Context())
    (queued,) = waiting(relay.variable("LIVE_QUEUE_URL"))
    push = queue_messages.decode_live(queued["Body"])
    assert isinstance(push, Push)
    assert (push.subject, [one.type for one in push.events]) == (image["subject"]["S"], ["onMessageAdded"])
    assert queued["Attributes"]["MessageGroupId"] == push.subject
    assert waiting(relay.variable("CALLBACKS_QUEUE_URL")) == []


def test_relay_reports_the_first_failed_record_and_does_those_before(
    function: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    """W5."""
    relay = function("relay")
    real, failing = relay.StreamRelay.relay, {"2"}

    def flaky(instance: Any, record: dict[str, Any]) -> str:
        if record["dynamodb"]["SequenceNumber"] in failing:
            raise RuntimeError("not now")
        return str(real(instance, record))

    monkeypatch.setattr(relay.StreamRelay, "relay", flaky)
    (record,) = event("relay/message-recorded")["Records"]
    batch = [copy.deepcopy(record) for _ in range(3)]
    for number, one in enumerate(batch, start=1):
        one["dynamodb"]["SequenceNumber"] = str(number)
        one["dynamodb"]["NewImage"]["sid"]["S"] = f"IM{number:032}"
    assert relay.handler({"Records": batch}, Context()) == {"batchItemFailures": [{"itemIdentifier": "2"}]}
    url = relay.variable("OUTBOUND_QUEUE_URL")
    (queued,) = waiting(url)
    assert json.loads(queued["Body"])["message_sid"] == f"IM{1:032}"
    boto3.client("sqs").delete_message(QueueUrl=url, ReceiptHandle=queued["ReceiptHandle"])
    failing.clear()
    assert relay.handler({"Records": batch[1:]}, Context()) == {"batchItemFailures": []}
    assert [json.loads(one["Body"])["message_sid"] for one in waiting(url)] == [f"IM{2:032}", f"IM{3:032}"]


def test_the_relay_has_what_was_removed_cleaned_up(function: Load) -> None:
    relay = function("relay")
    relay.handler(event("relay/user-removed"), Context())
    (queued,) = waiting(relay.variable("CLEANUP_QUEUE_URL"))
    assert queued["Body"] == event("cleanup/user")["Records"][0]["body"]


def test_the_relay_cuts_off_who_was_connected_as_a_removed_user(function: Load) -> None:
    relay = function("relay")
    relay.handler(event("relay/user-removed"), Context())
    (queued,) = waiting(relay.variable("LIVE_QUEUE_URL"))
    (cleaned,) = waiting(relay.variable("CLEANUP_QUEUE_URL"))
    removed = json.loads(cleaned["Body"])
    assert queue_messages.decode_live(queued["Body"]) == Cut(
        removed["service_sid"], removed["sid"], removed["identity"]
    )


@pytest.mark.parametrize("kind", RemovedKind)
def test_what_was_removed_is_cleaned_up_a_while_later(
    function: Load, monkeypatch: pytest.MonkeyPatch, kind: RemovedKind
) -> None:
    monkeypatch.setenv("CLEANUP_SECONDS", "60")
    relay = function("relay")
    assert [one.delay for one in relay._clean(Removed(kind, "sid")) if one.queue_url.endswith("cleanup")] == [60]


# --- imports of contacts


@pytest.fixture
def imported(function: Load, table: Table) -> tuple[ModuleType, str]:
    """The function of imports, and an import of two rows, one of which is no contact."""
    app = function("imports")
    now = datetime.now(UTC)
    sid = json.loads(event("imports/run")["Records"][0]["body"])["sid"]
    service, _ = build_service("Sales", now, sid="IS" + "1" * 32)
    services.create(table, service, [])
    made = ContactImport(sid, service.sid, "boss", now, now, ("friendly_name", "number_1"), 2)
    contact_imports.create(table, made)
    contact_imports.start(table, made)
    app.BUCKET.put(original_key(sid, "text/csv"), b"friendly_name,number_1\nBob,+12065550150\nKay,x\n", "text/csv")
    return app, sid


def test_an_import_checks_and_then_makes_contacts_and_may_do_nothing_else(
    imported: tuple[ModuleType, str], table: Table, called: set[str]
) -> None:
    app, sid = imported
    sample = event("imports/run")
    called.clear()
    app.handler(sample, Context())
    checked = contact_imports.fetch(table, sid)
    assert checked and (checked.state, checked.accepted, checked.rejected) == ("completed", 1, 1)
    again = replace(checked, dry_run=False, run=2, state=ImportState.QUEUED, read=0, accepted=0, rejected=0)
    assert contact_imports.restart(table, checked, again)
    sample["Records"][0]["body"] = json.dumps({"sid": sid, "run": 2})
    app.handler(sample, Context())
    assert list(contacts.fetch_holders(table, checked.service_sid, ["+12065550150"])) == ["+12065550150"]
    assert waiting(app.variable("IMPORTS_QUEUE_URL")) == []
    assert called == granted("imports")


def test_an_import_for_which_there_is_no_time_goes_back_into_the_queue(imported: tuple[ModuleType, str]) -> None:
    app, _ = imported
    sample = event("imports/run")
    app.handler(sample, Context(milliseconds=app.RESERVE))
    (queued,) = waiting(app.variable("IMPORTS_QUEUE_URL"))
    assert queued["Body"] == sample["Records"][0]["body"]


def test_the_relay_queues_the_runs_of_an_import(function: Load, imported: tuple[ModuleType, str], table: Table) -> None:
    _, sid = imported
    relay = function("relay")
    item = table.get(contact_keys.contact_import_run(sid, 1))
    assert item
    relayed = relay.relay(*relay.build_readers([]), {"eventName": "INSERT", "dynamodb": {"NewImage": to_dynamo(item)}})
    [message] = relayed.messages
    assert message.queue_url.endswith("imports")
    assert json.loads(message.body) == {"sid": sid, "run": 1}


# --- catch-ups


@pytest.fixture
def catch_up(function: Load, table: Table, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The function of catch-ups, and a line at Twilio that is to be caught up; Twilio has two texts to it."""
    app = function("catchup")
    now = datetime.now(UTC)
    number = json.loads(event("catchup/run")["Records"][0]["body"])["line"]
    long_ago = now - timedelta(days=30)
    lines.register(table, Line(sids.new(sids.LINE), number, "twilio", long_ago, long_ago, AutoCreation.ALL))
    at = now - timedelta(hours=1)
    texts = [
        {
            "sid": f"SM{place}",
            "direction": "inbound",
            "from": sender,
            "to": number,
            "body": body,
            "date_sent": format_datetime(at),
        }
        for place, (sender, body) in enumerate([("+12065550150", "hello"), ("+12065550151", "STOP")])
    ]

    def answer(request: HttpRequest) -> HttpResponse:
        path = request.url.removeprefix("https://api.twilio.com/2010-04-01/Accounts/").partition("/")[2]
        found: Any = {"messages": texts if f"DateSent={at.date()}" in path else []}
        if path.startswith("Messages/"):
            found = next(text for text in texts if path == f"Messages/{text['sid']}.json")
        return HttpResponse(200, json.dumps(found).encode())

    monkeypatch.setattr(app, "HTTP", answer)
    assert catch_ups.start(table, None, plan_catch_up(number, "twilio", long_ago, None, None, now))
    return app


def test_a_catch_up_records_the_texts_that_its_carrier_lists(catch_up: ModuleType, table: Table) -> None:
    assert catch_up.handler(event("catchup/run"), Context(milliseconds=300_000)) == {"batchItemFailures": []}
    found = catch_ups.fetch(table, "+12065550120")
    assert found
    assert (found.state, found.recorded, found.problem) == ("completed", 2, "")
    stopped = opt_outs.fetch_many(table, "+12065550151", "+12065550120")
    assert stopped
    assert stopped.opted_out
    assert waiting(catch_up.variable("CATCH_UP_QUEUE_URL")) == []


def test_a_catch_up_for_which_there_is_no_time_goes_back_into_the_queue(catch_up: ModuleType) -> None:
    sample = event("catchup/run")
    catch_up.handler(sample, Context(milliseconds=catch_up.RESERVE))
    # It waits for a minute: what was in the way may have gone by then.
    attributes = boto3.client("sqs").get_queue_attributes(
        QueueUrl=catch_up.variable("CATCH_UP_QUEUE_URL"), AttributeNames=["ApproximateNumberOfMessagesDelayed"]
    )["Attributes"]
    assert attributes == {"ApproximateNumberOfMessagesDelayed": "1"}


def test_the_relay_queues_a_catch_up(function: Load, catch_up: ModuleType, table: Table) -> None:
    relay = function("relay")
    item = table.get(keys.catch_up_run("+12065550120", 1))
    assert item
    relayed = relay.relay(*relay.build_readers([]), {"eventName": "INSERT", "dynamodb": {"NewImage": to_dynamo(item)}})
    [message] = relayed.messages
    assert message.queue_url == catch_up.variable("CATCH_UP_QUEUE_URL")
    assert json.loads(message.body) == {"line": "+12065550120", "run": 1, "failures": 0}


def test_the_relay_orders_to_delete_the_history_of_a_contact_that_was_erased(function: Load, table: Table) -> None:
    now = datetime.now(UTC)
    bob = Contact(sids.new(sids.CONTACT), "IS" + "1" * 32, "Bob", now, now)
    contacts.save(table, None, bob, ContactChange(bob.sid, ContactAction.CREATED, "boss", now, 1))
    contacts.erase(table, bob, *erase(bob, "boss", now))
    [entry] = table.query(contact_keys.contact(bob.sid).pk, begins=contact_keys.CONTACT_CHANGES).items
    relay = function("relay")
    relayed = relay.relay(*relay.build_readers([]), {"eventName": "INSERT", "dynamodb": {"NewImage": to_dynamo(entry)}})
    [message] = relayed.messages
    assert message.queue_url.endswith("cleanup")
    assert queue_messages.decode(Removed, message.body) == Removed(RemovedKind.CONTACT_HISTORY, bob.sid)


# --- cleanup


@pytest.mark.parametrize("name", ["conversation", "service", "user"])
def test_what_is_gone_already_needs_no_cleaning_up(function: Load, table: Table, name: str) -> None:
    cleanup = function("cleanup")
    cleanup.handler(event(f"cleanup/{name}"), Context())
    assert waiting(cleanup.variable("CLEANUP_QUEUE_URL")) == []


def test_what_there_was_no_time_for_goes_back_into_the_queue(function: Load, client: Any) -> None:
    cleanup = function("cleanup")
    sample = event("cleanup/conversation")
    sid = json.loads(sample["Records"][0]["body"])["sid"]
    for number in range(250):
        client.put_item(TableName="partyline", Item={"PK": {"S": f"M#{sid}"}, "SK": {"S": f"IM{number:03}"}})
    cleanup.handler(sample, Context(milliseconds=cleanup.RESERVE))
    (queued,) = waiting(cleanup.variable("CLEANUP_QUEUE_URL"))
    assert queued["Body"] == sample["Records"][0]["body"]
    assert client.scan(TableName="partyline")["Count"] == 150
    cleanup.handler(sample, Context())
    assert waiting(cleanup.variable("CLEANUP_QUEUE_URL")) == []
    assert client.scan(TableName="partyline")["Count"] == 0


def test_a_clean_up_that_fails_says_so_and_its_message_comes_again(
    function: Load, monkeypatch: pytest.MonkeyPatch, logged: Callable[[], str]
) -> None:
    cleanup = function("cleanup")

    def fail(instance: Any, removed: Removed) -> bool:
        raise RuntimeError("not now")

    monkeypatch.setattr(cleanup.Cleaner, "clean_up", fail)
    sample = event("cleanup/conversation")
    failed = {"batchItemFailures": [{"itemIdentifier": sample["Records"][0]["messageId"]}]}
    assert cleanup.handler(sample, Context()) == failed
    assert json.loads(logged())["message"] == "queue.record_failed"
    assert waiting(cleanup.variable("CLEANUP_QUEUE_URL")) == []


# --- outbound


@pytest.fixture
def outbound(function: Load) -> ModuleType:
    return function("outbound")


def attempted(outbound: ModuleType, monkeypatch: pytest.MonkeyPatch, attempt: SendAttempt) -> list[bool]:
    """Have each attempt end so; the list of whether each was the first one."""
    firsts: list[bool] = []

    def deliver(sender: Sender, reference: SendReference, *, is_first: bool) -> SendAttempt:
        firsts.append(is_first)
        return attempt

    monkeypatch.setattr(Sender, "deliver", deliver)
    return firsts


def test_a_send_of_a_message_that_is_gone_is_done(outbound: ModuleType) -> None:
    assert outbound.handler(event("outbound/send"), Context()) == {"batchItemFailures": []}


def test_a_send_to_be_tried_again_stays_in_the_queue_for_as_long_as_it_should(
    outbound: ModuleType, monkeypatch: pytest.MonkeyPatch, delays: list[Mapping[str, Any]]
) -> None:
    attempted(outbound, monkeypatch, SendAttempt(NextStep.RETRY, SendState.WAITING, delay=7.2))
    record = event("outbound/send")["Records"][0]
    failed = {"batchItemFailures": [{"itemIdentifier": record["messageId"]}]}
    assert outbound.handler(event("outbound/send"), Context()) == failed
    assert [(one["VisibilityTimeout"], one["ReceiptHandle"]) for one in delays] == [(8, "sample")]


def test_an_attempt_is_the_first_one_if_the_queue_has_not_given_its_message_out_before(
    outbound: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    firsts = attempted(outbound, monkeypatch, SendAttempt(NextStep.DONE, SendState.SENT))
    for times in ("1", "2", "7"):
        given = event("outbound/send")
        given["Records"][0]["attributes"]["ApproximateReceiveCount"] = times
        outbound.handler(given, Context())
    assert firsts == [True, False, False]


def test_a_send_of_unknown_outcome_is_looked_at_again_later(
    outbound: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempted(outbound, monkeypatch, SendAttempt(NextStep.RECONCILE, SendState.UNKNOWN))
    assert outbound.handler(event("outbound/send"), Context()) == {"batchItemFailures": []}
    (queued,) = waiting(outbound.variable("RECONCILE_QUEUE_URL"))
    assert queued["Body"] == event("outbound/reconcile")["Records"][0]["body"]


def test_reconciliation_fails_unsettled_sends(outbound: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []

    def reconcile(reconciler: Reconciler, reference: Any, *, last: bool) -> int:
        looked.append(reference.message_sid)
        return 2

    monkeypatch.setattr(Reconciler, "reconcile", reconcile)
    assert outbound.handler(event("outbound/reconcile"), Context()) == {"batchItemFailures": []}
    assert looked == [json.loads(event("outbound/reconcile")["Records"][0]["body"])["message_sid"]]


def test_a_second_look_that_finds_the_carrier_down_is_repeated_some_times(
    outbound: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Reconciler, "reconcile", lambda *_, last: 2 if last else None)
    again = event("outbound/reconcile")
    (record,) = again["Records"]
    assert outbound.handler(again, Context()) == {"batchItemFailures": [{"itemIdentifier": record["messageId"]}]}
    record["attributes"]["ApproximateReceiveCount"] = str(outbound.MAX_LOOKS)
    assert outbound.handler(again, Context()) == {"batchItemFailures": []}


def test_the_second_look_fails_at_one_of_three_sends_and_answers_for_that_one_alone(
    outbound: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    looked: list[str] = []

    def reconcile(reconciler: Reconciler, reference: Any, *, last: bool) -> int:
        looked.append(reference.thread)
        if reference.thread == "1":
            raise RuntimeError("not now")
        return 1

    monkeypatch.setattr(Reconciler, "reconcile", reconcile)
    sample = event("outbound/reconcile")
    (record,) = sample["Records"]
    bodies = [json.dumps({**json.loads(record["body"]), "thread": str(number)}) for number in range(3)]
    batch = [{**record, "messageId": f"id-{number}", "body": body} for number, body in enumerate(bodies)]
    answer = outbound.handler({"Records": batch}, Context())
    assert answer == {"batchItemFailures": [{"itemIdentifier": "id-1"}]}
    assert looked == ["0", "1", "2"]
    counted = json.loads(capsys.readouterr().out)
    assert (counted["ReceiptsGivenUp"], counted["QueueRecordFailed"]) == ([1.0, 1.0], [1.0])


@pytest.mark.parametrize(
    "sample",
    [
        *("activation/conversation", "callbacks/message-added", "cleanup/media", "live/message-added"),
        *("media/picture", "outbound/send", "outbound/reconcile"),
    ],
)
@pytest.mark.parametrize("body", ["no JSON", "{}", "[]", '{"kind": "unheard of"}'])
def test_a_record_that_cannot_be_read_fails_alone(
    function: Load, monkeypatch: pytest.MonkeyPatch, logged: Callable[[], str], sample: str, body: str
) -> None:
    monkeypatch.setenv("CALLBACKS_DEAD_LETTERS_URL", "unused")
    monkeypatch.setenv("KEYS_SECRET_ARN", "carriers")
    app = function(sample.partition("/")[0])
    (record,) = event(sample)["Records"]
    spoilt = {**record, "messageId": "spoilt", "body": body}
    answer = app.handler({"Records": [spoilt]}, Context())
    assert answer == {"batchItemFailures": [{"itemIdentifier": "spoilt"}]}
    assert [json.loads(line)["message"] for line in logged().splitlines()] == ["queue.record_failed"]


def test_reports_are_sent_to_our_own_address_with_the_sends_tag(
    outbound: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PUBLIC_URL", "https://texts.example.com")
    assert outbound.build_loader().callback_url("telnyx", "tag") == "https://texts.example.com/carriers/telnyx?send=tag"


def test_a_carrier_is_built_from_the_secrets_and_the_deployments_urls(
    outbound: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CARRIER_URLS", "bandwidth_url=http://127.0.0.1:2,telnyx_url=http://127.0.0.1:1/telnyx?a=b")
    assert outbound.build_loader().find_carrier("telnyx").media_access().url == "http://127.0.0.1:1/telnyx?a=b"
    assert outbound.build_loader().find_carrier("twilio").media_access().url == "https://api.twilio.com"
    with pytest.raises(LookupError):
        outbound.build_loader().find_carrier("pigeon")


# --- authorizer


def test_the_authorizer_lets_the_token_through(function: Load, table: Table) -> None:
    policy = function("authorizer").handler(event("authorizer/bandwidth"), Context())
    (statement,) = policy["policyDocument"]["Statement"]
    assert (statement["Effect"], statement["Resource"]) == ("Allow", event("authorizer/bandwidth")["methodArn"])


@pytest.mark.parametrize(
    "change",
    [{"pathParameters": {"token": "wrong"}}, {"pathParameters": None}, {"resource": "/carriers/pigeon/{token}"}],
)
def test_the_authorizer_denies_what_has_no_token(function: Load, change: dict[str, Any]) -> None:
    policy = function("authorizer").handler({**event("authorizer/bandwidth"), **change}, Context())
    assert policy["policyDocument"]["Statement"][0]["Effect"] == "Deny"


def test_authorizer_raises_the_word_that_the_gateway_answers_with_401(function: Load, secret: Any) -> None:
    secret({**SECRETS, "bandwidth_webhook_username": "hook", "bandwidth_webhook_password": "pass"})
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        function("authorizer").handler(event("authorizer/bandwidth"), Context())
