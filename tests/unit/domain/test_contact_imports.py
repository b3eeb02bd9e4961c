"""Files of contacts: columns, rows, and what is wrong with them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partyline.domain import contact_csv, contact_imports
from partyline.domain.contact_imports import MAX_REJECTED, ContactImport
from partyline.domain.contacts import Contact, ContactNumber, DoNotDisturb
from partyline.errors import RuleViolation

NOW = datetime(2026, 11, 28, tzinfo=UTC)
COLUMNS = contact_csv.COLUMNS


def of(*columns: str) -> ContactImport:
    return ContactImport("CI1", "IS1", "boss", NOW, NOW, columns, 1)


@pytest.mark.parametrize(
    ("head", "columns"),
    [
        ("friendly_name,number_1", ("friendly_name", "number_1")),
        ("Name , Phone,Label\r\nBob,1,x", ("friendly_name", "number_1", "label_1")),
        ("friendly name,Do Not Disturb", ("friendly_name", "do_not_disturb")),
        (",".join(COLUMNS), COLUMNS),
    ],
)
def test_the_first_row_names_the_columns(head: str, columns: tuple[str, ...]) -> None:
    assert contact_imports.parse_head(head) == columns


@pytest.mark.parametrize(
    "head", ["", "number_1", "name,friendly_name", "friendly_name,color", "name,number_1,number_1"]
)
def test_other_first_rows_are_refused(head: str) -> None:
    with pytest.raises(RuleViolation) as violation:
        contact_imports.parse_head(head)
    assert violation.value.details["name"] == "body"


@pytest.mark.parametrize(("text", "rows"), [("name\nBob", 1), ('name\n"Bob\nMiller"\n\n , \nKay\n', 2)])
def test_rows_are_counted_without_empty_ones(text: str, rows: int) -> None:
    assert contact_imports.count_rows(text) == rows


@pytest.mark.parametrize("text", ["name", "name\n\n", "name\n" + "x" * 140_000, "name\n" + "x\n" * 100_001])
def test_files_without_rows_or_with_too_many_are_refused(text: str) -> None:
    with pytest.raises(RuleViolation):
        contact_imports.count_rows(text)


def test_what_was_exported_can_be_imported() -> None:
    numbers = (ContactNumber("+12065550150", "mobile", primary=True), ContactNumber("+12065550151", "=work"))
    contact = Contact("CT1", "IS1", '-Bob, "B"', NOW, NOW, numbers, "@ann", DoNotDisturb(NOW, "ann", "+"), '{"a": 1}')
    text = contact_csv.format_rows([COLUMNS, contact_csv.build_row(contact)])
    [cells] = contact_imports.iterate_rows(text)
    read = contact_imports.parse_row(of(*contact_imports.parse_head(text)), 1, cells)
    assert (read.friendly_name, read.numbers, read.owner, read.attributes) == (
        contact.friendly_name,
        contact.numbers,
        contact.owner,
        contact.attributes,
    )
    assert read.do_not_disturb == DoNotDisturb(NOW, "boss", "+")
    assert contact_imports.parse_row(of(*COLUMNS), 1, cells).sid == read.sid
    assert contact_imports.parse_row(of(*COLUMNS), 2, cells).sid != read.sid


@pytest.mark.parametrize(
    ("cells", "column"),
    [
        ({"friendly_name": " "}, "friendly_name"),
        ({"friendly_name": "x" * 257}, "friendly_name"),
        ({"friendly_name": "a\u202eb"}, "friendly_name"),
        ({"number_1": "bob"}, "Numbers"),
        ({"number_1": "206-555-0150", "number_2": "+12065550150"}, "Numbers"),
        ({"number_1": "206-555-0150", "label_1": "x" * 65}, "label_1"),
        ({"owner": "ü" * 129}, "owner"),
        ({"owner": "system"}, "owner"),
        ({"do_not_disturb": "yes"}, "do_not_disturb"),
        ({"do_not_disturb_reason": "tired"}, "DoNotDisturbReason"),
        ({"attributes": "{"}, "attributes"),
        ({"attributes": "[" * 100_000}, "attributes"),
        ({"attributes": '{"a": NaN}'}, "attributes"),
        ({"attributes": r'"\ud800"'}, "attributes"),
    ],
)
def test_what_is_wrong_with_a_row_names_the_column(cells: dict[str, str], column: str) -> None:
    given_cells: dict[str, Any] = {"friendly_name": "Bob", **cells}
    with pytest.raises(RuleViolation) as violation:
        contact_imports.parse_row(of(*given_cells), 1, list(given_cells.values()))
    assert violation.value.details["name"] == column


def test_a_row_may_be_shorter_than_the_head_and_not_longer() -> None:
    assert contact_imports.parse_row(of("friendly_name", "owner"), 1, ["Bob"]).owner is None
    with pytest.raises(RuleViolation):
        contact_imports.parse_row(of("friendly_name"), 1, ["Bob", "ann"])


@given(st.text(max_size=60))
def test_no_file_breaks_the_parser(text: str) -> None:
    named = set()
    for parse in (contact_imports.parse_head, contact_imports.count_rows):
        try:
            parse(text)
        except RuleViolation as violation:
            named.add(violation.details["name"])
    assert named <= {"body"}


@given(st.lists(st.text(max_size=20_000), max_size=40))
def test_a_rejected_row_has_a_limited_size(cells: list[str]) -> None:
    found = contact_imports.reject(1, cells, "problem")
    assert sum(map(len, found.cells)) <= MAX_REJECTED
    assert len(found.cells) <= len(COLUMNS)
