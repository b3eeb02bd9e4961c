"""Sends: one item for each (message, thread), so that a text is handed to its carrier once.

The item is claimed before the carrier is asked. Whoever finds it claimed by an earlier attempt does not know whether
the carrier took the text, and must not ask again. states.SendState draws the machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from partyline.model import SendReference
from partyline.states import SendState
from partyline.store import items, keys
from partyline.store.table import Condition, Conflict, Table, change, put, retrying

_TRIES = 10


@dataclass(frozen=True, slots=True)
class Claim:
    """What an attempt found. `state` is SENDING when it may ask the carrier now, as attempt number `attempt` (from 1);
    otherwise it is where an earlier attempt left the send."""

    state: SendState
    attempt: int = 0
    carrier: str = ""
    carrier_message_id: str = ""
    error_code: int = 0


def claim(table: Table, reference: SendReference, now: datetime) -> Claim:
    """Claim a send before asking the carrier: for one attempt at a time, and never after one whose end is unknown."""
    key = keys.send(reference)
    sets = {
        "state": SendState.SENDING.value,
        "conversation_sid": reference.conversation_sid,
        "message_sid": reference.message_sid,
        "thread": reference.thread,
        "updated": items.from_time(now),
    }
    may_ask = Condition(
        "attribute_not_exists(PK) OR #is = :waiting", {"#is": "state"}, {":waiting": SendState.WAITING.value}
    )
    try:
        claimed = table.write(change("send", key, sets, may_ask, adds={"attempts": 1}))
    except Conflict as conflict:
        if not conflict.failed:
            raise
        found = conflict.failed["send"]
        if SendState(found["state"]) is SendState.SENDING:
            return Claim(SendState.UNKNOWN)
        return Claim(
            SendState(found["state"]),
            carrier=found.get("carrier", ""),
            carrier_message_id=found.get("carrier_message_id", ""),
            error_code=found.get("error_code", 0),
        )
    return Claim(SendState.SENDING, attempt=claimed["attempts"])


def accepted(table: Table, reference: SendReference, *, carrier: str, carrier_message_id: str, now: datetime) -> None:
    """Record that a carrier took a send, and under which id its reports will come."""
    sets = {
        "state": SendState.SENT.value,
        "carrier": carrier,
        "carrier_message_id": carrier_message_id,
        "updated": items.from_time(now),
    }
    pointer = {
        "conversation_sid": reference.conversation_sid,
        "message_sid": reference.message_sid,
        "thread": reference.thread,
    }
    writes = [
        change("send", keys.send(reference), sets),
        put("sent", keys.sent(carrier, carrier_message_id), pointer),
    ]
    # A report that looks for the pointer at this moment must not cost us the record of what the carrier took.
    retrying(lambda: table.transact(writes), tries=_TRIES)


def ended(
    table: Table, reference: SendReference, state: SendState, now: datetime, *, error_code: int | None = None
) -> None:
    """Record that an attempt ended otherwise: WAITING (to be tried again), REFUSED with Twilio's code of the reason, or
    UNKNOWN."""
    sets = {"state": state.value, "error_code": error_code, "updated": items.from_time(now)}
    table.write(change("send", keys.send(reference), sets))
