"""Select the webhooks that receive an event. Pure.

Two kinds of webhook can receive it: the configuration in force (`webhook_configuration.select_configuration`) and the
webhooks of the conversation. Each receives only the events that it is configured for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from partyline.domain.events import Event
from partyline.domain.webhook_configuration import (
    ScopedWebhook,
    WebhookConfiguration,
    WebhookMethod,
    WebhookTarget,
    subscribes_to,
)
from partyline.frozen_classes import frozen


@frozen
class Endpoint:
    """A URL to call, and how.

    `name` is the webhook's SID or "service": two webhooks may have the same URL.
    """

    name: str
    url: str
    method: WebhookMethod


def select_endpoints(
    event: Event, configuration: WebhookConfiguration, scoped: Iterable[ScopedWebhook]
) -> Iterator[Endpoint]:
    """Yield the endpoints of a post-action event: configuration first, then `scoped`."""
    if configuration.post_url and subscribes_to(configuration, event.type):
        yield Endpoint("service", configuration.post_url, configuration.method or WebhookMethod.POST)
    for webhook in scoped:
        if webhook.url and _is_after_creation(webhook, event) and matches(webhook, event):
            yield Endpoint(webhook.sid, webhook.url, webhook.method)


def matches(webhook: ScopedWebhook, event: Event) -> bool:
    """Return whether a conversation's webhook is configured for an event.

    A webhook matches by the event's type; a trigger by a keyword anywhere in a new message, ignoring case.
    """
    match webhook.target:
        case WebhookTarget.WEBHOOK:
            return event.type in webhook.filters
        case WebhookTarget.TRIGGER:
            body = event.parameters.get("Body", "").casefold()
            return event.type == "onMessageAdded" and any(keyword.casefold() in body for keyword in webhook.triggers)
        case WebhookTarget.STUDIO:
            return False


def _is_after_creation(webhook: ScopedWebhook, event: Event) -> bool:
    """Return whether an event is newer than a webhook.

    Earlier messages reach the webhook by its replay only.
    """
    return event.type != "onMessageAdded" or int(event.parameters["Index"]) > webhook.since
