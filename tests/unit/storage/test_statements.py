"""Statements of PartiQL as they are sent, and what becomes of each statement of a batch."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from partyline.storage import statements
from partyline.storage.keys import Key
from partyline.storage.statements import Statement
from partyline.storage.table import Table

KEY = Key("M#CH1", "IM1")


class Answering:
    """A client that has an error for each statement of each request: its code, or none."""

    def __init__(self, *answers: list[str]) -> None:
        self.asked: list[list[str]] = []
        self._answers = iter(answers)

    def batch_execute_statement(self, **request: Any) -> dict[str, Any]:
        self.asked.append([one["Parameters"][0]["N"] for one in request["Statements"]])
        return {"Responses": [{"Error": {"Code": code, "Message": ""}} if code else {} for code in next(self._answers)]}


def numbered(most: int) -> list[Statement]:
    return [statements.update(KEY, {"n": number}) for number in range(most)]


def execute(client: Any, most: int, monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    monkeypatch.setattr("time.sleep", lambda _: None)
    return Table(client, "table").execute_all(numbered(most))


def test_an_update_names_the_table_and_passes_its_values() -> None:
    statement = statements.update(KEY, {"status": "sent", "rank": 2}, below=("rank", 2))
    assert statement.to_request("a-table") == {
        "Statement": 'UPDATE "a-table" SET "status"=? SET "rank"=? WHERE "PK"=? AND "SK"=? AND "rank"<?',
        "Parameters": [{"S": "sent"}, {"N": "2"}, {"S": "M#CH1"}, {"S": "IM1"}, {"N": "2"}],
    }


def test_an_insert_has_the_key_and_the_attributes() -> None:
    assert statements.insert(KEY, {"names": {"a": "b"}}).to_request("a-table") == {
        "Statement": "INSERT INTO \"a-table\" VALUE {'PK':?,'SK':?,'names':?}",
        "Parameters": [{"S": "M#CH1"}, {"S": "IM1"}, {"M": {"a": {"S": "b"}}}],
    }


def test_a_statement_whose_condition_fails_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    client = Answering(["", "ConditionalCheckFailed", "DuplicateItem"])
    assert execute(client, 3, monkeypatch) == [True, False, False]
    assert len(client.asked) == 1


@pytest.mark.parametrize("code", ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"])
def test_a_statement_that_was_refused_for_now_is_repeated_alone(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    client = Answering(["", code, "ConditionalCheckFailed", code], [code, ""], [""])
    assert execute(client, 4, monkeypatch) == [True, True, False, True]
    assert client.asked == [["0", "1", "2", "3"], ["1", "3"], ["1"]]


def test_any_other_error_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ClientError, match="ValidationError"):
        execute(Answering(["", "ValidationError"]), 2, monkeypatch)


def test_a_request_has_25_statements_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    client = Answering([""] * 25, [""] * 5)
    assert execute(client, 30, monkeypatch) == [True] * 30
    assert [len(one) for one in client.asked] == [25, 5]
