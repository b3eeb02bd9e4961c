"""A dead-letter queue is moved back by one task, which is followed to its end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from operations.dead_letters import DeadLetterMove

DEAD, QUEUE = "https://queue.example/dead", "https://queue.example/queue"


@dataclass
class Tasks:
    """SQS' tasks: each look at one sees its next status."""

    statuses: list[str]
    running: bool = False
    started: list[dict[str, str]] = field(default_factory=list)

    def get_queue_attributes(self, **given: Any) -> dict[str, Any]:
        assert given["AttributeNames"] == ["QueueArn"]
        return {"Attributes": {"QueueArn": f"arn:{given['QueueUrl'].rpartition('/')[2]}"}}

    def start_message_move_task(self, **given: str) -> None:
        self.started.append(given)
        self.running = True

    def list_message_move_tasks(self, **given: Any) -> dict[str, Any]:
        assert given == {"SourceArn": "arn:dead", "MaxResults": 1}
        if not self.running:
            return {"Results": []}
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        return {"Results": [{"Status": status, "ApproximateNumberOfMessagesMoved": 4}]}


def move(tasks: Tasks, destination: str | None = None) -> bool:
    return DeadLetterMove(tasks, lambda moved, expected: None, pause=lambda seconds: None).run(DEAD, destination)


def test_messages_go_back_to_where_they_came_from() -> None:
    tasks = Tasks(["RUNNING", "RUNNING", "COMPLETED"])

    assert move(tasks)
    assert tasks.started == [{"SourceArn": "arn:dead"}]


def test_messages_go_to_a_queue_that_is_named() -> None:
    tasks = Tasks(["COMPLETED"])

    assert move(tasks, QUEUE)
    assert tasks.started == [{"SourceArn": "arn:dead", "DestinationArn": "arn:queue"}]


def test_task_under_way_is_followed_and_no_other_begun() -> None:
    tasks = Tasks(["RUNNING", "RUNNING", "COMPLETED"], running=True)

    assert move(tasks)
    assert tasks.started == []


@pytest.mark.parametrize("status", ["FAILED", "CANCELLED"])
def test_task_that_did_not_end_well_is_told_of(status: str) -> None:
    assert not move(Tasks(["RUNNING", status]))
