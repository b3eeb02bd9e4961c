"""The one class that speaks to DynamoDB: plain items in and out, named transactions, named failures."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError

from partyline.errors import Conflict, TableThrottled, TransactionUnsettled
from partyline.observability import count, logger
from partyline.storage import retry
from partyline.storage.keys import Key

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Item = dict[str, Any]
Result = TypeVar("Result")

# DynamoDB's own limits.
MAX_BATCH_GET = 100
MAX_BATCH_WRITE = 25
MAX_TRANSACTION = 100
# DynamoDB's words for "too fast, nothing was done": of a request, and among the reasons of a cancelled transaction.
_THROTTLES = frozenset(
    {
        *("ProvisionedThroughputExceededException", "ThrottlingException", "ThrottlingError", "Throttling"),
        *("RequestLimitExceeded", "RequestThrottled"),
    }
)
_REASONS_OF_THROTTLES = frozenset({"ThrottlingError", "ProvisionedThroughputExceeded", "RequestLimitExceeded"})

_serialize = TypeSerializer().serialize
_deserialize = TypeDeserializer().deserialize


class _Throttled(Exception):
    """The table refused a request as too fast."""


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


def diff_items(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
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
        found = self._ask(
            self._client.get_item, TableName=self._name, Key=_to_dynamo(key.attributes()), ConsistentRead=True
        )
        return from_dynamo(found["Item"]) if "Item" in found else None

    def get_all(self, keys: Iterable[Key]) -> dict[Key, Item]:
        """The items that exist of many keys: one round trip for each hundred."""
        wanted = list(dict.fromkeys(keys))
        found: dict[Key, Item] = {}
        for start in range(0, len(wanted), MAX_BATCH_GET):
            rest: list[Any] = [_to_dynamo(key.attributes()) for key in wanted[start : start + MAX_BATCH_GET]]
            for item in self._read_batch(rest):
                found[Key(item["PK"], item["SK"])] = item
        return found

    def _read_batch(self, rest: list[Any]) -> list[Item]:
        """The items of at most a hundred keys; what the table leaves unread is asked for again."""
        found: list[Item] = []

        def read() -> None:
            keys = {"Keys": rest, "ConsistentRead": True}
            answer = _once(self._client.batch_get_item, RequestItems={self._name: keys})
            found.extend(from_dynamo(raw) for raw in answer["Responses"].get(self._name, []))
            rest[:] = answer.get("UnprocessedKeys", {}).get(self._name, {}).get("Keys", [])
            if rest:
                raise _Throttled

        _patiently(read)
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
        answer = self._ask(self._client.query, **parameters)
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
        found: int = 0
        after: Any = None
        while True:
            answer = self._ask(
                self._client.query,
                TableName=self._name,
                KeyConditionExpression="PK = :pk AND SK BETWEEN :low AND :high",
                ExpressionAttributeValues=_to_dynamo({":pk": pk, ":low": between[0], ":high": between[1]}),
                Select="COUNT",
                ConsistentRead=True,
                **({"ExclusiveStartKey": after} if after else {}),
            )
            found += int(answer["Count"])
            after = answer.get("LastEvaluatedKey")
            if not after:
                return found

    def delete_all(self, keys: Iterable[Key]) -> None:
        """Remove many items, unconditionally, in batches."""
        waiting: list[Any] = [{"DeleteRequest": {"Key": _to_dynamo(key.attributes())}} for key in keys]
        for start in range(0, len(waiting), MAX_BATCH_WRITE):
            self._write_batch(waiting[start : start + MAX_BATCH_WRITE])

    def _write_batch(self, rest: list[Any]) -> None:
        def write() -> None:
            answer = _once(self._client.batch_write_item, RequestItems={self._name: rest})
            rest[:] = answer.get("UnprocessedItems", {}).get(self._name, [])
            if rest:
                raise _Throttled

        _patiently(write)

    def written(self, *writes: Write) -> bool:
        """Make all writes or none: whether their conditions held. Tried again while another request is writing the same
        items; raises Conflict when it never comes first."""

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
        """One write alone; the item as an Update leaves it. Raises Conflict when its condition does not hold."""
        calls: dict[str, Callable[..., Any]] = {
            "Put": self._client.put_item,
            "Update": self._client.update_item,
            "Delete": self._client.delete_item,
        }
        returned = {"ReturnValues": "ALL_NEW"} if write.operation == "Update" else {}
        try:
            answer = self._ask(calls[write.operation], TableName=self._name, **write.parameters, **returned)
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
        """All writes or none. Raises Conflict with the labels whose conditions did not hold; then nothing was written.
        Raises TransactionUnsettled when that cannot be said."""
        operations: list[Any] = [{write.operation: {"TableName": self._name, **write.parameters}} for write in writes]
        token, unsettled = str(uuid.uuid4()), False

        def attempt() -> None:
            nonlocal token, unsettled
            try:
                self._client.transact_write_items(TransactItems=operations, ClientRequestToken=token)
            except ClientError as error:
                if _code(error) == "TransactionInProgressException":
                    # By the same token DynamoDB answers as it does to the first request, and writes nothing twice.
                    unsettled = True
                    raise _Throttled from error
                if _code(error) == "TransactionCanceledException":
                    if unsettled and self._has_all(writes):
                        return
                    # It is over: the next one is another.
                    token, unsettled = str(uuid.uuid4()), False
                _raise_named(writes, error)

        try:
            _patiently(attempt)
        except TableThrottled as error:
            if unsettled:
                raise TransactionUnsettled("transaction in progress") from error
            raise

    def transact_apart(self, writes: Sequence[Write]) -> None:
        """As many writes as there are, in as many transactions as they need. Raises Conflict at the first of these that
        was not written."""
        for start in range(0, len(writes), MAX_TRANSACTION):
            self.transact(writes[start : start + MAX_TRANSACTION])

    def _has_all(self, writes: Sequence[Write]) -> bool:
        """Whether a transaction is in the table: all that it puts is there, and some of it just as it was put. (The
        rest may have changed since.) Of one that puts nothing it cannot be said."""
        put_items = [from_dynamo(write.parameters["Item"]) for write in writes if write.operation == "Put"]
        found = self.get_all(Key(item["PK"], item["SK"]) for item in put_items)
        return len(found) == len(put_items) and any(found[Key(one["PK"], one["SK"])] == one for one in put_items)

    def _ask(self, request: Callable[..., Any], **parameters: Any) -> Any:
        """Make a request that may be repeated when it was throttled."""
        return _patiently(lambda: _once(request, **parameters))


def _once(request: Callable[..., Any], **parameters: Any) -> Any:
    try:
        return request(**parameters)
    except ClientError as error:
        if _code(error) in _THROTTLES:
            raise _Throttled from error
        raise


def _code(error: ClientError) -> str:
    return error.response["Error"]["Code"]


def _raise_named(writes: Sequence[Write], error: ClientError) -> NoReturn:
    """Raise what a transaction that was not written is told as: a condition that did not hold, a race, a throttle."""
    reasons: Any = error.response.get("CancellationReasons", [])
    codes = {reason.get("Code") for reason in reasons}
    if "ConditionalCheckFailed" in codes:
        failed = {
            write.label: from_dynamo(reason.get("Item") or {})
            for write, reason in zip(writes, reasons, strict=False)
            if reason.get("Code") == "ConditionalCheckFailed"
        }
        raise Conflict(failed) from error
    if "TransactionConflict" in codes:
        raise Conflict({}) from error
    if codes & _REASONS_OF_THROTTLES or _code(error) in _THROTTLES:
        raise _Throttled from error
    raise error


def _patiently(attempt: Callable[[], Result]) -> Result:
    """Repeat what the table refuses as too fast, for as long as the invocation has time.

    Raises TableThrottled in the end.
    """
    tries = 0

    def counted() -> Result:
        nonlocal tries
        tries += 1
        return attempt()

    try:
        return retry.THROTTLED.run(counted, can_retry=lambda error: isinstance(error, _Throttled))
    except _Throttled as error:
        logger.error("table.throttled", tries=tries)
        count("TableThrottled")
        raise TableThrottled("the table is too busy") from error


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
