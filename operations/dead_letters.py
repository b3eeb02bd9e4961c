"""Move the messages of a dead-letter queue back, by SQS' own task. A task goes on without us, and is followed again."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

# Seconds between two looks at a task.
PAUSE = 5.0


@dataclass(frozen=True, slots=True)
class DeadLetterMove:
    """Moves the messages of one queue.

    `report` tells how many were moved so far, and of about how many.
    """

    sqs: Any
    report: Callable[[int, int], None]
    pause: Callable[[float], None] = time.sleep

    def run(self, queue_url: str, destination_url: str | None = None) -> bool:
        """Move all messages to where they came from, or else to a destination; return whether all were moved.

        A task that is under way is followed, and no other is begun.
        """
        source = self._find_arn(queue_url)
        if not self._is_running(source):
            destination = {"DestinationArn": self._find_arn(destination_url)} if destination_url else {}
            self.sqs.start_message_move_task(SourceArn=source, **destination)
        while self._is_running(source):
            self.pause(PAUSE)
        task = self._find_task(source)
        return task is not None and task["Status"] == "COMPLETED"

    def _is_running(self, source: str) -> bool:
        task = self._find_task(source)
        if task is None:
            return False
        self.report(task.get("ApproximateNumberOfMessagesMoved", 0), task.get("ApproximateNumberOfMessagesToMove", 0))
        return bool(task["Status"] == "RUNNING")

    def _find_task(self, source: str) -> Any:
        """Return the newest task of a queue; None before the first."""
        tasks = self.sqs.list_message_move_tasks(SourceArn=source, MaxResults=1).get("Results", [])
        return tasks[0] if tasks else None

    def _find_arn(self, queue_url: str) -> str:
        answer = self.sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])
        return str(answer["Attributes"]["QueueArn"])
