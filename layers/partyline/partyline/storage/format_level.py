"""The level of the stored format: which forms of items are written.

Code reads every form. It writes a new form only from the level on at which the table says that all who read the table
know it. So an upgrade has two steps, as in databases of several nodes: the new release is deployed, and can be taken
back; then the operator finalizes the upgrade, which raises the level (operations.finalize_upgrade).

The level never falls. So whoever keeps an earlier one only writes the older form.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from partyline.errors import UnknownFormat

# FIRST is what release 0.2 reads; a table without a level has it.
FIRST = 1
# At EVENTS_PACKED, large batches of events are stored compressed (event_outbox). At PLACES_APART, the places of a
# conversation in the lists are an item of their own (conversation_items), and so are its attributes if they are large
# (conversation_attributes). At EVENTS_IN_MESSAGES, the event of a new message has no item of its own
# (message_events).
EVENTS_PACKED = 2
PLACES_APART = 2
EVENTS_IN_MESSAGES = 2
NEWEST = 2
# For how many seconds a level is kept that may have been raised since.
_LIFE = 60.0


def parse_level(item: Mapping[str, Any] | None) -> int:
    """Return the level in its item; FIRST without one. Raises UnknownFormat for a level of a later release."""
    level: int = (item or {}).get("level", FIRST)
    if level > NEWEST:
        raise UnknownFormat(f"the table has the stored format of level {level}, and this release knows {NEWEST}")
    return level


class FormatLevel:
    """Keeps the level for the life of a process. It is read again each minute, until it is the newest."""

    def __init__(self) -> None:
        self._level = FIRST
        self._until = 0.0

    def find(self, read: Callable[[], Mapping[str, Any] | None]) -> int:
        """Return the level; `read` reads its item, if a kept level does not do."""
        if self._level < NEWEST and time.monotonic() >= self._until:
            self.note(read())
        return self._level

    def note(self, item: Mapping[str, Any] | None) -> None:
        """Keep the level of an item that was just read."""
        self._level = max(self._level, parse_level(item))
        self._until = time.monotonic() + _LIFE
