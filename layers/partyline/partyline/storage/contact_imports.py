"""Imports of contacts, and the rows that they reject. A run is handed to the relay by an item of its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from partyline.domain.contact_imports import ContactImport, RejectedRow
from partyline.storage import codec, contact_keys, own_writes
from partyline.storage.attribute_values import Item
from partyline.storage.grouped_writes import write_groups
from partyline.storage.table import NEW, Condition, Table, change, put

# How long an import, its file and its rejected rows are stored.
LIFE = timedelta(days=7)
OUTBOX = "contact_import"


def create(table: Table, imported: ContactImport) -> None:
    """Store a new import, before its file: whatever becomes of the request, the file is deleted with the item."""
    item = {**codec.encode(imported), "ttl": _expiry(imported)}
    own_writes.make(table, put("import", contact_keys.contact_import(imported.sid), item, NEW), item)


def start(table: Table, imported: ContactImport) -> None:
    """Start the first run of an import, once its file is stored."""
    own_writes.make(table, _run_write(imported), {"sid": imported.sid, "run": imported.run})


def restart(table: Table, before: ContactImport, after: ContactImport) -> bool:
    """Start another run; return False when another request has started one since `before` was read."""
    return table.written(_change_write(before, after), _run_write(after))


def advance(
    table: Table,
    before: ContactImport,
    after: ContactImport,
    rejected: Sequence[RejectedRow] = (),
    checked: Mapping[str, int] | None = None,
) -> bool:
    """Store how far a run is, the rows that it rejected, and the rows of the numbers that a dry run accepted.

    Returns False when another invocation was faster. A repeat stores the same rows and numbers.
    """
    ttl = _expiry(before)
    rows = [
        put("row", contact_keys.rejected_row(before.sid, before.run, one.row), {**codec.encode(one), "ttl": ttl})
        for one in rejected
    ]
    numbers = [
        put("number", contact_keys.checked_number(before.sid, before.run, number), {"row": row, "ttl": ttl})
        for number, row in (checked or {}).items()
    ]
    write_groups(table, ([one] for one in (*rows, *numbers)))
    return own_writes.is_made(table, _change_write(before, after), codec.encode(after))


def fetch_checked(table: Table, imported: ContactImport, numbers: Iterable[str]) -> dict[str, int]:
    """Read which of some numbers a dry run has accepted, each with its row: one round trip for each hundred."""
    wanted = {contact_keys.checked_number(imported.sid, imported.run, number): number for number in numbers}
    return {wanted[key]: item["row"] for key, item in table.get_all(wanted).items()}


def fetch(table: Table, sid: str) -> ContactImport | None:
    """Read an import; return None when there is none."""
    item = table.get(contact_keys.contact_import(sid))
    return codec.decode(ContactImport, item) if item else None


def _change_write(before: ContactImport, after: ContactImport) -> Any:
    condition = Condition(
        "#run = :run AND #read = :read AND #state = :state",
        {"#run": "run", "#read": "read", "#state": "state"},
        {":run": before.run, ":read": before.read, ":state": before.state.value},
    )
    return change("import", contact_keys.contact_import(before.sid), codec.encode(after), condition)


def _run_write(imported: ContactImport) -> Any:
    item: Item = {"outbox": OUTBOX, "sid": imported.sid, "run": imported.run, "ttl": _expiry(imported)}
    return put("run", contact_keys.contact_import_run(imported.sid, imported.run), item, NEW)


def _expiry(imported: ContactImport) -> int:
    return int((imported.created + LIFE).timestamp())
