"""Refusals about a message: its text, author, media and recipients."""

from __future__ import annotations

from collections.abc import Sequence

from partyline.errors import ApiError
from partyline.refusals.dictionary import refuse, shorten

_NO_OWN_NUMBER = (
    "no participant has a projected address, so nothing can be sent to the handsets: add one of your own numbers"
)


def message_not_found() -> ApiError:
    return refuse(50500)


def body_missing() -> ApiError:
    return refuse(50503, parameter="Body")


def body_too_long(limit: int, unit: str = "characters") -> ApiError:
    return refuse(50504, parameter="Body", reason=f"at most {limit} {unit}")


def author_too_long(limit: int) -> ApiError:
    return refuse(50310, parameter="Author", reason=f"at most {limit} characters")


def author_not_in_group(author: str, *, has_number: bool = True) -> ApiError:
    return refuse(50513, author=author, reason=None if has_number else _NO_OWN_NUMBER)


def media_not_found(sid: str) -> ApiError:
    return refuse(50507, media_sid=sid)


def media_sent(sid: str) -> ApiError:
    return refuse(50508, media_sid=sid)


def media_sid_invalid(sid: str) -> ApiError:
    return refuse(50510, media_sid=shorten(sid), reason="it is not ME and 32 hexadecimal digits")


def media_type_refused(content_type: str, sid: str | None = None) -> ApiError:
    return refuse(50511, content_type=content_type, media_sid=sid, reason=f"{content_type} is not supported")


def media_too_large(limit: int) -> ApiError:
    return refuse(50512, limit=limit, reason=f"at most {limit} bytes")


def media_empty() -> ApiError:
    return refuse(50510, parameter="body", reason="the media is empty: send its content as the body")


def too_many_media(limit: int, line: str | None = None, carrier: str | None = None) -> ApiError:
    suffix = f": {carrier}, which line {line} is of, takes no more in this thread" if line else ""
    return refuse(21623, limit=limit, line=line, carrier=carrier, reason=f"at most {limit}{suffix}")


def media_over_limit(sid: str, filename: str | None, size: int, limit: int, line: str, carrier: str) -> ApiError:
    return refuse(
        50512,
        status=400,
        reason=f"{filename or sid} has {size} bytes, and {carrier}, which line {line} is of, takes {limit} in a text",
        media_sid=sid,
        line=line,
        carrier=carrier,
        limit=limit,
    )


def content_not_supported() -> ApiError:
    return refuse(50526, parameter="ContentSid", reason="content templates are not supported here: send Body")


def line_over_recipients(line: str, carrier: str, limit: int, others: int) -> ApiError:
    return refuse(
        21653,
        reason=f"{carrier}, which line {line} is of, takes at most {limit} recipients, and these are {others}: "
        "write to fewer in another conversation",
        line=line,
        carrier=carrier,
        limit=limit,
    )


def scheduled_message_ended(state: str) -> ApiError:
    return refuse(20409, f"The scheduled message is {state} and cannot be changed", state=state)


def opted_out(participants: Sequence[str]) -> ApiError:
    return refuse(
        21610, reason="everybody who would get this has opted out of the sending number", participants=[*participants]
    )


def do_not_disturb(participants: Sequence[str]) -> ApiError:
    return refuse(20409, "All recipients are contacts who want no texts", participants=[*participants])
