"""A Service's settings: fetch, update.

They are the roles of users and members without one of their own, the timers that its new conversations start with
(ours; Twilio's are the account's only), and whether it shows who is reachable, which is stored without effect.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

from partyline import refusals
from partyline.api import forms, lookups
from partyline.api.context import ApiResponse, Call
from partyline.api.request import Parameters
from partyline.api.router import Level, Router
from partyline.api.serializers import Json
from partyline.domain import sids, timers
from partyline.domain.permissions import RoleType
from partyline.domain.services import Service
from partyline.errors import ApiError
from partyline.storage import retry, roles
from partyline.storage import services as store

route = Router(Level.SERVICE)


class _DefaultRole(NamedTuple):
    """A default role: its field of a Service, its type, and the refusal where there is no such role."""

    field: str
    type: RoleType
    missing: Callable[[str], ApiError]


_DEFAULTS = {
    "DefaultConversationCreatorRoleSid": _DefaultRole(
        "creator_role_sid", RoleType.CONVERSATION, refusals.creator_role_not_found
    ),
    "DefaultConversationRoleSid": _DefaultRole(
        "member_role_sid", RoleType.CONVERSATION, refusals.member_role_not_found
    ),
    "DefaultChatServiceRoleSid": _DefaultRole("user_role_sid", RoleType.SERVICE, refusals.user_role_not_found),
}


@route.get("Configuration")
def fetch(call: Call) -> ApiResponse:
    """Fetch the settings."""
    return ApiResponse(200, _build_body(call, call.scope.service))


@route.post("Configuration")
def update(call: Call) -> ApiResponse:
    """Change what the form names. An empty timer is the account's, and PT0S none.

    Raises ApiError 20001, 50102, 50106, 50109, 50375, 50376, 50379, 50380.
    """
    before, form = call.scope.service, call.request.form
    reachability = forms.read_boolean(form, "ReachabilityEnabled")
    inactive = _read_timer(form, "DefaultInactiveTimer", timers.MIN_INACTIVE, before.default_inactive_timer)
    closed = _read_timer(form, "DefaultClosedTimer", timers.MIN_CLOSED, before.default_closed_timer)

    def attempt() -> Service:
        # A role that was deleted meanwhile is missed by the next attempt.
        after = replace(
            before,
            **_find_roles(call),
            reachability_enabled=before.reachability_enabled if reachability is None else reachability,
            default_inactive_timer=inactive,
            default_closed_timer=closed,
            updated=call.now,
        )
        if not store.update(call.table, before, after):
            raise lookups.not_found(call)
        return after

    return ApiResponse(200, _build_body(call, retry.STANDARD.run(attempt)))


def _find_roles(call: Call) -> dict[str, Any]:
    """Find the default roles that the form names, by their field of a Service."""
    given = {name: sid for name in _DEFAULTS if (sid := forms.read_sid(call.request.form, name, sids.ROLE))}
    found = roles.fetch_many(call.table, call.scope.service_sid, given.values())
    for name, sid in given.items():
        if sid not in found or found[sid].type is not _DEFAULTS[name].type:
            raise _DEFAULTS[name].missing(sid)
    return {_DEFAULTS[name].field: sid for name, sid in given.items()}


def _read_timer(form: Parameters, name: str, minimum: int, before: int | None) -> int | None:
    if form.get(name) == "":
        return None
    return forms.read_timer(form, name, minimum, before) or (before if name not in form.values else 0)


def _format_timer(seconds: int | None) -> str | None:
    return None if seconds is None else timers.format_duration(seconds)


def _build_body(call: Call, shown: Service) -> Json:
    url = call.url("Configuration")
    return {
        "chat_service_sid": shown.sid,
        "default_conversation_creator_role_sid": shown.creator_role_sid,
        "default_conversation_role_sid": shown.member_role_sid,
        "default_chat_service_role_sid": shown.user_role_sid,
        "reachability_enabled": shown.reachability_enabled,
        "default_inactive_timer": _format_timer(shown.default_inactive_timer),
        "default_closed_timer": _format_timer(shown.default_closed_timer),
        "url": url,
        "links": {"notifications": f"{url}/Notifications", "webhooks": f"{url}/Webhooks"},
    }
