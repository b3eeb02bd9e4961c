"""Lines: our own numbers.

A line's address configuration is part of its item. A pointer leads from the configuration's SID to the line.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import field

from partyline.domain.lines import AddressConfiguration, Line
from partyline.domain.sends import Send
from partyline.errors import Conflict, RuleViolation
from partyline.frozen_classes import frozen
from partyline.storage import codec, contact_keys, erased_opt_outs, keys, own_writes, retry
from partyline.storage.attribute_values import Item
from partyline.storage.erased_opt_outs import Pair
from partyline.storage.keys import Key
from partyline.storage.table import EXISTS, NEW, Condition, Table, Write, change, delete, diff_items, put


def register(table: Table, line: Line) -> None:
    """Store a new line.

    Raises RuleViolation line_exists when its number is registered already.
    """
    item = _item(line)
    if not own_writes.is_made(table, put("line", keys.line(line.address), item, NEW), item):
        raise RuleViolation("line_exists", address=line.address)


def update(table: Table, before: Line, after: Line, *, keep_users: bool = False) -> bool:
    """Store what differs between two states of a line; return False when the line is gone.

    Concurrent changes of different settings all hold. Raises Conflict when both this change and another one since the
    line was read are of the address configuration, or, with `keep_users`, when another one is of its users.
    """
    sets = diff_items(_item(before), _item(after))
    if not sets:
        return True
    is_same = before.configuration == after.configuration
    condition = EXISTS if is_same else _configuration_matches(before.configuration)
    if keep_users:
        condition = _with_users(condition, before.users)
    writes = [change("line", keys.line(before.address), sets, condition), *_pointer_writes(before, after.configuration)]
    try:
        retry.STANDARD.run(lambda: table.transact(writes), can_retry=retry.is_race)
    except Conflict as conflict:
        if conflict.failed.get("line") == {}:
            return False
        raise
    return True


def remove(table: Table, address: str) -> None:
    """Delete a line with its address configuration.

    Conversations keep its number. Texts to it become unrouted texts.
    """

    def attempt() -> None:
        line = fetch(table, [address]).get(address)
        if line:
            deletion = delete("line", keys.line(address), _configuration_matches(line.configuration))
            catch_up = delete("catch_up", keys.catch_up(address))
            table.transact([deletion, catch_up, *_pointer_writes(line, None)])

    retry.STANDARD.run(attempt)


def fetch(table: Table, addresses: Iterable[str]) -> dict[str, Line]:
    """Read the lines among some addresses, in one round trip."""
    found = table.get_all(keys.line(address) for address in addresses)
    return {item["address"]: codec.decode(Line, item) for item in found.values()}


@frozen
class SendingLines:
    """The registered lines among the own numbers of some sends, and the recipients that get nothing from them.

    - `opted_out`: pairs of address and line.
    - `do_not_disturb`: the addresses of contacts who want no texts from any line.
    - `beside`: what was read besides, by key.
    """

    lines: Mapping[str, Line]
    opted_out: frozenset[tuple[str, str]]
    do_not_disturb: frozenset[str] = frozenset()
    beside: Mapping[Key, Item] = field(default_factory=dict)

    def opted_out_of(self, send: Send) -> frozenset[str]:
        """Return the recipients of a send that have opted out of its number."""
        return frozenset(native for native in send.natives if (native, send.sender) in self.opted_out)

    def undisturbed_of(self, send: Send) -> frozenset[str]:
        """Return the recipients of a send who want no texts, without those who have opted out of its number."""
        return self.do_not_disturb & send.natives.keys() - self.opted_out_of(send)

    def left_out_of(self, send: Send) -> frozenset[str]:
        """Return the recipients of a send that get nothing."""
        return self.opted_out_of(send) | self.undisturbed_of(send)


def fetch_for_sends(
    table: Table, sends: Sequence[Send], service_sid: str | None, beside: Collection[Key] = ()
) -> SendingLines:
    """Read the lines of some sends, and which recipients get nothing from them, in one round trip.

    Contacts are those of the Service; without one, none is looked for. In an account in which people were erased it
    takes a second round trip. The items at the keys in `beside` are read in the same request.
    """
    numbers, pairs, claims = _keys_of_sends(sends, service_sid)
    found = table.get_all([*numbers, *pairs, *claims, erased_opt_outs.MARK, *beside])
    unknown = [pair for key, pair in pairs.items() if key not in found]
    erased = erased_opt_outs.find(table, found.get(erased_opt_outs.MARK), unknown)

    def read(wanted: Collection[Key]) -> list[Item]:
        return [item for key, item in found.items() if key in wanted]

    return SendingLines(
        {item["address"]: codec.decode(Line, item) for item in read(numbers)},
        frozenset((item["address"], item["line"]) for item in read(pairs) if item["opted_out"]) | erased.keys(),
        frozenset(item["number"] for item in read(claims) if item["do_not_disturb"]),
        {key: found[key] for key in beside if key in found},
    )


def _keys_of_sends(sends: Iterable[Send], service_sid: str | None) -> tuple[set[Key], dict[Key, Pair], set[Key]]:
    """Return the keys of the lines of some sends, of the opt-outs of recipients, and of the claims of their numbers."""
    numbers: set[Key] = set()
    pairs: dict[Key, Pair] = {}
    claims: set[Key] = set()
    for send in sends:
        numbers.update(keys.line(number) for number in (send.sender, *send.others))
        pairs.update({keys.opt_out(native, send.sender): (native, send.sender) for native in send.natives})
        if service_sid:
            claims.update(contact_keys.contact_number(service_sid, native) for native in send.natives)
    return numbers, pairs, claims


def find_by_configuration(table: Table, sid: str) -> Line | None:
    """Find the line with an address configuration, by the configuration's SID."""
    pointer = table.get(keys.address_configuration(sid))
    line = fetch(table, [pointer["address"]]).get(pointer["address"]) if pointer else None
    return line if line and line.configuration and line.configuration.sid == sid else None


def _item(line: Line) -> Item:
    """Build a line's item, with its places in the lists of lines and of address configurations."""
    item = {**codec.encode(line), "GSI1PK": keys.LINE_LIST, "GSI1SK": line.address}
    if line.configuration:
        item |= {"GSI2PK": keys.ADDRESS_CONFIGURATION_LIST, "GSI2SK": line.address}
    return item


def _configuration_matches(configuration: AddressConfiguration | None) -> Condition:
    """Require that a line exists and has exactly this address configuration."""
    names = {"#configuration": "configuration"}
    if configuration is None:
        return Condition("attribute_exists(PK) AND attribute_not_exists(#configuration)", names)
    return Condition("#configuration = :configuration", names, {":configuration": codec.encode(configuration)})


def _with_users(condition: Condition, users: tuple[str, ...] | None) -> Condition:
    """Require besides that a line has exactly these users."""
    names = {**condition.names, "#users": "users"}
    if users is None:
        return Condition(f"{condition.expression} AND attribute_not_exists(#users)", names, condition.values)
    values = {**condition.values, ":known_users": list(users)}
    return Condition(f"{condition.expression} AND #users = :known_users", names, values)


def _pointer_writes(before: Line, after: AddressConfiguration | None) -> list[Write]:
    """Build the writes of the pointer from a configuration's SID to its line."""
    old = before.configuration
    if (old.sid if old else None) == (after.sid if after else None):
        return []
    return [
        *([delete("old_pointer", keys.address_configuration(old.sid))] if old else []),
        *([put("pointer", keys.address_configuration(after.sid), {"address": before.address}, NEW)] if after else []),
    ]
