"""Which Services have no live connection: kept in memory, confirmed for each use.

Each connection that opens replaces one version, before its client is told that it is open. Whoever has kept that a
Service has none reads the version first. If it is another, the question is asked again. So whoever has connected is
known.

That a Service has one is not kept. What is kept ends after MAX_AGE, as kept settings do: while a stack is upgraded,
connections may open through functions of an older version, which replaces no version.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from partyline.frozen_classes import frozen
from partyline.storage import connections
from partyline.storage.service_settings import MAX_AGE, MAX_KEPT
from partyline.storage.table import Table


@frozen
class _Absence:
    """That there was no live connection at a time, under a version."""

    version: str
    read: datetime


class UnconnectedServices:
    """Keeps for the life of a process which Services have no live connection."""

    def __init__(self, table: Table, clock: Callable[[], datetime]) -> None:
        self._table = table
        self._clock = clock
        self._kept: dict[str, _Absence] = {}

    def is_any_listening(self, service_sid: str, version: str) -> bool:
        """Return whether a Service has a live connection, as of this version of all connections or later."""
        kept, now = self._kept.get(service_sid), self._clock()
        if kept and kept.version == version and now - kept.read < MAX_AGE:
            return False
        if connections.is_any_listening(self._table, service_sid):
            self._kept.pop(service_sid, None)
            return True
        if len(self._kept) >= MAX_KEPT:
            self._kept.clear()
        self._kept[service_sid] = _Absence(version, now)
        return False
