"""Marks of a conversation's members: the same for the same members, and carried to the next revision."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partyline.domain.conversations import Conversation
from partyline.domain.membership import Roster
from partyline.domain.participants import Participant
from partyline.domain.roster_marks import build_mark, is_marked, raise_revision

NOW = datetime(2026, 11, 29, tzinfo=UTC)
TEXTS = st.none() | st.sampled_from(["+12065550150", "+12065550151", "ann", "ben"])
MEMBERS = st.builds(
    Participant,
    sid=st.sampled_from(["MB1", "MB2", "MB3"]),
    conversation_sid=st.just("CH1"),
    created=st.just(NOW),
    updated=st.just(NOW),
    identity=TEXTS,
    address=TEXTS,
    proxy_address=TEXTS,
    projected_address=TEXTS,
)
ROSTERS = st.lists(MEMBERS, max_size=4)


def described(members: list[Participant]) -> list[tuple[object, ...]]:
    return sorted(
        ((one.sid, one.identity, one.address, one.proxy_address, one.projected_address) for one in members), key=repr
    )


def marked(*members: Participant, revision: int = 3) -> Roster:
    conversation = Conversation("CH1", "IS1", NOW, NOW, revision=revision)
    return Roster(replace(conversation, roster_mark=build_mark(revision, members)), members)


@given(ROSTERS, ROSTERS)
def test_marks_are_equal_for_the_same_members_only(some: list[Participant], others: list[Participant]) -> None:
    assert (build_mark(1, some) == build_mark(1, others)) == (described(some) == described(others))


@given(ROSTERS)
def test_order_of_members_and_what_changes_without_a_revision_do_not_matter(members: list[Participant]) -> None:
    changed = [replace(one, attributes='{"name": "Ann"}', last_read_message_index=7) for one in reversed(members)]
    assert build_mark(1, members) == build_mark(1, changed)
    assert build_mark(1, members) != build_mark(2, members)


@given(ROSTERS)
def test_mark_is_carried_to_the_next_revision(members: list[Participant]) -> None:
    roster = marked(*members)
    raised = raise_revision(roster.conversation)
    assert raised.revision == 4
    assert Roster(raised, roster.participants).is_certain


def test_members_that_were_read_in_part_are_torn() -> None:
    ann, ben = (Participant(sid, "CH1", NOW, NOW, address=sid) for sid in ("MB1", "MB2"))
    roster = marked(ann, ben)
    assert (roster.is_certain, roster.is_torn) == (True, False)
    torn = replace(roster, participants=(ann,))
    assert (torn.is_certain, torn.is_torn) == (False, True)


@pytest.mark.parametrize("mark", [None, "2/0123456789abcdef"])
def test_a_change_by_an_earlier_version_leaves_no_mark(mark: str | None) -> None:
    roster = replace(marked(), conversation=replace(marked().conversation, roster_mark=mark))
    assert (roster.is_certain, roster.is_torn, is_marked(roster.conversation)) == (False, False, False)
    assert raise_revision(roster.conversation).roster_mark is None
