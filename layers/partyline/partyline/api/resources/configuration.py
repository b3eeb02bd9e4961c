"""The account's settings: its default Service, and what new conversations start with. Fetch, update."""

from __future__ import annotations

from typing import Annotated, TypedDict

from pydantic import BeforeValidator, Field

from partyline.api import serializers
from partyline.api.bodies import Links
from partyline.api.context import ApiResponse, Call
from partyline.api.field_types import DefaultClosedTimer, DefaultInactiveTimer, sid_of
from partyline.api.form_model import Clearable, Form, none_if_empty
from partyline.api.router import Level, Router
from partyline.domain import sids, timers
from partyline.domain.services import Configuration
from partyline.frozen_classes import replace
from partyline.storage import services as store

route = Router(Level.ACCOUNT)


class ConfigurationForm(Form):
    """What can be changed of the account's settings."""

    default_messaging_service_sid: Annotated[Clearable[str], sid_of(sids.MESSAGING_SERVICE)] = None
    default_service_sid: Annotated[str | None, BeforeValidator(none_if_empty), sid_of(sids.SERVICE)] = Field(
        None, alias="DefaultChatServiceSid"
    )
    default_inactive_timer: DefaultInactiveTimer = None
    default_closed_timer: DefaultClosedTimer = None


class ConfigurationBody(TypedDict):
    """The account's settings. Timers are ISO 8601 durations."""

    account_sid: str
    default_chat_service_sid: str
    default_messaging_service_sid: str
    default_inactive_timer: str | None
    default_closed_timer: str | None
    url: str
    links: Links


@route.get("Configuration")
def fetch(call: Call) -> ApiResponse:
    """Fetch the settings."""
    return ApiResponse(200, _build_body(call, call.scope.configuration))


@route.post("Configuration")
def update(call: Call) -> ApiResponse:
    """Change what the form names. An empty DefaultMessagingServiceSid and the timer PT0S mean none.

    Raises ApiError 20001, 50050, 50375, 50376, 50379, 50380.
    """
    before = call.scope.configuration
    after = replace(before, **ConfigurationForm.parse(call.request.form).changes())
    store.configure(call.table, before, after)
    return ApiResponse(200, _build_body(call, after))


def _build_body(call: Call, shown: Configuration) -> ConfigurationBody:
    return {
        "account_sid": call.context.account_sid,
        "default_chat_service_sid": shown.default_service_sid,
        "default_messaging_service_sid": serializers.messaging_service_or_default(
            call, shown.default_messaging_service_sid
        ),
        "default_inactive_timer": _format_timer(shown.default_inactive_timer),
        "default_closed_timer": _format_timer(shown.default_closed_timer),
        "url": call.account_url("Configuration"),
        "links": {
            "service": call.account_url("Services", shown.default_service_sid, "Configuration"),
            "webhooks": call.account_url("Configuration", "Webhooks"),
        },
    }


def _format_timer(seconds: int | None) -> str | None:
    return timers.format_duration(seconds) if seconds else None
