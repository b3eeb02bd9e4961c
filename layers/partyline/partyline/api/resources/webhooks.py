"""Webhooks of one conversation: create, fetch, list, update, delete. They are told what has happened in it.

A target uses what it needs: `webhook` a URL, a method and events (Filters), `trigger` a URL, a method and keywords
(Triggers), `studio` a flow of Twilio's Studio, which is kept and starts nothing. What another target would use is
ignored.
"""

from __future__ import annotations

from dataclasses import replace

from partyline import refusals
from partyline.api import forms, lookups, pagination, serializers, webhook_forms
from partyline.api.context import ApiResponse, Call
from partyline.api.request import Parameters
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

_URL, _METHOD, _FILTERS = "Configuration.Url", "Configuration.Method", "Configuration.Filters"
_TRIGGERS, _FLOW, _REPLAY = "Configuration.Triggers", "Configuration.FlowSid", "Configuration.ReplayAfter"


def create(call: Call) -> ApiResponse:
    """POST .../Webhooks. Raises ApiError 20001, 50055, 50361, 50362, 50364 to 50372, 50377, 50386."""

    def attempt() -> ScopedWebhook:
        conversation = lookups.changeable(lookups.conversation(call))
        webhook = _new(call, conversation)
        store.create(call.table, conversation, webhook)
        return webhook

    return ApiResponse(201, _body(call, retry.CONTENDED.run(attempt)))


def fetch(call: Call) -> ApiResponse:
    """GET .../Webhooks/{sid}."""
    return ApiResponse(200, _body(call, _find(call, lookups.conversation(call))))


def list_page(call: Call) -> ApiResponse:
    """GET .../Webhooks, in the order of their making; all fit on one page."""
    conversation = lookups.conversation(call)

    def read(window: Window) -> pagination.PagePart:
        page = queries.webhooks(call.table, conversation.sid, window)
        return pagination.shown(page, lambda webhook: _body(call, webhook))

    return pagination.listing(call, "webhooks", read, MAX_PER_CONVERSATION)


def update(call: Call) -> ApiResponse:
    """POST .../Webhooks/{sid}: what the form names changes, the rest stays. The target stays, and ReplayAfter is of a
    new webhook only. Raises ApiError as `create`."""
    before = _find(call, lookups.changeable(lookups.conversation(call)))
    after = replace(_configured(before, call.request.form), updated=call.now)
    changed = store.update(call.table, before, after)
    if changed is None:
        raise lookups.missing(call)
    return ApiResponse(200, _body(call, changed))


def delete(call: Call) -> ApiResponse:
    """DELETE .../Webhooks/{sid}, of a closed conversation too."""
    if not store.remove(call.table, _find(call, lookups.conversation(call))):
        raise lookups.missing(call)
    return ApiResponse(204)


def _find(call: Call, conversation: Conversation) -> ScopedWebhook:
    sid = call.ids["webhook"]
    found = store.fetch(call.table, conversation.sid, sid) if sids.matches(sids.WEBHOOK, sid) else None
    if found is None:
        raise lookups.missing(call)
    return found


def _body(call: Call, shown: ScopedWebhook) -> Json:
    return {
        **({"chat_service_sid": call.scope.service_sid} if call.scope.named else {}),
        "sid": shown.sid,
        "account_sid": call.desk.account_sid,
        "conversation_sid": shown.conversation_sid,
        "target": shown.target.value,
        "configuration": _configuration(shown),
        "date_created": serializers.timestamp(shown.created),
        "date_updated": serializers.timestamp(shown.updated),
        "url": call.url("Conversations", shown.conversation_sid, "Webhooks", shown.sid),
    }


def _configuration(shown: ScopedWebhook) -> Json:
    """What the target uses. Twilio shows keywords as `filters`; they are here under their own name too."""
    called = {"url": shown.url, "method": shown.method.upper()}
    match shown.target:
        case WebhookTarget.WEBHOOK:
            return {**called, "filters": list(shown.filters)}
        case WebhookTarget.TRIGGER:
            return {**called, "filters": list(shown.triggers), "triggers": list(shown.triggers)}
        case WebhookTarget.STUDIO:
            return {"flow_sid": shown.flow_sid}


# --- what a form says


def _new(call: Call, conversation: Conversation) -> ScopedWebhook:
    form = call.request.form
    sid = sids.new(sids.WEBHOOK)
    blank = ScopedWebhook(sid, conversation.sid, call.now, call.now, _target(form), since=conversation.last_index)
    return replace(_configured(blank, form), replay_after=forms.integer(form, _REPLAY, minimum=-1))


def _target(form: Parameters) -> WebhookTarget:
    given = form.get("Target")
    target = forms.choice(form, "Target", WebhookTarget, refusals.webhook_target_invalid) if given else None
    if target is None:
        raise refusals.webhook_target_missing()
    return target


def _configured(before: ScopedWebhook, form: Parameters) -> ScopedWebhook:
    """A webhook with everything changed that its target uses and a form names; complete, or refused."""
    if before.target is WebhookTarget.STUDIO:
        return replace(before, flow_sid=_flow(form, before.flow_sid))
    method = webhook_forms.method(form, _METHOD) or before.method
    called = replace(before, url=_url(form, before.url), method=method)
    if before.target is WebhookTarget.TRIGGER:
        return replace(called, triggers=_triggers(form, before.triggers))
    filters = webhook_forms.events(form, _FILTERS, POST_EVENTS)
    filters = before.filters if filters is None else filters
    if not filters:
        raise refusals.webhook_filter_missing()
    return replace(called, filters=filters)


def _flow(form: Parameters, before: str | None) -> str:
    given = form.get(_FLOW) if _FLOW in form.values else before
    if not given or not sids.matches(sids.STUDIO_FLOW, given):
        raise refusals.flow_invalid()
    return given


def _url(form: Parameters, before: str | None) -> str:
    given = form.get(_URL) if _URL in form.values else before
    if not given:
        raise refusals.webhook_url_missing()
    if len(given) > MAX_URL:
        raise refusals.webhook_url_too_long(MAX_URL)
    problem = find_url_problem(given)
    if problem:
        raise refusals.invalid_parameter(_URL, problem)
    return given


def _triggers(form: Parameters, before: tuple[str, ...]) -> tuple[str, ...]:
    given = form.all(_TRIGGERS) or before
    if not given:
        raise refusals.trigger_missing()
    if len(given) > MAX_TRIGGERS:
        raise refusals.too_many_triggers(MAX_TRIGGERS)
    if not all(0 < len(keyword) <= MAX_TRIGGER for keyword in given):
        raise refusals.trigger_invalid(MAX_TRIGGER)
    return given
