"""How much an identity, and a live connection, has asked for lately: counters that begin anew with each window of time.

An identity has one item for all that it does; a connection counts in its own. The first of a window costs two writes,
each other one.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from partyline.errors import Conflict
from partyline.storage import keys, retry
from partyline.storage.attribute_values import Item
from partyline.storage.keys import Key
from partyline.storage.table import Condition, Table, change

# The length of a window.
SECONDS = 10
# Within one: requests of an identity that change something, frames of it that ask for something and connections that it
# opens, and frames of one connection.
MAX_WRITES = 100
MAX_ASKED = 200
MAX_FRAMES = 50

_WRITES, _ASKED, _FRAMES = "writes", "asked", "frames"
# Longer than a window, and no more.
_LIFE = timedelta(hours=1)


def exceeds_write_quota(table: Table, service_sid: str, identity: str, now: datetime) -> bool:
    """Count a request that changes something: whether it is one too many of an identity's."""
    return _of_identity(table, service_sid, identity, now, _WRITES) > MAX_WRITES


def exceeds_frame_quota(table: Table, service_sid: str, identity: str, now: datetime) -> bool:
    """Count a frame, or a connection that opens: whether it is one too many of an identity's."""
    return _of_identity(table, service_sid, identity, now, _ASKED) > MAX_ASKED


def count_frame(table: Table, connection: Key, now: datetime) -> Item | None:
    """Count a frame in a connection's item, and read that: None when it is not there."""
    return _count(table, connection, now, _FRAMES, only_existing=True)


def frames_counted(connection: Item) -> int:
    """How many frames a connection's item has counted within its window."""
    return int(connection[_FRAMES])


def _of_identity(table: Table, service_sid: str, identity: str, now: datetime, name: str) -> int:
    item = _count(table, keys.quota(service_sid, identity), now, name) or {}
    return int(item[name])


def _count(table: Table, key: Key, now: datetime, name: str, *, only_existing: bool = False) -> Item | None:
    """The item after one more of something in this window. A clock that is behind counts in the window that is there.

    Raises Conflict when others always come first.
    """
    window = int(now.timestamp()) // SECONDS
    there = "attribute_exists(PK) AND " if only_existing else ""
    names, values = {"#window": "window"}, {":window": window}
    goes_on = Condition(f"{there}#window >= :window", names, values)
    begins = Condition(f"{there}(attribute_not_exists(#window) OR #window < :window)", names, values)
    others = dict.fromkeys({_WRITES, _ASKED, _FRAMES} - {name})
    # A connection's item ends with the connection.
    ends = {} if only_existing else {"ttl": int((now + _LIFE).timestamp())}

    def attempt() -> Item | None:
        try:
            return table.write(change("quota", key, {}, goes_on, adds={name: 1}))
        except Conflict as conflict:
            if only_existing and conflict.failed == {"quota": {}}:
                return None
        return table.write(change("quota", key, {**others, **ends, "window": window, name: 1}, begins))

    return retry.STANDARD.run(attempt)
