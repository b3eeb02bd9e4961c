"""The event of a new message: in an item of its own, or in the message's."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from partyline.domain import events, membership, routing, sids
from partyline.domain.conversations import Conversation, ConversationState
from partyline.domain.events import BY_TEXT, QUIETLY, Cause, EventBatch, Reason, Source
from partyline.domain.media import Media
from partyline.domain.membership import Roster
from partyline.domain.messages import Message
from partyline.domain.participants import Participant
from partyline.storage import (
    codec,
    event_packing,
    inbound_records,
    keys,
    media,
    message_events,
    messages,
    stored_format,
)
from partyline.storage.attribute_values import Item
from partyline.storage.table import Table
from tests.support.stored_events import list_batches

NOW = datetime(2026, 11, 22, 12, 0, 0, 123_456, tzinfo=UTC)
CH, SERVICE = sids.derive(sids.CONVERSATION, "one"), sids.derive(sids.SERVICE, "one")
AGENT = Participant("MB" + "a" * 32, CH, NOW, NOW, identity="Zoë", projected_address="+12065550100")
NATIVES = tuple(Participant(f"MB{one}" + "b" * 31, CH, NOW, NOW, address=f"+1206555015{one}") for one in "123")
MASKED = Participant("MB" + "c" * 32, CH, NOW, NOW, address="+12065550160", proxy_address="+12065550101")
GROUP = (AGENT, *NATIVES)
THREAD = "+12065550100,+12065550151,+12065550152,+12065550153"
CONVERSATION = Conversation(CH, SERVICE, NOW, NOW, last_index=6)
SENT = Message(
    sids.message(7),
    CH,
    7,
    NOW,
    NOW,
    "Zoë",
    body="The plumber comes at ten on Monday; please leave the key with the neighbour, 4B.",
    participant_sid=AGENT.sid,
    sends=routing.plan_sends(GROUP, frozenset({THREAD}), AGENT),
    service_sid=SERVICE,
)
RECEIVED = replace(
    SENT,
    author="+12065550151",
    participant_sid=NATIVES[0].sid,
    sends=(),
    carrier_message_id="c-1",
    received_at=NOW - timedelta(seconds=2),
    attributes='{"word": "☎ \\"~0\\""}',
)
BY_HAND = replace(SENT, created=NOW - timedelta(days=9), recorded=NOW, updated=NOW - timedelta(days=8))
PICTURE = Media("ME" + "d" * 32, "https://c.example/1", "image/png", carrier="bandwidth")
WITH_FILE = replace(RECEIVED, body=None, media=(PICTURE,))
AS_LINE = replace(SENT, author="+12065550100", written_by="ann")
CAUSES = (QUIETLY, BY_TEXT, Cause(Source.SDK, "Zoë"), Cause(Source.API, notify_webhooks=False))


@pytest.fixture
def newest(client: Any, table: Table) -> Table:
    """A process that has the newest level."""
    stored_format.raise_level(table)
    return Table(client, "partyline")


def announce(message: Message, members: tuple[Participant, ...] = GROUP, **more: Any) -> EventBatch:
    """The batch of a new message; `more` are the cause, the messaging service, and whether there are webhooks."""
    conversation = replace(CONVERSATION, messaging_service_sid=more.get("messaging_service_sid"))
    added = events.message_added_event(message, conversation, members)
    roster = Roster(conversation, members, has_webhooks=more.get("has_webhooks"))
    return membership.build_event_batch(roster, more.get("cause", QUIETLY), NOW, [added])


def record(table: Table, message: Message, batch: EventBatch) -> list[Item]:
    """What recording a message leaves: its item, and that of its events."""
    table.transact([message_events.build_write(message, codec.encode(message), batch)])
    return [*table.query_all(keys.messages(CH))]


@pytest.mark.parametrize("message", [SENT, RECEIVED, BY_HAND, WITH_FILE, AS_LINE])
@pytest.mark.parametrize("members", [GROUP, (*GROUP, MASKED), (AGENT,), ()])
@pytest.mark.parametrize("cause", CAUSES)
@pytest.mark.parametrize("has_webhooks", [None, True, False])
def test_a_message_has_its_event_as_it_would_be_apart(
    newest: Table, message: Message, members: tuple[Participant, ...], cause: Cause, has_webhooks: bool | None
) -> None:
    batch = announce(message, members, cause=cause, has_webhooks=has_webhooks, messaging_service_sid="MG" + "e" * 32)
    items = record(newest, message, batch)
    assert [item["SK"] for item in items] == [message.sid]
    assert [*list_batches(items)] == [batch]
    assert codec.decode(Message, items[0]) == message


def test_until_an_upgrade_is_finalized_the_event_is_apart(table: Table) -> None:
    batch = announce(SENT)
    items = record(table, SENT, batch)
    assert sorted(item["SK"][:2] for item in items) == ["E#", "IM"]
    assert [*list_batches(items)] == [batch]
    assert not any(event_packing.PACKED in item for item in items if item["SK"] == SENT.sid)


def test_a_level_that_rises_in_between_leaves_the_event_once(client: Any, table: Table) -> None:
    writes = [message_events.build_write(SENT, codec.encode(SENT), announce(SENT))]
    table.connect()
    stored_format.raise_level(table)
    table.transact(writes)
    # Another process, with the level of now, has lost the race and does what it had planned.
    assert not Table(client, "partyline").written(*writes)
    assert len([*list_batches(table.query_all(keys.messages(CH)))]) == 1


@pytest.mark.parametrize("message", [replace(SENT, service_sid=None), replace(SENT, service_sid="IS" + "0" * 32)])
def test_a_message_that_does_not_name_the_service_has_its_event_apart(newest: Table, message: Message) -> None:
    batch = announce(message)
    items = record(newest, message, batch)
    assert [*list_batches(items)] == [batch]
    assert [item["SK"] for item in items if event_packing.PACKED in item] != [message.sid]


def test_a_message_with_which_more_happens_has_its_events_apart(newest: Table) -> None:
    active = replace(CONVERSATION, state=ConversationState.INACTIVE)
    one = announce(SENT)
    batch = replace(one, events=(*one.events, events.state_updated_event(active, CONVERSATION, Reason.EVENT)))
    items = record(newest, SENT, batch)
    assert sorted(item["SK"][:2] for item in items) == ["E#", "IM"]
    assert [*list_batches(items)] == [batch]


def test_an_update_leaves_nothing_of_the_event(newest: Table) -> None:
    [item] = record(newest, SENT, announce(SENT))
    assert event_packing.PACKED in item
    messages.update(newest, CONVERSATION, SENT, replace(SENT, body="changed"), NOW)
    item = newest.get(keys.message(CH, SENT.sid)) or {}
    assert (item["body"], event_packing.PACKED in item) == ("changed", False)


def test_nobody_who_gets_the_text_is_named_twice(newest: Table) -> None:
    """What the message has is not stored again."""
    [item] = record(newest, SENT, announce(SENT))
    addition = json.dumps(event_packing.unpack(item)[message_events.ADDITION])
    assert not any(member.sid in addition for member in GROUP)
    assert all(str(member.address) in addition for member in NATIVES)


@pytest.mark.parametrize("update", ["a file arrives", "words arrive", "another item has the text"])
def test_addition_is_taken_away_by_each_update_of_the_message(newest: Table, update: str) -> None:
    message = RECEIVED if update == "another item has the text" else WITH_FILE
    record(newest, message, announce(message))
    key = keys.message(CH, message.sid)
    assert event_packing.PACKED in (newest.get(key) or {})
    match update:
        case "a file arrives":
            assert media.remove_from_message(newest, CONVERSATION, message.sid, [PICTURE.sid], NOW)
        case "words arrive":
            completed = replace(message, body="hello", media=())
            newest.transact([inbound_records.build_completion_write(message, completed)])
        case _:
            newest.transact([messages.handing_over_write(message)])
    assert event_packing.PACKED not in (newest.get(key) or {})
