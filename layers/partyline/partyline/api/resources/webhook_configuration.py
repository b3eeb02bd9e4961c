"""The webhooks of the account and of a Service: fetch, update.

One URL is called before an event and can reject it, one after it; each has the events that it hears.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, TypedDict

from pydantic import AfterValidator, Field

from partyline import refusals
from partyline.api.context import ApiResponse, Call
from partyline.api.field_types import choose, event_names, webhook_method
from partyline.api.form_model import Clearable, Form, refused
from partyline.api.router import Level, Router
from partyline.domain.webhook_configuration import EVENTS, WebhookConfiguration, WebhookMethod, find_url_problem
from partyline.errors import ApiError
from partyline.frozen_classes import replace
from partyline.storage import keys
from partyline.storage import webhooks as store

account_route = Router(Level.ACCOUNT)
service_route = Router(Level.SERVICE)


class _WebhookTargetKind(StrEnum):
    """What the account's webhooks go to. `flex` is Twilio's own: stored, without effect."""

    WEBHOOK = "webhook"
    FLEX = "flex"


def _url(refusal: Callable[[str], ApiError]) -> AfterValidator:
    """Accept an HTTP URL. `refusal` makes the code of the setting of a problem."""

    def check(value: str | None) -> str | None:
        problem = find_url_problem(value) if value else None
        if problem:
            raise refused(refusal(problem))
        return value

    return AfterValidator(check)


_Filters = Annotated[tuple[str, ...], event_names("Filters", EVENTS)]


class ServiceWebhooksForm(Form):
    """The webhooks of a Service. A parameter without a value removes the setting."""

    filters: _Filters | None = None
    pre_url: Annotated[Clearable[str], _url(refusals.pre_webhook_url_invalid)] = Field(None, alias="PreWebhookUrl")
    post_url: Annotated[Clearable[str], _url(refusals.post_webhook_url_invalid)] = Field(None, alias="PostWebhookUrl")
    method: Annotated[WebhookMethod, webhook_method("Method")] | None = None


class AccountWebhooksForm(ServiceWebhooksForm):
    """The webhooks of the account."""

    target: Annotated[_WebhookTargetKind, choose(_WebhookTargetKind)] | None = None


class _WebhooksBody(TypedDict):
    account_sid: str
    pre_webhook_url: str | None
    post_webhook_url: str | None
    filters: list[str] | None


class ServiceWebhooksBody(_WebhooksBody):
    """The webhooks of a Service."""

    chat_service_sid: str
    method: str | None
    url: str


class AccountWebhooksBody(_WebhooksBody):
    """The webhooks of the account: method and target have a value even when nothing was ever set."""

    method: str
    target: str
    url: str


@account_route.get("Configuration/Webhooks")
def fetch_of_account(call: Call) -> ApiResponse:
    """Fetch the account's webhooks."""
    return ApiResponse(200, _build_account_body(call, store.configuration(call.table, keys.account_webhooks())))


@account_route.post("Configuration/Webhooks")
def update_of_account(call: Call) -> ApiResponse:
    """Change what the form names. A parameter without a value removes the setting.

    Raises ApiError 20001, 50055, 50077, 50078, 50365.
    """
    key, form = keys.account_webhooks(), AccountWebhooksForm.parse(call.request.form)
    before = store.configuration(call.table, key)
    after = replace(before, **form.changes())
    return ApiResponse(200, _build_account_body(call, store.configure(call.table, key, before, after)))


@service_route.get("Configuration/Webhooks")
def fetch_of_service(call: Call) -> ApiResponse:
    """Fetch a Service's webhooks."""
    return ApiResponse(200, _build_service_body(call, store.configuration(call.table, _service_key(call))))


@service_route.post("Configuration/Webhooks")
def update_of_service(call: Call) -> ApiResponse:
    """Change a Service's webhooks, as those of the account."""
    before = store.configuration(call.table, _service_key(call))
    after = replace(before, **ServiceWebhooksForm.parse(call.request.form).changes())
    return ApiResponse(200, _build_service_body(call, store.configure(call.table, _service_key(call), before, after)))


def _service_key(call: Call) -> keys.Key:
    return keys.service_webhooks(call.scope.service_sid)


def _build_account_body(call: Call, shown: WebhookConfiguration) -> AccountWebhooksBody:
    return {
        **_build_body(call, shown),
        "method": (shown.method or WebhookMethod.POST).upper(),
        "target": shown.target or _WebhookTargetKind.WEBHOOK.value,
        "url": call.account_url("Configuration", "Webhooks"),
    }


def _build_service_body(call: Call, shown: WebhookConfiguration) -> ServiceWebhooksBody:
    return {
        **_build_body(call, shown),
        "chat_service_sid": call.scope.service_sid,
        "method": shown.method.upper() if shown.method else None,
        "url": call.url("Configuration", "Webhooks"),
    }


def _build_body(call: Call, shown: WebhookConfiguration) -> _WebhooksBody:
    return {
        "account_sid": call.context.account_sid,
        "pre_webhook_url": shown.pre_url,
        "post_webhook_url": shown.post_url,
        "filters": None if shown.filters is None else list(shown.filters),
    }
