"""The domain's data as items of the table, and back. Keys are not its business."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from partyline.model import (
    AutoCreation,
    Conversation,
    Line,
    Media,
    Message,
    Participant,
    Receipt,
    Send,
    UnroutedReason,
    UnroutedText,
)
from partyline.states import ConversationState, ReceiptStatus, rank
from partyline.store.table import Item

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
    return {**encode(receipt), "rank": rank(receipt.status)}


def _fields(kind: type, item: Mapping[str, Any]) -> dict[str, Any]:
    names = {field.name for field in dataclasses.fields(kind)}
    values = {name: value for name, value in item.items() if name in names}
    for name in ("created", "updated"):
        if name in values:
            values[name] = to_time(values[name])
    return values


def conversation(item: Mapping[str, Any]) -> Conversation:
    fields = _fields(Conversation, item)
    return Conversation(
        **{**fields, "state": ConversationState(fields["state"]), "threads": frozenset(fields.get("threads", []))}
    )


def participant(item: Mapping[str, Any]) -> Participant:
    return Participant(**_fields(Participant, item))


def message(item: Mapping[str, Any]) -> Message:
    fields = _fields(Message, item)
    sends = tuple(Send(**{**send, "others": tuple(send.get("others", []))}) for send in fields.get("sends", []))
    return Message(**{**fields, "body": fields.get("body"), "media": _media(fields), "sends": sends})


def receipt(item: Mapping[str, Any]) -> Receipt:
    fields = _fields(Receipt, item)
    return Receipt(**{**fields, "status": ReceiptStatus(fields["status"])})


def line(item: Mapping[str, Any]) -> Line:
    fields = _fields(Line, item)
    return Line(**{**fields, "auto_creation": AutoCreation(fields["auto_creation"])})


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


def _media(fields: Mapping[str, Any]) -> tuple[Media, ...]:
    return tuple(Media(**part) for part in fields.get("media", []))
