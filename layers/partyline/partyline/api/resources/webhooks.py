"""Webhooks of one conversation: create, fetch, list, update, delete. They hear of the events in it.

A target uses what it needs: `webhook` a URL, a method and events (Filters), `trigger` a URL, a method and keywords
(Triggers), `studio` a flow of Twilio's Studio, which is stored and starts nothing. What another target would use is
ignored.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, TypedDict

from pydantic import AfterValidator, BeforeValidator, ConfigDict
from pydantic.alias_generators import to_pascal

from partyline import refusals
from partyline.api import lookups, pagination, serializers
from partyline.api.bodies import ServiceMember
from partyline.api.context import ApiResponse, Call
from partyline.api.field_types import choose, event_names, webhook_method, whole_number
from partyline.api.form_model import Form, invalid, refused
from partyline.api.router import Router
from partyline.domain import sids
from partyline.domain.conversations import Conversation
from partyline.domain.webhook_configuration import (
    MAX_PER_CONVERSATION,
    MAX_TRIGGER,
    MAX_TRIGGERS,
    MAX_URL,
    POST_EVENTS,
    STAFF_EVENTS,
    ScopedWebhook,
    WebhookMethod,
    WebhookTarget,
    find_url_problem,
)
from partyline.frozen_classes import replace
from partyline.storage import queries, retry
from partyline.storage import webhooks as store
from partyline.storage.queries import Window

route = Router()


def _check_target(value: str) -> str:
    if not value:
        raise refused(refusals.webhook_target_missing())
    return value


def _check_url(value: str) -> str:
    if not value:
        raise refused(refusals.webhook_url_missing())
    if len(value) > MAX_URL:
        raise refused(refusals.webhook_url_too_long(MAX_URL))
    problem = find_url_problem(value)
    if problem:
        raise invalid(problem)
    return value


def _check_filters(value: tuple[str, ...]) -> tuple[str, ...]:
    if not value:
        raise refused(refusals.webhook_filter_missing())
    return value


def _check_triggers(value: tuple[str, ...]) -> tuple[str, ...]:
    if not value:
        raise refused(refusals.trigger_missing())
    if len(value) > MAX_TRIGGERS:
        raise refused(refusals.too_many_triggers(MAX_TRIGGERS))
    if not all(0 < len(keyword) <= MAX_TRIGGER for keyword in value):
        raise refused(refusals.trigger_invalid(MAX_TRIGGER))
    return value


def _check_flow(value: str) -> str:
    if not sids.matches(sids.STUDIO_FLOW, value):
        raise refused(refusals.flow_invalid())
    return value


_Target = Annotated[
    WebhookTarget, choose(WebhookTarget, refusals.webhook_target_invalid), BeforeValidator(_check_target)
]
_Method = Annotated[WebhookMethod, webhook_method("Configuration.Method")]
_Url = Annotated[str, AfterValidator(_check_url)]
_Filters = Annotated[
    tuple[str, ...], event_names("Configuration.Filters", (*POST_EVENTS, *STAFF_EVENTS)), AfterValidator(_check_filters)
]
_Triggers = Annotated[tuple[str, ...], AfterValidator(_check_triggers)]
_Flow = Annotated[str, AfterValidator(_check_flow)]
_ReplayAfter = Annotated[int, whole_number(minimum=-1)]


class WebhookTargetForm(Form):
    """The target of a new webhook: it says which form has the rest."""

    target: _Target


class _ConfigurationForm(Form):
    """What a target uses: `url` is the parameter Configuration.Url."""

    model_config = ConfigDict(alias_generator=lambda name: f"Configuration.{to_pascal(name)}")


class EventWebhookForm(_ConfigurationForm):
    """What can be changed of a webhook that is called for events."""

    method: _Method | None = None
    url: _Url | None = None
    filters: _Filters | None = None


class NewEventWebhookForm(EventWebhookForm):
    """A new webhook that is called for events."""

    url: _Url
    filters: _Filters
    replay_after: _ReplayAfter | None = None


class TriggerWebhookForm(_ConfigurationForm):
    """What can be changed of a webhook that is called for keywords."""

    method: _Method | None = None
    url: _Url | None = None
    triggers: _Triggers | None = None


class NewTriggerWebhookForm(TriggerWebhookForm):
    """A new webhook that is called for keywords."""

    url: _Url
    triggers: _Triggers
    replay_after: _ReplayAfter | None = None


class StudioWebhookForm(_ConfigurationForm):
    """What can be changed of a flow of Studio."""

    flow_sid: _Flow | None = None


class NewStudioWebhookForm(StudioWebhookForm):
    """A new flow of Studio."""

    flow_sid: _Flow
    replay_after: _ReplayAfter | None = None


_NEW_FORMS: Final[Mapping[WebhookTarget, type[Form]]] = {
    WebhookTarget.WEBHOOK: NewEventWebhookForm,
    WebhookTarget.TRIGGER: NewTriggerWebhookForm,
    WebhookTarget.STUDIO: NewStudioWebhookForm,
}
_FORMS: Final[Mapping[WebhookTarget, type[Form]]] = {
    WebhookTarget.WEBHOOK: EventWebhookForm,
    WebhookTarget.TRIGGER: TriggerWebhookForm,
    WebhookTarget.STUDIO: StudioWebhookForm,
}


class StudioConfigurationBody(TypedDict):
    """What the target `studio` uses."""

    flow_sid: str | None


class EventConfigurationBody(TypedDict):
    """What the target `webhook` uses."""

    url: str | None
    method: str
    filters: list[str]


class TriggerConfigurationBody(EventConfigurationBody):
    """What the target `trigger` uses. Twilio shows keywords as `filters`; here they have their own name too."""

    triggers: list[str]


class WebhookBody(ServiceMember):
    """A webhook of a conversation."""

    sid: str
    account_sid: str
    conversation_sid: str
    target: str
    configuration: EventConfigurationBody | TriggerConfigurationBody | StudioConfigurationBody
    date_created: str
    date_updated: str
    url: str


@route.post("Conversations/{conversation}/Webhooks")
def create(call: Call) -> ApiResponse:
    """Create a webhook. Raises ApiError 20001, 50055, 50361, 50362, 50364 to 50372, 50377, 50386."""

    def attempt() -> ScopedWebhook:
        conversation = lookups.require_changeable(lookups.find_conversation(call))
        webhook = _build_webhook(call, conversation)
        store.create(call.table, conversation, webhook)
        return webhook

    return ApiResponse(201, _build_body(call, retry.CONTENDED.run(attempt)))


def _build_webhook(call: Call, conversation: Conversation) -> ScopedWebhook:
    """Build the webhook that a form describes; nothing is stored."""
    target = WebhookTargetForm.parse(call.request.form).target
    changes = _NEW_FORMS[target].parse(call.request.form).changes()
    sid = sids.new(sids.WEBHOOK)
    blank = ScopedWebhook(sid, conversation.sid, call.now, call.now, target, since=conversation.last_index)
    return replace(blank, **changes)


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
    changes = _FORMS[before.target].parse(call.request.form).changes()
    after = replace(before, updated=call.now, **changes)
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


def _build_body(call: Call, shown: ScopedWebhook) -> WebhookBody:
    return {
        **serializers.build_service_member(call),
        "sid": shown.sid,
        "account_sid": call.context.account_sid,
        "conversation_sid": shown.conversation_sid,
        "target": shown.target.value,
        "configuration": _build_configuration(shown),
        "date_created": serializers.format_timestamp(shown.created),
        "date_updated": serializers.format_timestamp(shown.updated),
        "url": call.url("Conversations", shown.conversation_sid, "Webhooks", shown.sid),
    }


def _build_configuration(
    shown: ScopedWebhook,
) -> EventConfigurationBody | TriggerConfigurationBody | StudioConfigurationBody:
    url, method = shown.url, shown.method.upper()
    match shown.target:
        case WebhookTarget.WEBHOOK:
            return {"url": url, "method": method, "filters": list(shown.filters)}
        case WebhookTarget.TRIGGER:
            return {"url": url, "method": method, "filters": list(shown.triggers), "triggers": list(shown.triggers)}
        case WebhookTarget.STUDIO:
            return {"flow_sid": shown.flow_sid}
