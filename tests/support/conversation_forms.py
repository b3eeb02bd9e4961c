"""Conversations in a table that is at the first level of the stored format, until it is raised."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from partyline.domain import sids
from partyline.domain.conversations import Conversation, ConversationState
from partyline.domain.membership import Roster
from partyline.domain.messages import Message
from partyline.storage import conversation_lists, conversations, keys, memberships, messages, stored_format
from partyline.storage.queries import Window
from partyline.storage.table import Table

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SERVICE = "IS1"
INDEX_KEYS = ("GSI1PK", "GSI1SK", "GSI2PK", "GSI2SK")


class FormsStack:
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
        found = conversations.fetch(self.table, sid, whole=True)
        assert found
        return found

    def say(self, sid: str, table: Table | None = None) -> None:
        """Record a message."""
        before = conversations.fetch(self.table, sid)
        assert before
        index = before.last_index + 1
        said = Message(sids.message(index), sid, index, NOW, NOW, "agent", "hi")
        (table or self.table).transact(messages.recording_writes(Roster(before, (), has_webhooks=False), said, NOW))

    def change(self, sid: str, **fields: Any) -> Conversation:
        before = self.fetch(sid)
        return conversations.update(self.table, before, replace(before, **fields), NOW)

    def set_state(self, sid: str, state: ConversationState) -> None:
        self.change(sid, state=state)

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
