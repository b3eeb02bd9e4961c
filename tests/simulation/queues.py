"""SQS in memory: messages come at least once; those of a FIFO queue one after the other in each group.

A message that was received is hidden until its visibility ends. Then it comes again, unless it was deleted. After too
many receptions it becomes a dead letter.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.simulation.scheduler import Scheduler
from tests.simulation.stack import QueueSettings

# How long a FIFO queue knows the id of a message that it has taken, in seconds.
DEDUPLICATION = 300.0


@dataclass(eq=False)
class QueueMessage:
    """A message. It can be received from `visible` on."""

    id: str
    body: str
    group: str
    sent: float
    visible: float
    received: int = 0
    attributes: dict[str, str] = field(default_factory=dict)


class Queue:
    """One queue. `has_news` is called when a message may be there to be received, now or later."""

    def __init__(self, settings: QueueSettings, scheduler: Scheduler, queues: Queues) -> None:
        self.settings = settings
        self._scheduler, self._queues = scheduler, queues
        self.messages: list[QueueMessage] = []
        self.has_news: Callable[[float], None] = lambda _: None
        self._known: dict[tuple[str, str], float] = {}

    def send(self, request: Mapping[str, Any]) -> None:
        """Take a message, unless it is a FIFO queue's repeat."""
        group, token = request.get("MessageGroupId", ""), request.get("MessageDeduplicationId", "")
        now = self._scheduler.now
        if self.settings.is_fifo:
            if now - self._known.get((group, token), float("-inf")) < DEDUPLICATION:
                return
            self._known[group, token] = now
        delay = request.get("DelaySeconds", self.settings.delay)
        self.add(QueueMessage(self._queues.new_id(), request["MessageBody"], group, now, now + delay))

    def add(self, message: QueueMessage) -> None:
        self.messages.append(message)
        self.has_news(message.visible)

    def receive(self, most: int) -> list[QueueMessage]:
        """Receive what is visible, of each group only what comes first."""
        now = self._scheduler.now
        found: list[QueueMessage] = []
        groups: set[str] = set()
        for message in list(self.messages):
            is_blocked = self.settings.is_fifo and message.group in groups
            groups.add(message.group)
            if is_blocked or message.visible > now or len(found) == most:
                continue
            if message.received >= self.settings.most_receives:
                self.messages.remove(message)
                self._queues[self.settings.dead_letters].add(message)
                continue
            message.received += 1
            message.visible = now + self.settings.visibility
            found.append(message)
        return found

    def delete(self, messages: Sequence[QueueMessage]) -> None:
        for message in messages:
            if message in self.messages:
                self.messages.remove(message)
                if self.settings.is_fifo:
                    self.has_news(self._scheduler.now)

    def release(self, messages: Sequence[QueueMessage]) -> None:
        """Say when messages that were received and stay can be received again."""
        for message in messages:
            if message in self.messages:
                self.has_news(message.visible)

    def hide(self, receipt_handle: str, seconds: float) -> None:
        for message in self.messages:
            if message.id == receipt_handle:
                message.visible = self._scheduler.now + seconds
                self.has_news(message.visible)


class Queues:
    """All queues of the stack, by name. The URL of a queue is its name."""

    def __init__(self, settings: Sequence[QueueSettings], scheduler: Scheduler) -> None:
        self._numbers = itertools.count(1)
        self._queues = {one.name: Queue(one, scheduler, self) for one in settings}

    def __getitem__(self, name: str) -> Queue:
        return self._queues[name.rpartition("/")[2].removesuffix(".fifo")]

    def new_id(self) -> str:
        return f"message-{next(self._numbers)}"

    def dead_letters(self) -> dict[str, list[str]]:
        """The bodies of all dead letters, by queue."""
        letters = {one.settings.dead_letters for one in self._queues.values()} | {"RelayFailures"}
        found = {
            name: [message.body for message in self._queues[name].messages] for name in letters if name in self._queues
        }
        return {name: bodies for name, bodies in found.items() if bodies}
