"""Opt-outs: one item for each (address, line), and behind it everything that was ever said about it."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import datetime

from partyline.domain import sids
from partyline.domain.opt_outs import OptOut, OptOutChannel, OptOutEvent
from partyline.domain.sends import SendReference
from partyline.serialization import format_time
from partyline.storage import codec, keys, retry
from partyline.storage.table import NEW, Condition, Table, Write, put


def fetch_many(table: Table, address: str, line: str) -> OptOut | None:
    """What is known of one address and one line."""
    item = table.get(keys.opt_out(address, line))
    return codec.decode(OptOut, item) if item else None


def list_for_address(table: Table, address: str) -> list[OptOut]:
    """What is known of one address, by line."""
    known = table.query_all(keys.opt_out(address, "").pk, begins=keys.OPT_OUTS)
    return [codec.decode(OptOut, item) for item in known]


def fetch_by_sid(table: Table, sid: str) -> OptOut | None:
    """The same by its SID."""
    pointer = table.get(keys.opt_out_pointer(sid))
    return fetch_many(table, pointer["address"], pointer["line"]) if pointer else None


def build_writes(
    before: OptOut | None,
    *,
    address: str,
    line: str,
    opted_out: bool,
    channel: OptOutChannel,
    source: str,
    now: datetime,
    reason: str = "",
) -> list[Write]:
    """The writes of what somebody said, and of its entry in the audit trail. They hold while nobody has said anything
    since `before` was read, the same neither: who said it may matter. Labels: opt_out, opt_out_event,
    opt_out_pointer."""
    current = build_state(before, address=address, line=line, opted_out=opted_out, channel=channel, now=now)
    event = OptOutEvent(address, line, opted_out, channel, now, source, reason)
    same = _unchanged(before) if before else NEW
    # Two events of one moment are two.
    key = keys.opt_out_event(address, line, format_time(now), secrets.token_hex(4))
    item = {
        **codec.encode(current),
        "GSI1PK": keys.sharded(keys.opt_outs(opted_out=opted_out), current.sid),
        "GSI1SK": keys.dated(format_time(current.since), current.sid),
        "GSI2PK": keys.opt_outs(opted_out=opted_out, line=line),
        "GSI2SK": keys.dated(format_time(current.since), current.sid),
    }
    pointer = put("opt_out_pointer", keys.opt_out_pointer(current.sid), {"address": address, "line": line})
    return [
        put("opt_out", keys.opt_out(address, line), item, same),
        put("opt_out_event", key, codec.encode(event)),
        *([] if before else [pointer]),
    ]


def build_state(
    before: OptOut | None, *, address: str, line: str, opted_out: bool, channel: OptOutChannel, now: datetime
) -> OptOut:
    """What holds once something was said. What was said before keeps its date when it is said again, and its way, but
    that what somebody says themselves counts more than what was entered for them."""
    said = OptOut(sids.opt_out(address, line), address, line, opted_out, channel, since=now, updated=now)
    if before is None or before.opted_out is not opted_out:
        return said
    return replace(before, channel=channel if before.channel is OptOutChannel.API else before.channel, updated=now)


def _unchanged(before: OptOut) -> Condition:
    item = codec.encode(before)
    return Condition(
        "#opted_out = :opted_out AND #how = :how AND #updated = :updated",
        {f"#{name}": name for name in _SAID},
        {f":{name}": item[name] for name in _SAID},
    )


_SAID = ("opted_out", "how", "updated")


def record_carrier_opt_out(
    table: Table, address: str, line: str, channel: OptOutChannel, reference: SendReference, now: datetime
) -> None:
    """Note that somebody has opted out of a line, as a carrier tells by refusing a message. Repeats change nothing."""

    def attempt() -> None:
        before = fetch_many(table, address, line)
        if before is None or not before.opted_out:
            source = f"{reference.conversation_sid}/{reference.message_sid}"
            table.transact(
                build_writes(
                    before, address=address, line=line, opted_out=True, channel=channel, source=source, now=now
                )
            )

    retry.STANDARD.run(attempt)
