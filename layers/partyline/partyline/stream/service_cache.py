"""Services that a batch of jobs is about: each is read once."""

from __future__ import annotations

from dataclasses import field

from partyline.domain.services import Service
from partyline.frozen_classes import frozen
from partyline.storage import services
from partyline.storage.table import Table


@frozen
class ServiceCache:
    """Reads Services and keeps them, for one batch. Several threads may use it: at worst one is read twice."""

    table: Table
    _known: dict[str, Service | None] = field(default_factory=dict)

    def fetch(self, sid: str) -> Service | None:
        """Return a Service as it was when it was first asked for; None when it does not exist."""
        if sid not in self._known:
            self._known[sid] = services.fetch(self.table, sid)
        return self._known[sid]
