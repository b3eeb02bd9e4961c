"""Sends: one item for each (message, thread), so that a text is handed to its carrier once.

The item is claimed before the carrier is asked. Whoever finds it claimed by an earlier attempt does not know whether
the carrier took the text, and must not ask again. states.SendState draws the machine.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from partyline.model import SendReference
from partyline.states import SendState
from partyline.store import items, keys
from partyline.store.table import Condition, Conflict, Table, change, put, retrying

_TRIES = 10


@dataclass(frozen=True, slots=True)
class Claim:
    """What an attempt found. `state` is SENDING when it may ask the carrier now, as attempt number `attempt` (from 1);
    otherwise it is where an earlier attempt left the send, with what that one recorded.

    `refused` are the recipients that the carrier named, with Twilio's code of the reason; `error_code` is that of a
    whole request that was refused.
    """

    state: SendState
    attempt: int = 0
    carrier: str = ""
    carrier_message_id: str = ""
    error_code: int = 0
    refused: Mapping[str, int] = field(default_factory=dict)


def claim(table: Table, reference: SendReference, now: datetime) -> Claim:
    """Claim a send before asking the carrier: for one attempt at a time, and never after one whose end is unknown."""
    # The write may be repeated below us when its answer is lost, and then finds itself.
    token = secrets.token_hex(8)
    sets = {
        "state": SendState.SENDING.value,
        "conversation_sid": reference.conversation_sid,
        "message_sid": reference.message_sid,
        "thread": reference.thread,
        "updated": items.from_time(now),
        "token": token,
    }
    may_ask = Condition(
        "attribute_not_exists(PK) OR #is = :waiting", {"#is": "state"}, {":waiting": SendState.WAITING.value}
    )
    try:
        claimed = table.write(change("send", keys.send(reference), sets, may_ask, adds={"attempts": 1}))
    except Conflict as conflict:
        if not conflict.failed:
            raise
        found = conflict.failed["send"]
        if SendState(found["state"]) is not SendState.SENDING:
            return Claim(
                SendState(found["state"]),
                carrier=found.get("carrier", ""),
                carrier_message_id=found.get("carrier_message_id", ""),
                error_code=found.get("error_code", 0),
                refused=found.get("refused", {}),
            )
        if found["token"] != token:
            return Claim(SendState.UNKNOWN)
        claimed = found
    return Claim(SendState.SENDING, attempt=claimed["attempts"])


def accepted(
    table: Table,
    reference: SendReference,
    *,
    carrier: str,
    carrier_message_id: str,
    refused: Mapping[str, int],
    now: datetime,
) -> None:
    """Record that a carrier took a send, under which id its reports will come, and whom it will not reach."""
    sets = {
        "state": SendState.SENT.value,
        "carrier": carrier,
        "carrier_message_id": carrier_message_id,
        "refused": dict(refused),
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


def refused(
    table: Table, reference: SendReference, *, error_code: int, refused: Mapping[str, int], now: datetime
) -> None:
    """Record that a carrier refused a whole send, and whom it named."""
    sets = {"state": SendState.REFUSED.value, "error_code": error_code, "refused": dict(refused)}
    table.write(change("send", keys.send(reference), {**sets, "updated": items.from_time(now)}))


def waiting(table: Table, reference: SendReference, now: datetime) -> None:
    """Record that a carrier certainly did not take a send, and that it is to be asked again."""
    _move(table, reference, SendState.WAITING, now)


def unknown(table: Table, reference: SendReference, now: datetime) -> None:
    """Record that nobody knows whether a carrier took a send."""
    _move(table, reference, SendState.UNKNOWN, now)


def _move(table: Table, reference: SendReference, state: SendState, now: datetime) -> None:
    sets = {"state": state.value, "updated": items.from_time(now)}
    table.write(change("send", keys.send(reference), sets))
