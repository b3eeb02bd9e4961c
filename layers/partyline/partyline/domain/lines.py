"""Lines: our own numbers, who may use them, and how they handle texts without a conversation. Pure.

The account may use every line. The users of a line are `<Service>/<identity>`, `<Service>/*` for everyone of a Service,
and `*` for everyone. Callers may leave out the account's default Service.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import field
from datetime import datetime
from enum import StrEnum

from partyline.domain import sids
from partyline.domain.webhook_configuration import WebhookMethod
from partyline.frozen_classes import frozen

EVERYONE = "*"
# A line is read with every text that it sends, so its item must stay small.
MAX_USERS = 100


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


@frozen
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


@frozen
class Line:
    """One of our own numbers.

    - `users`: who may use it besides the account. None for a line from before this field was stored: everyone.
    - `friendly_name`: the name that replies to keywords give; `label`: its name among its users.
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
    users: tuple[str, ...] | None = None
    label: str | None = None

    @property
    def allowed(self) -> tuple[str, ...]:
        """Its users, `*` where they were never set."""
        return (EVERYONE,) if self.users is None else self.users


def may_use(line: Line, service_sid: str, identity: str) -> bool:
    """Whether an identity of a Service may use a line: write as it, and bring it into conversations."""
    keys = {EVERYONE, f"{service_sid}/{EVERYONE}", f"{service_sid}/{identity}"}
    return not keys.isdisjoint(line.allowed)


def is_user_of(user: str, service_sid: str) -> bool:
    """Whether a stored user of a line is of a Service: one of its identities, everyone of it, or everyone."""
    return user == EVERYONE or user.startswith(f"{service_sid}/")


def replace_users(
    stored: Collection[str], given: Collection[str], service_sid: str, services: Collection[str]
) -> tuple[str, ...]:
    """Replace the users of one Service among those of a line. Those of other Services may use it as before.

    `services` are all Services: where everyone could use the line, everyone of the others still can.
    """
    others = [user for user in stored if not is_user_of(user, service_sid)]
    if EVERYONE in stored and EVERYONE not in given:
        others += [f"{other}/{EVERYONE}" for other in services if other != service_sid]
    return tuple(dict.fromkeys((*given, *others)))


def resolve_user(given: str, default_service_sid: str) -> str:
    """Return the stored form of a user of a line as a caller writes it."""
    names_service = "/" in given and sids.matches(sids.SERVICE, given.partition("/")[0])
    return given if given == EVERYONE or names_service else f"{default_service_sid}/{given}"


def format_user(user: str, default_service_sid: str) -> str:
    """Format a stored user as callers write it: without the default Service, where that is read as the same user."""
    short = user.removeprefix(f"{default_service_sid}/")
    return short if resolve_user(short, default_service_sid) == user else user
