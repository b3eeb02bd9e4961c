"""Webhooks of one conversation: create, fetch, list, update, delete. They hear of the events in it.

A target uses what it needs: `webhook` a URL, a method and events (Filters), `trigger` a URL, a method and keywords
(Triggers), `studio` a flow of Twilio's Studio, which is stored and starts nothing. What another target would use is
ignored.
"""

from __future__ import annotations

from dataclasses import replace

from partyline import refusals
from partyline.api import forms, lookups, pagination, serializers, webhook_forms
from partyline.api.context import ApiResponse, Call
from partyline.api.request import Parameters
from partyline.api.router import Router
from partyline.api.serializers import Json
from partyline.domain import sids
from partyline.domain.conversations import Conversation
from partyline.domain.webhook_configuration import (
    MAX_PER_CONVERSATION,
    MAX_TRIGGER,
    MAX_TRIGGERS,
    MAX_URL,
    POST_EVENTS,
    ScopedWebhook,
    WebhookTarget,
    find_url_problem,
)
from partyline.storage import queries, retry
from partyline.storage import webhooks as store
from partyline.storage.queries import Window

route = Router()

_URL, _METHOD, _FILTERS = "Configuration.Url", "Configuration.Method", "Configuration.Filters"
_TRIGGERS, _FLOW, _REPLAY = "Configuration.Triggers", "Configuration.FlowSid", "Configuration.ReplayAfter"


@route.post("Conversations/{conversation}/Webhooks")
def create(call: Call) -> ApiResponse:
    """Create a webhook. Raises ApiError 20001, 50055, 50361, 50362, 50364 to 50372, 50377, 50386."""

    def attempt() -> ScopedWebhook:
        conversation = lookups.require_changeable(lookups.find_conversation(call))
        webhook = _parse_new(call, conversation)
        store.create(call.table, conversation, webhook)
        return webhook

    return ApiResponse(201, _build_body(call, retry.CONTENDED.run(attempt)))


@route.get("Conversations/{conversation}/Webhooks/{webhook}")
def fetch(call: Call) -> ApiResponse:
    """Fetch a webhook."""
    return ApiResponse(200, _build_body(call, _find_webhook(call, lookups.find_conversation(call))))


@route.get("Conversations/{conversation}/Webhooks")
def list_page(call: Call) -> ApiResponse:
    """List the webhooks, in the order of their creation; all fit on one page."""
    conversation = lookups.find_conversation(call)

    def read(window: Window) -> pagination.PagePart:
        page = queries.webhooks(call.table, conversation.sid, window)
        return pagination.to_page_part(page, lambda webhook: _build_body(call, webhook))

    return pagination.build_list_response(call, "webhooks", read, MAX_PER_CONVERSATION)


@route.post("Conversations/{conversation}/Webhooks/{webhook}")
def update(call: Call) -> ApiResponse:
    """Change what the form names. The target stays, and ReplayAfter belongs to a new webhook only.

    Raises ApiError as `create`.
    """
    before = _find_webhook(call, lookups.require_changeable(lookups.find_conversation(call)))
    after = replace(_apply_form(before, call.request.form), updated=call.now)
    changed = store.update(call.table, before, after)
    if changed is None:
        raise lookups.not_found(call)
    return ApiResponse(200, _build_body(call, changed))


@route.delete("Conversations/{conversation}/Webhooks/{webhook}")
def delete(call: Call) -> ApiResponse:
    """Delete a webhook, of a closed conversation too."""
    if not store.remove(call.table, _find_webhook(call, lookups.find_conversation(call))):
        raise lookups.not_found(call)
    return ApiResponse(204)


def _find_webhook(call: Call, conversation: Conversation) -> ScopedWebhook:
    sid = call.ids["webhook"]
    found = store.fetch(call.table, conversation.sid, sid) if sids.matches(sids.WEBHOOK, sid) else None
    if found is None:
        raise lookups.not_found(call)
    return found


def _build_body(call: Call, shown: ScopedWebhook) -> Json:
    return {
        **({"chat_service_sid": call.scope.service_sid} if call.scope.named else {}),
        "sid": shown.sid,
        "account_sid": call.context.account_sid,
        "conversation_sid": shown.conversation_sid,
        "target": shown.target.value,
        "configuration": _build_configuration(shown),
        "date_created": serializers.format_timestamp(shown.created),
        "date_updated": serializers.format_timestamp(shown.updated),
        "url": call.url("Conversations", shown.conversation_sid, "Webhooks", shown.sid),
    }


def _build_configuration(shown: ScopedWebhook) -> Json:
    """Build what the target uses. Twilio shows keywords as `filters`; here they have their own name too."""
    called = {"url": shown.url, "method": shown.method.upper()}
    match shown.target:
        case WebhookTarget.WEBHOOK:
            return {**called, "filters": list(shown.filters)}
        case WebhookTarget.TRIGGER:
            return {**called, "filters": list(shown.triggers), "triggers": list(shown.triggers)}
        case WebhookTarget.STUDIO:
            return {"flow_sid": shown.flow_sid}


# --- what a form says


def _parse_new(call: Call, conversation: Conversation) -> ScopedWebhook:
    form = call.request.form
    sid = sids.new(sids.WEBHOOK)
    blank = ScopedWebhook(sid, conversation.sid, call.now, call.now, _read_target(form), since=conversation.last_index)
    return replace(_apply_form(blank, form), replay_after=forms.read_integer(form, _REPLAY, minimum=-1))


def _read_target(form: Parameters) -> WebhookTarget:
    given = form.get("Target")
    target = forms.read_choice(form, "Target", WebhookTarget, refusals.webhook_target_invalid) if given else None
    if target is None:
        raise refusals.webhook_target_missing()
    return target


def _apply_form(before: ScopedWebhook, form: Parameters) -> ScopedWebhook:
    """Apply what the target uses and a form names; the result is complete, or refused."""
    if before.target is WebhookTarget.STUDIO:
        return replace(before, flow_sid=_read_flow(form, before.flow_sid))
    method = webhook_forms.read_method(form, _METHOD) or before.method
    called = replace(before, url=_read_url(form, before.url), method=method)
    if before.target is WebhookTarget.TRIGGER:
        return replace(called, triggers=_read_triggers(form, before.triggers))
    filters = webhook_forms.read_events(form, _FILTERS, POST_EVENTS)
    filters = before.filters if filters is None else filters
    if not filters:
        raise refusals.webhook_filter_missing()
    return replace(called, filters=filters)


def _read_flow(form: Parameters, before: str | None) -> str:
    given = form.get(_FLOW) if _FLOW in form.values else before
    if not given or not sids.matches(sids.STUDIO_FLOW, given):
        raise refusals.flow_invalid()
    return given


def _read_url(form: Parameters, before: str | None) -> str:
    given = form.get(_URL) if _URL in form.values else before
    if not given:
        raise refusals.webhook_url_missing()
    if len(given) > MAX_URL:
        raise refusals.webhook_url_too_long(MAX_URL)
    problem = find_url_problem(given)
    if problem:
        raise refusals.invalid_parameter(_URL, problem)
    return given


def _read_triggers(form: Parameters, before: tuple[str, ...]) -> tuple[str, ...]:
    given = form.all(_TRIGGERS) or before
    if not given:
        raise refusals.trigger_missing()
    if len(given) > MAX_TRIGGERS:
        raise refusals.too_many_triggers(MAX_TRIGGERS)
    if not all(0 < len(keyword) <= MAX_TRIGGER for keyword in given):
        raise refusals.trigger_invalid(MAX_TRIGGER)
    return given
