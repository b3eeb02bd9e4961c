"""The two forms of a conversation: with its places in the lists in its own item, and apart from it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from partyline.domain import sids
from partyline.domain.conversations import Conversation, ConversationState
from partyline.domain.membership import Roster
from partyline.domain.messages import Message
from partyline.errors import Conflict, RuleViolation
from partyline.storage import (
    conversation_list_keys,
    conversation_lists,
    conversations,
    keys,
    memberships,
    messages,
    queries,
    stored_format,
)
from partyline.storage.queries import Window
from partyline.storage.table import Table

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SERVICE = "IS1"
ACTIVE, INACTIVE, CLOSED = ConversationState.ACTIVE, ConversationState.INACTIVE, ConversationState.CLOSED
INDEX_KEYS = ("GSI1PK", "GSI1SK", "GSI2PK", "GSI2SK")

pytestmark = pytest.mark.usefixtures("instant_retries")


class Stack:
    """A table, first at the level of release 0.2, and processes that have the level of their beginning."""

    def __init__(self, client: Any, name: str) -> None:
        self._client, self._name = client, name
        self.table = Table(client, name)

    def finalize(self) -> None:
        """Raise the level, and go on in another process."""
        stored_format.raise_level(self.table)
        self.table = Table(self._client, self._name)

    def make(self, minute: int = 0, **fields: Any) -> Conversation:
        created = NOW + timedelta(minutes=minute)
        made = Conversation(sids.new(sids.CONVERSATION), SERVICE, created, created, active_at=NOW, **fields)
        return memberships.NewConversation(made, (), NOW).store(self.table)

    def fetch(self, sid: str) -> Conversation:
        found = conversations.fetch(self.table, sid)
        assert found
        return found

    def say(self, sid: str, table: Table | None = None) -> None:
        """Record a message."""
        before = self.fetch(sid)
        index = before.last_index + 1
        said = Message(sids.message(index), sid, index, NOW, NOW, "agent", "hi")
        (table or self.table).transact(messages.recording_writes(Roster(before, (), has_webhooks=False), said, NOW))

    def set_state(self, sid: str, state: ConversationState) -> None:
        before = self.fetch(sid)
        conversations.update(self.table, before, replace(before, state=state), NOW)

    def in_indexes(self, sid: str) -> list[str]:
        """The items of a conversation that are in an index."""
        items = self.table.query_all(keys.conversation(sid).pk)
        return [item["SK"] for item in items if any(name in item for name in INDEX_KEYS)]

    def listed(self, state: ConversationState | None = None, size: int = 100) -> list[str]:
        """The SIDs of a list, read in pages."""
        found: list[str] = []
        window = Window(size)
        while True:
            page = conversation_lists.page(self.table, SERVICE, window, state=state)
            found += [one.sid for _, one in page.entries]
            if not (page.more and page.ends):
                return found
            window = Window(size, page.ends[1])


@pytest.fixture
def stack(client: Any, table: Table) -> Stack:
    return Stack(client, table._name)


def test_a_conversation_of_the_first_level_is_as_release_0_2_lists_it(stack: Stack) -> None:
    made = stack.make()
    stack.say(made.sid)
    stack.set_state(made.sid, INACTIVE)
    stack.say(made.sid)

    assert stack.in_indexes(made.sid) == ["C"]
    item = stack.table.get(keys.conversation(made.sid))
    assert item and item["GSI2PK"].startswith(conversation_list_keys.state_list(SERVICE, ACTIVE))
    assert "listed_apart" not in item


def test_a_message_of_a_new_conversation_changes_nothing_in_an_index(stack: Stack) -> None:
    stack.finalize()
    made = stack.make()
    assert made == stack.fetch(made.sid)
    before = stack.table.get(conversation_list_keys.places(made.sid))
    stack.say(made.sid)

    assert stack.in_indexes(made.sid) == ["L"]
    assert stack.table.get(conversation_list_keys.places(made.sid)) == before


def test_a_conversation_moves_with_its_next_two_messages_and_is_listed_all_the_time(stack: Stack) -> None:
    made, other = stack.make(), stack.make(1)
    stack.finalize()
    found = []
    for expected in (["C"], ["C", "L"], ["L"], ["L"]):
        assert stack.in_indexes(made.sid) == expected
        found.append((stack.listed(), stack.listed(ACTIVE), stack.listed(CLOSED)))
        stack.say(made.sid)

    assert found == [([other.sid, made.sid], [other.sid, made.sid], [])] * 4
    # Nobody has written to it.
    assert stack.in_indexes(other.sid) == ["C"]


@pytest.mark.parametrize("said", range(3))
def test_lists_follow_the_state_in_every_form(stack: Stack, said: int) -> None:
    made = stack.make()
    stack.finalize()
    for _ in range(said):
        stack.say(made.sid)
    stack.set_state(made.sid, INACTIVE)
    assert (stack.listed(ACTIVE), stack.listed(INACTIVE)) == ([], [made.sid])
    stack.say(made.sid)
    assert (stack.listed(ACTIVE), stack.listed(INACTIVE)) == ([made.sid], [])
    stack.set_state(made.sid, CLOSED)
    assert (stack.listed(), stack.listed(ACTIVE), stack.listed(CLOSED)) == ([made.sid], [], [made.sid])


@pytest.mark.parametrize("said", range(3))
def test_lists_follow_the_date_of_creation_in_every_form(stack: Stack, said: int) -> None:
    first, second = stack.make(), stack.make(1)
    stack.finalize()
    for _ in range(said):
        stack.say(first.sid)
    before = stack.fetch(first.sid)
    conversations.update(stack.table, before, replace(before, created=NOW + timedelta(hours=1)), NOW)

    assert stack.listed() == [first.sid, second.sid] == stack.listed(ACTIVE)


@pytest.mark.parametrize("said", range(3))
def test_a_deleted_conversation_is_in_no_list(stack: Stack, said: int) -> None:
    made = stack.make()
    stack.finalize()
    for _ in range(said):
        stack.say(made.sid)
    conversations.remove(stack.table, stack.fetch(made.sid))

    assert stack.in_indexes(made.sid) == []
    assert stack.listed() == []


@pytest.mark.parametrize("size", range(1, 6))
def test_pages_have_each_conversation_once_while_some_move(stack: Stack, size: int) -> None:
    made = [stack.make(minute).sid for minute in range(7)]
    stack.finalize()
    for number, sid in enumerate(made):
        for _ in range(number % 3):
            stack.say(sid)
    made += [stack.make(8).sid]

    assert stack.listed(size=size) == made[::-1] == stack.listed(ACTIVE, size)
    assert read_backwards(stack, size) == made[::-1]


def read_backwards(stack: Stack, size: int) -> list[str]:
    """The SIDs of the list, read in pages from its end."""
    found: list[str] = []
    window = Window(size, " ", backward=True)
    while True:
        page = queries.conversations(stack.table, SERVICE, window)
        found = [one.sid for _, one in page.entries] + found
        if not (page.more and page.ends):
            return found
        window = Window(size, page.ends[0], backward=True)


def test_who_has_read_the_earlier_form_changes_nothing_once_a_conversation_has_moved(stack: Stack) -> None:
    made = stack.make()
    stack.finalize()
    stack.say(made.sid)
    closed = replace(made, state=CLOSED)
    with pytest.raises(RuleViolation, match="conversation_changed"):
        conversations.update(stack.table, made, closed, NOW)
    with pytest.raises(Conflict):
        conversations.remove(stack.table, made)

    assert stack.listed(ACTIVE) == [made.sid]


def test_a_process_with_the_earlier_level_keeps_the_form_that_it_finds(stack: Stack) -> None:
    earlier = stack.table
    earlier.connect()
    stack.finalize()
    made = stack.make()
    for _ in range(2):
        stack.say(made.sid, earlier)
    assert stack.in_indexes(made.sid) == ["L"]


def test_what_an_index_still_has_is_left_out(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """Indexes are behind the table for a moment."""
    stack.finalize()
    gone, closed, stays = (stack.make(minute).sid for minute in range(3))
    query = stack.table.query
    before = [*index_pages(stack)]
    stack.set_state(closed, CLOSED)
    conversations.remove(stack.table, stack.fetch(gone))
    answers = iter(before)
    monkeypatch.setattr(
        stack.table, "query", lambda *given, index=None, **named: next(answers) if index else query(*given)
    )

    assert stack.listed(ACTIVE) == [stays]


def index_pages(stack: Stack) -> Iterable[Any]:
    """What the shards of the list by state have now."""
    name = conversation_list_keys.state_list(SERVICE, ACTIVE)
    return [stack.table.query(keys.shard(name, number), index="GSI2") for number in range(keys.SHARDS)]
