"""The API as one function: an API Gateway proxy event in, its response out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from partyline import refusals
from partyline.api import authorization, router, routes
from partyline.api import request as http_request
from partyline.api.context import ApiContext, ApiResponse, Call
from partyline.api.error_responses import build_error_response
from partyline.api.request import Request
from partyline.auth import scope as scopes
from partyline.auth.scope import VERSION, CallingUser
from partyline.auth.tokens import Token, authenticate
from partyline.errors import ApiError, Conflict, RuleViolation, TableThrottled
from partyline.frozen_classes import replace
from partyline.observability import logger
from partyline.refusals.violations import to_refusal
from partyline.storage import quotas
from partyline.webhooks import pre_action

_SAFE_METHODS = ("GET", "HEAD")


def handle_request(event: Mapping[str, Any], context: ApiContext) -> dict[str, Any]:
    """Answer one request. Never raises: refusals and failures are answered in Twilio's form."""
    try:
        answer = _dispatch(event, context)
    except ApiError as refused:
        answer = build_error_response(refused)
    except Conflict:
        logger.warning("api.busy")
        # Twilio has a code for conversations only.
        is_conversation = "/Conversations" in str(event["path"])
        answer = build_error_response(refusals.conversation_changed() if is_conversation else refusals.busy())
    except TableThrottled:
        answer = build_error_response(refusals.too_many_requests())
    except Exception:  # noqa: BLE001  (the last line of defence: it is logged, and the caller learns nothing of it)
        logger.exception("api.failed")
        answer = build_error_response(refusals.failed())
    return {
        "statusCode": answer.status,
        "headers": {"Content-Type": "application/json", "Cache-Control": "no-store", **answer.headers},
        "body": _encode_body(answer.body),
    }


def _check_write_quota(context: ApiContext, method: str, token: Token, now: datetime) -> None:
    """Count a change that a user makes. Raises ApiError 20429 beyond the quota."""
    if method not in _SAFE_METHODS and quotas.exceeds_write_quota(
        context.table, token.service_sid, token.identity, now
    ):
        logger.warning("api.quota_spent", service_sid=token.service_sid)
        raise refusals.quota_spent(quotas.MAX_WRITES, quotas.SECONDS)


def _encode_body(body: Mapping[str, object] | str | None) -> str:
    if body is None:
        return ""
    return body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)


def _dispatch(event: Mapping[str, Any], context: ApiContext) -> ApiResponse:
    """Authenticate a request, find its handler and run it. Raises ApiError."""
    caller = authenticate(event, context)
    request = http_request.parse_request(event, context.public_url)
    service_sid, segments = _split_path(request)
    found = router.match_route(routes.SERVICE if service_sid else routes.ACCOUNT, request, segments)
    now = context.clock()
    scope = scopes.resolve_scope(context, now, service_sid, context.settings)
    if scope is None:
        raise refusals.not_found(request.resource)
    call = Call(context, request, scope, found.ids, now, pre_action.memoize(context.ask), key_sid=caller.key_sid)
    if caller.token is not None:
        call = replace(call, user=_admit_user(call, caller.token, found), token=caller.token)
    try:
        return found.handler(call)
    except RuleViolation as violation:
        raise authorization.redact_error(call, to_refusal(violation)) from violation
    except ApiError as refused:
        raise authorization.redact_error(call, refused) from refused


def _split_path(request: Request) -> tuple[str | None, Sequence[str]]:
    """Split a path into the Service that it names, if any, and the segments below. Raises ApiError 20404."""
    version, *segments = request.segments
    if version != VERSION:
        raise refusals.not_found(request.path)
    if len(segments) > 2 and segments[0] == "Services":
        return segments[1], segments[2:]
    return None, segments


def _admit_user(call: Call, token: Token, found: router.RouteMatch) -> CallingUser:
    """Return the user of an access token, when it may call the handler.

    Raises ApiError 20104, 20403, 20429, 50107.
    """
    if not found.users:
        raise refusals.account_only()
    user = scopes.resolve_user(call.context, call.now, call.scope, token)
    # Counted for valid tokens only: a revoked one must not use up the identity's quota.
    _check_write_quota(call.context, call.request.method, token, call.now)
    return user
