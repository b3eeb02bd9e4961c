"""Quotas: counters of the requests of an identity and of a live connection, for each window of time.

An identity has one item for all its counters. The counter of a connection is in the connection's item. The first
request in a window costs two writes, each further one costs one.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from partyline.errors import Conflict
from partyline.storage import keys, retry
from partyline.storage.attribute_values import Item
from partyline.storage.keys import Key
from partyline.storage.table import Condition, Table, change

# The length of a window, in seconds.
SECONDS = 10
# The most in one window: requests of an identity that change something, frames that it sends and connections that it
# opens together, and frames of one connection.
MAX_WRITES = 100
MAX_ASKED = 200
MAX_FRAMES = 50

_WRITES, _ASKED, _FRAMES = "writes", "asked", "frames"
# Longer than a window.
_LIFE = timedelta(hours=1)


def exceeds_write_quota(table: Table, service_sid: str, identity: str, now: datetime) -> bool:
    """Count a request that changes something; return whether its identity has made too many."""
    return _count_of_identity(table, service_sid, identity, now, _WRITES) > MAX_WRITES


def exceeds_frame_quota(table: Table, service_sid: str, identity: str, now: datetime) -> bool:
    """Count a frame or an opened connection; return whether its identity has made too many."""
    return _count_of_identity(table, service_sid, identity, now, _ASKED) > MAX_ASKED


def count_frame(table: Table, connection: Key, now: datetime) -> Item | None:
    """Count a frame in a connection's item; return the item, None when there is none."""
    return _count(table, connection, now, _FRAMES, only_existing=True)


def frames_counted(connection: Item) -> int:
    """Return how many frames a connection's item has counted within its window."""
    return int(connection[_FRAMES])


def _count_of_identity(table: Table, service_sid: str, identity: str, now: datetime, name: str) -> int:
    item = _count(table, keys.quota(service_sid, identity), now, name) or {}
    return int(item[name])


def _count(table: Table, key: Key, now: datetime, name: str, *, only_existing: bool = False) -> Item | None:
    """Increment a counter of an item in the current window; return the item.

    A function whose clock is behind counts in the stored window. Raises Conflict when other requests win every race.
    """
    window = int(now.timestamp()) // SECONDS
    exists = "attribute_exists(PK) AND " if only_existing else ""
    names, values = {"#window": "window"}, {":window": window}
    is_current = Condition(f"{exists}#window >= :window", names, values)
    is_past = Condition(f"{exists}(attribute_not_exists(#window) OR #window < :window)", names, values)
    others = dict.fromkeys({_WRITES, _ASKED, _FRAMES} - {name})
    # A connection's item is deleted with the connection.
    expiry = {} if only_existing else {"ttl": int((now + _LIFE).timestamp())}

    def attempt() -> Item | None:
        try:
            return table.write(change("quota", key, {}, is_current, adds={name: 1}))
        except Conflict as conflict:
            if only_existing and conflict.failed == {"quota": {}}:
                return None
        return table.write(change("quota", key, {**others, **expiry, "window": window, name: 1}, is_past))

    return retry.STANDARD.run(attempt)
