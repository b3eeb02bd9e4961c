"""Keep the inbox: build the entry of a conversation anew whenever something that it shows has changed.

Delivery is at least once and in any order. A refresh reads the stored entry first, then everything that it is built of,
and writes under the condition that the entry is unchanged. So whatever is stored was read after what was stored before:
repeats and late refreshes never replace a newer view by an older one. One that finds nothing to change counts too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from partyline.domain import inbox, inbox_events
from partyline.domain.events import QUIETLY, EventBatch
from partyline.domain.inbox import EntrySources, InboxEntry
from partyline.domain.membership import Roster
from partyline.domain.services import Service
from partyline.frozen_classes import frozen, replace
from partyline.queues.queue_messages import InboxJob, InboxJobKind
from partyline.storage import connections, contacts, conversations, event_outbox, messages, queries, retry
from partyline.storage import inbox as store
from partyline.storage.inbox import StoredEntry
from partyline.storage.queries import Window
from partyline.storage.table import Table, Write
from partyline.stream.text_indexer import TextIndexer

# How many conversations one step of a long job reads.
_STEP = 25


@frozen
class InboxProjector:
    """Refreshes entries.

    `has_time` is asked before each entry of a long job, which takes about 50 milliseconds. `find_service` returns a
    Service by its SID; None when it does not exist.
    """

    table: Table
    clock: Callable[[], datetime]
    has_time: Callable[[], bool]
    find_service: Callable[[str], Service | None]

    def run(self, job: InboxJob) -> InboxJob | None:
        """Do a job, as far as there is time; return what is left of it."""
        match job.kind:
            case InboxJobKind.CONVERSATION:
                self.refresh(job.service_sid, job.subject)
                return None
            case InboxJobKind.NUMBER:
                return self._refresh_all(job, address=job.subject)
            case InboxJobKind.SERVICE:
                left = self._refresh_all(job)
                if left is None:
                    store.mark_filled(self.table, job.service_sid)
                return left
            case InboxJobKind.MESSAGE | InboxJobKind.TEXTS:
                return TextIndexer(self.table, self.clock, self.has_time, self.find_service).run(job)

    def refresh(self, service_sid: str, conversation_sid: str) -> None:
        """Bring the entry of a conversation up to date, or delete that of one that is gone.

        Nothing is written for a Service that does not use the inbox. Cost: two queries, the newest message, and a batch
        with the contacts of the numbers. If anything differs: whether there is a live connection, and one transaction;
        else one small write. Raises
        Conflict when other refreshes win every race.
        """
        service = self.find_service(service_sid)
        if service is not None and service.inbox_shards:
            retry.STANDARD.run(lambda: self._attempt(service, conversation_sid))

    def _attempt(self, service: Service, conversation_sid: str) -> None:
        before = store.load(self.table, conversation_sid)
        roster = conversations.load(self.table, conversation_sid)
        if roster is None or roster.conversation.service_sid != service.sid:
            store.remove(self.table, before, conversation_sid)
            return
        sources = self._read_sources(roster)
        entry = inbox.build_entry(sources, _find_horizon(service, sources, before))
        pointers = inbox.build_pointers(entry, sources)
        writes = store.build_writes(before, entry, pointers, service.inbox_shards or 1)
        if writes:
            lost = [viewer for viewer in before.pointers if viewer not in pointers]
            store.write(self.table, [*self._build_event_writes(before, entry, lost), *writes])
        elif before.entry:
            store.confirm(self.table, before.entry)

    def _build_event_writes(self, before: StoredEntry, entry: InboxEntry, lost: Sequence[str]) -> list[Write]:
        """Build the writes of the events for live connections, if there are any in the Service."""
        if not connections.is_any_listening(self.table, entry.service_sid):
            return []
        blank = EventBatch(entry.service_sid, entry.conversation_sid, QUIETLY, self.clock())
        updated = (inbox_events.entry_updated_event(entry),) if store.differs(before.entry, entry) else ()
        identities = tuple(viewer.removeprefix(inbox.PERSON) for viewer in lost if viewer != inbox.EVERYONE)
        removed = (inbox_events.entry_removed_event(entry),) if identities else ()
        return event_outbox.build_writes(
            replace(blank, events=updated), replace(blank, events=removed, identities=identities)
        )

    def _read_sources(self, roster: Roster) -> EntrySources:
        """Read what an entry is built of besides the conversation and its members."""
        conversation = roster.conversation
        newest = messages.page(self.table, conversation.sid, size=1, forward=False).messages
        numbers = {member.address for member in roster.participants if member.address}
        holders = contacts.fetch_holders(self.table, conversation.service_sid, numbers) if numbers else {}
        if not newest:
            return EntrySources(roster, holders)
        return EntrySources(roster, holders, newest[0].message, newest[0].receipts)

    def _refresh_all(self, job: InboxJob, *, address: str | None = None) -> InboxJob | None:
        """Refresh the conversations of an address, or of a Service, newest first; return what there is no time for."""
        after = job.after
        while True:
            found, more = self._list_conversations(job.service_sid, Window(_STEP, after), address)
            for key, sid in found:
                if not self.has_time():
                    return replace(job, after=after)
                self.refresh(job.service_sid, sid)
                after = key
            if not (more and found):
                return None

    def _list_conversations(
        self, service_sid: str, window: Window, address: str | None
    ) -> tuple[list[tuple[str, str]], bool]:
        """List the keys and SIDs of some conversations, and whether there are more."""
        if address is None:
            listed = queries.conversations(self.table, service_sid, window)
            return [(key, conversation.sid) for key, conversation in listed.entries], listed.more
        page = queries.participations(self.table, service_sid, window, address=address)
        return [(key, member.conversation_sid) for key, member in page.entries], page.more


def _find_horizon(service: Service, sources: EntrySources, before: StoredEntry) -> int:
    """Return the horizon that an entry has from its first version on."""
    if before.entry:
        return before.entry.horizon
    conversation = sources.roster.conversation
    since = service.inbox_since or conversation.created
    return inbox.history_horizon(conversation, sources.last_message, since)
