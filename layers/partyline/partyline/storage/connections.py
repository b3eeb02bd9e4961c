"""Live connections: who listens now, found by identity, by Service, and by the connection's own id.

Each identity that listens has one item with all its connections, so that the hundred members of a conversation are one
batch; whoever hears of every conversation of the Service has a second one beside it. An item goes with its last
connection. A connection whose end nobody told us of is met by a push that finds it gone, or ends when it is due.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from partyline.domain.identities import is_too_long
from partyline.storage import keys, quotas, retry, schedule
from partyline.storage.attribute_values import Item
from partyline.storage.keys import Key
from partyline.storage.schedule import ScheduledEntry, ScheduleKind
from partyline.storage.table import NEW, Condition, Table, Write, change, delete, put

# How many an identity can have at a time.
MAX_PER_IDENTITY = 20

# What each connection's attribute of an identity's item begins with.
_ENTRY = "c:"
# Longer than any connection.
_FORGET = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Connection:
    """A live connection. `sid` is API Gateway's id, `key_sid` the API key that signed its token, and `until` when it
    ends at the latest, in Unix seconds. `supervises`: when it was made, its identity could see every conversation.
    `issued` is when its token was made, 0 for not known."""

    sid: str
    service_sid: str
    identity: str
    key_sid: str
    until: int
    supervises: bool = False
    issued: int = 0

    @property
    def end(self) -> datetime:
        """When it ends at the latest."""
        return datetime.fromtimestamp(self.until, UTC)


# --- reading


def is_any_listening(table: Table, service_sid: str) -> bool:
    """Whether anybody in a Service listens: one query for one item."""
    return bool(table.query(keys.live(service_sid), limit=1).items)


def fetch(table: Table, sid: str) -> Connection | None:
    """One connection; None when it was forgotten."""
    item = table.get(keys.connection(sid))
    return _connection(item) if item else None


def record_frame(table: Table, sid: str, now: datetime) -> tuple[Connection, int] | None:
    """A connection that sends a frame, and how many it has sent within the window of its quota, this one included: one
    write. None when it was forgotten."""
    item = quotas.count_frame(table, keys.connection(sid), now)
    return (_connection(item), quotas.frames_counted(item)) if item else None


def list_for_identities(table: Table, service_sid: str, identities: Iterable[str]) -> list[Connection]:
    """The connections of some identities: one batch for each hundred."""
    # One that is longer, from before identities were counted in bytes, has no token, and may be longer than a key.
    known = (identity for identity in identities if not is_too_long(identity))
    found = table.get_all(keys.listener(service_sid, identity) for identity in known)
    return [connection for item in found.values() for connection in _connections(item)]


def list_supervisors(table: Table, service_sid: str) -> list[Connection]:
    """The connections that were made by identities who could see every conversation of a Service."""
    return _listed(table, service_sid, keys.SUPERVISORS)


def list_all(table: Table, service_sid: str) -> list[Connection]:
    """Every connection of a Service."""
    return _listed(table, service_sid, keys.LISTENERS)


def _listed(table: Table, service_sid: str, begins: str) -> list[Connection]:
    found = table.query_all(keys.live(service_sid), begins=begins)
    return [connection for item in found for connection in _connections(item)]


# --- coming and going


def register(table: Table, connection: Connection, now: datetime) -> bool:
    """Enter a connection that is about to open, to be looked at when it ends; False when its identity has
    MAX_PER_IDENTITY already. Raises Conflict when other connections of the identity always come first."""

    def attempt() -> bool:
        found = table.get_all(_places(connection))
        own = found.get(keys.listener(connection.service_sid, connection.identity), {})
        if sum(until > now.timestamp() for _, until in _ends(own)) >= MAX_PER_IDENTITY:
            return False
        table.transact(
            [
                put("connection", keys.connection(connection.sid), {**asdict(connection), "ttl": _garbage(now)}, NEW),
                schedule.build_entry(ScheduleKind.CONNECTION, connection.sid, connection.end),
                *(_entering(place, found.get(place), connection, now) for place in _places(connection)),
            ]
        )
        return True

    return retry.STANDARD.run(attempt)


def remove(table: Table, connection: Connection) -> None:
    """Forget a connection. Repeats change nothing. Raises Conflict when other connections of the identity always come
    first."""

    def attempt() -> None:
        found = table.get_all(_places(connection))
        table.transact(
            [
                delete("connection", keys.connection(connection.sid)),
                *(
                    _leaving(place, item, connection)
                    for place, item in found.items()
                    if _ENTRY + connection.sid in item
                ),
            ]
        )

    retry.STANDARD.run(attempt)
    schedule.delete_entry(table, ScheduledEntry(ScheduleKind.CONNECTION, connection.sid, connection.end))


def _places(connection: Connection) -> list[Key]:
    """The items of identities that a connection is in."""
    own = keys.listener(connection.service_sid, connection.identity)
    return [own, keys.supervisor(connection.service_sid, connection.identity)] if connection.supervises else [own]


def _entering(place: Key, item: Item | None, connection: Connection, now: datetime) -> Write:
    # Those that ended without a word go on the way.
    lapsed = {name: None for name, until in _ends(item or {}) if until <= now.timestamp()}
    entry = {name: getattr(connection, name) for name in _FIELDS[3:]}
    whose = {"service_sid": connection.service_sid, "identity": connection.identity, "ttl": _garbage(now)}
    sets: dict[str, Any] = {**lapsed, **whose, _ENTRY + connection.sid: entry}
    return change(place.sk, place, sets, _as_read(item), adds={"version": 1})


def _leaving(place: Key, item: Item, connection: Connection) -> Write:
    name = _ENTRY + connection.sid
    if any(other != name for other, _ in _ends(item)):
        return change(place.sk, place, {name: None}, _as_read(item), adds={"version": 1})
    return delete(place.sk, place, _as_read(item))


def _as_read(item: Item | None) -> Condition:
    """That an item is still what it was."""
    if item is None:
        return NEW
    return Condition("#version = :version", {"#version": "version"}, {":version": item["version"]})


def _garbage(now: datetime) -> int:
    return int((now + _FORGET).timestamp())


# In the order of Connection; those behind the identity are in an identity's item too.
_FIELDS = ("sid", "service_sid", "identity", "key_sid", "until", "supervises", "issued")


def _ends(item: Item) -> Iterator[tuple[str, int]]:
    """The attributes of an identity's item that are connections, with the end of each."""
    return ((name, entry["until"]) for name, entry in item.items() if name.startswith(_ENTRY))


def _connection(item: Item) -> Connection:
    return Connection(**{name: item[name] for name in _FIELDS if name in item})


def _connections(item: Item) -> Iterator[Connection]:
    for name, _ in _ends(item):
        yield Connection(name.removeprefix(_ENTRY), item["service_sid"], item["identity"], **item[name])
