"""The network's events, published to every listener as they occur."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

# A listener that is this far behind is dropped; it can come back and read everything anew.
_MOST_BEHIND = 1000


class Events:
    """Hands every event to every listener."""

    def __init__(self) -> None:
        self._listeners: set[asyncio.Queue[dict[str, Any] | None]] = set()

    def publish(self, event: dict[str, Any]) -> None:
        """Publish an event to every present listener."""
        for listener in list(self._listeners):
            if listener.qsize() >= _MOST_BEHIND:
                self._dismiss(listener)
            else:
                listener.put_nowait(event)

    async def listen(self, quiet_seconds: float) -> AsyncIterator[dict[str, Any] | None]:
        """Iterate over events from now on; None after a while without one. Ends when the events do."""
        queue: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        self._listeners.add(queue)
        try:
            while True:
                try:
                    event = await asyncio.wait_for(queue.get(), quiet_seconds)
                except TimeoutError:
                    yield None
                    continue
                if event is None:
                    return
                yield event
        finally:
            self._listeners.discard(queue)

    def close(self) -> None:
        """End every listener's iteration."""
        for listener in list(self._listeners):
            self._dismiss(listener)

    def _dismiss(self, listener: asyncio.Queue[dict[str, Any] | None]) -> None:
        self._listeners.discard(listener)
        listener.put_nowait(None)
