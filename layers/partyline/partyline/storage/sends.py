"""Claims of sends, by which each is handed to its carrier at most once.

Where the carrier takes one request a member, there is one item more for each (message, thread, member); and for a text
in parts one for each part behind the first. The item is claimed before the carrier is asked. An attempt that finds it
claimed by an earlier one cannot know whether the carrier accepted the text, and must not ask again. SendState draws
the states.
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
from partyline.storage.attribute_values import Item
from partyline.storage.keys import Key
from partyline.storage.receipts import ReportedStatus
from partyline.storage.table import Condition, Table, Write, change, check, put


@dataclass(frozen=True, slots=True)
class Claim:
    """The state of a request, as an attempt found it.

    `state` is SENDING when this attempt may ask the carrier, as number `attempt` (from 1). Otherwise it is the state in
    which an earlier attempt left the request, with what that one recorded:

    - `carrier`: the carrier that is asked; `carrier_message_id`: its id of the message.
    - `refused`: recipients that do not get the text, each with Twilio's code: those left out from the start, and those
      that the carrier has named. `error_code`: the code of a whole request that was refused.
    - `names`: the carrier's names of recipients.
    - `opted_out`: those of `refused` whose opt-out only the carrier knew of.
    - `counted`: (thread, fingerprint) of the copies that were counted for a text that leaves otherwise than recorded.
    - `cuts`: where a long text is cut into parts (partyline.domain.long_texts). They are fixed when the first part is
      claimed, whichever carrier sends the others.
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

    Returns a claim in state SPLIT; or, when an attempt to send it as one came before, the state in which that left it.
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


def claim(table: Table, request: RequestReference, asked: Claim, now: datetime) -> Claim:
    """Claim a request for one attempt, before the carrier is asked.

    A request whose outcome is unknown is never claimed again. The carrier that is `asked` and the recipients that are
    left out are recorded: when no answer comes, the reconciler asks about exactly this request.
    """
    # The client repeats a write whose answer was lost. The token tells that repeat from another attempt.
    token = secrets.token_hex(8)
    sets = {
        "state": SendState.SENDING.value,
        **_reference_attributes(request.send),
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
            return _read_earlier_claim(found)
        claimed = found
    return replace(asked, attempt=claimed["attempts"], counted=_counted(claimed))


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

    One in state SENDING is of a crashed attempt: its outcome is unknown.
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
    """Return what was counted.

    Version 0.1.0 recorded the thread alone. Then it is counted once more, which affects no later text.
    """
    if "counted" not in item:
        return None
    thread, _, fingerprint = item["counted"].rpartition("#")
    return thread, fingerprint


def record_accepted(
    table: Table,
    request: RequestReference,
    sent: Claim,
    now: datetime,
    reports: Iterable[ReportedStatus] = (),
) -> None:
    """Record that a carrier accepted a request, and under which message id.

    The recipients that it does not reach and its names of the others are recorded too. `reports` are stored beside that
    id as early reports are: settling the request applies both.
    """
    sets = {
        "state": SendState.SENT.value,
        "carrier": sent.carrier,
        "carrier_message_id": sent.carrier_message_id,
        "refused": dict(sent.refused),
        "names": dict(sent.names),
        "opted_out": list(sent.opted_out),
        "updated": format_time(now),
    }
    pointer = {**_reference_attributes(request.send), "names": dict(sent.names)}
    unique = {(reported.recipient, reported.status): reported for reported in reports}
    writes = [
        change("send", _key(request), sets),
        put("sent", keys.sent(sent.carrier, sent.carrier_message_id), pointer),
        *(
            receipts.early_report_write(sent.carrier, sent.carrier_message_id, reported, now)
            for reported in unique.values()
        ),
    ]
    # A report that reads the pointer at this moment must not cost the record of what the carrier accepted.
    retry.CONTENDED.run(lambda: table.transact(writes))


def record_refused(table: Table, request: RequestReference, ended: Claim, now: datetime) -> None:
    """Record that a whole request was refused, and which recipients the carrier named."""
    sets = {
        "state": SendState.REFUSED.value,
        "error_code": ended.error_code,
        "refused": dict(ended.refused),
        "opted_out": list(ended.opted_out),
        "updated": format_time(now),
    }
    table.write(change("send", _key(request), sets))


def record_waiting(table: Table, request: RequestReference, now: datetime) -> None:
    """Record that a carrier certainly did not accept a request, and will be asked again."""
    sets = {"state": SendState.WAITING.value, "updated": format_time(now)}
    table.write(change("send", _key(request), sets))


def record_unknown(table: Table, request: RequestReference, now: datetime) -> None:
    """Record that the outcome of a request is unknown, unless it is known by now."""
    sending = Condition("#is = :sending", {"#is": "state"}, {":sending": SendState.SENDING.value})
    sets = {"state": SendState.UNKNOWN.value, "updated": format_time(now)}
    table.written(change("send", _key(request), sets, sending))


def give_up(table: Table, request: RequestReference, failed: Mapping[str, int], now: datetime) -> None:
    """Fail the recipients of a request of unknown fate: all of them or none.

    `failed` has Twilio's code of each. Raises Conflict when the fate is known by now; labels: send, receipt.
    """
    is_unknown = Condition("#is = :unknown", {"#is": "state"}, {":unknown": SendState.UNKNOWN.value})
    writes = [receipts.failing_write(request.send, address, error_code, now) for address, error_code in failed.items()]
    if writes:
        table.transact([check("send", _key(request), is_unknown), *writes])


def count_copies(table: Table, reference: SendReference, copies: Write, counted: tuple[str, str]) -> None:
    """Count the copies of a claimed send that leaves otherwise than it was recorded.

    These are the copies that our other numbers receive. They are counted once for the same (thread, fingerprint),
    however often the send is claimed.
    """
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
