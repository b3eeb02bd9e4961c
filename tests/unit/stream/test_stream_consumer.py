"""W5: a batch of stream records, partitions side by side, each in its order; and what comes again."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from partyline.observability import logger, metrics
from partyline.queues.queue_sender import QueueMessage
from partyline.stream.stream_consumer import PATIENCE, Record, Relayed, StreamConsumer
from tests.unit.queues.test_queue_sender import FIFO, Queues

THROTTLED = ClientError({"Error": {"Code": "ThrottlingException", "Message": "x"}}, "Query")


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    stream = io.StringIO()
    monkeypatch.setattr(logger.registered_handler, "stream", stream)
    metrics.counted.clear()
    yield stream
    metrics.counted.clear()


def batch(*names: str) -> dict[str, Any]:
    """Records by name: the partition is the first letter, the position is the name."""
    keys = [{"PK": {"S": f"M#{name[0]}"}, "SK": {"S": name}} for name in names]
    return {
        "Records": [
            {"eventID": "same", "eventName": "INSERT", "dynamodb": {"SequenceNumber": name, "Keys": key}}
            for name, key in zip(names, keys, strict=True)
        ]
    }


class Relaying:
    """What a record asks for: one message in its partition's turn. `fails` are records and what they fail with."""

    def __init__(self, **fails: Exception) -> None:
        self.fails = dict(fails)
        self.relayed: list[str] = []
        self._lock = threading.Lock()

    def __call__(self, record: Record) -> Relayed:
        name = record["dynamodb"]["SequenceNumber"]
        if name in self.fails:
            raise self.fails[name]
        with self._lock:
            self.relayed.append(name)
        return Relayed("message", (QueueMessage(FIFO, name, name[0], name),), calls=1)


def consumer(queues: Any, now: list[float] | None = None) -> StreamConsumer:
    at = now or [0.0]
    return StreamConsumer(queues, lambda: "https://sqs.example/1/failures", clock=lambda: at[0])


def failed(answer: dict[str, Any]) -> list[str]:
    return [one["itemIdentifier"] for one in answer["batchItemFailures"]]


def test_every_partition_is_relayed_in_its_order_and_counted() -> None:
    queues, relaying = Queues(), Relaying()
    names = [f"{partition}{number}" for number in range(5) for partition in "abcdefghijkl"]
    assert failed(consumer(queues).consume(batch(*names), relaying)) == []
    assert {group: queues.taken(group) for group in "al"} == {
        group: [f"{group}{number}" for number in range(5)] for group in "al"
    }
    assert sorted(relaying.relayed) == sorted(names)
    # Five rounds of twelve groups, ten messages to a batch.
    assert len(queues.batches) == 10
    assert sum(metrics.counted["OutboxMessage"]) == len(names)
    assert sum(metrics.counted["CallbackQueued"]) == len(names)


def test_partitions_are_worked_side_by_side() -> None:
    together = threading.Barrier(2, timeout=20)

    def relay(record: Record) -> Relayed:
        together.wait()
        return Relayed("nothing")

    assert failed(consumer(Queues()).consume(batch("a1", "b1"), relay)) == []


def test_a_partition_stops_at_its_first_failure_and_the_others_go_on(quiet: io.StringIO) -> None:
    queues, relaying = Queues(), Relaying(b1=RuntimeError("not now"))
    answer = consumer(queues).consume(batch("a1", "b1", "a2", "b2", "c1"), relaying)
    assert failed(answer) == ["b1"]
    assert [queues.taken(group) for group in "abc"] == [["a1", "a2"], [], ["c1"]]
    assert metrics.counted["OutboxFailed"] == [2.0]
    codes = [json.loads(line)["message"] for line in quiet.getvalue().splitlines()]
    assert codes.count("outbox.record_failed") == 1


def test_the_first_failure_is_the_position_from_which_all_comes_again() -> None:
    relaying = Relaying(c1=RuntimeError("not now"), b1=RuntimeError("not now"))
    assert failed(consumer(Queues()).consume(batch("a1", "b1", "c1"), relaying)) == ["b1"]
    relaying = Relaying(a1=RuntimeError("not now"))
    assert failed(consumer(Queues()).consume(batch("a1"), relaying)) == ["a1"]


def test_a_record_whose_message_a_queue_does_not_take_is_not_done() -> None:
    queues = Queues("b1")
    assert failed(consumer(queues).consume(batch("a1", "b1", "a2", "b2"), Relaying())) == ["b1"]
    assert [queues.taken(group) for group in "ab"] == [["a1", "a2"], []]


def test_what_was_done_behind_a_failure_is_not_done_again() -> None:
    queues, relaying = Queues(), Relaying(b1=THROTTLED)
    one = consumer(queues)
    for _ in range(3):
        assert failed(one.consume(batch("b1", "a1", "a2", "b2"), relaying)) == ["b1"]
    assert relaying.relayed == ["a1", "a2"]
    relaying.fails.clear()
    assert failed(one.consume(batch("b1", "a1", "a2", "b2"), relaying)) == []
    assert [queues.taken(group) for group in "ab"] == [["a1", "a2"], ["b1", "b2"]]
    # Handed over once more by a person, all of it is done.
    assert failed(one.consume(batch("b1", "a1"), relaying)) == []
    assert relaying.relayed[-2:] == ["b1", "a1"] or relaying.relayed[-2:] == ["a1", "b1"]


def test_a_record_that_fails_by_its_own_fault_for_an_hour_is_set_aside() -> None:
    queues, relaying, now = Queues(), Relaying(b1=KeyError("sid")), [1000.0]
    one = consumer(queues, now)
    for now[0] in (1000.0, 1000.0 + PATIENCE):
        assert failed(one.consume(batch("b1", "b2"), relaying)) == ["b1"]
    now[0] += 1
    assert failed(one.consume(batch("b1", "b2"), relaying)) == []
    [[aside]] = [entries for url, entries in queues.batches if url.endswith("failures")]
    assert json.loads(aside["MessageBody"]) == {"record": batch("b1")["Records"][0]}
    assert queues.taken("b") == ["b2"]
    assert metrics.counted["OutboxAside"] == [1.0]


def test_what_fails_because_of_aws_is_never_set_aside() -> None:
    queues, relaying, now = Queues(), Relaying(b1=THROTTLED), [0.0]
    one = consumer(queues, now)
    for now[0] in (0.0, 20.0 * PATIENCE):
        assert failed(one.consume(batch("b1"), relaying)) == ["b1"]
    assert queues.batches == []
