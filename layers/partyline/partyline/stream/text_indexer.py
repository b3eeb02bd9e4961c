"""Keep the index of texts, of Services with TextSearch: message by message, or all that is there.

Delivery is at least once and in any order. A job reads what the index has of a message first, then the message, and
writes under the condition that the former is unchanged: repeats and late jobs never replace a newer text by an older.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial

from partyline.domain import sids
from partyline.domain.messages import Message
from partyline.domain.services import Service
from partyline.domain.text_index import IndexedText, list_index_words
from partyline.frozen_classes import frozen, replace
from partyline.queues.queue_messages import InboxJob, InboxJobKind
from partyline.storage import codec, keys, messages, queries, retry
from partyline.storage import text_index as store
from partyline.storage.queries import Window
from partyline.storage.table import Table

# How many conversations, messages or records one step of a long job reads.
_STEP = 25


@frozen
class TextIndexer:
    """Does the jobs of the index.

    `has_time` is asked before each message of a long job, which takes about 30 milliseconds. `find_service` returns a
    Service by its SID; None when it does not exist.
    """

    table: Table
    clock: Callable[[], datetime]
    has_time: Callable[[], bool]
    find_service: Callable[[str], Service | None]

    def run(self, job: InboxJob) -> InboxJob | None:
        """Do a job, as far as there is time; return what is left of it.

        That of a whole Service fills or removes, by what the Service has now.
        """
        if job.kind is InboxJobKind.TEXTS:
            return self._run_all(job)
        if self._is_on(job.service_sid):
            self._index(job.service_sid, *job.subject.split("/", 1))
        return None

    def _is_on(self, service_sid: str) -> bool:
        found = self.find_service(service_sid)
        return found is not None and bool(found.text_search)

    def _run_all(self, job: InboxJob) -> InboxJob | None:
        """Go through the conversations of a Service, newest first, and through the messages of each."""
        steps = self._fill if self._is_on(job.service_sid) else self._remove
        while True:
            listed = queries.conversations(self.table, job.service_sid, Window(_STEP, job.after))
            for key, conversation in listed.entries:
                if not self.has_time():
                    return job
                for done in steps(job.service_sid, conversation.sid, job.subject):
                    job = replace(job, subject=done)
                    if not self.has_time():
                        return job
                job = replace(job, after=key, subject="")
            if not (listed.more and listed.entries):
                return None

    def _fill(self, service_sid: str, conversation_sid: str, behind: str) -> Iterator[str]:
        """Index the messages of a conversation, behind one if that is of it; yield the place after each."""
        sid, _, last = behind.partition("/")
        after = sids.index_of(last) if sid == conversation_sid else None
        while True:
            page = messages.page(self.table, conversation_sid, size=_STEP, after=after)
            for one in page.messages:
                self._index(service_sid, conversation_sid, one.message.sid)
                after = one.message.index
                yield f"{conversation_sid}/{one.message.sid}"
            if not (page.more and page.messages):
                return

    def _remove(self, _service_sid: str, conversation_sid: str, _behind: str) -> Iterator[str]:
        """Remove what the index has of a conversation. What was removed is not found again, so there is no place."""
        while found := store.list_records(self.table, conversation_sid, _STEP):
            for one in found:
                retry.STANDARD.run(partial(self._remove_one, conversation_sid, one.message_sid))
                yield ""

    def _remove_one(self, conversation_sid: str, message_sid: str) -> None:
        before = store.fetch(self.table, conversation_sid, message_sid)
        if before:
            store.remove(self.table, before)

    def _index(self, service_sid: str, conversation_sid: str, message_sid: str) -> None:
        """Bring the index of a message up to date. Raises Conflict when other jobs win every race."""
        retry.STANDARD.run(lambda: self._attempt(service_sid, conversation_sid, message_sid))

    def _attempt(self, service_sid: str, conversation_sid: str, message_sid: str) -> None:
        before = store.fetch(self.table, conversation_sid, message_sid)
        key, parent = keys.message(conversation_sid, message_sid), keys.conversation(conversation_sid)
        found = self.table.get_all([key, parent])
        if parent not in found or found[parent]["service_sid"] != service_sid:
            # Its clean-up removes the rest.
            if before:
                store.remove(self.table, before)
            return
        if key not in found:
            gone_at = self.clock()
            created = before.created if before else gone_at
            gone = IndexedText(service_sid, conversation_sid, message_sid, created)
            store.replace_text(self.table, before, gone, gone_at=gone_at)
            return
        message = codec.decode(Message, found[key])
        words = list_index_words(message.body or "")
        # A text without words has a record too: another job may have read words that it had before.
        after = IndexedText(service_sid, conversation_sid, message_sid, message.created, words)
        store.replace_text(self.table, before, after)
