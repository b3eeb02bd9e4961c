"""Groups of writes, in as many transactions as they need."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from partyline.storage.table import MAX_TRANSACTION, Table, Write


def write_groups(table: Table, groups: Iterable[Sequence[Write]]) -> None:
    """Make groups of writes, all of a group in one transaction.

    Raises Conflict at the first transaction that was not written; those before it were.
    """
    together: list[Write] = []
    for group in groups:
        parts = [part for write in group for part in write.build_parts(table.find_level)]
        if len(together) + len(parts) > MAX_TRANSACTION:
            table.transact(together)
            together = []
        together += parts
    if together:
        table.transact(together)
