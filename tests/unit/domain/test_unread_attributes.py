"""A conversation that was read without its attributes is never taken for one that has others."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from partyline.domain import erasures, events
from partyline.domain.conversations import Conversation, ConversationState, UnreadAttributes
from partyline.domain.events import Reason

NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
WHOLE = Conversation("CH1", "IS1", NOW, NOW, attributes='{"floor": 2}')
UNREAD = replace(WHOLE, attributes=UnreadAttributes("d1"))


def test_what_was_read_is_known() -> None:
    assert (WHOLE.known_attributes, WHOLE.is_whole) == ('{"floor": 2}', True)


def test_what_was_not_read_is_not_known() -> None:
    assert not UNREAD.is_whole
    with pytest.raises(RuntimeError, match="CH1 was read without its attributes"):
        _ = UNREAD.known_attributes


def test_no_event_tells_of_attributes_that_were_not_read() -> None:
    with pytest.raises(RuntimeError):
        events.conversation_event("onConversationUpdated", UNREAD)
    with pytest.raises(RuntimeError):
        events.conversation_removed_event(UNREAD, NOW)
    with pytest.raises(RuntimeError):
        erasures.erase_names(UNREAD, "+12065550150", whole=False)


def test_a_change_of_state_needs_no_attributes() -> None:
    (told,) = events.conversation_changed_events(UNREAD, replace(UNREAD, state=ConversationState.CLOSED), Reason.API)
    assert told.type == "onConversationStateUpdated"
