"""The schedules of timers, messages and the sweeper: what to check at which time.

The cost of listing what is due does not depend on the other entries.

An entry only names what to check. The check reads whether there is something to do. So an outdated entry does no harm,
and a check whose time has moved gets another entry.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from functools import partial
from itertools import islice

from partyline.frozen_classes import frozen
from partyline.serialization import format_time, parse_time
from partyline.storage import keys, parallel_reads
from partyline.storage.attribute_values import Item
from partyline.storage.table import Table, Write, delete, put


class ScheduleKind(StrEnum):
    """The kind of what is checked."""

    CONVERSATION = "conversation"
    CONNECTION = "connection"
    SCHEDULED_MESSAGE = "scheduled-message"
    SWEEP = "sweep"


# Those that have a schedule of their own: the timers do not wait for them, and version 0.2.0 does not read it.
_SCHEDULES = {ScheduleKind.SCHEDULED_MESSAGE: keys.DUE_MESSAGES, ScheduleKind.SWEEP: keys.DUE_SWEEPS}


@frozen
class ScheduledEntry:
    """An entry of the schedule: check something at a time.

    `conversation_sid` is where a scheduled message is found, or the message from which a sweep begins.
    """

    kind: ScheduleKind
    sid: str
    at: datetime
    conversation_sid: str | None = None


def build_entry(kind: ScheduleKind, sid: str, at: datetime, conversation_sid: str | None = None) -> Write:
    """Build the write of an entry."""
    return put(
        "due",
        _key(ScheduledEntry(kind, sid, at)),
        {"kind": kind.value, "sid": sid, "at": format_time(at), "conversation_sid": conversation_sid},
    )


def list_overdue(table: Table, now: datetime, name: str = keys.DUE) -> Iterator[ScheduledEntry]:
    """Iterate over every entry of a schedule that is due, the oldest first."""
    return heapq.merge(*list_shards(table, now, name), key=_order_of)


def fetch_oldest(table: Table, now: datetime, most: int, name: str = keys.DUE) -> list[ScheduledEntry]:
    """Read the oldest entries of a schedule that are due: one round trip for some, each shard beside the others."""
    shards = [partial(_read_oldest, shard, most) for shard in list_shards(table, now, name)]
    return [*islice(heapq.merge(*parallel_reads.read_all(shards), key=_order_of), most)]


def list_shards(table: Table, now: datetime, name: str) -> list[Iterator[ScheduledEntry]]:
    """List the shards of a schedule: in each every entry that is due, the oldest first."""
    return [_list_shard(table, keys.due(name, number).pk, now) for number in range(keys.SHARDS)]


def _read_oldest(shard: Iterator[ScheduledEntry], most: int) -> list[ScheduledEntry]:
    return [*islice(shard, most)]


def _order_of(entry: ScheduledEntry) -> tuple[datetime, str]:
    return entry.at, entry.sid


def _list_shard(table: Table, partition: str, now: datetime) -> Iterator[ScheduledEntry]:
    after: Item | None = None
    while True:
        # "$" sorts behind the "#" that ends a time.
        page = table.query(partition, between=("0", format_time(now) + "$"), after=after)
        for item in page.items:
            yield ScheduledEntry(
                ScheduleKind(item["kind"]), item["sid"], parse_time(item["at"]), item.get("conversation_sid")
            )
        after = page.last_key
        if after is None:
            return


def delete_entry(table: Table, entry: ScheduledEntry) -> None:
    """Delete an entry."""
    table.written(delete("due", _key(entry)))


def _key(entry: ScheduledEntry) -> keys.Key:
    name = _SCHEDULES.get(entry.kind, keys.DUE)
    return keys.due(name, keys.shard_of(entry.sid), format_time(entry.at), entry.kind.value, entry.sid)
