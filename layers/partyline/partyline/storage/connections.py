"""Live connections: found by identity, by Service, and by the connection's own id.

Each connected identity has one item with all its connections, so that one batch reads those of a hundred members of a
conversation. An identity that can see every conversation of the Service has a second item. An item is deleted with its
last connection. API Gateway may not report the end of a connection. A push finds such a connection gone, or its entry
in the schedule ends it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from partyline.domain.identities import is_too_long
from partyline.frozen_classes import frozen
from partyline.storage import keys, listener_version, quotas, retry, schedule
from partyline.storage.attribute_values import Item
from partyline.storage.keys import Key
from partyline.storage.schedule import ScheduledEntry, ScheduleKind
from partyline.storage.table import NEW, Condition, Table, Write, change, delete, put

# The most connections that an identity can have at a time.
MAX_PER_IDENTITY = 20

# The prefix of the attributes of an identity's item that are connections.
_ENTRY = "c:"
# Longer than any connection.
_LIFE = timedelta(days=2)


@frozen
class Connection:
    """A live connection.

    `sid` is API Gateway's id, `key_sid` the API key that signed the token, and `until` when the connection ends at the
    latest, in Unix seconds. `supervises` is whether the identity could see every conversation when the connection was
    made. `issued` is when the token was made, 0 when that is not known.
    """

    sid: str
    service_sid: str
    identity: str
    key_sid: str
    until: int
    supervises: bool = False
    issued: int = 0

    @property
    def end(self) -> datetime:
        """When the connection ends at the latest."""
        return datetime.fromtimestamp(self.until, UTC)


# --- reading


def is_any_listening(table: Table, service_sid: str) -> bool:
    """Return whether a Service has a live connection: one query for one item."""
    return bool(table.query(keys.live(service_sid), limit=1).items)


def fetch(table: Table, sid: str) -> Connection | None:
    """Read a connection; return None when it was removed."""
    item = table.get(keys.connection(sid))
    return _decode(item) if item else None


def record_frame(table: Table, sid: str, now: datetime) -> tuple[Connection, int] | None:
    """Count a frame of a connection: one write.

    Returns the connection and how many frames it has sent within the window of its quota, this one included; None when
    the connection was removed.
    """
    item = quotas.count_frame(table, keys.connection(sid), now)
    return (_decode(item), quotas.frames_counted(item)) if item else None


def list_for_identities(table: Table, service_sid: str, identities: Iterable[str]) -> list[Connection]:
    """List the connections of some identities: one batch for each hundred."""
    # An identity stored before the limit counted bytes may be too long for a key. It has no token, so no connections.
    valid = (identity for identity in identities if not is_too_long(identity))
    found = table.get_all(keys.listener(service_sid, identity) for identity in valid)
    return [connection for item in found.values() for connection in _decode_all(item)]


def list_supervisors(table: Table, service_sid: str) -> list[Connection]:
    """List the connections of identities that could see every conversation of a Service when they connected."""
    return _list_by_prefix(table, service_sid, keys.SUPERVISORS)


def list_all(table: Table, service_sid: str) -> list[Connection]:
    """List every connection of a Service."""
    return _list_by_prefix(table, service_sid, keys.LISTENERS)


def _list_by_prefix(table: Table, service_sid: str, begins: str) -> list[Connection]:
    found = table.query_all(keys.live(service_sid), begins=begins)
    return [connection for item in found for connection in _decode_all(item)]


# --- changing


def register(table: Table, connection: Connection, now: datetime) -> bool:
    """Store a connection that is about to open, and schedule its end.

    Returns False when its identity has MAX_PER_IDENTITY already. Raises Conflict when other connections of the identity
    win every race.

    When it returns, whoever has kept that the Service has no connection (partyline.storage.listeners) asks again.
    """

    def attempt() -> bool:
        found = table.get_all(_identity_keys(connection))
        own = found.get(keys.listener(connection.service_sid, connection.identity), {})
        if sum(until > now.timestamp() for _, until in _iterate_ends(own)) >= MAX_PER_IDENTITY:
            return False
        table.transact(
            [
                put("connection", keys.connection(connection.sid), {**asdict(connection), "ttl": _ttl(now)}, NEW),
                schedule.build_entry(ScheduleKind.CONNECTION, connection.sid, connection.end),
                *(
                    _build_entry_write(item_key, found.get(item_key), connection, now)
                    for item_key in _identity_keys(connection)
                ),
            ]
        )
        return True

    has_room = retry.STANDARD.run(attempt)
    if has_room:
        # Apart from the transaction, so that many that open at once do not disturb each other.
        table.written(listener_version.build_write())
    return has_room


def remove(table: Table, connection: Connection) -> None:
    """Delete a connection. Repeats change nothing.

    Raises Conflict when other connections of the identity win every race.
    """

    def attempt() -> None:
        found = table.get_all(_identity_keys(connection))
        table.transact(
            [
                delete("connection", keys.connection(connection.sid)),
                *(
                    _build_exit_write(item_key, item, connection)
                    for item_key, item in found.items()
                    if _ENTRY + connection.sid in item
                ),
            ]
        )

    retry.STANDARD.run(attempt)
    schedule.delete_entry(table, ScheduledEntry(ScheduleKind.CONNECTION, connection.sid, connection.end))


def _identity_keys(connection: Connection) -> list[Key]:
    """Return the keys of the items of identities that hold a connection."""
    own = keys.listener(connection.service_sid, connection.identity)
    return [own, keys.supervisor(connection.service_sid, connection.identity)] if connection.supervises else [own]


def _build_entry_write(item_key: Key, item: Item | None, connection: Connection, now: datetime) -> Write:
    # Connections whose end was not reported are dropped in the same write.
    expired = {name: None for name, until in _iterate_ends(item or {}) if until <= now.timestamp()}
    entry = {name: getattr(connection, name) for name in _FIELDS[3:]}
    owner = {"service_sid": connection.service_sid, "identity": connection.identity, "ttl": _ttl(now)}
    sets: dict[str, Any] = {**expired, **owner, _ENTRY + connection.sid: entry}
    return change(item_key.sk, item_key, sets, _version_matches(item), adds={"version": 1})


def _build_exit_write(item_key: Key, item: Item, connection: Connection) -> Write:
    name = _ENTRY + connection.sid
    if any(other != name for other, _ in _iterate_ends(item)):
        return change(item_key.sk, item_key, {name: None}, _version_matches(item), adds={"version": 1})
    return delete(item_key.sk, item_key, _version_matches(item))


def _version_matches(item: Item | None) -> Condition:
    """Require that an item has not changed since it was read."""
    if item is None:
        return NEW
    return Condition("#version = :version", {"#version": "version"}, {":version": item["version"]})


def _ttl(now: datetime) -> int:
    return int((now + _LIFE).timestamp())


# In the order of Connection. Those after `identity` are also in the identity's item.
_FIELDS = ("sid", "service_sid", "identity", "key_sid", "until", "supervises", "issued")


def _iterate_ends(item: Item) -> Iterator[tuple[str, int]]:
    """Yield the attributes of an identity's item that are connections, with the end of each."""
    return ((name, entry["until"]) for name, entry in item.items() if name.startswith(_ENTRY))


def _decode(item: Item) -> Connection:
    return Connection(**{name: item[name] for name in _FIELDS if name in item})


def _decode_all(item: Item) -> Iterator[Connection]:
    for name, _ in _iterate_ends(item):
        yield Connection(name.removeprefix(_ENTRY), item["service_sid"], item["identity"], **item[name])
