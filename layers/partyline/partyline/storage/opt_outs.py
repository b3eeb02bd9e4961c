"""Opt-outs: one item for the state of each (address, line), and behind it the audit trail of its changes."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from partyline.domain import activities, sids
from partyline.domain.activities import Activity
from partyline.domain.opt_outs import OptOut, OptOutChannel, OptOutEvent
from partyline.domain.sends import SendReference
from partyline.errors import Conflict
from partyline.serialization import format_time
from partyline.storage import activities as stored_activities
from partyline.storage import codec, keys, retry
from partyline.storage.conversation_items import CONVERSATION
from partyline.storage.table import EXISTS, NEW, Condition, Table, Write, check, put


def fetch_many(table: Table, address: str, line: str) -> OptOut | None:
    """Read the state of one address and one line; return None when there is none."""
    item = table.get(keys.opt_out(address, line))
    return codec.decode(OptOut, item) if item else None


def list_for_address(table: Table, address: str) -> list[OptOut]:
    """List the states of one address, by line."""
    items = table.query_all(keys.opt_out(address, "").pk, begins=keys.OPT_OUTS)
    return [codec.decode(OptOut, item) for item in items]


def fetch_by_sid(table: Table, sid: str) -> OptOut | None:
    """Read a state by its SID; return None when there is none."""
    pointer = table.get(keys.opt_out_pointer(sid))
    return fetch_many(table, pointer["address"], pointer["line"]) if pointer else None


def build_writes(before: OptOut | None, event: OptOutEvent) -> list[Write]:
    """Build the writes of a new state, and of its entry in the audit trail.

    They hold while nothing was stored since `before` was read, not even the same state with another channel.
    Labels: opt_out, opt_out_event, opt_out_pointer.
    """
    current = build_state(before, event)
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
        put("opt_out", keys.opt_out(event.address, event.line), item, _unchanged(before) if before else NEW),
        put("opt_out_event", event_key, codec.encode(event)),
        *([] if before else [put("opt_out_pointer", keys.opt_out_pointer(current.sid), pointer)]),
    ]


def build_state(before: OptOut | None, event: OptOutEvent) -> OptOut:
    """Build the state after an event.

    A repeated state keeps its date. It also keeps its channel, except that the recipient's own words replace what was
    entered through the API.
    """
    if before is None or before.opted_out is not event.opted_out:
        sid = sids.opt_out(event.address, event.line)
        return OptOut(sid, event.address, event.line, event.opted_out, event.channel, since=event.at, updated=event.at)
    channel = event.channel if before.channel is OptOutChannel.API else before.channel
    return replace(before, channel=channel, updated=event.at)


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
