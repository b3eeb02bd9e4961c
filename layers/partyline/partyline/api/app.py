"""The API as one function: an API Gateway proxy event in, its response out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from partyline import refusals, sids
from partyline.api import (
    conversations,
    lines,
    messages,
    participants,
    receipts,
    requests,
    responses,
    router,
    unrouted,
    with_participants,
)
from partyline.api.authentication import authenticate
from partyline.api.calls import Answer, Call, Desk, Scope
from partyline.api.router import Route
from partyline.errors import ApiError
from partyline.observability import logger
from partyline.store.table import Conflict

VERSION = "v1"

# What is under the version.
ROUTES = (
    Route("Conversations", {"GET": conversations.listed, "POST": conversations.create}),
    Route(
        "Conversations/{conversation}",
        {"GET": conversations.fetch, "POST": conversations.update, "DELETE": conversations.delete},
    ),
    Route("ConversationWithParticipants", {"POST": with_participants.create}),
    Route("Conversations/{conversation}/Participants", {"GET": participants.listed, "POST": participants.create}),
    Route(
        "Conversations/{conversation}/Participants/{participant}",
        {"GET": participants.fetch, "POST": participants.update, "DELETE": participants.delete},
    ),
    Route("Conversations/{conversation}/Messages", {"GET": messages.listed, "POST": messages.create}),
    Route(
        "Conversations/{conversation}/Messages/{message}",
        {"GET": messages.fetch, "POST": messages.update, "DELETE": messages.delete},
    ),
    Route("Conversations/{conversation}/Messages/{message}/Receipts", {"GET": receipts.listed}),
    Route("Conversations/{conversation}/Messages/{message}/Receipts/{receipt}", {"GET": receipts.fetch}),
    Route("Lines", {"GET": lines.listed, "POST": lines.create}),
    Route("Lines/{line}", {"GET": lines.fetch, "POST": lines.update, "DELETE": lines.delete}),
    Route("UnroutedTexts", {"GET": unrouted.listed}),
    Route("UnroutedTexts/{text}", {"GET": unrouted.fetch}),
)


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
        "body": "" if answer.body is None else json.dumps(answer.body, ensure_ascii=False),
    }


def _answer(event: Mapping[str, Any], desk: Desk) -> Answer:
    authenticate(event, desk.account_sid, desk.auth_token())
    request = requests.parse(event, desk.public_url)
    if request.segments[0] != VERSION:
        raise refusals.not_found(request.path)
    # The one place that knows in which Service a path is.
    scope = Scope(sids.default_service(desk.account_sid), f"/{VERSION}")
    handler, ids = router.find(ROUTES, request.method, request.segments[1:])
    return handler(Call(desk, request, scope, ids, desk.clock()))
