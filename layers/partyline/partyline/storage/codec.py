"""The domain's data as items of the table, and back. Keys are not its business."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from partyline.domain.attachments import Media, MediaState, StoredMedia
from partyline.domain.conversations import Conversation, ConversationState
from partyline.domain.lines import AddressConfiguration, AutoCreation, AutoCreationType, Line
from partyline.domain.messages import Message, Origin
from partyline.domain.opt_outs import OptOut, OptOutEvent, OptOutSource
from partyline.domain.participants import NotificationLevel, Participant
from partyline.domain.permissions import RoleType
from partyline.domain.push_settings import BindingType, Credential, Notifications, PushBinding, PushMessage, PushType
from partyline.domain.receipts import PartReceipt, Receipt, ReceiptStatus, rank
from partyline.domain.sends import Send
from partyline.domain.services import ApiKey, Configuration, Role, Service, User
from partyline.domain.unrouted import UnroutedReason, UnroutedText
from partyline.domain.webhook_configuration import ScopedWebhook, WebhookConfiguration, WebhookMethod, WebhookTarget
from partyline.storage.table import Item

_TIME = "%Y-%m-%dT%H:%M:%S.%fZ"


def from_time(moment: datetime) -> str:
    """A time as text that sorts."""
    # Not strftime: it does not pad years before 1000.
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def to_time(text: str) -> datetime:
    """The time of such a text."""
    return datetime.strptime(text, _TIME).replace(tzinfo=UTC)


def encode(thing: Any) -> Item:
    """A dataclass as attributes; what is None is left out."""
    return {
        field.name: _encode(value)
        for field in dataclasses.fields(thing)
        if (value := getattr(thing, field.name)) is not None
    }


def _encode(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return encode(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return from_time(value)
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple):
        return [_encode(part) for part in value]
    return value


def encode_receipt(receipt: Receipt) -> Item:
    """A receipt with the rank that its forward-only condition compares."""
    item = {**encode(receipt), "rank": rank(receipt.status)}
    return item if receipt.parts else {name: value for name, value in item.items() if name != "parts"}


def _fields(kind: type, item: Mapping[str, Any]) -> dict[str, Any]:
    names = {field.name for field in dataclasses.fields(kind)}
    values = {name: value for name, value in item.items() if name in names}
    for name in ("created", "updated", "active_at", "identified", "due_at", "at", "received_at"):
        if name in values:
            values[name] = to_time(values[name])
    return values


def conversation(item: Mapping[str, Any]) -> Conversation:
    fields = _fields(Conversation, item)
    return Conversation(
        **{
            **fields,
            "state": ConversationState(fields["state"]),
            "begins": ConversationState(fields.get("begins", ConversationState.ACTIVE)),
            "threads": frozenset(fields.get("threads", [])),
        }
    )


def participant(item: Mapping[str, Any]) -> Participant:
    fields = _fields(Participant, item)
    level = NotificationLevel(fields.get("notification_level", NotificationLevel.DEFAULT))
    return Participant(**{**fields, "notification_level": level})


def message(item: Mapping[str, Any]) -> Message:
    fields = _fields(Message, item)
    sends = tuple(
        Send(**{**_fields(Send, send), "others": tuple(send.get("others", []))}) for send in fields.get("sends", [])
    )
    origin = fields.get("origin")
    came = Origin(tuple(origin["receivers"]), origin["sender"], tuple(origin["roster"])) if origin else None
    return Message(**{**fields, "body": fields.get("body"), "media": _media(fields), "sends": sends, "origin": came})


def stored_media(item: Mapping[str, Any]) -> StoredMedia:
    return StoredMedia(**_fields(StoredMedia, item))


def receipt(item: Mapping[str, Any]) -> Receipt:
    fields = _fields(Receipt, item)
    parts = tuple(
        PartReceipt(**{**_fields(PartReceipt, part), "status": ReceiptStatus(part["status"])})
        for part in fields.get("parts", [])
    )
    return Receipt(**{**fields, "status": ReceiptStatus(fields["status"]), "parts": parts})


def line(item: Mapping[str, Any]) -> Line:
    fields = _fields(Line, item)
    configuration = _address_configuration(fields["configuration"]) if "configuration" in fields else None
    return Line(**{**fields, "auto_creation": AutoCreation(fields["auto_creation"]), "configuration": configuration})


def _address_configuration(item: Mapping[str, Any]) -> AddressConfiguration:
    fields = _fields(AddressConfiguration, item)
    method = fields.get("webhook_method")
    return AddressConfiguration(
        **{
            **fields,
            "type": AutoCreationType(fields["type"]),
            "webhook_method": WebhookMethod(method) if method else None,
            "webhook_filters": tuple(fields.get("webhook_filters", [])),
        }
    )


def configuration(item: Mapping[str, Any]) -> Configuration:
    return Configuration(**_fields(Configuration, item))


def service(item: Mapping[str, Any]) -> Service:
    return Service(**_fields(Service, item))


def role(item: Mapping[str, Any]) -> Role:
    fields = _fields(Role, item)
    return Role(**{**fields, "type": RoleType(fields["type"]), "permissions": tuple(fields["permissions"])})


def user(item: Mapping[str, Any]) -> User:
    return User(**_fields(User, item))


def api_key(item: Mapping[str, Any]) -> ApiKey:
    return ApiKey(**_fields(ApiKey, item))


def webhook(item: Mapping[str, Any]) -> ScopedWebhook:
    fields = _fields(ScopedWebhook, item)
    return ScopedWebhook(
        **{
            **fields,
            "target": WebhookTarget(fields["target"]),
            "method": WebhookMethod(fields["method"]),
            "filters": tuple(fields.get("filters", [])),
            "triggers": tuple(fields.get("triggers", [])),
        }
    )


def webhook_configuration(item: Mapping[str, Any]) -> WebhookConfiguration:
    fields = _fields(WebhookConfiguration, item)
    method, filters = fields.get("method"), fields.get("filters")
    return WebhookConfiguration(
        **{
            **fields,
            "method": WebhookMethod(method) if method else None,
            "filters": None if filters is None else tuple(filters),
        }
    )


def credential(item: Mapping[str, Any]) -> Credential:
    fields = _fields(Credential, item)
    return Credential(**{**fields, "type": PushType(fields["type"])})


def binding(item: Mapping[str, Any]) -> PushBinding:
    fields = _fields(PushBinding, item)
    messages = tuple(PushMessage(name) for name in fields["message_types"])
    return PushBinding(**{**fields, "type": BindingType(fields["type"]), "message_types": messages})


def notifications(item: Mapping[str, Any]) -> Notifications:
    return Notifications(**_fields(Notifications, item))


def unrouted(item: Mapping[str, Any]) -> UnroutedText:
    fields = _fields(UnroutedText, item)
    return UnroutedText(
        **{
            **fields,
            "reason": UnroutedReason(fields["reason"]),
            "recipients": tuple(fields.get("recipients", [])),
            "media": _media(fields),
        }
    )


def opt_out(item: Mapping[str, Any]) -> OptOut:
    fields = _fields(OptOut, item)
    return OptOut(**{**fields, "how": OptOutSource(fields["how"]), "since": to_time(fields["since"])})


def opt_out_event(item: Mapping[str, Any]) -> OptOutEvent:
    fields = _fields(OptOutEvent, item)
    return OptOutEvent(**{**fields, "how": OptOutSource(fields["how"])})


def _media(fields: Mapping[str, Any]) -> tuple[Media, ...]:
    return tuple(
        Media(**{**_fields(Media, part), "state": MediaState(part.get("state", MediaState.PENDING))})
        for part in fields.get("media", [])
    )
