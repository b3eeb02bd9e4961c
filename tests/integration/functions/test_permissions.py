"""What each function may do to the table is what it does: no call without permission, no permission without a call."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from types import ModuleType
from typing import Any
from urllib.parse import urlencode

import pytest
import yaml

from partyline import cleanup, outbox, reporting, sending
from partyline.carriers.port import Accepted, DeliveryReport, OutboundText
from partyline.cleanup import Kind, Removed
from partyline.model import SendReference
from partyline.states import ReceiptStatus
from partyline.store import conversations, messages
from partyline.store.table import Table
from tests.integration.conftest import TEMPLATE, Template
from tests.integration.functions.conftest import Context, event

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
# A transaction needs the permission of each of its parts.
PARTS = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}
Load = Callable[[str], ModuleType]


def granted(function: str) -> set[str]:
    """The DynamoDB actions of a function's statements."""
    properties = yaml.load(TEMPLATE.read_text(), Template)["Resources"][f"{function.title()}Function"]["Properties"]
    statements = [statement for policy in properties["Policies"] for statement in policy["Statement"]]
    actions = {
        action
        for one in statements
        for action in ([one["Action"]] if isinstance(one["Action"], str) else one["Action"])
    }
    return {action.removeprefix("dynamodb:") for action in actions if action.startswith("dynamodb:")}


@pytest.fixture
def called(client: Any, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The DynamoDB actions that were asked for, by any client."""
    actions: set[str] = set()
    send = type(client)._make_api_call

    def record(self: Any, operation: str, parameters: dict[str, Any]) -> Any:
        if self.meta.service_model.service_name == "dynamodb":
            parts = [next(iter(part)) for part in parameters.get("TransactItems", ())]
            actions.update([PARTS[part] for part in parts] or [operation])
        return send(self, operation, parameters)

    monkeypatch.setattr("botocore.client.BaseClient._make_api_call", record)
    return actions


def api(conversations_app: ModuleType, method: str, path: str, **form: str) -> dict[str, Any]:
    sample = event("conversations/create-conversation")
    body = urlencode({name.replace("__", "."): value for name, value in form.items()})
    answer: dict[str, Any] = conversations_app.handler(
        {**sample, "httpMethod": method, "path": f"/v1/{path}", "body": body}, Context()
    )
    assert answer["statusCode"] < 300, answer
    return answer


def sid_in(answer: dict[str, Any], prefix: str) -> str:
    found = re.search(rf'"sid": "({prefix}[0-9a-f]{{32}})"', answer["body"])
    assert found
    return found[1]


@pytest.fixture
def group(function: Load, monkeypatch: pytest.MonkeyPatch) -> tuple[ModuleType, str, str]:
    """The API's function, a conversation of a group and a message in it, all made through the API."""
    monkeypatch.setenv("AUTH_SECRET_ARN", "carriers")
    monkeypatch.setenv("KEYS_SECRET_ARN", "carriers")
    monkeypatch.setenv("GROUP_LIMIT", "10")
    app = function("conversations")
    api(app, "POST", "Lines", Address="+12065550100", Carrier="bandwidth", AutoCreation="groups")
    conversation = sid_in(api(app, "POST", "Conversations", UniqueName="elm"), "CH")
    people = f"Conversations/{conversation}/Participants"
    api(app, "POST", people, Identity="agent", MessagingBinding__ProjectedAddress="+12065550100")
    api(app, "POST", people, MessagingBinding__Address="+12065550150")
    api(app, "POST", people, MessagingBinding__Address="+12065550151")
    message = api(app, "POST", f"Conversations/{conversation}/Messages", Author="agent", Body="hello")
    return app, conversation, sid_in(message, "IM")


def test_the_api(group: tuple[ModuleType, str, str], called: set[str]) -> None:
    app, conversation, message = group
    api(app, "GET", "Conversations/elm")
    api(app, "GET", "Conversations")
    api(app, "GET", f"Conversations/{conversation}/Messages")
    api(app, "POST", f"Conversations/{conversation}", UniqueName="oak")
    api(app, "POST", f"Conversations/{conversation}/Participants/agent", Identity="another")
    api(app, "POST", f"Conversations/{conversation}/Messages/{message}", Body="hi")
    api(app, "DELETE", f"Conversations/{conversation}/Messages/{message}")
    api(app, "DELETE", f"Conversations/{conversation}")
    api(app, "POST", "Lines/+12065550100", AutoCreation="off")
    api(app, "DELETE", "Lines/+12065550100")
    service = sid_in(api(app, "POST", "Services", FriendlyName="Elsewhere"), "IS")
    api(app, "POST", "Configuration", DefaultChatServiceSid=service)
    assert called == granted("conversations")


def test_webhooks(function: Load, group: tuple[ModuleType, str, str], called: set[str], table: Table) -> None:
    inbound = function("inbound")
    for name in ("bandwidth-group-text", "bandwidth-two-own-numbers", "bandwidth-malformed", "bandwidth-failed"):
        assert inbound.handler(event(f"inbound/{name}"), Context())["statusCode"] == 200
    reporting.apply(
        table,
        DeliveryReport("bandwidth", "c-1", "+12065550150", ReceiptStatus.SENT, tag=reference(table, group).tag),
        NOW,
    )
    assert called == granted("inbound")


def reference(table: Table, group: tuple[ModuleType, str, str]) -> SendReference:
    """The only send of the group's message."""
    found = messages.fetch(table, *group[1:])
    assert found
    return found.message.reference(found.message.sends[0])


def test_the_outbox(group: tuple[ModuleType, str, str], table: Table, called: set[str]) -> None:
    conversation = conversations.fetch(table, group[1])
    assert conversation
    conversations.create(
        table, replace(conversation, sid="CH" + "1" * 32, unique_name=None, threads=frozenset()), [], NOW
    )
    client: Any = table._client
    waiting = {"#s": "state"}, {":s": {"S": "initializing"}}
    client.update_item(
        TableName="partyline",
        Key={"PK": {"S": "C#CH" + "1" * 32}, "SK": {"S": "C"}},
        UpdateExpression="SET #s = :s",
        ExpressionAttributeNames=waiting[0],
        ExpressionAttributeValues=waiting[1],
    )
    called.clear()
    desk = outbox.Desk(table, enqueue=lambda *given: None, clean=lambda removed: None, clock=lambda: NOW)
    keys = {"PK": {"S": f"C#{group[1]}"}, "SK": {"S": "C"}}
    image = {"outbox": {"S": "activate"}, "sid": {"S": "CH" + "1" * 32}}
    outbox.relay(desk, {"eventName": "INSERT", "dynamodb": {"Keys": keys, "NewImage": image}})
    outbox.relay(desk, {"eventName": "REMOVE", "dynamodb": {"Keys": keys, "OldImage": {**keys, **image}}})
    assert called == granted("relay")


def test_cleaning_up(group: tuple[ModuleType, str, str], table: Table, called: set[str]) -> None:
    app, conversation, _ = group
    found = conversations.fetch(table, conversation)
    assert found
    second = sid_in(api(app, "POST", "Services", FriendlyName="Second"), "IS")
    api(app, "POST", f"Services/{second}/Conversations")
    # Two conversations of one pair: the second one has it to claim once the first one is gone.
    first, _ = pairs = [sid_in(api(app, "POST", "Conversations"), "CH") for _ in range(2)]
    for pair in pairs:
        people = f"Conversations/{pair}/Participants"
        api(app, "POST", people, Identity="ann", MessagingBinding__ProjectedAddress="+12065550100")
        api(app, "POST", people, MessagingBinding__Address="+12065550150")
    api(app, "DELETE", f"Conversations/{first}")
    user = sid_in(api(app, "GET", "Users/ann"), "US")
    api(app, "DELETE", f"Users/{user}")
    called.clear()
    desk = cleanup.Desk(table, clock=lambda: NOW, has_time=lambda: True)
    for removed in (
        Removed(Kind.USER, user, found.service_sid, "ann"),
        Removed(Kind.SERVICE, second),
        Removed(Kind.CONVERSATION, conversation),
    ):
        assert cleanup.clean(desk, removed)
    assert called == granted("cleanup")


class Taking:
    """A carrier that takes everything."""

    name = "bandwidth"
    max_recipients = 10

    def send(self, text: OutboundText) -> Accepted:
        return Accepted("c-1")

    def authenticate(self, request: Any, now: float) -> None:
        raise NotImplementedError

    def parse(self, request: Any) -> Any:
        raise NotImplementedError


def test_sending(group: tuple[ModuleType, str, str], table: Table, called: set[str]) -> None:
    send = reference(table, group)
    called.clear()
    desk = sending.Desk(table, carrier=lambda name: Taking(), callback_url=lambda c, t: "", clock=lambda: NOW)
    sending.deliver(desk, send)
    sending.deliver(desk, send)
    sending.give_up(desk, send)
    assert called == granted("outbound")
