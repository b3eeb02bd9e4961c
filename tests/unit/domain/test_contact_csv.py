"""Contacts as CSV: every cell survives, and none is a formula."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from partyline.domain import contact_csv
from partyline.domain.contacts import Contact, ContactNumber, DoNotDisturb

NOW = datetime(2026, 11, 28, tzinfo=UTC)
cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)


@given(st.lists(st.lists(cells, min_size=2, max_size=4), max_size=4))
def test_no_cell_is_a_formula_and_all_come_back(rows: list[list[str]]) -> None:
    read = list(csv.reader(io.StringIO(contact_csv.format_rows(rows), newline="")))
    assert len(read) == len(rows)
    for row, written in zip(read, rows, strict=True):
        assert [
            cell if cell == given else cell.removeprefix("'") for cell, given in zip(row, written, strict=True)
        ] == written
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row)


def test_a_row_has_the_primary_number_first() -> None:
    numbers = (ContactNumber("+12065550150", "mobile"), ContactNumber("+12065550151", "work", primary=True))
    contact = Contact("CT1", "IS1", "Bob", NOW, NOW, numbers, "ann", DoNotDisturb(NOW, "ann", "tired"), '{"a": 1}')
    row = dict(zip(contact_csv.COLUMNS, contact_csv.build_row(contact), strict=True))
    assert {name: cell for name, cell in row.items() if cell} == {
        "sid": "CT1",
        "friendly_name": "Bob",
        "owner": "ann",
        "do_not_disturb": "true",
        "do_not_disturb_reason": "tired",
        "attributes": '{"a": 1}',
        "number_1": "+12065550151",
        "label_1": "work",
        "number_2": "+12065550150",
        "label_2": "mobile",
    }
