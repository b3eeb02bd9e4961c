"""Contacts: numbers, versions, do-not-disturb, merging, and what the history says."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from partyline.domain import contacts
from partyline.domain.contacts import Contact, ContactAction, ContactNumber, DoNotDisturb, FieldChange, NumberHolder
from partyline.errors import RuleViolation

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
A, B, C = "+12065550150", "+12065550151", "+12065550152"
BOB = Contact("CT1", "IS1", "Bob", NOW, NOW, (ContactNumber(A, "mobile", primary=True), ContactNumber(B, "work")))
KAY = Contact("CT2", "IS1", "Kay", NOW, NOW, (ContactNumber(C, primary=True),))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ((), ()),
        ((ContactNumber("(206) 555-0150"),), (ContactNumber(A, primary=True),)),
        (
            (ContactNumber(A, "mobile"), ContactNumber("tel:+1-206-555-0151", primary=True)),
            (ContactNumber(A, "mobile"), ContactNumber(B, primary=True)),
        ),
        ((ContactNumber("+44 20 7946 0018"),), (ContactNumber("+442079460018", primary=True),)),
    ],
)
def test_numbers_are_canonical_and_one_is_primary(
    given: tuple[ContactNumber, ...], expected: tuple[ContactNumber, ...]
) -> None:
    assert contacts.check_numbers(given) == expected


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ([ContactNumber("97167")], "each number is a phone number"),
        ([ContactNumber("bob@example.com")], "each number is a phone number"),
        ([ContactNumber("")], "each number is a phone number"),
        ([ContactNumber(A), ContactNumber("206-555-0150")], "a number is given twice"),
        ([ContactNumber(A, primary=True), ContactNumber(B, primary=True)], "only one is primary"),
        ([ContactNumber(f"+1206555{number:04}") for number in range(11)], "at most 10"),
    ],
)
def test_wrong_numbers_are_refused(given: list[ContactNumber], problem: str) -> None:
    with pytest.raises(RuleViolation) as violation:
        contacts.check_numbers(given)
    assert violation.value.details["name"] == "Numbers"
    assert problem in violation.value.details["problem"]


def test_a_change_counts_and_only_names_and_numbers_revise() -> None:
    assert contacts.update(BOB, {"friendly_name": "Bob"}, LATER) is BOB
    owned = contacts.update(BOB, {"owner": "ann"}, LATER)
    assert (owned.version, owned.revised, owned.updated) == (2, 1, LATER)
    renamed = contacts.update(owned, {"friendly_name": "Robert"}, LATER)
    assert (renamed.version, renamed.revised) == (3, 3)
    assert contacts.update(renamed, {"numbers": ()}, LATER).revised == 4


def test_do_not_disturb_keeps_its_date_and_author_until_it_ends() -> None:
    first = contacts.set_do_not_disturb(None, wanted=True, reason=None, by="ann", now=NOW)
    assert first == DoNotDisturb(NOW, "ann")
    again = contacts.set_do_not_disturb(first, wanted=True, reason="holidays", by="ben", now=LATER)
    assert again == DoNotDisturb(NOW, "ann", "holidays")
    assert contacts.set_do_not_disturb(again, wanted=None, reason="other", by="ben", now=LATER) == DoNotDisturb(
        NOW, "ann", "other"
    )
    assert contacts.set_do_not_disturb(again, wanted=False, reason=None, by="ben", now=LATER) is None
    assert contacts.set_do_not_disturb(None, wanted=None, reason="", by="ben", now=LATER) is None


@pytest.mark.parametrize("wanted", [False, None])
def test_a_reason_without_do_not_disturb_is_refused(wanted: bool | None) -> None:
    with pytest.raises(RuleViolation) as violation:
        contacts.set_do_not_disturb(None, wanted=wanted, reason="tired", by="ann", now=NOW)
    assert violation.value.details["name"] == "DoNotDisturbReason"


def test_a_merge_moves_numbers_and_what_the_survivor_does_not_have() -> None:
    quiet = DoNotDisturb(NOW, "ann")
    merged, tombstone = contacts.merge(BOB, replace(KAY, owner="ben", do_not_disturb=quiet), LATER)
    assert merged.numbers == (*BOB.numbers, ContactNumber(C))
    assert (merged.friendly_name, merged.owner, merged.do_not_disturb, merged.version) == ("Bob", "ben", quiet, 2)
    assert (tombstone.friendly_name, tombstone.numbers, tombstone.owner) == ("Kay", (), None)
    assert (tombstone.merged_into, tombstone.deleted, tombstone.version) == ("CT1", LATER, 2)


def test_a_merge_into_a_contact_without_numbers_keeps_a_primary() -> None:
    merged, _ = contacts.merge(replace(BOB, numbers=()), KAY, LATER)
    assert merged.primary == C


def test_a_merge_of_too_many_numbers_is_refused() -> None:
    many = tuple(ContactNumber(f"+1206555{number:04}", primary=number == 0) for number in range(9))
    with pytest.raises(RuleViolation) as violation:
        contacts.merge(BOB, replace(KAY, numbers=many), LATER)
    assert violation.value.details["name"] == "ContactSid"


def test_the_history_has_what_differs() -> None:
    after = contacts.update(BOB, {"owner": "ann", "friendly_name": "Rob"}, LATER)
    change = contacts.describe_change(BOB, after, ContactAction.UPDATED, "boss")
    assert (change.by, change.at, change.version, change.action) == ("boss", LATER, 2, ContactAction.UPDATED)
    assert change.changes == (FieldChange("friendly_name", "Bob", "Rob"), FieldChange("owner", None, "ann"))
    created = contacts.describe_change(None, BOB, ContactAction.CREATED, "boss")
    numbers = [
        {"number": A, "label": "mobile", "primary": True},
        {"number": B, "label": "work", "primary": False},
    ]
    assert FieldChange("numbers", None, numbers) in created.changes
    merged = contacts.merge(BOB, KAY, LATER)
    of_survivor, of_other = contacts.describe_merge((BOB, KAY), merged, "boss")
    assert of_survivor.changes[0] == FieldChange("merged", None, "CT2")
    assert FieldChange("merged_into", None, "CT1") in of_other.changes


def test_each_number_knows_its_contact() -> None:
    quiet = replace(BOB, owner="ann", do_not_disturb=DoNotDisturb(NOW, "ann"))
    assert list(contacts.hold_numbers(quiet)) == [
        NumberHolder(number, "CT1", "IS1", "Bob", "ann", do_not_disturb=True) for number in (A, B)
    ]
