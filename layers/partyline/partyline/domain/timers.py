"""Timers of conversations: their ISO 8601 durations, their due times and their effects. Pure."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from partyline.domain.conversations import Conversation, ConversationState
from partyline.frozen_classes import replace

MIN_INACTIVE, MIN_CLOSED = 60, 600
# The longest timer: a hundred years.
MAX = 100 * 365 * 24 * 3600
# A conversation that stays initializing for longer is stuck.
ACTIVATION = timedelta(minutes=2)
# Years and months have no fixed length in a calendar. In a duration they have so many days.
_DAYS = {"years": 365, "months": 30, "weeks": 7, "days": 1}
_DURATION = re.compile(
    r"P(?=.)(?:(?P<years>\d{1,4})Y)?(?:(?P<months>\d{1,4})M)?(?:(?P<weeks>\d{1,4})W)?(?:(?P<days>\d{1,5})D)?"
    r"(?:T(?=.)(?:(?P<hours>\d{1,6})H)?(?:(?P<minutes>\d{1,8})M)?(?:(?P<seconds>\d{1,9})S)?)?",
    re.ASCII,
)


def parse_duration(duration: str) -> int | None:
    """Parse a duration such as PT1M or P1DT2H to seconds; None when it is invalid or longer than MAX."""
    match = _DURATION.fullmatch(duration.strip().upper())
    if match is None:
        return None
    parts = {name: int(value) for name, value in match.groupdict(default="0").items()}
    days = sum(parts[name] * length for name, length in _DAYS.items())
    length = ((days * 24 + parts["hours"]) * 60 + parts["minutes"]) * 60 + parts["seconds"]
    return length if length <= MAX else None


def format_duration(seconds: int) -> str:
    """Format seconds as a duration in the largest units: 600 is PT10M."""
    days, rest = divmod(seconds, 24 * 3600)
    hours, rest = divmod(rest, 3600)
    minutes, left = divmod(rest, 60)
    date = f"{days}D" if days else ""
    clock = "".join(f"{value}{unit}" for value, unit in ((hours, "H"), (minutes, "M"), (left, "S")) if value)
    return f"P{date}{'T' + clock if clock else ''}" if date or clock else "PT0S"


def due_dates(conversation: Conversation) -> dict[str, datetime]:
    """Return when a conversation becomes inactive and closed if it has no activity.

    Shape: {"date_inactive", "date_closed"}, without the timers that are not set.
    """
    return {_FIELDS[state]: moment for state, moment in _ahead(conversation).items()}


def apply_due(conversation: Conversation, now: datetime) -> Conversation:
    """Apply all due changes of state to a conversation, whether they are stored yet or not."""
    while (changed := next_change(conversation, now)) is not None:
        conversation = changed
    return conversation


def next_change(conversation: Conversation, now: datetime) -> Conversation | None:
    """Apply the next change of state that is due by now; None when no change is due."""
    ahead = _ahead(conversation)
    if conversation.state is ConversationState.INITIALIZING or not ahead:
        return None
    # When both are due at once, the conversation is closed.
    state, moment = min(ahead.items(), key=lambda entry: (entry[1], entry[0] is not ConversationState.CLOSED))
    return replace(conversation, state=state, updated=moment) if moment <= now else None


def next_check(conversation: Conversation, now: datetime) -> datetime | None:
    """Return when to check a conversation again; None when it has no timer.

    That is when its next timer is due, or, while it is initializing, when that takes too long.
    """
    if conversation.state is ConversationState.INITIALIZING:
        return now + ACTIVATION
    return min(_ahead(conversation).values(), default=None)


def _ahead(conversation: Conversation) -> dict[ConversationState, datetime]:
    """Return when each timer is due, by the state that it brings, counted from the last activity."""
    if not conversation.is_open:
        return {}
    after = {ConversationState.CLOSED: conversation.closed_after}
    if conversation.state is not ConversationState.INACTIVE:
        after[ConversationState.INACTIVE] = conversation.inactive_after
    since = conversation.active_at or conversation.updated
    return {state: since + timedelta(seconds=wait) for state, wait in after.items() if wait}


_FIELDS = {ConversationState.INACTIVE: "date_inactive", ConversationState.CLOSED: "date_closed"}
