"""Publish events to the webhooks that are configured for them and to live clients.

Delivery: at least once, in the order of each conversation. A repeated call carries the token of the first.

Nothing is called here. Each call becomes a queue message in the message group of its URL and conversation, so a slow
endpoint delays no other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator

from partyline.domain import events
from partyline.domain.events import BY_TEXT, Event, EventBatch
from partyline.domain.membership import Roster
from partyline.domain.receipts import Receipt
from partyline.domain.services import Service
from partyline.domain.webhook_configuration import WebhookConfiguration
from partyline.frozen_classes import frozen
from partyline.queues.queue_messages import Callback, Push
from partyline.storage import conversations, messages, webhooks
from partyline.storage.table import Table
from partyline.webhooks import filters
from partyline.webhooks.filters import Endpoint
from partyline.webhooks.receivers import Receivers

# The most earlier messages that are replayed to a new webhook, and how many are read at a time. A longer replay would
# exceed one run of the relay, and every later record of the stream would wait for it.
MAX_REPLAYED = 1000
_PAGE = 100


@frozen
class FanOut:
    """Turn the events of one batch of changes into queue messages.

    `receivers` are those of the batch. `enqueue_callback` queues a call in the order of its subject, the SID of a
    conversation or a user. `enqueue_push` queues events for live connections under a deduplication name. `observe` gets
    the events of every transaction, whoever receives them.
    """

    table: Table
    receivers: Receivers
    account_sid: str
    enqueue_callback: Callable[[str, Callback], None]
    enqueue_push: Callable[[Push, str], None]
    observe: Callable[[EventBatch], None] = lambda _batch: None

    def publish(self, batch: EventBatch, name: str) -> int:
        """Queue all calls and pushes of a batch; return the number of calls.

        `name` identifies the batch. It is the same when the batch is published again, so tokens are too.
        """
        if batch.replay:
            return self._replay(batch, batch.replay)
        self.observe(batch)
        has_listeners = self.receivers.is_any_listening(batch.service_sid)
        if not (has_listeners or batch.cause.notify_webhooks):
            return 0
        settings = self.receivers.fetch_settings(batch.service_sid)
        published = self._complete(batch, settings.service)
        if has_listeners:
            self.enqueue_push(
                Push(batch.service_sid, batch.subject, published, batch.identities, batch.owners or ()), name
            )
        if not batch.cause.notify_webhooks:
            return 0
        return self._enqueue_callbacks(batch, published, settings.webhooks, name)

    def publish_receipt(self, receipt: Receipt) -> int:
        """Publish a receipt's new status, once for each; return the number of calls."""
        conversation = self.receivers.fetch_conversation(receipt.conversation_sid)
        if conversation is None:
            return 0
        event = events.delivery_updated_event(receipt, conversation)
        batch = EventBatch(conversation.service_sid, conversation.sid, BY_TEXT, receipt.updated, (event,))
        return self.publish(batch, f"{receipt.sid}/{receipt.status.value}")

    def _complete(self, batch: EventBatch, service: Service | None) -> tuple[Event, ...]:
        """Add to each event the parameters that are known only when it is published."""
        with_roles = [events.with_default_role(event, service) if service else event for event in batch.events]
        return tuple(self._with_common_parameters(event, batch) for event in with_roles)

    def _with_common_parameters(self, event: Event, batch: EventBatch) -> Event:
        return Event(event.type, events.with_common_parameters(event, self.account_sid, batch.cause))

    def _enqueue_callbacks(
        self, batch: EventBatch, published: tuple[Event, ...], configuration: WebhookConfiguration, name: str
    ) -> int:
        scoped = self.receivers.list_webhooks(batch.subject) if batch.webhooks is None else batch.webhooks
        calls = 0
        for position, event in enumerate(published):
            for endpoint in filters.select_endpoints(event, configuration, scoped):
                self.enqueue_callback(batch.subject, _build_callback(endpoint, event, f"{name}/{position}"))
                calls += 1
        return calls

    # --- replay to a new webhook

    def _replay(self, batch: EventBatch, webhook_sid: str) -> int:
        """Queue earlier messages for a new webhook; return the number of calls.

        These are the messages after its `ReplayAfter` up to its creation, of these the newest MAX_REPLAYED.
        """
        webhook = webhooks.fetch(self.table, batch.subject, webhook_sid)
        roster = conversations.load(self.table, batch.subject)
        if webhook is None or roster is None or webhook.url is None or webhook.replay_after is None:
            return 0
        endpoint = Endpoint(webhook.sid, webhook.url, webhook.method)
        calls = 0
        after = max(webhook.replay_after, webhook.since - MAX_REPLAYED)
        for event in self._read_messages(roster, after, webhook.since):
            if filters.matches(webhook, event):
                # A message with a carrier's id came in by text, whatever created the webhook.
                cause = BY_TEXT if "CarrierMessageId" in event.parameters else batch.cause
                parameters = events.with_common_parameters(event, self.account_sid, cause)
                name = f"{webhook.sid}/replay/{event.parameters['Index']}"
                self.enqueue_callback(batch.subject, _build_callback(endpoint, Event(event.type, parameters), name))
                calls += 1
        return calls

    def _read_messages(self, roster: Roster, after: int, last: int) -> Iterator[Event]:
        """Yield onMessageAdded for the messages with an index above `after` up to `last`."""
        has_more = True
        while has_more:
            page = messages.page(self.table, roster.conversation.sid, size=_PAGE, after=after)
            for delivered in page.messages:
                after = delivered.message.index
                if after > last:
                    return
                yield events.message_added_event(delivered.message, roster.conversation, roster.participants)
            has_more = page.more


def _build_callback(endpoint: Endpoint, event: Event, name: str) -> Callback:
    token = hashlib.sha256(f"{name}/{endpoint.name}".encode()).hexdigest()[:32]
    return Callback(endpoint.url, endpoint.method, event.parameters, token)
