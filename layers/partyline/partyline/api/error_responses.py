"""Refusals as answers of the API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from partyline.api.context import ApiResponse
from partyline.errors import ApiError
from partyline.refusals import dictionary


def build_error_response(refused: ApiError) -> ApiResponse:
    """Build the response of a refusal, in Twilio's form.

    It has no `type` and no `title`: Twilio's SDKs take these for an error of another standard (RFC 9457).
    """
    body: dict[str, Any] = {
        "code": refused.code,
        "message": refused.message,
        "more_info": f"https://www.twilio.com/docs/errors/{refused.code}",
        "status": refused.status,
    }
    if refused.details:
        body["details"] = refused.details
    return ApiResponse(refused.status, body, _headers(refused))


def _headers(refused: ApiError) -> Mapping[str, str]:
    """Build the headers that HTTP requires with some statuses."""
    if refused.status == dictionary.UNAUTHORIZED:
        return {"WWW-Authenticate": 'Basic realm="partyline"'}
    if refused.status == dictionary.NOT_ALLOWED and refused.details:
        return {"Allow": ", ".join(refused.details["allowed"])}
    if refused.details and "retry_after" in refused.details:
        return {"Retry-After": str(refused.details["retry_after"])}
    return {}
