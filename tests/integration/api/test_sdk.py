"""Twilio's official SDK, unpatched, against the API."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from partyline.storage.table import Table
from tests.support.api_harness import BASE, A, B, Clock, P, Q, activate


def test_a_group_is_built_member_by_member_and_written_to(sdk: Client) -> None:
    conversations = sdk.conversations.v1.conversations
    made = conversations.create(friendly_name="House hunt", unique_name="deal 7", attributes='{"deal": 7}')
    assert made.state == "active"
    assert made.date_created == datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
    assert made.url == f"{BASE}/v1/Conversations/{made.sid}"
    people = conversations(made.sid).participants
    agent = people.create(identity="agent", messaging_binding_projected_address=P)
    assert agent.messaging_binding == {"type": "sms", "projected_address": P}
    for address in (A, B):
        native = people.create(messaging_binding_address=address)
        assert native.messaging_binding == {"type": "sms", "address": address}
    message = conversations("deal 7").messages.create(
        author="agent", body="Hello both", x_twilio_webhook_enabled="true"
    )
    assert (message.index, message.author, message.participant_sid) == (0, "agent", agent.sid)
    assert message.delivery == {
        "total": 2, "sent": "none", "delivered": "none", "read": "none", "failed": "none", "undelivered": "none"
    }  # fmt: skip
    receipts = message.delivery_receipts.list()
    assert len(receipts) == 2
    assert {receipt.status for receipt in receipts} == {None}
    assert message.delivery_receipts(receipts[0].sid).fetch().message_sid == message.sid


def test_everything_that_was_made_is_read_changed_and_deleted(sdk: Client, clock: Clock) -> None:
    conversation = sdk.conversations.v1.conversations.create(unique_name="deal")
    conversation = sdk.conversations.v1.conversations("deal").fetch()
    context = sdk.conversations.v1.conversations(conversation.sid)
    member = context.participants.create(identity="ann smith", attributes='{"seat": 1}')
    assert context.participants("ann smith").fetch().sid == member.sid
    message = context.messages.create(author="ann smith", body="hi")
    clock.tick(seconds=5)
    changed = context.messages(message.sid).update(body="hi!")
    assert (changed.body, changed.date_updated) == ("hi!", datetime(2026, 11, 22, 12, 0, 5, tzinfo=UTC))
    read = context.participants(member.sid).update(last_read_message_index=0)
    assert read.last_read_message_index == 0
    assert context.update(state="inactive").state == "inactive"
    assert context.messages(message.sid).delete() is True
    assert context.participants(member.sid).delete() is True
    assert context.delete() is True
    with pytest.raises(TwilioRestException) as refused:
        context.fetch()
    assert (refused.value.status, refused.value.code) == (404, 20404)
    missing = f"The requested resource /Conversations/{conversation.sid} was not found"
    assert refused.value.msg == f"Unable to fetch record: {missing}"


def test_lists_are_walked_to_the_end_over_several_pages(sdk: Client) -> None:
    context = sdk.conversations.v1.conversations(sdk.conversations.v1.conversations.create().sid)
    for number in range(7):
        context.messages.create(body=f"{number}")
    assert [one.body for one in context.messages.list(page_size=3)] == [str(number) for number in range(7)]
    assert [one.body for one in context.messages.list(order="desc", limit=2)] == ["6", "5"]
    assert len(context.messages.list(limit=5000)) == 7
    second = context.messages.page(page_size=3).next_page()
    assert [one.body for one in second] == ["3", "4", "5"]
    assert [one.body for one in second.previous_page()] == ["0", "1", "2"]


def test_a_conversation_with_its_participants_is_initializing_then_active(
    sdk: Client, table: Table, clock: Clock
) -> None:
    made = sdk.conversations.v1.conversation_with_participants.create(
        friendly_name="All at once",
        participant=[
            json.dumps({"messaging_binding": {"address": A}}),
            json.dumps({"messaging_binding": {"address": B}}),
            json.dumps({"identity": "agent", "messaging_binding": {"projected_address": P}}),
        ],
    )
    assert made.state == "initializing"
    context = sdk.conversations.v1.conversations(made.sid)
    assert len(context.participants.list()) == 3
    with pytest.raises(TwilioRestException) as refused:
        context.messages.create(author="agent", body="too early")
    assert refused.value.code == 50386
    activate(table, made.sid, clock())
    assert context.fetch().state == "active"
    assert context.messages.create(author="agent", body="now").delivery["total"] == 2


def test_a_refusal_names_the_owner_of_the_group(sdk: Client) -> None:
    texts = [
        json.dumps({"messaging_binding": {"address": A}}),
        json.dumps({"messaging_binding": {"address": B}}),
        json.dumps({"messaging_binding": {"projected_address": Q}}),
    ]
    first = sdk.conversations.v1.conversation_with_participants.create(participant=texts)
    with pytest.raises(TwilioRestException) as refused:
        sdk.conversations.v1.conversation_with_participants.create(participant=texts)
    assert (refused.value.status, refused.value.code) == (409, 50438)
    assert refused.value.msg.endswith(
        f"Group MMS with given participant list already exists as Conversation {first.sid}"
    )
    assert refused.value.details == {"conversation_sid": first.sid}
