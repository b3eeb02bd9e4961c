"""The payloads of Telnyx: webhooks, answers to a send, and detail records. API v2.

Source: https://developers.telnyx.com/docs/messaging/messages/receiving-webhooks, Telnyx' guide to group MMS, and the
types of its SDKs. The documentation writes addresses both as strings and as objects.

A webhook is {"data": {"event_type", "payload"}}. `event_type` says which model the payload has:

- "message.received": ReceivedPayload
- "message.sent", "message.finalized": TelnyxMessage
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainValidator, model_validator

from partyline.carriers.schemas import (
    Address,
    Code,
    Items,
    Lenient,
    LenientItems,
    LenientObject,
    Payload,
    RequiredText,
    Text,
    TextOrNone,
    Time,
    parse_time,
)


class WebhookData(Payload):
    """The event of a webhook. An event without `event_type` is no event of a message, unless `record_type` says so."""

    event_type: Text = ""
    record_type: Text = ""
    occurred_at: Time = None
    payload: Any = None


class TelnyxWebhook(Payload):
    """A webhook."""

    data: WebhookData


class Receiver(Payload):
    """A number that a text came to. The status "webhook_delivered" marks the numbers of ours whose webhook this is."""

    phone_number: RequiredText
    status: Lenient = ""

    @model_validator(mode="before")
    @classmethod
    def _accept_string(cls, value: object) -> object:
        return {"phone_number": value} if isinstance(value, str) else value


class ReceivedMedia(Payload):
    """A file of a text. Its checksum has two names in the documentation."""

    url: Text = ""
    content_type: Text = ""
    sha256: Lenient = ""
    hash_sha256: Lenient = ""


class ReceivedPayload(Payload):
    """A text that came in. `to` and `cc` together hold all recipients of a group text.

    `autoresponse_type` is the keyword that the messaging profile took the text for, and has answered.
    """

    id: RequiredText
    sender: Address = Field(alias="from")
    to: Annotated[Items[Receiver], Field(min_length=1)]
    cc: Items[Address] = Field(default_factory=list)
    subject: Text = ""
    text: Text = ""
    media: Items[ReceivedMedia] = Field(default_factory=list)
    autoresponse_type: Text = ""
    received_at: Time = None


class ReportedRecipient(Payload):
    """The state of a text at one recipient."""

    phone_number: RequiredText
    status: RequiredText


def _read_pointer(value: object) -> str:
    return str(value or "")


class ErrorSource(Payload):
    """Where an error points: a JSON pointer into the message or the request, such as "/to/0/phone_number"."""

    pointer: Annotated[str, PlainValidator(_read_pointer)] = ""


class TelnyxError(Payload):
    """One of the errors of a message or of a request."""

    code: Code = None
    source: LenientObject[ErrorSource] = ErrorSource()


class TelnyxErrors(Payload):
    """The errors of a message, or the answer to a request that is refused."""

    errors: LenientItems[TelnyxError] = Field(default_factory=list)


def _read_any_list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _read_numbers(entries: list[Any]) -> tuple[str | None, ...]:
    numbers = (entry.get("phone_number") if isinstance(entry, dict) else entry for entry in entries)
    return tuple(number if isinstance(number, str) else None for number in numbers)


class TelnyxMessage(TelnyxErrors):
    """A message of ours, in a report and in an answer. All reports of a group text have its `group_message_id`.

    The entries of `to` are ReportedRecipient. Each is read by itself, so that one that is refused spoils no other.
    """

    id: Lenient = ""
    group_message_id: TextOrNone = ""
    to: Annotated[list[Any], PlainValidator(_read_any_list)] = Field(default_factory=list)
    cc: Annotated[list[Any], PlainValidator(_read_any_list)] = Field(default_factory=list)

    @property
    def addresses(self) -> dict[str, tuple[str | None, ...]]:
        """The addresses that pointers count, by the list that they stand in; None for an entry that has none."""
        return {"to": _read_numbers(self.to), "cc": _read_numbers(self.cc)}


class DetailRecord(Payload):
    """The record of a text that came in. `uuid` is the id of its message."""

    uuid: RequiredText
    created_at: Annotated[datetime, BeforeValidator(parse_time)]


class PageMeta(Payload):
    """How many pages a list has."""

    total_pages: int


class DetailRecordPage(Payload):
    """A page of detail records."""

    data: Items[Any] = Field(default_factory=list)
    meta: PageMeta
