"""Find in the table's stream what the inbox has to bring up to date.

Of a batch of records each conversation is refreshed once, however many records are about it. Nothing is queued for a
Service that does not use the inbox; to know that takes one read for each Service in a batch. A Service that begins to
use it while a batch is relayed misses nothing: the job that fills its inbox begins later and reads what is there.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from partyline.domain import inbox_events, sids
from partyline.domain.events import EventBatch
from partyline.queues.queue_messages import InboxJob, InboxJobKind
from partyline.storage import inbox
from partyline.storage.table import Table


@dataclass(frozen=True, slots=True)
class InboxSignals:
    """What one batch of records means for the inbox. Several threads may use it: at worst a job is queued twice."""

    table: Table
    _is_used: dict[str, bool] = field(default_factory=dict)
    _queued: set[InboxJob] = field(default_factory=set)

    def list_for_batch(self, batch: EventBatch) -> list[InboxJob]:
        """List the jobs that some events make necessary."""
        if not batch.subject.startswith(sids.CONVERSATION) or inbox_events.is_of_entry(batch.events):
            return []
        return self._list_new(InboxJob(InboxJobKind.CONVERSATION, batch.service_sid, batch.subject))

    def list_for_number(self, service_sid: str, number: str) -> list[InboxJob]:
        """List the jobs that a change of whose a number is makes necessary."""
        return self._list_new(InboxJob(InboxJobKind.NUMBER, service_sid, number))

    def _list_new(self, job: InboxJob) -> list[InboxJob]:
        if job in self._queued or not self._uses_inbox(job.service_sid):
            return []
        self._queued.add(job)
        return [job]

    def _uses_inbox(self, service_sid: str) -> bool:
        if service_sid not in self._is_used:
            self._is_used[service_sid] = inbox.is_used(self.table, service_sid)
        return self._is_used[service_sid]
