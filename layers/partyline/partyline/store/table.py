"""The one class that speaks to DynamoDB: plain items in and out, named transactions, named failures."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError

from partyline.errors import PartylineError
from partyline.store.keys import Key

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Item = dict[str, Any]
Result = TypeVar("Result")

# DynamoDB's own limits.
MAX_BATCH_GET = 100
MAX_BATCH_WRITE = 25
# Seconds before what a batch left undone is asked for again.
_PAUSE = 0.05
_TRIES = 8

_serialize = TypeSerializer().serialize
_deserialize = TypeDeserializer().deserialize


class Conflict(PartylineError):
    """A write whose condition did not hold. `failed` are the labels of the writes that stood in the way, each with the
    item found there; empty means that another transaction was under way on the same items."""

    def __init__(self, failed: Mapping[str, Item]) -> None:
        super().__init__(f"condition failed: {', '.join(sorted(failed)) or 'transaction in progress'}")
        self.failed = dict(failed)


@dataclass(frozen=True, slots=True)
class Condition:
    """An expression of DynamoDB with its names and values; `#` and `:` names are written in the expression."""

    expression: str
    names: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)


NEW = Condition("attribute_not_exists(PK)")
EXISTS = Condition("attribute_exists(PK)")


@dataclass(frozen=True, slots=True)
class Write:
    """One write of a transaction, or alone. `label` names it in a Conflict."""

    label: str
    operation: str
    parameters: Mapping[str, Any]


def put(label: str, key: Key, item: Mapping[str, Any], condition: Condition | None = None) -> Write:
    """Store an item whole. Attributes that are None are left out."""
    whole = {**key.attributes(), **{name: value for name, value in item.items() if value is not None}}
    return Write(label, "Put", {"Item": _to_dynamo(whole), **_conditioned(condition)})


def delete(label: str, key: Key, condition: Condition | None = None) -> Write:
    """Remove an item."""
    return Write(label, "Delete", {"Key": _to_dynamo(key.attributes()), **_conditioned(condition)})


def check(label: str, key: Key, condition: Condition) -> Write:
    """Only hold a condition."""
    return Write(label, "ConditionCheck", {"Key": _to_dynamo(key.attributes()), **_conditioned(condition)})


def change(
    label: str,
    key: Key,
    sets: Mapping[str, Any],
    condition: Condition | None = None,
    *,
    adds: Mapping[str, int] | None = None,
    defaults: Mapping[str, Any] | None = None,
) -> Write:
    """Set attributes (None removes one), add to counters, and set those of `defaults` that are not there yet."""
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
    parameters = {"Key": _to_dynamo(key.attributes()), "UpdateExpression": expression}
    return Write(label, "Update", {**parameters, **_conditioned(condition, names, values)})


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """What to set so that one item becomes the other: only what differs, None for what is gone."""
    return {name: after.get(name) for name in {**before, **after} if before.get(name) != after.get(name)}


def _conditioned(
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
        parameters["ExpressionAttributeValues"] = _to_dynamo(all_values)
    return parameters


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a query: its items, and the key after which the next part begins (None at the end)."""

    items: list[Item]
    last_key: Item | None


class Table:
    """The table. Reads are strongly consistent, except those of an index (which cannot be)."""

    def __init__(self, client: DynamoDBClient, name: str) -> None:
        self._client = client
        self._name = name

    def get(self, key: Key) -> Item | None:
        """One item, or None."""
        found = self._client.get_item(TableName=self._name, Key=_to_dynamo(key.attributes()), ConsistentRead=True)
        return from_dynamo(found["Item"]) if "Item" in found else None

    def get_all(self, keys: Iterable[Key]) -> dict[Key, Item]:
        """The items that exist of many keys: one round trip for each hundred."""
        wanted = list(dict.fromkeys(keys))
        found: dict[Key, Item] = {}
        for start in range(0, len(wanted), MAX_BATCH_GET):
            rest: list[dict[str, Any]] = [_to_dynamo(key.attributes()) for key in wanted[start : start + MAX_BATCH_GET]]
            while rest:
                answer = self._client.batch_get_item(
                    RequestItems={self._name: {"Keys": rest, "ConsistentRead": True}},
                )
                for raw in answer["Responses"].get(self._name, []):
                    item = from_dynamo(raw)
                    found[Key(item["PK"], item["SK"])] = item
                unread: Any = answer.get("UnprocessedKeys", {})
                rest = list(unread.get(self._name, {}).get("Keys", []))
                if rest:
                    time.sleep(_PAUSE)
        return found

    def query(
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
        """A part of the items of one partition, by sort key: those that begin with a text, or lie between two."""
        pk_name, sk_name = (f"{index}PK", f"{index}SK") if index else ("PK", "SK")
        names = {"#pk": pk_name, "#sk": sk_name}
        values: dict[str, Any] = {":pk": pk}
        expression = "#pk = :pk"
        if between:
            expression += " AND #sk BETWEEN :low AND :high"
            values |= {":low": between[0], ":high": between[1]}
        elif begins:
            expression += " AND begins_with(#sk, :begins)"
            values[":begins"] = begins
        else:
            del names["#sk"]
        parameters: dict[str, Any] = {
            "TableName": self._name,
            "KeyConditionExpression": expression,
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": _to_dynamo(values),
            "ScanIndexForward": forward,
            "ConsistentRead": index is None,
        }
        if index:
            parameters["IndexName"] = index
        if limit:
            parameters["Limit"] = limit
        if after:
            parameters["ExclusiveStartKey"] = _to_dynamo(after)
        answer = self._client.query(**parameters)
        last = answer.get("LastEvaluatedKey")
        return Page([from_dynamo(raw) for raw in answer["Items"]], from_dynamo(last) if last else None)

    def query_all(self, pk: str, *, begins: str = "") -> Iterator[Item]:
        """Every item of one partition."""
        after: Item | None = None
        while True:
            page = self.query(pk, begins=begins, after=after)
            yield from page.items
            after = page.last_key
            if after is None:
                return

    def count(self, pk: str, *, between: tuple[str, str]) -> int:
        """How many items of one partition have a sort key between two."""
        found = 0
        after: Any = None
        while True:
            answer = self._client.query(
                TableName=self._name,
                KeyConditionExpression="PK = :pk AND SK BETWEEN :low AND :high",
                ExpressionAttributeValues=_to_dynamo({":pk": pk, ":low": between[0], ":high": between[1]}),
                Select="COUNT",
                ConsistentRead=True,
                **({"ExclusiveStartKey": after} if after else {}),
            )
            found += answer["Count"]
            after = answer.get("LastEvaluatedKey")
            if not after:
                return found

    def delete_all(self, keys: Iterable[Key]) -> None:
        """Remove many items, unconditionally, in batches."""
        waiting: list[Any] = [{"DeleteRequest": {"Key": _to_dynamo(key.attributes())}} for key in keys]
        while waiting:
            batch, waiting = waiting[:MAX_BATCH_WRITE], waiting[MAX_BATCH_WRITE:]
            answer = self._client.batch_write_item(RequestItems={self._name: batch})
            unprocessed: Any = answer.get("UnprocessedItems", {})
            waiting += unprocessed.get(self._name, [])
            if unprocessed:
                time.sleep(_PAUSE)

    def written(self, *writes: Write) -> bool:
        """Make all writes or none: whether their conditions held. Tried again while another request is writing the same
        items; raises Conflict when it never comes first."""

        def attempt() -> None:
            if len(writes) == 1:
                self.write(writes[0])
            else:
                self.transact(writes)

        try:
            retrying(attempt, tries=_TRIES, when=lambda conflict: not conflict.failed)
        except Conflict as conflict:
            if not conflict.failed:
                raise
            return False
        return True

    def write(self, write: Write) -> Item:
        """One write alone; the item as an Update leaves it. Raises Conflict when its condition does not hold."""
        calls: dict[str, Callable[..., Any]] = {
            "Put": self._client.put_item,
            "Update": self._client.update_item,
            "Delete": self._client.delete_item,
        }
        returned = {"ReturnValues": "ALL_NEW"} if write.operation == "Update" else {}
        try:
            answer = calls[write.operation](TableName=self._name, **write.parameters, **returned)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code == "ConditionalCheckFailedException":
                found: Any = error.response.get("Item") or {}
                raise Conflict({write.label: from_dynamo(found)}) from error
            if code == "TransactionConflictException":
                raise Conflict({}) from error
            raise
        return from_dynamo(answer.get("Attributes", {}))

    def transact(self, writes: Sequence[Write]) -> None:
        """All writes or none. Raises Conflict with the labels whose conditions did not hold."""
        operations: list[Any] = [{write.operation: {"TableName": self._name, **write.parameters}} for write in writes]
        try:
            self._client.transact_write_items(TransactItems=operations)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code == "TransactionInProgressException":
                raise Conflict({}) from error
            if code != "TransactionCanceledException":
                raise
            reasons: Any = error.response.get("CancellationReasons", [])
            codes = {reason.get("Code") for reason in reasons}
            if not codes & {"ConditionalCheckFailed", "TransactionConflict"}:
                raise
            failed = {
                write.label: from_dynamo(reason.get("Item") or {})
                for write, reason in zip(writes, reasons, strict=False)
                if reason.get("Code") == "ConditionalCheckFailed"
            }
            raise Conflict(failed) from error


def _always(_: Conflict) -> bool:
    return True


def retrying(
    attempt: Callable[[], Result],
    *,
    tries: int,
    when: Callable[[Conflict], bool] = _always,
    sleep: Callable[[float], None] = time.sleep,
) -> Result:
    """Repeat an attempt that lost a race, with growing jitter; the last Conflict is raised, and at once one that `when`
    says cannot be won."""
    for number in range(tries - 1):
        try:
            return attempt()
        except Conflict as conflict:
            if not when(conflict):
                raise
            # Jitter, not secrecy. Many writers of one conversation spread out instead of colliding again.
            sleep(random.uniform(0, min(0.02 * 2**number, 0.4)))  # noqa: S311
    return attempt()


def _to_dynamo(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _serialize(value) for name, value in item.items()}


def from_dynamo(item: Mapping[str, Any]) -> Item:
    """An item as DynamoDB writes it, in answers and in stream records."""
    return {name: _plain(_deserialize(value)) for name, value in item.items()}


def _plain(value: Any) -> Any:
    """DynamoDB's numbers are Decimals; every number stored here is whole."""
    if isinstance(value, list):
        return [_plain(part) for part in value]
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    return int(value) if isinstance(value, Decimal) else value
