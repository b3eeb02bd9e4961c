"""The attributes of conversations: what is stored, published and read is what somebody has set."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Any

from partyline.domain.events import EventBatch
from partyline.errors import Conflict
from partyline.storage import conversations
from partyline.storage.table import Table
from tests.support.stored_events import list_batches

# How long an attempt may go on that was not answered, and after how many seconds a request was one of several attempts.
_LATE, _REPEATED = 60.0, 1.0
_PROMISE = "attributes are what was set"


@dataclass
class Setting:
    """A request that sets attributes. It is carried out some time between the moments at which it began and ended."""

    text: str
    begun: float
    ended: float = inf

    def is_over(self, setting: Setting, since: float) -> bool:
        """Whether this one came after another, and before a moment."""
        return self.begun >= setting.ended and self.ended <= since


@dataclass
class Descriptions:
    """The attributes of each conversation, by its SID. `stored` are those that the table has now."""

    break_: Callable[..., None]
    clock: Callable[[], float]
    stored: dict[str, str] = field(default_factory=dict)
    _settings: defaultdict[str, list[Setting]] = field(default_factory=lambda: defaultdict(list))

    def observe(self, pk: str, sk: str, after: Mapping[str, Any] | None) -> None:
        """See a change of the table. A transaction changes a conversation first, and its events last."""
        if after is None:
            return
        if pk.startswith("C#") and sk in ("A", "C") and isinstance(after["attributes"], str):
            self._store(pk.removeprefix("C#"), after["attributes"])
        for batch in list_batches([dict(after)]):
            self._observe_events(batch)

    def _store(self, sid: str, text: str) -> None:
        if sid not in self.stored:
            self._settings[sid].append(Setting(text, -inf, self.clock()))
        self.stored[sid] = text

    def _observe_events(self, batch: EventBatch) -> None:
        for event in batch.events:
            text = event.parameters.get("Attributes")
            if event.type.startswith("onConversation") and text not in (None, self.stored.get(batch.subject)):
                self.break_("an event has the attributes of its moment", event.type, batch.subject, _shorten(text))

    def begin(self, sid: str, text: str) -> Setting:
        """Begin to set the attributes of a conversation."""
        setting = Setting(text, self.clock())
        self._settings[sid].append(setting)
        return setting

    def end(self, setting: Setting) -> None:
        """See that a request was answered. If it was repeated, an earlier attempt may still go on."""
        now = self.clock()
        setting.ended = now + (_LATE if now - setting.begun > _REPEATED else 0)

    def check_read(self, sid: str, text: str, since: float) -> None:
        """Check what was read of a conversation from a moment on."""
        settings = self._settings[sid]
        fitting = [one for one in settings if one.text == text]
        if not any(all(not other.is_over(one, since) for other in settings) for one in fitting):
            self.break_(_PROMISE, sid, "read", _shorten(text))

    def check_table(self, table: Table) -> None:
        """Check what the table has at the end."""
        for sid, text in self.stored.items():
            try:
                found = conversations.fetch(table, sid, whole=True)
            except Conflict:
                self.break_(_PROMISE, sid, "are of another moment")
                continue
            if found is not None and found.attributes != text:
                self.break_(_PROMISE, sid, "stored", _shorten(found.known_attributes))
            if found is not None:
                self.check_read(sid, found.known_attributes, self.clock())


def describe(number: int) -> str:
    """Attributes that nobody else sets: small ones, some of about the size from which on they are apart, large ones."""
    size = (0, 215, 260, 16_000)[number % 4]
    return f'{{"act": {number}, "text": "{"x" * size}"}}'


def _shorten(text: str | None) -> str:
    return f"{(text or '')[:20]} ({len(text or '')})"
