"""The table that tests run on is quick, and does what moto does; it undoes a transaction whole, as DynamoDB does."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, ParamValidationError
from moto.core import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends

from partyline.errors import Conflict
from partyline.storage.keys import Key
from partyline.storage.table import EXISTS, NEW, Condition, Table, change, delete, put
from tests.support import moto_table
from tests.support.moto_walk import walk

OLD, GONE, MADE = Key("P", "old"), Key("P", "gone"), Key("P", "made")


def items_and_stream(table: Table) -> tuple[list[dict[str, Any]], int]:
    backend = dynamodb_backends[DEFAULT_ACCOUNT_ID]["us-east-1"]
    shard = backend.get_table(table._name).stream_shard
    return list(table.query_all("P")), len(shard.items) if shard else 0


@pytest.fixture
def streamed(client: Any, table: Table) -> Table:
    client.update_table(
        TableName=table._name,
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    table.write(put("old", OLD, {"number": 1, "nested": {"words": ["a"]}}))
    table.write(put("gone", GONE, {"number": 1}))
    return table


def test_a_transaction_that_fails_leaves_items_and_stream_as_they_were(streamed: Table) -> None:
    before = items_and_stream(streamed)
    writes = [
        change("old", OLD, {"number": 2, "nested": None}, adds={"more": 1}),
        delete("gone", GONE),
        put("made", MADE, {"number": 1}),
        change("fails", Key("P", "other"), {"number": 1}, EXISTS),
    ]
    with pytest.raises(Conflict) as failed:
        streamed.transact(writes)
    assert set(failed.value.failed) == {"fails"}
    assert items_and_stream(streamed) == before


def test_a_transaction_that_holds_is_there_whole_and_after_it_another_that_fails(streamed: Table) -> None:
    streamed.transact([change("old", OLD, {"number": 2}), delete("gone", GONE), put("made", MADE, {"number": 1}, NEW)])
    items, records = items_and_stream(streamed)
    assert [(item["SK"], item["number"]) for item in items] == [("made", 1), ("old", 2)]
    assert records == 5
    with pytest.raises(Conflict):
        streamed.transact([change("old", OLD, {"number": 3}), put("made", MADE, {}, NEW)])
    assert items_and_stream(streamed) == (items, records)
    assert streamed.write(change("old", OLD, {}, adds={"number": 1}))["number"] == 3


def test_what_is_stored_is_replaced_and_never_changed_in_place(table: Table) -> None:
    table.write(put("old", OLD, {"number": 1, "nested": {"words": ["a"]}}))
    stored = dynamodb_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].get_table(table._name).all_items()
    before = repr(stored)
    table.write(change("old", OLD, {"nested": {"words": ["b"]}}, adds={"number": 1}))
    table.transact([change("old", OLD, {"number": None}), put("made", MADE, {}, NEW)])
    assert repr(stored) == before
    assert table.get(OLD) == {**OLD.attributes(), "nested": {"words": ["b"]}}


def test_a_query_of_an_index_finds_its_partition_in_its_order_and_in_pages(table: Table) -> None:
    for number, (partition, sort) in enumerate([("a", "2"), ("b", "1"), ("a", "1"), ("a", "3")]):
        table.write(put("item", Key("P", str(number)), {"GSI1PK": partition, "GSI1SK": sort}))
    table.write(put("item", Key("P", "outside"), {"GSI1PK": "a"}))
    first = table.query("a", index="GSI1", forward=False, limit=2)
    second = table.query("a", index="GSI1", forward=False, limit=2, after=first.last_key)
    assert [item["GSI1SK"] for item in (*first.items, *second.items)] == ["3", "2", "1"]
    assert table.query("c", index="GSI1").items == []


def test_what_is_worked_out_of_an_expression_is_that_of_its_own_values(table: Table) -> None:
    def is_changed(word: str) -> bool:
        return table.written(change("old", OLD, {"seen": word}, Condition("word = :word", {}, {":word": word})))

    for number in (1, 2, 3):
        table.write(change("old", OLD, {"word": str(number)}, adds={"number": number}))
        assert is_changed(str(number)) is True
    assert is_changed("1") is False
    assert table.get(OLD) == {**OLD.attributes(), "word": "3", "number": 6, "seen": "3"}


def test_moto_answers_all_requests_as_it_does_when_nothing_is_changed(
    client: Any, table_definition: dict[str, Any]
) -> None:
    unchanged = subprocess.run(
        [sys.executable, "-m", "tests.support.moto_walk"],
        input=json.dumps(table_definition),
        capture_output=True,
        text=True,
        check=True,
    )
    quick = json.loads(json.dumps(walk(client)))
    for number, (one, other) in enumerate(zip(quick, json.loads(unchanged.stdout), strict=True)):
        assert one == other, number
    outcomes = {answer.get("Error", {}).get("Code", "") or answer.get("type", "made") for answer in quick}
    assert {
        "made",
        "ConditionalCheckFailedException",
        "TransactionCanceledException",
        "ValidationException",
    } <= outcomes


VALUE: dict[str, Any] = {
    "M": {
        "number": {"N": "1"},
        "yes": {"BOOL": True},
        "nothing": {"NULL": True},
        "empty": {"S": ""},
    }
}


def test_values_of_every_type_come_back_as_they_went(client: Any) -> None:
    key = {"PK": {"S": "P"}, "SK": {"S": "value"}}
    value = {"L": [VALUE, {"SS": ["a"]}, {"L": []}, {"M": {}}]}
    client.put_item(TableName="partyline", Item={**key, "value": value})
    assert client.get_item(TableName="partyline", Key=key)["Item"] == {**key, "value": value}


@pytest.mark.parametrize("value", [{"S": 1}, {"N": 1}, {"BOOL": "true"}, {"X": "a"}, "a", {"L": [{"S": None}]}])
def test_a_value_that_is_none_is_refused_before_it_is_sent(client: Any, value: Any) -> None:
    with pytest.raises(ParamValidationError):
        client.put_item(TableName="partyline", Item={"PK": {"S": "P"}, "SK": {"S": "value"}, "value": value})


KEY = {"PK": {"S": "P"}, "SK": {"S": "old"}}
CONDITION = {"ConditionExpression": "attribute_not_exists(PK)", "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
SCHEMA = {
    "KeySchema": [{"AttributeName": "PK", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "PK", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}
REQUESTS: dict[str, dict[str, Any]] = {
    "create_table": SCHEMA,
    "get_item": {"Key": KEY},
    "query": {"KeyConditionExpression": "PK = :pk", "ExpressionAttributeValues": {":pk": {"S": "P"}}, "Limit": 1},
    "scan": {},
    "batch_get_item": {"RequestItems": {"partyline": {"Keys": [KEY]}}},
    "transact_get_items": {"TransactItems": [{"Get": {"TableName": "partyline", "Key": KEY}}]},
    "put_item": {"Item": KEY, **CONDITION},
    "update_item": {"Key": KEY, "UpdateExpression": "nonsense"},
    "delete_item": {"Key": {"PK": {"S": ""}, "SK": {"S": "old"}}},
    "batch_write_item": {"RequestItems": {"partyline": [{"DeleteRequest": {"Key": {"PK": {"S": "P"}}}}]}},
    "transact_write_items": {"TransactItems": [{"Put": {"TableName": "partyline", "Item": KEY, **CONDITION}}]},
}


@pytest.mark.parametrize("operation", REQUESTS)
def test_a_direct_answer_is_that_of_the_way_through_http(streamed: Table, client: Any, operation: str) -> None:
    through_http: Any = boto3.client("dynamodb")
    through_http.meta.events.unregister("before-call.dynamodb", moto_table.answer)
    # Statements of PartiQL have no other way: moto cannot read them.
    known = {one.title().replace("_", "") for one in REQUESTS}
    assert known == moto_table.DIRECT - {"BatchExecuteStatement"}
    table = {} if "batch" in operation or "transact" in operation else {"TableName": streamed._name}
    answers = []
    for asked in (client, through_http):
        try:
            answers.append(getattr(asked, operation)(**table, **REQUESTS[operation]))
        except ClientError as error:
            answers.append({**error.response, "type": type(error).__name__})
    direct, other = answers
    assert direct.pop("ResponseMetadata")["HTTPHeaders"]["x-amzn-requestid"] == "direct"
    assert other.pop("ResponseMetadata")["HTTPHeaders"]["x-amzn-requestid"] != "direct"
    assert direct == other
