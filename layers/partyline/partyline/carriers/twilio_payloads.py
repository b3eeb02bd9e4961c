"""The payloads of Twilio: webhooks, which are forms.

Sources: https://www.twilio.com/docs/messaging/guides/webhook-request (inbound texts),
https://www.twilio.com/docs/messaging/guides/track-outbound-message-status (status callbacks) and
https://www.twilio.com/docs/conversations/conversations-webhooks (onDeliveryUpdated). The names of numbered parameters
(MediaUrl0, MediaContentType0, OtherRecipients0, ...) stand in carriers/twilio.py.

Which model a form has:

- with EventType: ConversationDelivery, where that is "onDeliveryUpdated"
- with MessageStatus or SmsStatus other than "received": StatusCallback
- else: InboundForm
"""

from __future__ import annotations

from pydantic import Field

from partyline.carriers.schemas import Code, Payload, RequiredText, Text


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
