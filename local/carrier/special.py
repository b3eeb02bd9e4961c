"""Phones that misbehave on purpose, by number."""

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

# How many times a send to THROTTLED is turned away before the same send is taken.
THROTTLED_TRIES = 2


class Fate(StrEnum):
    """What becomes of a carrier's text at one recipient."""

    DELIVERED = "delivered"
    UNREACHABLE = "unreachable"
    LANDLINE = "landline"
    OPTED_OUT = "opted-out"
    UNREPORTED = "unreported"


_FATES: Mapping[str, Fate] = MappingProxyType(
    {
        NEVER_DELIVERED: Fate.UNREACHABLE,
        LANDLINE: Fate.LANDLINE,
        OPTED_OUT: Fate.OPTED_OUT,
        NO_REPORT: Fate.UNREPORTED,
    }
)


def fate(recipient: str) -> Fate:
    """What becomes of a text from one of our lines to this number."""
    return _FATES.get(recipient, Fate.DELIVERED)


def is_unreachable(number: str) -> bool:
    """Return whether no text reaches this number, from any sender."""
    return fate(number) in (Fate.UNREACHABLE, Fate.LANDLINE)


def blocks_lines(number: str) -> bool:
    """Whether the carriers keep our lines' texts from this number (its friends still reach it)."""
    return fate(number) is Fate.OPTED_OUT


def throttles(recipients: Iterable[str]) -> bool:
    """Whether the first tries of a send to these are turned away."""
    return THROTTLED in recipients


def swallows_answer(recipients: Iterable[str]) -> bool:
    """Whether a send to these is taken, and the answer to it lost."""
    return UNANSWERED in recipients
