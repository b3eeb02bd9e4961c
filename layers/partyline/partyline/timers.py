"""A conversation's timers: ISO 8601 durations, and when they are due."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from partyline.model import Conversation
from partyline.states import ConversationState

MIN_INACTIVE, MIN_CLOSED = 60, 600
# No timer is longer: a hundred years.
MAX = 100 * 365 * 24 * 3600
# A calendar's year and month have no fixed length; as a duration they have these many days.
_DAYS = {"years": 365, "months": 30, "weeks": 7, "days": 1}
_DURATION = re.compile(
    r"P(?=.)(?:(?P<years>\d{1,4})Y)?(?:(?P<months>\d{1,4})M)?(?:(?P<weeks>\d{1,4})W)?(?:(?P<days>\d{1,5})D)?"
    r"(?:T(?=.)(?:(?P<hours>\d{1,6})H)?(?:(?P<minutes>\d{1,8})M)?(?:(?P<seconds>\d{1,9})S)?)?",
    re.ASCII,
)


def seconds(duration: str) -> int | None:
    """A duration such as PT1M or P1DT2H in seconds; None for anything else, and beyond MAX."""
    match = _DURATION.fullmatch(duration.strip().upper())
    if match is None:
        return None
    parts = {name: int(value) for name, value in match.groupdict(default="0").items()}
    days = sum(parts[name] * length for name, length in _DAYS.items())
    length = ((days * 24 + parts["hours"]) * 60 + parts["minutes"]) * 60 + parts["seconds"]
    return length if length <= MAX else None


def duration(seconds: int) -> str:
    """Seconds as a duration, in the largest units that divide them: 600 is PT10M."""
    days, rest = divmod(seconds, 24 * 3600)
    hours, rest = divmod(rest, 3600)
    minutes, left = divmod(rest, 60)
    date = f"{days}D" if days else ""
    clock = "".join(f"{value}{unit}" for value, unit in ((hours, "H"), (minutes, "M"), (left, "S")) if value)
    return f"P{date}{'T' + clock if clock else ''}" if date or clock else "PT0S"


def due(conversation: Conversation) -> dict[str, datetime]:
    """When a conversation becomes inactive and closed, if nothing happens in it: {"date_inactive", "date_closed"}, only
    those that are set."""
    since = conversation.active_at or conversation.updated
    after = {}
    if conversation.inactive_after and conversation.state is not ConversationState.INACTIVE:
        after["date_inactive"] = conversation.inactive_after
    if conversation.closed_after:
        after["date_closed"] = conversation.closed_after
    if not conversation.is_open:
        return {}
    return {name: since + timedelta(seconds=wait) for name, wait in after.items()}
