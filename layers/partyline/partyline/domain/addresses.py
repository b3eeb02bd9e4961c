"""Canonical addresses: one text for one party, whatever notation a carrier or a caller used.

A canonical address is a string that says its own kind:

    +14155551212        phone, E.164
    97167               short code, its digits
    alice@example.com   e-mail, lower case
    alpha:AMAZON        alphanumeric sender, as written
    opaque:110000011909 anything else, as written (readable, not answerable)

No two kinds can produce the same string and no canonical address contains a comma, so a thread's key can join them.
The form must never change for an address already stored: it depends on lengths that have been stable for decades
(`is_possible`), never on which ranges happen to be assigned (`is_valid`), which differs between library versions.
"""

from __future__ import annotations

import re
from enum import StrEnum
from urllib.parse import quote, unquote

import phonenumbers

DEFAULT_REGION = "US"


class AddressKind(StrEnum):
    """What an address is."""

    PHONE = "phone"
    SHORT_CODE = "short_code"
    EMAIL = "email"
    ALPHANUMERIC = "alphanumeric"
    OPAQUE = "opaque"


_ALPHA = "alpha:"
_OPAQUE = "opaque:"
# MM4 gateways append the kind of address to it.
_MM4_SUFFIX = re.compile(r"/TYPE=PLMN$", re.IGNORECASE)
_SCHEME = re.compile(r"^(tel|sms):", re.IGNORECASE)
_URI_PARAMETER = re.compile(r";(phone-context|ext|isub)=", re.IGNORECASE)
_SHORT_CODE = re.compile(r"^[0-9]{3,8}$")
_PHONE = re.compile(r"^\+[0-9]+$")
# VoIP gateways put the international prefix before short codes; a parser would read a country code there.
_PREFIXED_SHORT_CODE = re.compile(r"^011[0-9]{3,6}$")
_TOLL_FREE = frozenset({"800", "833", "844", "855", "866", "877", "888"})


def canonicalize(raw: str, region: str = DEFAULT_REGION) -> str:
    """The canonical form of an address in any notation. `region` (ISO 3166) is where a national number is dialled."""
    text = _MM4_SUFFIX.sub("", raw.strip())
    if "@" in text:
        return _escape(text.lower())
    bare = _SCHEME.sub("", text)
    if any(character.isalpha() for character in _URI_PARAMETER.sub(";", bare)):
        return _ALPHA + _escape(text)
    if _SHORT_CODE.match(bare):
        return bare
    return _phone(bare, region) or _OPAQUE + _escape(text)


def kind_of(address: str) -> AddressKind:
    """The kind of a canonical address."""
    if "@" in address:
        return AddressKind.EMAIL
    if address.startswith(_ALPHA):
        return AddressKind.ALPHANUMERIC
    if _PHONE.match(address):
        return AddressKind.PHONE
    if _SHORT_CODE.match(address):
        return AddressKind.SHORT_CODE
    return AddressKind.OPAQUE


def format_address(address: str) -> str:
    """A canonical address as people write it: without the mark of its kind."""
    for mark in (_ALPHA, _OPAQUE):
        if address.startswith(mark):
            return unquote(address.removeprefix(mark))
    return unquote(address) if "@" in address else address


def region_of(address: str) -> str:
    """The region (ISO 3166) in which an own number reads national notations; the default when it is no phone."""
    if kind_of(address) is not AddressKind.PHONE:
        return DEFAULT_REGION
    code = phonenumbers.parse(address).country_code
    return phonenumbers.region_code_for_country_code(code) if code else DEFAULT_REGION


def is_number(address: str) -> bool:
    """Whether a canonical address is a phone or a short code: what a line can be, and what a text can be sent to."""
    return kind_of(address) in (AddressKind.PHONE, AddressKind.SHORT_CODE)


def is_nanp(address: str) -> bool:
    """Whether a canonical address is a +1 phone: group MMS exists between these only."""
    return kind_of(address) is AddressKind.PHONE and address.startswith("+1") and len(address) == len("+12065550100")


def is_toll_free(address: str) -> bool:
    """Whether a canonical address is a +1 number that whom it calls pays for: 800, 833, 844, 855, 866, 877, 888."""
    return is_nanp(address) and address[2:5] in _TOLL_FREE


def mask(address: str) -> str:
    """An address for a log line: its last two characters, the rest hidden."""
    return "*" * max(len(address) - 2, 0) + address[-2:] if len(address) > 4 else "****"


def _phone(text: str, region: str) -> str | None:
    """E.164, or None when the text is not exactly one complete phone number."""
    if _PREFIXED_SHORT_CODE.match(text):
        return None
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    # An extension means that two numbers were swallowed into one, or that texts cannot reach it.
    if number.extension:
        return None
    if phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.IS_POSSIBLE:
        return None
    formatted = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    dialled = phonenumbers.normalize_digits_only(_URI_PARAMETER.split(text)[0])
    return formatted if _keeps_digits(dialled, formatted, international="+" in text) else None


def _keeps_digits(dialled: str, formatted: str, *, international: bool) -> bool:
    """Whether E.164 names the party that was dialled. The parser may eat a leading 1 and make another party of the rest
    (`110000011909`), and no +1 area code begins with 0 or 1 (`1410200504`): such senders are malformed and stay as
    they came."""
    digits = formatted.removeprefix("+")
    if not international and digits.startswith(("10", "11")):
        return False
    return digits.endswith(dialled.lstrip("0")) or dialled.removeprefix("011") == digits


def _escape(text: str) -> str:
    """The text without the comma that separates addresses in a key, nor control characters; reversible."""
    return quote(text, safe="".join(chr(c) for c in range(0x20, 0x7F) if chr(c) not in ",%"))
