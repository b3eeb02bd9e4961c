"""The payloads of Twilio: webhooks, which are forms, and its lists of messages, which are JSON.

Sources: https://www.twilio.com/docs/messaging/guides/webhook-request (inbound texts),
https://www.twilio.com/docs/messaging/guides/track-outbound-message-status (status callbacks) and
https://www.twilio.com/docs/conversations/conversations-webhooks (onDeliveryUpdated),
https://www.twilio.com/docs/messaging/api/message-resource (ListedMessage). The names of numbered parameters
(MediaUrl0, MediaContentType0, OtherRecipients0, ...) stand in carriers/twilio.py.

Which model a form has:

- with EventType: ConversationDelivery, where that is "onDeliveryUpdated"
- with MessageStatus or SmsStatus other than "received": StatusCallback
- else: InboundForm
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from partyline.carriers.schemas import Code, Items, Payload, RequiredText, Text


class TwilioMessageForm(Payload):
    """What inbound texts and status callbacks have in common. Twilio's former name of MessageSid is SmsSid."""

    message_sid: Text = Field(default="", alias="MessageSid")
    sms_sid: Text = Field(default="", alias="SmsSid")
    to: RequiredText = Field(alias="To")

    @property
    def sid(self) -> str:
        """The message's SID; '' when there is none."""
        return self.message_sid or self.sms_sid


class InboundForm(TwilioMessageForm):
    """A text that came in. `opt_out_type` is the keyword that Advanced Opt-Out took it for, and has answered."""

    sender: RequiredText = Field(alias="From")
    body: Text = Field(default="", alias="Body")
    num_media: Text = Field(default="", alias="NumMedia")
    opt_out_type: Text = Field(default="", alias="OptOutType")


class StatusCallback(TwilioMessageForm):
    """What has become of a text to one recipient."""

    error_code: Code = Field(default=None, alias="ErrorCode")


class ConversationDelivery(Payload):
    """What has become of a message in a conversation at one participant."""

    message_sid: RequiredText = Field(alias="MessageSid")
    participant_sid: RequiredText = Field(alias="ParticipantSid")
    status: RequiredText = Field(alias="Status")
    error_code: Code = Field(default=None, alias="ErrorCode")


def _parse_date(value: object) -> datetime | None:
    """Parse a date of Twilio's API (RFC 2822); None for what is none."""
    try:
        found = parsedate_to_datetime(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return found and found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)


class ListedMessage(Payload):
    """A message that came in, as Twilio's API has it. `date_sent` is when Twilio called its webhook."""

    sid: RequiredText
    sender: Text = Field(default="", alias="from")
    to: Text = ""
    body: Text = ""
    num_media: Text = "0"
    received_at: Annotated[datetime, BeforeValidator(_parse_date)] = Field(alias="date_sent")


class TwilioMessagePage(Payload):
    """A page of messages. `next_page_uri` begins with the path; '' for the last page."""

    messages: Items[Any] = Field(default_factory=list)
    next_page_uri: Text = ""


class MessageFile(Payload):
    """A file of a message. Its content is at its `uri` without `.json`."""

    uri: RequiredText
    content_type: Text = ""


class MediaPage(Payload):
    """The files of a message."""

    media_list: Items[MessageFile] = Field(default_factory=list)
