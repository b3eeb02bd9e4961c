"""Telling what happened: to each webhook that asks for it, and to live connections. At least once, in the order of each
conversation; repeats carry the same token.

Nothing is called here. Each call is put into a queue of its own, in the turn of its URL and conversation, so that
one that waits holds up nobody else's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from partyline.domain import events, sids
from partyline.domain.events import BY_TEXT, Event, EventBatch
from partyline.domain.receipts import Receipt
from partyline.domain.services import Service
from partyline.domain.webhook_configuration import MAX_PER_CONVERSATION, ScopedWebhook
from partyline.realtime.publisher import Push
from partyline.storage import connections, conversations, messages, queries, webhooks
from partyline.storage.conversations import Roster
from partyline.storage.queries import Window
from partyline.storage.table import Table
from partyline.webhooks import filters
from partyline.webhooks.delivery import Callback
from partyline.webhooks.filters import Endpoint

# How many earlier messages a webhook can have told, and how many are read at a time. More would take longer than a run
# of the relay has, and all that comes behind them in the stream would wait.
MAX_REPLAYED = 1000
_PAGE = 100


@dataclass(frozen=True, slots=True)
class FanOut:
    """What telling works with. `call` queues a call to an endpoint in the turn of a subject (a conversation or a user);
    `push` queues what live connections are told."""

    table: Table
    account_sid: str
    call: Callable[[str, Callback], None]
    push: Callable[[Push, str], None]


def publish(desk: FanOut, happening: EventBatch, name: str) -> int:
    """Queue everything that a happening is told as; how many calls that is. `name` is the happening's own, the same
    when it is told again."""
    if happening.replay:
        return _replay(desk, happening, happening.replay)
    is_live = connections.is_any_listening(desk.table, happening.service_sid)
    if not (is_live or happening.cause.told):
        return 0
    force = webhooks.fetch_in_force(desk.table, happening.service_sid)
    told = [
        Event(
            event.type,
            events.with_common_parameters(_complete(event, force.service), desk.account_sid, happening.cause),
        )
        for event in happening.events
    ]
    if is_live:
        desk.push(Push(happening.service_sid, happening.subject, tuple(told), happening.identities), name)
    if not happening.cause.told:
        return 0
    scoped = _scoped(desk.table, happening) if happening.webhooks is None else happening.webhooks
    calls = 0
    for position, event in enumerate(told):
        for endpoint in filters.select_endpoints(event, force.webhooks, scoped):
            desk.call(happening.subject, _callback(endpoint, event, f"{name}/{position}"))
            calls += 1
    return calls


def publish_receipt(desk: FanOut, receipt: Receipt) -> int:
    """The same for a receipt that has moved: once for each status."""
    conversation = conversations.fetch(desk.table, receipt.conversation_sid)
    if conversation is None:
        return 0
    event = events.delivery_updated_event(receipt, conversation)
    happening = EventBatch(conversation.service_sid, conversation.sid, BY_TEXT, receipt.updated, (event,))
    return publish(desk, happening, f"{receipt.sid}/{receipt.status.value}")


def _complete(event: Event, service: Service | None) -> Event:
    return events.with_default_role(event, service) if service else event


def _scoped(table: Table, happening: EventBatch) -> list[ScopedWebhook]:
    if not happening.subject.startswith(sids.CONVERSATION):
        return []
    page = queries.webhooks(table, happening.subject, Window(MAX_PER_CONVERSATION))
    return [webhook for _, webhook in page.entries]


def _callback(endpoint: Endpoint, event: Event, name: str) -> Callback:
    token = hashlib.sha256(f"{name}/{endpoint.name}".encode()).hexdigest()[:32]
    return Callback(endpoint.url, endpoint.method, event.parameters, token)


# --- replaying


def _replay(desk: FanOut, happening: EventBatch, sid: str) -> int:
    """Tell a new webhook of the messages that it asked for, from behind an index up to when it was made, of these the
    newest MAX_REPLAYED."""
    webhook = webhooks.fetch(desk.table, happening.subject, sid)
    roster = conversations.load(desk.table, happening.subject)
    if webhook is None or roster is None or webhook.url is None or webhook.replay_after is None:
        return 0
    endpoint = Endpoint(webhook.sid, webhook.url, webhook.method)
    calls = 0
    after = max(webhook.replay_after, webhook.since - MAX_REPLAYED)
    for event in _earlier(desk.table, roster, after, webhook.since):
        if filters.matches(webhook, event):
            # Of a text it is known from where it came.
            cause = BY_TEXT if "CarrierMessageId" in event.parameters else happening.cause
            parameters = events.with_common_parameters(event, desk.account_sid, cause)
            name = f"{webhook.sid}/replay/{event.parameters['Index']}"
            desk.call(happening.subject, _callback(endpoint, Event(event.type, parameters), name))
            calls += 1
    return calls


def _earlier(table: Table, roster: Roster, after: int, last: int) -> Iterator[Event]:
    """The messages behind one index up to another, as they are now."""
    more = True
    while more:
        page = messages.page(table, roster.conversation.sid, size=_PAGE, after=after)
        for delivered in page.messages:
            after = delivered.message.index
            if after > last:
                return
            yield events.message_added_event(delivered.message, roster.conversation, roster.participants)
        more = page.more
