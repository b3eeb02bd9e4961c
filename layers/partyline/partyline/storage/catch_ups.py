"""The latest catch-up of each line. A run is handed to the relay by an item of its own."""

from __future__ import annotations

from datetime import timedelta

from partyline.domain.catch_ups import CatchUp
from partyline.storage import codec, keys, own_writes
from partyline.storage.attribute_values import Item
from partyline.storage.table import NEW, Condition, Table, change, put

OUTBOX = "catch_up"
# How long the item is stored that hands over a run: as long as the stream has it, and more.
RUN_LIFE = timedelta(days=7)


def start(table: Table, before: CatchUp | None, after: CatchUp) -> bool:
    """Start a catch-up; return False when another request has started one since `before` was read."""
    unchanged = _unchanged(before) if before else NEW
    run: Item = {
        "outbox": OUTBOX,
        "line": after.line,
        "run": after.run,
        "ttl": int((after.created + RUN_LIFE).timestamp()),
    }
    return table.written(
        put("catch_up", keys.catch_up(after.line), codec.encode(after), unchanged),
        put("run", keys.catch_up_run(after.line, after.run), run),
    )


def advance(table: Table, before: CatchUp, after: CatchUp) -> bool:
    """Store how far a catch-up is; return False when another invocation was faster, or its line is gone."""
    sets = codec.encode(after)
    return own_writes.is_made(table, change("catch_up", keys.catch_up(before.line), sets, _unchanged(before)), sets)


def fetch(table: Table, line: str) -> CatchUp | None:
    """Read the latest catch-up of a line; return None when there was none."""
    item = table.get(keys.catch_up(line))
    return codec.decode(CatchUp, item) if item else None


def _unchanged(before: CatchUp) -> Condition:
    """Require that a catch-up is as it was read."""
    return Condition(
        "#run = :run AND #state = :state AND #updated = :updated",
        {f"#{name}": name for name in _COMPARED},
        {f":{name}": value for name, value in codec.encode(before).items() if name in _COMPARED},
    )


_COMPARED = ("run", "state", "updated")
