"""Opt-outs: one item for each (address, line), and behind it everything that was ever said about it."""

from __future__ import annotations

import secrets
from datetime import datetime

from partyline import sids
from partyline.model import SendReference
from partyline.optouts import How, OptOut, OptOutEvent
from partyline.store import items, keys
from partyline.store.table import NEW, Condition, Table, Write, put, retrying

_TRIES = 8


def find(table: Table, address: str, line: str) -> OptOut | None:
    """What is known of one address and one line."""
    item = table.get(keys.opt_out(address, line))
    return items.opt_out(item) if item else None


def writes(
    before: OptOut | None,
    *,
    address: str,
    line: str,
    opted_out: bool,
    how: How,
    source: str,
    now: datetime,
    reason: str = "",
) -> list[Write]:
    """The writes of what somebody said, and of its entry in the audit trail. They hold while nobody else has said
    something else since `before` was read. Labels: opt_out, opt_out_event."""
    is_news = before is None or before.opted_out is not opted_out
    current = OptOut(
        sid=sids.opt_out(address, line),
        address=address,
        line=line,
        opted_out=opted_out,
        how=how if is_news or before is None else before.how,
        since=now if is_news or before is None else before.since,
        updated=now,
    )
    event = OptOutEvent(address, line, opted_out, how, now, source, reason)
    same = NEW if before is None else Condition("opted_out = :before", values={":before": before.opted_out})
    # Two events of one moment are two.
    key = keys.opt_out_event(address, line, items.from_time(now), secrets.token_hex(4))
    item = {
        **items.encode(current),
        "GSI1PK": keys.sharded(keys.OPT_OUT_LIST, current.sid),
        "GSI1SK": keys.dated(items.from_time(current.since), current.sid),
        "GSI2PK": keys.opt_outs_of_line(line),
        "GSI2SK": keys.dated(items.from_time(current.since), current.sid),
    }
    return [put("opt_out", keys.opt_out(address, line), item, same), put("opt_out_event", key, items.encode(event))]


def learn(table: Table, address: str, line: str, how: How, reference: SendReference, now: datetime) -> None:
    """Note that somebody has opted out of a line, as a carrier tells by refusing a message. Repeats change nothing."""

    def attempt() -> None:
        before = find(table, address, line)
        if before is None or not before.opted_out:
            source = f"{reference.conversation_sid}/{reference.message_sid}"
            table.transact(writes(before, address=address, line=line, opted_out=True, how=how, source=source, now=now))

    retrying(attempt, tries=_TRIES)
