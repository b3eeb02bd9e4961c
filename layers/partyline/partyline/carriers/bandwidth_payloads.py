"""The payloads of Bandwidth: callbacks, and answers to a send. Messaging API v2.

Source: https://dev.bandwidth.com/docs/messaging/webhooks, and the OpenAPI document of Messaging v2.

A webhook is an array of events. `type` says which model an event has:

- "message-received": MessageReceived
- "message-sending", "message-sent", "message-delivered", "message-read": MessageProgress
- "message-failed": MessageFailed
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from partyline.carriers.schemas import Address, Code, Items, Lenient, LenientItems, Payload, RequiredText, Text, Time


class BandwidthEvent(Payload):
    """The part that all events have."""

    type: RequiredText


class MessageDirection(Payload):
    """The direction of a message: "in", or "out" for one of our own."""

    direction: RequiredText


class ReceivedDirection(Payload):
    """A received message, as far as its direction."""

    message: MessageDirection


class ReceivedMessage(Payload):
    """A text as one of our numbers, `owner`, received it. `to` holds all recipients of a group text."""

    id: RequiredText
    owner: Text = ""
    sender: RequiredText = Field(alias="from")
    to: Annotated[Items[Address], Field(min_length=1)]
    text: Text = ""
    media: Items[Text] = Field(default_factory=list)
    time: Time = None


class MessageReceived(Payload):
    """A "message-received" event. `to` is the number of ours that received the text."""

    to: Lenient = ""
    time: Time = None
    message: ReceivedMessage


class ReportedMessage(Payload):
    """The message that a report is about. `tag` is the one that we sent along."""

    id: RequiredText
    tag: Text = ""


class MessageProgress(Payload):
    """A report that a text went on its way to one recipient, `to`."""

    to: RequiredText
    description: Text = ""
    message: ReportedMessage


class MessageFailed(Payload):
    """A report that a text did not reach one recipient, `to`."""

    to: RequiredText
    error_code: Code = Field(default=None, alias="errorCode")
    message: ReportedMessage


class FieldError(Payload):
    """What is wrong with one field of a request. The value at fault stands in the description only."""

    field_name: Lenient = Field(default="", alias="fieldName")
    description: Lenient = ""


class BandwidthError(Payload):
    """The answer to a request that is refused."""

    type: Code = None
    field_errors: LenientItems[FieldError] = Field(default_factory=list, alias="fieldErrors")


class BandwidthAccepted(Payload):
    """The answer to a send (202)."""

    id: Lenient = ""
