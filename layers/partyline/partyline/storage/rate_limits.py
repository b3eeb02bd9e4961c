"""How fast a line, and a carrier's account, may send: turns given out ahead, and pauses. Times are in milliseconds
since 1970.

One item for each line and each carrier that is paced or was refused something; none for the others. What a send waits
for is kept beside it, so that who comes back for its turn does not take another.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from partyline.domain.sends import SendReference
from partyline.errors import Conflict
from partyline.storage import keys, retry
from partyline.storage.table import Condition, Item, Table, change

# Longer than any pause and any queue of turns is worth keeping.
_LIFE = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Pace:
    """What is known of a line or an account. Nobody asks before `until`; `failures` is how often in a row it did not go
    and `since` when that began. `paused` is when it was paused last: turns that were taken before are void."""

    scope: str
    until: int = 0
    failures: int = 0
    since: int = 0
    paused: int = 0

    @property
    def is_good(self) -> bool:
        """Whether there is nothing to remember."""
        return not (self.until or self.failures)


@dataclass(frozen=True, slots=True)
class StoredTurn:
    """What is kept beside a send: its turn, `at` a time, when it was `taken` (0 when it has none) and at which `rates`;
    when it first met a pause (`met`), or 0."""

    at: int = 0
    taken: int = 0
    rates: str = ""
    met: int = 0


@dataclass(frozen=True, slots=True)
class PaceSnapshot:
    """What is known before a send: of its line, of its carrier's account, and of itself."""

    line: Pace
    account: Pace
    kept: StoredTurn


def line_scope(address: str) -> str:
    """The scope of a line."""
    return f"line#{address}"


def account_scope(carrier: str) -> str:
    """The scope of a carrier's account."""
    return f"account#{carrier}"


def load(table: Table, reference: SendReference, line: str, carrier: str) -> PaceSnapshot:
    """All that a send asks before it goes: one round trip."""
    scopes = [line_scope(line), account_scope(carrier)]
    turn = keys.turn(reference)
    found = table.get_all([turn, *(keys.pace(scope) for scope in scopes)])
    first, second = (_pace(scope, found.get(keys.pace(scope), {})) for scope in scopes)
    return PaceSnapshot(first, second, _kept(found.get(turn, {})))


def reserve(table: Table, scope: str, rate: str, interval: int, now: int, paused: int = 0) -> int:
    """Take the next turn, and the time that it lasts: when it is. Turns follow each other without gaps while there are
    any of this rate that were taken since it `paused`; else the next one is now. Raises Conflict when it lost every
    race."""
    key = keys.pace(scope)
    names = {"#next": "next", "#rate": "rate", "#taken": "taken"}
    values = {":now": now, ":rate": rate, ":paused": paused}
    ahead = Condition("#next > :now AND #rate = :rate AND #taken > :paused", names, values)
    others = "attribute_not_exists(#rate) OR #next <= :now OR #rate <> :rate OR #taken <= :paused"
    idle = Condition(others, names, values)
    kept = {"rate": rate, "taken": now, "ttl": _ttl(now)}

    def attempt() -> int:
        try:
            item = table.write(change("pace", key, kept, ahead, adds={"next": interval}))
        except Conflict:
            item = table.write(change("pace", key, {**kept, "next": now + interval}, idle))
        at: int = item["next"] - interval
        return at

    return retry.STANDARD.run(attempt)


def keep_turn(table: Table, reference: SendReference, at: int, rates: str, now: int, before: int = 0) -> int:
    """Keep the turn of a send, instead of the one taken `before`; the one that counts, should it have another."""
    values = {":before": before}
    same = Condition("attribute_not_exists(#taken) OR #taken = :before", {"#taken": "taken"}, values)
    turn = {"at": at, "taken": now, "rates": rates, "ttl": _ttl(now)}
    try:
        table.write(change("turn", keys.turn(reference), turn, same))
    except Conflict as conflict:
        kept: int = conflict.failed["turn"].get("at", at) if conflict.failed else at
        return kept
    return at


def mark_first_blocked(table: Table, reference: SendReference, now: int) -> None:
    """Note that a send has met a pause, or is the cause of one; the first time counts."""
    table.write(change("turn", keys.turn(reference), {"ttl": _ttl(now)}, defaults={"met": now}))


def claim_probe(table: Table, before: Pace, until: int) -> bool:
    """Be the one that tries whether a pause is over; False when somebody else is. The others wait until then."""
    mine = Condition("#until = :before", {"#until": "until"}, {":before": before.until})
    return table.written(change("pace", keys.pace(before.scope), {"until": until}, mine))


def count_failure(table: Table, scope: str, now: int) -> int:
    """Count one more that did not go; how many that makes in a row."""
    counted = change("pace", keys.pace(scope), {"ttl": _ttl(now)}, adds={"failures": 1}, defaults={"since": now})
    item = table.write(counted)
    failures: int = item["failures"]
    return failures


def pause(table: Table, scope: str, until: int, now: int) -> None:
    """Have nobody ask before then."""
    table.write(change("pace", keys.pace(scope), {"until": until, "paused": now, "ttl": _ttl(until)}))


def reset(table: Table, scope: str) -> None:
    """Forget pauses and failures: something went."""
    table.write(change("pace", keys.pace(scope), {"until": None, "failures": None, "since": None}))


def _pace(scope: str, item: Item) -> Pace:
    return Pace(scope, *(item.get(name, 0) for name in ("until", "failures", "since", "paused")))


def _kept(item: Item) -> StoredTurn:
    return StoredTurn(item.get("at", 0), item.get("taken", 0), item.get("rates", ""), item.get("met", 0))


def _ttl(milliseconds: int) -> int:
    return int(milliseconds / 1000 + _LIFE.total_seconds())
