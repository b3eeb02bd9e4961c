"""What is to be looked at when its time has come. Asking costs by what is due, whatever else waits.

An entry says only where to look; whether there is something to do is found there. So one that is out of date does no
harm, and what moved on meanwhile is entered anew.
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
    """What is looked at."""

    CONVERSATION = "conversation"
    CONNECTION = "connection"


@dataclass(frozen=True, slots=True)
class ScheduledEntry:
    """An entry."""

    kind: ScheduleKind
    sid: str
    at: datetime


def build_entry(kind: ScheduleKind, sid: str, at: datetime) -> Write:
    """Enter something to be looked at."""
    return put(
        "due",
        _key(ScheduledEntry(kind, sid, at)),
        {"kind": kind.value, "sid": sid, "at": format_time(at)},
    )


def list_overdue(table: Table, now: datetime) -> Iterator[ScheduledEntry]:
    """Everything whose time has come, oldest first in each shard."""
    for number in range(keys.SHARDS):
        within = keys.due(number)
        after: Item | None = None
        while True:
            # "$" sorts behind the "#" that ends a time.
            page = table.query(within.pk, between=("0", format_time(now) + "$"), after=after)
            for item in page.items:
                yield ScheduledEntry(ScheduleKind(item["kind"]), item["sid"], parse_time(item["at"]))
            after = page.last_key
            if after is None:
                break


def delete_entry(table: Table, looked_at: ScheduledEntry) -> None:
    """Strike an entry."""
    table.written(delete("due", _key(looked_at)))


def _key(looked_at: ScheduledEntry) -> keys.Key:
    number = keys.shard_of(looked_at.sid)
    return keys.due(number, format_time(looked_at.at), looked_at.kind.value, looked_at.sid)
