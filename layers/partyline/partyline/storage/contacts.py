"""Contacts, the claims of their numbers, the terms by which they are found, and their history.

A number belongs to at most one living contact of a Service: its claim is an item that only one contact can own. It also
holds what is needed of the contact wherever the number occurs, so that one read answers whose number it is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from partyline.domain import contact_search
from partyline.domain.contacts import Contact, ContactAction, ContactChange, ContactSnapshot, NumberHolder, hold_numbers
from partyline.errors import Conflict, RuleViolation
from partyline.storage import codec, contact_keys, idempotency, keys, retry
from partyline.storage.attribute_values import Item
from partyline.storage.table import NEW, Condition, Table, Write, delete, put

# Labels of writes. A Conflict names the failed writes by them.
CONTACT, NUMBER = "contact", "number:"
# What the relay does for the entry of an erasure: it orders to delete the rest of a long history.
OUTBOX = "erased"
# How many entries of its history the request deletes that erases a contact.
_MAX_FORGOTTEN = 500
# Contacts that were merged into each other one after the other are followed so far.
_MAX_MERGES = 5


def fetch(table: Table, sid: str) -> Contact | None:
    """Read a contact by SID, also a tombstone; return None when there was none."""
    item = table.get(contact_keys.contact(sid))
    return codec.decode(Contact, item) if item else None


def fetch_many(table: Table, contact_sids: Iterable[str]) -> dict[str, Contact]:
    """Read some contacts by SID, also tombstones: one round trip for each hundred."""
    found = table.get_all(contact_keys.contact(sid) for sid in contact_sids)
    return {item["sid"]: codec.decode(Contact, item) for item in found.values()}


def fetch_holders(table: Table, service_sid: str, numbers: Iterable[str]) -> dict[str, NumberHolder]:
    """Read whose some canonical numbers are, in one round trip for each hundred; numbers of no contact are left out."""
    found = table.get_all(contact_keys.contact_number(service_sid, number) for number in numbers)
    return {item["number"]: codec.decode(NumberHolder, item) for item in found.values()}


def fetch_owners(table: Table, service_sid: str, numbers: Collection[str]) -> frozenset[str]:
    """Read the identities that own the contacts of some canonical numbers, in one round trip for each hundred."""
    holders = fetch_holders(table, service_sid, numbers) if numbers else {}
    return frozenset(holder.owner for holder in holders.values() if holder.owner)


def fetch_current(table: Table, snapshots: Iterable[ContactSnapshot]) -> dict[str, Contact]:
    """Read the contacts of some snapshots as they are now, by the SID of the snapshot.

    A merged contact is the one that has its numbers now. Costs one round trip, and one more where there are such.
    """
    found = fetch_many(table, {snapshot.sid for snapshot in snapshots})
    for _ in range(_MAX_MERGES):
        moved = {sid: contact.merged_into for sid, contact in found.items() if contact.merged_into}
        if not moved:
            break
        survivors = fetch_many(table, set(moved.values()))
        found |= {sid: survivors[target] for sid, target in moved.items() if target in survivors}
    return found


def save(
    table: Table, before: Contact | None, after: Contact, change: ContactChange, *, beside: Sequence[Write] = ()
) -> None:
    """Store a new or changed contact with its entry in the history, and with the writes `beside` it, all or nothing.

    The answer of the request that created a deleted one loses its body first. Raises RuleViolation
    contact_number_taken, and Conflict when another request changed the contact since `before` was read.
    """
    _forget_answer(table, before, after)
    _transact(table, [*build_writes(before, after, change), *beside])


def save_merge(
    table: Table,
    before: tuple[Contact, Contact],
    after: tuple[Contact, Contact],
    changes: tuple[ContactChange, ContactChange],
) -> None:
    """Store both contacts of a merge, the survivor first. Raises Conflict as `save`."""
    held = {number: contact.sid for contact in before for number in contact.addresses}
    _forget_answer(table, before[1], after[1])
    _transact(
        table,
        [
            *(write for one in zip(before, after, changes, strict=True) for write in _own_writes(*one)),
            *_claim_writes(held, after[0]),
        ],
    )


def erase(table: Table, before: Contact, after: Contact, change: ContactChange) -> None:
    """Store an erased contact, and delete its history but this change. Raises Conflict as `save`.

    What is left of a long history, or by a run that ends in between, is deleted asynchronously
    (partyline.lifecycle.cleanup).
    """
    save(table, before, after, change)
    forget_history(table, after, _MAX_FORGOTTEN)


def forget_history(table: Table, erased: Contact, limit: int) -> bool:
    """Delete the oldest entries of the history of a contact that was erased, but the last one, which says so.

    Returns whether more are left.
    """
    kept = contact_keys.contact_change(erased.sid, erased.version)
    found = table.query(kept.pk, begins=contact_keys.CONTACT_CHANGES, limit=limit + 1).items
    history = [key for key in (keys.Key(item["PK"], item["SK"]) for item in found) if key != kept]
    table.delete_all(history[:limit])
    return len(history) > limit


def _forget_answer(table: Table, before: Contact | None, after: Contact) -> None:
    if before and before.request_digest and after.deleted:
        idempotency.forget_body(table, None, before.request_digest, before.sid)


def _transact(table: Table, writes: Sequence[Write]) -> None:
    try:
        retry.STANDARD.run(lambda: table.transact(writes), can_retry=retry.is_race)
    except Conflict as conflict:
        for label, holder in conflict.failed.items():
            if label.startswith(NUMBER) and CONTACT not in conflict.failed:
                raise RuleViolation(
                    "contact_number_taken",
                    number=label.removeprefix(NUMBER),
                    contact_sid=holder.get("contact_sid", ""),
                ) from conflict
        raise


def build_writes(before: Contact | None, after: Contact, change: ContactChange) -> list[Write]:
    """Build the writes of a new or changed contact. They hold while it has not changed since `before` was read.

    Labels: contact, contact_change, contact_term, and `number:` with the number for each claim.
    """
    held = dict.fromkeys(before.addresses, before.sid) if before else {}
    unchanged = before is not None and [*hold_numbers(before)] == [*hold_numbers(after)]
    return [*_own_writes(before, after, change), *([] if unchanged else _claim_writes(held, after))]


def _own_writes(before: Contact | None, after: Contact, change: ContactChange) -> list[Write]:
    """Build the writes of everything but the numbers."""
    return [
        put(CONTACT, contact_keys.contact(after.sid), _contact_item(after), _unchanged(before) if before else NEW),
        put("contact_change", contact_keys.contact_change(after.sid, change.version), _change_item(change)),
        *_term_writes(before, after),
    ]


def _change_item(change: ContactChange) -> Item:
    """Build an entry of the history. That of an erasure has the relay act on it."""
    item = codec.encode(change)
    return {**item, "outbox": OUTBOX} if change.action is ContactAction.ERASED else item


def _unchanged(before: Contact) -> Condition:
    return Condition("#version = :version", {"#version": "version"}, {":version": before.version})


def _contact_item(contact: Contact) -> Item:
    """Build a contact's item, with its places in the lists of its Service and of its owner, both by name."""
    by_name = f"{contact_search.sort_name(contact.friendly_name)}#{contact.sid}"
    list_name = contact_keys.deleted_contact_list if contact.deleted else contact_keys.contact_list
    item = {
        **codec.encode(contact),
        "GSI1PK": keys.sharded(list_name(contact.service_sid), contact.sid),
        "GSI1SK": by_name,
    }
    if contact.owner:
        item |= {"GSI2PK": contact_keys.contacts_of(contact.service_sid, contact.owner), "GSI2SK": by_name}
    return item


def _claim_writes(held: Mapping[str, str], after: Contact) -> list[Write]:
    """Build the writes that claim the numbers of a contact, and release the others among those that are `held`.

    `held` has the contact that a number is claimed for, by number.
    """
    claimed = {holder.number: holder for holder in hold_numbers(after)}
    return [
        *(
            put(
                NUMBER + number,
                contact_keys.contact_number(after.service_sid, number),
                codec.encode(holder),
                _is_held_by(held[number]) if number in held else NEW,
            )
            for number, holder in claimed.items()
        ),
        *(
            delete("released", contact_keys.contact_number(after.service_sid, number), _is_held_by(sid))
            for number, sid in held.items()
            if number not in claimed
        ),
    ]


def _is_held_by(contact_sid: str) -> Condition:
    return Condition("#contact = :contact", {"#contact": "contact_sid"}, {":contact": contact_sid})


def _term_writes(before: Contact | None, after: Contact) -> list[Write]:
    """Build the writes of the terms by which a contact is found; each has all of them, and the owner's partition."""
    old, new = (_list_living_terms(before), _list_living_terms(after))
    if old == new and before and before.owner == after.owner:
        return []
    item: Item = {"contact_sid": after.sid, "terms": list(new)}
    if after.owner:
        item["GSI2PK"] = contact_keys.contact_terms(after.service_sid, after.owner)
    return [
        *(
            put(
                "contact_term",
                contact_keys.contact_term(after.service_sid, term, after.sid),
                {**item, "term": term, **({"GSI2SK": f"{term}#{after.sid}"} if after.owner else {})},
            )
            for term in new
        ),
        *(
            delete("contact_term", contact_keys.contact_term(after.service_sid, term, after.sid))
            for term in old
            if term not in new
        ),
    ]


def _list_living_terms(contact: Contact | None) -> tuple[str, ...]:
    return contact_search.list_terms(contact) if contact and not contact.deleted else ()


def remove(table: Table, contact: Contact) -> None:
    """Remove a contact of a removed Service with everything that is stored of it."""
    terms = (contact_keys.contact_term(contact.service_sid, term, contact.sid) for term in _list_living_terms(contact))
    numbers = (contact_keys.contact_number(contact.service_sid, number) for number in contact.addresses)
    table.delete_all([*terms, *numbers])
    # The contact itself last, since a run that ends in between finds it again.
    history = table.query_all(contact_keys.contact(contact.sid).pk, begins=contact_keys.CONTACT_CHANGES)
    table.delete_all(keys.Key(item["PK"], item["SK"]) for item in history)
    table.delete_all([contact_keys.contact(contact.sid)])
