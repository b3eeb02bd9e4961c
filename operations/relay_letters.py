"""The letters of the queue `RelayFailures`: what the relay set aside, and the batches that Lambda gave up. Pure.

    {"record": {...}}               a whole record of the stream, set aside by the relay (stream/stream_consumer.py)
    {"DDBStreamBatchInfo": {...}}   the position of a batch, by Lambda; the stream holds its records for 24 hours

A batch that failed as a whole is halved by Lambda, and each half has a letter of its own.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Record = Mapping[str, Any]
# What Lambda's own event source delivers at most in one event: records, and bytes.
MAX_RECORDS = 100
MAX_BYTES = 5_000_000


@dataclass(frozen=True, slots=True)
class Batch:
    """The position of a batch: from the first record to the last, both inclusive.

    `size` is how many of them the relay was given. Others between them have no follow-up.
    """

    stream: str
    shard: str
    first: int
    last: int
    size: int


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter: either a record or the position of a batch.

    `at` is when its first record was written (Unix time), `position` the sequence number of that.
    """

    at: float
    position: int
    record: Record | None = None
    batch: Batch | None = None

    @property
    def order(self) -> tuple[float, int]:
        """The rank of a letter among those that are replayed. A conversation's records are in one shard at a time."""
        return self.at, self.position


def parse_letter(body: str) -> Letter:
    """Parse the body of a letter. Raises ValueError for anything else."""
    try:
        content = json.loads(body)
        if "record" in content:
            return _parse_record(content["record"])
        return _parse_batch(content["DDBStreamBatchInfo"])
    except (KeyError, TypeError) as error:
        raise ValueError(f"no letter of the relay: {body[:100]}") from error


def _parse_record(record: Record) -> Letter:
    change = record["dynamodb"]
    return Letter(float(change["ApproximateCreationDateTime"]), int(change["SequenceNumber"]), record=record)


def _parse_batch(info: Mapping[str, Any]) -> Letter:
    first = int(info["startSequenceNumber"])
    batch = Batch(info["streamArn"], info["shardId"], first, int(info["endSequenceNumber"]), int(info["batchSize"]))
    arrived = datetime.fromisoformat(info["approximateArrivalOfFirstRecord"])
    return Letter(arrived.timestamp(), first, batch=batch)


def position_of(record: Record) -> int:
    """Return the sequence number of a record."""
    return int(record["dynamodb"]["SequenceNumber"])


def to_event_record(record: Record, stream: str) -> dict[str, Any]:
    """Convert a record of the stream's API to the form in which Lambda delivers it."""
    change = dict(record["dynamodb"])
    change["ApproximateCreationDateTime"] = change["ApproximateCreationDateTime"].timestamp()
    return {**record, "dynamodb": change, "eventSourceARN": stream}


def encode_event(records: Sequence[Record]) -> bytes:
    """Encode an event of some records."""
    return json.dumps({"Records": list(records)}, default=_encode_bytes).encode()


def _encode_bytes(value: object) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(f"not JSON: {type(value).__name__}")


def split_events(records: Sequence[Record]) -> Iterator[list[Record]]:
    """Split records into events as Lambda would deliver them, in order."""
    event: list[Record] = []
    size = 0
    for record in records:
        length = len(encode_event([record]))
        if event and (len(event) == MAX_RECORDS or size + length > MAX_BYTES):
            yield event
            event, size = [], 0
        event.append(record)
        size += length
    if event:
        yield event
