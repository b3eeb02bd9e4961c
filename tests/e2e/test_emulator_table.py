"""The table in memory, on which the histories run, answers as the emulator's DynamoDB too: statements and tokens, of
which moto has none of its own, among them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.stack import Stack
from tests.support.memory_dynamodb import MemoryDynamoDB
from tests.support.stack_template import of_type
from tests.support.table_walk import REFUSED, TABLE, TWICE_THE_SAME, walk

# The emulator takes an update that sets an attribute twice. DynamoDB refuses it, and so does moto.
_REFUSED = tuple(one for one in REFUSED if one != TWICE_THE_SAME)
_UPDATE = {
    "TableName": TABLE,
    "Key": {"PK": {"S": "T"}, "SK": {"S": "1"}},
    "UpdateExpression": "ADD amount :one",
    "ExpressionAttributeValues": {":one": {"N": "1"}},
}


@pytest.fixture
def emulated(stack: Stack) -> Iterator[Any]:
    """A client of the emulator with an empty table."""
    client = stack.client("dynamodb")
    properties = of_type("AWS::DynamoDB::Table")["Table"]
    names = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")
    client.create_table(TableName=TABLE, BillingMode="PAY_PER_REQUEST", **{name: properties[name] for name in names})
    yield client
    client.delete_table(TableName=TABLE)


def use_token_twice(client: Any) -> list[Any]:
    """What becomes of an item, and of another transaction, when a token is used again."""
    for _ in range(2):
        client.transact_write_items(TransactItems=[{"Update": _UPDATE}], ClientRequestToken="token-1")
    found = client.get_item(TableName=TABLE, Key=_UPDATE["Key"], ConsistentRead=True)["Item"]["amount"]
    other = {**_UPDATE, "UpdateExpression": "SET amount = :one"}
    try:
        client.transact_write_items(TransactItems=[{"Update": other}], ClientRequestToken="token-1")
    except ClientError as error:
        return [found, error.response["Error"]["Code"]]
    return [found, ""]


def test_the_table_in_memory_answers_as_the_emulators(emulated: Any) -> None:
    memory = MemoryDynamoDB()
    for seed in range(3):
        # A walk finds what the ones before it have left.
        answers = walk(memory, seed, _REFUSED)
        for number, (one, other) in enumerate(zip(answers, walk(emulated, seed, _REFUSED), strict=True)):
            assert one == other, (seed, number)
    assert use_token_twice(memory) == use_token_twice(emulated)
