"""The note that the table is a copy that was restored from a backup.

What happened after the moment of the backup is not in it: a send that nobody has claimed here may have left.
"""

from __future__ import annotations

from datetime import datetime

from partyline.serialization import format_time, parse_time
from partyline.storage import restoration_keys
from partyline.storage.table import Table, put


def record(table: Table, at: datetime) -> None:
    """Record that the table was restored at a time. The last time counts."""
    table.write(put("restoration", restoration_keys.restoration(), {"at": format_time(at)}))


def fetch(table: Table) -> datetime | None:
    """Return when the table was restored; None when it was not."""
    item = table.get(restoration_keys.restoration())
    return parse_time(item["at"]) if item else None
