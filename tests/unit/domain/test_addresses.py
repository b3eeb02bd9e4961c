"""Canonical addresses: what carriers and people write, and what it must become."""

from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from partyline.domain import addresses
from partyline.domain.addresses import AddressKind, canonicalize, format_address, kind_of

PHONE = "+14155551212"


@pytest.mark.parametrize(
    "written",
    [
        "(415) 555-1212",
        "415.555.1212",
        "4155551212",
        "14155551212",
        "1-415-555-1212",
        "+1 415-555-1212",
        "+14155551212",
        " +14155551212 ",
        "４１５５５５１２１２",
        "\u202a+14155551212\u202c",
        "415\u00a0555\u20111212",
        "٤١٥٥٥٥١٢١٢",
        "tel:+14155551212",
        "sms:+14155551212",
        "tel:4155551212;phone-context=+1",
        "14155551212/TYPE=PLMN",
        "+14155551212/TYPE=PLMN",
    ],
)
def test_every_notation_of_a_number_is_one_address(written: str) -> None:
    assert canonicalize(written) == PHONE
    assert kind_of(PHONE) is AddressKind.PHONE


@pytest.mark.parametrize(
    ("written", "address", "expected"),
    [
        # Short codes are never phone numbers, though a parser would make them so.
        ("12345", "12345", AddressKind.SHORT_CODE),
        ("97167", "97167", AddressKind.SHORT_CODE),
        ("262966", "262966", AddressKind.SHORT_CODE),
        ("911", "911", AddressKind.SHORT_CODE),
        ("8675309", "8675309", AddressKind.SHORT_CODE),
        ("011262966", "opaque:011262966", AddressKind.OPAQUE),
        # E-mail, also a phone's gateway address.
        ("Alice@Example.com", "alice@example.com", AddressKind.EMAIL),
        ("4155551212@vtext.com", "4155551212@vtext.com", AddressKind.EMAIL),
        # Names.
        ("AMAZON", "alpha:AMAZON", AddressKind.ALPHANUMERIC),
        ("1-800-FLOWERS", "alpha:1-800-FLOWERS", AddressKind.ALPHANUMERIC),
        ("MyCompany", "alpha:MyCompany", AddressKind.ALPHANUMERIC),
        ("Unknown", "alpha:Unknown", AddressKind.ALPHANUMERIC),
        ("4155551212x5", "alpha:4155551212x5", AddressKind.ALPHANUMERIC),
        ("4155551212 ext. 5", "alpha:4155551212 ext. 5", AddressKind.ALPHANUMERIC),
        # An extension is another party, and two numbers are not one.
        ("4155551212;ext=3", "opaque:4155551212;ext=3", AddressKind.OPAQUE),
        ("4155551212,,123#", "opaque:4155551212%2C%2C123#", AddressKind.OPAQUE),
        ("4155551212; 4155551213", "opaque:4155551212; 4155551213", AddressKind.OPAQUE),
        # Malformed senders that carriers really deliver keep every digit.
        ("110000011909", "opaque:110000011909", AddressKind.OPAQUE),
        ("11234567890", "opaque:11234567890", AddressKind.OPAQUE),
        ("1410200504", "opaque:1410200504", AddressKind.OPAQUE),
        ("1234567890", "opaque:1234567890", AddressKind.OPAQUE),
        # The old notation of Mexican mobiles: another number than the new one, and unchanged.
        ("+5215512345678", "opaque:+5215512345678", AddressKind.OPAQUE),
        ("+525512345678", "+525512345678", AddressKind.PHONE),
        ("00442071838750", "opaque:00442071838750", AddressKind.OPAQUE),
        ("02071838750", "opaque:02071838750", AddressKind.OPAQUE),
        ("", "opaque:", AddressKind.OPAQUE),
        ("+", "opaque:+", AddressKind.OPAQUE),
        ("+1", "opaque:+1", AddressKind.OPAQUE),
        # Possible is enough: what is assigned changes with the library's version, a key must not.
        ("+15551234567", "+15551234567", AddressKind.PHONE),
        ("+15550100001", "+15550100001", AddressKind.PHONE),
        ("+10000000000", "+10000000000", AddressKind.PHONE),
        ("+11234567890", "+11234567890", AddressKind.PHONE),
        ("0114420718387 50", "+442071838750", AddressKind.PHONE),
        ("011 44 20 7183 8750", "+442071838750", AddressKind.PHONE),
        ("+12065550100", "+12065550100", AddressKind.PHONE),
        ("+14155550100", "+14155550100", AddressKind.PHONE),
        ("+14165550100", "+14165550100", AddressKind.PHONE),
        ("+15005550006", "+15005550006", AddressKind.PHONE),
        ("+18005550100", "+18005550100", AddressKind.PHONE),
    ],
)
def test_kinds_of_address_are_distinguished(written: str, address: str, expected: AddressKind) -> None:
    assert canonicalize(written) == address
    assert kind_of(address) is expected


@given(st.from_regex(r"\+1[0-9]{10}", fullmatch=True), st.sampled_from(["US", "CA", "GB", "MX"]))
def test_a_number_of_north_america_is_what_the_library_reads_too(number: str, region: str) -> None:
    assert (canonicalize(number, region), addresses._phone(number, region)) == (number, number)
    assert phonenumbers.region_code_for_country_code(1) == addresses.region_of(number)


def test_a_national_number_is_read_where_it_is_dialled() -> None:
    assert canonicalize("020 7183 8750", addresses.region_of("+442071838751")) == "+442071838750"


@pytest.mark.parametrize("address", ["97167", "alpha:AMAZON", "alice@example.com", "opaque:"])
def test_region_of_a_number_that_is_no_phone_is_the_default(address: str) -> None:
    assert addresses.region_of(address) == addresses.DEFAULT_REGION


@given(st.text())
def test_no_text_breaks_the_classifier_or_smuggles_a_separator_into_a_key(written: str) -> None:
    address = canonicalize(written)
    assert "," not in address
    assert address.isprintable()


@given(st.text())
def test_what_people_see_is_the_same_address_again(written: str) -> None:
    address = canonicalize(written)
    assert canonicalize(format_address(address)) == address


@pytest.mark.parametrize(
    ("address", "expected"),
    [("+12065550100", True), ("+442071838750", False), ("97167", False), ("alice@example.com", False)],
)
def test_group_mms_numbers_are_plus_one_phones(address: str, expected: bool) -> None:
    assert addresses.is_nanp(address) is expected


def test_a_masked_address_shows_only_its_end() -> None:
    assert addresses.mask("+12065550100") == "**********00"
    assert addresses.mask("911") == "****"
