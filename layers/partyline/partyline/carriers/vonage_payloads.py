"""The payloads of Vonage: webhooks, and answers to a refused request. Messages API v1.

Source: https://developer.vonage.com/en/api/messages (inbound message, message status), its guide to MMS group
messaging, the types of its SDKs, and the errors in https://developer.vonage.com/api-errors/messages.

A webhook with `status` is a MessageStatus, any other one is an InboundMessage. Numbers have no plus.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field

from partyline.carriers.schemas import (
    Address,
    Code,
    Items,
    Lenient,
    LenientObject,
    Payload,
    RequiredText,
    Text,
    TextOrNone,
    Time,
)


class VonageWebhook(Payload):
    """Any webhook."""

    status: Any = None


class VonageFile(Payload):
    """A file of a message. Its caption is read where the message has no text."""

    url: Text = ""
    caption: TextOrNone = ""


class MmsDetails(Payload):
    """The other members of a group text."""

    participants: Items[Address] = Field(default_factory=list)


class InboundMessage(Payload):
    """A message that came in. It has its first file under the name of its type, and all or the others in `content`."""

    message_uuid: RequiredText
    to: RequiredText
    sender: RequiredText = Field(alias="from")
    timestamp: Time = None
    message_type: Text = ""
    text: Text = ""
    mms: LenientObject[MmsDetails] = MmsDetails()
    image: VonageFile | None = None
    audio: VonageFile | None = None
    video: VonageFile | None = None
    vcard: VonageFile | None = None
    file: VonageFile | None = None
    content: Items[VonageFile] = Field(default_factory=list)

    @property
    def files(self) -> list[VonageFile]:
        """The files, in both of their forms; the same file may stand in each."""
        alone = (self.image, self.audio, self.video, self.vcard, self.file)
        return [*(file for file in alone if file is not None), *self.content]


class MessageStatus(Payload):
    """What has become of a message to one recipient, `to`. `error` is a VonageFault where the message failed."""

    message_uuid: RequiredText
    to: RequiredText
    status: RequiredText
    error: Any = None


class VonageFault(Payload):
    """An error (RFC 7807), in a status and in an answer. It may be within another `error`."""

    type: Code = None
    title: Code = None
    detail: Any = None
    error: Any = None


class VonageAccepted(Payload):
    """The answer to a send (202)."""

    message_uuid: Lenient = ""
