"""Rate limits of lines and of carriers' accounts: turns reserved ahead, and pauses.

Times are milliseconds since 1970. Only a line or an account that has a rate or was paused has an item. The turn of a
send is stored beside the send, so that a repeated attempt uses the same turn.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from partyline.domain.sends import SendReference
from partyline.errors import Conflict
from partyline.frozen_classes import frozen
from partyline.storage import carrier_slots, keys, retry
from partyline.storage.attribute_values import Item
from partyline.storage.keys import Key
from partyline.storage.table import Condition, Table, change

# Longer than any pause or useful queue of turns.
_LIFE = timedelta(days=14)


@frozen
class Pace:
    """The pauses of a line or an account.

    No send is made before `until`. `failures` counts failures in a row and `since` is when the first was. `paused` is
    when the last pause began: turns reserved before are void. `leases` are those of the slots of a slow carrier, None
    while it is in time (carrier_slots).
    """

    scope: str
    until: int = 0
    failures: int = 0
    since: int = 0
    paused: int = 0
    leases: Mapping[str, int] | None = None

    @property
    def is_clear(self) -> bool:
        """Whether no pause and no failure is recorded."""
        return not (self.until or self.failures)


@frozen
class StoredTurn:
    """The turn of a send.

    `at` is when the send may be made, `taken` when the turn was reserved (0 for none), and `rates` the rates then.
    `first_blocked` is when a pause first blocked the send (0 for never).
    """

    at: int = 0
    taken: int = 0
    rates: str = ""
    first_blocked: int = 0


@frozen
class PaceSnapshot:
    """The state before a send of its line, its carrier's account and its turn."""

    line: Pace
    account: Pace
    turn: StoredTurn


def line_scope(address: str) -> str:
    """Return the scope of a line."""
    return f"line#{address}"


def account_scope(carrier: str) -> str:
    """Return the scope of a carrier's account."""
    return f"account#{carrier}"


def load(table: Table, reference: SendReference, line: str, carrier: str) -> PaceSnapshot:
    """Load what decides when a send may be made: one round trip."""
    return decode(table.get_all(list_keys(reference, line, carrier)), reference, line, carrier)


def list_keys(reference: SendReference, line: str, carrier: str) -> list[Key]:
    """List the keys of what decides when a send may be made."""
    return [keys.turn(reference), keys.pace(line_scope(line)), keys.pace(account_scope(carrier))]


def decode(found: Mapping[Key, Item], reference: SendReference, line: str, carrier: str) -> PaceSnapshot:
    """Decode what was read at these keys."""
    turn, *paces = (found.get(key, {}) for key in list_keys(reference, line, carrier))
    scopes = (line_scope(line), account_scope(carrier))
    first, second = (_decode_pace(scope, item) for scope, item in zip(scopes, paces, strict=True))
    return PaceSnapshot(first, second, _decode_turn(turn))


def reserve(table: Table, scope: str, rate: str, interval: int, now: int, paused: int = 0) -> int:
    """Reserve the next turn for `interval`; return when it is.

    The turn follows the last reserved turn without a gap, if that one is ahead, has this rate and was reserved after
    `paused`. Otherwise the turn is now. Raises Conflict when other sends win every race.
    """
    key = keys.pace(scope)
    names = {"#next": "next", "#rate": "rate", "#taken": "taken"}
    values = {":now": now, ":rate": rate, ":paused": paused}
    is_ahead = Condition("#next > :now AND #rate = :rate AND #taken > :paused", names, values)
    others = "attribute_not_exists(#rate) OR #next <= :now OR #rate <> :rate OR #taken <= :paused"
    is_idle = Condition(others, names, values)
    taken = {"rate": rate, "taken": now, "ttl": _ttl(now)}

    def attempt() -> int:
        try:
            item = table.write(change("pace", key, taken, is_ahead, adds={"next": interval}))
        except Conflict:
            item = table.write(change("pace", key, {**taken, "next": now + interval}, is_idle))
        at: int = item["next"] - interval
        return at

    return retry.STANDARD.run(attempt)


def keep_turn(table: Table, reference: SendReference, at: int, rates: str, now: int, before: int = 0) -> StoredTurn:
    """Store a send's turn in place of the one taken `before`; return the turn that is stored."""
    values = {":before": before}
    is_unchanged = Condition("attribute_not_exists(#taken) OR #taken = :before", {"#taken": "taken"}, values)
    turn = {"at": at, "taken": now, "rates": rates, "ttl": _ttl(now)}
    try:
        table.write(change("turn", keys.turn(reference), turn, is_unchanged))
    except Conflict as conflict:
        if conflict.failed:
            return _decode_turn(conflict.failed["turn"])
    return StoredTurn(at, now, rates)


def mark_first_blocked(table: Table, reference: SendReference, now: int) -> None:
    """Record when a pause first blocked a send, or the send caused one."""
    table.write(change("turn", keys.turn(reference), {"ttl": _ttl(now)}, defaults={"met": now}))


def claim_probe(table: Table, before: Pace, until: int) -> bool:
    """Claim the probe after a pause; return False when another send has it.

    The other sends then wait `until`.
    """
    unclaimed = Condition("#until = :before", {"#until": "until"}, {":before": before.until})
    return table.written(change("pace", keys.pace(before.scope), {"until": until}, unclaimed))


def count_failure(table: Table, scope: str, now: int) -> int:
    """Count a failure; return how many there are in a row."""
    counted = change("pace", keys.pace(scope), {"ttl": _ttl(now)}, adds={"failures": 1}, defaults={"since": now})
    item = table.write(counted)
    failures: int = item["failures"]
    return failures


def pause(table: Table, scope: str, until: int, now: int) -> None:
    """Pause a scope until a time."""
    table.write(change("pace", keys.pace(scope), {"until": until, "paused": now, "ttl": _ttl(until)}))


def reset(table: Table, scope: str) -> None:
    """Delete pauses and failures, after a request was answered."""
    table.write(change("pace", keys.pace(scope), {"until": None, "failures": None, "since": None}))


def _decode_pace(scope: str, item: Item) -> Pace:
    until, failures, since, paused = (item.get(name, 0) for name in ("until", "failures", "since", "paused"))
    return Pace(scope, until, failures, since, paused, carrier_slots.decode_leases(item))


def _decode_turn(item: Item) -> StoredTurn:
    return StoredTurn(item.get("at", 0), item.get("taken", 0), item.get("rates", ""), item.get("met", 0))


def _ttl(milliseconds: int) -> int:
    return int(milliseconds / 1000 + _LIFE.total_seconds())
