"""Webhooks of the account, of a Service and of one conversation: their settings and rules. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from urllib.parse import urlsplit

from partyline.frozen_classes import frozen

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
    """The type of a conversation's webhook.

    WEBHOOK is called for events, TRIGGER for keywords. STUDIO is a flow of Twilio's Studio, which is stored and never
    called.
    """

    WEBHOOK = "webhook"
    TRIGGER = "trigger"
    STUDIO = "studio"


# Published before a change: the receiver may modify or refuse it.
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
# Published after a change.
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
    "onScheduledMessageFailed",
)
# Of notes and activities (ours). Only webhooks that name one get it, and of people only staff do.
STAFF_EVENTS = ("onNoteAdded", "onNoteUpdated", "onNoteRemoved", "onActivityAdded")
EVENTS = (*PRE_EVENTS, *POST_EVENTS, *STAFF_EVENTS)


@frozen
class ScopedWebhook:
    """A webhook of one conversation.

    It is first called for the earlier messages after the index `replay_after`, up to `since`. `since` is the index of
    the newest message when the webhook was created.
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


@frozen
class WebhookConfiguration:
    """The webhooks of the account or of a Service: one before and one after a change.

    They are called for the events in `filters`. None is a field that was never configured.
    """

    pre_url: str | None = None
    post_url: str | None = None
    method: WebhookMethod | None = None
    filters: tuple[str, ...] | None = None
    target: str | None = None


def select_configuration(of_account: WebhookConfiguration, of_service: WebhookConfiguration) -> WebhookConfiguration:
    """Return the configuration in force in a Service: its own if it has a URL, else the account's."""
    return of_service if of_service.pre_url or of_service.post_url else of_account


def subscribes_to(configuration: WebhookConfiguration, event_type: str) -> bool:
    """Whether a configuration subscribes to an event."""
    return event_type in (configuration.filters or ())


def is_url(text: str) -> bool:
    """Whether a text is an absolute http or https URL with a host, in ASCII without blanks."""
    if not _VISIBLE.fullmatch(text):
        return False
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        # Invalid brackets of an IPv6 address, or a port that is no number.
        return False


def find_url_problem(text: str) -> str | None:
    """Describe the problem of a webhook's URL; None when it is valid."""
    if len(text) > MAX_URL:
        return f"it is longer than {MAX_URL} characters"
    return None if is_url(text) else "it is not an absolute http or https URL"


def parse_event_name(text: str, among: Iterable[str]) -> str | None:
    """Find an event by its name in any case; None when there is none."""
    return next((name for name in among if name.lower() == text.lower()), None)
