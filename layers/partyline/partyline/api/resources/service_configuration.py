"""A Service's settings: fetch, update.

They are the roles of users and members without one of their own, the timers that its new conversations start with
(ours; Twilio's are the account's only), whether users cannot change who is in a group text (`LockGroups`, ours),
whether all texts can be searched (`TextSearch`, ours), after how many days messages expire (`MessageRetention`, ours),
and whether it shows who is reachable, which is stored without
effect. Staff read them, and people with `manageService` set `LockGroups` and `TextSearch`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, NamedTuple, TypedDict

from pydantic import BeforeValidator, Field

from partyline import refusals
from partyline.api import authorization, lookups
from partyline.api.bodies import Links
from partyline.api.context import ApiResponse, Call
from partyline.api.field_types import Boolean, optional_duration, sid_of
from partyline.api.form_model import CLEARABLE, Form, invalid, none_if_empty
from partyline.api.router import Level, Router
from partyline.domain import sids, timers
from partyline.domain.permissions import Permission, RoleType
from partyline.domain.services import Service
from partyline.errors import ApiError
from partyline.frozen_classes import replace
from partyline.storage import retry, roles, text_index
from partyline.storage import services as store

route = Router(Level.SERVICE)
# In days: ten years.
MAX_RETENTION = 3660


def _check_switch(value: str) -> bool:
    if value.lower() not in ("on", "off"):
        raise invalid("use on, off")
    return value.lower() == "on"


def _check_days(value: str) -> int | None:
    if not value:
        return None
    if not value.isascii() or not value.isdigit() or not 1 <= int(value[:9]) <= MAX_RETENTION:
        raise invalid(f"use a whole number of days from 1 to {MAX_RETENTION}, or nothing: messages never expire")
    return int(value)


_Switch = Annotated[bool, BeforeValidator(_check_switch)]
_RoleSid = Annotated[str | None, BeforeValidator(none_if_empty), sid_of(sids.ROLE)]


class ServiceConfigurationForm(Form):
    """What can be changed of a Service's settings. An empty role changes nothing."""

    reachability_enabled: Boolean | None = None
    default_inactive_timer: Annotated[
        int | None, optional_duration("DefaultInactiveTimer", timers.MIN_INACTIVE), CLEARABLE
    ] = None
    default_closed_timer: Annotated[
        int | None, optional_duration("DefaultClosedTimer", timers.MIN_CLOSED), CLEARABLE
    ] = None
    lock_groups: Boolean | None = None
    text_search: _Switch | None = None
    message_retention: Annotated[int | None, BeforeValidator(_check_days), CLEARABLE] = None
    creator_role_sid: _RoleSid = Field(None, alias="DefaultConversationCreatorRoleSid")
    member_role_sid: _RoleSid = Field(None, alias="DefaultConversationRoleSid")
    user_role_sid: _RoleSid = Field(None, alias="DefaultChatServiceRoleSid")


class _DefaultRole(NamedTuple):
    """A default role: its type, and the refusal where there is no such role."""

    type: RoleType
    missing: Callable[[str], ApiError]


# By the field of the form, and of a Service.
_DEFAULTS = {
    "creator_role_sid": _DefaultRole(RoleType.CONVERSATION, refusals.creator_role_not_found),
    "member_role_sid": _DefaultRole(RoleType.CONVERSATION, refusals.member_role_not_found),
    "user_role_sid": _DefaultRole(RoleType.SERVICE, refusals.user_role_not_found),
}


# What people do not set: who may do what, and when the conversations of everybody change.
_ACCOUNTS_OWN = (
    "ReachabilityEnabled",
    "DefaultInactiveTimer",
    "DefaultClosedTimer",
    "MessageRetention",
    "DefaultConversationCreatorRoleSid",
    "DefaultConversationRoleSid",
    "DefaultChatServiceRoleSid",
)


class ServiceConfigurationBody(TypedDict):
    """A Service's settings. Timers are ISO 8601 durations.

    Timers, `lock_groups`, `text_search` and `message_retention`, in days, are ours.
    """

    chat_service_sid: str
    default_conversation_creator_role_sid: str
    default_conversation_role_sid: str
    default_chat_service_role_sid: str
    reachability_enabled: bool
    default_inactive_timer: str | None
    default_closed_timer: str | None
    lock_groups: bool
    text_search: str
    message_retention: int | None
    url: str
    links: Links


@route.get("Configuration", users=True)
def fetch(call: Call) -> ApiResponse:
    """Fetch the settings."""
    authorization.require_service_permission(call, Permission.WRITE_AS_LINE)
    return ApiResponse(200, _build_body(call, call.scope.service))


@route.post("Configuration", users=True)
def update(call: Call) -> ApiResponse:
    """Change what the form names. An empty timer is the account's, and PT0S none.

    Raises ApiError 20001, 50102, 50106, 50107, 50109, 50375, 50376, 50379, 50380.
    """
    authorization.require_service_permission(call, Permission.MANAGE_SERVICE)
    authorization.deny_users(call, call.request.form, *_ACCOUNTS_OWN)
    before, form = call.scope.service, ServiceConfigurationForm.parse(call.request.form)
    after = replace(before, **form.changes(), updated=call.now)
    orders = []
    if bool(after.text_search) is not bool(before.text_search):
        orders.append(text_index.build_order(after.sid, call.now, on=bool(after.text_search)))

    def attempt() -> Service:
        # A role that was deleted meanwhile is missed by the next attempt.
        _check_roles(call, form)
        if not store.update(call.table, before, after, *orders):
            raise lookups.not_found(call)
        return after

    return ApiResponse(200, _build_body(call, retry.STANDARD.run(attempt)))


def _check_roles(call: Call, form: ServiceConfigurationForm) -> None:
    """Check that the default roles that a form names are there. Raises ApiError 50102, 50106, 50109."""
    given = {field: sid for field in _DEFAULTS if (sid := getattr(form, field))}
    found = roles.fetch_many(call.table, call.scope.service_sid, given.values())
    for field, sid in given.items():
        if sid not in found or found[sid].type is not _DEFAULTS[field].type:
            raise _DEFAULTS[field].missing(sid)


def _format_timer(seconds: int | None) -> str | None:
    return None if seconds is None else timers.format_duration(seconds)


def _build_body(call: Call, shown: Service) -> ServiceConfigurationBody:
    url = call.url("Configuration")
    return {
        "chat_service_sid": shown.sid,
        "default_conversation_creator_role_sid": shown.creator_role_sid,
        "default_conversation_role_sid": shown.member_role_sid,
        "default_chat_service_role_sid": shown.user_role_sid,
        "reachability_enabled": shown.reachability_enabled,
        "default_inactive_timer": _format_timer(shown.default_inactive_timer),
        "default_closed_timer": _format_timer(shown.default_closed_timer),
        "lock_groups": bool(shown.lock_groups),
        "text_search": "on" if shown.text_search else "off",
        "message_retention": shown.message_retention,
        "url": url,
        "links": {"notifications": f"{url}/Notifications", "webhooks": f"{url}/Webhooks"},
    }
