"""The texts of a Service's push notifications: fetch, update.

Stored for clients, without effect: nothing here pushes.
"""

from __future__ import annotations

from typing import Annotated, TypedDict

from pydantic import Field

from partyline.api.context import ApiResponse, Call
from partyline.api.field_types import Boolean, Name
from partyline.api.form_model import Clearable, Form
from partyline.api.router import Level, Router
from partyline.domain.push_settings import Notifications
from partyline.frozen_classes import replace
from partyline.storage import push_settings as store

route = Router(Level.SERVICE)

_Template = Clearable[Annotated[str, Field(max_length=1024)]]
_Sound = Clearable[Name]


class NotificationsForm(Form):
    """The settings of push notifications. An empty text is none."""

    log_enabled: Boolean | None = None
    added_to_conversation_enabled: Boolean | None = Field(None, alias="AddedToConversation.Enabled")
    new_message_enabled: Boolean | None = Field(None, alias="NewMessage.Enabled")
    new_message_badge_count_enabled: Boolean | None = Field(None, alias="NewMessage.BadgeCountEnabled")
    new_message_with_media_enabled: Boolean | None = Field(None, alias="NewMessage.WithMedia.Enabled")
    removed_from_conversation_enabled: Boolean | None = Field(None, alias="RemovedFromConversation.Enabled")
    added_to_conversation_template: _Template = Field(None, alias="AddedToConversation.Template")
    new_message_template: _Template = Field(None, alias="NewMessage.Template")
    new_message_with_media_template: _Template = Field(None, alias="NewMessage.WithMedia.Template")
    removed_from_conversation_template: _Template = Field(None, alias="RemovedFromConversation.Template")
    added_to_conversation_sound: _Sound = Field(None, alias="AddedToConversation.Sound")
    new_message_sound: _Sound = Field(None, alias="NewMessage.Sound")
    removed_from_conversation_sound: _Sound = Field(None, alias="RemovedFromConversation.Sound")


class NotificationBody(TypedDict):
    """One kind of push notification."""

    enabled: bool
    template: str | None
    sound: str | None


class MediaNotificationBody(TypedDict):
    """The push notification of a message with files."""

    enabled: bool
    template: str | None


class NewMessageNotificationBody(NotificationBody):
    """The push notification of a message."""

    badge_count_enabled: bool
    with_media: MediaNotificationBody


class NotificationsBody(TypedDict):
    """The push notifications of a Service."""

    account_sid: str
    chat_service_sid: str
    log_enabled: bool
    added_to_conversation: NotificationBody
    new_message: NewMessageNotificationBody
    removed_from_conversation: NotificationBody
    url: str


@route.get("Configuration/Notifications")
def fetch(call: Call) -> ApiResponse:
    """Fetch the settings."""
    return ApiResponse(200, _build_body(call, store.notifications(call.table, call.scope.service_sid)))


@route.post("Configuration/Notifications")
def update(call: Call) -> ApiResponse:
    """Change what the form names. An empty text is none. Raises ApiError 20001."""
    before = store.notifications(call.table, call.scope.service_sid)
    after = replace(before, **NotificationsForm.parse(call.request.form).changes())
    return ApiResponse(200, _build_body(call, store.configure(call.table, call.scope.service_sid, before, after)))


def _build_body(call: Call, shown: Notifications) -> NotificationsBody:
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
