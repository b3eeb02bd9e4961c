"""Which handsets a message reaches: every handset of the roster has a receipt, or the message is refused."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from partyline.carriers.base import InboundText
from partyline.domain import sids
from partyline.inbound import recorder
from partyline.inbound.recorder import RecordOutcome, RecordResult
from partyline.storage import conversations, memberships, messages
from partyline.storage.table import Table
from tests.support.api_harness import ACCOUNT, A, Api, B, C, D, P, Q, T, consult_no_webhook
from tests.support.people import acting

IDS = itertools.count()
NOT_IN_GROUP = "Message author should be among Group MMS participants"
REASON = "no participant has a projected address, so nothing can be sent to the handsets: add one of your own numbers"
NO_NUMBER = (400, 50513, f"{NOT_IN_GROUP}: {REASON}")
FAILED = ("failed", 21612)


def arrive(api: Api, table: Table, sender: str, line: str, *others: str) -> RecordResult:
    """A handset's text to one of our numbers, and to others in a group."""
    text = InboundText("bandwidth", f"reaching-{next(IDS)}", line, sender, (line, *others), "hi")
    first = sids.default_service(ACCOUNT)
    return recorder.InboundRecorder(table, first, consult_no_webhook).record(text, api.context.clock())


def member_of(api: Api, conversation: str, address: str) -> str:
    """The SID of the participant with an address of one kind or the other."""
    members = api.get(f"/Conversations/{conversation}/Participants").body["participants"]
    (sid,) = [one["sid"] for one in members if address in (one["messaging_binding"] or {}).values()]
    return str(sid)


def leave(api: Api, conversation: str, address: str) -> None:
    path = f"/Conversations/{conversation}/Participants/{member_of(api, conversation, address)}"
    assert api.delete(path).status == 204


def listed(api: Api, conversation: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.get(f"/Conversations/{conversation}/Messages").body["messages"]
    return found


def receipts(api: Api, recorded: RecordResult) -> dict[str, tuple[str | None, int]]:
    """How a message stands with each participant."""
    path = f"/Conversations/{recorded.conversation_sid}/Messages/{recorded.message_sid}/Receipts"
    found = api.get(path).body["delivery_receipts"]
    return {one["participant_sid"]: (one["status"], one["error_code"]) for one in found}


# --- no own number among the members


def never_attached(api: Api) -> str:
    sid = api.conversation()
    api.member(sid, address=A)
    api.member(sid, address=B)
    return sid


def attaching_was_refused(api: Api) -> str:
    api.group(A, B)
    sid = never_attached(api)
    assert api.add(sid, projected=P).error[:2] == (409, 50438)
    return sid


def removed(api: Api) -> str:
    sid = api.group(A, B)
    leave(api, sid, P)
    return sid


def emptied(api: Api) -> str:
    sid = api.group(A)
    path = f"/Conversations/{sid}/Participants/{member_of(api, sid, P)}"
    assert api.post(path, {"MessagingBinding.ProjectedAddress": ""}).status == 200
    return sid


def brought_out_from_a_proxy(api: Api) -> str:
    sid = api.conversation()
    path = f"/Conversations/{sid}/Participants/{api.member(sid, address=A, proxy=P)}"
    assert api.post(path, {"MessagingBinding.ProxyAddress": "null"}).status == 200
    return sid


WITHOUT_A_NUMBER = [never_attached, attaching_was_refused, removed, emptied, brought_out_from_a_proxy]


@pytest.mark.parametrize("make", WITHOUT_A_NUMBER)
@pytest.mark.parametrize("author", ["", "system", "agent", A, P])
def test_natives_without_an_own_number_cannot_be_written_to(api: Api, make: Callable[[Api], str], author: str) -> None:
    """U1: it was answered 201, and reached no handset."""
    sid = make(api)
    assert api.say(sid, author=author).error == NO_NUMBER
    assert listed(api, sid) == []
    (problem,) = api.post(f"/Conversations/{sid}/Preview", {"Author": author, "Body": "hi"}).body["problems"]
    assert (problem["code"], problem["message"]) == (50513, NOT_IN_GROUP)


def test_nor_by_a_person_with_a_token(api: Api) -> None:
    """U1."""
    sid = emptied(api)
    agent = acting(api, "agent")
    assert agent.post(f"/Conversations/{sid}/Messages", {"Body": "hi"}).error == NO_NUMBER
    api.member(sid, projected=Q)
    refused = agent.post(f"/Conversations/{sid}/Messages", {"Body": "hi"})
    assert (refused.error[1], refused.body["details"]) == (50513, {"author": "agent"})


def test_masked_members_beside_them_do_not_get_it_either(api: Api) -> None:
    """U1."""
    sid = never_attached(api)
    api.member(sid, address=C, proxy=Q)
    for author in ("system", C):
        assert api.say(sid, author=author).error == NO_NUMBER
    api.member(sid, projected=P)
    assert api.say(sid, author=P).body["delivery"]["total"] == 3


def test_a_masked_members_text_fails_for_each_native_that_it_cannot_reach(api: Api, table: Table) -> None:
    """U1: a text that is here already cannot be refused."""
    sid = never_attached(api)
    cat, dan = api.member(sid, address=C, proxy=Q), api.member(sid, address=D, proxy=P)
    recorded = arrive(api, table, C, Q)
    assert recorded.outcome is RecordOutcome.RECORDED
    natives = {member_of(api, sid, address): FAILED for address in (A, B)}
    assert receipts(api, recorded) == {**natives, dan: (None, 0)}
    assert cat not in receipts(api, recorded)
    (shown,) = listed(api, sid)
    assert (shown["delivery"]["total"], shown["delivery"]["failed"]) == (3, "some")


def test_people_in_an_app_are_written_to_without_any_number(api: Api) -> None:
    sid = api.conversation()
    api.member(sid, identity="ann")
    assert api.say(sid, author="ann").body["delivery"] is None


# --- the thread is another conversation's


def test_a_member_goes_although_the_smaller_group_is_open_elsewhere(api: Api, table: Table) -> None:
    """U11: who asks to leave must be able to."""
    first, second = api.group(A, B), api.group(A, C, B)
    leave(api, second, C)
    taken = (409, 50438, f"Group MMS with given participant list already exists as Conversation {first}")
    assert api.say(second).error == taken
    assert arrive(api, table, A, P, B).conversation_sid == first
    # Who had left is not written to again by their old thread.
    assert arrive(api, table, C, P, A, B).conversation_sid not in (first, second)
    assert api.post(f"/Conversations/{first}", {"State": "closed"}).status == 200
    assert api.say(second).body["delivery"]["total"] == 2
    assert arrive(api, table, A, P, B).conversation_sid == second


def test_an_own_number_goes_as_freely(api: Api) -> None:
    """U11: by removal, and by its address."""
    first, second = api.group(A, B), api.group(A, B, own=Q)
    api.member(second, identity="other", projected=P)
    leave(api, second, Q)
    assert api.say(second, author="other").error[1] == 50438
    third = api.group(A, B, own=T)
    helper = api.member(third, projected=P)
    assert api.post(f"/Conversations/{third}/Participants/{helper}", {"Identity": "helper"}).status == 200
    assert api.delete(f"/Conversations/{third}/Participants/{member_of(api, third, T)}").status == 204
    assert api.say(third, author="helper").body["details"] == {"conversation_sid": first}


def test_while_it_waits_any_change_without_a_new_member_is_made(api: Api, table: Table) -> None:
    """U11: the number is handed over and given up; who joins needs a set that is free."""
    first, second = api.group(A, B), api.group(A, C, B)
    leave(api, second, C)
    own = member_of(api, second, P)
    path = f"/Conversations/{second}/Participants/{own}"
    assert api.post(path, {"Identity": "other"}).status == 200
    assert api.post(path, {"Attributes": '{"name": "x"}'}).status == 200
    assert api.add(second, address=D).status == 201
    assert api.say(second, author="other").body["delivery"]["total"] == 3
    leave(api, second, D)
    leave(api, second, A)
    # A pair that is free.
    assert api.say(second, author="other").body["delivery"]["total"] == 1
    assert api.add(second, address=A).body["details"] == {"conversation_sid": first}


def test_a_masked_members_text_fails_for_a_group_that_waits(api: Api, table: Table) -> None:
    """U11."""
    api.group(A, B)
    second = api.group(A, C, B)
    api.member(second, address=D, proxy=Q)
    leave(api, second, C)
    recorded = arrive(api, table, D, Q)
    assert receipts(api, recorded) == {member_of(api, second, address): FAILED for address in (A, B)}


def test_a_waiting_conversation_can_be_closed_and_deleted(api: Api, table: Table) -> None:
    """U11: the other one's thread stays its own."""
    first = api.group(A, B)
    for action in ("close", "delete"):
        second = api.group(A, C, B)
        leave(api, second, C)
        path = f"/Conversations/{second}"
        answer = api.post(path, {"State": "closed"}) if action == "close" else api.delete(path)
        assert answer.status in (200, 204)
        assert arrive(api, table, A, P, B).conversation_sid == first


def test_a_pair_of_another_conversation_is_refused_in_words_for_a_pair(api: Api) -> None:
    """U9."""
    first, second = api.group(A), api.group(A)
    taken = f"A binding for this participant and proxy address already exists in Conversation {first}"
    refused = api.say(second)
    assert refused.error == (409, 50416, taken)
    assert refused.body["details"] == {"conversation_sid": first}
    (problem,) = api.post(f"/Conversations/{second}/Preview", {"Author": "agent", "Body": "hi"}).body["problems"]
    assert (problem["code"], problem["message"]) == (50416, taken)


# --- left out of the smaller thread


def test_a_text_in_the_smaller_thread_fails_for_who_is_left_out_of_it(api: Api, table: Table) -> None:
    """U1: its carrier brought it to the others only."""
    sid = api.group(A, B, C)
    smaller = ",".join(sorted([A, B, P]))
    assert memberships.claim_alias_thread(table, sid, smaller, api.context.clock())
    recorded = arrive(api, table, A, P, B)
    assert recorded.conversation_sid == sid
    assert receipts(api, recorded) == {member_of(api, sid, C): FAILED}


# --- whatever is done


class Story:
    """Two conversations over the same handsets and numbers, and what is done with them. Each recorded message is
    checked at once."""

    def __init__(self, api: Api, table: Table) -> None:
        self.api, self.table = api, table
        self.handsets = [f"+1206555{next(NUMBERS):04}" for _ in range(3)]
        self.conversations = [api.conversation(), api.conversation()]

    def add(self, which: int, handset: int, line: str) -> None:
        self.api.add(self.conversations[which], address=self.handsets[handset])

    def mask(self, which: int, handset: int, line: str) -> None:
        self.api.add(self.conversations[which], address=self.handsets[handset], proxy=line)

    def attach(self, which: int, handset: int, line: str) -> None:
        self.api.add(self.conversations[which], projected=line)

    def remove(self, which: int, handset: int, line: str) -> None:
        path = f"/Conversations/{self.conversations[which]}/Participants"
        for one in self.api.get(path).body["participants"]:
            if (one["messaging_binding"] or {}).get("address") == self.handsets[handset]:
                assert self.api.delete(f"{path}/{one['sid']}").status == 204

    def detach(self, which: int, handset: int, line: str) -> None:
        path = f"/Conversations/{self.conversations[which]}/Participants"
        for one in self.api.get(path).body["participants"]:
            if (one["messaging_binding"] or {}).get("projected_address") == line:
                assert self.api.delete(f"{path}/{one['sid']}").status == 204

    def close(self, which: int, handset: int, line: str) -> None:
        self.api.post(f"/Conversations/{self.conversations[which]}", {"State": "closed"})
        self.conversations[which] = self.api.conversation()

    def say(self, which: int, handset: int, line: str) -> None:
        answer = self.api.say(self.conversations[which], author=line)
        if answer.status == 201:
            self.check(answer.body["conversation_sid"], answer.body["sid"], {line})
        else:
            assert answer.error[1] in (50413, 50416, 50438, 50513), answer.body

    def write(self, which: int, handset: int, line: str) -> None:
        """A handset writes into each thread of a conversation that it is in."""
        roster = conversations.load(self.table, self.conversations[which])
        assert roster
        sender = self.handsets[handset]
        for thread in sorted(roster.conversation.threads):
            members = thread.split(",")
            if sender in members:
                own = next(number for number in (P, Q) if number in members)
                recorded = arrive(self.api, self.table, sender, own, *members)
                assert recorded.conversation_sid == self.conversations[which]
                self.check(recorded.conversation_sid, recorded.message_sid, {sender, *members})

    def check(self, conversation: str, message: str, has_it: set[str]) -> None:
        roster = conversations.load(self.table, conversation)
        found = messages.fetch(self.table, conversation, message)
        assert roster and found
        handsets = {member.sid for member in roster.participants if member.address and member.address not in has_it}
        assert {receipt.participant_sid for receipt in found.receipts} == handsets
        assert len(found.receipts) == len(handsets)
        # What no send is for has failed already, and everything else is on its way.
        sent = {sid for send in found.message.sends for sid in send.natives.values()}
        assert {one.participant_sid for one in found.receipts if one.status == "failed"} == handsets - sent


NUMBERS = itertools.count(1000)
ACTIONS = (Story.add, Story.mask, Story.attach, Story.remove, Story.detach, Story.close, Story.say, Story.write)
STEPS = st.lists(
    st.tuples(st.sampled_from(ACTIONS), st.integers(0, 1), st.integers(0, 2), st.sampled_from([P, Q])),
    min_size=8,
    max_size=20,
)


# What fails is short enough to be read: shrinking it takes minutes.
@settings(
    max_examples=8,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS)
def test_every_handset_of_a_recorded_message_has_a_receipt(
    api: Api, table: Table, steps: list[tuple[Callable[[Story, int, int, str], None], int, int, str]]
) -> None:
    """U1.

    GIVEN two conversations of the same people
    WHEN anybody joins, leaves and writes in any order
    THEN each handset but those that have it from the carrier has one receipt of each message that was not refused."""
    story = Story(api, table)
    for action, which, handset, line in steps:
        action(story, which, handset, line)
    for which in (0, 1):
        story.close(which, 0, P)
