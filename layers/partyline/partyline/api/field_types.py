"""The types of parameters that forms have in common, each with the check that Twilio's API makes of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from partyline import refusals
from partyline.api import parsing
from partyline.api.form_model import CLEARABLE, Clearable, invalid, refused
from partyline.domain import addresses, identities, json_texts, sids, timers
from partyline.domain.webhook_configuration import WebhookMethod, find_url_problem, parse_event_name
from partyline.errors import ApiError

# The longest name of most things, and of roles, API keys and push credentials.
MAX_NAME, MAX_SHORT_NAME = 256, 64
MAX_CONVERSATION_ATTRIBUTES, MAX_ATTRIBUTES = 16 * 1024, 4 * 1024

# SDKs leave out what is null, so a text says that a value is to be removed.
REMOVED = ("", "null")
_DECIMAL = re.compile(r"[0-9]{1,9}(\.[0-9]{1,6})?")
_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,9}")


def choose(kind: type[StrEnum], refusal: Callable[[Sequence[str]], ApiError] | None = None) -> BeforeValidator:
    """Accept a value of an enumeration in upper or lower case. `refusal` makes a code of its own of the values."""

    def check(value: str) -> StrEnum:
        try:
            return kind(value.lower())
        except ValueError:
            if refusal:
                raise refused(refusal(list(kind))) from None
            raise invalid(f"use {', '.join(kind)}") from None

    return BeforeValidator(check)


def whole_number(minimum: int = 0, maximum: int | None = None) -> BeforeValidator:
    """Accept a whole number of at most nine digits."""

    def check(value: str) -> int:
        if not _WHOLE_NUMBER.fullmatch(value) or int(value) < minimum:
            raise invalid(f"it is not a whole number of at least {minimum}")
        if maximum is not None and int(value) > maximum:
            raise invalid(f"it is more than {maximum}")
        return int(value)

    return BeforeValidator(check)


def sid_of(prefix: str) -> AfterValidator:
    """Accept a SID of one kind. An empty parameter is no SID: type the field as `Clearable`."""

    def check(value: str | None) -> str | None:
        if value is not None and not sids.matches(prefix, value):
            raise invalid(f"it is not {prefix} and 32 hexadecimal digits")
        return value

    return AfterValidator(check)


def name_of_at_most(limit: int, *, is_required: bool = False) -> AfterValidator:
    """Accept FriendlyName where it has codes of its own. Refuses with 50000, 50003."""

    def check(value: str | None) -> str | None:
        if is_required and not value:
            raise refused(refusals.friendly_name_missing())
        if value and len(value) > limit:
            raise refused(refusals.friendly_name_too_long(limit))
        return value

    return AfterValidator(check)


def duration(parameter: str, minimum: int) -> BeforeValidator:
    """Accept a timer as an ISO 8601 duration, in seconds; PT0S is None. Refuses with 50375, 50376, 50379, 50380."""
    return BeforeValidator(lambda value: _parse_timer(parameter, minimum, value) or None)


def optional_duration(parameter: str, minimum: int) -> BeforeValidator:
    """Accept a timer as `duration` does, but PT0S is 0 seconds, and an empty parameter is None."""
    return BeforeValidator(lambda value: _parse_timer(parameter, minimum, value) if value else None)


def _parse_timer(parameter: str, minimum: int, value: str) -> int:
    seconds = timers.parse_duration(value)
    if seconds is None:
        raise refused(refusals.timer_invalid(parameter))
    if 0 < seconds < minimum:
        raise refused(refusals.timer_too_short(parameter, minimum))
    return seconds


def json_text(limit: int) -> AfterValidator:
    """Accept a JSON text of at most `limit` bytes, as it was written. Refuses with 50303, 50304."""

    def check(value: str) -> str:
        if len(value.encode()) > limit:
            raise refused(refusals.attributes_too_long(limit))
        try:
            json_texts.parse_json(value)
        except ValueError:
            raise refused(refusals.attributes_invalid()) from None
        return value

    return AfterValidator(check)


def date(refusal: Callable[[], ApiError]) -> BeforeValidator:
    """Accept a date or time in ISO 8601."""

    def check(value: str) -> datetime:
        moment = parsing.parse_moment(value)
        if moment is None:
            raise refused(refusal())
        return moment

    return BeforeValidator(check)


def event_names(parameter: str, among: Sequence[str]) -> AfterValidator:
    """Accept names of events, once each, without the empty ones. Refuses with 50365."""

    def check(values: tuple[str, ...]) -> tuple[str, ...]:
        found: dict[str, None] = {}
        for value in filter(None, values):
            known = parse_event_name(value, among)
            if known is None:
                raise refused(refusals.webhook_event_unknown(parameter, value, among))
            found[known] = None
        return tuple(found)

    return AfterValidator(check)


def webhook_method(parameter: str) -> BeforeValidator:
    """Accept get or post. Refuses with 50055."""
    return choose(WebhookMethod, lambda _: refusals.webhook_method_invalid(parameter))


def unsupported(reason: str) -> AfterValidator:
    """Refuse a parameter that would otherwise be ignored; an empty one is none."""

    def check(value: str | None) -> None:
        if value:
            raise invalid(reason)

    return AfterValidator(check)


def _check_zoned_time(value: str) -> datetime:
    moment = parsing.parse_zoned_moment(value)
    if moment is None:
        raise invalid("it is not an ISO 8601 time with its zone, such as 2026-01-31T12:00:00Z")
    return moment


def _check_boolean(value: str) -> bool:
    if value.lower() not in ("true", "false"):
        raise invalid("use true or false")
    return value.lower() == "true"


def _check_decimal(value: str | None) -> str | None:
    if value is not None and not _DECIMAL.fullmatch(value):
        raise invalid("it is not a decimal number of at most nine digits before the point")
    return value


def _check_url(value: str | None) -> str | None:
    problem = find_url_problem(value) if value else None
    if problem:
        raise invalid(problem)
    return value


def _check_number(value: str) -> str:
    number = addresses.canonicalize(value)
    if not addresses.is_number(number):
        raise invalid("it is not a phone number in E.164 form")
    return number


def _check_identity(value: str) -> str:
    if not identities.is_valid(value):
        raise invalid(identities.RULE)
    return value


Name = Annotated[str, Field(max_length=MAX_NAME)]
ShortName = Annotated[str, Field(max_length=MAX_SHORT_NAME)]
Address = Annotated[str, AfterValidator(parsing.restore_plus)]
PhoneNumber = Annotated[Address, AfterValidator(_check_number)]
Identity = Annotated[str, AfterValidator(_check_identity)]
# The person whom something is for, who need not be a user yet. Spaces around it are no part of it.
Owner = Annotated[Clearable[Identity], BeforeValidator(str.strip)]
Boolean = Annotated[bool, BeforeValidator(_check_boolean)]
Decimal = Annotated[
    str, AfterValidator(_check_decimal), WithJsonSchema({"type": "string", "pattern": f"^{_DECIMAL.pattern}$"})
]
ZonedTime = Annotated[
    datetime,
    BeforeValidator(_check_zoned_time),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-01-31T12:00:00Z"]}),
]
Url = Annotated[str, AfterValidator(_check_url), Field(json_schema_extra={"format": "uri"})]
InactiveTimer = Annotated[int | None, duration("Timers.Inactive", timers.MIN_INACTIVE), CLEARABLE]
ClosedTimer = Annotated[int | None, duration("Timers.Closed", timers.MIN_CLOSED), CLEARABLE]
DefaultInactiveTimer = Annotated[int | None, duration("DefaultInactiveTimer", timers.MIN_INACTIVE), CLEARABLE]
DefaultClosedTimer = Annotated[int | None, duration("DefaultClosedTimer", timers.MIN_CLOSED), CLEARABLE]
Attributes = Annotated[str, json_text(MAX_ATTRIBUTES)]
ConversationAttributes = Annotated[str, json_text(MAX_CONVERSATION_ATTRIBUTES)]
DateCreated = Annotated[datetime, date(refusals.date_created_invalid)]
DateUpdated = Annotated[datetime, date(refusals.date_updated_invalid)]
