"""Find in the table's stream the new messages of which browsers may show notifications.

Nothing is queued for a Service whose people have no notifications, which is known from its settings.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from partyline.domain import sids
from partyline.domain.events import EventBatch
from partyline.domain.services import Service
from partyline.frozen_classes import frozen
from partyline.queues.queue_messages import PushJob


@frozen
class PushSignals:
    """What one batch of records means for notifications.

    `find_service` returns a Service by its SID; None when it does not exist.
    """

    find_service: Callable[[str], Service | None]
    clock: Callable[[], datetime]

    def list_for_batch(self, batch: EventBatch) -> list[PushJob]:
        """List the jobs of the new messages among some events."""
        if not batch.subject.startswith(sids.CONVERSATION):
            return []
        added = [event.parameters["MessageSid"] for event in batch.events if event.type == "onMessageAdded"]
        if not added or not self._is_used(batch.service_sid):
            return []
        return [PushJob(batch.service_sid, batch.subject, message_sid) for message_sid in added]

    def _is_used(self, service_sid: str) -> bool:
        service = self.find_service(service_sid)
        return service is not None and (service.push_until or 0) > self.clock().timestamp()
