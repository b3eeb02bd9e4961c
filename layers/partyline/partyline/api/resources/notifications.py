"""What a Service's push notifications would say: fetch, update.

Stored for clients, without effect: nothing here pushes.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from partyline.api import forms
from partyline.api.context import ApiResponse, Call
from partyline.api.request import Parameters
from partyline.api.router import Level, Router
from partyline.api.serializers import Json
from partyline.domain.push_settings import Notifications
from partyline.storage import push_settings as store

route = Router(Level.SERVICE)

_MAX_TEMPLATE = 1024
# Parameters and the settings that they are.
_SWITCHES = {
    "LogEnabled": "log_enabled",
    "AddedToConversation.Enabled": "added_to_conversation_enabled",
    "NewMessage.Enabled": "new_message_enabled",
    "NewMessage.BadgeCountEnabled": "new_message_badge_count_enabled",
    "NewMessage.WithMedia.Enabled": "new_message_with_media_enabled",
    "RemovedFromConversation.Enabled": "removed_from_conversation_enabled",
}
_TEMPLATES = {
    "AddedToConversation.Template": "added_to_conversation_template",
    "NewMessage.Template": "new_message_template",
    "NewMessage.WithMedia.Template": "new_message_with_media_template",
    "RemovedFromConversation.Template": "removed_from_conversation_template",
}
_SOUNDS = {
    "AddedToConversation.Sound": "added_to_conversation_sound",
    "NewMessage.Sound": "new_message_sound",
    "RemovedFromConversation.Sound": "removed_from_conversation_sound",
}


@route.get("Configuration/Notifications")
def fetch(call: Call) -> ApiResponse:
    """Fetch the settings."""
    return ApiResponse(200, _build_body(call, store.notifications(call.table, call.scope.service_sid)))


@route.post("Configuration/Notifications")
def update(call: Call) -> ApiResponse:
    """Change what the form names. An empty text is none. Raises ApiError 20001."""
    before = store.notifications(call.table, call.scope.service_sid)
    after = replace(before, **_parse_form(call.request.form))
    return ApiResponse(200, _build_body(call, store.configure(call.table, call.scope.service_sid, before, after)))


def _parse_form(form: Parameters) -> dict[str, Any]:
    """Return the settings that a form names."""
    return {
        **{field: forms.read_boolean(form, name) for name, field in _SWITCHES.items() if name in form.values},
        **{field: _read_text(form, name, _MAX_TEMPLATE) for name, field in _TEMPLATES.items() if name in form.values},
        **{field: _read_text(form, name, forms.MAX_NAME) for name, field in _SOUNDS.items() if name in form.values},
    }


def _read_text(form: Parameters, name: str, limit: int) -> str | None:
    return forms.read_text(form, name, limit) or None


def _build_body(call: Call, shown: Notifications) -> Json:
    return {
        "account_sid": call.context.account_sid,
        "chat_service_sid": call.scope.service_sid,
        "log_enabled": shown.log_enabled,
        "added_to_conversation": {
            "enabled": shown.added_to_conversation_enabled,
            "template": shown.added_to_conversation_template,
            "sound": shown.added_to_conversation_sound,
        },
        "new_message": {
            "enabled": shown.new_message_enabled,
            "template": shown.new_message_template,
            "badge_count_enabled": shown.new_message_badge_count_enabled,
            "sound": shown.new_message_sound,
            "with_media": {
                "enabled": shown.new_message_with_media_enabled,
                "template": shown.new_message_with_media_template,
            },
        },
        "removed_from_conversation": {
            "enabled": shown.removed_from_conversation_enabled,
            "template": shown.removed_from_conversation_template,
            "sound": shown.removed_from_conversation_sound,
        },
        "url": call.url("Configuration", "Notifications"),
    }
