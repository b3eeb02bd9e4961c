"""What the relay reads for a batch of stream records in one request: versions of what is kept, and conversations."""

from __future__ import annotations

import threading
from collections.abc import Collection
from dataclasses import dataclass, field

from partyline.domain.conversations import Conversation
from partyline.storage import absent_webhooks, codec, conversations, keys, listener_version, service_settings
from partyline.storage.attribute_values import Item
from partyline.storage.keys import Key
from partyline.storage.table import Table


@dataclass(slots=True)
class BatchRead:
    """Reads when the first answer is asked for: after all changes of the batch, so what preceded one of them applies.

    `conversation_sids` are those that are read in the same request. Several threads may use it.
    """

    table: Table
    conversation_sids: Collection[str] = ()
    _found: dict[Key, Item] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def fetch_settings_version(self) -> str:
        """Return the version of all settings."""
        return service_settings.decode_version(self._find(keys.settings_version()))

    def fetch_listeners_version(self) -> str:
        """Return the version of all live connections."""
        return listener_version.decode(self._find(keys.settings_version()))

    def fetch_conversation(self, sid: str) -> Conversation | None:
        """Return a conversation; None when it does not exist. One that was not named is read for itself."""
        if sid not in self.conversation_sids:
            return conversations.fetch(self.table, sid)
        item = self._find(keys.conversation(sid))
        return codec.decode(Conversation, item) if item else None

    def has_no_webhooks(self, sid: str) -> bool:
        """Return whether a conversation that was named is known to have no webhooks of its own."""
        item = self._find(keys.conversation(sid)) if sid in self.conversation_sids else None
        return item is not None and absent_webhooks.is_noted(item)

    def _find(self, key: Key) -> Item | None:
        with self._lock:
            if self._found is None:
                wanted = [keys.conversation(sid) for sid in self.conversation_sids]
                self._found = self.table.get_all([keys.settings_version(), *wanted])
            return self._found.get(key)
