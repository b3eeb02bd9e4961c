"""DynamoDB's units by its documentation, and what is made of them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.capacity import pages, units
from tests.support.capacity.flows import INBOUND, FlowCount
from tests.support.capacity.limits import Assumptions, StackLimits
from tests.support.capacity.meter import Usage
from tests.support.capacity.stack import matches
from tests.support.capacity.template import StackTemplate
from tests.support.capacity.units import TableIndex

INDEX = TableIndex("GSI1", ("GSI1PK", "GSI1SK"))


def item(size: int, **more: str) -> dict[str, Any]:
    """An item of a size in bytes."""
    stored = {"PK": {"S": "a"}, **{name: {"S": value} for name, value in more.items()}}
    return {**stored, "x": {"S": "x" * (size - units.measure(stored) - 1)}}


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ({"S": "é"}, 2),
        ({"N": "0"}, 1),
        ({"N": "1785283200"}, 5),
        ({"N": "-12345"}, 5),
        ({"BOOL": True}, 1),
        ({"NULL": True}, 1),
        ({"L": []}, 3),
        ({"L": [{"S": "ab"}, {"N": "7"}]}, 3 + 3 + 3),
        ({"M": {"ab": {"S": "cd"}}}, 3 + 1 + 4),
    ],
)
def test_size_of_a_value_is_that_of_the_documentation(value: Any, size: int) -> None:
    assert units.measure({"n": value}) == 1 + size


def test_write_takes_a_unit_for_each_kilobyte_of_the_larger_image() -> None:
    assert [units.count_write(None, item(size)) for size in (10, 1024, 1025, 2049)] == [1, 1, 2, 3]
    assert units.count_write(item(3000), item(10)) == units.count_write(item(10), item(3000)) == 3
    assert units.count_write(None, None) == 1


@pytest.mark.parametrize(
    ("before", "after", "taken"),
    [
        (None, item(100), 0),
        (None, item(2000, GSI1PK="l", GSI1SK="1"), 2),
        (item(2000, GSI1PK="l", GSI1SK="1"), None, 2),
        (item(2000, GSI1PK="l", GSI1SK="1"), item(100, GSI1PK="l", GSI1SK="1"), 2),
        (item(100, GSI1PK="l", GSI1SK="1"), item(100, GSI1PK="l", GSI1SK="1"), 0),
        (item(100, GSI1PK="l", GSI1SK="1"), item(2000, GSI1PK="l", GSI1SK="2"), 1 + 2),
        (item(100, GSI1PK="l"), item(100, GSI1PK="m"), 0),
    ],
)
def test_index_is_written_when_what_it_has_changes(before: Any, after: Any, taken: int) -> None:
    assert units.count_index_writes(INDEX, before, after) == taken


def test_read_takes_a_unit_for_each_four_kilobytes_of_an_item_or_of_a_query() -> None:
    read = [item(4097), item(10), None]
    assert units.count_read(read, consistent=True) == 2 + 1 + 1
    assert units.count_read(read, consistent=False) == 2
    assert units.count_query([item(2000), item(2000)], consistent=True) == 1
    assert units.count_query([], consistent=True) == 1
    assert units.count_query([], consistent=False) == 0.5


def test_filter_of_the_stream_passes_what_lambda_passes() -> None:
    pattern = {"eventName": ["INSERT"], "dynamodb": {"NewImage": {"outbox": {"S": [{"exists": True}]}}}}
    record = {"eventName": "INSERT", "dynamodb": {"NewImage": {"outbox": {"S": "message"}}}}
    assert matches(pattern, record)
    assert not matches(pattern, {**record, "eventName": "MODIFY"})
    assert not matches(pattern, {"eventName": "INSERT", "dynamodb": {"NewImage": {}}})
    assert not matches(pattern, {"eventName": "INSERT", "dynamodb": {}})


def stack(parameters: dict[str, str], **assumed: float) -> StackLimits:
    """A stack in which a text is one webhook of a carrier and one call of a webhook."""
    parts = {
        "inbound": Usage(writes=10, trips=2, invocations=1),
        "callbacks": Usage(invocations=1, calls=1),
    }
    count = FlowCount(INBOUND, 1, parts, 0, 0, {"CallbacksQueue": 1}, {("reads", "ACCOUNT"): 3}, {}, 5)
    nothing = dict.fromkeys(
        ("table_seconds", "table_processor_seconds", "request_processor_seconds", "run_processor_seconds"), 0.0
    )
    return StackLimits(StackTemplate(parameters), Assumptions(**{**nothing, **assumed}), count)


def test_limits_are_those_of_the_template_and_of_the_assumptions() -> None:
    limits = stack({"CallbackConcurrency": "100", "TableWarmWrites": "5000"}, webhook_seconds=0.5, table_seconds=0.25)
    found = {limit.part: limit.texts for limit in limits.list()}

    assert found == {
        "webhooks of carriers": 10_000,
        "`callbacks`, by `CallbacksQueue`": 100 / 0.5,
        "functions that run at once": 1000 / (0.5 + 0.5),
        "writes of the table": 5000 / 10,
        "reads of the partition `ACCOUNT`": 3000 / 3,
        "one conversation": 1000 / 5,
    }
    assert [*found.values()] == sorted(found.values())


def test_parameter_that_the_template_does_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match="no parameter Nothing"):
        stack({"Nothing": "1"}).list()


def test_page_keeps_what_is_written_by_hand() -> None:
    page = "a\n<!-- counted: one -->\nold\n<!-- end -->\nb\n<!-- counted: two -->\n<!-- end -->\n"
    filled = "a\n<!-- counted: one -->\n\n1\n\n<!-- end -->\nb\n<!-- counted: two -->\n\n2\n\n<!-- end -->\n"

    assert pages.fill(page, {"one": "1\n", "two": "2\n"}) == filled
    assert pages.fill(filled, {"one": "1\n", "two": "2\n"}) == filled
