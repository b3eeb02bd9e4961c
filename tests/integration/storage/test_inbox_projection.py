"""The projection of the inbox under races: whatever the order of refreshes, it ends as what is there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from partyline.domain import sids
from partyline.domain.conversations import Conversation, ConversationState
from partyline.domain.inbox import InboxView
from partyline.domain.participants import Participant
from partyline.domain.services import build_service
from partyline.lifecycle.cleanup import Cleaner
from partyline.queues.queue_messages import Removed, RemovedKind
from partyline.storage import conversations, inbox, inbox_keys, inbox_pages, keys, memberships, services
from partyline.storage.attribute_values import Item
from partyline.storage.inbox_pages import InboxReader
from partyline.storage.keys import Key
from partyline.storage.queries import Window
from partyline.storage.table import Page, Table, Write, change
from partyline.stream.inbox_projector import InboxProjector
from tests.support.api_harness import Racing
from tests.support.files import Files

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SERVICE = sids.derive(sids.SERVICE, "inbox")


def projector(table: Table) -> InboxProjector:
    return InboxProjector(table, lambda: NOW, lambda: True, partial(services.fetch, table))


@pytest.fixture
def used(table: Table) -> Table:
    """The table of a Service that uses its inbox."""
    service, roles = build_service("Sales", NOW, sid=SERVICE)
    services.create(table, service, roles)
    assert inbox.start(table, service, "2026-11-22T12:00:00.000000Z")
    return table


def make(table: Table) -> str:
    conversation = Conversation(sids.new(sids.CONVERSATION), SERVICE, NOW, NOW, active_at=NOW)
    members = [
        Participant(sids.new(sids.PARTICIPANT), conversation.sid, NOW, NOW, identity="ann", identified=NOW),
        Participant(sids.new(sids.PARTICIPANT), conversation.sid, NOW, NOW, address="+12065550150"),
    ]
    return memberships.NewConversation(conversation, members, NOW).store(table).sid


def make_crowd(table: Table, people: int) -> str:
    """Make a conversation of many people, twenty at a time."""
    conversation = Conversation(
        sids.new(sids.CONVERSATION), SERVICE, NOW, NOW, friendly_name="Elm Street", active_at=NOW
    )
    members = [
        Participant(sids.new(sids.PARTICIPANT), conversation.sid, NOW, NOW, identity=f"person {number}")
        for number in range(people)
    ]
    sid = memberships.NewConversation(conversation, members[:20], NOW).store(table).sid
    for start in range(20, len(members), 20):
        roster = conversations.load(table, sid)
        assert roster
        memberships.change_members(table, roster, [*roster.participants, *members[start : start + 20]], NOW)
    return sid


def edit(table: Table, sid: str, **changes: Any) -> None:
    before = conversations.fetch(table, sid)
    assert before
    conversations.update(table, before, replace(before, **changes), NOW)


def stored(table: Table, sid: str) -> tuple[Any, ...]:
    """What the inbox has of a conversation, without the version, and its terms."""
    found = inbox.load(table, sid)
    items = table.query(inbox_keys.partition(sid)).items
    terms = [
        item["term"]
        for number in range(keys.SHARDS)
        for item in table.query_all(keys.shard(inbox_keys.terms(SERVICE), number))
        if item["conversation_sid"] == sid
    ]
    places = sorted((item.get("GSI1PK", ""), item.get("GSI1SK", ""), item.get("GSI2PK", "")) for item in items)
    return found.entry and replace(found.entry, version=0), dict(found.pointers), places, sorted(terms)


def expected(table: Table, sid: str) -> tuple[Any, ...]:
    """What a refresh of nothing makes of the conversation."""
    table.delete_all(keys.Key(item["PK"], item["SK"]) for item in table.query(inbox_keys.partition(sid)).items)
    for number in range(keys.SHARDS):
        partition = keys.shard(inbox_keys.terms(SERVICE), number)
        table.delete_all(keys.Key(item["PK"], item["SK"]) for item in table.query_all(partition))
    projector(table).refresh(SERVICE, sid)
    return stored(table, sid)


CHANGES: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.builds(dict, friendly_name=st.sampled_from(["Elm Street", "Oak", None])),
    st.builds(dict, assignee=st.sampled_from(["ann", "b#b", None])),
    st.builds(dict, state=st.sampled_from([ConversationState.ACTIVE, ConversationState.INACTIVE])),
    st.builds(dict, active_at=st.integers(0, 50).map(lambda hours: NOW + timedelta(hours=hours))),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(CHANGES, CHANGES, st.booleans()), min_size=1, max_size=4))
def test_a_refresh_that_loses_a_race_never_replaces_a_newer_view(
    used: Table, steps: list[tuple[dict[str, Any], dict[str, Any], bool]]
) -> None:
    sid = make(used)
    for first, second, others_refresh in steps:
        edit(used, sid, **first)

        def meanwhile(changes: dict[str, Any] = second, refreshes: bool = others_refresh) -> None:
            edit(used, sid, **changes)
            if refreshes:
                projector(used).refresh(SERVICE, sid)

        # The refresh has read everything, and somebody changes the conversation before it writes.
        projector(Racing(used, 1, "entry", meanwhile)).refresh(SERVICE, sid)
        if not others_refresh:
            # Each change is followed by a refresh.
            projector(used).refresh(SERVICE, sid)
    before = stored(used, sid)
    assert before == expected(used, sid)


def test_a_refresh_that_comes_after_the_removal_leaves_nothing(used: Table) -> None:
    sid = make(used)
    projector(used).refresh(SERVICE, sid)

    def remove() -> None:
        found = conversations.fetch(used, sid)
        assert found
        conversations.remove(used, found)
        projector(used).refresh(SERVICE, sid)

    edit(used, sid, friendly_name="Elm")
    projector(Racing(used, 1, "entry", remove)).refresh(SERVICE, sid)
    assert stored(used, sid) == (None, {}, [], [])


@pytest.mark.parametrize("people", [1, 130], ids=["few people", "very many people"])
def test_a_first_refresh_during_the_removal_leaves_nothing(used: Table, people: int) -> None:
    """The clean-up finds no entry yet."""
    sid = make_crowd(used, people)

    def remove() -> None:
        found = conversations.fetch(used, sid)
        assert found
        conversations.remove(used, found)
        assert Cleaner(used, Files(), lambda: NOW, lambda: True).clean_up(Removed(RemovedKind.CONVERSATION, sid))

    projector(Racing(used, 1, "entry", remove)).refresh(SERVICE, sid)
    assert stored(used, sid) == (None, {}, [], [])


def test_a_repeat_writes_nothing_but_the_version(used: Table) -> None:
    sid = make(used)
    projector(used).refresh(SERVICE, sid)
    entry = inbox.load(used, sid).entry
    projector(used).refresh(SERVICE, sid)
    assert entry
    assert inbox.load(used, sid).entry == replace(entry, version=entry.version + 1)


def test_a_refresh_stores_nothing_that_was_taken_back_meanwhile(used: Table) -> None:
    sid = make(used)
    edit(used, sid, friendly_name="Elm Street")
    projector(used).refresh(SERVICE, sid)

    def take_back() -> None:
        edit(used, sid, friendly_name="Elm Street")
        projector(used).refresh(SERVICE, sid)

    edit(used, sid, friendly_name="Oak")
    projector(Racing(used, 1, "entry", take_back)).refresh(SERVICE, sid)
    entry = inbox.load(used, sid).entry
    assert entry
    assert entry.title == "Elm Street"


class Recording(Table):
    """A table that remembers what it was asked to write together, and how often it was asked to read."""

    def __init__(self, inner: Table) -> None:
        super().__init__(inner._client, inner._name)
        self.labels: list[list[str]] = []
        self.reads = 0

    def transact(self, writes: Sequence[Write]) -> None:
        self.labels.append([write.label for write in writes])
        super().transact(writes)

    def query(self, *given: Any, **named: Any) -> Page:
        self.reads += 1
        return super().query(*given, **named)

    def get_all(self, keys: Iterable[Key]) -> dict[Key, Item]:
        self.reads += 1
        return super().get_all(keys)


@pytest.mark.parametrize(
    ("changes", "written"),
    [
        ({"active_at": NOW + timedelta(hours=1)}, ["pointer", "pointer", "entry"]),
        ({"friendly_name": "Elm"}, ["term", "entry"]),
        ({"assignee": "ann"}, ["pointer", "pointer", "entry"]),
        ({"attributes": '{"x": 1}'}, None),
    ],
)
def test_a_refresh_writes_what_has_changed_and_no_more(
    used: Table, changes: dict[str, Any], written: list[str] | None
) -> None:
    sid = make(used)
    projector(used).refresh(SERVICE, sid)
    edit(used, sid, **changes)
    recording = Recording(used)
    projector(recording).refresh(SERVICE, sid)
    # The entry, the conversation, its newest message, the contacts; whether anyone listens.
    assert (recording.labels, recording.reads) == ([written], 5) if written else ([], 4)


def test_the_shards_of_everyones_list_can_grow(used: Table) -> None:
    made = [make(used) for _ in range(6)]
    for sid in made:
        projector(used).refresh(SERVICE, sid)
    used.write(change("service", keys.service(SERVICE), {"inbox_shards": 11}))
    service = services.fetch(used, SERVICE)
    assert service

    def listed() -> list[str]:
        page = inbox_pages.list_pointers(used, InboxReader(service), Window(50), InboxView.ALL)
        return sorted(pointer.conversation_sid for _, pointer in page.entries)

    assert listed() == sorted(made)
    for sid in made[:3]:
        edit(used, sid, active_at=NOW + timedelta(hours=1))
        projector(used).refresh(SERVICE, sid)
    assert listed() == sorted(made)


def test_a_conversation_of_very_many_people_is_in_everybodys_list(used: Table) -> None:
    sid = make_crowd(used, 130)
    projector(used).refresh(SERVICE, sid)
    assert len(inbox.load(used, sid).pointers) == 131
    edit(used, sid, active_at=NOW + timedelta(hours=1))
    projector(used).refresh(SERVICE, sid)
    assert {one.active_at for one in inbox.load(used, sid).pointers.values()} == {NOW + timedelta(hours=1)}
