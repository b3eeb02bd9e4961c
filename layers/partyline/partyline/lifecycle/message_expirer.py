"""Let messages expire that are older than their Service keeps them, in steps that can be repeated.

Once a day all conversations of a Service are looked at, the newest first. Of an expired message index and date stay.
A conversation that has been closed for as long is deleted, with its members. Webhooks are not called for that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import takewhile

from partyline.domain import erasures, sids
from partyline.domain.conversations import Conversation
from partyline.domain.events import QUIETLY
from partyline.errors import Conflict
from partyline.frozen_classes import frozen, replace
from partyline.serialization import format_time
from partyline.storage import (
    conversation_items,
    conversation_lists,
    conversations,
    keys,
    message_retention,
    messages,
    queries,
    services,
)
from partyline.storage.keys import Key
from partyline.storage.messages import IndexRange, MessageWithReceipts
from partyline.storage.queries import Window
from partyline.storage.table import EXISTS, Table, change

# How many conversations and messages one step reads.
_CONVERSATIONS, _MESSAGES = 100, 50


def order_expiry(table: Table, now: datetime) -> None:
    """Order the day's look in each Service whose messages expire. Repeats change nothing."""
    after: str | None = None
    while True:
        page = queries.services(table, Window(_CONVERSATIONS, after))
        for _, service in page.entries:
            if service.message_retention:
                message_retention.order(table, service.sid, now)
        if not (page.more and page.ends):
            return
        after = page.ends[1]


@frozen
class MessageExpirer:
    """Lets the old messages of a Service expire, in steps that take a second or two at most."""

    table: Table
    clock: Callable[[], datetime]

    def expire(self, service_sid: str) -> Iterator[None]:
        """Look at each conversation of a Service. What ends in between goes on where it was."""
        service = services.fetch(self.table, service_sid)
        if service is None or not service.message_retention:
            return
        before = self.clock() - timedelta(days=service.message_retention)
        after = message_retention.fetch_place(self.table, service_sid)
        more = True
        while more:
            page = conversation_lists.page(self.table, service_sid, Window(_CONVERSATIONS, after))
            for _, listed in page.entries:
                yield from self._expire_conversation(listed, before)
            after = page.ends[1] if page.ends else after
            more = page.more and page.ends is not None
            if more and after:
                message_retention.save_place(self.table, service_sid, after)
            yield
        message_retention.end(self.table, service_sid)

    def _expire_conversation(self, listed: Conversation, before: datetime) -> Iterator[None]:
        conversation = listed
        while found := self._find_old(conversation, before):
            for delivered in found:
                self._expire_message(conversation, delivered)
            conversation = self._note(conversation, found[-1].message.index, before)
            yield
        if not listed.is_open and (listed.active_at or listed.updated) < before:
            self._remove(listed.sid, before)

    def _find_old(self, conversation: Conversation, before: datetime) -> Sequence[MessageWithReceipts]:
        """Find the next messages that are old. One is read where there are none."""
        if conversation.expired is not None and conversation.expired >= conversation.last_index:
            return ()

        def read(size: int) -> list[MessageWithReceipts]:
            page = messages.page(self.table, conversation.sid, size=size, after=conversation.expired)
            return [*takewhile(lambda one: one.message.created < before, page.messages)]

        return read(_MESSAGES) if read(1) else ()

    def _expire_message(self, conversation: Conversation, delivered: MessageWithReceipts) -> None:
        """Leave index and date of a message, and nothing of its sends. They ended long ago."""
        before = delivered.message
        self.table.delete_all(self._list_beside(delivered))
        after = erasures.expire_message(before, self.clock())
        if replace(after, updated=before.updated) != before:
            messages.update(self.table, conversation, before, after, self.clock(), cause=QUIETLY)

    def _list_beside(self, delivered: MessageWithReceipts) -> Iterator[Key]:
        """List what goes with a message: its receipts, files, sends, and the carriers' ids of these."""
        message = delivered.message
        yield from (keys.receipt(one.conversation_sid, one.message_sid, one.sid) for one in delivered.receipts)
        yield from (keys.media(part.sid) for part in message.media)
        if not message.sends:
            return
        for send in self.table.query_all(keys.send(message.reference(message.sends[0])).pk):
            if send.get("carrier_message_id"):
                sent = keys.sent(send["carrier"], send["carrier_message_id"])
                yield from (Key(item["PK"], item["SK"]) for item in self.table.query_all(sent.pk))
            yield Key(send["PK"], send["SK"])

    def _note(self, conversation: Conversation, expired: int, before: datetime) -> Conversation:
        """Store up to where messages have expired, and delete the notes and activities that stand among them."""
        pk = keys.messages(conversation.sid)
        among = IndexRange(conversation.expired, expired + 1)
        for kind in (sids.NOTE, sids.ACTIVITY):
            found = self.table.query(pk, between=messages.key_range(among, kind)).items
            old = (item for item in found if item["created"] < format_time(before))
            self.table.delete_all(Key(item["PK"], item["SK"]) for item in old)
        self.table.written(change("conversation", keys.conversation(conversation.sid), {"expired": expired}, EXISTS))
        return replace(conversation, expired=expired)

    def _remove(self, sid: str, before: datetime) -> None:
        """Delete a conversation that has been closed for long, unless something has happened in it meanwhile."""
        found = conversations.fetch(self.table, sid, whole=True)
        if found is None or found.is_open or (found.active_at or found.updated) >= before:
            return
        events = conversations.removal_events(self.table, found, self.clock(), QUIETLY)
        try:
            conversations.remove(self.table, found, conversation_items.no_new_message(found), batches=events)
        except Conflict:
            # It is looked at again tomorrow.
            return
