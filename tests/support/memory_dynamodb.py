"""One DynamoDB table in memory, as a client of boto3 answers for it: the calls that the project makes, and the stream.

It is about a hundred times as fast as moto. Tests hold it equal to moto and to the emulator (tests/support/table_walk).
Each call is atomic. A stored item is never changed in place, so answers and stream records share what is in it.
"""

from __future__ import annotations

import itertools
from bisect import insort
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NoReturn

from botocore.exceptions import ClientError

from tests.support import partiql
from tests.support.memory_expressions import Scope, Value, WrongExpression, compile_condition, compile_update

Item = Mapping[str, Value]
# (PK, SK) of an item; in an index its sort key there comes first.
Place = tuple[str, ...]

MAX_ITEM = 400 * 1024
MAX_KEY = {"PK": 2048, "SK": 1024}
MAX_PAGE = 1024 * 1024
MAX_GET, MAX_WRITE, MAX_TRANSACTION = 100, 25, 100
INDEXES = ("GSI1", "GSI2")
# How long a transaction's token is known, in seconds.
TOKEN_LIFE = 600


class _Refusal(Exception):
    """Raised inside for what makes a call fail: a code, and what comes with it."""

    def __init__(self, code: str, message: str, **more: Any) -> None:
        super().__init__(message)
        self.code, self.message, self.more = code, message, more


class MemoryDynamoDB:
    """The client of one table.

    `observe` gets each stream record, in order. `clock` returns the Unix time.
    """

    def __init__(
        self, observe: Callable[[dict[str, Any]], None] = lambda _: None, clock: Callable[[], float] = lambda: 0.0
    ) -> None:
        self._observe, self._clock = observe, clock
        self._items: dict[Place, Item] = {}
        # The sorted places of each partition, of the table ("") and of its indexes.
        self._partitions: dict[tuple[str, str], list[Place]] = {}
        self._tokens: dict[str, tuple[float, Any]] = {}
        self._numbers = itertools.count(1)

    # --- reads

    def get_item(self, **request: Any) -> dict[str, Any]:
        """Answer GetItem."""
        found = self._items.get(_place(request["Key"], "GetItem"))
        return {"Item": dict(found)} if found is not None else {}

    def batch_get_item(self, **request: Any) -> dict[str, Any]:
        """Answer BatchGetItem, always in full."""
        ((name, asked),) = request["RequestItems"].items()
        places = [_place(key, "BatchGetItem") for key in asked["Keys"]]
        if not 0 < len(places) <= MAX_GET or len({*places}) < len(places):
            _raise("BatchGetItem", _Refusal("ValidationException", "too many keys, none, or one twice"))
        found = [dict(self._items[place]) for place in places if place in self._items]
        return {"Responses": {name: found}, "UnprocessedKeys": {}}

    def transact_get_items(self, **request: Any) -> dict[str, Any]:
        """Answer TransactGetItems."""
        places = [_place(one["Get"]["Key"], "TransactGetItems") for one in request["TransactItems"]]
        if not 0 < len(places) <= MAX_TRANSACTION or len({*places}) < len(places):
            _raise("TransactGetItems", _Refusal("ValidationException", "too many reads, none, or an item twice"))
        return {"Responses": [{"Item": dict(self._items[one])} if one in self._items else {} for one in places]}

    def query(self, **request: Any) -> dict[str, Any]:
        """Answer Query."""
        index, limit = request.get("IndexName", ""), request.get("Limit")
        if index and request.get("ConsistentRead"):
            _raise("Query", _Refusal("ValidationException", "consistent reads of an index are not possible"))
        found: list[Item] = []
        size = 0
        for item in self._select(request, index):
            found.append(item)
            size += size_of(item)
            if len(found) == limit or size >= MAX_PAGE:
                return _page(found, request, _last_key(item, index))
        return _page(found, request, None)

    def scan(self, **request: Any) -> dict[str, Any]:
        """Answer Scan of the table, in the order of the keys."""
        start = request.get("ExclusiveStartKey")
        after = _index_place(start, "") if start else None
        found: list[Item] = []
        size = 0
        for place in sorted(self._items):
            if after is not None and place <= after:
                continue
            found.append(self._items[place])
            size += size_of(found[-1])
            if len(found) == request.get("Limit") or size >= MAX_PAGE:
                return _page(found, request, _last_key(found[-1], ""))
        return _page(found, request, None)

    def _select(self, request: Mapping[str, Any], index: str) -> Iterator[Item]:
        """Yield what a query selects, in its order, from where it begins."""
        text, values = request["KeyConditionExpression"], request["ExpressionAttributeValues"]
        condition, names = compile_condition(text), request.get("ExpressionAttributeNames", {})
        # The condition begins with that of the partition: `PK = :pk`.
        places = self._partitions.get((index, values[text.split(" ")[2]]["S"]), [])
        forward, start = request.get("ScanIndexForward", True), request.get("ExclusiveStartKey")
        after = _index_place(start, index) if start else None
        for place in places if forward else reversed(places):
            if after is not None and (place <= after if forward else place >= after):
                continue
            item = self._items[place[-2:]]
            if condition(Scope(item, names, values)):
                yield item

    # --- writes

    def put_item(self, **request: Any) -> dict[str, Any]:
        """Answer PutItem."""
        return self._write_alone("Put", request)

    def update_item(self, **request: Any) -> dict[str, Any]:
        """Answer UpdateItem."""
        return self._write_alone("Update", request)

    def delete_item(self, **request: Any) -> dict[str, Any]:
        """Answer DeleteItem."""
        return self._write_alone("Delete", request)

    def batch_write_item(self, **request: Any) -> dict[str, Any]:
        """Answer BatchWriteItem, always in full."""
        ((_, asked),) = request["RequestItems"].items()
        writes = [
            ("Put", one["PutRequest"]) if "PutRequest" in one else ("Delete", one["DeleteRequest"]) for one in asked
        ]
        places = [_place(write.get("Key") or write["Item"], "BatchWriteItem") for _, write in writes]
        if not 0 < len(places) <= MAX_WRITE or len({*places}) < len(places):
            _raise("BatchWriteItem", _Refusal("ValidationException", "too many writes, none, or an item twice"))
        try:
            planned = [(place, self._plan(*write)) for place, write in zip(places, writes, strict=True)]
        except _Refusal as refusal:
            _raise("BatchWriteItem", refusal)
        self._store(planned)
        return {"UnprocessedItems": {}}

    def batch_execute_statement(self, **request: Any) -> dict[str, Any]:
        """Answer BatchExecuteStatement."""
        if not 0 < len(request["Statements"]) <= partiql.MOST:
            _raise("BatchExecuteStatement", _Refusal("ValidationException", "too many statements, or none"))
        return {"Responses": [self._execute(*partiql.to_write(one)) for one in request["Statements"]]}

    def _execute(self, operation: str, write: Mapping[str, Any]) -> dict[str, Any]:
        place = _place(write.get("Key") or write["Item"], "BatchExecuteStatement")
        try:
            self._store([(place, self._plan(operation, write))])
        except _Refusal as refusal:
            return partiql.to_error(operation, refusal.code, refusal.message)
        return {"TableName": write["TableName"]}

    def transact_write_items(self, **request: Any) -> dict[str, Any]:
        """Answer TransactWriteItems. A token that is known repeats the answer and writes nothing."""
        token, asked = request.get("ClientRequestToken", ""), request["TransactItems"]
        if self._is_repeated(token, asked):
            return {}
        self._store(self._plan_all([next(iter(one.items())) for one in request["TransactItems"]]))
        if token:
            self._tokens[token] = (self._clock(), asked)
        return {}

    def items(self) -> list[Item]:
        """All items, in the order of their keys. No call of DynamoDB: tests look at the whole table."""
        return [self._items[place] for place in sorted(self._items)]

    def _plan_all(self, writes: Sequence[tuple[str, Mapping[str, Any]]]) -> list[tuple[Place, Item | None]]:
        """What the writes of a transaction leave. Raises ClientError when one of them fails."""
        places = [_place(write.get("Key") or write["Item"], "TransactWriteItems") for _, write in writes]
        if not 0 < len(places) <= MAX_TRANSACTION or len({*places}) < len(places):
            _raise("TransactWriteItems", _Refusal("ValidationException", "too many writes, none, or an item twice"))
        planned: list[tuple[Place, Item | None]] = []
        reasons: list[dict[str, Any]] = []
        for place, (operation, parameters) in zip(places, writes, strict=True):
            try:
                planned.append((place, self._plan(operation, parameters)))
                reasons.append({"Code": "None"})
            except _Refusal as refusal:
                reasons.append({"Code": _REASONS[refusal.code], "Message": refusal.message, **refusal.more})
        codes = [reason["Code"] for reason in reasons]
        if {*codes} != {"None"}:
            message = f"Transaction cancelled, please refer cancellation reasons for specific reasons {codes}"
            cancelled = _Refusal("TransactionCanceledException", message, CancellationReasons=reasons)
            _raise("TransactWriteItems", cancelled)
        return planned

    def _is_repeated(self, token: str, asked: Any) -> bool:
        at, known = self._tokens.get(token, (0.0, None))
        if known is None or self._clock() - at > TOKEN_LIFE:
            return False
        if known != asked:
            mismatch = _Refusal("IdempotentParameterMismatchException", "the token was used for another transaction")
            _raise("TransactWriteItems", mismatch)
        return True

    def _write_alone(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        name = f"{operation}Item"
        place = _place(request.get("Key") or request["Item"], name)
        before = self._items.get(place)
        try:
            after = self._plan(operation, request)
        except _Refusal as refusal:
            _raise(name, refusal)
        self._store([(place, after)])
        attributes = {"ALL_NEW": after, "ALL_OLD": before}.get(request.get("ReturnValues", "NONE"))
        return {"Attributes": dict(attributes)} if attributes else {}

    def _plan(self, operation: str, write: Mapping[str, Any]) -> Item | None:
        """The item that a write leaves, None for none. Raises _Refusal when its condition does not hold."""
        found = self._items.get(_place(write.get("Key") or write["Item"], operation))
        scope = Scope(
            found or {}, write.get("ExpressionAttributeNames", {}), write.get("ExpressionAttributeValues", {})
        )
        try:
            condition = write.get("ConditionExpression")
            if condition and not compile_condition(condition)(scope):
                is_shown = found is not None and write.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
                more = {"Item": dict(found or {})} if is_shown else {}
                raise _Refusal("ConditionalCheckFailedException", "The conditional request failed", **more)
            after = _apply(operation, write, scope, found)
        except WrongExpression as error:
            raise _Refusal("ValidationException", str(error)) from error
        if after is not None:
            _check(after)
        return after

    def _store(self, planned: Iterable[tuple[Place, Item | None]]) -> None:
        for place, after in planned:
            before = self._items.get(place)
            if before == after:
                # Nothing has changed: the stream has no record of it.
                continue
            if before is not None:
                self._unlist(before)
                del self._items[place]
            if after is not None:
                self._items[place] = after
                self._list(after)
            self._observe(self._record(place, before, after))

    def _list(self, item: Item) -> None:
        for index in ("", *INDEXES):
            if f"{index}PK" in item and f"{index}SK" in item:
                place = _index_place(item, index)
                insort(self._partitions.setdefault((index, item[f"{index}PK"]["S"]), []), place)

    def _unlist(self, item: Item) -> None:
        for index in ("", *INDEXES):
            if f"{index}PK" in item and f"{index}SK" in item:
                self._partitions[index, item[f"{index}PK"]["S"]].remove(_index_place(item, index))

    def _record(self, place: Place, before: Item | None, after: Item | None) -> dict[str, Any]:
        number = next(self._numbers)
        change: dict[str, Any] = {
            "Keys": {"PK": {"S": place[0]}, "SK": {"S": place[1]}},
            "SequenceNumber": f"{number:021}",
            "ApproximateCreationDateTime": float(int(self._clock())),
        }
        if before is not None:
            change["OldImage"] = before
        if after is not None:
            change["NewImage"] = after
        name = "INSERT" if before is None else "REMOVE" if after is None else "MODIFY"
        return {"eventID": f"{number:032x}", "eventName": name, "dynamodb": change}


_REASONS = {"ConditionalCheckFailedException": "ConditionalCheckFailed", "ValidationException": "ValidationError"}


def _raise(operation: str, refusal: _Refusal) -> NoReturn:
    error = {"Code": refusal.code, "Message": refusal.message}
    raise ClientError({"Error": error, "ResponseMetadata": {"HTTPStatusCode": 400}, **refusal.more}, operation)  # type: ignore[typeddict-item]


def _place(key: Item, operation: str) -> Place:
    """The place of an item in the table. Raises ClientError for a key that cannot be."""
    for name, most in MAX_KEY.items():
        value = key.get(name, {}).get("S")
        if not value or len(value.encode("utf-8", "surrogatepass")) > most:
            _raise(operation, _Refusal("ValidationException", f"{name} is absent, empty, too long, or no string"))
    return key["PK"]["S"], key["SK"]["S"]


def _index_place(item: Item, index: str) -> Place:
    own = (item["PK"]["S"], item["SK"]["S"])
    return (item[f"{index}SK"]["S"], *own) if index else own


def _last_key(item: Item, index: str) -> dict[str, Value]:
    names = ("PK", "SK") if not index else ("PK", "SK", f"{index}PK", f"{index}SK")
    return {name: item[name] for name in names}


def _apply(operation: str, write: Mapping[str, Any], scope: Scope, found: Item | None) -> Item | None:
    match operation:
        case "Put":
            return dict(write["Item"])
        case "Update":
            return compile_update(write["UpdateExpression"])(replace(scope, item={**write["Key"], **scope.item}))
        case "Delete":
            return None
        case _:
            return found


def _page(found: Sequence[Item], request: Mapping[str, Any], last: dict[str, Value] | None) -> dict[str, Any]:
    items = {} if request.get("Select") == "COUNT" else {"Items": [dict(item) for item in found]}
    return {**items, "Count": len(found), "ScannedCount": len(found), **({"LastEvaluatedKey": last} if last else {})}


def _check(item: Item) -> None:
    """Raises _Refusal for an item that cannot be stored."""
    if size_of(item) > MAX_ITEM:
        raise _Refusal("ValidationException", "Item size has exceeded the maximum allowed size")
    for name in (f"{index}{part}" for index in INDEXES for part in ("PK", "SK")):
        if name in item and not item[name].get("S"):
            raise _Refusal("ValidationException", f"{name} is empty or no string")


def size_of(item: Item) -> int:
    """The size of an item in bytes, as DynamoDB counts it."""
    return sum(len(name.encode()) + _size_of_value(value) for name, value in item.items())


def _size_of_value(value: Value) -> int:
    ((kind, content),) = value.items()
    match kind:
        case "S":
            return len(content.encode("utf-8", "surrogatepass"))
        case "N":
            return len(content) // 2 + 2
        case "M":
            return 3 + sum(len(name.encode()) + 1 + _size_of_value(one) for name, one in content.items())
        case "L":
            return 3 + sum(1 + _size_of_value(one) for one in content)
        case "SS" | "NS" | "BS" | "B":
            return sum(len(one) if isinstance(one, str) else 1 for one in content)
        case _:
            return 1
