"""A walk over a table: what moto answers to many requests of all kinds, right and wrong.

    python -m tests.support.moto_walk < table.json

prints the answers of moto as it is. Its test compares them with those that the other tests get.
"""

from __future__ import annotations

import json
import random
import sys
from typing import Any

import boto3
from botocore.exceptions import ClientError
from moto import mock_aws

TABLE = "partyline"
_STEPS = 300
_WORDS = ("a", "b", "ab", "", "é", "2")
_CONDITIONS = (
    "attribute_not_exists(PK)",
    "attribute_exists(PK) AND #n <> :v",
    "#n = :v OR (number > :one AND NOT begins_with(word, :v))",
    "number BETWEEN :one AND :two",
    "size(#n) > :one",
    "word IN (:v, :w)",
    "contains(#n, :v)",
    "#missing = :v",
    "word = ",
)
_UPDATES = (
    "SET #n = :v, number = if_not_exists(number, :one)",
    "SET #n = :v REMOVE nested ADD number :two",
    "ADD number :one",
    "ADD #n :one",
    "SET nested.word = :v",
    "SET nested = :map, words = :list",
    "SET words = list_append(words, :list)",
    "SET words[0] = :v REMOVE words[1], words[2]",
    "SET number = number + :one",
    "SET #n = :v, #n = :w",
    "SET #n = :v SET number = :one",
    "SET nested = :map, nested.word = :v",
    "SET PK = :v",
    "SET GSI1SK = :one",
    "REMOVE GSI1PK, #n",
    "nonsense",
)
_VALUES: dict[str, Any] = {
    ":one": {"N": "1"},
    ":two": {"N": "2.5"},
    ":map": {"M": {"word": {"S": "a"}, "deep": {"L": [{"BOOL": True}, {"NULL": True}]}}},
    ":list": {"L": [{"S": "a"}, {"N": "10"}]},
}


class _Walk:
    """Requests that are the same each time."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._random = random.Random(137)
        self._last: dict[str, Any] | None = None

    def step(self) -> Any:
        kinds = (
            self._put,
            self._update,
            self._update,
            self._delete,
            self._query,
            self._query,
            self._transact,
            self._read,
        )
        try:
            answer = self._random.choice(kinds)()
        except ClientError as error:
            answer = {**error.response, "type": type(error).__name__}
        except (KeyError, TypeError, ValueError) as error:
            # moto's own way with some wrong requests.
            answer = {"type": type(error).__name__}
        answer.pop("ResponseMetadata", None)
        self._last = answer.get("LastEvaluatedKey", self._last)
        return answer

    def _word(self) -> dict[str, str]:
        return {"S": self._random.choice(_WORDS)}

    def _key(self) -> dict[str, Any]:
        return {"PK": {"S": self._random.choice("PQ")}, "SK": {"S": f"{self._random.randrange(12):02}"}}

    def _item(self) -> dict[str, Any]:
        item = {**self._key(), "word": self._word(), "number": {"N": str(self._random.randrange(4))}}
        if self._random.random() < 0.7:
            item |= {"GSI1PK": {"S": self._random.choice("GH")}, "GSI1SK": {"S": self._random.choice("xyz")}}
        return item | ({"nested": _VALUES[":map"], "words": _VALUES[":list"]} if self._random.random() < 0.5 else {})

    def _expressions(self, **named: str) -> dict[str, Any]:
        """These expressions, with the names and values that are in them."""
        text = " ".join(named.values())
        values = {**_VALUES, ":v": self._word(), ":w": self._word()}
        used = {name: value for name, value in values.items() if name in text}
        names = {"#n": "word"} if "#n" in text else {}
        return (
            named
            | ({"ExpressionAttributeValues": used} if used else {})
            | ({"ExpressionAttributeNames": names} if names else {})
        )

    def _condition(self) -> dict[str, str]:
        if self._random.random() < 0.4:
            return {}
        return {"ConditionExpression": self._random.choice(_CONDITIONS)}

    def _put(self) -> Any:
        return self._client.put_item(
            TableName=TABLE, Item=self._item(), ReturnValues="ALL_OLD", **self._expressions(**self._condition())
        )

    def _update(self) -> Any:
        expressions = self._expressions(UpdateExpression=self._random.choice(_UPDATES), **self._condition())
        return self._client.update_item(TableName=TABLE, Key=self._key(), ReturnValues="ALL_NEW", **expressions)

    def _delete(self) -> Any:
        return self._client.delete_item(
            TableName=TABLE, Key=self._key(), ReturnValues="ALL_OLD", **self._expressions(**self._condition())
        )

    def _query(self) -> Any:
        index = self._random.choice(("", "GSI1"))
        how = self._random.choice(
            ("", " AND begins_with({}, :begins)", " AND {} BETWEEN :low AND :high", " AND {} > :low")
        )
        condition = f"{index}PK = :pk" + how.format(f"{index}SK")
        values = {":pk": {"S": self._random.choice("GH" if index else "PQ")}}
        bounds = {":begins": {"S": "0"}, ":low": {"S": "03"}, ":high": {"S": "y"}}
        values |= {name: value for name, value in bounds.items() if name in condition}
        more: dict[str, Any] = {"IndexName": index} if index else {}
        if self._random.random() < 0.5:
            more["Limit"] = self._random.randrange(1, 5)
        if self._last and (index in self._last or not index) and self._random.random() < 0.5:
            more["ExclusiveStartKey"] = self._last
        return self._client.query(
            TableName=TABLE,
            KeyConditionExpression=condition,
            ExpressionAttributeValues=values,
            ScanIndexForward=self._random.random() < 0.5,
            **more,
        )

    def _transact(self) -> Any:
        writes: list[Any] = []
        for _ in range(self._random.randrange(1, 5)):
            match self._random.choice(("Put", "Update", "Delete")):
                case "Put":
                    writes.append({"Put": {"Item": self._item(), **self._expressions(**self._condition())}})
                case "Update":
                    update = self._random.choice(_UPDATES)
                    expressions = self._expressions(UpdateExpression=update, **self._condition())
                    writes.append({"Update": {"Key": self._key(), **expressions}})
                case _:
                    writes.append({"Delete": {"Key": self._key(), **self._expressions(**self._condition())}})
        asked = [
            {kind: {"TableName": TABLE, "ReturnValuesOnConditionCheckFailure": "ALL_OLD", **write}}
            for one in writes
            for kind, write in one.items()
        ]
        return self._client.transact_write_items(TransactItems=asked)

    def _read(self) -> Any:
        if self._random.random() < 0.3:
            return self._client.scan(TableName=TABLE)
        keys = [{"PK": {"S": pk}, "SK": {"S": f"{number:02}"}} for pk in "PQ" for number in range(3)]
        return self._client.batch_get_item(RequestItems={TABLE: {"Keys": keys}})


def walk(client: Any) -> list[Any]:
    """What the requests are answered with, one after the other."""
    one = _Walk(client)
    return [one.step() for _ in range(_STEPS)]


if __name__ == "__main__":
    with mock_aws():
        plain = boto3.client("dynamodb")
        plain.create_table(TableName=TABLE, **json.load(sys.stdin))
        json.dump(walk(plain), sys.stdout)
