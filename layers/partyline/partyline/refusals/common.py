"""Refusals of every resource: paths, methods, parameters, load."""

from __future__ import annotations

from collections.abc import Sequence

from partyline.errors import ApiError
from partyline.refusals.dictionary import TOO_LARGE, UNPROCESSABLE, refuse

_NO_DATE = "it is not an ISO 8601 date"


def not_found(path: str, merged_into: str | None = None) -> ApiError:
    return refuse(20404, f"The requested resource {path} was not found", merged_into=merged_into)


def method_not_allowed(method: str, allowed: Sequence[str]) -> ApiError:
    return refuse(20004, method=method, allowed=list(allowed))


def invalid_parameter(name: str, problem: str) -> ApiError:
    return refuse(20001, f"Invalid parameter {name}: {problem}", parameter=name)


def page_token_invalid() -> ApiError:
    return refuse(
        20001, "Invalid parameter PageToken: it is not one that this list has given out", parameter="PageToken"
    )


def too_large(limit: int) -> ApiError:
    return refuse(20001, f"The request's body is larger than {limit} bytes", status=TOO_LARGE)


def failed() -> ApiError:
    return refuse(20500)


def busy() -> ApiError:
    return refuse(20409, "Other requests are changing the same resource: try again")


def too_many_requests() -> ApiError:
    return refuse(20429, reason="the table takes no more at the moment: try again")


def idempotency_key_reused() -> ApiError:
    return refuse(
        20001,
        "Invalid parameter Idempotency-Key: another request had it, with other parameters",
        status=UNPROCESSABLE,
        parameter="Idempotency-Key",
    )


def request_under_way(pause: int) -> ApiError:
    return refuse(
        20409,
        "A request with this Idempotency-Key is under way: try again",
        parameter="Idempotency-Key",
        retry_after=pause,
    )


def friendly_name_missing() -> ApiError:
    return refuse(50000, parameter="FriendlyName")


def friendly_name_too_long(limit: int) -> ApiError:
    return refuse(50003, parameter="FriendlyName", reason=f"at most {limit} characters")


def attributes_too_long(limit: int) -> ApiError:
    return refuse(50303, parameter="Attributes", reason=f"at most {limit} bytes")


def attributes_invalid() -> ApiError:
    return refuse(50304, parameter="Attributes")


def date_created_invalid() -> ApiError:
    return refuse(50308, parameter="DateCreated", reason=_NO_DATE)


def date_updated_invalid() -> ApiError:
    return refuse(50309, parameter="DateUpdated", reason=_NO_DATE)
