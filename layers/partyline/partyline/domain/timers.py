"""A conversation's timers: ISO 8601 durations, when they are due, and what they make of it. Pure."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta

from partyline.domain.conversations import Conversation, ConversationState

MIN_INACTIVE, MIN_CLOSED = 60, 600
# No timer is longer: a hundred years.
MAX = 100 * 365 * 24 * 3600
# A conversation that is initializing for longer is stuck.
ACTIVATION = timedelta(minutes=2)
# A calendar's year and month have no fixed length; as a duration they have these many days.
_DAYS = {"years": 365, "months": 30, "weeks": 7, "days": 1}
_DURATION = re.compile(
    r"P(?=.)(?:(?P<years>\d{1,4})Y)?(?:(?P<months>\d{1,4})M)?(?:(?P<weeks>\d{1,4})W)?(?:(?P<days>\d{1,5})D)?"
    r"(?:T(?=.)(?:(?P<hours>\d{1,6})H)?(?:(?P<minutes>\d{1,8})M)?(?:(?P<seconds>\d{1,9})S)?)?",
    re.ASCII,
)


def parse_duration(duration: str) -> int | None:
    """A duration such as PT1M or P1DT2H in seconds; None for anything else, and beyond MAX."""
    match = _DURATION.fullmatch(duration.strip().upper())
    if match is None:
        return None
    parts = {name: int(value) for name, value in match.groupdict(default="0").items()}
    days = sum(parts[name] * length for name, length in _DAYS.items())
    length = ((days * 24 + parts["hours"]) * 60 + parts["minutes"]) * 60 + parts["seconds"]
    return length if length <= MAX else None


def format_duration(seconds: int) -> str:
    """Seconds as a duration, in the largest units that divide them: 600 is PT10M."""
    days, rest = divmod(seconds, 24 * 3600)
    hours, rest = divmod(rest, 3600)
    minutes, left = divmod(rest, 60)
    date = f"{days}D" if days else ""
    clock = "".join(f"{value}{unit}" for value, unit in ((hours, "H"), (minutes, "M"), (left, "S")) if value)
    return f"P{date}{'T' + clock if clock else ''}" if date or clock else "PT0S"


def due_dates(conversation: Conversation) -> dict[str, datetime]:
    """When a conversation becomes inactive and closed, if nothing happens in it: {"date_inactive", "date_closed"}, only
    those that are set."""
    return {_SHOWN[state]: moment for state, moment in _ahead(conversation).items()}


def apply_due(conversation: Conversation, now: datetime) -> Conversation:
    """A conversation as time has made it, whether anybody has written that down yet or not."""
    while (then := next_change(conversation, now)) is not None:
        conversation = then
    return conversation


def next_change(conversation: Conversation, now: datetime) -> Conversation | None:
    """A conversation after the next change of state that is due by now; None when none is."""
    ahead = _ahead(conversation)
    if conversation.state is ConversationState.INITIALIZING or not ahead:
        return None
    # Closing, where both are due at once.
    state, moment = min(ahead.items(), key=lambda entry: (entry[1], entry[0] is not ConversationState.CLOSED))
    return replace(conversation, state=state, updated=moment) if moment <= now else None


def next_check(conversation: Conversation, now: datetime) -> datetime | None:
    """When to look at a conversation again: at its next timer, or, while it is initializing, when that has taken too
    long. None when time does nothing to it."""
    if conversation.state is ConversationState.INITIALIZING:
        return now + ACTIVATION
    return min(_ahead(conversation).values(), default=None)


def _ahead(conversation: Conversation) -> dict[ConversationState, datetime]:
    """The states that time will bring, from the conversation's last activity."""
    if not conversation.is_open:
        return {}
    after = {ConversationState.CLOSED: conversation.closed_after}
    if conversation.state is not ConversationState.INACTIVE:
        after[ConversationState.INACTIVE] = conversation.inactive_after
    since = conversation.active_at or conversation.updated
    return {state: since + timedelta(seconds=wait) for state, wait in after.items() if wait}


_SHOWN = {ConversationState.INACTIVE: "date_inactive", ConversationState.CLOSED: "date_closed"}
