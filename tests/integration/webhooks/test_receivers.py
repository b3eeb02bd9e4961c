"""Who receives events is known without reading it anew, and whoever begins to receive them misses none."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from partyline.domain.receipts import ReceiptStatus
from partyline.storage import connections, keys
from partyline.storage.batch_read import BatchRead
from partyline.storage.connections import Connection
from partyline.storage.service_settings import MAX_AGE
from partyline.storage.table import change
from tests.integration.conftest import NAME
from tests.support.api_harness import A, B, C, Clock, P, T
from tests.support.event_world import SERVICE, World, beginning

OWN = "https://hooks.example.com/own"


@pytest.fixture
def world(dynamodb: Any, table_definition: dict[str, Any]) -> Iterator[World]:
    stream = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    dynamodb.create_table(TableName=NAME, StreamSpecification=stream, **table_definition)
    yield beginning(dynamodb, NAME, Clock())
    dynamodb.delete_table(TableName=NAME)


def say(world: World, sid: str) -> dict[str, Any]:
    return world.api.made(f"/Conversations/{sid}/Messages", {"Author": "agent", "Body": "hello"})


def has_no_webhooks(world: World, sid: str) -> bool:
    return BatchRead(world.table, [sid]).has_no_webhooks(sid)


def test_a_message_by_the_api_notes_that_there_are_no_webhooks(world: World) -> None:
    sid = world.api.group(A, B)
    assert not has_no_webhooks(world, sid)
    say(world, sid)
    assert has_no_webhooks(world, sid)


def test_a_text_that_makes_its_conversation_notes_it_and_so_does_the_next(world: World) -> None:
    first = world.text(A, P, B)
    assert has_no_webhooks(world, first.conversation_sid)
    world.text(B, P, A)
    assert has_no_webhooks(world, first.conversation_sid)


def test_a_message_that_wakes_its_conversation_notes_the_revision_that_it_makes(world: World) -> None:
    sid = world.api.group(A, B)
    world.api.post(f"/Conversations/{sid}", {"State": "inactive"})
    say(world, sid)
    assert has_no_webhooks(world, sid)


def test_a_new_webhook_ends_it_and_a_message_beside_a_webhook_notes_nothing(world: World) -> None:
    sid = world.api.group(A, B)
    say(world, sid)
    world.hook(sid, url=OWN)
    assert not has_no_webhooks(world, sid)
    say(world, sid)
    assert not has_no_webhooks(world, sid)


def test_the_webhook_of_a_line_that_comes_with_its_conversation_is_called_for_receipts(world: World) -> None:
    form = {"Type": "sms", "Address": T, "AutoCreation.Enabled": "true", "AutoCreation.Type": "webhook"}
    filters = [("AutoCreation.WebhookFilters", "onDeliveryUpdated"), ("AutoCreation.WebhookUrl", OWN)]
    configured = world.api.post("/Configuration/Addresses", [*form.items(), *filters])
    assert configured.status == 201, configured
    sid = world.text(C, T, line=T).conversation_sid
    assert not has_no_webhooks(world, sid)


def test_a_webhook_that_comes_after_the_message_is_called_for_its_receipt(world: World) -> None:
    sid = world.api.group(A)
    message = say(world, sid)
    world.relay()
    world.hook(sid, "onDeliveryUpdated", url=OWN)
    world.report(message, A, ReceiptStatus.DELIVERED)
    assert [call.url for call in world.relay()] == [OWN]


def test_who_connects_receives_the_next_event(world: World) -> None:
    sid = world.api.group(A, B)
    say(world, sid)
    world.relay()
    assert not world.pushed
    world.connect("ann")
    say(world, sid)
    world.relay()
    assert len(world.pushed) == 1


def test_who_connects_by_an_older_version_receives_events_within_a_minute(world: World) -> None:
    sid = world.api.group(A, B)
    say(world, sid)
    world.relay()
    older = Connection("c-1", SERVICE, "ann", "SK1", int(world.clock().timestamp()) + 3600)
    assert connections.register(world.table, older, world.clock())
    # As if it had replaced no version.
    world.table.write(change("version", keys.settings_version(), {"listeners": None}))
    world.clock.moment += MAX_AGE - timedelta(seconds=1)
    say(world, sid)
    world.relay()
    assert not world.pushed
    world.clock.moment += timedelta(seconds=1)
    say(world, sid)
    world.relay()
    assert len(world.pushed) == 1
