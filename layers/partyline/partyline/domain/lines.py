"""Lines: our own numbers, and how they handle texts without a conversation. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from partyline.domain.webhook_configuration import WebhookMethod


class AutoCreation(StrEnum):
    """For which unmatched texts a line makes a conversation."""

    OFF = "off"
    ALL = "all"
    GROUPS = "groups"


class AutoCreationType(StrEnum):
    """What a conversation that a text makes is given besides: nothing, a webhook, a webhook to Twilio's Studio."""

    DEFAULT = "default"
    WEBHOOK = "webhook"
    STUDIO = "studio"


@dataclass(frozen=True, slots=True)
class AddressConfiguration:
    """Twilio's view of a line's autocreation: the Service and the webhook of the conversations that it creates.

    - `service_sid`: None is the account's default Service.
    - `groups_only`: the value that the caller set for groups; None for items from before this field was stored.

    Only the line's `auto_creation` decides whether autocreation is on.
    """

    sid: str
    created: datetime
    updated: datetime
    friendly_name: str | None = None
    address_country: str | None = None
    type: AutoCreationType = AutoCreationType.DEFAULT
    service_sid: str | None = None
    webhook_url: str | None = None
    webhook_method: WebhookMethod | None = None
    webhook_filters: tuple[str, ...] = ()
    studio_flow_sid: str | None = None
    studio_retry_count: int | None = None
    groups_only: bool | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One of our own numbers.

    - `language`: the language of its keywords and replies (ISO 639-1).
    - `replies`: its own reply by keyword, instead of the language's.
    - `answers_keywords`: whether it replies to keywords at all.
    - `rate`: how many texts a second it may send; None is no limit.
    - `sms_price`, `mms_price`: the price of a segment, and of a group text to one recipient.

    Rate and prices are decimal numbers as text.
    """

    sid: str
    address: str
    carrier: str
    created: datetime
    updated: datetime
    auto_creation: AutoCreation = AutoCreation.OFF
    friendly_name: str | None = None
    configuration: AddressConfiguration | None = None
    language: str = "en"
    replies: dict[str, str] = field(default_factory=dict)
    answers_keywords: bool = True
    rate: str | None = None
    sms_price: str | None = None
    mms_price: str | None = None
