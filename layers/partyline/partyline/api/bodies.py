"""The JSON of Twilio's resources, member by member, as Twilio documents it.

A resource that one module alone answers with has its type there, beside the handlers. Types are TypedDicts: mypy checks
the dicts that are built, and nothing is done when they are. Unless they are optional here, all members are present,
null when they have no value. The bodies of our own resources are `ResponseModel`s.

Dates and times are 2026-01-31T12:00:00Z, to the second. `attributes` is a JSON text.
"""

from __future__ import annotations

from typing import NotRequired, TypedDict

from partyline.domain.receipts import DeliverySummary

# The name of a resource beneath this one, and its URL.
Links = dict[str, str]


class ServiceMember(TypedDict):
    """What the bodies beneath a named Service have in addition."""

    chat_service_sid: NotRequired[str]


class TimersBody(TypedDict):
    """When a conversation becomes inactive and closed without activity. A timer that is not set is absent."""

    date_inactive: NotRequired[str]
    date_closed: NotRequired[str]


class ConversationBody(TypedDict):
    """A conversation. `assignee` is ours: the identity that takes care of it."""

    sid: str
    account_sid: str
    chat_service_sid: str
    messaging_service_sid: str
    friendly_name: str | None
    unique_name: str | None
    attributes: str
    assignee: str | None
    state: str
    date_created: str
    date_updated: str
    timers: TimersBody
    # E-mail, which is not supported.
    bindings: None
    url: str
    links: Links


class BindingBody(TypedDict):
    """The addresses of a participant, those that are set."""

    type: str
    address: NotRequired[str]
    proxy_address: NotRequired[str]
    projected_address: NotRequired[str]


class MemberContactBody(TypedDict):
    """The contact as which a participant was added: what has become of it since."""

    sid: str
    name: str
    name_when_added: str
    state: str
    number_is_current: bool


class ParticipantBody(ServiceMember):
    """A participant of a conversation. `contact` is ours."""

    sid: str
    account_sid: str
    conversation_sid: str
    identity: str | None
    attributes: str
    messaging_binding: BindingBody | None
    contact: MemberContactBody | None
    role_sid: str | None
    date_created: str
    date_updated: str
    last_read_message_index: int | None
    last_read_timestamp: str | None
    url: str


class MediaBody(TypedDict):
    """A file of a message. `state` and `error` are ours: whether the file is here, or why not.

    So is `link`, a temporary link to it, in a list with MediaLinks=true; null while the file is not here.
    """

    sid: str
    size: int | None
    content_type: str | None
    filename: str | None
    state: str
    error: str | None
    link: NotRequired[str | None]


class MessageBody(ServiceMember):
    """A message. `written_by` and `date_received_by_carrier` are ours."""

    sid: str
    account_sid: str
    conversation_sid: str
    index: int
    author: str | None
    written_by: str | None
    body: str | None
    media: list[MediaBody] | None
    attributes: str
    participant_sid: str | None
    content_sid: None
    date_created: str
    date_updated: str
    date_received_by_carrier: str | None
    delivery: DeliverySummary | None
    url: str
    links: Links


class CountedMessageBody(MessageBody):
    """A message of a list with DeliveryStatuses=true: with the status of each receipt, by its participant."""

    delivery_statuses: dict[str, str | None]


class ChannelMetadataBody(TypedDict):
    """How a message came or goes."""

    account_sid: str
    chat_service_sid: str
    conversation_sid: str
    message_sid: str
    type: str
    data: dict[str, str | None]
    url: str


class StoredMediaBody(TypedDict):
    """A file, as Twilio's media service describes it."""

    sid: str
    account_sid: str
    service_sid: str
    channel_sid: str | None
    conversation_sid: str | None
    message_sid: str | None
    author: str | None
    category: str
    content_type: str
    filename: str | None
    size: int
    is_multipart_upstream: bool
    date_created: str
    date_upload_updated: str
    date_updated: str
    url: str
    links: Links


class ReceiptBody(ServiceMember):
    """A delivery receipt. Its status is null while the text is still here."""

    sid: str
    account_sid: str
    conversation_sid: str
    message_sid: str
    channel_message_sid: str | None
    participant_sid: str
    status: str | None
    error_code: int
    date_created: str
    date_updated: str
    url: str
