"""A write that meets another one under way says nothing about what is there: it is tried again, or told as a race."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from partyline.domain import sids, threads
from partyline.domain.contacts import Contact, ContactAction, ContactNumber, describe_change
from partyline.domain.conversations import Conversation, ConversationState
from partyline.domain.lines import Line
from partyline.domain.membership import Roster
from partyline.domain.messages import Message
from partyline.domain.participants import Participant
from partyline.domain.receipts import ReceiptStatus
from partyline.domain.sends import Send
from partyline.errors import Conflict, RuleViolation
from partyline.storage import contacts, conversation_lists, conversations, lines, memberships, messages, receipts
from partyline.storage.queries import Window
from partyline.storage.receipts import ReportedStatus
from partyline.storage.table import Table, Write

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SERVICE = sids.default_service("AC" + "0" * 32)
P, A, B = "+12065550100", "+12065550150", "+12065550151"


class Underway(Table):
    """A table on which writes meet another one, a number of times."""

    def __init__(self, inner: Table, times: int) -> None:
        super().__init__(inner._client, inner._name)
        self._left = times

    def write(self, write: Write) -> Any:
        self._meet()
        return super().write(write)

    def transact(self, writes: Sequence[Write]) -> None:
        self._meet()
        super().transact(writes)

    def _meet(self) -> None:
        if self._left:
            self._left -= 1
            raise Conflict({})


pytestmark = pytest.mark.usefixtures("instant_retries")


def conversation(table: Table, *members: dict[str, Any], **fields: Any) -> Conversation:
    made = Conversation(sids.new(sids.CONVERSATION), SERVICE, NOW, NOW, **fields)
    people = [Participant(sids.new(sids.PARTICIPANT), made.sid, NOW, NOW, **member) for member in members]
    return memberships.NewConversation(made, people, NOW).store(table)


def message(table: Table, owner: Conversation) -> Message:
    thread = threads.build_key([A, B, P])
    made = Message(sids.message(0), owner.sid, 0, NOW, NOW, P, "hi", sends=(Send(thread, P, {A: "MB1", B: "MB2"}),))
    table.transact(messages.recording_writes(Roster(owner, ()), made, NOW))
    return made


def test_a_conversation_is_changed_although_a_text_is_being_recorded_in_it(table: Table) -> None:
    before = conversation(table, {"identity": "ann"})
    assigned = replace(before, assignee="ann", updated=NOW)
    assert conversations.update(Underway(table, 3), before, assigned, NOW).assignee == "ann"
    stored = conversations.fetch(table, before.sid)
    assert stored and stored.assignee == "ann"
    with pytest.raises(RuleViolation, match="conversation_changed"):
        conversations.update(Underway(table, 100), stored, replace(stored, assignee=None), NOW)


def test_a_contact_is_stored_although_another_one_is_about_to_have_its_number(table: Table) -> None:
    """Of two that want a number, DynamoDB may cancel both at first."""
    made = Contact(sids.new(sids.CONTACT), SERVICE, "Kay", NOW, NOW, (ContactNumber(A, primary=True),))
    change = describe_change(None, made, ContactAction.CREATED, "ann")
    contacts.save(Underway(table, 3), None, made, change)
    assert contacts.fetch(table, made.sid) == made


def test_a_report_moves_its_receipt_although_another_report_is_being_applied(table: Table) -> None:
    made = message(table, conversation(table))
    reference = made.reference(made.sends[0])
    assert receipts.move(Underway(table, 3), reference, ReportedStatus(A, ReceiptStatus.DELIVERED), NOW)
    found = messages.fetch(table, made.conversation_sid, made.sid)
    assert found
    assert {receipt.address: receipt.status for receipt in found.receipts} == {
        A: ReceiptStatus.DELIVERED,
        B: ReceiptStatus.QUEUED,
    }


def test_report_that_never_gets_through_fails_so_that_it_is_repeated(table: Table) -> None:
    made = message(table, conversation(table))
    with pytest.raises(Conflict):
        receipts.move(Underway(table, 99), made.reference(made.sends[0]), ReportedStatus(A, ReceiptStatus.SENT), NOW)


def test_what_is_there_is_never_called_missing(table: Table) -> None:
    owner = conversation(table, {"projected_address": P})
    made = message(table, owner)
    roster = conversations.load(table, owner.sid)
    assert roster
    line = Line(sids.new(sids.LINE), P, "bandwidth", NOW, NOW)
    lines.register(table, line)
    busy = Underway(table, 99)
    with pytest.raises(Conflict):
        messages.update(busy, roster.conversation, made, replace(made, body="changed"), NOW)
    with pytest.raises(Conflict):
        memberships.touch_member(
            busy, roster.conversation, roster.participants[0], replace(roster.participants[0], attributes="[]"), NOW
        )
    with pytest.raises(Conflict):
        lines.update(busy, line, replace(line, carrier="telnyx"))


def test_claiming_a_pair_that_became_free_is_a_race_like_any_other(table: Table) -> None:
    first = conversation(table, {"address": A}, {"projected_address": P})
    second = conversation(table, {"address": A}, {"projected_address": P})
    stale = conversations.load(table, second.sid)
    assert stale
    conversations.remove(table, first)
    fresh = conversations.fetch(table, second.sid)
    assert fresh
    conversations.update(table, fresh, fresh, NOW)
    with pytest.raises(Conflict):
        memberships.claim_threads(table, stale, NOW)


def test_a_new_member_wakes_an_inactive_conversation_and_nothing_else_does(table: Table) -> None:
    made = conversation(table, {"identity": "ann"}, state=ConversationState.INACTIVE)
    roster = conversations.load(table, made.sid)
    assert roster
    roster = memberships.change_members(table, roster, roster.participants, NOW)
    assert roster.conversation.state is ConversationState.INACTIVE
    joined = Participant(sids.new(sids.PARTICIPANT), made.sid, NOW, NOW, identity="bob")
    memberships.change_members(table, roster, roster.with_member(joined), NOW)
    stored = conversations.fetch(table, made.sid)
    assert stored
    assert stored.state is ConversationState.ACTIVE
    listed = {
        state: [one.sid for _, one in conversation_lists.page(table, SERVICE, Window(5), state=state).entries]
        for state in (ConversationState.ACTIVE, ConversationState.INACTIVE)
    }
    assert listed == {ConversationState.ACTIVE: [made.sid], ConversationState.INACTIVE: []}
