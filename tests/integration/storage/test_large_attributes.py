"""Large attributes of a conversation are an item of their own, and whoever reads them reads those of the conversation.

A reader may see one of the two items as it was before a change, and the other as it is after it: a Query and a
BatchGetItem are not isolated from transactions.
"""

from __future__ import annotations

import json
import string
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partyline.domain.conversations import Conversation, ConversationState, UnreadAttributes
from partyline.domain.events import QUIETLY
from partyline.domain.membership import Roster
from partyline.errors import Conflict, RuleViolation
from partyline.storage import conversation_attributes, conversations, keys
from partyline.storage.attribute_values import Item
from partyline.storage.conversation_attributes import MAX_INLINE
from partyline.storage.keys import Key
from partyline.storage.table import Page, Table, Write
from tests.support.conversation_forms import NOW, FormsStack
from tests.support.memory_dynamodb import MemoryDynamoDB

LARGE, LARGER, SMALL = (json.dumps({"text": letter * size}) for letter, size in (("a", 400), ("b", 16_000), ("c", 9)))
READS: list[Callable[..., Conversation | Roster | None]] = [conversations.load, conversations.fetch]
# Sizes of attributes in bytes: the least, those around the limit, the largest.
SIZES = (2, *range(MAX_INLINE - 2, MAX_INLINE + 3), 16 * 1024)

pytestmark = pytest.mark.usefixtures("instant_retries")


def text(size: int, letter: str) -> str:
    """A JSON text of so many bytes."""
    count, rest = divmod(size - 2, len(letter.encode()))
    return f'"{letter * count}{"." * rest}"'


def upgraded() -> FormsStack:
    client: Any = MemoryDynamoDB()
    return FormsStack(client, "partyline")


@pytest.fixture
def stack() -> FormsStack:
    """A stack at the newest level."""
    made = upgraded()
    made.finalize()
    return made


def items(stack: FormsStack, sid: str) -> dict[str, Item]:
    """The items of a conversation, by sort key, with their attributes."""
    return {item["SK"]: item for item in stack.table.query_all(keys.conversation(sid).pk)}


def bare(stack: FormsStack, sid: str) -> Conversation:
    """A conversation as who needs no attributes reads it."""
    found = conversations.fetch(stack.table, sid)
    assert found
    return found


@contextmanager
def written(stack: FormsStack) -> Iterator[list[str]]:
    """The keys of what a process writes in transactions."""
    seen: list[str] = []

    class Noting(Table):
        def transact(self, writes: Any) -> None:
            parts: Iterable[Write] = self._build_parts(writes)
            seen.extend((one.parameters.get("Item") or one.parameters["Key"])["SK"]["S"] for one in parts)
            super().transact(writes)

    inner, stack.table = stack.table, Noting(stack._client, stack._name)
    yield seen
    stack.table = inner


# --- what is stored is read


def check(stack: FormsStack, sid: str, expected: str, *, is_moved: bool) -> None:
    """Every way to read a conversation tells its attributes, or says that it does not have them."""
    roster = conversations.load(stack.table, sid, whole=True)
    assert roster and roster.conversation == stack.fetch(sid)
    assert roster.conversation.attributes == expected
    (many,) = conversations.fetch_many(stack.table, [sid])
    assert conversations.complete_many(stack.table, [many]) == {sid: roster.conversation}
    light = conversations.load(stack.table, sid)
    assert light and light.conversation == many == bare(stack, sid)
    is_large = is_moved and len(expected.encode()) > MAX_INLINE
    assert many.is_whole is not is_large
    assert ("A" in items(stack, sid)) is is_large
    assert replace(many, attributes=expected) == roster.conversation
    assert not many.is_whole or many == roster.conversation


CHANGES = st.one_of(
    st.tuples(st.just("set"), st.sampled_from(SIZES), st.sampled_from(["a", "b", "é", "🎉"])),
    st.tuples(st.sampled_from(["say", "rename", "sleep", "finalize"]), st.just(0), st.just("")),
)


@given(st.booleans(), st.sampled_from(SIZES), st.lists(CHANGES, max_size=12))
def test_what_was_stored_is_read_whatever_the_sizes_and_the_order_of_changes(
    is_new: bool, size: int, changes: list[tuple[str, int, str]]
) -> None:
    stack, expected = upgraded(), text(size, "x")
    if is_new:
        stack.finalize()
    sid, is_final, is_moved = stack.make(attributes=expected).sid, is_new, is_new
    check(stack, sid, expected, is_moved=is_moved)
    for number, (kind, size_after, letter) in enumerate(changes):
        match kind:
            case "set":
                expected = text(size_after, letter)
                assert stack.change(sid, attributes=expected) == stack.fetch(sid)
            case "say":
                stack.say(sid)
                is_moved = is_final
            case "rename":
                stack.change(sid, friendly_name=f"name {number}")
            case "sleep":
                stack.set_state(sid, ConversationState.INACTIVE)
            case _:
                stack.finalize()
                is_final = True
        check(stack, sid, expected, is_moved=is_moved)
    conversations.remove(stack.table, bare(stack, sid))
    assert items(stack, sid) == {}


def test_an_earlier_form_stays_as_it_is_until_a_message(stack: FormsStack) -> None:
    older = upgraded()
    made = older.make(attributes=LARGE)
    assert items(older, made.sid).keys() == {"C"}
    older.finalize()
    older.change(made.sid, attributes=LARGER)
    assert items(older, made.sid)["C"]["attributes"] == LARGER
    older.say(made.sid)
    moved = items(older, made.sid)
    assert moved["A"]["attributes"] == LARGER
    assert LARGER not in json.dumps(moved["C"], default=str)


# --- what is written


def test_a_message_writes_no_large_attributes_and_they_no_conversation(stack: FormsStack) -> None:
    made = stack.make(attributes=LARGER)
    with written(stack) as seen:
        stack.say(made.sid)
        stack.change(made.sid, friendly_name="Elm Street")
    assert "A" not in seen
    # What a message writes stays within a kilobyte.
    assert len(json.dumps(items(stack, made.sid)["C"], default=sorted)) < 1024


def test_attributes_are_written_when_they_change(stack: FormsStack) -> None:
    made = stack.make(attributes=LARGE)
    for number, (after, times) in enumerate(((LARGER, 1), (LARGER, 0), (SMALL, 1), (SMALL, 0), (LARGE, 1))):
        with written(stack) as seen:
            stack.change(made.sid, attributes=after, friendly_name=f"name {number}")
        assert (seen.count("A"), seen.count("C")) == (times, 1), number


def test_small_attributes_cost_no_second_item_and_no_second_read(stack: FormsStack) -> None:
    made = stack.make(attributes=SMALL)
    assert items(stack, made.sid).keys() == {"C", "L"}
    asked: list[Key] = []

    class Noting(Table):
        def get_all(self, keys: Iterable[Key]) -> dict[Key, Item]:
            asked.extend(keys := list(keys))
            return super().get_all(keys)

    found = conversations.complete_many(Noting(stack._client, stack._name), [bare(stack, made.sid)])
    assert (asked, found[made.sid].attributes) == ([], SMALL)


def test_who_needs_no_attributes_does_not_read_them(stack: FormsStack) -> None:
    made = stack.make(attributes=LARGE)
    seen: list[str] = []

    class Noting(Table):
        def query(self, pk: str, **named: Any) -> Page:
            page = super().query(pk, **named)
            seen.extend(item["SK"] for item in page.items)
            return page

    table = Noting(stack._client, stack._name)
    for read in READS:
        assert read(table, made.sid)
    conversations.removal_events(table, stack.fetch(made.sid), NOW, QUIETLY)
    assert "C" in seen
    assert "A" not in seen
    for read in READS:
        assert read(table, made.sid, whole=True)
    assert seen.count("A") == len(READS)


def test_who_has_read_a_conversation_before_it_moved_changes_nothing(stack: FormsStack) -> None:
    older = upgraded()
    made = older.make(attributes=LARGE)
    older.finalize()
    older.say(made.sid)
    with pytest.raises(RuleViolation, match="conversation_changed"):
        conversations.update(older.table, made, replace(made, attributes=SMALL), NOW)
    with pytest.raises(Conflict):
        conversations.remove(older.table, made)
    assert older.fetch(made.sid).attributes == LARGE


def test_a_process_with_the_earlier_level_keeps_the_form_that_it_finds() -> None:
    stack = upgraded()
    earlier = stack.table
    earlier.connect()
    stack.finalize()
    made = stack.make(attributes=LARGE)
    stack.say(made.sid, earlier)
    before = conversations.fetch(earlier, made.sid, whole=True)
    assert before
    conversations.update(earlier, before, replace(before, attributes=LARGER), NOW)

    assert items(stack, made.sid)["A"]["attributes"] == LARGER == stack.fetch(made.sid).attributes


def test_another_limit_would_lose_nothing(stack: FormsStack, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each conversation says where its attributes are, so that a later release may have another limit."""
    inline, apart = stack.make(attributes=SMALL), stack.make(attributes=LARGE)
    for limit in (0, 100_000):
        monkeypatch.setattr(conversation_attributes, "MAX_INLINE", limit)
        for made, expected in ((inline, SMALL), (apart, LARGE)):
            stack.say(made.sid)
            stack.change(made.sid, friendly_name=f"limit {limit}")
            assert stack.fetch(made.sid).attributes == expected
    assert stack.change(apart.sid, attributes=LARGER) == stack.fetch(apart.sid)
    assert items(stack, apart.sid).keys() == {"C", "L"}


# --- what is read in part


class Torn(Table):
    """A table that shows one change in part, for some queries: the first items as they were before it."""

    def __init__(self, stack: FormsStack, times: int, act: Callable[[], object], *, first_is_older: bool) -> None:
        super().__init__(stack._client, stack._name)
        self._left, self._act, self._first_is_older = times, act, first_is_older

    def query(self, pk: str, **named: Any) -> Page:
        before = super().query(pk, **named)
        if not self._left:
            return before
        self._left -= 1
        self._act()
        after = super().query(pk, **named)
        first, rest = (before, after) if self._first_is_older else (after, before)
        beside = [item for item in first.items if item["SK"] == "A"]
        return Page([*beside, *(item for item in rest.items if item["SK"] != "A")], None)


@pytest.mark.parametrize("read", READS)
@pytest.mark.parametrize("first_is_older", [True, False])
@pytest.mark.parametrize("before", [SMALL, LARGE])
@pytest.mark.parametrize("after", [SMALL, LARGER])
def test_what_is_read_in_part_is_read_again(
    stack: FormsStack, before: str, after: str, first_is_older: bool, read: Callable[..., Conversation | Roster | None]
) -> None:
    made = stack.make(attributes=before)
    torn = Torn(stack, 1, lambda: stack.change(made.sid, attributes=after), first_is_older=first_is_older)
    found = read(torn, made.sid, whole=True)
    seen = found.conversation if isinstance(found, Roster) else found
    # It is as it was, or as it is: with attributes of its own time.
    assert seen and (seen.revision, seen.attributes) in ((made.revision, before), (made.revision + 1, after))


@pytest.mark.parametrize("read", READS)
@pytest.mark.parametrize("first_is_older", [True, False])
def test_what_is_read_in_part_each_time_is_not_read(
    stack: FormsStack, first_is_older: bool, read: Callable[..., Conversation | Roster | None]
) -> None:
    made = stack.make(attributes=LARGE)
    others = (text(1000, letter) for letter in string.ascii_letters)
    torn = Torn(stack, 1000, lambda: stack.change(made.sid, attributes=next(others)), first_is_older=first_is_older)
    with pytest.raises(Conflict):
        read(torn, made.sid, whole=True)


def test_a_list_reads_again_what_has_changed_meanwhile(stack: FormsStack) -> None:
    changed, gone, kept = (stack.make(attributes=LARGE) for _ in range(3))
    listed = [bare(stack, made.sid) for made in (changed, gone, kept)]
    stack.change(changed.sid, attributes=LARGER)
    conversations.remove(stack.table, bare(stack, gone.sid))
    found = conversations.complete_many(stack.table, listed)

    assert {sid: one.attributes for sid, one in found.items()} == {changed.sid: LARGER, kept.sid: LARGE}
    assert found[changed.sid].revision == changed.revision + 1


def test_lost_attributes_are_not_taken_for_none(stack: FormsStack) -> None:
    made = stack.make(attributes=LARGE)
    stack.table.delete_all([keys.attributes(made.sid)])
    with pytest.raises(Conflict):
        conversations.fetch(stack.table, made.sid, whole=True)
    assert isinstance(bare(stack, made.sid).attributes, UnreadAttributes)


# --- who needs none


def test_timers_and_states_need_no_attributes(stack: FormsStack) -> None:
    made = stack.make(attributes=LARGE, closed_after=600)
    later = NOW.replace(hour=23)
    closed = conversations.apply_due_timers(stack.table, bare(stack, made.sid), later)
    assert closed and (closed.state, closed.is_whole) == (ConversationState.CLOSED, False)
    assert stack.fetch(made.sid).attributes == LARGE


def test_timers_keep_attributes_that_were_read_also_after_a_lost_race(stack: FormsStack) -> None:
    made = stack.make(attributes=LARGE, closed_after=600)
    before = stack.fetch(made.sid)
    stack.change(made.sid, attributes=LARGER, closed_after=900)
    closed = conversations.apply_due_timers(stack.table, before, NOW.replace(hour=23))
    assert closed and (closed.state, closed.known_attributes) == (ConversationState.CLOSED, LARGER)


def test_the_event_of_a_removal_has_them_and_needs_them(stack: FormsStack) -> None:
    made = stack.make(attributes=LARGE)
    (batch,) = conversations.removal_events(stack.table, stack.fetch(made.sid), NOW, QUIETLY)
    assert batch.events[0].parameters["Attributes"] == LARGE
    with pytest.raises(RuntimeError):
        conversations.removal_events(stack.table, bare(stack, made.sid), NOW, QUIETLY)
