"""Claims of sends. They make sure that each text is handed to its carrier at most once.

A send has one item. It has one more for each member when the carrier needs a request for each, and one for each part of
a long text behind the first. The item is claimed before the carrier is asked. An attempt that finds it claimed by an
earlier one cannot know whether the carrier accepted the text, and must not ask again. SendState draws the states.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import field
from datetime import UTC, datetime, timedelta

from partyline.domain.sends import RequestReference, SendReference, SendState
from partyline.errors import Conflict
from partyline.frozen_classes import frozen, replace
from partyline.serialization import format_time, parse_time
from partyline.storage import keys, receipts, retry, statements
from partyline.storage.attribute_values import Item
from partyline.storage.keys import Key
from partyline.storage.receipts import ReportedStatus
from partyline.storage.statements import Statement
from partyline.storage.table import Condition, Table, Write, change, check, put


@frozen
class Claim:
    """The state of a request, as an attempt found it.

    `state` is SENDING when this attempt may ask the carrier, as number `attempt` (from 1). Otherwise it is the state in
    which an earlier attempt left the request, with what that one recorded:

    - `carrier`: the carrier that is asked; `carrier_message_id`: its id of the message.
    - `refused`: recipients that do not get the text, each with Twilio's code: those left out from the start, and those
      that the carrier has named. `error_code`: the code of a whole request that was refused.
    - `names`: the carrier's names of recipients.
    - `opted_out`: those of `refused` whose opt-out only the carrier had recorded.
    - `counted`: (thread, fingerprint) of the copies that were counted for a text that was sent otherwise than planned.
    - `cuts`: where a long text is cut into parts (partyline.domain.long_texts). They are fixed when the first part is
      claimed, even if another carrier sends the others.
    """

    state: SendState
    attempt: int = 0
    carrier: str = ""
    carrier_message_id: str = ""
    error_code: int = 0
    refused: Mapping[str, int] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    opted_out: tuple[str, ...] = ()
    counted: tuple[str, str] | None = None
    cuts: tuple[int, ...] = ()


def record_split(table: Table, reference: SendReference, now: datetime) -> Claim:
    """Record that each member gets a request of their own.

    Returns a claim in state SPLIT. If an earlier attempt asked for the send in one request, returns the claim of that.
    """
    unsent = Condition(
        "attribute_not_exists(PK) OR #is IN (:waiting, :split)",
        {"#is": "state"},
        {":waiting": SendState.WAITING.value, ":split": SendState.SPLIT.value},
    )
    sets = {"state": SendState.SPLIT.value, **_reference_attributes(reference), "updated": format_time(now)}
    try:
        table.write(change("send", keys.send(reference), sets, unsent))
    except Conflict as conflict:
        if not conflict.failed:
            raise
        return _read_earlier_claim(conflict.failed["send"])
    return Claim(SendState.SPLIT)


def claim(
    table: Table, request: RequestReference, planned: Claim, now: datetime, *, may_have_left: bool = False
) -> Claim:
    """Claim a request for one attempt, before the carrier is asked.

    One that `may_have_left` in a past that the table does not know of becomes UNKNOWN instead, and is not asked for.

    A request whose outcome is unknown is never claimed again. The carrier and the left-out recipients of `planned` are
    recorded: when no answer comes, the reconciler asks about exactly this request.
    """
    # The client repeats a write whose answer was lost. The token distinguishes that repeat from another attempt.
    token = secrets.token_hex(8)
    state = SendState.UNKNOWN if may_have_left else SendState.SENDING
    sets = {
        "state": state.value,
        **_reference_attributes(request.send),
        "carrier": planned.carrier,
        "refused": dict(planned.refused),
        "cuts": list(planned.cuts) or None,
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
        if SendState(found["state"]) is not state or found["token"] != token:
            return _read_earlier_claim(found)
        claimed = found
    return replace(planned, state=state, attempt=claimed["attempts"], counted=_counted(claimed))


def find_last_sign(table: Table, reference: SendReference, patience: timedelta) -> datetime | None:
    """Return the last moment for which a send is known to be attended to; None when it was never attempted.

    It is the latest of its records and of its turn. A send that a pause blocks is attended to for `patience`.
    """
    signs: list[datetime] = []
    for item in table.query_all(keys.send(reference).pk, begins=reference.thread):
        if "updated" in item:
            signs.append(parse_time(item["updated"]))
        else:
            blocked = item["met"] + patience.total_seconds() * 1000 if "met" in item else 0
            signs.append(datetime.fromtimestamp(max(item.get("at", 0), blocked) / 1000, UTC))
    return max(signs, default=None)


def find(table: Table, request: RequestReference) -> Claim | None:
    """Return the claim of a request; None when it was never claimed."""
    item = table.get(_key(request))
    return _decode(item) if item else None


def _key(request: RequestReference) -> Key:
    return keys.send(request.send, request.member or "")


def _reference_attributes(reference: SendReference) -> dict[str, object]:
    part = {"part": reference.part, "parts": reference.parts} if reference.parts > 1 else {}
    return {
        "conversation_sid": reference.conversation_sid,
        "message_sid": reference.message_sid,
        "thread": reference.thread,
        **part,
    }


def _read_earlier_claim(item: Item) -> Claim:
    """Return the claim of an earlier attempt.

    A claim in state SENDING is that of a crashed attempt, so its outcome is unknown.
    """
    found = _decode(item)
    return replace(found, state=SendState.UNKNOWN) if found.state is SendState.SENDING else found


def _decode(item: Item) -> Claim:
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


def _counted(item: Item) -> tuple[str, str] | None:
    """Return the (thread, fingerprint) of the copies that were counted.

    Version 0.1.0 recorded only the thread. Its copies are counted once more, which affects no later text.
    """
    if "counted" not in item:
        return None
    thread, _, fingerprint = item["counted"].rpartition("#")
    return thread, fingerprint


def accepting_statement(request: RequestReference, sent: Claim, now: datetime) -> Statement:
    """Build the statement that records that a carrier accepted a claimed request, and under which message id.

    The recipients that it does not reach and its names of the others are recorded too.
    """
    return statements.update(_key(request), _accepted_attributes(sent, now))


def record_accepted(
    table: Table, request: RequestReference, sent: Claim, now: datetime, reports: Iterable[ReportedStatus]
) -> None:
    """Record the same with reports that the carrier has given already, in one transaction.

    They are stored as early reports beside the message id. The settlement of the request applies them.
    """
    unique = {(reported.recipient, reported.status): reported for reported in reports}
    early = [
        receipts.early_report_write(sent.carrier, sent.carrier_message_id, reported, now)
        for reported in unique.values()
    ]
    accepted = change("send", _key(request), _accepted_attributes(sent, now))
    # Nothing that happens at the same moment must prevent the record of what the carrier accepted.
    retry.CONTENDED.run(lambda: table.transact([accepted, *early]))


def _accepted_attributes(sent: Claim, now: datetime) -> dict[str, object]:
    return {
        "state": SendState.SENT.value,
        "carrier": sent.carrier,
        "carrier_message_id": sent.carrier_message_id,
        "refused": dict(sent.refused),
        "names": dict(sent.names),
        "opted_out": list(sent.opted_out),
        "updated": format_time(now),
    }


def linking_statement(request: RequestReference, sent: Claim) -> Statement:
    """Build the statement that stores the pointer from a carrier's message id to its request.

    By it reports without a tag are applied. A report that comes before finds no pointer and is stored as an early one,
    so early reports are applied after this. Where there is a pointer already, the statement does nothing.
    """
    return statements.insert(keys.sent(sent.carrier, sent.carrier_message_id), _pointer(request, sent))


def replace_link(table: Table, request: RequestReference, sent: Claim) -> None:
    """Store the pointer in place of another one: of an earlier attempt, or of an id that its carrier gave twice."""
    linked = put("sent", keys.sent(sent.carrier, sent.carrier_message_id), _pointer(request, sent))
    # A report that is stored at the same moment checks that there is no pointer.
    retry.CONTENDED.run(lambda: table.write(linked))


def _pointer(request: RequestReference, sent: Claim) -> dict[str, object]:
    return {**_reference_attributes(request.send), "names": dict(sent.names)}


def record_refused(table: Table, request: RequestReference, ended: Claim, now: datetime) -> None:
    """Record that a whole request was refused, and which recipients the carrier named."""
    sets = {
        "state": SendState.REFUSED.value,
        "error_code": ended.error_code,
        "refused": dict(ended.refused),
        "opted_out": list(ended.opted_out),
        "updated": format_time(now),
    }
    _record_answer(table, change("send", _key(request), sets))


def record_waiting(table: Table, request: RequestReference, now: datetime) -> None:
    """Record that a carrier did not accept a request, and will be asked again."""
    sets = {"state": SendState.WAITING.value, "updated": format_time(now)}
    _record_answer(table, change("send", _key(request), sets))


def _record_answer(table: Table, write: Write) -> None:
    """Record what a carrier has answered, which nothing that happens at the same moment must prevent.

    A send whose answer is not recorded counts as one of unknown outcome.
    """
    retry.CONTENDED.run(lambda: table.write(write))


def record_unknown(table: Table, request: RequestReference, now: datetime) -> None:
    """Record that the outcome of a request is unknown, unless it was recorded meanwhile."""
    sending = Condition("#is = :sending", {"#is": "state"}, {":sending": SendState.SENDING.value})
    sets = {"state": SendState.UNKNOWN.value, "updated": format_time(now)}
    table.written(change("send", _key(request), sets, sending))


def give_up(table: Table, request: RequestReference, failed: Mapping[str, int], now: datetime) -> None:
    """Fail the recipients of a request whose outcome is unknown: all of them or none.

    `failed` has Twilio's code of each. Raises Conflict when the outcome was recorded meanwhile; labels: send, receipt.
    """
    is_unknown = Condition("#is = :unknown", {"#is": "state"}, {":unknown": SendState.UNKNOWN.value})
    writes = [receipts.failing_write(request.send, address, error_code, now) for address, error_code in failed.items()]
    if writes:
        table.transact([check("send", _key(request), is_unknown), *writes])


def cancel(table: Table, request: RequestReference, error_code: int, now: datetime) -> bool:
    """Refuse a request that no attempt has claimed; return whether it was one. A carrier is never asked for it then."""
    unclaimed = Condition(
        "attribute_not_exists(PK) OR #is = :waiting", {"#is": "state"}, {":waiting": SendState.WAITING.value}
    )
    sets = {
        "state": SendState.REFUSED.value,
        **_reference_attributes(request.send),
        "error_code": error_code,
        "updated": format_time(now),
    }
    return table.written(change("send", _key(request), sets, unclaimed))


def count_copies(table: Table, reference: SendReference, copies: Write, counted: tuple[str, str]) -> None:
    """Count the copies of a claimed send that is sent otherwise than planned.

    These are the copies that our other numbers receive. They are counted once for each (thread, fingerprint), also when
    the send is claimed again.
    """
    encoded = "#".join(counted)
    uncounted = Condition(
        "attribute_not_exists(#counted) OR #counted <> :counted", {"#counted": "counted"}, {":counted": encoded}
    )
    claimed = change("send", keys.send(reference), {"counted": encoded}, uncounted)
    try:
        retry.CONTENDED.run(lambda: table.transact([claimed, copies]), can_retry=retry.is_race)
    except Conflict as conflict:
        if not conflict.failed:
            raise
