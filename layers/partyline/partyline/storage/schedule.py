"""The schedule: what to check at which time. The cost of listing what is due does not depend on the other entries.

An entry only names what to check. The check reads whether there is something to do. So an outdated entry does no harm,
and a check whose time has moved gets another entry.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from partyline.serialization import format_time, parse_time
from partyline.storage import keys
from partyline.storage.attribute_values import Item
from partyline.storage.table import Table, Write, delete, put


class ScheduleKind(StrEnum):
    """The kind of what is checked."""

    CONVERSATION = "conversation"
    CONNECTION = "connection"


@dataclass(frozen=True, slots=True)
class ScheduledEntry:
    """An entry of the schedule: check something at a time."""

    kind: ScheduleKind
    sid: str
    at: datetime


def build_entry(kind: ScheduleKind, sid: str, at: datetime) -> Write:
    """Build the write of an entry."""
    return put(
        "due",
        _key(ScheduledEntry(kind, sid, at)),
        {"kind": kind.value, "sid": sid, "at": format_time(at)},
    )


def list_overdue(table: Table, now: datetime) -> Iterator[ScheduledEntry]:
    """Yield every entry that is due, oldest first in each shard."""
    for number in range(keys.SHARDS):
        partition = keys.due(number).pk
        after: Item | None = None
        while True:
            # "$" sorts behind the "#" that ends a time.
            page = table.query(partition, between=("0", format_time(now) + "$"), after=after)
            for item in page.items:
                yield ScheduledEntry(ScheduleKind(item["kind"]), item["sid"], parse_time(item["at"]))
            after = page.last_key
            if after is None:
                break


def delete_entry(table: Table, entry: ScheduledEntry) -> None:
    """Delete an entry."""
    table.written(delete("due", _key(entry)))


def _key(entry: ScheduledEntry) -> keys.Key:
    number = keys.shard_of(entry.sid)
    return keys.due(number, format_time(entry.at), entry.kind.value, entry.sid)
