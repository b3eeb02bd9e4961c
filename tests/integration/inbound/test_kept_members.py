"""Members that a process keeps: a text into a known thread takes two round trips, and sees what has changed."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from partyline.carriers.base import InboundText
from partyline.domain import roster_marks, sids, threads
from partyline.domain.conversations import ConversationState
from partyline.domain.events import EventBatch
from partyline.domain.lines import AutoCreation, Line
from partyline.domain.membership import Roster
from partyline.domain.participants import Participant
from partyline.domain.services import Configuration
from partyline.domain.webhook_configuration import ScopedWebhook, WebhookTarget
from partyline.inbound.recorder import InboundRecorder, RecordOutcome, RecordResult
from partyline.storage import conversations, keys, lines, memberships, messages, services, webhooks
from partyline.storage.attribute_values import Item
from partyline.storage.roster_cache import MAX_KEPT, MAX_MEMBERS, RosterCache
from partyline.storage.service_settings import SettingsCache
from partyline.storage.table import Table, change
from tests.support.api_harness import consult_no_webhook
from tests.support.aws_requests import AwsRequest
from tests.support.stored_events import list_batches

NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
SERVICE = sids.default_service("AC" + "0" * 32)
P, Q, R = "+12065550100", "+12065550101", "+12065550110"
A, B, C = "+12065550150", "+12065550151", "+12065550152"
KEPT, READ = ["BatchGetItem", "TransactWriteItems"], ["BatchGetItem", "Query", "TransactWriteItems"]
IDS = itertools.count()


@pytest.fixture
def own(table: Table) -> Table:
    for address, mode in ((P, AutoCreation.GROUPS), (Q, AutoCreation.GROUPS), (R, AutoCreation.ALL)):
        lines.register(table, Line(sids.new(sids.LINE), address, "bandwidth", NOW, NOW, mode))
    services.create_account(table, SERVICE, NOW)
    table.connect()
    return table


def text(sender: str, *recipients: str, line: str = P, body: str = "hello") -> InboundText:
    return InboundText("bandwidth", f"id-{next(IDS)}", line, sender, recipients, body)


def process(table: Table) -> InboundRecorder:
    """What records texts in one process."""
    return InboundRecorder(table, SERVICE, consult_no_webhook, SettingsCache(table, lambda: NOW), RosterCache())


def loaded(table: Table, sid: str) -> Roster:
    roster = conversations.load(table, sid)
    assert roster
    return roster


def last_batch(table: Table, recorded: RecordResult) -> EventBatch:
    """The events that a text has published."""
    batches = list_batches(table.query(keys.messages(recorded.conversation_sid)).items)
    return next(
        one for one in batches if any(part.parameters.get("MessageSid") == recorded.message_sid for part in one.events)
    )


def operations(made: list[AwsRequest]) -> list[str]:
    return [one.operation for one in made]


def test_the_next_text_takes_two_round_trips(own: Table, requests_made: list[AwsRequest]) -> None:
    one = process(own)
    one.record(text(A, P, B), NOW)
    requests_made.clear()
    assert one.record(text(B, P, A), NOW).outcome is RecordOutcome.RECORDED
    assert operations(requests_made) == KEPT


def test_a_process_that_meets_a_thread_for_the_first_time_reads_its_members(
    own: Table, requests_made: list[AwsRequest]
) -> None:
    process(own).record(text(A, P, B), NOW)
    other = process(own)
    other.record(text(C, P, A, B), NOW)
    requests_made.clear()
    for sender, recipient in ((A, B), (B, A)):
        other.record(text(sender, P, recipient), NOW)
    assert operations(requests_made) == READ + KEPT


def join(table: Table, roster: Roster) -> None:
    member = Participant(sids.new(sids.PARTICIPANT), roster.conversation.sid, NOW, NOW, identity="ann")
    memberships.change_members(table, roster, roster.with_member(member), NOW)


def leave(table: Table, roster: Roster) -> None:
    gone = next(one for one in roster.participants if one.address == B)
    memberships.change_members(table, roster, roster.without(gone), NOW)


def name(table: Table, roster: Roster) -> None:
    """Give our number an identity: its texts have another author, and the roster of events another member."""
    number = next(one for one in roster.participants if one.projected_address == P)
    memberships.change_members(table, roster, roster.with_member(replace(number, identity="ann")), NOW)


def add_webhook(table: Table, roster: Roster) -> None:
    sid = roster.conversation.sid
    added = ScopedWebhook(sids.new(sids.WEBHOOK), sid, NOW, NOW, WebhookTarget.WEBHOOK, url="https://example.com")
    webhooks.create(table, roster.conversation, added)


def close(table: Table, roster: Roster) -> None:
    closed = replace(roster.conversation, state=ConversationState.CLOSED)
    conversations.update(table, roster.conversation, closed, NOW)


def remove(table: Table, roster: Roster) -> None:
    conversations.remove(table, roster.conversation)


def rename(table: Table, roster: Roster) -> None:
    conversations.update(table, roster.conversation, replace(roster.conversation, friendly_name="team"), NOW)


def join_by_an_earlier_version(table: Table, roster: Roster) -> None:
    """As version 0.2.0 adds a member: it knows of no mark."""
    member = Participant(sids.new(sids.PARTICIPANT), roster.conversation.sid, NOW, NOW, identity="ann")
    key = keys.conversation(roster.conversation.sid)
    before = table.get(key)
    assert before
    memberships.change_members(table, roster, roster.with_member(member), NOW)
    table.write(change("conversation", key, {"roster_mark": before["roster_mark"]}))


Change = Callable[[Table, Roster], None]


@pytest.mark.parametrize(
    "change_it", [join, leave, name, add_webhook, close, remove, rename, join_by_an_earlier_version]
)
def test_a_text_is_recorded_for_the_conversation_as_it_is(own: Table, change_it: Change) -> None:
    """What was answered before a text came applies to it, whatever a process keeps."""
    keeping = process(own)
    made = keeping.record(text(A, P, B), NOW)
    keeping.record(text(B, P, A), NOW)
    change_it(own, loaded(own, made.conversation_sid))
    recorded = keeping.record(text(A, P, B, body="after"), NOW)
    roster = loaded(own, recorded.conversation_sid)
    assert (recorded.conversation_sid == made.conversation_sid) == (change_it not in (leave, close, remove))
    found = messages.fetch(own, recorded.conversation_sid, recorded.message_sid)
    assert found
    assert found.message.participant_sid in {one.sid for one in roster.participants if one.address == A}
    batch = last_batch(own, recorded)
    added = next(one for one in batch.events if one.type == "onMessageAdded")
    bound = [one for one in roster.participants if one.is_bound]
    assert all(one.sid in added.parameters["Roster"] for one in bound)
    assert all((one.identity or "") in added.parameters["Roster"] for one in bound)
    assert (batch.webhooks is None) == (change_it is add_webhook)


def test_what_a_text_is_not_kept_for_is_read(own: Table, requests_made: list[AwsRequest]) -> None:
    """A text that goes on to a masked member begins with its author's name, which changes without a revision."""
    keeping = process(own)
    made = keeping.record(text(A, R, line=R), NOW)
    roster = loaded(own, made.conversation_sid)
    cat = Participant(sids.new(sids.PARTICIPANT), made.conversation_sid, NOW, NOW, address=C, proxy_address=Q)
    memberships.change_members(own, roster, roster.with_member(cat), NOW)
    keeping.record(text(A, R, line=R, body="psst"), NOW)
    requests_made.clear()
    keeping.record(text(A, R, line=R, body="psst again"), NOW)
    assert operations(requests_made) == READ


def test_a_conversation_in_a_service_that_was_removed_is_not_used(own: Table) -> None:
    keeping = process(own)
    made = keeping.record(text(A, P, B), NOW)
    services.configure(own, Configuration(SERVICE), Configuration(SERVICE, default_closed_timer=600))
    again = keeping.record(text(B, P, A), NOW)
    assert again.conversation_sid == made.conversation_sid
    remove(own, loaded(own, made.conversation_sid))
    third = keeping.record(text(A, P, B), NOW)
    assert third.outcome is RecordOutcome.CREATED
    assert loaded(own, third.conversation_sid).conversation.closed_after == 600


# --- queries that see a transaction in part


class Torn(Table):
    """A table whose first queries of a partition see some items as they were: `before` has what they return."""

    def __init__(self, table: Table, before: dict[str, Item | None], times: int) -> None:
        self.__dict__.update(table.__dict__)
        self._before, self._times = before, times
        self.queries = 0

    def query_all(self, pk: str, **named: Any) -> Iterator[Item]:
        self.queries += 1
        is_torn = self.queries <= self._times
        for item in super().query_all(pk, **named):
            seen = self._before.get(item["SK"], item) if is_torn else item
            if seen is not None:
                yield seen


def test_members_that_were_read_in_part_are_read_again(own: Table) -> None:
    sid = process(own).record(text(A, P, B), NOW).conversation_sid
    join(own, loaded(own, sid))
    (ann,) = (one for one in loaded(own, sid).participants if one.identity)
    unseen: dict[str, Any] = {keys.participant(sid, ann.sid).sk: None}
    torn = Torn(own, unseen, times=2)
    assert ann in loaded(torn, sid).participants
    assert torn.queries == 3
    # It ends: a text is not lost because members cannot be told apart.
    assert ann not in loaded(Torn(own, unseen, times=9), sid).participants


def test_members_that_were_read_in_part_are_not_kept(own: Table, requests_made: list[AwsRequest]) -> None:
    sid = process(own).record(text(A, P, B), NOW).conversation_sid
    join(own, loaded(own, sid))
    (ann,) = (one for one in loaded(own, sid).participants if one.identity)
    keeping = process(Torn(own, {keys.participant(sid, ann.sid).sk: None}, times=3))
    keeping.record(text(B, P, A), NOW)
    requests_made.clear()
    keeping.record(text(A, P, B), NOW)
    assert operations(requests_made) == READ


def test_webhook_that_a_query_does_not_see_yet_is_called(own: Table) -> None:
    """That a conversation has no webhook would be noted in it, and hold until its next change."""
    sid = process(own).record(text(A, P, B), NOW).conversation_sid
    add_webhook(own, loaded(own, sid))
    (webhook,) = own.query(keys.conversation(sid).pk, begins=keys.WEBHOOKS).items
    keeping = process(Torn(own, {webhook["SK"]: None}, times=9))
    for sender, recipient in ((B, A), (A, B)):
        assert last_batch(own, keeping.record(text(sender, P, recipient), NOW)).webhooks is None
    assert (own.get(keys.conversation(sid)) or {}).get("no_webhooks_at") != loaded(own, sid).conversation.revision


def test_a_thread_beside_one_that_the_conversation_does_not_own_is_not_kept(own: Table) -> None:
    """It may own that later, and a text that goes on there begins with a name."""
    sid = process(own).record(text(A, R, line=R), NOW).conversation_sid
    other = Participant("MB9", sid, NOW, NOW, address=C, proxy_address=Q)
    roster = loaded(own, sid)
    (thread,) = roster.conversation.threads
    unowned = roster.with_member(other)
    marked = replace(roster.conversation, roster_mark=roster_marks.build_mark(roster.conversation.revision, unowned))
    more = frozenset({thread, "another"})
    owning = replace(roster.conversation, threads=more)
    cache = RosterCache()
    for refused in (Roster(marked, unowned), Roster(owning, roster.participants)):
        assert refused.is_certain
        cache.keep(thread, refused)
        assert cache.find_conversation(thread) is None
    cache.keep(thread, roster)
    assert cache.find_conversation(thread) == sid


def test_what_may_be_large_is_not_kept(own: Table) -> None:
    sid = process(own).record(text(A, P, B), NOW).conversation_sid
    roster = loaded(own, sid)
    (thread,) = roster.conversation.threads
    large = tuple(replace(one, attributes='{"a": "b"}', role_sid="RL1") for one in roster.participants)
    cache = RosterCache()
    cache.keep(thread, replace(roster, participants=large))
    found = cache.find(thread, roster.conversation)
    assert found
    assert found.participants == roster.participants


def test_members_stay_kept_when_a_text_wakes_their_conversation(own: Table, requests_made: list[AwsRequest]) -> None:
    keeping = process(own)
    sid = keeping.record(text(A, P, B), NOW).conversation_sid
    roster = loaded(own, sid)
    resting = replace(roster.conversation, state=ConversationState.INACTIVE)
    conversations.update(own, roster.conversation, resting, NOW)
    for _ in range(2):
        keeping.record(text(B, P, A), NOW)
    assert loaded(own, sid).is_certain
    requests_made.clear()
    keeping.record(text(A, P, B), NOW)
    assert operations(requests_made) == KEPT


def test_members_that_were_read_in_part_are_not_written_down_as_all(own: Table) -> None:
    sid = process(own).record(text(A, P, B), NOW).conversation_sid
    roster = loaded(own, sid)
    torn = Roster(roster.conversation, roster.participants[:-1])
    after = memberships.change_members(own, torn, torn.participants, NOW)
    assert after.conversation.roster_mark is None
    assert not loaded(own, sid).is_torn


def test_few_members_of_few_threads_are_kept(own: Table) -> None:
    sid = process(own).record(text(A, P, B), NOW).conversation_sid
    roster = loaded(own, sid)
    (thread,) = roster.conversation.threads
    cache = RosterCache()
    cache.keep("another thread", roster)
    assert cache.find_conversation("another thread") is None
    cache.keep(thread, roster)
    assert cache.find_conversation(thread) == sid
    for number in range(MAX_MEMBERS):
        one = Participant(sids.new(sids.PARTICIPANT), sid, NOW, NOW, identity=f"person {number}")
        roster = memberships.change_members(own, roster, roster.with_member(one), NOW)
    cache.keep(thread, roster)
    assert cache.find_conversation(thread) is None


def test_memory_for_kept_members_has_an_end(own: Table) -> None:
    roster = loaded(own, process(own).record(text(A, P, B), NOW).conversation_sid)
    cache = RosterCache()
    pairs = [build_pair(number) for number in range(MAX_KEPT + 1)]
    for thread, members in pairs:
        conversation = replace(
            roster.conversation, threads=frozenset([thread]), roster_mark=roster_marks.build_mark(0, members)
        )
        cache.keep(thread, Roster(conversation, members))
    assert [cache.find_conversation(thread) is None for thread, _ in pairs] == [True] * MAX_KEPT + [False]


def build_pair(number: int) -> tuple[str, tuple[Participant, ...]]:
    """A thread of one handset with our number, and its members."""
    address = f"+1206556{number:04}"
    ours = Participant("MB1", "CH1", NOW, NOW, projected_address=P)
    return threads.build_key([address, P]), (ours, Participant("MB2", "CH1", NOW, NOW, address=address))
