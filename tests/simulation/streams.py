"""The stream of the table: shards side by side, each in its order, given to the relay in batches.

A batch that fails is given again, from its first failed record on; one whose invocation ended is given again whole. A
batch may also be given twice although it was done.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from typing import Any

from tests.simulation import stack
from tests.simulation.functions import Lambda

SHARDS = 2
# Seconds until the relay is asked again after a failure.
PAUSE = 1.0


def is_selected(record: Mapping[str, Any], patterns: list[Any]) -> bool:
    """Whether one of the event source's patterns selects a record."""
    return any(_matches(pattern, record) for pattern in patterns)


def _matches(pattern: Any, value: Any) -> bool:
    if isinstance(pattern, dict):
        return isinstance(value, dict) and all(_matches(inner, value.get(name)) for name, inner in pattern.items())
    return any(value is not None if one == {"exists": True} else value == one for one in pattern)


class Shard:
    """The records of some partitions that are not relayed yet."""

    def __init__(self, functions: Lambda, name: str, most: int) -> None:
        self._functions, self._name, self._most = functions, name, most
        self._records: list[dict[str, Any]] = []
        self._is_read = False
        self._batches = 0

    def add(self, record: dict[str, Any]) -> None:
        self._records.append(record)
        if not self._is_read:
            self._is_read = True
            delay = self._functions.faults.latency(f"{self._name} {self._batches}")
            self._functions.scheduler.spawn(f"{self._name} reader", self._read, delay=delay)

    def _read(self) -> None:
        scheduler = self._functions.scheduler
        while self._records:
            self._batches += 1
            name = f"{self._name} {self._batches}"
            batch = self._records[: self._most]
            task = self._functions.begin("relay", name, {"Records": batch})
            scheduler.wait(task)
            if task.error:
                scheduler.pause(PAUSE)
                continue
            failed = [one["itemIdentifier"] for one in task.result["batchItemFailures"]]
            if failed:
                numbers = [record["dynamodb"]["SequenceNumber"] for record in batch]
                del self._records[: numbers.index(failed[0])]
                scheduler.pause(PAUSE)
            elif not self._functions.faults.happens(name, {"repeated": 0.03}):
                del self._records[: len(batch)]
        self._is_read = False


class Stream:
    """The shards."""

    def __init__(self, functions: Lambda) -> None:
        settings = stack.stream()

        self._patterns = [json.loads(one["Pattern"]) for one in settings["FilterCriteria"]["Filters"]]
        self._shards = [Shard(functions, f"shard {number}", settings["BatchSize"]) for number in range(SHARDS)]

    def add(self, record: dict[str, Any]) -> None:
        """Take a change of the table."""
        if is_selected(record, self._patterns):
            pk = record["dynamodb"]["Keys"]["PK"]["S"]
            self._shards[zlib.crc32(pk.encode()) % SHARDS].add(record)
