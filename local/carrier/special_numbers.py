"""Define the numbers of handsets at which a text has another outcome than delivery."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType

NEVER_DELIVERED = "+12065550190"
LANDLINE = "+12065550191"
OPTED_OUT = "+12065550192"
NO_REPORT = "+12065550193"
THROTTLED = "+12065550194"
UNANSWERED = "+12065550195"

# How many times a send to THROTTLED is rejected before the same send is accepted.
THROTTLED_TRIES = 2


class Outcome(StrEnum):
    """The outcome of a carrier's text at one recipient."""

    DELIVERED = "delivered"
    UNREACHABLE = "unreachable"
    LANDLINE = "landline"
    OPTED_OUT = "opted-out"
    UNREPORTED = "unreported"


_OUTCOMES: Mapping[str, Outcome] = MappingProxyType(
    {
        NEVER_DELIVERED: Outcome.UNREACHABLE,
        LANDLINE: Outcome.LANDLINE,
        OPTED_OUT: Outcome.OPTED_OUT,
        NO_REPORT: Outcome.UNREPORTED,
    }
)


def outcome_at(recipient: str) -> Outcome:
    """Return the outcome of a text from one of our lines to this number."""
    return _OUTCOMES.get(recipient, Outcome.DELIVERED)


def is_unreachable(number: str) -> bool:
    """Return whether no text reaches this number, from any sender."""
    return outcome_at(number) in (Outcome.UNREACHABLE, Outcome.LANDLINE)


def blocks_lines(number: str) -> bool:
    """Whether the carriers block texts from our lines to this number. Texts of other handsets still reach it."""
    return outcome_at(number) is Outcome.OPTED_OUT


def is_throttled(recipients: Iterable[str]) -> bool:
    """Whether the first attempts of a send to these are rejected."""
    return THROTTLED in recipients


def loses_answer(recipients: Iterable[str]) -> bool:
    """Whether a send to these is accepted, and the answer to it lost."""
    return UNANSWERED in recipients
