"""The day's look for old messages of a Service: its order, and how far it is."""

from __future__ import annotations

from datetime import datetime, timedelta

from partyline.storage import keys
from partyline.storage.keys import Key
from partyline.storage.table import NEW, Table, put

OUTBOX = "retention"
# Longer than the day for which it says that there was an order.
_ORDER_LIFE = timedelta(days=2)


def order(table: Table, service_sid: str, now: datetime) -> bool:
    """Order the look of a day, unless it was ordered before; return whether it was not."""
    key = Key(keys.service(service_sid).pk, f"RETENTION#{now.date().isoformat()}")
    if table.get(key):
        return False
    item = {"sid": service_sid, "outbox": OUTBOX, "ttl": int((now + _ORDER_LIFE).timestamp())}
    return table.written(put("order", key, item, NEW))


def fetch_place(table: Table, service_sid: str) -> str | None:
    """Return the place in the list of conversations behind which a look goes on; None at the beginning."""
    item = table.get(_place(service_sid))
    return item["after"] if item else None


def save_place(table: Table, service_sid: str, after: str) -> None:
    """Store how far a look is."""
    table.write(put("place", _place(service_sid), {"after": after}))


def end(table: Table, service_sid: str) -> None:
    """Note that a look has come to its end."""
    table.delete_all([_place(service_sid)])


def _place(service_sid: str) -> Key:
    return Key(keys.service(service_sid).pk, "RETENTION")
