"""Opt-outs: what a keyword asks for, and what is answered. Pure.

Sources: CTIA, Messaging Principles and Best Practices (2023), 5.1.3; FCC, 47 CFR 64.1200(a)(10) and (12).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from partyline.model import Line


class Keyword(StrEnum):
    """What a text of one keyword asks of the line that it is sent to."""

    STOP = "stop"
    START = "start"
    HELP = "help"


class How(StrEnum):
    """How an opt-out or an opt-in came about."""

    TEXT = "text"  # a keyword that was answered by us
    CARRIER = "carrier"  # the carrier took a keyword, or refused a text since it knows of one
    API = "api"


@dataclass(frozen=True, slots=True)
class OptOut:
    """Whether somebody wants texts from a line. `since` is when it became so, `updated` when it was last said."""

    sid: str
    address: str
    line: str
    opted_out: bool
    how: How
    since: datetime
    updated: datetime


@dataclass(frozen=True, slots=True)
class OptOutEvent:
    """One entry of the audit trail: what was said when, and how. `source` is what said it: the carrier and its id of
    the text, a message of ours that the carrier refused, or who called the API; `reason` is a caller's own words."""

    address: str
    line: str
    opted_out: bool
    how: How
    at: datetime
    source: str = ""
    reason: str = ""


_STOP = frozenset({"stop", "stopall", "unsubscribe", "end", "quit", "cancel", "revoke", "optout"})
_START = frozenset({"start", "unstop", "optin"})
_HELP = frozenset({"help", "info"})


def recognise(text: str, language: str = "en") -> Keyword | None:  # noqa: ARG001 - provisional
    """The keyword that a text is; None when it is anything else."""
    word = "".join(character for character in text.casefold() if character.isalnum())
    for keyword, words in ((Keyword.STOP, _STOP), (Keyword.START, _START), (Keyword.HELP, _HELP)):
        if word in words:
            return keyword
    return None


def may_be_keyword(text: str) -> bool:
    """Whether a text is a keyword in any language."""
    return recognise(text) is not None


def reply(line: Line, keyword: Keyword) -> str | None:
    """What a line answers to a keyword."""
    return line.replies.get(keyword.value, f"{keyword.value} understood") if line.answers_keywords else None


def network_answers(address: str) -> bool:
    """Whether the network itself answers."""
    return address.startswith(("+1800", "+1833", "+1844", "+1855", "+1866", "+1877", "+1888"))
