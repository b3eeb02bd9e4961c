"""Which webhooks an event goes to. Pure.

The configuration in force (webhooks.effective) and a conversation's own webhooks hear, each of the events that it asked
for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from partyline.domain.events import Event
from partyline.domain.webhook_configuration import (
    ScopedWebhook,
    WebhookConfiguration,
    WebhookMethod,
    WebhookTarget,
    subscribes_to,
)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Who is called, and how. `name` tells apart two webhooks with the same URL: a webhook's SID, or "service"."""

    name: str
    url: str
    method: WebhookMethod


def select_endpoints(
    event: Event, configuration: WebhookConfiguration, scoped: Iterable[ScopedWebhook]
) -> Iterator[Endpoint]:
    """Everybody who is told of an event that has happened."""
    if configuration.post_url and subscribes_to(configuration, event.type):
        yield Endpoint("service", configuration.post_url, configuration.method or WebhookMethod.POST)
    for webhook in scoped:
        if webhook.url and _is_new_to(webhook, event) and matches(webhook, event):
            yield Endpoint(webhook.sid, webhook.url, webhook.method)


def matches(webhook: ScopedWebhook, event: Event) -> bool:
    """Whether a conversation's webhook asks for an event: by its type, or by a keyword, in upper or lower case,
    anywhere in a new message."""
    match webhook.target:
        case WebhookTarget.WEBHOOK:
            return event.type in webhook.filters
        case WebhookTarget.TRIGGER:
            body = event.parameters.get("Body", "").casefold()
            return event.type == "onMessageAdded" and any(keyword.casefold() in body for keyword in webhook.triggers)
        case WebhookTarget.STUDIO:
            return False


def _is_new_to(webhook: ScopedWebhook, event: Event) -> bool:
    """Whether a webhook may hear of an event: not of messages from before it was made, which are replayed to it."""
    return event.type != "onMessageAdded" or int(event.parameters["Index"]) > webhook.since
