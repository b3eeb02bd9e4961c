"""A walk over a table: many requests of the kinds that the project makes, and their answers in a comparable form.

Two tables are equal when the same walks have the same answers. The walks are made of a seed.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from partyline.storage.keys import Key
from partyline.storage.statements import insert, update

TABLE = "partyline"
STEPS = 150
_CONDITIONS = (
    "attribute_not_exists(PK)",
    "attribute_exists(PK)",
    "attribute_exists(PK) AND attribute_not_exists(#n)",
    "#n = :v",
    "word <> :v",
    "#missing <> :v",
    "amount < :two",
    "amount >= :one AND word <> :v",
    "attribute_not_exists(amount) OR amount <= :one OR word = :v",
    "attribute_not_exists(PK) OR #n IN (:v, :w)",
    "attribute_exists(PK) AND (attribute_not_exists(amount) OR amount < :two)",
    "amount BETWEEN :one AND :two",
    "NOT contains(#n, :v)",
    "nested = :map",
    "words = :list",
)
_UPDATES = (
    "SET #n = :v",
    "SET #n = :v, amount = :one REMOVE nested",
    "SET #n = :v, amount = if_not_exists(amount, :one)",
    "SET nested = :map REMOVE words, #n ADD amount :two",
    "ADD amount :one, another :two",
    "SET words = :list, GSI1SK = :place",
    "REMOVE GSI1PK, GSI1SK",
)
# Of which some are refused, always or by what the item has. Alone: moto makes no reason of a transaction of it.
TWICE_THE_SAME = "SET #n = :v, #n = :w"
REFUSED = (
    "SET amount = amount + :one",
    "ADD word :one",
    "SET PK = :v",
    TWICE_THE_SAME,
    "nonsense",
)
_KEYS = ("", " AND {}SK BETWEEN :low AND :high", " AND begins_with({}SK, :begins)")
_MAP = {"M": {"word": {"S": "a"}, "deep": {"L": [{"BOOL": True}, {"NULL": True}]}}}
_VALUES: Mapping[str, Any] = {":one": {"N": "1"}, ":two": {"N": "2"}, ":map": _MAP, ":list": {"L": [{"S": "a"}]}}
_ANSWERED = (
    "Item",
    "Items",
    "Count",
    "LastEvaluatedKey",
    "Responses",
    "Attributes",
    "UnprocessedKeys",
    "UnprocessedItems",
)
_NAMES = {"#n": "word", "#missing": "missing"}


class _Walk:
    def __init__(self, client: Any, seed: int, refused: Sequence[str]) -> None:
        self._client, self._refused = client, refused
        self._random = random.Random(seed)
        self._last: dict[str, Any] | None = None

    def step(self) -> Any:
        """Make one request; return its answer, less what says nothing of the table."""
        kinds = (self._put, self._update, self._update, self._delete, self._query, self._transact, self._transact)
        others = (self._read_batch, self._read_together, self._write_batch, self._execute)
        reads = (self._get, self._count, self._scan)
        try:
            answer = self._random.choice((*kinds, *others, *reads))()
        except ClientError as error:
            reasons = error.response.get("CancellationReasons", [])
            return {
                "error": error.response["Error"]["Code"],
                "item": error.response.get("Item"),
                "reasons": [(reason.get("Code"), reason.get("Item")) for reason in reasons],
            }
        self._last = answer.get("LastEvaluatedKey")
        if isinstance(answer.get("Responses"), dict):
            for found in answer["Responses"].values():
                # A batch has no order.
                found.sort(key=lambda item: (item["PK"]["S"], item["SK"]["S"]))
        elif "Responses" in answer:
            answer["Responses"] = [_read_statement(one) for one in answer["Responses"]]
        return {name: answer[name] for name in _ANSWERED if answer.get(name)}

    def _key(self) -> dict[str, Any]:
        return {"PK": {"S": self._random.choice("PQ")}, "SK": {"S": f"{self._random.randrange(9):02}"}}

    def _item(self) -> dict[str, Any]:
        key = self._key()
        item = {**key, "word": self._word(), "amount": {"N": str(self._random.randrange(4))}}
        if self._random.random() < 0.6:
            # Items of one place in an index have no order: here each has its own.
            item |= {"GSI1PK": {"S": self._random.choice("GH")}, "GSI1SK": self._place()}
        return item | ({"nested": _MAP, "words": _VALUES[":list"]} if self._random.random() < 0.5 else {})

    def _word(self) -> dict[str, str]:
        return {"S": self._random.choice(("a", "b", "ab", "é"))}

    def _place(self) -> dict[str, str]:
        return {"S": f"{self._random.choice('xyz')}{self._random.random()}"}

    def _expressions(self, **texts: str) -> dict[str, Any]:
        """These expressions, with the names and values that are in them."""
        text = " ".join(texts.values())
        values = {**_VALUES, ":v": self._word(), ":w": self._word(), ":place": self._place()}
        parameters: dict[str, Any] = dict(texts)
        if used := {name: value for name, value in values.items() if name in text}:
            parameters["ExpressionAttributeValues"] = used
        if names := {name: value for name, value in _NAMES.items() if name in text}:
            parameters["ExpressionAttributeNames"] = names
        if "ConditionExpression" in texts:
            parameters["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
        return parameters

    def _condition(self) -> dict[str, str]:
        return {"ConditionExpression": self._random.choice(_CONDITIONS)} if self._random.random() < 0.6 else {}

    def _one(self, kind: str) -> dict[str, Any]:
        """The parameters of a write."""
        match kind:
            case "Put":
                return {"Item": self._item(), **self._expressions(**self._condition())}
            case "Update":
                update = {"UpdateExpression": self._random.choice(_UPDATES)}
                return {"Key": self._key(), **self._expressions(**update, **self._condition())}
            case "ConditionCheck":
                condition = {"ConditionExpression": self._random.choice(_CONDITIONS)}
                return {"Key": self._key(), **self._expressions(**condition)}
            case _:
                return {"Key": self._key(), **self._expressions(**self._condition())}

    def _put(self) -> Any:
        return self._client.put_item(TableName=TABLE, **self._one("Put"))

    def _update(self) -> Any:
        parameters = self._one("Update")
        if self._random.random() < 0.1:
            parameters = {"Key": self._key(), **self._expressions(UpdateExpression=self._random.choice(self._refused))}
        return self._client.update_item(TableName=TABLE, ReturnValues="ALL_NEW", **parameters)

    def _delete(self) -> Any:
        return self._client.delete_item(TableName=TABLE, **self._one("Delete"))

    def _transact(self) -> Any:
        kinds = [self._random.choice(("Put", "Update", "Delete", "ConditionCheck")) for _ in range(3)]
        writes = [{kind: {"TableName": TABLE, **self._one(kind)}} for kind in kinds]
        return self._client.transact_write_items(TransactItems=writes)

    def _execute(self) -> Any:
        below = self._random.choice((None, ("amount", 2)))
        statements = [
            update(self._own_key("P"), {"word": self._random.choice("ab"), "words": ["a"]}, below=below),
            update(self._own_key("Q"), {"nested": {"word": "a", "deep": []}}),
            insert(self._own_key("R"), {"word": "a", "amount": 1}),
        ]
        return self._client.batch_execute_statement(Statements=[one.to_request(TABLE) for one in statements])

    def _own_key(self, partition: str) -> Key:
        return Key(partition, self._key()["SK"]["S"])

    def _get(self) -> Any:
        return self._client.get_item(TableName=TABLE, Key=self._key(), ConsistentRead=True)

    def _read_batch(self) -> Any:
        keys = [{"PK": {"S": pk}, "SK": {"S": f"{number:02}"}} for pk in "PQ" for number in range(4)]
        return self._client.batch_get_item(RequestItems={TABLE: {"Keys": keys, "ConsistentRead": True}})

    def _read_together(self) -> Any:
        keys = [{**self._key(), "PK": {"S": pk}} for pk in "PQ"]
        reads = [{"Get": {"TableName": TABLE, "Key": key}} for key in keys]
        return self._client.transact_get_items(TransactItems=reads)

    def _write_batch(self) -> Any:
        # Not a key twice, since every key is of another partition.
        deleted = {"DeleteRequest": {"Key": {**self._key(), "PK": {"S": "P"}}}}
        put = {"PutRequest": {"Item": {**self._item(), "PK": {"S": "Q"}}}}
        return self._client.batch_write_item(RequestItems={TABLE: [deleted, put]})

    def _query(self) -> Any:
        index = self._random.choice(("", "GSI1"))
        how = self._random.choice(_KEYS).format(index)
        values = {":pk": {"S": self._random.choice("GH" if index else "PQ")}}
        low, high, begins = ("x1", "y", "x") if index else ("02", "06", "0")
        bounds = {":low": {"S": low}, ":high": {"S": high}, ":begins": {"S": begins}}
        more: dict[str, Any] = {"IndexName": index} if index else {"ConsistentRead": True}
        if self._random.random() < 0.6:
            more["Limit"] = self._random.randrange(1, 5)
        if self._last and (index in "".join(self._last)) and len(self._last) == (4 if index else 2):
            pk = f"{index}PK"
            values[":pk"] = self._last[pk]
            more["ExclusiveStartKey"] = self._last
        parameters = {
            "TableName": TABLE,
            "KeyConditionExpression": f"#pk = :pk{how}",
            "ExpressionAttributeNames": {"#pk": f"{index}PK"},
            "ExpressionAttributeValues": values | {name: value for name, value in bounds.items() if name in how},
            "ScanIndexForward": self._random.random() < 0.5,
            **more,
        }
        answer = self._client.query(**parameters)
        last = answer.get("LastEvaluatedKey")
        if last and not self._client.query(**{**parameters, "ExclusiveStartKey": last})["Items"]:
            # A page that ends where the items end: DynamoDB says that there may be more, moto that there is none.
            del answer["LastEvaluatedKey"]
        return answer

    def _scan(self) -> Any:
        answer = self._client.scan(TableName=TABLE)
        # Partitions have no order.
        answer["Items"].sort(key=lambda item: (item["PK"]["S"], item["SK"]["S"]))
        return answer

    def _count(self) -> Any:
        return self._client.query(
            TableName=TABLE,
            KeyConditionExpression="PK = :pk AND SK BETWEEN :low AND :high",
            ExpressionAttributeValues={":pk": {"S": "P"}, ":low": {"S": "01"}, ":high": {"S": "05"}},
            Select="COUNT",
            ConsistentRead=True,
        )


def _read_statement(answer: Mapping[str, Any]) -> Any:
    """The answer of a part: an item that was read, or the code of a statement that did nothing."""
    return answer["Error"]["Code"] if "Error" in answer else answer.get("Item")


def walk(client: Any, seed: int, refused: Sequence[str] = REFUSED) -> list[Any]:
    """Make the requests of a seed; return what they are answered with. `refused` are updates that are."""
    one = _Walk(client, seed, refused)
    return [one.step() for _ in range(STEPS)]
