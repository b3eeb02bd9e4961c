"""Sends: one item for each (message, thread), so that a text is handed to its carrier once; where the carrier takes a
request a member, one for each (message, thread, member) besides.

The item is claimed before the carrier is asked. Whoever finds it claimed by an earlier attempt does not know whether
the carrier took the text, and must not ask again. states.SendState draws the machine.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from partyline.domain.sends import RequestReference, SendReference, SendState
from partyline.errors import Conflict
from partyline.serialization import format_time
from partyline.storage import keys, receipts, retry
from partyline.storage.keys import Key
from partyline.storage.receipts import ReportedStatus
from partyline.storage.table import Condition, Item, Table, Write, change, check, put


@dataclass(frozen=True, slots=True)
class Claim:
    """What an attempt found. `state` is SENDING when it may ask the carrier now, as attempt number `attempt` (from 1);
    otherwise it is where an earlier attempt left the send, with what that one recorded.

    `carrier` is who is asked; `refused` are the recipients that the text does not go to, with Twilio's code of the
    reason: those who are left out from the start, and those whom the carrier has named. `error_code` is that of a whole
    request that was refused; `names` are the carrier's names of recipients. `opted_out` are those of `refused` who have
    told the line to stop, which the carrier's answer was the first to say. `counted` is (thread, fingerprint) of what
    was counted of a text that does not leave as it was recorded. `cuts` are where a long text is cut into parts
    (partyline.domain.long_texts): fixed when the first of them is claimed, whichever carrier sends the others.
    """

    state: SendState
    attempt: int = 0
    carrier: str = ""
    carrier_message_id: str = ""
    error_code: int = 0
    refused: Mapping[str, int] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    opted_out: tuple[str, ...] = ()
    counted: tuple[str, str] = ("", "")
    cuts: tuple[int, ...] = ()


def record_split(table: Table, reference: SendReference, now: datetime) -> Claim:
    """Note that each member gets a request of their own. Its state is SPLIT then; otherwise it is where an attempt to
    send it as one left it."""
    unsent = Condition(
        "attribute_not_exists(PK) OR #is IN (:waiting, :split)",
        {"#is": "state"},
        {":waiting": SendState.WAITING.value, ":split": SendState.SPLIT.value},
    )
    sets = {"state": SendState.SPLIT.value, **_named(reference), "updated": format_time(now)}
    try:
        table.write(change("send", keys.send(reference), sets, unsent))
    except Conflict as conflict:
        if not conflict.failed:
            raise
        return _abandoned(conflict.failed["send"])
    return Claim(SendState.SPLIT)


def claim(table: Table, request: RequestReference, asked: Claim, now: datetime) -> Claim:
    """Claim a send, or the part of it for one member, before asking the carrier: for one attempt at a time, and never
    after one whose end is unknown. Who is `asked` and who is left out is noted with it: when no answer comes, a second
    look asks about just that."""
    # The write may be repeated below us when its answer is lost, and then finds itself.
    token = secrets.token_hex(8)
    sets = {
        "state": SendState.SENDING.value,
        **_named(request.send),
        "carrier": asked.carrier,
        "refused": dict(asked.refused),
        "cuts": list(asked.cuts) or None,
        "updated": format_time(now),
        "token": token,
    }
    may_ask = Condition(
        "attribute_not_exists(PK) OR #is = :waiting", {"#is": "state"}, {":waiting": SendState.WAITING.value}
    )
    try:
        claimed = table.write(change("send", _key(request), sets, may_ask, adds={"attempts": 1}))
    except Conflict as conflict:
        if not conflict.failed:
            raise
        found = conflict.failed["send"]
        if SendState(found["state"]) is not SendState.SENDING or found["token"] != token:
            return _abandoned(found)
        claimed = found
    return replace(asked, attempt=claimed["attempts"], counted=_counted(claimed))


def find(table: Table, request: RequestReference) -> Claim | None:
    """Where a send is, or the part of it for one member; None when it was never claimed."""
    item = table.get(_key(request))
    return _found(item) if item else None


def _key(request: RequestReference) -> Key:
    return keys.send(request.send, request.member or "")


def _named(reference: SendReference) -> dict[str, object]:
    part = {"part": reference.part, "parts": reference.parts} if reference.parts > 1 else {}
    return {
        "conversation_sid": reference.conversation_sid,
        "message_sid": reference.message_sid,
        "thread": reference.thread,
        **part,
    }


def _abandoned(item: Item) -> Claim:
    """A send as another attempt left it. One that is still being sent was left by a crash: nobody knows its end."""
    found = _found(item)
    return replace(found, state=SendState.UNKNOWN) if found.state is SendState.SENDING else found


def _found(item: Item) -> Claim:
    return Claim(
        SendState(item["state"]),
        carrier=item.get("carrier", ""),
        carrier_message_id=item.get("carrier_message_id", ""),
        error_code=item.get("error_code", 0),
        refused=item.get("refused", {}),
        names=item.get("names", {}),
        opted_out=tuple(item.get("opted_out", ())),
        counted=_counted(item),
        cuts=tuple(item.get("cuts", ())),
    )


def _counted(item: Item) -> tuple[str, str]:
    """An earlier version kept the thread only: then it is counted once more, which makes nothing of a later text."""
    thread, _, fingerprint = item.get("counted", "").rpartition("#")
    return thread, fingerprint


def record_accepted(
    table: Table,
    request: RequestReference,
    sent: Claim,
    now: datetime,
    reports: Iterable[ReportedStatus] = (),
) -> None:
    """Record that a carrier took a send: under which id its reports will come, which recipients it will not reach, and
    its names of the others. What it has told of them already waits beside that id, with the reports that were early:
    settling the send applies both."""
    sets = {
        "state": SendState.SENT.value,
        "carrier": sent.carrier,
        "carrier_message_id": sent.carrier_message_id,
        "refused": dict(sent.refused),
        "names": dict(sent.names),
        "opted_out": list(sent.opted_out),
        "updated": format_time(now),
    }
    pointer = {**_named(request.send), "names": dict(sent.names)}
    unique = {(reported.recipient, reported.status): reported for reported in reports}
    writes = [
        change("send", _key(request), sets),
        put("sent", keys.sent(sent.carrier, sent.carrier_message_id), pointer),
        *(
            receipts.early_report_write(sent.carrier, sent.carrier_message_id, reported, now)
            for reported in unique.values()
        ),
    ]
    # A report that looks for the pointer at this moment must not cost us the record of what the carrier took.
    retry.CONTENDED.run(lambda: table.transact(writes))


def record_refused(table: Table, request: RequestReference, ended: Claim, now: datetime) -> None:
    """Record that a whole send was refused, and who was named."""
    sets = {
        "state": SendState.REFUSED.value,
        "error_code": ended.error_code,
        "refused": dict(ended.refused),
        "opted_out": list(ended.opted_out),
        "updated": format_time(now),
    }
    table.write(change("send", _key(request), sets))


def record_waiting(table: Table, request: RequestReference, now: datetime) -> None:
    """Record that a carrier certainly did not take a send, and that it is to be asked again."""
    sets = {"state": SendState.WAITING.value, "updated": format_time(now)}
    table.write(change("send", _key(request), sets))


def record_unknown(table: Table, request: RequestReference, now: datetime) -> None:
    """Record that it is unknown whether a carrier took a send, unless that is known by now."""
    sending = Condition("#is = :sending", {"#is": "state"}, {":sending": SendState.SENDING.value})
    sets = {"state": SendState.UNKNOWN.value, "updated": format_time(now)}
    table.written(change("send", _key(request), sets, sending))


def give_up(table: Table, request: RequestReference, failed: Mapping[str, int], now: datetime) -> None:
    """Fail recipients of a send whose fate is unknown, each with Twilio's code: all of them or none. Raises Conflict
    when it is known by now; labels: send, receipt."""
    still = Condition("#is = :unknown", {"#is": "state"}, {":unknown": SendState.UNKNOWN.value})
    writes = [receipts.failing_write(request.send, address, error_code, now) for address, error_code in failed.items()]
    if writes:
        table.transact([check("send", _key(request), still), *writes])


def count_copies(table: Table, reference: SendReference, copies: Write, counted: tuple[str, str]) -> None:
    """Count the copies of a claimed send that our other numbers will see, where it does not leave as it was recorded;
    once for the same (thread, fingerprint), however often it is claimed."""
    named = "#".join(counted)
    uncounted = Condition(
        "attribute_not_exists(#counted) OR #counted <> :counted", {"#counted": "counted"}, {":counted": named}
    )
    claimed = change("send", keys.send(reference), {"counted": named}, uncounted)
    try:
        retry.CONTENDED.run(lambda: table.transact([claimed, copies]), can_retry=retry.is_race)
    except Conflict as conflict:
        if not conflict.failed:
            raise
