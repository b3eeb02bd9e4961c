"""Who receives the events of one batch of the table's changes: each question is asked once for the batch.

All changes of the batch were stored before the first question, so whatever was answered before one of them applies.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import field

from partyline.domain import sids
from partyline.domain.conversations import Conversation
from partyline.domain.webhook_configuration import MAX_PER_CONVERSATION, ScopedWebhook
from partyline.frozen_classes import frozen
from partyline.storage import queries
from partyline.storage.batch_read import BatchRead
from partyline.storage.listeners import UnconnectedServices
from partyline.storage.queries import Window
from partyline.storage.service_settings import ConfirmedSettings, ServiceSettings
from partyline.storage.table import Table


@frozen
class Receivers:
    """Reads who receives the events of one batch. Several threads may use it, each for conversations of its own.

    `read` is of the batch; `unconnected` is kept by the process.
    """

    table: Table
    read: BatchRead
    settings: ConfirmedSettings
    unconnected: UnconnectedServices
    _listening: dict[str, bool] = field(default_factory=dict)
    _conversations: dict[str, Conversation | None] = field(default_factory=dict)
    _webhooks: dict[str, Sequence[ScopedWebhook]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def fetch_settings(self, service_sid: str) -> ServiceSettings:
        """Return the settings of a Service."""
        return self.settings.fetch(service_sid)

    def is_any_listening(self, service_sid: str) -> bool:
        """Return whether a Service has a live connection."""
        with self._lock:
            if service_sid not in self._listening:
                version = self.read.fetch_listeners_version()
                self._listening[service_sid] = self.unconnected.is_any_listening(service_sid, version)
            return self._listening[service_sid]

    def fetch_conversation(self, sid: str) -> Conversation | None:
        """Read a conversation; return None when it does not exist."""
        if sid not in self._conversations:
            self._conversations[sid] = self.read.fetch_conversation(sid)
        return self._conversations[sid]

    def list_webhooks(self, subject: str) -> Sequence[ScopedWebhook]:
        """List the webhooks of a conversation. A user has none."""
        if not subject.startswith(sids.CONVERSATION):
            return ()
        if subject not in self._webhooks:
            has_none = self.read.has_no_webhooks(subject)
            self._webhooks[subject] = () if has_none else self._read_webhooks(subject)
        return self._webhooks[subject]

    def _read_webhooks(self, sid: str) -> list[ScopedWebhook]:
        page = queries.webhooks(self.table, sid, Window(MAX_PER_CONVERSATION))
        return [webhook for _, webhook in page.entries]
