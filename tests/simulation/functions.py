"""Lambda: the functions of the stack, loaded as Lambda loads them, and what gives them queues and the stream.

Each invocation is a task, in a container of its own: a module that was loaded afresh. A container is used again by
later invocations, unless its process ended. An invocation that takes too long is killed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from tests.simulation import stack
from tests.simulation.faults import Faults
from tests.simulation.queues import Queue, QueueMessage
from tests.simulation.scheduler import Scheduler, Task

# Those that take part; what others are given stays in their queues.
TAKING_PART = ("inbound", "conversations", "relay", "outbound", "callbacks", "activation", "timers", "cleanup")
FUNCTIONS = Path(__file__).parents[2] / "functions"


@dataclass(frozen=True)
class Context:
    """What Lambda tells a function of its invocation."""

    scheduler: Scheduler
    ends: float
    function_name: str = "function"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:123456789012:function:function"
    aws_request_id: str = "request"

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self.ends - self.scheduler.now) * 1000))


@cache
def _code(function: str) -> CodeType:
    path = FUNCTIONS / function / "app.py"
    return compile(path.read_text(), path, "exec")


def load(function: str) -> ModuleType:
    """Load a function afresh."""
    module = ModuleType(f"{function}_app")
    module.__file__ = str(FUNCTIONS / function / "app.py")
    exec(_code(function), module.__dict__)
    return module


@dataclass
class Lambda:
    """All functions. `on_error` is told of what an invocation raised."""

    scheduler: Scheduler
    faults: Faults
    on_error: Callable[[str, BaseException], None]
    _idle: dict[str, list[ModuleType]] = field(default_factory=dict)

    def begin(self, function: str, name: str, event: Mapping[str, Any]) -> Task:
        """Begin an invocation."""
        limit = stack.time_limit(function)
        ends = self.scheduler.now + limit

        def invoke() -> Any:
            idle = self._idle.setdefault(function, [])
            module = idle.pop() if idle else load(function)
            try:
                # Through JSON, as events come.
                answer = module.handler(json.loads(json.dumps(event)), Context(self.scheduler, ends))
            except Exception as error:
                self.on_error(function, error)
                idle.append(module)
                raise
            idle.append(module)
            return answer

        task = self.scheduler.spawn(name, invoke)
        task.ends = ends
        self.scheduler.at(ends, lambda: self.scheduler.kill(task))
        return task


class QueueSource:
    """Gives the messages of a queue to a function, and deletes what it was done with."""

    def __init__(self, functions: Lambda, consumer: stack.Consumer, queue: Queue) -> None:
        self._functions, self._consumer, self._queue = functions, consumer, queue
        self._running = self._batches = 0
        queue.has_news = lambda moment: functions.scheduler.at(moment, self._poll)

    def _poll(self) -> None:
        while self._running < self._consumer.concurrency and (batch := self._queue.receive(self._consumer.batch)):
            self._running += 1
            self._batches += 1
            name = f"{self._queue.settings.name} {self._batches}"
            self._functions.scheduler.spawn(f"{name} source", partial(self._give, batch, name))

    def _give(self, batch: Sequence[QueueMessage], name: str) -> None:
        scheduler = self._functions.scheduler
        event = {"Records": [self._record(message) for message in batch]}
        task = self._functions.begin(self._consumer.function, name, event)
        scheduler.wait(task)
        self._running -= 1
        done: list[QueueMessage] = []
        if not task.error and not self._functions.faults.happens(f"{name} deletion", {"deletion lost": 0.01}):
            failed = {one["itemIdentifier"] for one in task.result["batchItemFailures"]}
            done = [message for message in batch if message.id not in failed]
        self._queue.delete(done)
        self._queue.release(batch)
        self._poll()

    def _record(self, message: QueueMessage) -> dict[str, Any]:
        fifo = {"MessageGroupId": message.group} if self._queue.settings.is_fifo else {}
        suffix = ".fifo" if self._queue.settings.is_fifo else ""
        return {
            "messageId": message.id,
            "receiptHandle": message.id,
            "body": message.body,
            "attributes": {
                "ApproximateReceiveCount": str(message.received),
                "SentTimestamp": str(int(message.sent * 1000)),
                **fifo,
            },
            "messageAttributes": {},
            "eventSource": "aws:sqs",
            "eventSourceARN": f"arn:aws:sqs:us-east-1:123456789012:{self._queue.settings.name}{suffix}",
            "awsRegion": "us-east-1",
        }
