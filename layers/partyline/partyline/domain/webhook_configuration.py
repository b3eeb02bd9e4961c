"""Webhooks of the account, of a Service and of one conversation: their settings and the rules of these. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from urllib.parse import urlsplit

MAX_PER_CONVERSATION = 5
MAX_TRIGGERS = 5
MAX_URL = 512
MAX_TRIGGER = 248

_VISIBLE = re.compile(r"[!-~]+")


class WebhookMethod(StrEnum):
    """How a webhook is called."""

    GET = "get"
    POST = "post"


class WebhookTarget(StrEnum):
    """What a conversation's webhook is: called for events, called for keywords, or a flow of Twilio's Studio, which is
    kept and calls nothing."""

    WEBHOOK = "webhook"
    TRIGGER = "trigger"
    STUDIO = "studio"


# Before something happens: the receiver may change or refuse it.
PRE_EVENTS = (
    "onMessageAdd",
    "onMessageUpdate",
    "onMessageRemove",
    "onConversationAdd",
    "onConversationUpdate",
    "onConversationRemove",
    "onParticipantAdd",
    "onParticipantUpdate",
    "onParticipantRemove",
    "onUserUpdate",
)
# After it has happened.
POST_EVENTS = (
    "onMessageAdded",
    "onMessageUpdated",
    "onMessageRemoved",
    "onConversationAdded",
    "onConversationUpdated",
    "onConversationRemoved",
    "onConversationStateUpdated",
    "onParticipantAdded",
    "onParticipantUpdated",
    "onParticipantRemoved",
    "onUserAdded",
    "onUserUpdated",
    "onDeliveryUpdated",
)
EVENTS = (*PRE_EVENTS, *POST_EVENTS)


@dataclass(frozen=True, slots=True)
class ScopedWebhook:
    """A webhook of one conversation.

    It is called at first for the messages after the index `replay_after`, up to `since`: the index of the newest
    message when the webhook was made.
    """

    sid: str
    conversation_sid: str
    created: datetime
    updated: datetime
    target: WebhookTarget
    url: str | None = None
    method: WebhookMethod = WebhookMethod.POST
    filters: tuple[str, ...] = ()
    triggers: tuple[str, ...] = ()
    flow_sid: str | None = None
    replay_after: int | None = None
    since: int = -1


@dataclass(frozen=True, slots=True)
class WebhookConfiguration:
    """The webhooks of the account or of a Service: one before and one after, for the events in `filters`. None is what
    was never configured."""

    pre_url: str | None = None
    post_url: str | None = None
    method: WebhookMethod | None = None
    filters: tuple[str, ...] | None = None
    target: str | None = None


def select_configuration(of_account: WebhookConfiguration, of_service: WebhookConfiguration) -> WebhookConfiguration:
    """The configuration in force in a Service: its own, if it has one at all, else the account's."""
    return of_service if of_service.pre_url or of_service.post_url else of_account


def subscribes_to(configuration: WebhookConfiguration, event_type: str) -> bool:
    """Whether a configuration asks for an event."""
    return event_type in (configuration.filters or ())


def is_url(text: str) -> bool:
    """Whether a text is an absolute http or https URL as it goes over the wire: ASCII without blanks, with a host."""
    if not _VISIBLE.fullmatch(text):
        return False
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        # Brackets that hold no address, a port that is no number.
        return False


def find_url_problem(text: str) -> str | None:
    """What is wrong with the URL of a webhook; None when nothing is."""
    if len(text) > MAX_URL:
        return f"it is longer than {MAX_URL} characters"
    return None if is_url(text) else "it is not an absolute http or https URL"


def parse_event_name(text: str, among: Iterable[str]) -> str | None:
    """The event of that name, in upper or lower case; None when there is none."""
    return next((name for name in among if name.lower() == text.lower()), None)
