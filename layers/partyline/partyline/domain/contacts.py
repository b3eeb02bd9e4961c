"""Contacts: the people behind phone numbers, as the users of a Service know them. Pure.

A contact is never removed: what is left of a deleted one is a tombstone with its name and version. Participants that
were added as this contact still refer to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from datetime import datetime
from enum import StrEnum
from typing import Any

from partyline import serialization
from partyline.domain import addresses
from partyline.domain.addresses import AddressKind
from partyline.errors import RuleViolation
from partyline.frozen_classes import frozen, replace

MAX_NUMBERS = 10
MAX_LABEL = 64


@frozen
class ContactNumber:
    """A phone number of a contact: canonical, with a label in the users' words."""

    number: str
    label: str = ""
    primary: bool = False


@frozen
class DoNotDisturb:
    """That a contact is to get no texts from any line: since when, who entered it, and why.

    `by` is an identity, the SID of an API key, or the account's SID.
    """

    since: datetime
    by: str
    reason: str = ""


@frozen
class Contact:
    """A person with phone numbers, of which exactly one is primary.

    - `owner`: the identity that the contact is assigned to.
    - `version`: counts the changes, from 1. `revised` is the version that last changed the name or a number.
    - `deleted`: set in a tombstone. `merged_into`: the contact that has the numbers of a merged one.
    - `request_digest`: names the request that created it, if that had an Idempotency-Key.
    """

    sid: str
    service_sid: str
    friendly_name: str
    created: datetime
    updated: datetime
    numbers: tuple[ContactNumber, ...] = ()
    owner: str | None = None
    do_not_disturb: DoNotDisturb | None = None
    attributes: str = "{}"
    version: int = 1
    revised: int = 1
    deleted: datetime | None = None
    merged_into: str | None = None
    request_digest: str | None = None

    @property
    def addresses(self) -> tuple[str, ...]:
        """The numbers without their labels, in order."""
        return tuple(one.number for one in self.numbers)

    @property
    def primary(self) -> str | None:
        """The primary number; None without numbers."""
        return next((one.number for one in self.numbers if one.primary), None)


@frozen
class NumberHolder:
    """The contact that a number belongs to, with what is needed of it wherever the number occurs."""

    number: str
    contact_sid: str
    service_sid: str
    friendly_name: str
    owner: str | None = None
    do_not_disturb: bool = False


@frozen
class ContactSnapshot:
    """A contact as it was when a participant was added as it."""

    sid: str
    version: int
    name: str


class MemberContactState(StrEnum):
    """What has become of the contact of a participant since it was added."""

    CURRENT = "current"
    UPDATED = "updated"
    DELETED = "deleted"


@frozen
class MemberContact:
    """The contact of a participant as it is now.

    - `sid`: the contact, after a merge the one that has its numbers now. `name`: its name now, or the last one.
    - `number_is_current`: whether the participant's number is still one of the contact's.
    """

    sid: str
    name: str
    name_when_added: str
    state: MemberContactState
    number_is_current: bool


def describe_member(snapshot: ContactSnapshot, address: str | None, current: Contact | None) -> MemberContact:
    """Compare the contact as which a participant was added with the contact as it is now.

    It is updated when its name or a number has changed, also by a merge.
    """
    if current is None or current.deleted:
        return MemberContact(
            snapshot.sid, snapshot.name, snapshot.name, MemberContactState.DELETED, number_is_current=False
        )
    is_updated = current.sid != snapshot.sid or current.revised > snapshot.version
    return MemberContact(
        sid=current.sid,
        name=current.friendly_name,
        name_when_added=snapshot.name,
        state=MemberContactState.UPDATED if is_updated else MemberContactState.CURRENT,
        number_is_current=address in current.addresses,
    )


class ContactAction(StrEnum):
    """What a change has made of a contact."""

    CREATED = "created"
    UPDATED = "updated"
    MERGED = "merged"
    DELETED = "deleted"
    ERASED = "erased"


@frozen
class FieldChange:
    """A field of a contact before and after a change, as plain JSON values."""

    field: str
    before: Any = None
    after: Any = None


@frozen
class ContactChange:
    """An entry of a contact's history. `by` is an identity, the SID of an API key, or the account's SID."""

    contact_sid: str
    action: ContactAction
    by: str
    at: datetime
    version: int
    changes: tuple[FieldChange, ...] = field(default=())


def check_numbers(given: Sequence[ContactNumber]) -> tuple[ContactNumber, ...]:
    """Return the numbers in canonical form; the first is primary unless another one is.

    Raises RuleViolation invalid_parameter.
    """
    if len(given) > MAX_NUMBERS:
        raise _invalid_numbers(f"a contact has at most {MAX_NUMBERS}")
    if sum(one.primary for one in given) > 1:
        raise _invalid_numbers("only one is primary")
    numbers = [replace(one, number=_canonicalize(one.number)) for one in given]
    if len({one.number for one in numbers}) < len(numbers):
        raise _invalid_numbers("a number is given twice")
    if numbers and not any(one.primary for one in numbers):
        numbers[0] = replace(numbers[0], primary=True)
    return tuple(numbers)


def _canonicalize(given: str) -> str:
    number = addresses.canonicalize(given)
    if addresses.kind_of(number) is not AddressKind.PHONE:
        raise _invalid_numbers("each number is a phone number in E.164 form")
    return number


def _invalid_numbers(problem: str) -> RuleViolation:
    return RuleViolation("invalid_parameter", name="Numbers", problem=problem)


def update(before: Contact, changes: Mapping[str, Any], now: datetime) -> Contact:
    """Return the next version of a contact; the contact itself when nothing changes."""
    after = replace(before, **changes)
    return before if after == before else _count(before, after, now)


def _count(before: Contact, after: Contact, now: datetime) -> Contact:
    """Return a changed contact with its version."""
    is_revised = (after.friendly_name, after.numbers) != (before.friendly_name, before.numbers)
    version = before.version + 1
    return replace(after, version=version, revised=version if is_revised else before.revised, updated=now)


def set_do_not_disturb(
    before: DoNotDisturb | None, *, wanted: bool | None, reason: str | None, by: str, now: datetime
) -> DoNotDisturb | None:
    """Return what is recorded after a request; None for `wanted` or `reason` leaves it as it is.

    What is entered again keeps its date and author. Raises RuleViolation invalid_parameter for a reason without effect.
    """
    is_set = before is not None if wanted is None else wanted
    if not is_set:
        if reason:
            raise RuleViolation(
                "invalid_parameter", name="DoNotDisturbReason", problem="it is given with DoNotDisturb=true only"
            )
        return None
    known = before or DoNotDisturb(since=now, by=by)
    return known if reason is None else replace(known, reason=reason)


def merge(survivor: Contact, other: Contact, now: datetime) -> tuple[Contact, Contact]:
    """Return both contacts after a merge: the survivor with all numbers, and the tombstone of the other.

    The survivor keeps its own name, owner and attributes; an owner and a do-not-disturb that only the other has are
    taken over. Raises RuleViolation invalid_parameter when these are too many numbers.
    """
    numbers = (
        *survivor.numbers,
        *(replace(one, primary=not survivor.numbers and one.primary) for one in other.numbers),
    )
    if len(numbers) > MAX_NUMBERS:
        raise RuleViolation(
            "invalid_parameter", name="ContactSid", problem=f"together they have more than {MAX_NUMBERS} numbers"
        )
    merged = replace(
        survivor,
        numbers=numbers,
        owner=survivor.owner or other.owner,
        do_not_disturb=survivor.do_not_disturb or other.do_not_disturb,
    )
    return _count(survivor, merged, now), bury(other, now, merged_into=survivor.sid)


def bury(contact: Contact, now: datetime, merged_into: str | None = None) -> Contact:
    """Return the tombstone of a contact: its name and version, without numbers, owner and attributes."""
    return Contact(
        sid=contact.sid,
        service_sid=contact.service_sid,
        friendly_name=contact.friendly_name,
        created=contact.created,
        updated=now,
        version=contact.version + 1,
        revised=contact.version + 1,
        deleted=now,
        merged_into=merged_into,
    )


_RECORDED = ("friendly_name", "numbers", "owner", "do_not_disturb", "attributes", "merged_into")


def erase(contact: Contact, by: str, now: datetime) -> tuple[Contact, ContactChange]:
    """Return the tombstone of a contact without its name, and the only entry that its history keeps."""
    erased = replace(bury(contact, now, contact.merged_into), friendly_name="")
    return erased, ContactChange(contact.sid, ContactAction.ERASED, by, now, erased.version)


def describe_change(before: Contact | None, after: Contact, action: ContactAction, by: str) -> ContactChange:
    """Build the history's entry of a change."""
    old, new = (serialization.dump(contact) if contact else {} for contact in (before, after))
    changes = tuple(FieldChange(name, old.get(name), new[name]) for name in _RECORDED if old.get(name) != new[name])
    return ContactChange(after.sid, action, by, after.updated, after.version, changes)


def describe_merge(
    before: tuple[Contact, Contact], after: tuple[Contact, Contact], by: str
) -> tuple[ContactChange, ContactChange]:
    """Build the entries of a merge in the history of the survivor, which names the other, and of the tombstone."""
    (survivor, other), (merged, tombstone) = before, after
    of_survivor = describe_change(survivor, merged, ContactAction.MERGED, by)
    return (
        replace(of_survivor, changes=(FieldChange("merged", None, other.sid), *of_survivor.changes)),
        describe_change(other, tombstone, ContactAction.MERGED, by),
    )


def hold_numbers(contact: Contact) -> Iterable[NumberHolder]:
    """Yield the holder of each number of a contact."""
    for number in contact.addresses:
        yield NumberHolder(
            number=number,
            contact_sid=contact.sid,
            service_sid=contact.service_sid,
            friendly_name=contact.friendly_name,
            owner=contact.owner,
            do_not_disturb=contact.do_not_disturb is not None,
        )
