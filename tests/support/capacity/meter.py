"""Count what is asked of the table and of the queues, by any client of boto3, and for which part of the stack."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from unittest.mock import patch

from botocore.client import BaseClient

from tests.support import partiql
from tests.support.capacity import units
from tests.support.capacity.units import RawItem, TableIndex

Parameters = Mapping[str, Any]

# What SQS counts as one request, in bytes.
_QUEUE_REQUEST = 64 * 1024
Send = Callable[[Any, str, Parameters], Any]


@dataclass(slots=True)
class Usage:
    """What was used.

    - `writes`, `index_writes`, `reads`: DynamoDB's units; those of the indexes apart.
    - `trips`: requests to the table. `queue_requests`: requests to queues. `polls`: those that Lambda makes for them.
    - `invocations`: of functions. `calls`: requests to carriers and webhooks. `log_bytes`: what the functions logged.
    - `partitions`: the units of each partition, by what they are of: reads, writes, or an index's name.
    """

    writes: int = 0
    index_writes: int = 0
    reads: float = 0
    trips: int = 0
    queue_requests: int = 0
    polls: int = 0
    invocations: int = 0
    calls: int = 0
    log_bytes: int = 0
    partitions: defaultdict[tuple[str, str], float] = field(default_factory=lambda: defaultdict(float))

    @property
    def all_writes(self) -> int:
        """The units of all writes, those of the indexes among them."""
        return self.writes + self.index_writes


@dataclass(slots=True)
class Meter:
    """Counts, by part of the stack: the name of a function. `part` is the one that is running.

    `records` counts the records of the table's stream, `relayed` those that pass its filter, and `batches` what each
    queue gave to a function.
    """

    indexes: Sequence[TableIndex]
    part: str = ""
    parts: dict[str, Usage] = field(default_factory=dict)
    records: int = 0
    relayed: int = 0
    batches: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))

    @property
    def usage(self) -> Usage:
        """What the running part has used."""
        return self.parts.setdefault(self.part, Usage())

    def reset(self) -> None:
        """Forget what was counted."""
        self.parts.clear()
        self.batches.clear()
        self.records = self.relayed = 0

    @contextmanager
    def running(self) -> Iterator[None]:
        """Count every request meanwhile, unless no part is running."""
        send: Send = BaseClient._make_api_call  # type: ignore[attr-defined]  # every request of every client

        def count(client: Any, operation: str, parameters: Parameters) -> Any:
            service = client.meta.service_model.service_name
            if self.part and service == "dynamodb":
                request = partial(send, client)
                return _TableRequest(self.usage, self.indexes, request, operation, parameters).make()
            if self.part and service == "sqs":
                self._count_queue(parameters)
            return send(client, operation, parameters)

        with patch.object(BaseClient, "_make_api_call", count):
            yield

    def _count_queue(self, parameters: Parameters) -> None:
        entries = parameters.get("Entries", [parameters])
        size = sum(len(entry.get("MessageBody", "").encode()) for entry in entries)
        self.usage.queue_requests += max(1, math.ceil(size / _QUEUE_REQUEST))


@dataclass(slots=True)
class _TableRequest:
    """One request to the table. The images before and after a write are read besides, uncounted."""

    usage: Usage
    indexes: Sequence[TableIndex]
    send: Callable[[str, Parameters], Any]
    operation: str
    parameters: Parameters

    def make(self) -> Any:
        """Make the request, and count it; one that fails takes as much as one that changes nothing."""
        count: Callable[[], Any] = {
            "GetItem": self._get,
            "BatchGetItem": self._get_batch,
            "TransactGetItems": self._get_together,
            "Query": self._query,
            "PutItem": self._write,
            "UpdateItem": self._write,
            "DeleteItem": self._write,
            "BatchWriteItem": self._write,
            "BatchExecuteStatement": self._write,
            "TransactWriteItems": self._write,
        }[self.operation]
        self.usage.trips += 1
        return count()

    def _send(self) -> Any:
        return self.send(self.operation, self.parameters)

    # --- reads

    def _get(self) -> Any:
        answer = self._send()
        consistent = self.parameters.get("ConsistentRead", False)
        self._add_read(self.parameters["Key"], [answer.get("Item")], consistent=consistent)
        return answer

    def _get_batch(self) -> Any:
        answer = self._send()
        [(table, wanted)] = self.parameters["RequestItems"].items()
        found = {_name(item): item for item in answer["Responses"].get(table, [])}
        for key in wanted["Keys"]:
            self._add_read(key, [found.get(_name(key))], consistent=wanted.get("ConsistentRead", False))
        return answer

    def _get_together(self) -> Any:
        """A read in a transaction takes twice the units."""
        answer = self._send()
        for one, found in zip(self.parameters["TransactItems"], answer["Responses"], strict=True):
            for _ in range(2):
                self._add_read(one["Get"]["Key"], [found.get("Item")], consistent=True)
        return answer

    def _add_read(self, key: RawItem, items: Sequence[RawItem | None], *, consistent: bool) -> None:
        self._add("reads", key["PK"]["S"], units.count_read(items, consistent=consistent))

    def _query(self) -> Any:
        answer = self._send()
        examined = answer.get("Items")
        if examined is None:
            # What only counts examines as much.
            plain = {name: value for name, value in self.parameters.items() if name != "Select"}
            examined = self.send(self.operation, plain)["Items"]
        index = self.parameters.get("IndexName", "")
        consistent = self.parameters.get("ConsistentRead", False)
        pk = self.parameters["ExpressionAttributeValues"][":pk"]["S"]
        self._add("reads", f"{index} {pk}".strip(), units.count_query(examined, consistent=consistent))
        return answer

    # --- writes

    def _write(self) -> Any:
        keys = [key for key, _ in self._list_writes()]
        before = [self._read(key) for key in keys]
        try:
            return self._send()
        finally:
            for key, old, (_, checks) in zip(keys, before, self._list_writes(), strict=True):
                self._add_write(key, old, old if checks else self._read(key))

    def _list_writes(self) -> list[tuple[RawItem, bool]]:
        """List the keys that are written, each with whether it is only checked."""
        match self.operation:
            case "TransactWriteItems":
                writes = [next(iter(one.items())) for one in self.parameters["TransactItems"]]
            case "BatchWriteItem":
                [requests] = self.parameters["RequestItems"].values()
                writes = [next(iter(one.items())) for one in requests]
            case "BatchExecuteStatement":
                writes = [partiql.to_write(one) for one in self.parameters["Statements"]]
            case operation:
                writes = [(operation, self.parameters)]
        return [(_key(written.get("Key") or written["Item"]), kind == "ConditionCheck") for kind, written in writes]

    def _read(self, key: RawItem) -> RawItem | None:
        request = {"TableName": self._table, "Key": key, "ConsistentRead": True}
        item: RawItem | None = self.send("GetItem", request).get("Item")
        return item

    @property
    def _table(self) -> str:
        match self.operation:
            case "TransactWriteItems":
                return str(next(iter(self.parameters["TransactItems"][0].values()))["TableName"])
            case "BatchWriteItem":
                return str(next(iter(self.parameters["RequestItems"])))
            case "BatchExecuteStatement":
                return str(partiql.to_write(self.parameters["Statements"][0])[1]["TableName"])
        return str(self.parameters["TableName"])

    def _add_write(self, key: RawItem, before: RawItem | None, after: RawItem | None) -> None:
        times = 2 if self.operation == "TransactWriteItems" else 1
        self._add("writes", key["PK"]["S"], times * units.count_write(before, after))
        for index in self.indexes:
            if written := units.count_index_writes(index, before, after):
                place = index.project(after) or index.project(before) or {}
                self.usage.index_writes += written
                self.usage.partitions[index.name, place[index.keys[0]]["S"]] += written

    def _add(self, kind: str, partition: str, amount: float) -> None:
        setattr(self.usage, kind, getattr(self.usage, kind) + amount)
        self.usage.partitions[kind, partition] += amount


def _key(item: RawItem) -> RawItem:
    return {"PK": item["PK"], "SK": item["SK"]}


def _name(item: RawItem) -> tuple[str, str]:
    return item["PK"]["S"], item["SK"]["S"]
