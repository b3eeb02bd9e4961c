"""Imports of contacts from a CSV file: the columns of a file, its rows as contacts, and how far an import is. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum

from partyline.domain import contacts, identities, json_texts, sids
from partyline.domain.contact_csv import COLUMNS, FORMULA
from partyline.domain.contacts import MAX_LABEL, MAX_NUMBERS, Contact, ContactNumber
from partyline.errors import RuleViolation
from partyline.frozen_classes import frozen, replace

MAX_ROWS = 100_000
# Characters of a rejected row: a hundred rows are stored in one transaction, which takes 4 MB.
MAX_REJECTED = 8_000
MAX_NAME = 256
MAX_REASON = 256
MAX_ATTRIBUTES = 4 * 1024
_NAME = "friendly_name"
# Other names of columns, as address books write them.
_ALIASES = {"name": _NAME, "number": "number_1", "label": "label_1", "phone": "number_1"}


class ImportState(StrEnum):
    """How far an import is. A failed one found its file or its Service gone."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"


@frozen
class ContactImport:
    """An import of a file.

    - `columns`: the names of the file's columns. `by`: who asked for it. `run`: counts the runs, first the dry one.
    - `rows`: how many the file has; of these `read` were read, and they were either `accepted` or `rejected`.
    """

    sid: str
    service_sid: str
    by: str
    created: datetime
    updated: datetime
    columns: tuple[str, ...]
    rows: int
    dry_run: bool = True
    run: int = 1
    state: ImportState = ImportState.QUEUED
    read: int = 0
    accepted: int = 0
    rejected: int = 0


@frozen
class RejectedRow:
    """A row that is no contact: its number from 1 without the head, its cells, and why."""

    row: int
    cells: tuple[str, ...]
    problem: str


def reject(row: int, cells: Sequence[str], problem: str) -> RejectedRow:
    """Build a rejected row. Of very long cells it has the beginnings."""
    kept, room = [], MAX_REJECTED
    for cell in cells:
        kept.append(cell[:room])
        room -= len(kept[-1])
    return RejectedRow(row, tuple(kept[: len(COLUMNS)]), problem)


def parse_head(text: str) -> tuple[str, ...]:
    """Return the columns of a file. Raises RuleViolation invalid_parameter."""
    try:
        head = next(csv.reader(io.StringIO(text, newline="")), [])
    except csv.Error as error:
        raise _invalid_file(str(error)) from None
    names = [cell.strip().lower().replace(" ", "_") for cell in head]
    columns = tuple(_ALIASES.get(name, name) for name in names)
    unknown = [name for name in columns if name not in COLUMNS]
    if unknown:
        raise _invalid_file(f"{unknown[0][:MAX_LABEL]} is no column: use {', '.join(COLUMNS[:8])}, ...")
    if _NAME not in columns or len(set(columns)) < len(columns):
        raise _invalid_file(f"its first row names the columns, each once, and {_NAME} is one of them")
    return columns


def count_rows(text: str) -> int:
    """Return how many rows a file has behind its head. Raises RuleViolation invalid_parameter."""
    try:
        rows = sum(1 for _ in iterate_rows(text))
    except csv.Error as error:
        raise _invalid_file(str(error)) from None
    if not 1 <= rows <= MAX_ROWS:
        raise _invalid_file(f"it has {rows} rows: give 1 to {MAX_ROWS}")
    return rows


def iterate_rows(text: str) -> Iterator[list[str]]:
    """Iterate over the rows behind the head, without empty ones."""
    reader = csv.reader(io.StringIO(text, newline=""))
    next(reader, None)
    return (row for row in reader if any(cell.strip() for cell in row))


def _invalid_file(problem: str) -> RuleViolation:
    return RuleViolation("invalid_parameter", name="body", problem=problem)


def parse_row(imported: ContactImport, row: int, cells: Sequence[str]) -> Contact:
    """Build the contact of a row; a repeat builds the same one. Raises RuleViolation invalid_parameter."""
    columns = imported.columns
    if len(cells) > len(columns):
        raise _invalid_cell(columns[-1], "the row has more cells than there are columns")
    given = {name: _unescape(cell.strip()) for name, cell in zip(columns, cells, strict=False)}
    blank = Contact(
        sids.derive(sids.CONTACT, imported.sid, str(row)), imported.service_sid, "", imported.updated, imported.updated
    )
    return replace(
        blank,
        friendly_name=_check(_NAME, given.get(_NAME, ""), MAX_NAME, is_required=True),
        numbers=_parse_numbers(given),
        owner=_parse_owner(given.get("owner", "")),
        do_not_disturb=contacts.set_do_not_disturb(
            None,
            wanted=_parse_boolean(given.get("do_not_disturb", "")),
            reason=_check("do_not_disturb_reason", given.get("do_not_disturb_reason", ""), MAX_REASON) or None,
            by=imported.by,
            now=imported.updated,
        ),
        attributes=_parse_attributes(given.get("attributes", "")),
    )


def _unescape(cell: str) -> str:
    """Return a cell without the apostrophe by which an export marks what is no formula."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(FORMULA) else cell


def _check(name: str, value: str, limit: int, *, is_required: bool = False) -> str:
    if len(value) > limit:
        raise _invalid_cell(name, f"it is longer than {limit} characters")
    if (is_required and not value) or not identities.is_visible(value):
        raise _invalid_cell(name, "it is a text of visible characters")
    return value


def _parse_numbers(given: Mapping[str, str]) -> tuple[ContactNumber, ...]:
    places = range(1, MAX_NUMBERS + 1)
    return contacts.check_numbers(
        [
            ContactNumber(number, _check(f"label_{place}", given.get(f"label_{place}", ""), MAX_LABEL))
            for place in places
            if (number := given.get(f"number_{place}", ""))
        ]
    )


def _parse_owner(value: str) -> str | None:
    if value and not identities.is_valid(value):
        raise _invalid_cell("owner", identities.RULE)
    return value or None


def _parse_boolean(value: str) -> bool | None:
    if value.lower() not in ("", "true", "false"):
        raise _invalid_cell("do_not_disturb", "use true or false")
    return None if not value else value.lower() == "true"


def _parse_attributes(value: str) -> str:
    if len(value.encode("utf-8", "surrogatepass")) > MAX_ATTRIBUTES:
        raise _invalid_cell("attributes", f"it is longer than {MAX_ATTRIBUTES} bytes")
    try:
        json_texts.parse_json(value or "{}")
    except ValueError:
        raise _invalid_cell("attributes", "it is not JSON") from None
    return value or "{}"


def _invalid_cell(name: str, problem: str) -> RuleViolation:
    return RuleViolation("invalid_parameter", name=name, problem=problem)
