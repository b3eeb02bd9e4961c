"""Write an item so that a write of one's own is not taken for another's.

A client repeats a request whose answer was lost. Where the first attempt was carried out, the condition of the second
does not hold, by what the first has stored. A transaction has a token against that. A single write is recognized here
by what it leaves.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from partyline.errors import Conflict
from partyline.storage import retry
from partyline.storage.attribute_values import from_dynamo, to_dynamo
from partyline.storage.table import Table, Write


def make(table: Table, write: Write, left: Mapping[str, Any]) -> None:
    """Make a write with a condition. It counts as made where the item found is what the write leaves.

    No other writer may leave the same: `left` needs a new SID, a token or a moment.

    Raises Conflict.
    """
    try:
        retry.STANDARD.run(lambda: table.write(write), can_retry=retry.is_race)
    except Conflict as conflict:
        found = conflict.failed.get(write.label)
        if not found or not _is_left(write, left, found):
            raise


def _is_left(write: Write, left: Mapping[str, Any], found: Mapping[str, Any]) -> bool:
    """Return whether an item is what a write leaves: of a whole item all of it, or else its attributes."""
    if write.operation == "Put":
        return from_dynamo(write.parameters["Item"]) == found
    stored = {name: value for name, value in left.items() if value is not None}
    return from_dynamo(to_dynamo(stored)).items() <= found.items()


def is_made(table: Table, write: Write, left: Mapping[str, Any]) -> bool:
    """Make a write as `make` does; return whether its condition held. Raises Conflict for a race that goes on."""
    try:
        make(table, write, left)
    except Conflict as conflict:
        if not conflict.failed:
            raise
        return False
    return True
