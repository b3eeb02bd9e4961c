"""Define the faults of the carriers and of the network: plain data, changed over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any


class BadSetting(ValueError):
    """A setting that does not exist, or a value that it cannot have. The message says which."""


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings. The defaults are carriers without faults.

    repeat               every webhook is delivered this many more times, all at once
    reorder              webhooks of one line leave in any order and side by side
    hold                 webhooks wait; turning it off releases them (shuffled with reorder)
    delay_ms             a webhook waits this long before it first leaves
    drop_copies          own numbers whose copies of texts never arrive
    answer_delay_ms      send requests are answered this late, so that reports come first
    unanswered_ms        how long the phone that loses answers keeps the connection before closing it
    attempts             how often one webhook is tried
    backoff_ms           the pause after its first failure, doubled after each further one up to 20 times as long
    answer_within_ms     an answer that takes longer is a failure
    rate                 how many texts a second a line may send, counted by recipient; 0 is as many as come
    answers_keywords     Telnyx and Twilio handle STOP, START and HELP themselves
    mms_words            where the words of an MMS stand: "text"; "both", beside its layout and once more in a text
                         part; or "part", in that part alone
    telnyx_cc            "strings" or "objects": Telnyx has been seen to send either
    twilio_rosters       Twilio's webhooks name the others in a group
    telnyx_group_status  "delivered" or "unknown": what Telnyx says of other carriers' numbers in a group
    telnyx_group_reports "each" or "all": a last report for each recipient, or one for all, whose errors point at them
    telnyx_group_blocks  "reported" or "refused": a group text of which one has opted out is taken, or refused with an
                         error for each recipient that cannot be reached
    seconds_behind       how late the clocks of the phones and the carriers are, for texts of earlier days
    telnyx_clicks        Telnyx reports a click on each link that it delivered
    """

    repeat: int = 0
    reorder: bool = False
    hold: bool = False
    delay_ms: int = 0
    drop_copies: tuple[str, ...] = ()
    answer_delay_ms: int = 0
    unanswered_ms: int = 0
    attempts: int = 6
    backoff_ms: int = 250
    answer_within_ms: int = 10_000
    rate: int = 0
    seconds_behind: int = 0
    answers_keywords: bool = True
    twilio_rosters: bool = True
    mms_words: str = "text"
    telnyx_cc: str = "strings"
    telnyx_group_status: str = "delivered"
    telnyx_group_reports: str = "each"
    telnyx_group_blocks: str = "reported"
    telnyx_clicks: bool = False

    def as_json(self) -> dict[str, Any]:
        """The settings as JSON data."""
        return {**asdict(self), "drop_copies": list(self.drop_copies)}


_CHOICES = {
    "mms_words": ("text", "both", "part"),
    "telnyx_cc": ("strings", "objects"),
    "telnyx_group_status": ("delivered", "unknown"),
    "telnyx_group_reports": ("each", "all"),
    "telnyx_group_blocks": ("reported", "refused"),
}
_AT_LEAST = {"attempts": 1, "answer_within_ms": 1}
_AT_MOST = {"repeat": 50, "attempts": 100, "seconds_behind": 30 * 86_400}
_LONGEST_MS = 600_000


def changed(settings: Settings, changes: object) -> Settings:
    """The settings with some of them changed. Raises BadSetting, and then nothing has changed."""
    if not isinstance(changes, Mapping):
        raise BadSetting("settings are a JSON object")
    known = {field.name for field in fields(Settings)}
    for name in changes:
        if name not in known:
            raise BadSetting(f"there is no setting {name!r}; there are {', '.join(sorted(known))}")
    checked: dict[str, Any] = {name: _checked(name, value) for name, value in changes.items()}
    return replace(settings, **checked)


def _checked(name: str, value: object) -> object:
    default = getattr(Settings(), name)
    if name == "drop_copies":
        return _checked_copies(value)
    if isinstance(default, bool):
        if not isinstance(value, bool):
            raise BadSetting(f"{name} is true or false")
        return value
    if isinstance(default, int):
        return _checked_number(name, value)
    if value not in _CHOICES[name]:
        raise BadSetting(f"{name} is one of {', '.join(_CHOICES[name])}")
    return value


def _checked_copies(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise BadSetting("drop_copies is a list of own numbers")
    return tuple(value)


def _checked_number(name: str, value: object) -> int:
    low, high = _AT_LEAST.get(name, 0), _AT_MOST.get(name, _LONGEST_MS)
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise BadSetting(f"{name} is a whole number from {low} to {high}")
    return value
