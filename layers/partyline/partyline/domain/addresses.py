"""Canonical addresses: one text for each party, independent of the notation of carriers and callers. Pure.

The kind of a canonical address follows from its form:

    +14155551212        phone, E.164
    97167               short code, its digits
    alice@example.com   e-mail, lower case
    alpha:AMAZON        alphanumeric sender, as written
    opaque:110000011909 anything else, as written (readable, not answerable)

No two kinds can produce the same string, and no canonical address contains a comma, so a thread's key can join them.
The canonical form of a stored address must never change. So it depends on the lengths of numbers, which have been
stable for decades (`is_possible`), and not on the assigned ranges (`is_valid`), which differ between library versions.

A number of North America in E.164, which most texts have and no others, is its own canonical form. So the library that
reads numbers, which takes 15 ms of a cold start and a fifth of a warm text, is imported for other notations only.
"""

from __future__ import annotations

import re
from enum import StrEnum
from urllib.parse import quote, unquote

DEFAULT_REGION = "US"


class AddressKind(StrEnum):
    """The kind of an address."""

    PHONE = "phone"
    SHORT_CODE = "short_code"
    EMAIL = "email"
    ALPHANUMERIC = "alphanumeric"
    OPAQUE = "opaque"


_ALPHA = "alpha:"
_OPAQUE = "opaque:"
# MM4 gateways append this suffix.
_MM4_SUFFIX = re.compile(r"/TYPE=PLMN$", re.IGNORECASE)
_SCHEME = re.compile(r"^(tel|sms):", re.IGNORECASE)
_URI_PARAMETER = re.compile(r";(phone-context|ext|isub)=", re.IGNORECASE)
_SHORT_CODE = re.compile(r"^[0-9]{3,8}$")
_PHONE = re.compile(r"^\+[0-9]+$")
# ASCII digits, and nothing after them.
_NANP = re.compile(r"\+1[0-9]{10}")
# VoIP gateways put the international prefix before short codes; a parser would read a country code there.
_PREFIXED_SHORT_CODE = re.compile(r"^011[0-9]{3,6}$")
_TOLL_FREE = frozenset({"800", "833", "844", "855", "866", "877", "888"})


def canonicalize(raw: str, region: str = DEFAULT_REGION) -> str:
    """Convert an address in any notation to its canonical form.

    `region` (ISO 3166) is where a national number is dialled.
    """
    if _NANP.fullmatch(raw):
        return raw
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
    """Return the kind of a canonical address."""
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
    """Format a canonical address as people write it, without the prefix of its kind."""
    for mark in (_ALPHA, _OPAQUE):
        if address.startswith(mark):
            return unquote(address.removeprefix(mark))
    return unquote(address) if "@" in address else address


def region_of(address: str) -> str:
    """Return the region (ISO 3166) of an own number's national notations; the default for other kinds."""
    if kind_of(address) is not AddressKind.PHONE:
        return DEFAULT_REGION
    if is_nanp(address):
        return "US"
    import phonenumbers  # noqa: PLC0415  (see above)

    code = phonenumbers.parse(address).country_code
    return phonenumbers.region_code_for_country_code(code) if code else DEFAULT_REGION


def is_number(address: str) -> bool:
    """Whether a canonical address is a phone or a short code.

    Only these can be lines, and only these can receive texts.
    """
    return kind_of(address) in (AddressKind.PHONE, AddressKind.SHORT_CODE)


def is_nanp(address: str) -> bool:
    """Whether a canonical address is a +1 phone. Only these can take part in group MMS."""
    return kind_of(address) is AddressKind.PHONE and address.startswith("+1") and len(address) == len("+12065550100")


def is_toll_free(address: str) -> bool:
    """Whether a canonical address is a toll-free +1 number: 800, 833, 844, 855, 866, 877, 888."""
    return is_nanp(address) and address[2:5] in _TOLL_FREE


def mask(address: str) -> str:
    """Mask an address for a log line: only its last two characters stay."""
    return "*" * max(len(address) - 2, 0) + address[-2:] if len(address) > 4 else "****"


def _phone(text: str, region: str) -> str | None:
    """Convert a text to E.164; None when it is not exactly one complete phone number."""
    import phonenumbers  # noqa: PLC0415  (see above)

    if _PREFIXED_SHORT_CODE.match(text):
        return None
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    # An extension means that the text has two numbers, or that texts cannot reach the number.
    if number.extension:
        return None
    if phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.IS_POSSIBLE:
        return None
    formatted = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    dialled = phonenumbers.normalize_digits_only(_URI_PARAMETER.split(text)[0])
    return formatted if _keeps_digits(dialled, formatted, international="+" in text) else None


def _keeps_digits(dialled: str, formatted: str, *, international: bool) -> bool:
    """Whether the E.164 form is still the party that was dialled.

    The parser may drop a leading 1, and the rest is then another party (`110000011909`). No +1 area code begins with 0
    or 1 (`1410200504`). Such senders are malformed and stay opaque.
    """
    digits = formatted.removeprefix("+")
    if not international and digits.startswith(("10", "11")):
        return False
    return digits.endswith(dialled.lstrip("0")) or dialled.removeprefix("011") == digits


def _escape(text: str) -> str:
    """Escape the comma, which separates addresses in a key, and control characters; reversible."""
    return quote(text, safe="".join(chr(c) for c in range(0x20, 0x7F) if chr(c) not in ",%"))
