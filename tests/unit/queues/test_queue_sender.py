"""W5: many messages go into queues in batches, and each group keeps its order whatever fails."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from partyline.queues.queue_sender import AT_ONCE, MAX_BATCH_BYTES, QueueMessage, send_all

FIFO, PLAIN = "https://sqs.example/1/queue.fifo", "https://sqs.example/1/queue"


class Queues:
    """SQS that remembers its batches, and refuses bodies; `raises` is asked what a whole batch fails with."""

    def __init__(self, *refused: str, raises: Callable[[list[Any]], Exception | None] = lambda _: None) -> None:
        self._refused, self._raises, self._lock = refused, raises, threading.Lock()
        self.batches: list[tuple[str, list[dict[str, Any]]]] = []

    def send_message_batch(self, **given: Any) -> dict[str, Any]:
        url, entries = given["QueueUrl"], given["Entries"]
        if error := self._raises(entries):
            raise error
        with self._lock:
            self.batches.append((url, entries))
        refused = [entry for entry in entries if entry["MessageBody"] in self._refused]
        return {"Successful": [], "Failed": [{"Id": one["Id"], "Code": "InternalError"} for one in refused]}

    def taken(self, group: str) -> list[str]:
        """The bodies of a group that were taken, in order."""
        return [
            entry["MessageBody"]
            for _, entries in self.batches
            for entry in entries
            if entry.get("MessageGroupId") == group and entry["MessageBody"] not in self._refused
        ]


def sent(queues: Any, *messages: QueueMessage) -> set[int]:
    return send_all(queues, messages)


def fifo(body: str) -> QueueMessage:
    """A message whose group is its first letter."""
    return QueueMessage(FIFO, body, body[0], f"d-{body}")


def test_nothing_is_sent_for_nothing() -> None:
    queues = Queues()
    assert sent(queues) == set()
    assert queues.batches == []


def test_messages_go_by_tens_and_each_queue_has_its_own_batches() -> None:
    queues = Queues()
    plain = [QueueMessage(PLAIN, str(number), delay=60) for number in range(23)]
    assert sent(queues, *plain, fifo("a1")) == set()
    assert sorted((url, len(entries)) for url, entries in queues.batches) == [
        *((PLAIN, 3), (PLAIN, 10), (PLAIN, 10)),
        (FIFO, 1),
    ]
    [entry] = next(entries for url, entries in queues.batches if url == FIFO)
    assert entry == {"Id": "23", "MessageBody": "a1", "MessageGroupId": "a", "MessageDeduplicationId": "d-a1"}
    assert all(entry["DelaySeconds"] == 60 for url, entries in queues.batches for entry in entries if url == PLAIN)


def test_a_batch_is_not_larger_than_sqs_takes() -> None:
    queues = Queues()
    large = "é" * (MAX_BATCH_BYTES // 5)
    assert sent(queues, *(QueueMessage(PLAIN, large) for _ in range(5))) == set()
    assert sorted(len(entries) for _, entries in queues.batches) == [1, 2, 2]


def test_many_groups_go_side_by_side_and_each_in_its_order() -> None:
    queues = Queues()
    bodies = ["a1", "b1", "a2", "c1", "b2", "a3"]
    assert sent(queues, *map(fifo, bodies)) == set()
    assert [[entry["MessageBody"] for entry in entries] for _, entries in queues.batches] == [
        ["a1", "b1", "c1"],
        ["a2", "b2"],
        ["a3"],
    ]


def test_nothing_of_a_group_is_sent_behind_what_was_refused() -> None:
    queues = Queues("b1", "a2")
    bodies = ["a1", "b1", "a2", "c1", "b2", "a3", "c2"]
    assert {bodies[number] for number in sent(queues, *map(fifo, bodies))} == {"b1", "b2", "a2", "a3"}
    assert [queues.taken(group) for group in "abc"] == [["a1"], [], ["c1", "c2"]]


@pytest.mark.parametrize(
    "error",
    [
        ClientError({"Error": {"Code": "AccessDenied", "Message": "x"}}, "SendMessageBatch"),
        ReadTimeoutError(endpoint_url=FIFO),
    ],
)
def test_a_batch_that_fails_whole_fails_for_each_of_its_messages(error: Exception) -> None:
    queues = Queues(raises=lambda entries: error if entries[0]["MessageBody"] == "a1" else None)
    plain = [QueueMessage(PLAIN, "x"), QueueMessage(PLAIN, "y")]
    assert sent(queues, *plain, fifo("a1"), fifo("b1"), fifo("a2")) == {2, 3, 4}


def test_more_batches_than_go_at_once_go_too() -> None:
    queues = Queues()
    assert sent(queues, *(QueueMessage(PLAIN, str(number)) for number in range(10 * AT_ONCE + 1))) == set()
    assert len(queues.batches) == AT_ONCE + 1
