"""Erasures, and the conversations that each has still to leave. Each step is handed to the relay by an item of its own.

The step begins CleanupSeconds after its order is stored. By then requests under way have ended, and the indexes and
projections have what was written before.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from partyline.domain.erasures import Erasure
from partyline.frozen_classes import frozen, replace
from partyline.serialization import format_time
from partyline.storage import codec, erased_opt_outs, erasure_keys, keys, own_writes
from partyline.storage.table import NEW, Condition, Table, Write, put

OUTBOX = "erasure"
# How long the order of a step is stored.
_ORDER_LIFE = timedelta(days=1)


@frozen
class LeavingTask:
    """A conversation that is to be left, and of which the person's data are to be erased.

    `whole`: it is about this person only. `place`: the sort key behind which to go on in its messages.
    """

    sid: str
    conversation_sid: str
    whole: bool
    place: str | None = None


def create(table: Table, erasure: Erasure) -> None:
    """Store a new erasure, the order to begin it, and the mark by which opt-outs of erased people are looked for."""
    table.transact(
        [
            put("erasure", erasure_keys.erasure(erasure.sid), _item(erasure), NEW),
            erased_opt_outs.mark_write(table, erasure.created),
            _order_write(erasure, erasure.created),
        ]
    )


def advance(table: Table, before: Erasure, after: Erasure) -> Erasure | None:
    """Store how far an erasure is; return it, or None when another invocation was faster."""
    stored = replace(after, version=before.version + 1)
    return stored if own_writes.is_made(table, _advance_write(before, stored), _item(stored)) else None


def begin_walk(table: Table, before: Erasure, after: Erasure, now: datetime) -> bool:
    """Store an erasure at the beginning of a walk, and order that; return whether no other invocation was faster."""
    stored = replace(after, version=before.version + 1)
    return table.written(_advance_write(before, stored), _order_write(stored, now))


def fetch(table: Table, sid: str) -> Erasure | None:
    """Read an erasure; return None when there is none."""
    item = table.get(erasure_keys.erasure(sid))
    return codec.decode(Erasure, item) if item else None


def add_task(table: Table, task: LeavingTask) -> None:
    """Store a conversation that is to be left; one that is stored already stays as it is."""
    table.written(put("task", erasure_keys.task(task.sid, task.conversation_sid), codec.encode(task), NEW))


def save_task(table: Table, task: LeavingTask) -> None:
    """Store how far a task is."""
    table.write(put("task", erasure_keys.task(task.sid, task.conversation_sid), codec.encode(task)))


def find_task(table: Table, sid: str) -> LeavingTask | None:
    """Return one of the conversations that are still to be left; None when there is none."""
    found = table.query(erasure_keys.erasure(sid).pk, begins=erasure_keys.TASKS, limit=1).items
    return codec.decode(LeavingTask, found[0]) if found else None


def end_task(table: Table, task: LeavingTask) -> None:
    """Delete a task that is done."""
    table.delete_all([erasure_keys.task(task.sid, task.conversation_sid)])


def _item(erasure: Erasure) -> dict[str, object]:
    dated = keys.dated(format_time(erasure.created), erasure.sid)
    return {**codec.encode(erasure), "GSI1PK": erasure_keys.ERASURE_LIST, "GSI1SK": dated}


def _advance_write(before: Erasure, after: Erasure) -> Write:
    unchanged = Condition("#version = :version", {"#version": "version"}, {":version": before.version})
    return put("erasure", erasure_keys.erasure(before.sid), _item(after), unchanged)


def _order_write(erasure: Erasure, now: datetime) -> Write:
    item = {"outbox": OUTBOX, "sid": erasure.sid, "ttl": int((now + _ORDER_LIFE).timestamp())}
    return put("order", erasure_keys.step(erasure.sid, erasure.walk), item)
