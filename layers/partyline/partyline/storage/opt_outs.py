"""Opt-outs: one item for the state of each (address, line), and behind it the audit trail of its changes.

Of people who were erased only an opt-out by a hash is left (partyline.storage.erased_opt_outs). A state with the number
counts before it.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime
from functools import partial

from partyline.domain import activities, sids
from partyline.domain.activities import Activity
from partyline.domain.opt_outs import OptOut, OptOutChannel, OptOutEvent
from partyline.domain.sends import SendReference
from partyline.errors import Conflict
from partyline.frozen_classes import replace
from partyline.serialization import format_time
from partyline.storage import activities as stored_activities
from partyline.storage import codec, erased_opt_outs, keys, retry
from partyline.storage.conversation_items import CONVERSATION
from partyline.storage.keys import Key
from partyline.storage.table import EXISTS, NEW, Condition, Table, Write, check, delete, put


def fetch_many(table: Table, address: str, line: str) -> OptOut | None:
    """Read the state of one address and one line; return None when there is none."""
    key = keys.opt_out(address, line)
    found = table.get_all([key, erased_opt_outs.MARK])
    if key in found:
        return codec.decode(OptOut, found[key])
    erased = erased_opt_outs.find(table, found.get(erased_opt_outs.MARK), [(address, line)])
    return erased.get((address, line))


def list_for_address(table: Table, address: str) -> list[OptOut]:
    """List the states of one address, by line."""
    items = table.query_all(keys.opt_out(address, "").pk, begins=keys.OPT_OUTS)
    known = [codec.decode(OptOut, item) for item in items]
    erased = erased_opt_outs.list_erased(known, erased_opt_outs.list_for_address(table, address))
    return sorted([*known, *erased], key=lambda one: one.line)


def fetch_by_sid(table: Table, sid: str) -> OptOut | None:
    """Read a state by its SID; return None when there is none."""
    pointer = table.get(keys.opt_out_pointer(sid))
    if pointer is None:
        return None
    if "digest" in pointer:
        return erased_opt_outs.fetch_by_digest(table, pointer["digest"], pointer["line"])
    return fetch_many(table, pointer["address"], pointer["line"])


def build_writes(before: OptOut | None, event: OptOutEvent) -> list[Write]:
    """Build the writes of a new state, and of its entry in the audit trail.

    They hold while nothing was stored since `before` was read, not even the same state with another channel. An opt-in
    deletes the opt-out by a hash of the same person.
    Labels: opt_out, opt_out_event, opt_out_pointer.
    """
    current = build_state(before, event)
    known = None if before is None or before.is_erased else before
    at = format_time(event.at)
    # Random digits, so that two events at the same time have two keys.
    event_key = keys.opt_out_event(event.address, event.line, at, secrets.token_hex(4))
    item = {
        **codec.encode(current),
        "GSI1PK": keys.sharded(keys.opt_outs(opted_out=event.opted_out), current.sid),
        "GSI1SK": keys.dated(format_time(current.since), current.sid),
        "GSI2PK": keys.opt_outs(opted_out=event.opted_out, line=event.line),
        "GSI2SK": keys.dated(format_time(current.since), current.sid),
    }
    pointer = {"address": event.address, "line": event.line}
    return [
        put("opt_out", keys.opt_out(event.address, event.line), item, _unchanged(known) if known else NEW),
        put("opt_out_event", event_key, codec.encode(event)),
        *([] if known else [put("opt_out_pointer", keys.opt_out_pointer(current.sid), pointer)]),
        *_lifting_writes(before, event),
    ]


def _lifting_writes(before: OptOut | None, event: OptOutEvent) -> list[Write]:
    """Build the writes by which an opt-in ends the opt-out that stands under a hash."""
    if before is None or before.digest is None or event.opted_out:
        return []
    return erased_opt_outs.removal_writes(before.digest, event.line)


def build_state(before: OptOut | None, event: OptOutEvent) -> OptOut:
    """Build the state after an event.

    A repeated state keeps its date. It also keeps its channel, except that the recipient's own words replace what was
    entered through the API.
    """
    if before is None or before.opted_out is not event.opted_out:
        sid = sids.opt_out(event.address, event.line)
        return OptOut(sid, event.address, event.line, event.opted_out, event.channel, since=event.at, updated=event.at)
    channel = event.channel if before.channel is OptOutChannel.API else before.channel
    sid = sids.opt_out(event.address, event.line)
    return replace(before, sid=sid, address=event.address, channel=channel, updated=event.at)


def _unchanged(before: OptOut) -> Condition:
    """Require that nothing was stored since `before` was read."""
    item = codec.encode(before)
    return Condition(
        "#opted_out = :opted_out AND #how = :how AND #updated = :updated",
        {f"#{name}": name for name in _COMPARED},
        {f":{name}": item[name] for name in _COMPARED},
    )


_COMPARED = ("opted_out", "how", "updated")


def record_carrier_opt_out(
    table: Table, address: str, line: str, channel: OptOutChannel, reference: SendReference, now: datetime
) -> None:
    """Record an opt-out that a carrier reports by refusing a message. Repeats change nothing.

    It is an activity of the message's conversation too, while that is there: a report may come days after its removal.
    """

    def attempt() -> None:
        before = fetch_many(table, address, line)
        if before is None or not before.opted_out:
            source = f"{reference.conversation_sid}/{reference.message_sid}"
            event = OptOutEvent(address, line, opted_out=True, channel=channel, at=now, source=source)
            _record_with_activity(
                table,
                build_writes(before, event),
                activities.describe_carrier_opt_out(reference, address, line, now),
            )

    retry.STANDARD.run(attempt)


def _record_with_activity(table: Table, writes: Sequence[Write], noted: Activity) -> None:
    """Make the writes of an opt-out, with an activity if its conversation exists. Raises Conflict."""
    exists = check(CONVERSATION, keys.conversation(noted.conversation_sid), EXISTS)
    try:
        table.transact([*writes, exists, stored_activities.put_write(noted)])
    except Conflict as conflict:
        if CONVERSATION not in conflict.failed:
            raise
        table.transact(writes)


def erase(table: Table, address: str) -> int:
    """Leave of what is stored of an address only that it has opted out, by a hash. Return how many items went.

    A state is moved in one transaction, so that there is no moment without it. Then its history and the answers to
    keywords are deleted. A repeat finds nothing. Raises Conflict when other requests win every race.
    """
    partition = keys.opt_out(address, "").pk
    beside = [Key(item["PK"], item["SK"]) for item in table.query_all(partition)]
    lines = [key.sk.removeprefix(keys.OPT_OUTS) for key in beside if key.sk.startswith(keys.OPT_OUTS)]
    for line in lines:
        retry.STANDARD.run(partial(_move, table, address, line))
    table.delete_all(key for key in beside if not key.sk.startswith(keys.OPT_OUTS))
    return len(beside)


def _move(table: Table, address: str, line: str) -> None:
    item = table.get(keys.opt_out(address, line))
    if item is None:
        return
    known = codec.decode(OptOut, item)
    table.transact(
        [
            delete("opt_out", keys.opt_out(address, line), _unchanged(known)),
            delete("opt_out_pointer", keys.opt_out_pointer(known.sid)),
            *erased_opt_outs.move_writes(table, known),
        ]
    )
