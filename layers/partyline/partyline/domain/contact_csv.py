"""Contacts as rows of a CSV file. Pure.

A spreadsheet takes a cell that begins with `=`, `+`, `-` or `@` for a formula, which may send what is in the sheet to a
stranger; so such a cell, also each phone number, begins with an apostrophe, which a spreadsheet takes as "text".
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from partyline.domain.contacts import MAX_NUMBERS, Contact

# Tab and carriage return too: some programs ignore them before a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")

COLUMNS = (
    "sid",
    "friendly_name",
    "owner",
    "do_not_disturb",
    "do_not_disturb_reason",
    "attributes",
    *(f"{name}_{number}" for number in range(1, MAX_NUMBERS + 1) for name in ("number", "label")),
)


def format_rows(rows: Iterable[Sequence[str]]) -> str:
    """Format rows as CSV (RFC 4180), without cells that are formulas."""
    text = io.StringIO()
    csv.writer(text).writerows([_escape(cell) for cell in row] for row in rows)
    return text.getvalue()


def _escape(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def build_row(contact: Contact) -> list[str]:
    """Build the row of a contact, in the order of COLUMNS; the primary number is the first."""
    quiet = contact.do_not_disturb
    numbers = sorted(contact.numbers, key=lambda one: not one.primary)
    cells = [cell for one in numbers for cell in (one.number, one.label)]
    return [
        contact.sid,
        contact.friendly_name,
        contact.owner or "",
        "true" if quiet else "false",
        quiet.reason if quiet else "",
        contact.attributes,
        *cells,
        *[""] * (2 * MAX_NUMBERS - len(cells)),
    ]
