"""The API as one function: an API Gateway proxy event in, its response out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from partyline import refusals
from partyline.api import requests, responses, router, routes, scopes
from partyline.api.authentication import authenticate
from partyline.api.calls import Answer, Call, Desk
from partyline.errors import ApiError
from partyline.observability import logger
from partyline.store.table import Conflict

VERSION = "v1"


def handle(event: Mapping[str, Any], desk: Desk) -> dict[str, Any]:
    """Answer one request. Never raises: what is refused or goes wrong is answered in Twilio's form."""
    try:
        answer = _answer(event, desk)
    except ApiError as refused:
        answer = responses.refusal(refused)
    except Conflict:
        logger.warning("api.busy")
        answer = responses.refusal(refusals.conversation_changed())
    except Exception:  # noqa: BLE001  (the last line of defence: it is logged, and the caller learns nothing of it)
        logger.exception("api.failed")
        answer = responses.refusal(refusals.failed())
    return {
        "statusCode": answer.status,
        "headers": {"Content-Type": "application/json", "Cache-Control": "no-store", **answer.headers},
        "body": _text(answer.body),
    }


def _text(body: Mapping[str, Any] | str | None) -> str:
    if body is None:
        return ""
    return body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)


def _answer(event: Mapping[str, Any], desk: Desk) -> Answer:
    caller = authenticate(event, desk)
    request = requests.parse(event, desk.public_url)
    version, *segments = request.segments
    if version != VERSION:
        raise refusals.not_found(request.path)
    service_sid = segments[1] if len(segments) > 2 and segments[0] == "Services" else None
    table = routes.SERVICE if service_sid else routes.ACCOUNT
    found = router.find(table, request.method, segments[2:] if service_sid else segments)
    now = desk.clock()
    scope = scopes.resolve(desk, now, service_sid)
    if scope is None:
        raise refusals.not_found("/" + "/".join(segments))
    call = Call(desk, request, scope, found.ids, now, key_sid=caller.key_sid)
    if caller.token is not None:
        person = scopes.person(desk, now, scope, caller.token)
        if not found.people:
            raise refusals.account_only()
        call = replace(call, person=person)
    return found.handler(call)
