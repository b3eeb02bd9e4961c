"""Telling what happened: to each webhook that asks for it, and to live connections. At least once, in the order of each
conversation; repeats carry the same token.

Nothing is called here. Each call is put into a queue of its own, in the turn of its receiver and conversation, so that
one that waits holds up nobody else's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from partyline import events, sids
from partyline.callbacks import filters
from partyline.callbacks.delivery import Callback
from partyline.callbacks.filters import Receiver
from partyline.directory import Service
from partyline.events import BY_TEXT, Event, Happening
from partyline.live.push import Push
from partyline.model import Receipt
from partyline.store import connections, conversations, listing, messages, webhooks
from partyline.store.conversations import Roster
from partyline.store.listing import Window
from partyline.store.table import Table
from partyline.webhooks import MAX_PER_CONVERSATION, ScopedWebhook

# How many messages are read at a time for a webhook that asks for earlier ones.
_PAGE = 100


@dataclass(frozen=True, slots=True)
class Desk:
    """What telling works with. `call` queues a call to a receiver in the turn of a subject (a conversation or a user);
    `push` queues what live connections are told."""

    table: Table
    account_sid: str
    call: Callable[[str, Callback], None]
    push: Callable[[Push, str], None]


def tell(desk: Desk, happening: Happening, name: str) -> int:
    """Queue everything that a happening is told as; how many calls that is. `name` is the happening's own, the same
    when it is told again."""
    if happening.replay:
        return _replay(desk, happening, happening.replay)
    is_live = connections.any_in(desk.table, happening.service_sid)
    if not (is_live or happening.cause.told):
        return 0
    force = webhooks.in_force(desk.table, happening.service_sid)
    told = [
        Event(event.type, events.told(_complete(event, force.service), desk.account_sid, happening.cause))
        for event in happening.events
    ]
    if is_live:
        desk.push(Push(happening.service_sid, happening.subject, tuple(told), happening.identities), name)
    if not happening.cause.told:
        return 0
    scoped = _scoped(desk.table, happening) if happening.webhooks is None else happening.webhooks
    calls = 0
    for position, event in enumerate(told):
        for receiver in filters.receivers(event, force.webhooks, scoped):
            desk.call(happening.subject, _callback(receiver, event, f"{name}/{position}"))
            calls += 1
    return calls


def tell_delivery(desk: Desk, receipt: Receipt) -> int:
    """The same for a receipt that has moved: once for each status."""
    conversation = conversations.fetch(desk.table, receipt.conversation_sid)
    if conversation is None:
        return 0
    event = events.delivery_updated(receipt, conversation)
    happening = Happening(conversation.service_sid, conversation.sid, BY_TEXT, receipt.updated, (event,))
    return tell(desk, happening, f"{receipt.sid}/{receipt.status.value}")


def _complete(event: Event, service: Service | None) -> Event:
    return events.with_roles(event, service) if service else event


def _scoped(table: Table, happening: Happening) -> list[ScopedWebhook]:
    if not happening.subject.startswith(sids.CONVERSATION):
        return []
    page = listing.webhooks(table, happening.subject, Window(MAX_PER_CONVERSATION))
    return [webhook for _, webhook in page.entries]


def _callback(receiver: Receiver, event: Event, name: str) -> Callback:
    token = hashlib.sha256(f"{name}/{receiver.name}".encode()).hexdigest()[:32]
    return Callback(receiver.url, receiver.method, event.parameters, token)


# --- replaying


def _replay(desk: Desk, happening: Happening, sid: str) -> int:
    """Tell a new webhook of the messages that it asked for, from behind an index up to when it was made."""
    webhook = webhooks.fetch(desk.table, happening.subject, sid)
    roster = conversations.load(desk.table, happening.subject)
    if webhook is None or roster is None or webhook.url is None:
        return 0
    receiver = Receiver(webhook.sid, webhook.url, webhook.method)
    calls = 0
    for event in _earlier(desk.table, webhook, roster):
        if filters.hears(webhook, event):
            # Of a text it is known from where it came.
            cause = BY_TEXT if "CarrierMessageId" in event.parameters else happening.cause
            parameters = events.told(event, desk.account_sid, cause)
            name = f"{webhook.sid}/replay/{event.parameters['Index']}"
            desk.call(happening.subject, _callback(receiver, Event(event.type, parameters), name))
            calls += 1
    return calls


def _earlier(table: Table, webhook: ScopedWebhook, roster: Roster) -> Iterator[Event]:
    after = webhook.replay_after
    more = after is not None
    while more:
        page = messages.page(table, roster.conversation.sid, size=_PAGE, after=after)
        for delivered in page.messages:
            after = delivered.message.index
            if after > webhook.since:
                return
            yield events.message_added(delivered.message, roster.conversation, roster.participants)
        more = page.more
