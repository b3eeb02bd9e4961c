"""Refusals about a conversation: its names, state and timers."""

from __future__ import annotations

from partyline.errors import ApiError
from partyline.refusals.dictionary import refuse, shorten

# By parameter: Twilio's name of the timer, its code for an invalid duration, its code for a duration that is too short.
_TO_INACTIVE, _TO_CLOSED = ("TimeToInactive", 50379, 50375), ("TimeToClosed", 50380, 50376)
_TIMERS = {
    "Timers.Inactive": _TO_INACTIVE,
    "Timers.Closed": _TO_CLOSED,
    "DefaultInactiveTimer": _TO_INACTIVE,
    "DefaultClosedTimer": _TO_CLOSED,
}


def unique_name_exists(name: str, owner: str | None = None) -> ApiError:
    return refuse(50353, unique_name=name, conversation_sid=owner)


def unique_name_like_sid() -> ApiError:
    return refuse(50390, parameter="UniqueName")


def conversation_changed() -> ApiError:
    return refuse(50349, reason="another request changed it: try again")


def nothing_to_update() -> ApiError:
    return refuse(50347)


def messaging_service_invalid() -> ApiError:
    return refuse(50341, parameter="MessagingServiceSid", reason="it is not MG and 32 hexadecimal digits")


def state_invalid(given: str) -> ApiError:
    return refuse(50378, parameter="State", state=shorten(given), reason="use active, inactive or closed")


def state_empty() -> ApiError:
    return refuse(50374, parameter="State")


def closed() -> ApiError:
    return refuse(50377)


def created_closed() -> ApiError:
    return refuse(50384, parameter="State", reason="create it active or inactive, then close it")


def initializing() -> ApiError:
    return refuse(50386, reason="wait until its state is active")


def dates_reversed() -> ApiError:
    return refuse(50396, parameter="EndDate")


def timer_invalid(name: str) -> ApiError:
    timer, code, _ = _TIMERS[name]
    return refuse(code, f"{timer} format is invalid", parameter=name, reason="use an ISO 8601 duration such as PT10M")


def timer_too_short(name: str, minimum: int) -> ApiError:
    timer, _, code = _TIMERS[name]
    minutes = minimum // 60
    length = f"{minutes} minute" + ("s" if minutes > 1 else "")
    return refuse(code, f"{timer} should be greater or equal to {length}", parameter=name)


def email_not_supported() -> ApiError:
    return refuse(50420, reason="conversations have no e-mail binding here")
