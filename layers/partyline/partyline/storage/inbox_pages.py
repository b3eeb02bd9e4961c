"""Read the inbox: pages of pointers in the order of activity, and the entries behind them as a viewer sees them.

The lists are read from indexes, which are a moment late. What decides whether an entry is shown is read from the table:
the conversation, and why the viewer sees it. So nothing is shown to who may not see it, and what the lists do not have
yet is there a moment later.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from partyline.domain import inbox
from partyline.domain.contacts import NumberHolder
from partyline.domain.conversations import Conversation
from partyline.domain.inbox import EVERYONE, InboxEntry, InboxPointer, InboxView, ReadState
from partyline.domain.participants import Participant
from partyline.domain.services import Service
from partyline.frozen_classes import frozen, replace
from partyline.storage import codec, contact_keys, inbox_keys, keys, messages, queries
from partyline.storage.attribute_values import Item
from partyline.storage.keys import Key
from partyline.storage.queries import ListPage, Window
from partyline.storage.table import Table


@frozen
class InboxReader:
    """Whose inbox is read: the account's, without an identity, or a person's.

    `sees_all`, `sees_owned`: whether the role permits to see every conversation, or those of contacts that one owns.
    """

    service: Service
    identity: str | None = None
    sees_all: bool = True
    sees_owned: bool = False

    @property
    def viewer(self) -> str:
        """Whose lists are read."""
        return EVERYONE if self.sees_all or self.identity is None else inbox.viewer_of(self.identity)


@frozen
class SeenEntry:
    """An entry as a reader sees it: with the conversation as it is now, and what the reader has read of it.

    `is_late`: the entry is not that of the conversation as it is now.
    """

    entry: InboxEntry
    conversation: Conversation
    read: ReadState
    is_late: bool = False


def list_pointers(table: Table, reader: InboxReader, window: Window, view: InboxView) -> ListPage[InboxPointer]:
    """Read a page of a reader's list, by activity: one query, or one for each shard of what everyone sees."""
    service_sid, viewer = reader.service.sid, reader.viewer
    if view in (InboxView.MINE, InboxView.UNASSIGNED):
        assignee = (reader.identity or "") if view is InboxView.MINE else ""
        name, index = inbox_keys.assignee_list_name(service_sid, viewer, assignee), "GSI2"
    else:
        name, index = inbox_keys.list_name(service_sid, viewer, done=view is InboxView.DONE), "GSI1"
    shards = inbox_keys.partitions(name, viewer, reader.service.inbox_shards or 1)
    return queries.inbox_pointers(table, shards, index, window)


def list_all_pointers(table: Table, reader: InboxReader, window: Window) -> ListPage[InboxPointer]:
    """Read a page of everything in a person's lists, open and done, by activity: two queries."""
    names = [inbox_keys.list_name(reader.service.sid, reader.viewer, done=done) for done in (False, True)]
    return queries.inbox_pointers(table, names, "GSI1", window)


def fetch_entries(table: Table, reader: InboxReader, conversation_sids: Collection[str]) -> dict[str, SeenEntry]:
    """Read those of some entries that the reader sees, as they are now. Cost: two batches for a hundred or fewer keys.

    State and assignee are those of the conversation now. Conversations that are gone are left out.
    """
    first = table.get_all(_list_first_keys(reader, conversation_sids))
    known = [sid for sid in conversation_sids if inbox_keys.entry(sid) in first]
    pointers = {sid: _decode_pointer(first, reader, sid) for sid in known}
    found = {**first, **table.get_all(_list_second_keys(reader, pointers))}
    seen = {sid: _build_seen(reader, sid, pointer, found) for sid, pointer in pointers.items()}
    return {sid: one for sid, one in seen.items() if one}


def _list_first_keys(reader: InboxReader, conversation_sids: Iterable[str]) -> Iterator[Key]:
    """List the keys of entries, and of what the inbox has of the reader in them."""
    for sid in conversation_sids:
        yield inbox_keys.entry(sid)
        if reader.identity is not None:
            yield inbox_keys.pointer(sid, inbox.viewer_of(reader.identity))
            yield inbox_keys.read_state(sid, reader.identity)


def _list_second_keys(reader: InboxReader, pointers: Mapping[str, InboxPointer | None]) -> Iterator[Key]:
    """List the keys of conversations, and of what the pointers say the reader sees them by."""
    for sid, pointer in pointers.items():
        yield keys.conversation(sid)
        if pointer and pointer.participant_sid:
            yield keys.participant(sid, pointer.participant_sid)
        elif pointer and not reader.sees_all:
            yield from (contact_keys.contact_number(reader.service.sid, number) for number in pointer.numbers)


def _decode_pointer(found: Mapping[Key, Item], reader: InboxReader, sid: str) -> InboxPointer | None:
    item = found.get(inbox_keys.pointer(sid, inbox.viewer_of(reader.identity or "")))
    return codec.decode(InboxPointer, item) if item else None


def _build_seen(
    reader: InboxReader, sid: str, pointer: InboxPointer | None, found: Mapping[Key, Item]
) -> SeenEntry | None:
    item = found.get(keys.conversation(sid))
    conversation = codec.decode(Conversation, item) if item else None
    if conversation is None or conversation.service_sid != reader.service.sid:
        return None
    member = _find_member(reader, sid, pointer, found)
    if not (reader.sees_all or member or _owns_number(reader, pointer, found)):
        return None
    entry = codec.decode(InboxEntry, found[inbox_keys.entry(sid)])
    own = found.get(inbox_keys.read_state(sid, reader.identity or ""))
    return SeenEntry(
        replace(entry, state=conversation.state, assignee=conversation.assignee),
        conversation,
        inbox.read_state_of(member, codec.decode(ReadState, own) if own else None),
        is_late=not entry.is_of(conversation),
    )


def _find_member(
    reader: InboxReader, sid: str, pointer: InboxPointer | None, found: Mapping[Key, Item]
) -> Participant | None:
    """Return the member that the reader is now, if the pointer says that it is one."""
    item = found.get(keys.participant(sid, pointer.participant_sid or "")) if pointer else None
    member = codec.decode(Participant, item) if item else None
    return member if member and member.identity == reader.identity else None


def _owns_number(reader: InboxReader, pointer: InboxPointer | None, found: Mapping[Key, Item]) -> bool:
    """Whether the reader owns a contact now that has one of the numbers of the pointer."""
    if not reader.sees_owned or pointer is None:
        return False
    items = (found.get(contact_keys.contact_number(reader.service.sid, number)) for number in pointer.numbers)
    return any(codec.decode(NumberHolder, item).owner == reader.identity for item in items if item)


def count_unread(table: Table, seen: SeenEntry, identity: str) -> int:
    """Count the messages that a person has not read; at least one where the person marked it as unread.

    Cost: as `messages.unread`, nothing unless messages of the conversation were deleted.
    """
    horizon = seen.entry.horizon if seen.read.last_read_index is None else seen.read.last_read_index
    news = messages.unread_news(table, seen.conversation, horizon, identity)
    return max(news or 0, int(seen.read.marked_unread))


def find_by_terms(table: Table, service_sid: str, prefixes: Sequence[str], limit: int) -> list[str]:
    """Find conversations by the beginnings of terms; return the SIDs of some of them, each once."""
    page = queries.inbox_terms(table, service_sid, Window(limit), prefixes)
    return [*dict.fromkeys(term.conversation_sid for _, term in page.entries)]
