"""The table in memory answers as moto does, and as DynamoDB where moto does not: tokens, no-ops, sizes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from partyline.errors import Conflict
from partyline.storage.keys import Key
from partyline.storage.table import EXISTS, NEW, Table, change, delete, put
from tests.support.memory_dynamodb import MAX_PAGE, MemoryDynamoDB
from tests.support.table_walk import TABLE, walk


@pytest.mark.parametrize("seed", range(12))
def test_the_table_in_memory_answers_as_moto(client: Any, seed: int) -> None:
    answers = walk(MemoryDynamoDB(), seed)
    for number, (one, other) in enumerate(zip(answers, walk(client, seed), strict=True)):
        assert one == other, number
    assert {answer.get("error") for answer in answers} >= {
        None,
        "ConditionalCheckFailedException",
        "TransactionCanceledException",
        "ValidationException",
    }


@pytest.mark.parametrize("seed", range(5))
def test_the_stream_leads_from_nothing_to_the_table(seed: int) -> None:
    items: dict[str, Any] = {}

    def follow(record: dict[str, Any]) -> None:
        change = record["dynamodb"]
        place = str(change["Keys"])
        before, after = change.get("OldImage"), change.get("NewImage")
        assert before == items.get(place) != after
        assert record["eventName"] == ("INSERT" if before is None else "REMOVE" if after is None else "MODIFY")
        items[place] = after

    memory = MemoryDynamoDB(follow)
    walk(memory, seed)
    assert memory.items() == sorted(filter(None, items.values()), key=lambda one: (one["PK"]["S"], one["SK"]["S"]))


@pytest.fixture
def records() -> list[dict[str, Any]]:
    return []


@pytest.fixture
def memory(records: list[dict[str, Any]]) -> MemoryDynamoDB:
    return MemoryDynamoDB(records.append)


@pytest.fixture
def table(memory: MemoryDynamoDB) -> Table:
    client: Any = memory
    return Table(client, TABLE)


def code_of(request: Callable[[], object]) -> str:
    with pytest.raises(ClientError) as refused:
        request()
    return str(refused.value.response["Error"]["Code"])


def test_a_token_repeats_the_answer_of_its_transaction_and_fits_no_other(memory: MemoryDynamoDB) -> None:
    update = {
        "TableName": TABLE,
        "Key": {"PK": {"S": "P"}, "SK": {"S": "1"}},
        "UpdateExpression": "ADD number :one",
        "ExpressionAttributeValues": {":one": {"N": "1"}},
    }
    for _ in range(2):
        memory.transact_write_items(TransactItems=[{"Update": update}], ClientRequestToken="token")
    assert [item["number"] for item in memory.items()] == [{"N": "1"}]
    other = [{"Update": {**update, "UpdateExpression": "SET number = :one"}}]
    refused = code_of(lambda: memory.transact_write_items(TransactItems=other, ClientRequestToken="token"))
    assert refused == "IdempotentParameterMismatchException"


def test_a_failed_transaction_changes_nothing(table: Table, memory: MemoryDynamoDB) -> None:
    table.write(put("one", Key("P", "1"), {"word": "a"}))
    before = memory.items()
    writes = [delete("one", Key("P", "1")), put("two", Key("P", "2"), {}, NEW), change("x", Key("P", "3"), {}, EXISTS)]
    with pytest.raises(Conflict) as failed:
        table.transact(writes)
    assert set(failed.value.failed) == {"x"}
    assert memory.items() == before


def test_a_write_that_changes_nothing_has_no_stream_record(table: Table, records: list[dict[str, Any]]) -> None:
    for _ in range(2):
        table.write(put("one", Key("P", "1"), {"word": "a"}))
        table.write(change("one", Key("P", "1"), {"word": "a"}))
    assert [record["eventName"] for record in records] == ["INSERT"]


def test_a_page_ends_at_a_megabyte(table: Table) -> None:
    third = "x" * (MAX_PAGE // 3)
    for number in range(4):
        table.write(put("one", Key("P", str(number)), {"word": third}))
    assert len(table.query("P").items) == 3
    assert len(list(table.query_all("P"))) == 4


@pytest.mark.parametrize("item", [{"word": "x" * 400_000 + "y" * 9_600}, {"GSI1PK": "", "GSI1SK": "a"}])
def test_what_dynamodb_cannot_store_is_refused(table: Table, item: dict[str, Any]) -> None:
    assert code_of(lambda: table.write(put("one", Key("P", "1"), item))) == "ValidationException"


@pytest.mark.parametrize("key", [Key("", "1"), Key("P", "x" * 1025), Key("x" * 2049, "1")])
def test_a_key_that_cannot_be_is_refused(table: Table, key: Key) -> None:
    assert code_of(lambda: table.get(key)) == "ValidationException"
