"""Read and write items of the DynamoDB table.

Items are plain values. Each write has a label, which names it in a Conflict.
"""

from __future__ import annotations

import hashlib
import hmac
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from partyline.errors import Conflict, TableThrottled, TransactionUnsettled
from partyline.frozen_classes import frozen
from partyline.storage import format_keys, retry
from partyline.storage.attribute_values import Item, from_dynamo, to_dynamo
from partyline.storage.format_level import FormatLevel
from partyline.storage.keys import Key
from partyline.storage.requests import (
    RequestThrottled,
    build_key_condition,
    error_code,
    execute_statements,
    raise_transaction_error,
    raise_write_error,
    retry_throttled,
    send,
    send_with_retries,
)
from partyline.storage.statements import Statement

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from partyline.aws.dynamodb import DynamoDb

# DynamoDB's own limits.
MAX_BATCH_GET = 100
MAX_BATCH_WRITE = 25
MAX_TRANSACTION = 100


@frozen
class Condition:
    """A condition expression of DynamoDB, with its names (`#`) and values (`:`)."""

    expression: str
    names: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)


NEW = Condition("attribute_not_exists(PK)")
EXISTS = Condition("attribute_exists(PK)")


@frozen
class Write:
    """One write, alone or in a transaction. `label` names it in a Conflict."""

    label: str
    operation: str
    parameters: Mapping[str, Any]

    def build_parts(self, find_level: Callable[[], int]) -> Sequence[Write]:  # noqa: ARG002  (of others it depends on it)
        """Return what is written at the level of the stored format that `find_level` returns."""
        return (self,)


def put(label: str, key: Key, item: Mapping[str, Any], condition: Condition | None = None) -> Write:
    """Build the write that stores a whole item. Attributes that are None are left out."""
    attributes = {**key.attributes(), **{name: value for name, value in item.items() if value is not None}}
    return Write(label, "Put", {"Item": to_dynamo(attributes), **_condition_parameters(condition)})


def delete(label: str, key: Key, condition: Condition | None = None) -> Write:
    """Build the write that removes an item."""
    return Write(label, "Delete", {"Key": to_dynamo(key.attributes()), **_condition_parameters(condition)})


def check(label: str, key: Key, condition: Condition) -> Write:
    """Build the part of a transaction that checks a condition and writes nothing."""
    return Write(label, "ConditionCheck", {"Key": to_dynamo(key.attributes()), **_condition_parameters(condition)})


def change(
    label: str,
    key: Key,
    sets: Mapping[str, Any],
    condition: Condition | None = None,
    *,
    adds: Mapping[str, int] | None = None,
    defaults: Mapping[str, Any] | None = None,
) -> Write:
    """Build the write that sets attributes (None removes one), adds to counters, and sets missing `defaults`."""
    names: dict[str, str] = {}
    values: dict[str, Any] = {}
    clauses: dict[str, list[str]] = {"SET": [], "REMOVE": [], "ADD": []}
    for number, (name, value) in enumerate(sets.items()):
        names[f"#s{number}"] = name
        if value is None:
            clauses["REMOVE"].append(f"#s{number}")
        else:
            values[f":s{number}"] = value
            clauses["SET"].append(f"#s{number} = :s{number}")
    for number, (name, amount) in enumerate((adds or {}).items()):
        names[f"#a{number}"], values[f":a{number}"] = name, amount
        clauses["ADD"].append(f"#a{number} :a{number}")
    for number, (name, value) in enumerate((defaults or {}).items()):
        names[f"#d{number}"], values[f":d{number}"] = name, value
        clauses["SET"].append(f"#d{number} = if_not_exists(#d{number}, :d{number})")
    expression = " ".join(f"{verb} {', '.join(parts)}" for verb, parts in clauses.items() if parts)
    parameters = {"Key": to_dynamo(key.attributes()), "UpdateExpression": expression}
    return Write(label, "Update", {**parameters, **_condition_parameters(condition, names, values)})


def diff_items(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Return the attributes to set so that one item becomes the other. None removes an attribute."""
    return {name: after.get(name) for name in {**before, **after} if before.get(name) != after.get(name)}


def _condition_parameters(
    condition: Condition | None, names: Mapping[str, str] | None = None, values: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    all_names = {**(names or {}), **(condition.names if condition else {})}
    all_values = {**(values or {}), **(condition.values if condition else {})}
    parameters: dict[str, Any] = {}
    if condition:
        parameters["ConditionExpression"] = condition.expression
        parameters["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
    if all_names:
        parameters["ExpressionAttributeNames"] = all_names
    if all_values:
        parameters["ExpressionAttributeValues"] = to_dynamo(all_values)
    return parameters


@frozen
class Page:
    """A page of a query: its items, and the key after which the next page begins (None at the end)."""

    items: list[Item]
    last_key: Item | None


class Table:
    """The table. Reads are strongly consistent, except those of an index and where a caller can do without.

    `hash_key` returns the key by which numbers are hashed that must not be stored.
    """

    def __init__(self, client: DynamoDb | DynamoDBClient, name: str, hash_key: Callable[[], str] | None = None) -> None:
        self._client = client
        self._name = name
        self._hash_key = hash_key
        self._level = FormatLevel()

    def hash_number(self, number: str) -> str:
        """Return the keyed hash of a canonical number. Raises what reading the key raises, LookupError without one."""
        if self._hash_key is None:
            raise LookupError("this table has no key for hashes")
        return hmac.new(self._hash_key().encode(), number.encode(), hashlib.sha256).hexdigest()

    def connect(self) -> None:
        """Open a connection, and read the level of the stored format. Raises the errors of the SDK, without a retry."""
        key = to_dynamo(format_keys.format_level().attributes())
        found = self._client.get_item(TableName=self._name, Key=key, ConsistentRead=False)
        self._level.note(from_dynamo(found.get("Item", {})))

    def _build_parts(self, writes: Iterable[Write]) -> list[Write]:
        return [part for write in writes for part in write.build_parts(self.find_level)]

    def find_level(self) -> int:
        """Return the level of the stored format, which may be a minute old."""
        return self._level.find(lambda: self.get(format_keys.format_level(), consistent=False))

    def get(self, key: Key, *, consistent: bool = True) -> Item | None:
        """Read one item; at half the units if it may be as it was a moment ago."""
        found = send_with_retries(
            self._client.get_item, TableName=self._name, Key=to_dynamo(key.attributes()), ConsistentRead=consistent
        )
        return from_dynamo(found["Item"]) if "Item" in found else None

    def get_all(self, keys: Iterable[Key]) -> dict[Key, Item]:
        """Read the items that exist among many keys: one round trip for each hundred."""
        distinct = list(dict.fromkeys(keys))
        found: dict[Key, Item] = {}
        for start in range(0, len(distinct), MAX_BATCH_GET):
            rest: list[Any] = [to_dynamo(key.attributes()) for key in distinct[start : start + MAX_BATCH_GET]]
            for item in self._read_batch(rest):
                found[Key(item["PK"], item["SK"])] = item
        return found

    def _read_batch(self, rest: list[Any]) -> list[Item]:
        """Read the items of at most a hundred keys. Repeats the keys that DynamoDB leaves unprocessed."""
        found: list[Item] = []

        def read() -> None:
            keys = {"Keys": rest, "ConsistentRead": True}
            answer = send(self._client.batch_get_item, RequestItems={self._name: keys})
            found.extend(from_dynamo(raw) for raw in answer["Responses"].get(self._name, []))
            rest[:] = answer.get("UnprocessedKeys", {}).get(self._name, {}).get("Keys", [])
            if rest:
                raise RequestThrottled

        retry_throttled(read)
        return found

    def get_together(self, keys: Sequence[Key]) -> dict[Key, Item]:
        """Read the items that exist among some keys, all as they were at one moment: one round trip, twice the units.

        Raises Conflict when one of them is being written.
        """
        gets: list[Any] = [{"Get": {"TableName": self._name, "Key": to_dynamo(key.attributes())}} for key in keys]

        def read() -> Any:
            try:
                return self._client.transact_get_items(TransactItems=gets)
            except ClientError as error:
                raise_transaction_error((), error)

        answer = retry_throttled(read)
        items = (from_dynamo(one["Item"]) for one in answer["Responses"] if one.get("Item"))
        return {Key(item["PK"], item["SK"]): item for item in items}

    def query(  # noqa: PLR0913  (the parameters of DynamoDB's Query, by name)
        self,
        pk: str,
        *,
        begins: str = "",
        index: str | None = None,
        between: tuple[str, str] | None = None,
        forward: bool = True,
        limit: int | None = None,
        after: Item | None = None,
    ) -> Page:
        """Read a page of one partition: all items, or those whose sort key has a prefix or lies between two."""
        parameters: dict[str, Any] = {
            "TableName": self._name,
            **build_key_condition(index or "", pk, begins, between),
            "ScanIndexForward": forward,
            "ConsistentRead": index is None,
        }
        if index:
            parameters["IndexName"] = index
        if limit:
            parameters["Limit"] = limit
        if after:
            parameters["ExclusiveStartKey"] = to_dynamo(after)
        answer = send_with_retries(self._client.query, **parameters)
        last = answer.get("LastEvaluatedKey")
        return Page([from_dynamo(raw) for raw in answer["Items"]], from_dynamo(last) if last else None)

    def query_all(self, pk: str, *, begins: str = "", between: tuple[str, str] | None = None) -> Iterator[Item]:
        """Yield every item of one partition, as `query` does."""
        after: Item | None = None
        while True:
            page = self.query(pk, begins=begins, between=between, after=after)
            yield from page.items
            after = page.last_key
            if after is None:
                return

    def scan(self, *, limit: int, after: Item | None = None) -> Page:
        """Read a page of the whole table: for jobs, never in a request. It need not have the writes of a moment ago."""
        parameters: dict[str, Any] = {"TableName": self._name, "Limit": limit}
        if after:
            parameters["ExclusiveStartKey"] = to_dynamo(after)
        answer = send_with_retries(self._client.scan, **parameters)
        last = answer.get("LastEvaluatedKey")
        return Page([from_dynamo(raw) for raw in answer["Items"]], from_dynamo(last) if last else None)

    def count(self, pk: str, *, between: tuple[str, str]) -> int:
        """Count the items of one partition whose sort key lies between two."""
        found: int = 0
        after: Any = None
        while True:
            answer = send_with_retries(
                self._client.query,
                TableName=self._name,
                KeyConditionExpression="PK = :pk AND SK BETWEEN :low AND :high",
                ExpressionAttributeValues=to_dynamo({":pk": pk, ":low": between[0], ":high": between[1]}),
                Select="COUNT",
                ConsistentRead=True,
                **({"ExclusiveStartKey": after} if after else {}),
            )
            found += int(answer["Count"])
            after = answer.get("LastEvaluatedKey")
            if not after:
                return found

    def delete_all(self, keys: Iterable[Key]) -> None:
        """Remove many items, without conditions, in batches."""
        deletions: list[Any] = [{"DeleteRequest": {"Key": to_dynamo(key.attributes())}} for key in keys]
        for start in range(0, len(deletions), MAX_BATCH_WRITE):
            self._write_batch(deletions[start : start + MAX_BATCH_WRITE])

    def _write_batch(self, rest: list[Any]) -> None:
        def write() -> None:
            answer = send(self._client.batch_write_item, RequestItems={self._name: rest})
            rest[:] = answer.get("UnprocessedItems", {}).get(self._name, [])
            if rest:
                raise RequestThrottled

        retry_throttled(write)

    def execute_all(self, statements: Sequence[Statement]) -> list[bool]:
        """Carry out statements, each for itself, one round trip for each 25; return which of them took effect."""
        parts = [statement.to_request(self._name) for statement in statements]
        starts = range(0, len(parts), MAX_BATCH_WRITE)
        return [one for at in starts for one in execute_statements(self._client, parts[at : at + MAX_BATCH_WRITE])]

    def written(self, *writes: Write) -> bool:
        """Make all writes or none; return whether their conditions held.

        Repeats while another request is writing the same items. Raises Conflict when that is so each time.
        """

        def attempt() -> None:
            if len(writes) == 1:
                self.write(writes[0])
            else:
                self.transact(writes)

        try:
            retry.STANDARD.run(attempt, can_retry=retry.is_race)
        except Conflict as conflict:
            if not conflict.failed:
                raise
            return False
        return True

    def write(self, write: Write) -> Item:
        """Make one write; return the item as an update leaves it. Raises Conflict when its condition does not hold."""
        calls: dict[str, Callable[..., Any]] = {
            "Put": self._client.put_item,
            "Update": self._client.update_item,
            "Delete": self._client.delete_item,
        }
        [write] = self._build_parts([write])
        returned = {"ReturnValues": "ALL_NEW"} if write.operation == "Update" else {}
        try:
            answer = send_with_retries(calls[write.operation], TableName=self._name, **write.parameters, **returned)
        except ClientError as error:
            raise_write_error(write.label, error)
        return from_dynamo(answer.get("Attributes", {}))

    def transact(self, writes: Sequence[Write]) -> None:
        """Make all writes or none.

        Raises Conflict with the labels of the failed conditions when nothing was written, and TransactionUnsettled when
        it is unknown whether the writes were made.
        """
        writes = self._build_parts(writes)
        operations: list[Any] = [{write.operation: {"TableName": self._name, **write.parameters}} for write in writes]
        token, unsettled = str(uuid.uuid4()), False

        def attempt() -> None:
            nonlocal token, unsettled
            try:
                self._client.transact_write_items(TransactItems=operations, ClientRequestToken=token)
            except ClientError as error:
                if error_code(error) == "TransactionInProgressException":
                    # With the same token, DynamoDB repeats its answer and writes nothing twice.
                    unsettled = True
                    raise RequestThrottled from error
                if error_code(error) == "TransactionCanceledException":
                    if unsettled and self._has_all(writes):
                        return
                    # This transaction has ended: the next attempt is another one.
                    token, unsettled = str(uuid.uuid4()), False
                raise_transaction_error([write.label for write in writes], error)

        try:
            retry_throttled(attempt)
        except TableThrottled as error:
            if unsettled:
                raise TransactionUnsettled("transaction in progress") from error
            raise

    def _has_all(self, writes: Sequence[Write]) -> bool:
        """Return whether a transaction was written: all items that it puts exist, and at least one is unchanged.

        The others may have changed since. Returns False for a transaction that puts nothing.
        """
        put_items = [from_dynamo(write.parameters["Item"]) for write in writes if write.operation == "Put"]
        found = self.get_all(Key(item["PK"], item["SK"]) for item in put_items)
        return len(found) == len(put_items) and any(found[Key(one["PK"], one["SK"])] == one for one in put_items)
