"""Settings of push notifications: credentials, devices and texts. Plain data.

They are stored for clients and have no effect: Partyline sends no push notifications.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from partyline.frozen_classes import frozen


class PushType(StrEnum):
    """The push service of a credential."""

    APN = "apn"
    GCM = "gcm"
    FCM = "fcm"


class BindingType(StrEnum):
    """The channel to a device: a push service, or Twilio's own connection to its SDKs."""

    APN = "apn"
    GCM = "gcm"
    FCM = "fcm"
    TWILSOCK = "twilsock"


class PushMessage(StrEnum):
    """The events that a device can be notified of."""

    NEW_MESSAGE = "new_message"
    ADDED_TO_CONVERSATION = "added_to_conversation"
    REMOVED_FROM_CONVERSATION = "removed_from_conversation"


@frozen
class Credential:
    """The record of a push service credential. The secret itself is not stored: nothing uses it."""

    sid: str
    created: datetime
    updated: datetime
    type: PushType
    friendly_name: str | None = None
    sandbox: bool = False


@frozen
class PushBinding:
    """A device (`endpoint`) on which an identity of a Service is notified."""

    sid: str
    service_sid: str
    created: datetime
    updated: datetime
    identity: str
    type: BindingType
    endpoint: str
    credential_sid: str | None = None
    message_types: tuple[PushMessage, ...] = tuple(PushMessage)


@frozen
class Notifications:
    """The notification settings of a Service, with their texts and sounds; None was never set."""

    log_enabled: bool = False
    added_to_conversation_enabled: bool = False
    added_to_conversation_template: str | None = None
    added_to_conversation_sound: str | None = None
    new_message_enabled: bool = False
    new_message_template: str | None = None
    new_message_sound: str | None = None
    new_message_badge_count_enabled: bool = False
    new_message_with_media_enabled: bool = False
    new_message_with_media_template: str | None = None
    removed_from_conversation_enabled: bool = False
    removed_from_conversation_template: str | None = None
    removed_from_conversation_sound: str | None = None
