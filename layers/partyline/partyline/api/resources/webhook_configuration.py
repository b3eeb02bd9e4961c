"""The webhooks of the account and of a Service: fetch, update.

One URL is called before an event and can reject it, one after it; each has the events that it hears.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum

from partyline import refusals
from partyline.api import forms, webhook_forms
from partyline.api.context import ApiResponse, Call
from partyline.api.request import Parameters
from partyline.api.router import Level, Router
from partyline.api.serializers import Json
from partyline.domain.webhook_configuration import EVENTS, WebhookConfiguration, WebhookMethod, find_url_problem
from partyline.errors import ApiError
from partyline.storage import keys
from partyline.storage import webhooks as store

account_route = Router(Level.ACCOUNT)
service_route = Router(Level.SERVICE)


class _WebhookTargetKind(StrEnum):
    """What the account's webhooks go to. `flex` is Twilio's own: stored, without effect."""

    WEBHOOK = "webhook"
    FLEX = "flex"


@account_route.get("Configuration/Webhooks")
def fetch_of_account(call: Call) -> ApiResponse:
    """Fetch the account's webhooks."""
    return ApiResponse(200, _build_account_body(call, store.configuration(call.table, keys.account_webhooks())))


@account_route.post("Configuration/Webhooks")
def update_of_account(call: Call) -> ApiResponse:
    """Change what the form names. A parameter without a value removes the setting.

    Raises ApiError 20001, 50055, 50077, 50078, 50365.
    """
    form, key = call.request.form, keys.account_webhooks()
    before = store.configuration(call.table, key)
    after = replace(
        _apply_form(before, form), target=forms.read_choice(form, "Target", _WebhookTargetKind) or before.target
    )
    return ApiResponse(200, _build_account_body(call, store.configure(call.table, key, before, after)))


@service_route.get("Configuration/Webhooks")
def fetch_of_service(call: Call) -> ApiResponse:
    """Fetch a Service's webhooks."""
    return ApiResponse(200, _build_service_body(call, store.configuration(call.table, _service_key(call))))


@service_route.post("Configuration/Webhooks")
def update_of_service(call: Call) -> ApiResponse:
    """Change a Service's webhooks, as those of the account."""
    before = store.configuration(call.table, _service_key(call))
    after = _apply_form(before, call.request.form)
    return ApiResponse(200, _build_service_body(call, store.configure(call.table, _service_key(call), before, after)))


def _service_key(call: Call) -> keys.Key:
    return keys.service_webhooks(call.scope.service_sid)


def _build_account_body(call: Call, shown: WebhookConfiguration) -> Json:
    """Build the account's settings: method and target have a value even when nothing was ever set."""
    return {
        **_build_body(call, shown),
        "method": (shown.method or WebhookMethod.POST).upper(),
        "target": shown.target or _WebhookTargetKind.WEBHOOK.value,
        "url": call.account_url("Configuration", "Webhooks"),
    }


def _build_service_body(call: Call, shown: WebhookConfiguration) -> Json:
    return {
        **_build_body(call, shown),
        "chat_service_sid": call.scope.service_sid,
        "method": shown.method.upper() if shown.method else None,
        "url": call.url("Configuration", "Webhooks"),
    }


def _build_body(call: Call, shown: WebhookConfiguration) -> Json:
    return {
        "account_sid": call.context.account_sid,
        "pre_webhook_url": shown.pre_url,
        "post_webhook_url": shown.post_url,
        "filters": None if shown.filters is None else list(shown.filters),
    }


def _apply_form(before: WebhookConfiguration, form: Parameters) -> WebhookConfiguration:
    filters = webhook_forms.read_events(form, "Filters", EVENTS)
    return replace(
        before,
        pre_url=_read_url(form, "PreWebhookUrl", before.pre_url, refusals.pre_webhook_url_invalid),
        post_url=_read_url(form, "PostWebhookUrl", before.post_url, refusals.post_webhook_url_invalid),
        method=webhook_forms.read_method(form, "Method") or before.method,
        filters=before.filters if filters is None else filters,
    )


def _read_url(form: Parameters, name: str, before: str | None, invalid: Callable[[str], ApiError]) -> str | None:
    """Return the URL after a form; an empty one is none."""
    given = form.get(name)
    problem = find_url_problem(given) if given else None
    if problem:
        raise invalid(problem)
    return forms.apply_change(given, before)
