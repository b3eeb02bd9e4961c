"""Twilio's codes for a text that did not arrive, by meaning: what receipts and refused sends carry.

Source: Twilio's error and warning dictionary. A carrier module maps its carrier's own codes to these; whatever has no
better code is UNKNOWN.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

MEDIA_TYPE: Final = 12300
INVALID_RECIPIENT: Final = 21211
INVALID_SENDER: Final = 21212
SAME_NUMBER: Final = 21266
REGION_NOT_ENABLED: Final = 21408
NO_RECIPIENT: Final = 21604
SENDER_NOT_OURS: Final = 21606
OPTED_OUT: Final = 21610
SENDER_QUEUE_FULL: Final = 21611
NO_ROUTE: Final = 21612
NOT_MOBILE: Final = 21614
MEDIA_URL: Final = 21620
TOO_MANY_RECIPIENTS: Final = 21653
QUEUE_OVERFLOW: Final = 30001
UNREACHABLE: Final = 30003
BLOCKED: Final = 30004
UNKNOWN_HANDSET: Final = 30005
LANDLINE: Final = 30006
FILTERED: Final = 30007
UNKNOWN: Final = 30008
MMS_UNSUPPORTED: Final = 30011
TOO_LARGE: Final = 30019
RATE_EXCEEDED: Final = 30022
UNREGISTERED: Final = 30034
EXPIRED: Final = 30036
# Ours: six digits, as no code of Twilio's dictionary for texts has. The recipient is a contact who wants no texts.
DO_NOT_DISTURB: Final = 100610


def by_carrier_code(groups: Mapping[int, Iterable[int]]) -> dict[str, int]:
    """Turn {Twilio code: the carrier's codes} into {the carrier's code as text: Twilio code}."""
    return {str(carrier_code): code for code, carrier_codes in groups.items() for carrier_code in carrier_codes}
