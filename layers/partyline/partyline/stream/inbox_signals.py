"""Find in the table's stream what the inbox, and the index of texts, have to bring up to date.

Of a batch of records each conversation, and each message, is refreshed once, however many records are about it. Nothing
is queued for a Service that does not use them, which is known from its settings. A Service that begins to use one while
a batch is relayed misses nothing: the job that fills it begins later and reads what is there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field

from partyline.domain import inbox_events, sids
from partyline.domain.events import EventBatch
from partyline.domain.services import Service
from partyline.frozen_classes import frozen
from partyline.queues.queue_messages import InboxJob, InboxJobKind

_TEXT_EVENTS = frozenset({"onMessageAdded", "onMessageUpdated", "onMessageRemoved"})


@frozen
class InboxSignals:
    """What one batch of records means for the inbox. Several threads may use it: at worst a job is queued twice.

    `find_service` returns a Service by its SID; None when it does not exist.
    """

    find_service: Callable[[str], Service | None]
    _queued: set[InboxJob] = field(default_factory=set)

    def list_for_batch(self, batch: EventBatch) -> list[InboxJob]:
        """List the jobs that some events make necessary."""
        if not batch.subject.startswith(sids.CONVERSATION) or inbox_events.is_of_entry(batch.events):
            return []
        jobs = self._list_new(InboxJob(InboxJobKind.CONVERSATION, batch.service_sid, batch.subject))
        for event in batch.events:
            if event.type in _TEXT_EVENTS:
                subject = f"{batch.subject}/{event.parameters['MessageSid']}"
                jobs += self._list_new(InboxJob(InboxJobKind.MESSAGE, batch.service_sid, subject))
        return jobs

    def list_for_number(self, service_sid: str, number: str) -> list[InboxJob]:
        """List the jobs that a change of whose a number is makes necessary."""
        return self._list_new(InboxJob(InboxJobKind.NUMBER, service_sid, number))

    def _list_new(self, job: InboxJob) -> list[InboxJob]:
        if job in self._queued or not self._is_used(job):
            return []
        self._queued.add(job)
        return [job]

    def _is_used(self, job: InboxJob) -> bool:
        """Whether the Service of a job uses what the job brings up to date."""
        service = self.find_service(job.service_sid)
        if service is None:
            return False
        return bool(service.text_search) if job.kind is InboxJobKind.MESSAGE else service.inbox_shards is not None
