"""What the relay gave up is replayed in the order of the stream, whole, and again after an interruption."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from operations import relay_letters
from operations.relay_replay import LetterOutcome, RelayReplay

STREAM = "arn:aws:dynamodb:us-east-1:123456789012:table/partyline/stream/2026"
NOON = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
OLD, NEW = "shardId-1", "shardId-2"


def record(position: int, size: int = 1) -> dict[str, Any]:
    """A record as the stream's API returns it: one is written each second."""
    return {
        "eventID": str(position),
        "eventName": "INSERT",
        "dynamodb": {
            "ApproximateCreationDateTime": NOON + timedelta(seconds=position),
            "Keys": {"PK": {"S": "M#CH1"}, "SK": {"S": f"IM{position}"}},
            "NewImage": {"words": {"S": "x" * size}, "picture": {"B": b"\x00"}},
            "SequenceNumber": str(position),
        },
    }


def aside(position: int) -> str:
    """The letter of a record that the relay set aside."""
    return json.dumps({"record": relay_letters.to_event_record(record(position), STREAM)}, default=str)


def batch(first: int, last: int, *, size: int | None = None, shard: str = OLD) -> str:
    """The letter of a batch that Lambda gave up."""
    info = {
        "streamArn": STREAM,
        "shardId": shard,
        "startSequenceNumber": str(first),
        "endSequenceNumber": str(last),
        "batchSize": last - first + 1 if size is None else size,
        "approximateArrivalOfFirstRecord": (NOON + timedelta(seconds=first)).isoformat().replace("+00:00", "Z"),
    }
    return json.dumps({"requestContext": {}, "DDBStreamBatchInfo": info})


class NotHidden(ClientError):
    """SQS' answer about a message that nobody hides."""

    def __init__(self) -> None:
        super().__init__({"Error": {"Code": "MessageNotInflight"}}, "ChangeMessageVisibility")


@dataclass
class Queue:
    """A queue: bodies by receipt handle, and those that are hidden now."""

    bodies: dict[str, str]
    hidden: set[str] = field(default_factory=set)

    class exceptions:  # noqa: N801  (as a client names it)
        """The errors of the client."""

        MessageNotInflight = NotHidden
        ReceiptHandleIsInvalid = NotHidden

    def receive_message(self, **_: Any) -> dict[str, Any]:
        seen = [handle for handle in self.bodies if handle not in self.hidden][:10]
        self.hidden.update(seen)
        return {"Messages": [{"ReceiptHandle": handle, "Body": self.bodies[handle]} for handle in seen]}

    def delete_message(self, **given: Any) -> None:
        del self.bodies[given["ReceiptHandle"]]
        self.hidden.discard(given["ReceiptHandle"])

    def change_message_visibility(self, **given: Any) -> None:
        if given["ReceiptHandle"] not in self.hidden:
            raise NotHidden
        if not given["VisibilityTimeout"]:
            self.hidden.discard(given["ReceiptHandle"])


@dataclass
class Streams:
    """The stream: its records by shard, in pages of so many, with an empty page before each."""

    shards: dict[str, list[int]]
    page: int = 3
    size: int = 1

    def get_shard_iterator(self, **given: Any) -> dict[str, str]:
        shard, first = given["ShardId"], given["SequenceNumber"]
        if shard not in self.shards:
            raise ClientError({"Error": {"Code": "ResourceNotFoundException"}}, "GetShardIterator")
        if int(first) < self.shards[shard][0]:
            raise ClientError({"Error": {"Code": "TrimmedDataAccessException"}}, "GetShardIterator")
        return {"ShardIterator": f"{shard}/{first}/empty"}

    def get_records(self, **given: Any) -> dict[str, Any]:
        shard, start, kind = given["ShardIterator"].split("/")
        if kind == "empty":
            return {"Records": [], "NextShardIterator": f"{shard}/{start}/full"}
        found = [position for position in self.shards[shard] if position >= int(start)][: self.page]
        following = f"{shard}/{found[-1] + 1}/empty" if found else None
        return {"Records": [record(one, self.size) for one in found], "NextShardIterator": following}


@dataclass
class Relay:
    """The relay function, which fails at some records a number of times."""

    failing: dict[int, int] = field(default_factory=dict)
    events: list[list[int]] = field(default_factory=list)
    done: list[int] = field(default_factory=list)

    def invoke(self, event: bytes) -> bytes:
        positions = [int(one["dynamodb"]["SequenceNumber"]) for one in json.loads(event)["Records"]]
        self.events.append(positions)
        for position in positions:
            if self.failing.get(position, 0):
                self.failing[position] -= 1
                return json.dumps({"batchItemFailures": [{"itemIdentifier": str(position)}]}).encode()
            self.done.append(position)
        return b'{"batchItemFailures": []}'


@dataclass
class World:
    """A queue of letters, a stream and the relay."""

    queue: Queue
    streams: Streams
    relay: Relay = field(default_factory=Relay)
    reported: list[LetterOutcome] = field(default_factory=list)
    invoke: Callable[[bytes], bytes] | None = None

    def run(self, **options: bool) -> bool:
        return RelayReplay(
            self.queue,
            self.streams,
            "https://queue.example/failures",
            self.invoke or self.relay.invoke,
            lambda outcome, text: self.reported.append(outcome),
            pause=lambda seconds: None,
        ).run(**options)


def given(letters: Iterable[str], streams: Streams | None = None) -> World:
    bodies = {f"handle-{number}": letter for number, letter in enumerate(letters)}
    return World(Queue(bodies), streams or Streams({OLD: [*range(1, 21)], NEW: [*range(21, 41)]}))


def test_all_records_of_a_batch_are_relayed_and_no_others() -> None:
    world = given([batch(3, 9)])

    assert world.run()
    assert world.relay.done == [3, 4, 5, 6, 7, 8, 9]
    assert world.queue.bodies == {}


def test_letters_are_replayed_in_the_order_of_the_stream() -> None:
    world = given([batch(25, 27, shard=NEW), batch(8, 9), aside(2), batch(4, 7), aside(12)])

    assert world.run()
    assert world.relay.done == [2, 4, 5, 6, 7, 8, 9, 12, 25, 26, 27]


def test_more_letters_than_a_request_receives_are_replayed_in_order() -> None:
    world = given(aside(position) for position in reversed(range(1, 36)))

    assert world.run()
    assert world.relay.done == [*range(1, 36)]


def test_halves_of_a_batch_are_replayed_one_after_the_other() -> None:
    world = given([batch(11, 15), batch(6, 8), batch(9, 10)])

    assert world.run()
    assert world.relay.done == [*range(6, 16)]


def test_records_without_follow_up_between_those_of_a_batch_do_no_harm() -> None:
    """The batch had those that pass the filter; the stream has all."""
    world = given([batch(3, 9, size=2)])

    assert world.run()
    assert world.relay.done == [*range(3, 10)]


def test_large_records_are_split_into_several_events() -> None:
    streams = Streams({OLD: [*range(1, 21)]}, page=20, size=1_000_000)
    world = given([batch(1, 12)], streams)

    assert world.run()
    assert world.relay.done == [*range(1, 13)]
    assert max(map(len, world.relay.events)) < 6


def test_record_that_is_left_undone_is_tried_again_with_those_behind_it() -> None:
    world = given([batch(3, 5)], Streams({OLD: [*range(1, 21)]}, page=20))
    world.relay.failing = {4: 2}

    assert world.run()
    assert world.relay.events == [[3, 4, 5], [4, 5], [4, 5]]


def test_replay_stops_at_a_letter_that_fails_and_goes_on_there() -> None:
    world = given([batch(3, 5), aside(1), aside(9)])
    world.relay.failing = {4: 5}

    assert not world.run()
    assert world.relay.done == [1, 3]
    assert world.reported == [LetterOutcome.RELAYED, LetterOutcome.FAILED]
    assert world.queue.hidden == set()

    world.relay.failing = {}
    assert world.run()
    assert world.relay.done == [1, 3, 3, 4, 5, 9]


def test_interrupted_replay_hides_nothing_from_the_next() -> None:
    world = given([aside(1), batch(3, 5)])

    def interrupt(event: bytes) -> bytes:
        if world.relay.done:
            raise KeyboardInterrupt
        return world.relay.invoke(event)

    world.invoke = interrupt
    with pytest.raises(KeyboardInterrupt):
        world.run()
    world.invoke = None
    assert world.run()
    assert world.relay.done == [1, 3, 4, 5]


def test_function_that_fails_leaves_its_letter(capsys: pytest.CaptureFixture[str]) -> None:
    world = given([aside(1)])

    def fail(event: bytes) -> bytes:
        raise RuntimeError("the relay failed")

    world.invoke = fail
    assert not world.run()
    assert len(world.queue.bodies) == 1


@pytest.mark.parametrize("letter", [batch(1, 3), batch(1, 3, shard="shardId-0")])
def test_expired_batch_is_told_of_and_holds_up_no_other(letter: str) -> None:
    world = given([letter, aside(9)], Streams({OLD: [*range(2, 21)]}))

    assert not world.run()
    assert world.reported == [LetterOutcome.EXPIRED, LetterOutcome.RELAYED]
    assert list(world.queue.bodies.values()) == [letter]
    assert world.run(forget_expired=True)
    assert world.queue.bodies == {}


def test_batch_of_which_the_stream_has_too_few_records_has_expired() -> None:
    world = given([batch(3, 9)], Streams({OLD: [3, 9]}))

    assert not world.run()
    assert world.reported == [LetterOutcome.EXPIRED]


def test_unknown_letter_is_left_and_told_of() -> None:
    world = given(["hello", "{}", '{"record": {}}', aside(1)])

    assert not world.run(forget_expired=True)
    assert sorted(world.reported) == [LetterOutcome.RELAYED, *[LetterOutcome.UNREADABLE] * 3]
    assert len(world.queue.bodies) == 3
