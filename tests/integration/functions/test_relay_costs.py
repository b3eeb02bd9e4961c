"""What the relay reads for a batch of records, counted: nothing is read twice, however many records ask for it."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

import boto3
import pytest

from partyline.domain import sids
from partyline.domain.conversations import Conversation
from partyline.domain.receipts import Receipt, ReceiptStatus, rank
from partyline.domain.services import build_service
from partyline.domain.webhook_configuration import ScopedWebhook, WebhookConfiguration, WebhookTarget
from partyline.storage import codec, connections, conversations, keys, memberships, services, webhooks
from partyline.storage.attribute_values import to_dynamo
from partyline.storage.batch_read import BatchRead
from partyline.storage.connections import Connection
from partyline.storage.table import Table
from tests.integration.functions.conftest import Context, event
from tests.support.aws_requests import AwsRequest, Send, intercepted

Load = Callable[[str], ModuleType]
NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
SERVICE = "IS" + "1" * 32
URL = "https://hooks.example.com/"
CONVERSATIONS = 12


def store_groups(table: Table, *, has_webhooks: bool | None = None) -> list[str]:
    """Store a Service with conversations."""
    service, _ = build_service("Sales", NOW, sid=SERVICE)
    services.create(table, service, [])
    found = []
    for _ in range(CONVERSATIONS):
        group = Conversation(sids.new(sids.CONVERSATION), SERVICE, NOW, NOW, active_at=NOW)
        found.append(memberships.NewConversation(group, [], NOW, has_webhooks=has_webhooks).store(table).sid)
    return found


@pytest.fixture
def silent(table: Table) -> list[str]:
    """Conversations that have a message, and of which nobody hears."""
    return store_groups(table, has_webhooks=False)


def receive(url: str) -> list[Any]:
    """What is in a queue, ten messages at most."""
    return list(boto3.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []))


@pytest.fixture
def groups(table: Table) -> list[str]:
    """Conversations of a Service with a webhook for new messages and deliveries."""
    found = store_groups(table)
    listening = WebhookConfiguration(post_url=URL, filters=("onMessageAdded", "onDeliveryUpdated"))
    webhooks.configure(table, keys.service_webhooks(SERVICE), WebhookConfiguration(), listening)
    return found


@pytest.fixture
def requests(client: Any) -> Iterator[Counter[str]]:
    """How often each kind of request was made."""
    made: Counter[str] = Counter()

    def count(request: AwsRequest, send: Send) -> Any:
        made[request.operation] += 1
        return send()

    with intercepted(count):
        yield made


def build_batch(conversations: list[str], begin: int = 0) -> dict[str, Any]:
    """A new message in each conversation, and the deliveries of an earlier one to two handsets."""
    (told,) = event("relay/message-told")["Records"]
    records = []
    for conversation in conversations:
        message = copy.deepcopy(told)
        image = message["dynamodb"]["NewImage"]
        image["PK"]["S"] = message["dynamodb"]["Keys"]["PK"]["S"] = keys.messages(conversation)
        image["service_sid"]["S"], image["subject"]["S"] = SERVICE, conversation
        records += [message, *(build_delivery(conversation, address) for address in ("+12065550150", "+12065550151"))]
    for number, record in enumerate(records, start=begin):
        record["dynamodb"]["SequenceNumber"] = str(number)
    return {"Records": records}


def build_delivery(conversation: str, address: str) -> dict[str, Any]:
    """A receipt that has become `delivered`."""
    message = f"{sids.MESSAGE}{conversation[2:]}"
    sid = sids.receipt(message, "thread", address)
    receipt = Receipt(sid, message, conversation, "MB" + "1" * 32, address, NOW, NOW, ReceiptStatus.SENT)
    key = keys.receipt(conversation, message, sid).attributes()
    images = [
        to_dynamo({**key, **codec.encode(receipt), "status": status.value, "rank": rank(status)})
        for status in (ReceiptStatus.SENT, ReceiptStatus.DELIVERED)
    ]
    return {
        "eventName": "MODIFY",
        "dynamodb": {"Keys": to_dynamo(key), "OldImage": images[0], "NewImage": images[1]},
    }


def test_what_a_batch_asks_for_is_read_once(function: Load, groups: list[str], requests: Counter[str]) -> None:
    relay = function("relay")
    assert relay.handler(build_batch(groups[:1]), Context()) == {"batchItemFailures": []}
    requests.clear()
    assert relay.handler(build_batch(groups, 100), Context()) == {"batchItemFailures": []}
    # The versions of what is kept, with each conversation for its deliveries; and the webhooks of each conversation.
    assert (requests["BatchGetItem"], requests["Query"]) == (1, CONVERSATIONS)
    assert requests["TransactGetItems"] == requests["GetItem"] == 0
    # A call for each message and each delivery, ten to a request: each conversation's one after the other.
    assert requests["SendMessageBatch"] == 3 * -(-CONVERSATIONS // 10)


def test_settings_of_a_service_are_read_once_by_all_partitions(
    function: Load, groups: list[str], requests: Counter[str]
) -> None:
    relay = function("relay")
    relay.handler(build_batch(groups), Context())
    assert (requests["BatchGetItem"], requests["TransactGetItems"]) == (1, 1)


def test_what_nobody_receives_costs_one_request(function: Load, silent: list[str], requests: Counter[str]) -> None:
    relay = function("relay")
    relay.handler(build_batch(silent[:1]), Context())
    requests.clear()
    relay.handler(build_batch(silent, 100), Context())
    assert requests == {"BatchGetItem": 1}


def test_a_client_that_connects_receives_what_comes_next(function: Load, table: Table, silent: list[str]) -> None:
    relay = function("relay")
    relay.handler(build_batch(silent[:1]), Context())
    assert not receive(relay.variable("LIVE_QUEUE_URL"))
    assert connections.register(table, Connection("c-1", SERVICE, "ann", "SK1", 2_000_000_000), NOW)
    relay.handler(build_batch(silent[:1], 100), Context())
    assert len(receive(relay.variable("LIVE_QUEUE_URL"))) == 3


def test_a_webhook_that_is_added_is_called_for_the_next_delivery(
    function: Load, table: Table, silent: list[str]
) -> None:
    relay = function("relay")
    relay.handler(build_batch(silent[:1]), Context())
    url = relay.variable("CALLBACKS_QUEUE_URL")
    assert not receive(url)
    conversation = conversations.fetch(table, silent[0])
    assert conversation
    assert BatchRead(table, [conversation.sid]).has_no_webhooks(conversation.sid)
    webhook = ScopedWebhook(
        "WH1", conversation.sid, NOW, NOW, WebhookTarget.WEBHOOK, URL, filters=("onDeliveryUpdated",)
    )
    webhooks.create(table, conversation, webhook)
    relay.handler(build_batch(silent[:1], 100), Context())
    assert len(receive(url)) == 2


def test_every_message_and_delivery_of_a_batch_is_told(function: Load, groups: list[str]) -> None:
    relay = function("relay")
    relay.handler(build_batch(groups[:3]), Context())
    url = relay.variable("CALLBACKS_QUEUE_URL")
    assert len(receive(url)) == 9
