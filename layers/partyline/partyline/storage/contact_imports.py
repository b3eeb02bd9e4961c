"""Imports of contacts, and the rows that they reject. A run is handed to the relay by an item of its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from partyline.domain.contact_imports import ContactImport, RejectedRow
from partyline.storage import codec, contact_keys
from partyline.storage.attribute_values import Item
from partyline.storage.table import NEW, Condition, Table, change, put

# How long an import, its file and its rejected rows are stored.
LIFE = timedelta(days=7)
OUTBOX = "contact_import"


def create(table: Table, imported: ContactImport) -> None:
    """Store a new import and start its first run."""
    item = {**codec.encode(imported), "ttl": _expiry(imported)}
    table.transact([put("import", contact_keys.contact_import(imported.sid), item, NEW), _run_write(imported)])


def restart(table: Table, before: ContactImport, after: ContactImport) -> bool:
    """Start another run; return False when another request has started one since `before` was read."""
    return table.written(_change_write(before, after), _run_write(after))


def advance(table: Table, before: ContactImport, after: ContactImport, rejected: Sequence[RejectedRow]) -> bool:
    """Store how far a run is, and the rows that it rejected. Returns False when another invocation was faster.

    The rejected rows are stored first: a repeat stores the same ones.
    """
    ttl = _expiry(before)
    rows = [
        put("row", contact_keys.rejected_row(before.sid, before.run, one.row), {**codec.encode(one), "ttl": ttl})
        for one in rejected
    ]
    table.transact_apart(rows)
    return table.written(_change_write(before, after))


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
