"""The two forms of a conversation: with its places in the lists in its own item, and apart from it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from partyline.domain.conversations import ConversationState
from partyline.errors import Conflict, RuleViolation
from partyline.storage import (
    conversation_list_keys,
    conversations,
    keys,
    queries,
)
from partyline.storage.queries import Window
from partyline.storage.table import Table
from tests.support.conversation_forms import NOW, SERVICE, FormsStack

ACTIVE, INACTIVE, CLOSED = ConversationState.ACTIVE, ConversationState.INACTIVE, ConversationState.CLOSED

pytestmark = pytest.mark.usefixtures("instant_retries")


@pytest.fixture
def stack(client: Any, table: Table) -> FormsStack:
    return FormsStack(client, table._name)


def test_a_conversation_of_the_first_level_is_as_release_0_2_lists_it(stack: FormsStack) -> None:
    made = stack.make()
    stack.say(made.sid)
    stack.set_state(made.sid, INACTIVE)
    stack.say(made.sid)

    assert stack.in_indexes(made.sid) == ["C"]
    item = stack.table.get(keys.conversation(made.sid))
    assert item and item["GSI2PK"].startswith(conversation_list_keys.state_list(SERVICE, ACTIVE))
    assert "listed_apart" not in item


def test_a_message_of_a_new_conversation_changes_nothing_in_an_index(stack: FormsStack) -> None:
    stack.finalize()
    made = stack.make()
    assert made == stack.fetch(made.sid)
    before = stack.table.get(conversation_list_keys.places(made.sid))
    stack.say(made.sid)

    assert stack.in_indexes(made.sid) == ["L"]
    assert stack.table.get(conversation_list_keys.places(made.sid)) == before


def test_a_conversation_moves_with_its_next_two_messages_and_is_listed_all_the_time(stack: FormsStack) -> None:
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
def test_lists_follow_the_state_in_every_form(stack: FormsStack, said: int) -> None:
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
def test_lists_follow_the_date_of_creation_in_every_form(stack: FormsStack, said: int) -> None:
    first, second = stack.make(), stack.make(1)
    stack.finalize()
    for _ in range(said):
        stack.say(first.sid)
    before = stack.fetch(first.sid)
    conversations.update(stack.table, before, replace(before, created=NOW + timedelta(hours=1)), NOW)

    assert stack.listed() == [first.sid, second.sid] == stack.listed(ACTIVE)


@pytest.mark.parametrize("said", range(3))
def test_a_deleted_conversation_is_in_no_list(stack: FormsStack, said: int) -> None:
    made = stack.make()
    stack.finalize()
    for _ in range(said):
        stack.say(made.sid)
    conversations.remove(stack.table, stack.fetch(made.sid))

    assert stack.in_indexes(made.sid) == []
    assert stack.listed() == []


@pytest.mark.parametrize("size", range(1, 6))
def test_pages_have_each_conversation_once_while_some_move(stack: FormsStack, size: int) -> None:
    made = [stack.make(minute).sid for minute in range(7)]
    stack.finalize()
    for number, sid in enumerate(made):
        for _ in range(number % 3):
            stack.say(sid)
    made += [stack.make(8).sid]

    assert stack.listed(size=size) == made[::-1] == stack.listed(ACTIVE, size)
    assert read_backwards(stack, size) == made[::-1]


def read_backwards(stack: FormsStack, size: int) -> list[str]:
    """The SIDs of the list, read in pages from its end."""
    found: list[str] = []
    window = Window(size, " ", backward=True)
    while True:
        page = queries.conversations(stack.table, SERVICE, window)
        found = [one.sid for _, one in page.entries] + found
        if not (page.more and page.ends):
            return found
        window = Window(size, page.ends[0], backward=True)


def test_who_has_read_the_earlier_form_changes_nothing_once_a_conversation_has_moved(stack: FormsStack) -> None:
    made = stack.make()
    stack.finalize()
    stack.say(made.sid)
    closed = replace(made, state=CLOSED)
    with pytest.raises(RuleViolation, match="conversation_changed"):
        conversations.update(stack.table, made, closed, NOW)
    with pytest.raises(Conflict):
        conversations.remove(stack.table, made)

    assert stack.listed(ACTIVE) == [made.sid]


def test_a_process_with_the_earlier_level_keeps_the_form_that_it_finds(stack: FormsStack) -> None:
    earlier = stack.table
    earlier.connect()
    stack.finalize()
    made = stack.make()
    for _ in range(2):
        stack.say(made.sid, earlier)
    assert stack.in_indexes(made.sid) == ["L"]


def test_what_an_index_still_has_is_left_out(stack: FormsStack, monkeypatch: pytest.MonkeyPatch) -> None:
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


def index_pages(stack: FormsStack) -> Iterable[Any]:
    """What the shards of the list by state have now."""
    name = conversation_list_keys.state_list(SERVICE, ACTIVE)
    return [stack.table.query(keys.shard(name, number), index="GSI2") for number in range(keys.SHARDS)]
