"""`python -m operations.finalize_upgrade`: it raises the level of the table only when no older release may run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from operations import finalize_upgrade
from partyline.storage import services, stored_format
from partyline.storage.format_level import FIRST, NEWEST
from partyline.storage.table import Table
from tests.support.stack_template import TEMPLATE

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)


@dataclass
class Stack:
    """What AWS says of a stack that was upgraded an hour ago."""

    dynamodb: Any
    status: str = "UPDATE_COMPLETE"
    updated: datetime = NOW - timedelta(hours=1)
    outputs: dict[str, str] = field(default_factory=lambda: {"TableName": "partyline", "FormatLevel": str(NEWEST)})
    weights: dict[str, float] = field(default_factory=dict)
    releases: dict[str, str] = field(default_factory=lambda: {"current": "new", "$LATEST": "new"})

    def build_client(self, service: str) -> Any:
        """The client of a service: moto's, or this."""
        return self.dynamodb if service == "dynamodb" else self

    def describe_stacks(self, **given: str) -> dict[str, Any]:
        outputs = [{"OutputKey": key, "OutputValue": value} for key, value in self.outputs.items()]
        return {
            "Stacks": [{"Outputs": outputs, "StackStatus": self.status, "LastUpdatedTime": NOW - timedelta(hours=1)}]
        }

    def describe_stack_events(self, **given: str) -> dict[str, Any]:
        assert given == {"StackName": "partyline"}
        return {"StackEvents": [{"Timestamp": self.updated}, {"Timestamp": NOW - timedelta(hours=2)}]}

    def get_paginator(self, operation: str) -> Any:
        assert operation == "list_stack_resources"
        return self

    def paginate(self, **given: str) -> list[dict[str, Any]]:
        kinds = {"partyline": "AWS::DynamoDB::Table", "relay": "AWS::Lambda::Function"}
        return [
            {"StackResourceSummaries": [{"PhysicalResourceId": name, "ResourceType": kind}]}
            for name, kind in kinds.items()
        ]

    def get_alias(self, **given: str) -> dict[str, Any]:
        assert given == {"FunctionName": "relay", "Name": "current"}
        return {"FunctionVersion": "2", "RoutingConfig": {"AdditionalVersionWeights": self.weights}}

    def get_function_configuration(self, **given: str) -> dict[str, Any]:
        return {"Environment": {"Variables": {"RELEASE": self.releases[given["Qualifier"]]}}}


@pytest.fixture
def stack(client: Any, table: Table) -> Stack:
    return Stack(client)


def finalize(stack: Stack, *arguments: str) -> int:
    return finalize_upgrade.main(["partyline", *arguments], stack.build_client, lambda: NOW)


def test_nothing_is_raised_without_yes(stack: Stack, table: Table, capsys: pytest.CaptureFixture[str]) -> None:
    assert finalize(stack) == 0
    assert "ready" in capsys.readouterr().out
    assert stored_format.fetch_level(table) == FIRST


def test_with_yes_the_level_is_raised_and_a_repeat_does_nothing(
    stack: Stack, table: Table, capsys: pytest.CaptureFixture[str]
) -> None:
    assert finalize(stack, "--yes") == 0
    assert stored_format.fetch_level(table) == NEWEST
    assert finalize(stack, "--yes") == 0
    assert capsys.readouterr().out.splitlines() == [
        f"done: the stored format has level {NEWEST}",
        f"nothing to do: the stored format has level {NEWEST}",
    ]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda stack: stack.outputs.pop("FormatLevel"), "knows no level"),
        (lambda stack: setattr(stack, "status", "UPDATE_IN_PROGRESS"), "UPDATE_IN_PROGRESS"),
        (lambda stack: setattr(stack, "status", "UPDATE_ROLLBACK_FAILED"), "UPDATE_ROLLBACK_FAILED"),
        (lambda stack: setattr(stack, "status", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"), "being changed"),
        (lambda stack: setattr(stack, "updated", NOW - timedelta(minutes=14)), "less than 15 minutes"),
        (lambda stack: stack.weights.update({"1": 0.9}), "relay is still called in two versions"),
        (lambda stack: stack.releases.update(current="old"), "relay was taken back"),
    ],
)
def test_it_refuses_while_an_older_release_may_run(
    stack: Stack, table: Table, capsys: pytest.CaptureFixture[str], change: Callable[[Stack], object], reason: str
) -> None:
    change(stack)
    assert finalize(stack, "--yes") == 1
    assert reason in capsys.readouterr().out
    assert stored_format.fetch_level(table) == FIRST


def test_the_template_tells_the_level_that_its_code_knows() -> None:
    assert TEMPLATE["Outputs"]["FormatLevel"]["Value"] == str(NEWEST)


def test_an_account_can_be_created_in_a_table_that_was_finalized_before(stack: Stack, table: Table) -> None:
    assert finalize(stack, "--yes") == 0
    services.create_account(table, "IS1", NOW)
    assert services.fetch(table, "IS1")
    assert stored_format.fetch_level(table) == NEWEST
